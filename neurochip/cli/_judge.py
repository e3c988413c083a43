"""The whole flow for one network: describe, compile, run, judge; and its files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler import compile_network

from .._support.json_text import as_json
from .._support.names import file_stems
from .._support.npz import write_atomically
from .._support.progress import progress_bar
from ..chip.spec import LOIHI, ChipSpec
from ..emulator import Emulator
from ..image import ChipImage
from ..network import Network
from ..recording import Probe, Recording
from ..stimulus import draw_stimulus
from ..validation import (
    ActivityComparison,
    Comparison,
    compare,
    compare_activity,
    comparison_figure,
    membrane_figure,
    simulate_reference,
)

__all__ = ["Judgement", "judge", "noise_floor", "write_judgement"]

_SHOWN = 10  # neurons per population whose v is recorded in large networks
_SMALL = 1_000  # neurons: up to this size v of all is recorded


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What came out of the flow for one network."""

    network: Network
    seed: int
    image: ChipImage
    reference: Recording
    chip: Recording
    comparison: Comparison


def judge(
    network: Network,
    chip: ChipSpec = LOIHI,
    *,
    duration: float,
    seed: int,
    dt: float,
    fine_dt: float | None = None,
    **options: Any,
) -> Judgement:
    """Compile a network, run it on chip and reference, and compare.

    The fine reference separates the error of the time grid from that of the registers; its step
    defaults to a tenth of ``dt``. ``options`` go to the compiler.
    """
    image = compile_network(network, chip, dt, **options)
    stimulus = draw_stimulus(network, duration, seed)
    record = [
        Probe("v", p.name, None if p.size <= _SMALL else tuple(range(_SHOWN)))
        for p in network.populations
    ]
    run = Emulator(image).run(stimulus, record=record)
    reference = simulate_reference(network, stimulus, dt, record=record)
    fine = simulate_reference(network, stimulus, dt / 10 if fine_dt is None else fine_dt)
    return Judgement(
        network=network,
        seed=seed,
        image=image,
        reference=reference,
        chip=run,
        comparison=compare(reference, run, fine=fine, network=network),
    )


def noise_floor(
    judgement: Judgement, duration: float, seeds: Sequence[int], tolerance: float
) -> list[ActivityComparison]:
    """Run all seeds on both sides, and hold each population against the noise floor.

    Returns
    -------
    list of ActivityComparison
        Empty for a single seed.
    """
    if len(seeds) < 2:
        return []
    network, image = judgement.network, judgement.image
    stimuli = [draw_stimulus(network, duration, seed) for seed in seeds]
    references = []
    with progress_bar(len(stimuli), "seeds", unit="run") as bar:
        for stimulus in stimuli:
            references.append(
                simulate_reference(network, stimulus, judgement.reference.dt, progress=False)
            )
            bar.update()
    chips = Emulator(image).run_batch(stimuli)
    return [
        compare_activity(references, chips, population.name, tolerance=tolerance)
        for population in network.populations
    ]


def write_judgement(judgement: Judgement, folder: Path, prefix: str = "") -> Iterator[Path]:
    """Write figures per population and one JSON of all numbers; yield each path once it is there.

    A path begins with the name of its population, as far as files may be named so.
    """
    stems = file_stems(population.name for population in judgement.network.populations)
    for population in judgement.network.populations:
        name = population.name
        threshold = population.parameter("v_thresh")
        runs = (judgement.reference, judgement.chip)
        figures = {
            "membrane": membrane_figure(runs, name, threshold=threshold),
            "comparison": comparison_figure(judgement.comparison, *runs, name, threshold=threshold),
        }
        for kind, figure in figures.items():
            path = folder / f"{prefix}{stems[name]}_{kind}.png"
            write_atomically(path, lambda file, f=figure: f.savefig(file, format="png"))
            yield path
    numbers = {
        "seed": judgement.seed,
        "image_digest": judgement.image.digest(),
        "compile_report": judgement.image.report.to_dict(),
        "comparison": judgement.comparison.to_dict(),
    }
    path, text = folder / f"{prefix}numbers.json", as_json(numbers)
    write_atomically(path, lambda file: file.write(text))
    yield path
