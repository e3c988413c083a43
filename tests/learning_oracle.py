"""The learning step in plain Python, one synapse after the other: the slow model of the kernels.

It is written from docs/reference/learning.md and from the three emulators, and shares no arithmetic
with the kernels. All draws are given; the names are those of ``neurochip.learning.learn``. In a run
of an image it is the last part of a step (semantics 5.8).
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from neurochip.chip.fixedpoint import Overflow
from neurochip.learning import DrawSharing, ExtraSpikes, TraceDecay

PRE, POST = ("x1", "x2"), ("y1", "y2", "y3")
WIDTHS = {"x0": 1, "y0": 1, "w": 9, "d": 9, "t": 9, **dict.fromkeys((*PRE, *POST), 7)}


def sign(value):
    return int(value > 0) - int(value < 0)


def wrap(value, bits):
    return (value + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


def draw(draws, name, row, index):
    """The draw of a row, which all may share."""
    values = np.asarray(draws[name])
    return float(values[row] if values.ndim == 1 else values[row, index])


class Model:
    """All values as lists of Python integers.

    Synapse s lies between the neurons ``ends[s]`` of both sides, of which there are ``sizes``.
    ``weights``, ``tags`` and ``delays`` have a value for each synapse.
    """

    def __init__(self, rule, sizes, ends, weights, *, mode, bits, given, draws, tags=0, delays=0):
        self.rule, self.spec, self.mode = rule, rule.spec, mode
        self.ends, self.given, self.draws = ends, given, draws
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
                    r = 0 if up or not part else draw(self.draws, "again", t, i)
                    self.traces[name][i] = min(127, self.traces[name][i] + whole + (r < part))
                when[i] = k

    def trace_draw(self, name, row, owner):
        return draw(self.draws, name if name in self.draws else name[0], row, owner)

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
            row = index if shared else t - epoch + k
            decayed = value * self.factor(name)
            value = math.floor(decayed)
            if decayed > value:
                value += self.trace_draw(name, row, owner) < decayed - value
            if spike == k:
                up = part and draw(self.draws, f"{name[0]}_impulse", row, owner) < part
                value = min(127, value + whole + bool(up))
            seen.append(value)
        return [*seen, value]

    def once_an_epoch(self, name, owner, value, spike, t, index):
        total = value * self.factor(name, self.rule.epoch)
        impulse, part = self.impulse(name)
        total += impulse + part / 2**self.spec.impulse_fraction_bits if spike else 0.0
        whole = math.floor(total)
        if total > whole:
            whole += self.trace_draw(name, index, owner) < total - whole
        whole = min(127, whole)
        return [value, *[whole] * self.rule.epoch, whole]

    def impulse_then_decay(self, name, owner, value, spike, t, index):
        early = value * self.factor(name)
        up = early > int(early) and self.trace_draw(name, index, owner) < early - int(early)
        seen = min(127, value + self.impulse(name)[0]) if spike else value
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
                v = max(-(2 ** WIDTHS[name]), min(2 ** WIDTHS[name] - 1, v))
            value *= sign(v) if factor.sign else v
            width += WIDTHS[name]
            value = wrap(value, 32) if self.spec.product_wraps else value
        value *= term.mantissa
        value = wrap(value, 32) if self.spec.product_wraps else value
        mantissa = self.spec.shift_mantissa_bits
        shift = 0 if mantissa is None else max(0, width + mantissa - 15)
        if self.spec.shifts_joined:
            return math.floor(Fraction(value) * Fraction(2) ** (term.exponent + 7 - shift))
        value = (value >> shift) * 2 ** (term.exponent + 7)
        return wrap(value, 32) if self.spec.product_wraps else value

    def into(self, value):
        low, high = self.spec.accumulator_limits
        if self.spec.accumulator_overflow is Overflow.CLIP:
            return int(max(low, min(high, value)))
        return wrap(value, 16) if self.spec.accumulator_overflow is Overflow.WRAP else value

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
                fresh[target][s] = self.rounded(target, old, total, early, index, s)
        self.own = fresh

    def rounded(self, target, old, total, early, index, s):
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
            if rest and draw(self.draws, "synapse", index, s) < rest / step:
                moved += sign(early)
            return max(low, min(high, old + moved * step))
        if target == "d" or (target == "w" and self.mode == 2):
            total = max(0, total)
        if target == "w" and self.mode == 3:
            total = min(0, total)
        size = abs(total) if style == "SIGN_MAGNITUDE" else total
        value = size // (128 * step)
        rest = size % (128 * step)
        if rest and draw(self.draws, "synapse", index, s) < rest / (128 * step):
            value += 1
        value *= step * (sign(total) if style == "SIGN_MAGNITUDE" else 1)
        return max(low, min(high, value))
