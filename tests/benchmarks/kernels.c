/* What plain C reaches on this machine: the yardstick of the benchmark.
 *
 * The same integers as the emulator, step by step: synaptic input wrapped to the accumulator, u
 * wrapped, v clipped, refractory period, strict threshold, list of spikes. Left out, in favour of C:
 * delays, noise, several synapse formats, counters of overflows, traces.
 *
 * A worker owns the compartments begin..end, and the synapses that end there. It reads the spike
 * lists of all workers, so a step needs one barrier.
 */
#include <pthread.h>
#include <stdint.h>

/* LINE: synapses in a cache line; rows of fewer than LONG are asked for AHEAD rows before. */
enum { LANES = 64, LINE = 16, LONG = 128, AHEAD = 4, TARGET_BITS = 20, DECAY_BITS = 12 };

typedef struct {
    int32_t n_steps, n_inputs;
    int32_t accumulator_bits, state_bits, weight_shift;
    const int64_t *input_ptr; /* inputs of step t - 1: input_ptr[t] .. input_ptr[t + 1] */
    const int32_t *inputs;
    int32_t *u, *v, *held; /* one value per compartment, also below */
    const int32_t *keep_u, *keep_v, *bias, *vmin, *vmax, *threshold, *refractory;
} Network;

typedef struct {
    int32_t begin, end;
    const int64_t *row_ptr;  /* rows of inputs, then of compartments; NULL if there are none */
    const int32_t *synapses; /* weight in the high 12 bits, target - begin in the low 20 */
    const int8_t *dense;     /* rows of inputs without an index, or NULL */
    int32_t *arriving;       /* end - begin sums, zero between steps */
    int64_t *spike_ptr;      /* spikes of step t: spike_ptr[t] .. spike_ptr[t + 1] */
    int32_t *spikes;
    int64_t events;
} Worker;

typedef struct {
    const Network *network;
    Worker *workers;
    int32_t n_workers, index;
    pthread_barrier_t *barrier;
} Job;

static inline void add(int32_t *arriving, int32_t synapse)
{
    arriving[synapse & ((1 << TARGET_BITS) - 1)] += synapse >> TARGET_BITS;
}

static void deliver_sparse(Worker *me, const int32_t *sources, int64_t n, int64_t first)
{
    const int64_t *row_ptr = me->row_ptr + first;
    int32_t *restrict arriving = me->arriving;
    for (int64_t k = 0; k < n; k++) {
        /* Pointer and start of a row are cache misses: ask for both while earlier rows are added,
         * for the row line by line, since all lines at once would hold up the loads of this one. */
        if (k + 2 * AHEAD < n) __builtin_prefetch(row_ptr + sources[k + 2 * AHEAD]);
        const int32_t *s = me->synapses + row_ptr[sources[k]];
        const int32_t *end = me->synapses + row_ptr[sources[k] + 1];
        int64_t ahead = k + (end - s < LONG ? AHEAD : 1);
        const int32_t *later = me->synapses + row_ptr[sources[ahead < n ? ahead : n - 1]];
        me->events += end - s;
        for (; s + LINE < end; s += LINE, later += LINE) {
            __builtin_prefetch(later);
            for (int64_t i = 0; i < LINE; i++) add(arriving, s[i]);
        }
        __builtin_prefetch(later);
        for (; s < end; s++) add(arriving, *s);
    }
}

static void deliver_dense(Worker *me, const int32_t *sources, int64_t n)
{
    int32_t *restrict arriving = me->arriving;
    const int32_t width = me->end - me->begin;
    for (int64_t k = 0; k < n; k++) {
        const int8_t *restrict row = me->dense + (int64_t)sources[k] * width;
        for (int32_t i = 0; i < width; i++) arriving[i] += row[i];
        me->events += width;
    }
}

static inline int32_t decayed(int32_t x, int32_t keep)
{
    int32_t m = x < 0 ? -x : x;
    int32_t kept = (m >> DECAY_BITS) * keep + (((m & ((1 << DECAY_BITS) - 1)) * keep) >> DECAY_BITS);
    return x < 0 ? -kept : kept;
}

static inline int32_t wrapped(int32_t x, int32_t half)
{
    return ((x + half) & (2 * half - 1)) - half;
}

