"""Systematic, deterministic damage to all kinds of files, and the reactions of their readers.

    python tests/damaged_files.py

prints for each kind of file the numbers of damaged files: tried, refused with a clear message, read
unchanged, and other outcomes. A message is clear if it is an error of the class that the reader
documents, is one line, and begins with the path. ``changed`` means that other valid content was
read, which is only allowed for formats without a checksum of their content. ``other`` is a fault.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from damage import damages

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    LOIHI2,
    PROGRAMS,
    Convolution,
    GivenTrace,
    GradedSpikes,
    Learning,
    Network,
    Origin,
    PeriodicReset,
    Plasticity,
    PoissonInput,
    Population,
    ProgramGroup,
    Recording,
    SignMode,
    SpikeCounts,
    SpikeInput,
    Stimulus,
    SynapseFormat,
    Synapses,
    fixed_probability,
    one_to_one,
    program,
)
from neurochip._support.npz import write_npz
from neurochip.conformance import load_case, load_program_case
from neurochip.errors import ImageError, NeurochipError, RecordingError, StimulusError
from neurochip.image.files import load_image, save_image
from neurochip.learning import LearningRule
from neurochip.learning import Trace as SpikeTrace
from neurochip.recording import Trace
from neurochip.spike_files import read_spikes, write_spikes

CONFORMANCE = Path(__file__).parent / "conformance"
VECTOR = CONFORMANCE / "vectors" / "public_034_pop_noise_0.npz"
PROGRAM_VECTOR = CONFORMANCE / "programs" / "lava_dl_pilotnet_sdnn_layer9.npz"


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of file: its writer, its reader, and the error class of the reader."""

    name: str
    make: Callable[[Path], Path]
    read: Callable[[Path], Any]
    error: type[NeurochipError]
    checked: bool = True  # whether the file has a checksum of its whole content


def image() -> Any:
    source = PoissonInput("source", 6, rate=20.0)
    a = Population("a", 8, LIF(tau_syn_E=5.0, tau_syn_I=8.0))
    b = Population("b", 5, LIF(tau_m=np.inf, v_rest=-65.0, v_reset=-65.0, tau_refrac=2.0))
    connections = [
        fixed_probability(source, a, 0.5, weight=0.2, seed=1),
        fixed_probability(a, b, 0.5, weight=-0.3, delay=2.0, seed=1),
        one_to_one(b, b, weight=0.5),
    ]
    network = Network(inputs=[source], populations=[a, b], connections=connections)
    return compile_network(network, dt=0.5, gain="mean_and_variance")


def programmed() -> Any:
    """Return an image with a neuron program, a periodic reset and a convolution."""
    ids = np.array([0, 1], dtype=np.int32)
    values = {"bias": 0, "threshold": [64, 128], "state_exponent": 6}
    shared = Convolution(
        source="inputs",
        sources=np.arange(4, dtype=np.int32),
        targets=np.array([2, 3], dtype=np.int32),
        source_shape=(1, 2, 2),
        target_shape=(1, 1, 2),
        kernel=np.array([[[[2], [4]]]], dtype=np.int16),
        format=SynapseFormat(0, 8, SignMode.MIXED),
    )
    sigma_delta = PROGRAMS["sigma_delta"](LOIHI2.core)
    return program(
        LOIHI2,
        {},
        n_inputs=4,
        n_compartments=4,
        programs=[ProgramGroup.fill(sigma_delta, ids, parameters=values)],
        resets=[PeriodicReset(ids, 17, 3)],
        convolutions=[shared],
    )


def learning() -> Any:
    """Return an image that learns, with tags, numbers and a reward."""
    traces = {"x1": SpikeTrace(16.5, 10), "y1": SpikeTrace(12, 20)}
    rule = LearningRule("2^-1*x1*y0*(255 - w) + u1*t*y2", dt="x1*y0 - x0*y1", **traces)
    synapses = Synapses("inputs", [2, 0, 1], [0, 1, 0], [10, 20, 30], SignMode.EXCITATORY)
    reward = GivenTrace(0, "y2", np.array([0, 5]), np.array([[1, 2], [3, -4]], dtype=np.int16))
    tags = np.array([1, 0, -2], dtype=np.int16)
    numbers = np.array([1, 0], dtype=np.int32)
    part = Learning((Plasticity(0, rule, tags),), seed=3, numbers=numbers, rewards=(reward,))
    return program(LOIHI, {"threshold_mantissa": [25, 30]}, [synapses], n_inputs=3, learning=part)


def stimulus() -> Stimulus:
    first = SpikeInput("source", 4, [3, 0, 0, 2], [0.25, 7.5, 7.5, 19.9])
    return Stimulus(20.0, (first, SpikeInput("silent", 2, [], [])))


def recording() -> Recording:
    def column(*values: int) -> Any:
        return np.array(values, dtype=np.int32)

    return Recording(
        label="x",
        dt=0.5,
        first_step=3,
        n_steps=40,
        populations={"one": 4, "two": 2},
        steps={"one": column(3, 3, 39), "two": column(8)},
        ids={"one": column(0, 3, 2), "two": column(1)},
        traces={
            ("one", "v"): Trace(
                column(1, 3), np.linspace(-70, -50, 80).reshape(40, 2), "mV", 0.5, 3
            )
        },
        counters={"spikes": 4},
        origin=Origin(kind="chip", stimulus="0123456789abcdef", coupling={"one": "recurrent"}),
    )


