"""Map a network onto a chip: compile, measure its activity, count resources and estimate costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from compiler import compile_network

from .._display.notebook import Description, describes
from .._support.brief import line
from .._support.values import instance, instances
from ..chip.spec import LOIHI, ChipSpec
from ..emulator import Emulator
from ..errors import RecordingError
from ..image import ChipImage
from ..mapping import (
    Activity,
    CostTable,
    EnergyEstimate,
    MappingReport,
    estimate_energy,
    map_image,
)
from ..mapping.sections import energy_section, mapping_section
from ..network import Network
from ..recording import Recording
from ..stimulus import Stimulus

__all__ = ["MappedNetwork", "map_network", "mapped"]


@dataclass(frozen=True, kw_only=True)
class MappedNetwork:
    """A network on its cores, with the traffic and the costs of a run.

    Parameters
    ----------
    image : ChipImage
        The compiled image.
    mapping : MappingReport
        Resources that each core uses, and the traffic between cores.
    run : Recording or None
        The run on the chip whose rates were used; None if equal rates were assumed.
    estimates : tuple of EnergyEstimate
        Estimated energy and time of this run, one for each cost table.
    """

    image: ChipImage
    mapping: MappingReport
    run: Recording | None
    estimates: tuple[EnergyEstimate, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as plain lists and dicts, ready for JSON."""
        return {
            "mapping": self.mapping.to_dict(),
            "energy": [item.to_dict() for item in self.estimates],
        }

    def __str__(self) -> str:
        return "\n".join(map(str, (self.mapping, *self.estimates)))

    def __repr__(self) -> str:
        return line(self, repr(self.mapping), *map(repr, self.estimates))


@describes(MappedNetwork)
def describe_mapped(mapped: MappedNetwork) -> Description:
    """Describe a mapped network by its cores, its traffic and its costs."""
    sections = [mapping_section(mapped.mapping), *map(energy_section, mapped.estimates)]
    return Description(str(mapped.mapping).splitlines()[0] + ".", sections)


def map_network(
    network: Network,
    chip: ChipSpec = LOIHI,
    dt: float | str | None = None,
    *,
    stimulus: Stimulus | None = None,
    costs: CostTable | Iterable[CostTable] = (),
    **options: Any,
) -> MappedNetwork:
    """Compile a network and count the resources of its cores, its traffic, and its costs.

    The command ``neurochip map`` calls this function.

    Parameters
    ----------
    network : Network
        Network to compile.
    chip : ChipSpec
        The chip, or the system of chips. Default: the first-generation chip.
    dt : float or "auto", ms, optional
        Time step of the chip, as for :func:`compile_network`.
    stimulus : Stimulus, optional
        Input of a run whose spikes give the traffic, and the rates by which neurons are placed.
        Default: no run; all sources are assumed to have the same rate.
    costs : CostTable or iterable of CostTable
        Tables by which the energy and the time of the run are estimated, such as
        :data:`~neurochip.mapping.DAVIES_2018`. They need a ``stimulus``.
    **options
        Options of :func:`compile_network`.

    Returns
    -------
    MappedNetwork
        ``print`` shows all its parts.

    Raises
    ------
    RecordingError
        If ``stimulus`` or ``costs`` has another type, or there are costs and no stimulus.
    CompileError
        If the network does not fit the chip; :func:`explain_fit` says what would help.
    StimulusError
        If the stimulus does not fit the network or the time step.
    """
    given = (costs,) if isinstance(costs, CostTable) else costs
    tables = instances("map", "costs", given, CostTable, error=RecordingError)
    if stimulus is None:
        if tables:
            raise RecordingError(
                "map: costs were given without a stimulus; allowed: both, since energy and time "
                "are those of a run. Pass stimulus=draw_stimulus(network, duration, seed)."
            )
        image = compile_network(network, chip, dt, **options)
        return mapped(image)
    allowed = "a Stimulus, as from draw_stimulus"
    instance("map", "stimulus", stimulus, Stimulus, allowed, error=RecordingError)
    # Spikes do not depend on the placement, so the run uses the quickest one.
    quick = {**options, "placement": "sequential", "sites": "in_order"}
    first = compile_network(network, chip, dt, **quick)
    assert first.symbols is not None  # the compiler writes them
    run = Emulator(first).run(stimulus)
    image = compile_network(network, chip, first.symbols.dt, activity=run, **options)
    return mapped(image, run, stimulus, tables)


def mapped(
    image: ChipImage,
    run: Recording | None = None,
    stimulus: Stimulus | None = None,
    tables: Iterable[CostTable] = (),
) -> MappedNetwork:
    """Return an image on its cores, with the traffic and the costs of a run, if there is one.

    Parameters
    ----------
    image : ChipImage
        The image.
    run : Recording, optional
        A run of it. Default: none; equal rates are assumed.
    stimulus : Stimulus, optional
        Input of the run. Default: spikes of inputs are not counted.
    tables : iterable of CostTable
        Tables of costs.
    """
    if run is None:
        return MappedNetwork(image=image, mapping=map_image(image), run=None, estimates=())
    return MappedNetwork(
        image=image,
        mapping=map_image(image, Activity.measured(image, run, stimulus)),
        run=run,
        estimates=tuple(estimate_energy(image, run, table, stimulus) for table in tables),
    )
