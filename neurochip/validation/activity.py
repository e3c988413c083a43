"""Compare distributions of activity in recurrent networks with the spread between float runs.

In a chaotic network spike times cannot be compared, but distributions can: those of rates, of the
CV of interspike intervals and of pairwise correlations. Differences are measured relative to the
noise floor: the distance between two float runs with different seeds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.json_text import plain_data
from .._support.ranges import POSITIVE
from .._support.values import instances, integer, real
from ..errors import RecordingError
from ..recording import Recording
from ..typing import Float64Array
from .equivalence import LEVEL, Conclusion, check_tolerance, conclude
from .metrics import isi_cv
from .origins import check_origins
from .spread import Distances, correlations, distances

__all__ = ["ActivityComparison", "DistributionComparison", "compare_activity"]

_UNITS = {"rate": "Hz", "cv": "", "correlation": ""}
_FEWEST_RUNS = 7  # 2**6 different exchanges: with fewer runs no corrected p reaches 5 %
_MOST_EXCHANGES = 4096  # with more runs: a random sample of the exchanges
_RESAMPLES = 2000
_PAIRED = 100  # neurons whose pairs are correlated: 4,950 pairs


@dataclass(frozen=True, kw_only=True, eq=False)
class DistributionComparison:
    """One quantity of one population, over runs with different seeds.

    Distances are earth mover's distances in the unit of the quantity, means over pairs of runs
    with different seeds.

    Parameters
    ----------
    quantity : str
        ``"rate"`` (Hz, of each neuron), ``"cv"`` (of the interspike intervals of each neuron with
        at least 3 spikes) or ``"correlation"`` (of the spike counts of pairs).
    reference, chip : tuple of ndarray
        The sample of each run.
    floor : float
        Distance between float runs: the noise floor.
    floor_range : tuple of float
        Smallest and largest of these distances.
    distance : float
        Distance between chip and float runs.
    excess : float
        ``distance / floor - 1``.
    excess_interval : tuple of float
        90 % interval of the excess, by a bootstrap over seeds.
    p_value : float
        p-value of the hypothesis that chip and float do not differ: fraction of exchanges of chip
        and float runs that separate the two groups at least as far.
    conclusion : Conclusion
        EQUAL if the interval of the excess lies below the tolerance, otherwise DIFFERENT if the
        p-value is below 5 %, otherwise UNDECIDED.
    """

    quantity: str
    reference: tuple[Float64Array, ...]
    chip: tuple[Float64Array, ...]
    floor: float
    floor_range: tuple[float, float]
    distance: float
    excess: float
    excess_interval: tuple[float, float]
    p_value: float
    conclusion: Conclusion

    @property
    def unit(self) -> str:
        """Unit of the quantity."""
        return _UNITS[self.quantity]

    def to_dict(self) -> dict[str, Any]:
        """Return everything except the samples, as data for JSON."""
        numbers = ("floor", "distance", "excess", "p_value")
        return {
            "quantity": self.quantity,
            "unit": self.unit,
            "conclusion": self.conclusion.value,
            **{name: plain_data(getattr(self, name)) for name in numbers},
            "floor_range": plain_data(self.floor_range),
            "excess_interval": plain_data(self.excess_interval),
        }

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if math.isnan(self.excess):
            return f"{self.quantity}: {self.conclusion.value}"
        low, high = self.excess_interval
        return (
            f"{self.quantity}: {self.conclusion.value}: {self.distance:.3g}{unit} from float, "
            f"{self.floor:.3g}{unit} between float runs, excess {100 * self.excess:+.0f} % "
            f"({100 * low:+.0f} to {100 * high:+.0f} %), p = {self.p_value:.3f}"
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class ActivityComparison:
    """All quantities of one population.

    Parameters
    ----------
    population : str
        Name of the population.
    runs : int
        Number of seeds.
    tolerance : float
        Largest acceptable excess over the noise floor, as a fraction of the floor.
    quantities : dict of str to DistributionComparison
        Comparisons of the quantities by name.
    """

    population: str
    runs: int
    tolerance: float
    quantities: Mapping[str, DistributionComparison]

    @property
    def p_value(self) -> float:
        """Smallest p-value of the quantities, corrected for their number."""
        defined = [q.p_value for q in self.quantities.values() if not math.isnan(q.p_value)]
        return min(1.0, len(defined) * min(defined)) if defined else float("nan")

    @property
    def conclusion(self) -> Conclusion:
        """Conclusion from all quantities.

        EQUAL if all quantities are equal, DIFFERENT if any is different and the corrected p-value
        is below 5 %, otherwise UNDECIDED.
        """
        found = [item.conclusion for item in self.quantities.values()]
        if all(item is Conclusion.EQUAL for item in found):
            return Conclusion.EQUAL
        if Conclusion.DIFFERENT in found and self.p_value < LEVEL:
            return Conclusion.DIFFERENT
        return Conclusion.UNDECIDED

    @property
    def told_from_float(self) -> bool:
        """Whether chip and float differ significantly. False does not mean that they are equal."""
        return self.p_value < LEVEL

    def to_dict(self) -> dict[str, Any]:
        """Return everything except the samples, as data for JSON."""
        return {
            "population": self.population,
            "runs": self.runs,
            "tolerance": self.tolerance,
            "conclusion": self.conclusion.value,
            "p_value": plain_data(self.p_value),
            "quantities": {name: item.to_dict() for name, item in self.quantities.items()},
        }

    def __str__(self) -> str:
        head = (
            f"{self.population}: {self.conclusion.value} ({self.runs} seeds, tolerance "
            f"{100 * self.tolerance:g} % above the noise floor)"
        )
        return "\n".join([head, *(f"  {item}" for item in self.quantities.values())])


def compare_activity(
    reference: Sequence[Recording],
    chip: Sequence[Recording],
    population: str,
    *,
    tolerance: float,
    bin_width: float = 5.0,
    bootstrap_seed: int = 0,
    any_origin: bool = False,
) -> ActivityComparison:
    """Compare distributions of activity with the spread between float runs.

    Only runs with different seeds are compared: two runs on the same input are closer to each other
    than the noise floor until chaos separates them, which would hide a difference. The p-value
    comes from exchanging the chip run and the float run of a seed, which has no effect if the chip
    behaves like float: an exact test of the separation of the two groups
    (energy statistic of Szekely and Rizzo, J. Stat. Plan. Inference 143:1249, 2013, with the
    distance of two runs as the metric).

    Parameters
    ----------
    reference, chip : sequence of Recording
        Run i of both has seed i, so the same input. Use 8 or more seeds; below 7 the conclusion is
        always UNDECIDED.
    population : str
        Name of the population.
    tolerance : float
        Largest acceptable excess of the chip's distance over the noise floor: 0.2 is 20 %,
        above 0 and at most 1.
    bin_width : float, ms
        Width of the bins in which spikes of a pair count as simultaneous.
    bootstrap_seed : int
        Seed of the bootstrap.
    any_origin : bool, default False
        Whether to compare recordings whatever their origin. Otherwise the reference must be a float
        run, the chip's a run on the chip, and both on one stimulus; a recording of unknown origin
        fits.

    Returns
    -------
    ActivityComparison

    Raises
    ------
    RecordingError
        If the runs do not match, have the wrong kind or different stimuli, or an option is not
        allowed.
    """
    tolerance = check_tolerance("compare_activity", tolerance)
    bootstrap_seed = integer(
        "compare_activity", "bootstrap_seed", bootstrap_seed, at_least=0, error=RecordingError
    )
    bin_width = real(
        "compare_activity", "bin_width", bin_width, "ms", POSITIVE, error=RecordingError
    )
    reference, chip = (
        instances("compare_activity", name, runs, Recording, error=RecordingError)
        for name, runs in (("reference", reference), ("chip", chip))
    )
    runs = [*reference, *chip]
    _check_runs(reference, chip, population)
    for seed, pair in enumerate(zip(reference, chip, strict=True)):
        check_origins(f"compare_activity: run {seed}", *pair, any_origin)
    bin_steps = round(min(bin_width / runs[0].dt, runs[0].n_steps + 1))
    if not 1 <= bin_steps <= runs[0].n_steps:
        raise RecordingError(
            f"compare_activity: bin_width = {bin_width!r} ms; allowed: {runs[0].dt:g} ms (one "
            f"step) to {runs[0].duration:g} ms (the run)."
        )
    samples = [_samples(run, population, bin_steps) for run in runs]
    quantities = {}
    for name in _UNITS:
        ours, theirs = (
            [sample[name] for sample in part]
            for part in (samples[: len(reference)], samples[len(reference) :])
        )
        quantities[name] = _compare_quantity(name, ours, theirs, tolerance, bootstrap_seed)
    return ActivityComparison(
        population=population, runs=len(reference), tolerance=tolerance, quantities=quantities
    )


def _samples(run: Recording, population: str, bin_steps: int) -> dict[str, Float64Array]:
    train, size = (run.steps[population], run.ids[population]), run.populations[population]
    cv = isi_cv(train, size)
    ids = np.unique(np.linspace(0, size - 1, min(size, _PAIRED)).astype(np.int64))
    return {
        "rate": run.rates(population),
        "cv": cv[~np.isnan(cv)],
        "correlation": correlations(train, ids, run.first_step, run.n_steps, bin_steps),
    }


def _compare_quantity(
    name: str,
    ours: list[Float64Array],
    theirs: list[Float64Array],
    tolerance: float,
    bootstrap_seed: int,
) -> DistributionComparison:
    nan = float("nan")
    n = len(ours)
    enough = n >= 2 and all(len(sample) for sample in (*ours, *theirs))
    empty = Distances(*(np.full((n, n), np.nan) for _ in range(3)))
    found = distances(ours, theirs) if enough else empty
    off = ~np.eye(n, dtype=bool)
    floors = found.rr[off] if enough else np.array([nan])
    interval, p_value = (nan, nan), nan
    conclusion = Conclusion.UNDECIDED
    if enough and n >= _FEWEST_RUNS and floors.mean() > 0:
        rng = np.random.default_rng(bootstrap_seed)
        interval = _excess_interval(found, rng)
        p_value = _exchange_test(found, rng)
        conclusion = conclude(*interval, -math.inf, tolerance)
        if conclusion is not Conclusion.EQUAL:
            conclusion = Conclusion.DIFFERENT if p_value < LEVEL else Conclusion.UNDECIDED
    distance = float(found.rc[off].mean()) if n > 1 else nan
    return DistributionComparison(
        quantity=name,
        reference=tuple(ours),
        chip=tuple(theirs),
        floor=float(floors.mean()),
        floor_range=(float(floors.min()), float(floors.max())),
        distance=distance,
        excess=float(distance / floors.mean() - 1) if floors.mean() > 0 else nan,
        excess_interval=interval,
        p_value=p_value,
        conclusion=conclusion,
    )


def _excess_interval(found: Distances, rng: np.random.Generator) -> tuple[float, float]:
    """Return the 90 % interval of the excess by drawing seeds; pairs of one seed are omitted."""
    n = len(found.rr)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=_RESAMPLES).astype(np.float64)
    off = ~np.eye(n, dtype=bool)
    cross, floor = (
        np.einsum("pi,ij,pj->p", weights, np.where(off, matrix, 0.0), weights)
        for matrix in (found.rc, found.rr)
    )
    usable = floor > 0  # 0 if one seed was drawn n times
    low, high = np.quantile(cross[usable] / floor[usable] - 1, (LEVEL, 1 - LEVEL))
    return float(low), float(high)


def _exchange_test(found: Distances, rng: np.random.Generator) -> float:
    """Return the p-value of the separation of the groups over exchanges of runs of a seed."""
    n = len(found.rr)
    if 2 ** (n - 1) <= _MOST_EXCHANGES:
        # Exchanging all runs equals exchanging none, so run 0 is never exchanged.
        exchanged = (np.arange(2 ** (n - 1))[:, None] << 1 >> np.arange(n)) & 1
    else:
        exchanged = rng.integers(0, 2, (_MOST_EXCHANGES, n))
        exchanged[0] = 0  # the observed groups are one of the exchanges
    s = exchanged.astype(np.float64)
    z = 1.0 - s
    off = ~np.eye(n, dtype=bool)
    rr, rc, cc = (np.where(off, matrix, 0.0) for matrix in found)

    def total(a: Float64Array, matrix: Float64Array, b: Float64Array) -> Float64Array:
        return np.asarray(np.einsum("pi,ij,pj->p", a, matrix, b))

    between = total(z, rc, z) + total(s, rc.T, s) + total(z, rr, s) + total(s, cc, z)
    first = total(z, rr, z) + total(s, cc, s) + 2 * total(z, rc, s)
    second = total(s, rr, s) + total(z, cc, z) + 2 * total(s, rc, z)
    separation = 2 * between - first - second
    tolerance = 1e-12 * float(between.max())  # rounding: the same terms are summed in another order
    return float((separation >= separation[0] - tolerance).mean())


def _check_runs(reference: Sequence[Recording], chip: Sequence[Recording], population: str) -> None:
    if len(reference) != len(chip) or not reference:
        raise RecordingError(
            f"compare_activity: {len(reference)} reference runs and {len(chip)} of the chip; "
            "allowed: one of each per seed."
        )
    first = reference[0]
    for run in (*reference, *chip):
        run.counts(population)  # raises if the population does not exist
        for name, unit in (("dt", " ms"), ("n_steps", "")):
            ours, theirs = getattr(first, name), getattr(run, name)
            if not math.isclose(ours, theirs, rel_tol=1e-9):
                raise RecordingError(
                    f"compare_activity: runs of {name} = {ours:g}{unit} and {theirs:g}{unit}; "
                    "allowed: the same for all."
                )
