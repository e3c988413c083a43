"""``neurochip warm-up``: compile the kernels that the usual commands need."""

from __future__ import annotations

import time

import click
import numpy as np

from .._kernels.notice import NOTICE
from .._support.text import counted
from ..network import LIF, Network, PoissonInput, Population, all_to_all, one_to_one
from ._options import result_options
from ._terminal import result, say

__all__ = ["warm_up_command"]

_DURATION = 20.0  # ms
_PROGRAMS = (("lif_soft_reset",), ("delta", "sigma_delta"))
"""Programs of trained networks, each group of neurons that often occur together."""


def _networks() -> tuple[Network, ...]:
    """Return networks that together need all kernels of the usual commands.

    A kernel of the emulator is compiled for each combination of joined compartments (two time
    constants), delays and dense rows (many targets of a source).
    """
    return (
        _network(LIF(), 1.5),
        _network(LIF(tau_syn_E=5.0, tau_syn_I=10.0), 0.1),
        _network(LIF(), 1.5, delay=2.0),
        _network(LIF(), 1.5, size=64, delay=0.0),
        _network(LIF(), 1.5, size=64, delay=2.0),
    )


def _network(lif: LIF, weight: float, *, size: int = 4, delay: float | None = None) -> Network:
    source, cells = PoissonInput("source", size, rate=1300.0), Population("cells", size, lif)
    connections = [one_to_one(source, cells, weight=weight)]
    if delay is not None:
        connections.append(all_to_all(cells, cells, weight=0.1, delay=delay))
    return Network(inputs=[source], populations=[cells], connections=connections)


def _run_all() -> None:
    """Compile, run, compare, attribute and map the networks."""
    from .._kernels.barrier import new_barrier
    from .._kernels.plain import compile_always
    from .._kernels.workers import join_lists
    from ..attribution import attribute
    from ..mapping import DAVIES_2018
    from ..report import judge, map_network
    from ..stimulus import draw_stimulus

    compile_always()
    for network in _networks():
        image = judge(network, dt=1.0, duration=_DURATION).image
        stimulus = draw_stimulus(network, _DURATION, 1)
        attribute(network, stimulus, image=image, progress=False)
    new_barrier(patience=0.0)  # of two threads, which short runs do not try
    join_lists(np.empty(0, dtype=np.int32), np.zeros((2, 2), dtype=np.int64), 0, 1, 0)
    map_network(network, dt=1.0, stimulus=stimulus, placement="greedy", costs=DAVIES_2018)
    for names in _PROGRAMS:
        _run_programs(names)


def _run_programs(names: tuple[str, ...]) -> None:
    """Compile the kernels of an image whose neurons run some programs of the library."""
    from ..chip.presets import LOIHI2
    from ..emulator import Emulator
    from ..image import ProgramGroup
    from ..image.program import program
    from ..programs import PROGRAMS

    groups = []
    for number, name in enumerate(names):
        made = PROGRAMS[name](LOIHI2.core)
        values = {key: max(low, min(1, high)) for key, (low, high) in made.parameters.items()}
        groups.append(ProgramGroup.fill(made, [number], parameters=values))
    image = program(LOIHI2, {}, n_compartments=len(names), programs=groups)
    Emulator(image, warn=False, progress=False).run_steps(1)


@click.command("warm-up", short_help="Compile the kernels, once per installation.")
@result_options
def warm_up_command() -> None:
    """Compile the kernels that the usual commands need, once per installation.

    The first command of an installation does this otherwise, and takes that much longer. Kernels of
    rarer features, such as noise, are compiled when they are first used.
    """
    from .._kernels.cache import kernel_folder

    begin, before = time.monotonic(), (NOTICE.compiled, NOTICE.loaded)
    try:
        _run_all()
    except KeyboardInterrupt as problem:
        problem.add_note("The kernels that were compiled are kept.")
        raise
    seconds, folder = time.monotonic() - begin, kernel_folder()
    compiled, loaded = NOTICE.compiled - before[0], NOTICE.loaded - before[1]
    where = "cannot be kept" if folder is None else f"are in {folder}"
    if compiled:
        say(f"Compiled {counted(compiled, 'kernel')} in {seconds:.0f} s; {loaded} were there")
    else:
        say(f"All {counted(loaded, 'kernel')} were there ({seconds:.1f} s)")
    say(f"Kernels {where}")
    numbers = {"compiled": compiled, "loaded": loaded, "seconds": round(seconds, 3)}
    result("warm-up", {**numbers, "folder": None if folder is None else str(folder)})
