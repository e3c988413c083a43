"""Synaptic memory, axons and profiles, against published and hand-made counts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from checker import broken_limits, count_image

from neurochip import LOIHI
from neurochip.chip.presets import PACKING_RULES, PRESETS, SYSTEMS
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.errors import ImageError, SpecError
from neurochip.image import ChipImage, Compartments, SynapseGroup
from neurochip.image.files import load_image, save_image
from neurochip.mapping import core_usage, map_image


def image_of(targets, *, chip=LOIHI, bits=8, size=None, source="inputs", cores=None, **other):
    """One row of targets per source."""
    size = size or 1 + max(max(row, default=0) for row in targets)
    pre = np.repeat(np.arange(len(targets)), [len(row) for row in targets])
    n_sources = len(targets) if source == "inputs" else size
    group = SynapseGroup.from_coo(
        source,
        n_sources,
        SynapseFormat(0, bits, SignMode.EXCITATORY),
        pre=pre,
        target=np.concatenate([np.array(row, dtype=int) for row in targets]),
        mantissa=1 if bits else 0,
        delay=other.pop("delay", 0),
    )
    return ChipImage(
        chip=chip,
        core_ptr=np.array([0, size] if cores is None else cores, dtype=np.int64),
        compartments=Compartments.fill(chip.core, size),
        n_inputs=len(targets) if source == "inputs" else 0,
        synapses=(group,),
        **other,
    )


def words(targets, **other):
    return int(core_usage(image_of(targets, **other))[0]["synaptic_words"][0])


# Synapses per core, dense and without delays, for targets per axon and bits per weight: derived
# from the rules of NxTF and of nengo-loihi, whose sources docs/reference/mapping.md names.
@pytest.mark.parametrize(
    ("targets", "bits", "nxtf", "nengo"),
    [
        (64, 4, 209_664, None),
        (64, 8, 116_480, 116_480),
        (256, 4, 232_960, 209_664),
        (256, 8, 123_136, 116_480),
        (1024, 4, 239_616, 208_896),
        (1024, 8, 124_928, 115_712),
    ],
)
def test_dense_lists_take_what_the_published_rules_say(targets, bits, nxtf, nengo):
    for rule, synapses in (("nxtf", nxtf), ("nengo-loihi", nengo)):
        if synapses is None:
            continue
        chip = LOIHI.what_if(**PACKING_RULES[rule])
        per_axon = words([range(targets)], bits=bits, chip=chip)
        assert chip.core.synaptic_words // per_axon * targets == synapses


def test_a_list_is_sparse_dense_or_run_length_whichever_is_shortest():
    core = LOIHI.core
    index = core.synapse_index_bits
    assert words([range(1024)]) == -(-(1024 * 8 + 18 * (10 + index) + 6) // 64)
    far = range(0, 1024, 37)  # 28 synapses, gaps beyond every run
    assert words([far], size=1024) == -(-(28 * (8 + index) + 10 + 6) // 64)
    near = range(0, 1024, 4)  # 256 synapses with gaps of 4: two bits
    assert words([near], size=1024) == -(-(256 * (8 + 2) + 5 * (10 + index) + 6) // 64)


def test_the_index_is_as_wide_as_the_core_needs():
    assert words([[0, 63]], size=64) == -(-(2 * (8 + 6) + 10 + 6) // 64)
    wide = [[0, 200, 400]]
    assert words(wide, size=512) == -(-(3 * (8 + 9) + 10 + 6) // 64) == 2
    assert words([[0, 100, 200]], size=201) == -(-(3 * (8 + 8) + 10 + 6) // 64) == 1


def test_two_synapses_of_a_pair_are_both_stored():
    assert words([[5, 5, 5]], size=64) == words([[5, 30, 60]], size=64)


def test_lists_of_a_source_are_rounded_up_together():
    one = image_of([[0], [1]])
    two = dataclasses.replace(one, synapses=one.synapses * 2)
    assert core_usage(two)[0]["synaptic_words"].tolist() == [2]
    assert core_usage(one)[0]["synaptic_words"].tolist() == [2]
    assert core_usage(two)[0]["input_axons"].tolist() == [2]


def test_neurons_of_a_core_share_an_axon_and_another_chip_takes_one_more_entry():
    targets = [[4, 5], [4], [5], []]
    image = image_of(targets, source="compartments", size=6, cores=[0, 4, 6])
    usage, reach = core_usage(image)
    assert (usage["output_axons"].tolist(), usage["input_axons"].tolist()) == ([2, 0], [0, 1])
    assert reach.core_ptr.tolist() == [0, 0, 3]
    assert sorted(reach.source.tolist()) == [0, 1, 2]
    system = LOIHI.what_if(chips=2)
    far = dataclasses.replace(image, chip=system, core_sites=np.array([3, 128]))
    assert core_usage(far)[0]["output_axons"].tolist() == [3, 0]
    alone = LOIHI.what_if(chips=2, population_axons=False)
    own = dataclasses.replace(far, chip=alone)
    assert core_usage(own)[0]["output_axons"].tolist() == [6, 0]
    assert core_usage(own)[0]["input_axons"].tolist() == [0, 3]


def test_long_delays_leave_fewer_compartments():
    image = image_of([[0]], size=1024, delay=62)
    report = map_image(image)
    assert report.limits["compartments"].tolist() == [128]
    assert report.broken == (
        "core 0 needs 1024 compartments; allowed: 128 (1 core over the limit).",
    )
    assert "Does not fit: core 0 needs 1024 compartments" in str(report)
    assert broken_limits(image) == [(0, "compartments", 1024, 128)]


def test_registers_that_a_core_shares_are_counted():
    image = image_of([[0]], size=4)
    limits = np.array([7, 7, 6, 6], dtype=np.int32)
    registers = dataclasses.replace(image.compartments, vmax_exponent=limits)
    mixed = dataclasses.replace(image, compartments=registers)
    assert core_usage(mixed)[0]["shared_registers"].tolist() == [2]
    apart = dataclasses.replace(mixed, core_ptr=np.array([0, 2, 4]))
    assert core_usage(apart)[0]["shared_registers"].tolist() == [1, 1]
    assert count_image(mixed)[0]["shared_registers"].tolist() == [2]


def test_an_image_without_synapses_takes_compartments_only():
    image = dataclasses.replace(image_of([[0]], size=3), synapses=())
    usage, reach = core_usage(image)
    assert usage["synaptic_words"].tolist() == [0]
    assert len(reach.source) == 0


def test_sites_are_kept_in_a_file_and_only_then_in_the_digest(tmp_path):
    image = image_of([[0], [1]], cores=[0, 1, 2])
    moved = dataclasses.replace(image, core_sites=np.array([7, 2]))
    assert moved.sites.tolist() == [7, 2]
    assert image.sites.tolist() == [0, 1]
    assert moved.digest() != image.digest()
    loaded = load_image(save_image(moved, tmp_path / "moved.npz"))
    assert loaded == moved
    assert load_image(save_image(image, tmp_path / "image.npz")).core_sites is None


def test_what_decides_no_spike_is_not_in_the_digest():
    image = image_of([[0]])
    other = LOIHI.what_if(name="loihi", chips=8, population_axons=False, list_words=10)
    assert dataclasses.replace(image, chip=other).digest() == image.digest()


@pytest.mark.parametrize("sites", [[0, 0], [0, 128], [-1, 0]])
def test_impossible_sites_are_refused(sites):
    with pytest.raises(ImageError) as caught:
        image_of([[0], [1]], cores=[0, 1, 2], core_sites=np.array(sites))
    assert str(caught.value) == (
        f"image: core_sites = {sites}; allowed: different numbers from 0 to 127."
    )


def test_a_core_needs_an_index_for_every_compartment():
    with pytest.raises(SpecError) as caught:
        LOIHI.what_if(compartments=2048)
    assert str(caught.value) == (
        "core: compartments = 2048; allowed: at most 1024 with synapse_index_bits = 10, the width "
        "of a target index."
    )
    LOIHI.what_if(compartments=2048, synapse_index_bits=11)


def test_systems_go_from_one_chip_to_1152():
    assert [(name, chip.chips) for name, chip in SYSTEMS.items()] == [
        ("loihi", 1),
        ("kapoho-bay", 2),
        ("wolf-mountain", 4),
        ("nahuku-8", 8),
        ("nahuku-32", 32),
        ("pohoiki-springs", 768),
        ("loihi2", 1),
        ("kapoho-point", 8),
        ("hala-point", 1152),
    ]
    assert SYSTEMS["pohoiki-springs"].total_cores == 98_304
    assert SYSTEMS["hala-point"].total_cores == 140_544
    assert all(chip.chips == 1 for chip in PRESETS.values())
    assert LOIHI.what_if(**PACKING_RULES["nxtf"]) == LOIHI
