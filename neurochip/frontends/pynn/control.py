"""``setup``, ``end`` and the functions that run a simulation, as every PyNN back end has them."""

from __future__ import annotations

import logging
from dataclasses import fields
from typing import Any

from pyNN import common
from pyNN.recording import get_io

from compiler import CompileOptions

from ..._kernels.workers import most_threads
from ..._support.ranges import POSITIVE
from ..._support.values import instance, integer, real
from ...chip.spec import LOIHI, ChipSpec
from ...errors import FrontendError
from . import simulator
from .runs import Runs
from .store import Store

__all__ = [
    "compile",
    "end",
    "get_current_time",
    "get_max_delay",
    "get_min_delay",
    "get_time_step",
    "initialize",
    "num_processes",
    "rank",
    "reset",
    "run",
    "run_for",
    "run_until",
    "setup",
]

logger = logging.getLogger("PyNN")

_COMPILE = tuple(field.name for field in fields(CompileOptions))
_EMULATE = ("strict", "threads", "progress")
# Parameters by which scripts set up other simulators; none changes a result of the chip.
_OF_OTHERS = (
    *("allow_update_on_post", "atol", "debug", "default_maxstep", "filename", "grng_seed"),
    *("hardwareNeuronSize", "label", "logfile", "loglevel", "maxNeuronLoss", "maxSynapseLoss"),
    *("native_rng_baseseed", "num_processes", "optimize", "quit_on_end", "rank"),
    *("recording_precision", "rng_seeds", "rng_seeds_seed", "rng_type", "rtol", "spike_precision"),
    *("t_flush", "useSystemSim", "use_cvode", "verbosity"),
)
_CONDUCTANCES = (None, "driving_force")


def setup(
    timestep: float = common.control.DEFAULT_TIMESTEP,
    min_delay: float | str = common.control.DEFAULT_MIN_DELAY,
    *,
    max_delay: float | str = common.control.DEFAULT_MAX_DELAY,
    chip: ChipSpec = LOIHI,
    rng_seed: int = 42,
    conductances: str | None = None,
    **options: Any,
) -> int:
    """Begin a simulation; all objects of an earlier one are forgotten, and refused from now on.

    Parameters
    ----------
    timestep : float, ms
        Length of a step.
    min_delay, max_delay : float or str, ms
        Shortest and longest delay. Default: ``"auto"``, what the chip can do.
    chip : ChipSpec
        Chip to compile for. Default: Loihi.
    rng_seed : int
        Seed of the spikes of random sources, at least 0.
    conductances : str, optional
        ``"driving_force"``: take IF_cond_exp as IF_curr_exp whose weights are multiplied by the
        driving force halfway between rest and threshold, an approximation. Default: refuse it.
    **options
        Options of :class:`compiler.CompileOptions`; ``strict``, ``threads`` and ``progress`` of
        :class:`~neurochip.emulator.Emulator`. More ``threads`` than the machine has are as many as
        it has, since results do not depend on them. Options of other PyNN simulators, such as
        ``spike_precision`` or ``verbosity``, have no effect, which the log says.

    Returns
    -------
    int
        Rank of this process: 0, since there is one.

    Raises
    ------
    FrontendError
        If an option is unknown or its value not allowed.
    """
    timestep = real("setup", "timestep", timestep, "ms", POSITIVE, error=FrontendError)
    for name, delay in (("min_delay", min_delay), ("max_delay", max_delay)):
        if delay != "auto":
            real("setup", name, delay, "ms", POSITIVE, error=FrontendError)
    common.setup(timestep, min_delay, max_delay=max_delay, **options)
    allowed = (*_COMPILE, *_EMULATE, *_OF_OTHERS)
    for name, value in options.items():
        if name not in allowed:
            known = ("chip", "rng_seed", "conductances", *_COMPILE, *_EMULATE)
            raise FrontendError(
                f"setup: {name} = {value!r}; allowed: timestep, min_delay, max_delay, "
                f"{', '.join(known)}; and without effect {', '.join(_OF_OTHERS)}."
            )
        if name in _OF_OTHERS:
            logger.info("setup: %s = %r has no effect on the chip.", name, value)
    if conductances not in _CONDUCTANCES:
        raise FrontendError(
            f"setup: conductances = {conductances!r}; allowed: 'driving_force', which multiplies "
            "weights by the driving force halfway between rest and threshold, or None."
        )
    chip = instance(
        "setup", "chip", chip, ChipSpec, "a ChipSpec such as LOIHI", error=FrontendError
    )
    seed = integer(
        "setup", "rng_seed", rng_seed, at_least=0, allowed="at least 0", error=FrontendError
    )
    state = simulator.state
    state.clear()
    state.dt, state.chip, state.seed = timestep, chip, seed
    state.delays = (min_delay, max_delay)
    state.conductances = conductances
    state.compile_options = {name: options[name] for name in _COMPILE if name in options}
    state.emulator_options = {name: options[name] for name in _EMULATE if name in options}
    asked, most = state.emulator_options.get("threads"), most_threads()
    if isinstance(asked, int) and asked > most:
        logger.info("setup: threads = %d; this machine has %d, which run.", asked, most)
        state.emulator_options["threads"] = most
    _begin()
    return int(state.mpi_rank)


def _begin() -> None:
    """Give the state what runs the network and what holds the recordings."""
    simulator.state.store = Store(simulator.state)
    simulator.state.runs = Runs(simulator.state)


_begin()  # for scripts that do without setup


def end(compatible_output: bool = True) -> None:  # noqa: ARG001 - PyNN's signature
    """Write what was to be written at the end of the simulation."""
    for population, variables, filename in simulator.state.write_on_end:
        population.write_data(get_io(filename), variables)
    simulator.state.write_on_end = []


def compile() -> None:  # noqa: A001 - the word for it
    """Compile the network for the chip before the first run, or after changes.

    The spikes of random sources count with their rates. Afterwards ``simulator.state.image`` holds
    the image with its compile report, and projections know their ``"stored_weight"``.

    Raises
    ------
    CompileError
        If the network does not fit onto the chip.
    """
    simulator.state.runs.compile()


run, run_until = common.build_run(simulator)
run_for = run
reset = common.build_reset(simulator)
initialize = common.initialize
(
    get_current_time,
    get_time_step,
    get_min_delay,
    get_max_delay,
    num_processes,
    rank,
) = common.build_state_queries(simulator)