/* At most LANES compartments; returns whether one spiked. One vector loop: no branch, no call. */
static inline int32_t update(
    int32_t n, int32_t shift, int32_t accumulator, int32_t state, int32_t *restrict arriving,
    int32_t *restrict u, int32_t *restrict v, int32_t *restrict held,
    const int32_t *restrict keep_u, const int32_t *restrict keep_v, const int32_t *restrict bias,
    const int32_t *restrict vmin, const int32_t *restrict vmax, const int32_t *restrict threshold,
    const int32_t *restrict refractory, int32_t *restrict spike)
{
    int32_t any = 0;
    for (int32_t i = 0; i < n; i++) {
        int32_t q = wrapped(arriving[i] << shift, accumulator);
        arriving[i] = 0;
        int32_t now = wrapped(decayed(u[i], keep_u[i]) + q, state);
        int32_t x = wrapped(now + bias[i], state);
        int32_t next = decayed(v[i], keep_v[i]) + x;
        next = next < vmin[i] ? vmin[i] : next;
        next = next > vmax[i] ? vmax[i] : next;
        next = held[i] ? 0 : next;
        int32_t fires = next > threshold[i];
        int32_t left = fires ? refractory[i] : held[i];
        u[i] = now;
        v[i] = fires ? 0 : next;
        held[i] = left > 1 ? left - 1 : 0;
        spike[i] = fires;
        any |= fires;
    }
    return any;
}

static int64_t update_all(const Network *net, Worker *me, int64_t n)
{
    int32_t spike[LANES];
    for (int32_t a = me->begin; a < me->end; a += LANES) {
        int32_t size = me->end - a < LANES ? me->end - a : LANES;
        int32_t any = update(
            size, net->weight_shift, 1 << (net->accumulator_bits - 1), 1 << (net->state_bits - 1),
            me->arriving + (a - me->begin), net->u + a, net->v + a, net->held + a, net->keep_u + a,
            net->keep_v + a, net->bias + a, net->vmin + a, net->vmax + a, net->threshold + a,
            net->refractory + a, spike);
        if (any) /* write every lane and keep those that spiked: no branch to mispredict */
            for (int32_t i = 0; i < size; i++) {
                me->spikes[n] = a + i;
                n += spike[i];
            }
    }
    return n;
}

static void *work(void *argument)
{
    const Job *job = argument;
    const Network *net = job->network;
    Worker *me = job->workers + job->index;
    int64_t n = 0;
    me->events = 0;
    me->spike_ptr[0] = 0;
    for (int32_t t = 0; t < net->n_steps; t++) {
        int64_t first = net->input_ptr[t], count = net->input_ptr[t + 1] - first;
        if (me->dense) deliver_dense(me, net->inputs + first, count);
        else if (me->row_ptr) deliver_sparse(me, net->inputs + first, count, 0);
        if (t > 0 && me->row_ptr)
            for (int32_t k = 0; k < job->n_workers; k++) {
                const Worker *other = job->workers + k;
                int64_t from = other->spike_ptr[t - 1];
                deliver_sparse(
                    me, other->spikes + from, other->spike_ptr[t] - from, me->dense ? 0 : net->n_inputs);
            }
        n = update_all(net, me, n);
        me->spike_ptr[t + 1] = n;
        if (job->barrier) pthread_barrier_wait(job->barrier);
    }
    return 0;
}

/* Run all steps from the state in `net`. The caller leaves room for n_steps * (end - begin) + LANES
 * spikes per worker; pages that no spike reaches cost nothing. */
int run_network(const Network *net, Worker *workers, int32_t n_workers)
{
    enum { MOST = 64 };
    Job jobs[MOST];
    pthread_t threads[MOST];
    pthread_barrier_t barrier;
    if (n_workers < 1 || n_workers > MOST) return 1;
    if (n_workers > 1 && pthread_barrier_init(&barrier, 0, (unsigned)n_workers)) return 2;
    for (int32_t i = 0; i < n_workers; i++)
        jobs[i] = (Job){net, workers, n_workers, i, n_workers > 1 ? &barrier : 0};
    for (int32_t i = 1; i < n_workers; i++)
        if (pthread_create(threads + i, 0, work, jobs + i)) return 3;
    work(jobs);
    for (int32_t i = 1; i < n_workers; i++) pthread_join(threads[i], 0);
    if (n_workers > 1) pthread_barrier_destroy(&barrier);
    return 0;
}