def copied(source: Path, path: Path) -> Path:
    path.write_bytes(source.read_bytes())
    return path


def older(path: Path) -> Path:
    """Return the file converted to version 1, which has no checksum."""
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files if not name.startswith("neurochip_")}
        kind, _, _ = str(stored["neurochip_format"]).rpartition(" ")
    return write_npz(path, kind, 1, arrays)


def content_of(case: Any) -> Any:
    """Return a golden vector as plain values, which compare by content."""
    return json.dumps(dataclasses.asdict(case), default=np.ndarray.tolist, sort_keys=True)


SINGLE = Stimulus(20.0, stimulus().trains[:1])
COUNTS = Stimulus(20.0, [SpikeCounts("source", [[0, 2, 300], [1, 0, 0]], 0.5, first_step=4)])
GRADED = Stimulus(20.0, [GradedSpikes("source", [[0, -2, 300], [1, 0, 0]], 0.5, first_step=4)])
KINDS = (
    Kind("chip image", lambda f: save_image(image(), f / "x.npz"), load_image, ImageError),
    Kind("programs", lambda f: save_image(programmed(), f / "x.npz"), load_image, ImageError),
    Kind("learning", lambda f: save_image(learning(), f / "x.npz"), load_image, ImageError),
    Kind("recording", lambda f: recording().save(f / "x.npz"), Recording.load, RecordingError),
    Kind("stimulus", lambda f: stimulus().save(f / "x.npz"), Stimulus.load, StimulusError),
    Kind("payloads", lambda f: GRADED.save(f / "x.npz"), Stimulus.load, StimulusError),
    Kind("counts", lambda f: COUNTS.save(f / "x.npz"), Stimulus.load, StimulusError),
    Kind(
        "chip image 1",
        lambda f: older(save_image(image(), f / "x.npz")),
        load_image,
        ImageError,
        checked=False,
    ),
    Kind(
        "programs 1",
        lambda f: older(save_image(programmed(), f / "x.npz")),
        load_image,
        ImageError,
        checked=False,
    ),
    Kind(
        "learning 1",
        lambda f: older(save_image(learning(), f / "x.npz")),
        load_image,
        ImageError,
        checked=False,
    ),
    Kind(
        "recording 1",
        lambda f: older(recording().save(f / "x.npz")),
        Recording.load,
        RecordingError,
        checked=False,
    ),
    Kind(
        "stimulus 1",
        lambda f: older(stimulus().save(f / "x.npz")),
        Stimulus.load,
        StimulusError,
        checked=False,
    ),
    Kind(
        "golden vector",
        lambda f: copied(VECTOR, f / "x.npz"),
        lambda path: content_of(load_case(path)),
        ImageError,
        checked=False,
    ),
    Kind(
        "program vector",
        lambda f: copied(PROGRAM_VECTOR, f / "x.npz"),
        lambda path: content_of(load_program_case(path)),
        ImageError,
        checked=False,
    ),
    Kind(
        "spikes, plain .npz",
        lambda f: write_spikes(SINGLE, f / "x.npz", dt=0.1),
        read_spikes,
        StimulusError,
        checked=False,
    ),
    Kind(
        "spikes, SONATA",
        lambda f: write_spikes(stimulus(), f / "x.h5"),
        read_spikes,
        StimulusError,
    ),
)


def outcome(kind: Kind, path: Path, whole: Any) -> str:
    """Return the result of reading a damaged file: "refused", "unchanged", or a fault as text."""
    try:
        found = kind.read(path)
    except kind.error as problem:
        text = str(problem)
        clear = text.startswith(f"{path}: ") and "\n" not in text
        return "refused" if clear else f"unclear: {text}"
    except BaseException as problem:
        return f"{type(problem).__name__}: {problem}"
    return "unchanged" if found == whole else "other content"


def count(
    kind: Kind, folder: Path, *, every: bool = False, stride: int = 1
) -> tuple[Counter[str], list[str]]:
    """Return the count of each outcome and all faults, for every ``stride``-th damage."""
    path = kind.make(folder)
    content, whole = path.read_bytes(), kind.read(path)
    found: Counter[str] = Counter()
    faults = []
    for what, damaged in itertools.islice(damages(content, every), 0, None, stride):
        path.write_bytes(damaged())
        seen = outcome(kind, path, whole)
        found["tried"] += 1
        fine = seen in {"refused", "unchanged"} or (seen == "other content" and not kind.checked)
        found[seen if fine else "other"] += 1
        if not fine:
            faults.append(f"{what}: {seen}")
    return found, faults


def main(every: bool) -> None:
    print(f"{'':20} {'tried':>6} {'refused':>8} {'unchanged':>10} {'changed':>8} {'other':>6}")
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            found, faults = count(kind, Path(folder), every=every)
        print(
            f"{kind.name:20} {found['tried']:6} {found['refused']:8} {found['unchanged']:10} "
            f"{found['other content']:8} {found['other']:6}"
        )
        for fault in faults[:40]:
            print(f"    {fault[:230]}")


if __name__ == "__main__":
    main("--every" in sys.argv)
