"""Run the passes in order; each pass takes values and returns new ones.

1. ``check``: checks the arguments.
2. ``neurons.expectation``: predicts the rates of all neurons; ``neurons.reset`` refuses resets that
   the chip cannot do.
3. ``synapses.projections``: assigns each synapse to a receptor of its target.
4. ``neurochip.recurrence``: computes all registers of the neurons as real numbers.
5. ``neurons.decays``: rounds the decay registers and corrects the gains for it.
6. ``neurons.peaks``: estimates the peaks of accumulator, u and v.
7. ``neurons.scaling``: chooses the LSB per mV of each population; ``neurons.sharing``: those of
   neurons that share threshold registers.
8. ``neurons.truncation`` predicts what truncation takes; ``neurons.registers`` rounds threshold,
   bias, refractory period and initial state.
9. ``synapses.convert``: chooses weight exponents, rounds delays to steps, and weights to mantissas
   when ``explain`` asks for them; ``learning.plastic``: chooses rules and traces of connections
   that learn.
10. ``neurons.programs``: gives neurons a program, if the core has no such neuron;
    ``neurons.compartments``: lays out each neuron as one or two compartments.
11. ``placement.workload``: collects the input of the placement.
12. ``placement.place``: assigns neurons to cores, and cores to sites of the mesh.
13. ``explain``: writes the compile report.
14. ``assemble``: builds the image.

``neurons.lower`` runs 4 to 8 for each population.
"""

from __future__ import annotations

from typing import Any

from neurochip.chip.spec import LOIHI, ChipSpec
from neurochip.image import ChipImage
from neurochip.network import Network
from neurochip.recording import Recording

from .assemble import assemble
from .check import check_request
from .explain import explain
from .learning.check import with_limits
from .learning.plastic import learn_connections
from .neurons.compartments import lay_out_compartments
from .neurons.expectation import expect
from .neurons.lower import lower
from .neurons.reset import check_resets
from .options import CompileOptions, chosen, takes_options
from .placement.place import place
from .synapses.convert import round_connection
from .synapses.projections import project
from .time_step import choose_dt
from .translation import Translation

__all__ = ["compile_network", "translate"]


@takes_options
def compile_network(
    network: Network,
    chip: ChipSpec = LOIHI,
    dt: float | str | None = None,
    *,
    activity: Recording | None = None,
    **options: Any,
) -> ChipImage:
    """Compile a network to the registers of a chip.

    Parameters
    ----------
    network : Network
        The network to compile.
    chip : ChipSpec
        The target chip. Default: the first-generation chip.
    dt : float or "auto", ms, optional
        Length of a step, above 0. Default: ``network.dt``, or 0.1. ``"auto"`` picks the step 1/n ms
        (n = 1 to 20) with the smallest predicted error; :func:`choose_dt` shows all of them.
    activity : Recording, optional
        A run of the network, in float64 or on the chip. Its rates replace those of
        ``assumed_rate``: they set the headroom of registers, and tell the placement strategies
        which spikes to keep within cores.
    **options
        As for :class:`CompileOptions`.

    Returns
    -------
    ChipImage
        The registers; ``image.report`` is a :class:`~neurochip.image.report.CompileReport`.

    Raises
    ------
    CompileError
        If an option is unknown, a parameter fits no register, or the network does not fit the
        chip; the message names the object, the value, what is allowed and what to do.

    Examples
    --------
    >>> from neurochip import LIF, Network, PoissonInput, Population, one_to_one
    >>> source, cells = PoissonInput("source", 10, rate=20.0), Population("cells", 10, LIF())
    >>> network = Network(inputs=[source], populations=[cells],
    ...                   connections=[one_to_one(source, cells, weight=1.5)])
    >>> image = compile_network(network, LOIHI, dt=1.0)
    >>> image.n_cores, image.n_synapses
    (1, 10)
    """
    done = translate(network, chip, dt, chosen(options), activity)
    placed = place(done.workload(), done.chip, done.options)
    return assemble(done, placed, explain(done, placed))


def translate(
    network: Network,
    chip: ChipSpec,
    dt: float | str | None,
    options: CompileOptions,
    activity: Recording | None = None,
) -> Translation:
    """Run all passes before placement.

    Raises
    ------
    CompileError
        If a parameter fits no register.
    """
    if isinstance(dt, str) and dt == "auto":
        dt = choose_dt(network, chip, options=options, activity=activity).dt
    step = check_request(network, chip, dt)
    chip = with_limits(network, chip)
    expected = expect(network, options, activity)
    check_resets(network, chip, step, expected)
    projections = project(network)
    populations = lower(network, projections, chip, step, options, expected)
    connections = [
        round_connection(
            item,
            populations[item.connection.target.name].decays,
            populations[item.connection.target.name].lsb_per_mv,
            chip,
            step,
            options,
        )
        for item in projections
    ]
    plastic = learn_connections(network, connections, populations, chip, step, expected)
    compartments = {
        name: lay_out_compartments(item.decays, item.registers, item.program, chip.core)
        for name, item in populations.items()
    }
    return Translation(
        network=network,
        chip=chip,
        dt=step,
        options=options,
        populations=populations,
        connections=connections,
        compartments=compartments,
        expected=expected,
        plastic=plastic,
    )
