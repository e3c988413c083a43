"""Runs of a network that learns, in float and on the chip, each with its own spikes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._support.progress import Progress
from ..emulator import Emulator
from ..image import ChipImage
from ..network import Network
from ..recording import Recording, WeightProbe
from ..reference import Reference
from ..stimulus import Stimulus
from .open_loop import LearnedConnection, with_seed

__all__ = ["run_both_sides"]


def run_both_sides(
    network: Network,
    image: ChipImage,
    items: Sequence[LearnedConnection],
    stimulus: Stimulus,
    *,
    seeds: Sequence[int],
    every: int,
    bar: Progress,
) -> tuple[Recording, list[Recording]]:
    """Return the run of float, and one of the chip for each seed of the draws of its learning.

    All record the weights of the connections ``items`` in each step that is a multiple of
    ``every``. The bar counts the runs.
    """
    probes: list[Any] = [WeightProbe(item.connection.name, every=every) for item in items]
    dt = items[0].symbols.dt
    reference = Reference(network, dt, progress=False).run(stimulus, record=probes)
    bar.update(1)
    runs = []
    for seed in seeds:
        chip = Emulator(with_seed(image, seed), progress=False)
        runs.append(chip.run(stimulus, record=probes))
        bar.update(1)
    return reference, runs
