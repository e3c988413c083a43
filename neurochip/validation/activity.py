"""Compare distributions of activity in recurrent networks with the spread between float runs.

In a chaotic network spike times cannot be compared, but distributions can: those of rates, of the
CV of interspike intervals and of pairwise correlations. Whether chip and float differ at all is a
question to the whole distributions, beside the noise floor: the distance between two float runs
with different seeds. Whether they are equal within a tolerance is a question to their means and
spreads, in per cent of the quantity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._support.brief import line
from .._support.json_text import plain_data
from .._support.ranges import POSITIVE
from .._support.values import instances, real
from ..errors import RecordingError
from ..recording import Recording
from ..typing import Float64Array
from .equivalence import LEVEL, Conclusion, Equivalence, check_tolerance, equivalence
from .metrics import isi_cv
from .origins import check_origins
from .spread import Distances, correlations, distances

__all__ = ["ActivityComparison", "DistributionComparison", "compare_activity"]

_UNITS = {"rate": "Hz", "cv": "", "correlation": ""}
_FEWEST_RUNS = 7  # 2**6 different exchanges: with fewer runs no corrected p reaches 5 %
_MOST_EXCHANGES = 4096  # with more runs: a random sample of the exchanges
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
    mean, spread : Equivalence
        Tests of the mean over the sample, and of its standard deviation, over seeds. Differences
        and tolerance are fractions of the mean absolute value in float, which is the mean for rates
        and CVs.
    p_value : float
        p-value of the hypothesis that chip and float do not differ: fraction of exchanges of chip
        and float runs that separate the two groups at least as far.
    conclusion : Conclusion
        EQUAL if mean and spread are equal within the tolerance, otherwise DIFFERENT if the p-value
        is below 5 %, otherwise UNDECIDED.
    """

    quantity: str
    reference: tuple[Float64Array, ...]
    chip: tuple[Float64Array, ...]
    floor: float
    floor_range: tuple[float, float]
    distance: float
    mean: Equivalence
    spread: Equivalence
    p_value: float
    conclusion: Conclusion

    @property
    def unit(self) -> str:
        """Unit of the quantity."""
        return _UNITS[self.quantity]

    def to_dict(self) -> dict[str, Any]:
        """Return everything except the samples, as data for JSON."""
        numbers = ("floor", "distance", "p_value")
        return {
            "quantity": self.quantity,
            "unit": self.unit,
            "conclusion": self.conclusion.value,
            **{name: plain_data(getattr(self, name)) for name in numbers},
            "floor_range": plain_data(self.floor_range),
            "mean": self.mean.to_dict(),
            "spread": self.spread.to_dict(),
        }

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if math.isnan(self.mean.interval[0]):
            return f"{self.quantity}: {self.conclusion.value}"
        parts = []
        for name, test in (("mean", self.mean), ("spread", self.spread)):
            low, high = (f"{100 * limit:+.1f}" for limit in test.interval)
            parts.append(f"{name} {100 * test.difference:+.1f} % ({low} to {high})")
        p_value = "" if math.isnan(self.p_value) else f"; p = {self.p_value:.3f}"
        return (
            f"{self.quantity}: {self.conclusion.value}: {', '.join(parts)}; {self.distance:.3g}"
            f"{unit} from float, {self.floor:.3g}{unit} between float runs{p_value}"
        )

    def __repr__(self) -> str:
        return line(self, str(self))


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
        Largest acceptable difference of mean and spread, as a fraction of the mean in float.
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
            f"{100 * self.tolerance:g} % of the mean)"
        )
        return "\n".join([head, *(f"  {item}" for item in self.quantities.values())])

    def __repr__(self) -> str:
        return line(self, str(self).splitlines()[0])


def compare_activity(
    reference: Sequence[Recording],
    chip: Sequence[Recording],
    population: str,
    *,
    tolerance: float,
    bin_width: float = 5.0,
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
        never DIFFERENT.
    population : str
        Name of the population.
    tolerance : float
        Largest acceptable difference of mean and spread, as a fraction of the mean absolute value
        in float, above 0 and at most 1: 0.05 is 5 % of the mean rate. Both are tested by paired t
        tests over seeds (:func:`equivalence`).
    bin_width : float, ms
        Width of the bins in which spikes of a pair count as simultaneous.
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
        quantities[name] = _compare_quantity(name, ours, theirs, tolerance)
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
    name: str, ours: list[Float64Array], theirs: list[Float64Array], tolerance: float
) -> DistributionComparison:
    nan = float("nan")
    n = len(ours)
    enough = n >= 2 and all(len(sample) for sample in (*ours, *theirs))
    empty = Distances(*(np.full((n, n), np.nan) for _ in range(3)))
    found = distances(ours, theirs) if enough else empty
    off = ~np.eye(n, dtype=bool)
    floors = found.rr[off] if enough else np.array([nan])
    scale = float(np.mean([np.abs(sample).mean() for sample in ours])) if enough else 0.0
    mean, spread = (
        equivalence(
            *([float(measure(sample)) / scale for sample in part] for part in (ours, theirs)),
            tolerance=tolerance,
            relative=False,
        )
        if scale > 0
        else equivalence([], [], tolerance=tolerance)
        for measure in (np.mean, np.std)
    )
    p_value = _exchange_test(found) if enough and n >= _FEWEST_RUNS and floors.mean() > 0 else nan
    conclusion = Conclusion.UNDECIDED
    if mean.conclusion is spread.conclusion is Conclusion.EQUAL:
        conclusion = Conclusion.EQUAL
    elif p_value < LEVEL:
        conclusion = Conclusion.DIFFERENT
    return DistributionComparison(
        quantity=name,
        reference=tuple(ours),
        chip=tuple(theirs),
        floor=float(floors.mean()),
        floor_range=(float(floors.min()), float(floors.max())),
        distance=float(found.rc[off].mean()) if n > 1 else nan,
        mean=replace(mean, relative=True),
        spread=replace(spread, relative=True),
        p_value=p_value,
        conclusion=conclusion,
    )


def _exchange_test(found: Distances) -> float:
    """Return the p-value of the separation of the groups over exchanges of runs of a seed."""
    n = len(found.rr)
    if 2 ** (n - 1) <= _MOST_EXCHANGES:
        # Exchanging all runs equals exchanging none, so run 0 is never exchanged.
        exchanged = (np.arange(2 ** (n - 1))[:, None] << 1 >> np.arange(n)) & 1
    else:
        exchanged = np.random.default_rng(0).integers(0, 2, (_MOST_EXCHANGES, n))
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
