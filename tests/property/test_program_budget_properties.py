"""Programs and shared kernels take on a core what a plain count says."""

from __future__ import annotations

import numpy as np
from checker import broken_limits, count_image
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip import LOIHI2, PROGRAMS
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.errors import FitError
from neurochip.image import ChipImage, Compartments, Convolution, ProgramGroup, SynapseGroup
from neurochip.mapping import core_usage
from neurochip.packing.budget import RESOURCES
from neurochip.packing.placing import fill_cores

SMALL = {"chips": 20, "synaptic_words": 60, "memory_words": 90, "compartments": 40}
CHIPS = (
    LOIHI2.what_if(name="tight", **SMALL),
    LOIHI2.what_if(name="unrolled", kernels_shared=False, **{**SMALL, "synaptic_words": 400}),
    LOIHI2.what_if(name="own axons", population_axons=False, **SMALL),
    LOIHI2.what_if(name="own state", **{**SMALL, "memory_words": 0}),
    LOIHI2.what_if(name="few axons", input_axons=5, output_axons=3, **SMALL),
)


def random_image(rng, chip):
    """Return layers that are convolved and connected, some of which run a program."""
    groups, stride, padding = (int(rng.integers(1, most)) for most in (3, 3, 2))
    channels, out = groups * int(rng.integers(1, 3)), groups * int(rng.integers(1, 4))
    height, width = rng.integers(3, 6, 2).tolist()
    kernel = rng.integers(1, 4, 2)
    rows, columns = (
        (size + 2 * padding - taps) // stride + 1
        for size, taps in zip((height, width), kernel, strict=True)
    )
    n_sources, n_targets = channels * height * width, out * int(rows) * int(columns)
    source = str(rng.choice(["inputs", "compartments"]))
    inside = source == "compartments"
    first = n_sources if inside else 0
    size = first + n_targets
    kinds = [SynapseFormat(0, int(rng.choice([3, 5, 8])), SignMode.EXCITATORY) for _ in range(2)]
    low = kinds[0].low_bits(chip.core)
    shared = Convolution(
        source=source,
        sources=rng.permutation(n_sources).astype(np.int32),
        targets=(first + rng.permutation(n_targets)).astype(np.int32),
        source_shape=(channels, height, width),
        target_shape=(out, int(rows), int(columns)),
        kernel=rng.integers(0, 4, (out, channels // groups, *kernel)).astype(np.int16) << low,
        format=kinds[0],
        stride=(stride, stride),
        padding=(padding, padding),
        groups=groups,
        delay=int(rng.integers(0, 3)),
    )
    n_inputs = 5 if inside else n_sources
    some = int(rng.integers(0, 40))
    plain = SynapseGroup.from_coo(
        "inputs",
        n_inputs,
        kinds[int(rng.integers(2))],
        pre=rng.integers(0, n_inputs, some),
        target=rng.integers(0, size, some),
        mantissa=0,
    )
    ids = np.flatnonzero(rng.random(size) < 0.7).astype(np.int32)
    programs = []
    for part in np.array_split(ids, 2):
        if len(part):
            program = PROGRAMS["lif_soft_reset"](chip.core)
            limits = program.parameters
            values = {
                name: rng.integers(lo, hi + 1, len(part)) if rng.random() < 0.4 else hi
                for name, (lo, hi) in limits.items()
            }
            programs.append(ProgramGroup.fill(program, part, parameters=values))
    per_core = chip.core.compartments
    return ChipImage(
        chip=chip,
        core_ptr=np.array([*range(0, size, per_core), size], dtype=np.int64),
        compartments=Compartments.fill(chip.core, size),
        n_inputs=n_inputs,
        synapses=(plain,),
        programs=tuple(programs),
        convolutions=(shared,),
    )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), chip=st.sampled_from(CHIPS))
def test_programs_and_kernels_are_counted_as_by_an_independent_count(seed, chip):
    image = random_image(np.random.default_rng(seed), chip)
    counted, _ = core_usage(image)
    expected, delay_bits = count_image(image)
    assert counted["delay_bits"].tolist() == delay_bits.tolist()
    for name in RESOURCES:
        assert counted[name].tolist() == expected[name].tolist(), name


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), chip=st.sampled_from(CHIPS))
def test_cores_filled_in_order_break_no_limit(seed, chip):
    image = random_image(np.random.default_rng(seed), chip)
    try:
        placed = fill_cores(image)
    except FitError:  # saying so is the other way not to break a limit
        return
    assert broken_limits(placed) == []
    assert placed.compartments == image.compartments


def test_most_random_images_can_be_placed_on_several_cores():
    found = []
    for seed in range(40):
        image = random_image(np.random.default_rng(seed), CHIPS[seed % len(CHIPS)])
        try:
            found.append(fill_cores(image).n_cores)
        except FitError:
            found.append(0)
    assert np.count_nonzero(np.array(found) > 1) > 20
    assert 0 < found.count(0) < 15
