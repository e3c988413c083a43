"""The learning step in plain Python, one synapse after the other: the slow model of the kernels.

It is written from docs/reference/learning.md and from the three emulators, and shares no arithmetic
with the kernels. Draws are given, by the names of ``neurochip.learning.learn``, or hashed. In a run
of an image it is the last part of a step (semantics 5.8).
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from neurochip.chip.fixedpoint import Overflow
from neurochip.learning import DrawSharing, ExtraSpikes, TraceDecay

PRE, POST = ("x1", "x2"), ("y1", "y2", "y3")
WIDTHS = {"x0": 1, "y0": 1, "w": 9, "d": 9, "t": 9}


def sign(value):
    return int(value > 0) - int(value < 0)


def wrap(value, bits):
    return (value + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


class Given:
    """Draws that are given, by name; those of a row may be shared by all."""

    def __init__(self, draws):
        self.draws = {name: np.asarray(values) for name, values in draws.items()}

    def find(self, name, row, index):
        values = self.draws[name]
        return float(values[row] if values.ndim == 1 else values[row, index])

    def decay(self, trace, row, step, owner):
        return self.find(trace if trace in self.draws else trace[0], row, owner)

    def impulse(self, trace, row, step, owner):
        return self.find(f"{trace[0]}_impulse", row, owner)

    def again(self, trace, step, neuron):
        return self.find("again", step, neuron)

    def synapse(self, target, row, step, s):
        """The draw of a sum; ``row`` counts epochs."""
        return self.find("synapse", row, s)


WORD, LONG = 2**32, 2**64
DECAYS, IMPULSES, AGAIN = {"x": 0, "y": 2}, {"x": 5, "y": 7}, {"x": 10, "y": 12}
SYNAPSES = {"w": 15, "d": 16, "t": 17}


def mixed(x):
    """Two rounds of the finaliser of SplitMix64."""
    for _ in range(2):
        x = (x + 0x9E3779B97F4A7C15) % LONG
        x = (x ^ x // 2**30) * 0xBF58476D1CE4E5B9 % LONG
        x = (x ^ x // 2**27) * 0x94D049BB133111EB % LONG
        x ^= x // 2**31
    return x


def hashed(number, key):
    """32 bits of a number and a key of 64 bits."""
    low, high = key % WORD, key // WORD
    x = number ^ low
    x = (x ^ x // 2**16) * 0x21F0AAAD % WORD
    x = (x ^ x // 2**15 ^ high) * 0xD35A2D97 % WORD
    return x ^ x // 2**15


class Hashed:
    """Draws of a seed: a hash of what draws, whose, and when.

    ``numbers`` are those of the owners of the traces of both sides and of the synapses; the other
    arguments are the place of the group, and whether its sources are inputs.
    """

    def __init__(self, spec, seed, group, inputs, numbers):
        self.spec, self.seed, self.group = spec, seed, group
        self.streams = {"x": int(inputs), "y": 0}
        self.numbers = dict(zip("xys", numbers, strict=True))

    def bits(self, kind, stream, step, number):
        key = mixed(mixed(self.seed) ^ (stream * 256 + kind))
        return hashed(number, mixed(key ^ step))

    def of_trace(self, first, trace, step, owner):
        side, place, number = trace[0], int(trace[1]) - 1, 0
        if self.spec.trace_draw is DrawSharing.SHARED:
            place = 0
        else:
            number = self.numbers[side][owner]
        return self.bits(first[side] + place, self.streams[side], step, number)

    def decay(self, trace, row, step, owner):
        return self.of_trace(DECAYS, trace, step, owner) / WORD

    def impulse(self, trace, row, step, owner):
        return self.of_trace(IMPULSES, trace, step, owner) // 2 ** (
            32 - self.spec.impulse_draw_bits
        )

    def again(self, trace, step, neuron):
        return self.of_trace(AGAIN, trace, step, neuron) // 2 ** (32 - self.spec.impulse_draw_bits)

    def synapse(self, target, row, step, s):
        if self.spec.weight_draw is DrawSharing.SHARED:
            return self.bits(SYNAPSES["w"], self.group, step, 0) / WORD
        return self.bits(SYNAPSES[target], self.group, step, self.numbers["s"][s]) / WORD


class Model:
    """All values as lists of Python integers.

    Synapse s lies between the neurons ``ends[s]`` of both sides, of which there are ``sizes``.
    ``weights``, ``tags`` and ``delays`` have a value for each synapse.
    """

    def __init__(self, rule, sizes, ends, weights, *, mode, bits, given, draws, tags=0, delays=0):
        self.rule, self.spec, self.mode = rule, rule.spec, mode
        self.ends, self.given = ends, given
        self.draws = Given(draws) if isinstance(draws, dict) else draws
        self.top = 2**self.spec.trace_bits - 1
        self.widths = WIDTHS | dict.fromkeys((*PRE, *POST), self.spec.trace_bits)
        self.low_bits = 8 - bits + (mode == 1)
        start = {"w": weights, "d": delays, "t": tags}
        self.own = {
            name: [int(value) for value in np.broadcast_to(values, len(ends))]
            for name, values in start.items()
        }
        # One value for each neuron, or one for each synapse in a list of the same length.
        self.spread = self.spec.trace_per_synapse
        size = {side: len(ends) if self.spread else n for side, n in zip("xy", sizes, strict=True)}
        self.traces = {name: [0] * size[name[0]] for name in (*PRE, *POST)}
        self.x_when, self.y_when = ([0] * n for n in sizes)
        self.counts = dict.fromkeys(("traces", "accumulators", "weights"), 0)

    def neuron(self, side, owner):
        return self.ends[owner]["xy".index(side)] if self.spread else owner

    def owner(self, side, s):
        return s if self.spread else self.ends[s]["xy".index(side)]

    def factor(self, name, steps=1):
        trace = getattr(self.rule, name)
        if trace is None:
            tau = self.spec.given_trace_tau
            return 1.0 if math.isinf(tau) else math.exp(-1 / tau)
        if math.isinf(trace.tau):
            return 1.0
        if self.spec.trace_decay is TraceDecay.FIRST_ORDER:
            return 1.0 - 1.0 / trace.tau
        return math.exp(-steps / trace.tau) if trace.tau else 0.0

    def impulse(self, name):
        """Whole impulse, and its fraction in units of the engine."""
        trace = getattr(self.rule, name)
        value = Fraction(0) if trace is None else Fraction(trace.impulse)
        whole = value.numerator // value.denominator
        return whole, int((value - whole) * 2**self.spec.impulse_fraction_bits)

    def run(self, pre, post, names):
        """Return some values after each step of two rasters."""
        found = {name: [] for name in names}
        for t, (before, after) in enumerate(zip(pre, post, strict=True)):
            self.step(t, np.flatnonzero(before), np.flatnonzero(after))
            for name in names:
                found[name].append(np.array(self.traces.get(name, self.own.get(name))))
        return {name: np.array(values) for name, values in found.items()}

    def step(self, t, pre, post):
        """Learn in step t, given the neurons that spiked in it on both sides."""
        epoch = self.rule.epoch
        self.spikes(t, t % epoch + 1, pre, post)
        for name, values in self.given.items():
            self.traces[name] = [int(v) for v in values[t]]
        if (t + 1) % epoch == 0:
            self.end_of_epoch(t, t // epoch)
            self.x_when, self.y_when = [0] * len(self.x_when), [0] * len(self.y_when)

    def spikes(self, t, k, pre, post):
        for side, spiked, when in (("x", pre, self.x_when), ("y", post, self.y_when)):
            for i in spiked:
                for name in self.traces if when[i] else ():
                    if name[0] != side or name in self.given:
                        continue
                    whole, part = self.impulse(name)
                    up = self.spec.extra_spikes is ExtraSpikes.AT_EPOCH_START_PRE_UP and side == "x"
                    r = 0 if up or not part else self.draws.again(name, t, i)
                    self.traces[name][i] = self.topped(self.traces[name][i] + whole + (r < part))
                when[i] = k

    def end_of_epoch(self, t, index):
        style = self.spec.trace_rounding.name
        self.history = {name: [] for name in self.traces}
        ends = {}
        for name, values in self.traces.items():
            side = name[0]
            when = self.x_when if side == "x" else self.y_when
            ends[name] = values[:]
            for owner, value in enumerate(values):
                spike = 0 if name in self.given else when[self.neuron(side, owner)]
                history = getattr(self, style.lower())(name, owner, value, spike, t, index)
                ends[name][owner] = history.pop()
                self.history[name].append(history)
        self.change(t, index)
        for name, values in ends.items():
            if name not in self.given:
                self.traces[name] = values

    # Each returns the values that a rule can see, from the start of the epoch, and the last one.

    def decay_then_impulse(self, name, owner, value, spike, t, index):
        epoch, whole, part = self.rule.epoch, *self.impulse(name)
        seen = [value]
        for k in range(1, epoch + 1):
            shared = self.spec.trace_draw is DrawSharing.SHARED
            step = t if shared else t - epoch + k
            row = index if shared else step
            decayed = value * self.factor(name)
            value = math.floor(decayed)
            if decayed > value:
                value += self.draws.decay(name, row, step, owner) < decayed - value
            if spike == k:
                up = part and self.draws.impulse(name, row, step, owner) < part
                value = self.topped(value + whole + bool(up))
            seen.append(value)
        return [*seen, value]

    def once_an_epoch(self, name, owner, value, spike, t, index):
        total = value * self.factor(name, self.rule.epoch)
        impulse, part = self.impulse(name)
        total += impulse + part / 2**self.spec.impulse_fraction_bits if spike else 0.0
        whole = math.floor(total)
        if total > whole:
            whole += self.draws.decay(name, index, t, owner) < total - whole
        whole = self.topped(whole)
        return [value, *[whole] * self.rule.epoch, whole]

    def impulse_then_decay(self, name, owner, value, spike, t, index):
        early = value * self.factor(name)
        up = early > int(early) and self.draws.decay(name, index, t, owner) < early - int(early)
        seen = self.topped(value + self.impulse(name)[0]) if spike else value
        return [value, seen, int(seen * float(f"{self.factor(name):.15g}")) + bool(up)]

    def product(self, term, s, at, spikes):
        value, width = 1, 0
        for factor in term.factors:
            name = factor.variable
            if name in self.own:
                v = self.own[name][s]
            elif name in spikes:
                v = spikes[name]
            else:
                v = self.history[name][self.owner(name[0], s)][at]
            v += factor.constant
            if self.spec.factor_clips:
                v = max(-(2 ** self.widths[name]), min(2 ** self.widths[name] - 1, v))
            value *= sign(v) if factor.sign else v
            width += self.widths[name]
            value = wrap(value, 32) if self.spec.product_wraps else value
        value *= term.mantissa
        value = wrap(value, 32) if self.spec.product_wraps else value
        mantissa = self.spec.shift_mantissa_bits
        shift = 0 if mantissa is None else max(0, width + mantissa - 15)
        if self.spec.shifts_joined:
            return math.floor(Fraction(value) * Fraction(2) ** (term.exponent + 7 - shift))
        value = (value >> shift) * 2 ** (term.exponent + 7)
        return wrap(value, 32) if self.spec.product_wraps else value

    def topped(self, value):
        self.counts["traces"] += value > self.top
        return min(self.top, value)

    def clipped(self, what, value, low, high):
        self.counts[what] += not low <= value <= high
        return int(max(low, min(high, value)))

    def into(self, value):
        low, high = self.spec.accumulator_limits
        if self.spec.accumulator_overflow is Overflow.CLIP:
            return self.clipped("accumulators", value, low, high)
        if self.spec.accumulator_overflow is Overflow.WRAP:
            self.counts["accumulators"] += not low <= value <= high
            return wrap(value, 16)
        return value

    def change(self, t, index):
        number = index + self.rule.first_epoch
        fresh = {name: values[:] for name, values in self.own.items()}
        for target, terms in self.rule.terms.items():
            for s, (i, j) in enumerate(self.ends) if terms else ():
                spikes = {"x0": int(self.x_when[i] > 0), "y0": int(self.y_when[j] > 0)}
                old = self.own[target][s]
                total, early = old * 128, 0
                for term in terms:
                    if term.dependency == "u":
                        active, at = number % 2**term.k == 0, self.rule.epoch
                        if active and term.exponent >= 0:
                            early += self.product(term, s, 0, {"x0": 0, "y0": 0})
                    else:
                        active = spikes[term.dependency]
                        at = (self.x_when[i], self.y_when[j])[term.dependency == "y0"]
                    if active:
                        total = self.into(total + self.into(self.product(term, s, at, spikes)))
                fresh[target][s] = self.rounded(target, old, total, early, (index, t, s))
        self.own = fresh

    def rounded(self, target, old, total, early, when):
        style = self.spec.weight_rounding.name
        limits = {"w": self.spec.limits(self.mode), "t": self.spec.tag_limits}.get(target)
        low, high = limits or self.spec.delay_limits
        kept = self.spec.precision_kept or style == "AWAY_FROM_ZERO"
        step = 2 ** (self.low_bits if target == "w" and kept else 0)
        if self.spec.precision_kept:
            low, high = math.ceil(low / step) * step, math.floor(high / step) * step
        if style == "AWAY_FROM_ZERO":
            whole = math.ceil(Fraction(abs(total - old * 128), 128)) // step
            rest = math.ceil(Fraction(abs(early), 128)) % step
            moved = sign(total - old * 128) * whole
            if rest and self.draws.synapse(target, *when) < rest / step:
                moved += sign(early)
            return self.clipped("weights", old + moved * step, low, high)
        if target == "d" or (target == "w" and self.mode == 2):
            total = max(0, total)
        if target == "w" and self.mode == 3:
            total = min(0, total)
        size = abs(total) if style == "SIGN_MAGNITUDE" else total
        value = size // (128 * step)
        rest = size % (128 * step)
        if rest and self.draws.synapse(target, *when) < rest / (128 * step):
            value += 1
        value *= step * (sign(total) if style == "SIGN_MAGNITUDE" else 1)
        return self.clipped("weights", value, low, high)


def run_case(case):
    """Run a recorded run; return its values by name, as those that are expected."""
    weights = np.asarray(case.weights)
    model = Model(
        case.rule,
        weights.shape,
        [*np.ndindex(weights.shape)],
        weights.ravel(),
        mode=case.sign_mode,
        bits=case.weight_bits,
        given=case.given,
        draws=case.draws,
    )
    return model.run(case.pre, case.post, list(case.expected))
