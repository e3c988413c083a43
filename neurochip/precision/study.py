"""``bits``: one sweep over widths and seeds, from which the answer is read."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np

from compiler import OPTIONS, CompileOptions, choose_dt

from .._support.foreign import nearest
from .._support.ranges import FRACTION, POSITIVE
from .._support.values import instance, integer, items, real, shown
from ..chip.spec import LOIHI, ChipSpec, CoreSpec
from ..errors import AnalysisError, SpecError
from ..network import Connection, Network
from ..network.time_step import own_step
from ..sweeps import Sweep, sweep
from ..typing import Float64Array
from .answer import BitsAnswer
from .decide import Rates, interval, judge

__all__ = ["bits"]

_CHANGE = 0.001
"""Largest relative change of a weight in the runs of the noise floor."""


def bits(
    network: Network,
    *,
    register: str = "weight_mantissa_bits",
    widths: Iterable[int] | None = None,
    dt: float | str | None = None,
    duration: float = 1000.0,
    seeds: int = 8,
    seed: int = 1,
    tolerance: float = 0.02,
    chip: ChipSpec = LOIHI,
    path: str | os.PathLike[str] | None = None,
    executor: Executor | None = None,
    workers: int | None = 1,
    progress: bool | None = None,
    **options: Any,
) -> BitsAnswer:
    """Find how many bits of a register a network needs to keep its rates.

    The network runs in float and, at each width, on the chip, all on the same stimuli and the same
    time grid. The differences of the mean rates are tested over seeds, which are independent
    whether or not neurons drive each other. A width is enough if the rates of all populations are
    equal within the tolerance at this width and at all wider ones; it is not enough if the rates of
    a population differ by more than the tolerance at this width and at all narrower ones. Each of
    the two claims is false with a probability of at most 5 %. Widths between are undecided.

    Parameters
    ----------
    network : Network
        Network to compile.
    register : str
        The width to vary: an integer field of :class:`CoreSpec`, of which more is better.
    widths : iterable of int, optional
        Values to test. Default, for a field that ends in ``_bits``: all from the smallest with
        which the chip can exist to that of the chip.
    dt : float or "auto", ms, optional
        Time step. Default: ``network.dt``, or 0.1. ``"auto"`` chooses it for the chip as given, as
        :func:`choose_dt` does.
    duration : float, ms
        Length of each run.
    seeds : int
        Number of seeds, at least 2. More seeds resolve smaller differences.
    seed : int
        First seed; the others follow.
    tolerance : float
        Largest acceptable difference of a mean rate, as a fraction of the rate in float.
    chip : ChipSpec
        The chip whose width is varied.
    path : path, optional
        File (``.jsonl``) that keeps finished runs; the same call continues with the missing ones.
    executor : concurrent.futures.Executor, optional
        Executor of the runs.
    workers : int or None
        Number of processes; None is one for each processor. A script that passes anything but 1
        calls this function under ``if __name__ == "__main__":``.
    progress : bool, optional
        Show a progress bar. Default: on a terminal and in notebooks, after two seconds.
    **options
        Options of :func:`compile_network`.

    Returns
    -------
    BitsAnswer

    Raises
    ------
    AnalysisError
        If the register is not an integer field of a core, or an argument is not allowed.
    SweepError
        If the file belongs to another study, or a run fails.

    See Also
    --------
    neurochip.sweep : the same runs over any axes.
    """
    allowed = "a Network"
    network = instance("bits", "network", network, Network, allowed, error=AnalysisError)
    chip = instance("bits", "chip", chip, ChipSpec, "a ChipSpec", error=AnalysisError)
    _check_register(register)
    tested = _widths(register, widths, chip)
    seeds = integer("bits", "seeds", seeds, at_least=2, error=AnalysisError)
    seed = integer("bits", "seed", seed, at_least=0, error=AnalysisError)
    tolerance = real("bits", "tolerance", tolerance, within=FRACTION, error=AnalysisError)
    duration = real("bits", "duration", duration, "ms", POSITIVE, error=AnalysisError)
    step = _step(network, chip, dt, options)
    drawn = range(seed, seed + seeds)
    axis = f"core.{register}"
    points = [{axis: width, "seed": s, "floor": False} for s in drawn for width in tested]
    if any(connection.n_synapses for connection in network.connections):
        points += [{axis: getattr(chip.core, register), "seed": s, "floor": True} for s in drawn]
    runs = sweep(
        _Floor(network),
        points,
        duration=duration,
        chip=chip,
        dt=step,
        twins=0,  # the floor is among the points, at every seed
        path=path,
        executor=executor,
        workers=workers,
        progress=progress,
        **options,
    )
    return _answer(runs, register, tolerance)


def _answer(runs: Sweep, register: str, tolerance: float) -> BitsAnswer:
    """Return the answer that the runs give."""
    found: dict[tuple[bool, int], list[Any]] = {}
    for record in runs.records:
        axes = record["axes"]
        found.setdefault((axes["floor"], axes[f"core.{register}"]), []).append(record)
    ran = {key: records for key, records in found.items() if records[0]["problem"] is None}
    rates = {key: _rates(records) for key, records in ran.items()}
    results = [
        judge(width, name, item, tolerance, len(each))
        for (floor, width), each in sorted(rates.items(), reverse=True)
        if not floor
        for name, item in each.items()
    ]
    return BitsAnswer(
        register=register,
        results=tuple(results),
        problems={
            width: records[0]["problem"]
            for (floor, width), records in found.items()
            if not floor and (floor, width) not in ran
        },
        tolerance=tolerance,
        dt=runs.header["fixed"]["dt"],
        duration=runs.header["duration"],
        seeds=tuple(dict.fromkeys(record["axes"]["seed"] for record in runs.records)),
        floor=_floor(rates),
        random=any(
            np.ptp(side) for each in rates.values() for item in each.values() for side in item[:2]
        ),
        sweep=runs,
    )


def _rates(records: list[Any]) -> dict[str, Rates]:
    """Return the rates of each population, from the records of one width at all seeds."""
    rates = {}
    for name in records[0]["populations"]:
        rows = [record["populations"][name] for record in records]
        rates[name] = Rates(
            np.array([row["reference_rate"] for row in rows]),
            np.array([row["chip_rate"] for row in rows]),
            sum(row["reference_spikes"] for row in rows),
            float(np.mean([row["mean_absolute_error_hz"] for row in rows])),
        )
    return rates


def _floor(rates: dict[tuple[bool, int], dict[str, Rates]]) -> dict[str, tuple[float, float]]:
    """Return the interval of float with changed weights against float, for each population."""
    sides = {floor: each for (floor, _), each in rates.items()}
    if len(sides) < 2:
        return {}
    return {
        name: interval(item._replace(chip=sides[True][name].reference))
        for name, item in sides[False].items()
        if item.spikes
    }


@dataclass(frozen=True)
class _Floor:
    """Makes the network, or the same network with weights changed at random.

    A chip that rounds without error would differ from float as much as this network does: not at
    all in effect if neurons do not drive each other, and by chaos if they do.
    """

    network: Network

    def __call__(self, floor: bool) -> Network:
        if not floor:
            return self.network
        rng = np.random.default_rng(0)
        connections = [
            _changed(item, rng.uniform(1 - _CHANGE, 1 + _CHANGE, item.n_synapses))
            for item in self.network.connections
        ]
        return dataclasses.replace(self.network, connections=connections)


def _changed(item: Connection, factors: Float64Array) -> Connection:
    """Return a connection with other weights, within the limits of those that learn."""
    weight = item.weight * factors
    if item.plasticity is not None:
        weight = np.minimum(weight, item.plasticity.w_max)
    return dataclasses.replace(item, weight=weight)


def _step(network: Network, chip: ChipSpec, dt: Any, options: Mapping[str, Any]) -> float:
    """Return the time step, and check the options, of which a wrong one fails at every width."""
    checked = CompileOptions(**{name: options[name] for name in options if name in OPTIONS})
    if isinstance(dt, str) and dt == "auto":
        return choose_dt(network, chip, options=checked).dt
    return own_step("bits", network, dt, AnalysisError, default=0.1)


def _check_register(register: Any) -> None:
    """Refuse what is not an integer field of a core."""
    kinds = {f.name: type(getattr(LOIHI.core, f.name)) for f in dataclasses.fields(CoreSpec)}
    fields = [name for name, kind in kinds.items() if kind is int]
    if isinstance(register, str) and register in fields:
        return
    guess = nearest("chip", register, fields) if isinstance(register, str) else ""
    raise AnalysisError(
        f"bits: register = {shown(register)}; allowed: an integer field of CoreSpec, such as "
        f"'weight_mantissa_bits' or 'decay_bits'.{guess}"
    )


def _default_widths(register: str, chip: ChipSpec) -> list[int]:
    """Return all widths from that of the chip down to the smallest with which the chip exists."""
    found: list[int] = []
    for width in range(getattr(chip.core, register), 0, -1):
        changed: dict[str, Any] = {register: width}
        try:
            chip.what_if(**changed)
        except SpecError:
            break
        found.append(width)
    return found


def _widths(register: str, widths: Any, chip: ChipSpec) -> list[int]:
    if widths is None and not register.endswith("_bits"):
        raise AnalysisError(
            f"bits: widths = None; the register {register!r} is no number of bits, so pass the "
            "values to test, such as widths=range(10, 64)."
        )
    if widths is None:
        return _default_widths(register, chip)
    allowed = "a list of integers"
    found = {
        integer("bits", f"widths[{place}]", width, error=AnalysisError)
        for place, width in enumerate(items("bits", "widths", widths, allowed, error=AnalysisError))
    }
    if not found:
        raise AnalysisError("bits: widths has no values; allowed: at least one integer.")
    return sorted(found, reverse=True)
