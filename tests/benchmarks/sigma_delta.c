/* What plain C reaches with a layer of sigma-delta neurons: the yardstick of program_layer.py.
 *
 * The same integers as the emulator, step by step: graded input, one synapse each; sigma, activation
 * and residue limited to 24 bits, a strict order of spikes with payloads. Left out, in favour of C:
 * counters of the values that were limited, delays, shared parameters, other programs.
 */
#include <stdint.h>
#include <stdlib.h>

static inline int32_t limited(int32_t x)
{
    const int32_t most = (1 << 23) - 1;
    return x > most ? most : x < -most ? -most : x;
}

int64_t run_layer(int32_t n_steps, int32_t n, int32_t weight, const int64_t *restrict input_ptr,
                  const int32_t *restrict inputs, const int32_t *restrict input_payloads,
                  int32_t *restrict arriving, int32_t *restrict sigma, int32_t *restrict act,
                  int32_t *restrict residue, const int32_t *restrict bias,
                  const int32_t *restrict threshold, const int32_t *restrict exponent,
                  int32_t *restrict sent, int64_t *restrict ends, int32_t *restrict ids,
                  int32_t *restrict payloads)
{
    int64_t total = 0;
    for (int32_t step = 0; step < n_steps; step++) {
        for (int64_t k = input_ptr[step]; k < input_ptr[step + 1]; k++)
            arriving[inputs[k]] += weight * input_payloads[k];
        for (int32_t i = 0; i < n; i++) { /* vectorised by the compiler */
            sigma[i] = limited(sigma[i] + arriving[i]);
            arriving[i] = 0;
            int32_t now = sigma[i] + bias[i];
            now = limited(now > 0 ? now : 0);
            int32_t d = now - act[i] + residue[i];
            int32_t s = abs(d) >= threshold[i] ? d : 0;
            act[i] = now;
            residue[i] = limited(d - s);
            sent[i] = limited(s >> exponent[i]);
        }
        for (int32_t i = 0; i < n; i++)
            if (sent[i]) {
                ids[total] = i;
                payloads[total++] = sent[i];
            }
        ends[step] = total;
    }
    return total;
}
