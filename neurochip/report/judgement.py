"""Compile a network, run it on the chip and in float64, and compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compiler import compile_network

from .._support.brief import line
from .._support.ranges import NOT_NEGATIVE
from .._support.values import instance, integer, real
from ..chip.spec import LOIHI, ChipSpec
from ..emulator import Emulator
from ..errors import RecordingError, StimulusError
from ..image import ChipImage
from ..network import Network, PoissonInput
from ..recording import Probe, Recording
from ..reference import MOST_TWINS, TWINS, simulate_reference, simulate_twins
from ..stimulus import draw_stimulus
from ..validation import Comparison, compare, comparison_figure, membrane_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MOST_SEED", "Judgement", "judge"]

MOST_SEED = 2**128 - 1  # a report prints all its digits

_SHOWN = 10  # neurons of a larger population whose v is recorded
_SMALL = 1_000  # neurons; v of all neurons is recorded up to this size of a population


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One network on one chip: everything that a report on it needs.

    :func:`judge` returns a judgement. Build one yourself from runs that you have already done.

    Parameters
    ----------
    network : Network
        The network.
    image : ChipImage
        Compiled image of the network, with its symbols.
    reference, chip : Recording
        Runs in float64 and on the chip, with the same input.
    comparison : Comparison
        Comparison of the two runs.
    seed : int, optional
        Seed of the input, for the record: 0 to ``2**128 - 1``. None if nothing is random.

    Raises
    ------
    RecordingError
        If an argument has the wrong type, or the image has no symbols.
    """

    network: Network
    image: ChipImage
    reference: Recording
    chip: Recording
    comparison: Comparison
    seed: int | None = None

    def __post_init__(self) -> None:
        for name, kind in (
            ("network", Network),
            ("image", ChipImage),
            ("reference", Recording),
            ("chip", Recording),
            ("comparison", Comparison),
        ):
            allowed = f"a {kind.__name__}"
            instance("judgement", name, getattr(self, name), kind, allowed, error=RecordingError)
        if self.image.symbols is None or self.image.report is None:
            raise RecordingError(
                "judgement: the image has no symbols, so nothing is known about its parameters; "
                "pass the image that compile_network returned."
            )
        if self.seed is not None:
            object.__setattr__(self, "seed", _seed("judgement", self.seed))

    def __repr__(self) -> str:
        return line(
            self, self.image.chip.name, f"dt = {self.comparison.dt:g} ms", repr(self.comparison)
        )

    def comparison_figure(self, population: str | None = None, **options: Any) -> Figure:
        """Draw spikes, v, rates and rate errors of a population on one page, with its threshold.

        Parameters
        ----------
        population : str, optional
            Name of the population. Default: the only one.
        **options
            Options of :func:`~neurochip.validation.comparison_figure`.

        Raises
        ------
        RecordingError
            If there are several populations and none is named.
        NetworkError
            If there is no such population.
        """
        name, options = self._drawn(population, options)
        return comparison_figure(self.comparison, self.reference, self.chip, name, **options)

    def membrane_figure(self, population: str | None = None, **options: Any) -> Figure:
        """Draw a raster above the v of both runs, with the threshold of the population.

        Parameters
        ----------
        population : str, optional
            Name of the population. Default: the only one.
        **options
            Options of :func:`~neurochip.validation.membrane_figure`.

        Raises
        ------
        RecordingError
            If there are several populations and none is named, or v was not recorded.
        NetworkError
            If there is no such population.
        """
        name, options = self._drawn(population, options)
        return membrane_figure((self.reference, self.chip), name, **options)

    def _drawn(
        self, population: str | None, options: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        """Return the name of a population, and the options of its figure with its threshold."""
        names = [item.name for item in self.network.populations]
        if population is None and len(names) != 1:
            raise RecordingError(
                f"figure: the network has {len(names)} populations ({', '.join(names)}); name one "
                "of them."
            )
        name: Any = names[0] if population is None else population  # populations have names, too
        found = self.network.populations[name]
        return found.name, {"threshold": found.parameter("v_thresh"), **options}


def judge(
    network: Network,
    chip: ChipSpec = LOIHI,
    dt: float | str | None = None,
    *,
    duration: float = 1000.0,
    seed: int = 1,
    fine_dt: float | None = None,
    twins: int = TWINS,
    **options: Any,
) -> Judgement:
    """Compile a network, run it on the chip and in float64 with the same input, and compare.

    Parameters
    ----------
    network : Network
        Network to compile.
    chip : ChipSpec
        The chip. Default: the first-generation chip.
    dt : float or "auto", ms, optional
        Time step of the chip, as for :func:`compile_network`.
    duration : float, ms, default 1000
        Length of the runs.
    seed : int, default 1
        Seed of the input: 0 to ``2**128 - 1``.
    fine_dt : float, ms, optional
        Step of a second float run, finer than ``dt``, which separates the error of the time grid
        from that of the registers. Default: a tenth of ``dt``, or none for a network that holds for
        one step (``network.dt``), such as a NIR graph. 0 omits it.
    twins : int, default 4
        Number of further float runs of a recurrent network, each with one synapse changed, which
        give its noise floor (:func:`simulate_twins`); 0 omits them.
    **options
        Options of :func:`compile_network`.

    Returns
    -------
    Judgement
        The image, both runs, and the comparison. v is recorded for all neurons of populations of
        up to 1,000 neurons, and for the first 10 neurons of larger populations.

    Raises
    ------
    CompileError
        If the network does not fit the chip.
    StimulusError
        If the duration or a step is not allowed.
    RecordingError
        If the seed or ``twins`` is not allowed, or ``fine_dt`` is not smaller than the step.
    """
    seed = _seed("judge", seed)
    twins = integer("judge", "twins", twins, at_least=0, at_most=MOST_TWINS, error=RecordingError)
    if fine_dt is not None:
        fine_dt = real("judge", "fine_dt", fine_dt, "ms", NOT_NEGATIVE, error=StimulusError)
    image = compile_network(network, chip, dt, **options)
    assert image.symbols is not None  # the compiler writes them
    step = image.symbols.dt
    stimulus = draw_stimulus(network, duration, seed)
    record = [
        Probe("v", p.name, None if p.size <= _SMALL else tuple(range(_SHOWN)))
        for p in network.populations
    ]
    run = Emulator(image).run(stimulus, record=record)
    reference = simulate_reference(network, stimulus, step, record=record)
    if fine_dt is None:
        fine_dt = step / 10 if network.dt is None else 0.0
    fine = simulate_reference(network, stimulus, fine_dt) if fine_dt else None
    changed = simulate_twins(network, stimulus, reference, twins=twins) if twins else []
    return Judgement(
        network=network,
        image=image,
        reference=reference,
        chip=run,
        comparison=compare(reference, run, fine=fine, twins=changed, network=network),
        seed=seed if any(isinstance(item, PoissonInput) for item in network.inputs) else None,
    )


def _seed(owner: str, seed: Any) -> int:
    return integer(
        *(owner, "seed", seed),
        at_least=0,
        at_most=MOST_SEED,
        allowed="an integer from 0 to 2**128 - 1",
        error=RecordingError,
    )
