"""Wrong rules of learning: lines of the slow models, and what each becomes.

A row is (what is wrong, text of the slow model, what replaces it). The text occurs once, in
``tests/learning_oracle.py`` or ``tests/learning_image_oracle.py``.
"""

from __future__ import annotations

__all__ = ["RECORDED", "RULES"]

SENT = """\
        for source in presented[t]:
            send(("input", source), t)
        for neuron in spiked:
            send(("neuron", neuron), t)
            trace.spikes.append((t, neuron))
"""
TAUGHT = """\
        for group in groups:
            group.step(t, presented[t], spiked)
"""
RULES = [
    # ---------------------------------------------------------------------------------- traces
    (
        "a trace reaches one more",
        "self.top = 2**self.spec.trace_bits - 1",
        "self.top = 2**self.spec.trace_bits",
    ),
    (
        "factors of all traces have 7 bits",
        "(*PRE, *POST), self.spec.trace_bits)",
        "(*PRE, *POST), 7)",
    ),
    (
        "a trace that never decays is empty",
        "if math.isinf(trace.tau):\n            return 1.0",
        "if math.isinf(trace.tau):\n            return 0.0",
    ),
    (
        "a first-order decay is exponential",
        "return 1.0 - 1.0 / trace.tau",
        "return math.exp(-1.0 / trace.tau)",
    ),
    ("a trace with tau 0 never decays", "if trace.tau else 0.0", "if trace.tau else 1.0"),
    (
        "impulses have no fraction",
        "return whole, int((value - whole) * 2**self.spec.impulse_fraction_bits)",
        "return whole, 0",
    ),
    (
        "the fraction of an impulse always has 7 bits",
        "int((value - whole) * 2**self.spec.impulse_fraction_bits)",
        "int((value - whole) * 2**7)",
    ),
    (
        "given traces act a step later",
        "[int(v) for v in values[t]]",
        "[int(v) for v in values[max(t - 1, 0)]]",
    ),
    (
        "an epoch ends one step early",
        "if (t + 1) % epoch == 0:",
        "if t % epoch == max(epoch - 2, 0):",
    ),
    (
        "pre-synaptic spikes stay for the next epoch",
        "self.x_when, self.y_when = [0] * len(self.x_when), [0] * len(self.y_when)",
        "self.y_when = [0] * len(self.y_when)",
    ),
    (
        "a further spike of an epoch adds nothing",
        "for name in self.traces if when[i] else ():",
        "for name in ():",
    ),
    (
        "the first spike of an epoch is the one that is noted",
        "when[i] = k",
        "when[i] = when[i] or k",
    ),
    (
        "a further pre-synaptic spike of Lava draws",
        'up = self.spec.extra_spikes is ExtraSpikes.AT_EPOCH_START_PRE_UP and side == "x"',
        "up = False",
    ),
    (
        "a further post-synaptic spike of Lava rounds up",
        'AT_EPOCH_START_PRE_UP and side == "x"',
        "AT_EPOCH_START_PRE_UP",
    ),
    (
        "a further spike has the draw of the step before",
        "self.draws.again(name, t, i)",
        "self.draws.again(name, t - 1, i)",
    ),
    (
        "shared draws are new in each step",
        "step = t if shared else t - epoch + k",
        "step = t - epoch + k",
    ),
    ("traces have one draw an epoch", "step = t if shared else t - epoch + k", "step = t"),
    (
        "a decay rounds down",
        "value += self.draws.decay(name, row, step, owner) < decayed - value",
        "value += 0",
    ),
    (
        "a decay rounds to nearest",
        "value += self.draws.decay(name, row, step, owner) < decayed - value",
        "value += decayed - value >= 0.5",
    ),
    (
        "a spike in the last step of an epoch has no impulse",
        "if spike == k:",
        "if spike == k < max(epoch, 2):",
    ),
    (
        "the fraction of an impulse is dropped",
        "up = part and self.draws.impulse(name, row, step, owner) < part",
        "up = 0",
    ),
    (
        "an impulse leaves the range of a trace",
        "value = self.topped(value + whole + bool(up))",
        "value = value + whole + bool(up)",
    ),
    (
        "rules see the traces with which an epoch began",
        "return [*seen, value]",
        "return [*[seen[0]] * len(seen), value]",
    ),
    (
        "traces of an epoch decay by one step",
        "self.factor(name, self.rule.epoch)",
        "self.factor(name)",
    ),
    (
        "a trace that is rounded once drops the fraction of its impulse",
        "total += impulse + part / 2**self.spec.impulse_fraction_bits if spike else 0.0",
        "total += impulse if spike else 0.0",
    ),
    (
        "rules see a trace before it is rounded for its epoch",
        "return [value, *[whole] * self.rule.epoch, whole]",
        "return [value, *[value] * self.rule.epoch, whole]",
    ),
    (
        "Brian2Loihi rounds by the value after the impulse",
        "early = value * self.factor(name)",
        "early = (value + (self.impulse(name)[0] if spike else 0)) * self.factor(name)",
    ),
    (
        "Brian2Loihi decays with all digits",
        'float(f"{self.factor(name):.15g}")',
        "self.factor(name)",
    ),
    # -------------------------------------------------------------------------------- products
    ("constants are dropped", "v += factor.constant", "v += 0"),
    ("factors are not clipped", "if self.spec.factor_clips:", "if False:"),
    (
        "factors are clipped at one more",
        "v = max(-(2 ** self.widths[name]),",
        "v = max(1 - 2 ** self.widths[name],",
    ),
    ("signs are values", "sign(v) if factor.sign else v", "v"),
    (
        "products of Lava do not wrap",
        "return (value + 2 ** (bits - 1)) %",
        "return value if bits == 32 else (value + 2 ** (bits - 1)) %",
    ),
    (
        "a product is shifted by one bit less",
        "max(0, width + mantissa - 15)",
        "max(0, width + mantissa - 16)",
    ),
    (
        "a product is shifted by one bit more",
        "max(0, width + mantissa - 15)",
        "max(0, width + mantissa - 14)",
    ),
    (
        "the shift of a product rounds toward zero",
        "value = (value >> shift) *",
        "value = int(Fraction(value, 2**shift)) *",
    ),
    ("nengo-loihi shifts in two parts", "if self.spec.shifts_joined:", "if False:"),
    (
        "products are not limited",
        "self.into(total + self.into(self.product(term, s, at, spikes)))",
        "self.into(total + self.product(term, s, at, spikes))",
    ),
    (
        "sums are not limited",
        "self.into(total + self.into(self.product(term, s, at, spikes)))",
        "total + self.into(self.product(term, s, at, spikes))",
    ),
    (
        "sums that wrap are clipped",
        "return wrap(value, 16)",
        "return int(max(low, min(high, value)))",
    ),
    # ---------------------------------------------------------------------------- when and what
    ("epochs count from 0", "number = index + self.rule.first_epoch", "number = index"),
    (
        "u terms are due an epoch later",
        "number % 2**term.k == 0",
        "number % 2**term.k == 1 % 2**term.k",
    ),
    (
        "u terms see the start of the epoch",
        "number % 2**term.k == 0, self.rule.epoch",
        "number % 2**term.k == 0, 0",
    ),
    (
        "terms of y0 see the traces at the pre-synaptic spike",
        '(self.x_when[i], self.y_when[j])[term.dependency == "y0"]',
        "self.x_when[i] or self.y_when[j]",
    ),
    (
        "tags see new weights",
        "fresh = {name: values[:] for name, values in self.own.items()}",
        "fresh = self.own",
    ),
    (
        "weights are stored with all bits",
        'kept = self.spec.precision_kept or style == "AWAY_FROM_ZERO"',
        "kept = False",
    ),
    ("limits may lie between stored weights", "if self.spec.precision_kept:", "if False:"),
    (
        "Brian2Loihi rounds changes down",
        "math.ceil(Fraction(abs(total - old * 128), 128)) // step",
        "abs(total - old * 128) // 128 // step",
    ),
    ("changes of u terms of Brian2Loihi are truncated", "moved += sign(early)", "moved += 0"),
    (
        "Brian2Loihi draws for u terms with fractions",
        "if active and term.exponent >= 0:",
        "if active:",
    ),
    (
        "u terms of Brian2Loihi draw by the traces after the spikes",
        "self.product(term, s, 0, {",
        "self.product(term, s, 1, {",
    ),
    (
        "nengo-loihi rounds down, not toward zero",
        'size = abs(total) if style == "SIGN_MAGNITUDE" else total',
        "size = total",
    ),
    ("weights round down", "value += 1\n", "value += 0\n"),
    (
        "weights round to nearest",
        "if rest and self.draws.synapse(target, *when) < rest / (128 * step):",
        "if 2 * rest >= 128 * step:",
    ),
    ("weights have no limits", 'return self.clipped("weights", value, low, high)', "return value"),
    # ------------------------------------------------------------------------- draws of the seed
    (
        "draws of traces do not follow numbers",
        "number = self.numbers[side][owner]",
        "number = owner",
    ),
    (
        "draws of synapses do not follow numbers",
        'step, self.numbers["s"][s]) / WORD',
        "step, 0) / WORD",
    ),
    ("shared draws differ between traces", "place = 0\n", "pass\n"),
    (
        "an input draws as the compartment of its number",
        '{"x": int(inputs), "y": 0}',
        '{"x": 0, "y": 0}',
    ),
    (
        "groups share the draws of synapses",
        "self.bits(SYNAPSES[target], self.group,",
        "self.bits(SYNAPSES[target], 0,",
    ),
    (
        "tags have the draws of weights",
        "self.bits(SYNAPSES[target], self.group,",
        'self.bits(SYNAPSES["w"], self.group,',
    ),
    ("all seeds draw alike", "mixed(mixed(self.seed) ^", "mixed(mixed(0) ^"),
    ("all steps draw alike", "mixed(key ^ step)", "mixed(key)"),
    (
        "impulses have the draws of decays",
        'IMPULSES, AGAIN = {"x": 0, "y": 2}, {"x": 5, "y": 7},',
        'IMPULSES, AGAIN = {"x": 0, "y": 2}, {"x": 0, "y": 2},',
    ),
    ("further impulses have the draws of first ones", '{"x": 10, "y": 12}', '{"x": 5, "y": 7}'),
    # ---------------------------------------------------------------------------------- the image
    ("spikes are weighed after their step has taught", SENT + TAUGHT, TAUGHT + SENT),
    (
        "inputs of step -1 teach",
        "group.step(t, presented[t], spiked)",
        "group.step(t, presented[t] + presented[-1] * (t == 0), spiked)",
    ),
    (
        "an input that is listed twice is delivered once",
        "presented[step].append(source)",
        "presented[step] += [source] * (source not in presented[step])",
    ),
    (
        "inputs teach when they arrive",
        "group.step(t, presented[t], spiked)",
        "group.step(t, presented[t - 1], spiked)",
    ),
    ("spikes arrive without their delays", "arriving[step + 1 + each.delay]", "arriving[step + 1]"),
    (
        "the child of a pair has events of its own",
        "[j + joined[j + 1] for j in targets]",
        "targets",
    ),
    (
        "weights are delivered in the order of their numbers",
        '[self.model.own["w"][number] for number in self.number]',
        'self.model.own["w"]',
    ),
    (
        "rewards of targets are exchanged",
        "each = value if isinstance(value, list)",
        "each = value[::-1] if isinstance(value, list)",
    ),
    (
        "a reward lasts for one step",
        "rows[reward.variable][step:] = [each] * len(rows[reward.variable][step:])",
        "rows[reward.variable][step] = each",
    ),
]

RECORDED = [
    (
        "a reward does not decay in Lava",
        "return 1.0 if math.isinf(tau) else math.exp(-1 / tau)",
        "return 1.0",
        "lava_041_reward_signed",
    ),
]
"""Wrong rules that only recorded runs reach; the last word of a row is the run."""
