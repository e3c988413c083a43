"""Reads the plasticity of Synapses as an STDP rule.

The changes that spikes of both sides make (``changes.py``) are compared with the definition of
:class:`~neurochip.STDP`; what differs is refused with the nearest form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...network import STDP, RewardModulation, Triplet
from .changes import Change, Pathways, Reader
from .refusal import refusal
from .rewards import Regular, read_reward
from .traces import Trace

__all__ = ["Rule", "read_rule"]

_TOLERANCE = 1e-12  # relative difference of two limits that a script means to be equal


@dataclass(frozen=True, kw_only=True)
class Rule:
    """An STDP rule in the base unit of the weight of its Synapses; times in ms.

    Parameters
    ----------
    weight : str
        Name of the weight.
    moving : frozenset of str
        Names of the other variables of the synapses that change during a run.
    tau_plus, tau_minus, a_plus, a_minus, a_pre, w_max
        As in :class:`~neurochip.STDP`.
    soft : bool
        Whether the bounds are ``"soft"``.
    second : bool
        Whether second traces are read, as in triplets.
    tau_x, tau_y, a3_plus, a3_minus
        As in :class:`~neurochip.Triplet`.
    reward : RewardModulation, optional
        How an eligibility becomes weight. Default: pairs change the weight.
    """

    weight: str
    moving: frozenset[str]
    tau_plus: float
    tau_minus: float
    a_plus: float
    a_minus: float
    a_pre: float
    w_max: float
    soft: bool
    second: bool
    tau_x: float
    tau_y: float
    a3_plus: float
    a3_minus: float
    reward: RewardModulation | None = None

    def scaled(self, scale: float) -> STDP:
        """Return the rule for weights in another unit, of which one base unit is ``scale``."""
        triplet = None
        if self.second:
            triplet = Triplet(
                tau_x=self.tau_x,
                tau_y=self.tau_y,
                a3_plus=self.a3_plus * scale,
                a3_minus=self.a3_minus * scale,
            )
        return STDP(
            tau_plus=self.tau_plus,
            tau_minus=self.tau_minus,
            a_plus=self.a_plus * scale,
            a_minus=self.a_minus * scale,
            a_pre=self.a_pre * scale,
            w_max=self.w_max * scale,
            bounds="soft" if self.soft else "hard",
            triplet=triplet,
            reward=self.reward,
        )


def read_rule(
    synapses: Any,
    weight: str,
    paths: Pathways,
    namespace: Mapping[str, Any],
    n_steps: int | None = None,
) -> Rule:
    """Read what both pathways do to the weight as an STDP rule.

    Parameters
    ----------
    synapses : brian2.Synapses
        Object whose weight changes at spikes.
    weight : str
        The variable that a spike of the source adds to the target.
    paths : Pathways
        What spikes of both sides do.
    namespace : dict
        Names of the caller of ``run``.
    n_steps : int, optional
        Steps from time 0 to the end of the run; needed for a reward that changes with time.

    Raises
    ------
    FrontendError
        If the changes are not those of the definition.
    """
    reader = Reader(synapses, weight, weight, paths, namespace)
    if paths.regular is not None:
        return _read_rewarded(reader, paths.regular, n_steps)
    return _rule(reader, reader.change("source"), reader.change("target"))


def _read_rewarded(reader: Reader, regular: Regular, n_steps: int | None) -> Rule:
    """Read pairs that change an eligibility, which a reward turns into weight."""
    synapses, weight, paths = reader.synapses, reader.weight, reader.paths
    if weight not in regular.effect.values:
        raise regular.refusal(synapses, f"does not change {weight}")
    for effect in paths.pre, paths.post:
        if weight in effect.values:
            raise refusal(
                synapses,
                f"{effect.line(weight)} changes {weight}, and so does run_regularly",
                "What works: either pairs of spikes change it, or a reward does.",
            )
    value, low, high = reader.without_clip(regular.effect)
    moving = paths.moving - {weight}
    learned, reward = read_reward(
        synapses, weight, value, regular, moving, reader.namespace, n_steps
    )
    reader = reader._replace(learned=learned)
    start = np.asarray(synapses.variables[learned].get_value())
    if start.any():
        raise refusal(
            synapses,
            f"the eligibility {learned} begins at {start[np.flatnonzero(start)[0]]:g}",
            "On the chip it begins at 0.",
        )
    changes = []
    for side in ("source", "target"):
        change = reader.change(side)
        if np.isfinite((change.low, change.high)).any():
            raise refusal(
                synapses,
                f"{change.effect.line(learned)} limits the eligibility {learned}",
                f"What works: {learned} += trace, and limits of {weight} in run_regularly.",
            )
        changes.append(change._replace(low=low, high=high))
    return _rule(reader, changes[0], changes[1], reward, regular.effect.line(weight))


def _rule(
    reader: Reader,
    pre: Change,
    post: Change,
    reward: RewardModulation | None = None,
    where: str = "",
) -> Rule:
    """Return the rule of both changes; ``where`` limits the weight, if they do not."""
    if not pre.moves and not post.moves:
        traces = reader._replace(frozen=True)
        pre, post = (
            change._replace(other=known.other, own=known.own)
            for change, known in (
                (pre, traces.change("source")),
                (post, traces.change("target")),
            )
        )
    soft = any((*pre.by_weight, *post.by_weight))
    factor = _soft_limit(reader, pre, post) if soft else None
    w_max = _limit(reader, (pre, post), soft, factor, reward is not None, where)
    plus, minus = post.amplitudes, pre.amplitudes
    if soft:
        minus = (w_max * pre.by_weight[0], w_max * pre.by_weight[1])
    return Rule(
        weight=reader.weight,
        moving=reader.paths.moving - {reader.weight},
        tau_plus=_tau(post.other, pre.other),
        tau_minus=_tau(pre.other, post.other),
        a_plus=plus[0],
        a_minus=-minus[0] + 0.0,
        a_pre=pre.alone,
        w_max=w_max,
        soft=soft,
        second=pre.own is not None or post.own is not None,
        tau_x=_tau(pre.own, post.other, pre.other),
        tau_y=_tau(post.own, pre.other, post.other),
        a3_plus=plus[1],
        a3_minus=-minus[1] + 0.0,
        reward=reward,
    )


def _soft_limit(reader: Reader, pre: Change, post: Change) -> float | None:
    """Return the upper limit of soft bounds, which the factor of potentiation contains."""
    weight, pairs = reader.weight, [*zip(post.amplitudes, post.by_weight, strict=True)]
    limits = [-amplitude / slope for amplitude, slope in pairs if slope]
    plain = any((*pre.amplitudes, pre.alone)) or any(
        amplitude and not slope for amplitude, slope in pairs
    )
    wrong = plain or any(part > 0 for part in (*pre.by_weight, *post.by_weight))
    if wrong or any(limit <= 0 or not _same(limit, limits[0]) for limit in limits):
        change = post if any(post.by_weight) else pre
        raise refusal(
            reader.synapses,
            f"{change.effect.line(reader.learned)} depends on {weight}, and not as soft bounds do",
            f"What works: '{weight} += a*(w_max - {weight})*trace' in on_post and "
            f"'{weight} -= b*{weight}*trace' in on_pre, with positive a and b; or no {weight} in "
            "the factors of both.",
        )
    return limits[0] if limits else None


def _limit(
    reader: Reader,
    changes: tuple[Change, Change],
    soft: bool,
    factor: float | None,
    rewarded: bool,
    where: str,
) -> float:
    """Return the upper limit of the weight; both limits must be those of the definition.

    A limit that no change can reach does not matter; a reward can reach both. Soft bounds need no
    limits beside the factor.
    """
    synapses, weight = reader.synapses, reader.weight
    moving = [change for change in changes if change.moves]
    up = [change for change in moving if change.increases or rewarded]
    known = [factor] if factor is not None else [change.high for change in up or changes]
    w_max = min(known)
    if not np.isfinite(w_max):
        change = next(change for change in up or moving if not np.isfinite(change.high))
        raise refusal(
            synapses,
            f"{where or change.effect.line(weight)} has no upper limit of {weight}",
            f"The largest weight sets the step of the chip's weights: {weight} = clip(..., 0, "
            "w_max).",
        )
    for change in moving:
        free = soft and not rewarded  # no limits are needed
        high = _same(change.high, w_max) or (free and change.high == np.inf)
        high = high or (change not in up and change.high > w_max)
        low = change.low == 0 or (free and change.low == -np.inf)
        low = low or (not rewarded and not change.decreases and change.low < 0)
        if not high or not low or w_max <= 0:
            limits = f"keeps {weight} between {change.low:g} and {change.high:g}"
            if change.low == -np.inf:
                limits = f"has no lower limit of {weight}"
            raise refusal(
                synapses,
                f"{where or change.effect.line(weight)} {limits}",
                f"What works: {weight} = clip(..., 0, w_max), with the same w_max above 0 "
                "everywhere.",
            )
    return w_max


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= _TOLERANCE * abs(b)


def _tau(*traces: Trace | None) -> float:
    """Return the time constant of the first trace that is there; any, if none is needed."""
    return next((trace.tau for trace in traces if trace is not None), 1.0)
