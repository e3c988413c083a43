"""Mapping, energy and commands for images with programs, payloads and shared kernels."""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pytest
from checker import broken_limits, count_image
from command_line import fail, succeed

from neurochip import (
    DAVIES_2018,
    LIF,
    LOIHI,
    LOIHI2,
    PROGRAMS,
    Convolution,
    Cost,
    Network,
    PeriodicReset,
    PoissonInput,
    Population,
    ProgramGroup,
    Recording,
    SignMode,
    SynapseFormat,
    Synapses,
    compile_network,
    core_usage,
    estimate_energy,
    fill_cores,
    fixed_indegree,
    map_image,
    program,
)
from neurochip.errors import FitError
from neurochip.image.files import save_image
from neurochip.mapping.energy import lacks_costs
from neurochip.packing.state import bits_of_lif

EIGHT = SynapseFormat(0, 8, SignMode.MIXED)


def sigma_delta(compartments, chip=LOIHI2, **values):
    values = {"bias": 0, "threshold": 640, "state_exponent": 6, **values}
    return ProgramGroup.fill(PROGRAMS["sigma_delta"](chip.core), compartments, parameters=values)


def layer(channels, out, *, size=3, bits=8, source="inputs", first=0, groups=1, taps=3):
    """Return a convolution with kernels of 3 x 3 onto compartments from ``first`` on."""
    places = size - taps + 1
    targets = first + np.arange(out * places**2)
    return Convolution(
        source=source,
        sources=np.arange(channels * size**2, dtype=np.int32),
        targets=targets.astype(np.int32),
        source_shape=(channels, size, size),
        target_shape=(out, places, places),
        kernel=np.zeros((out, channels // groups, taps, taps), dtype=np.int16),
        format=SynapseFormat(0, bits, SignMode.MIXED),
        groups=groups,
    )


def only(item, chip=LOIHI2, **other):
    """Return the image of one convolution from inputs."""
    return program(
        chip,
        {},
        n_inputs=len(item.sources),
        n_compartments=len(item.targets),
        convolutions=[item],
        **other,
    )


# The words that lava-dl's benchmark of PilotNet prints for each convolution (docs/reference/
# hardware.md); 7 bits, which also fit the first two, are no format of the first generation.
@pytest.mark.parametrize(
    ("channels", "out", "bits", "words"),
    [(3, 24, 6, 81), (24, 36, 6, 864), (36, 48, 6, 1620), (48, 64, 6, 2592), (64, 64, 5, 2880)],
)
def test_kernels_take_what_a_compiler_of_the_chip_printed(channels, out, bits, words):
    usage, _ = core_usage(only(layer(channels, out, bits=bits)))
    assert usage["synaptic_words"].tolist() == [words]


def test_a_core_stores_the_channels_that_it_has_and_others_another_time():
    item = layer(2, 4, size=4)  # 4 places for each channel
    halves = only(item, cores=[8, 8])
    assert core_usage(halves)[0]["synaptic_words"].tolist() == [18, 18]
    assert core_usage(only(item))[0]["synaptic_words"].tolist() == [18]  # a word holds 8 weights
    assert core_usage(only(layer(2, 9, size=4)))[0]["synaptic_words"].tolist() == [36]


def test_groups_of_a_convolution_share_no_rows():
    assert core_usage(only(layer(4, 4, groups=2)))[0]["synaptic_words"].tolist() == [2 * 2 * 9]
    assert core_usage(only(layer(4, 4)))[0]["synaptic_words"].tolist() == [4 * 9]


def test_all_inputs_of_a_convolution_share_an_axon_of_a_core():
    image = only(layer(2, 4, size=4), cores=[8, 8])
    assert core_usage(image)[0]["input_axons"].tolist() == [1, 1]
    own = dataclasses.replace(image, chip=LOIHI2.what_if(kernels_shared=False))
    assert core_usage(own)[0]["input_axons"].tolist() == [32, 32]


def test_a_convolution_takes_what_its_synapses_take_on_other_chips():
    image = only(layer(2, 4, size=4), LOIHI)
    one_by_one = image.unrolled()
    for name, used in core_usage(image)[0].items():
        assert used.tolist() == core_usage(one_by_one)[0][name].tolist(), name


def test_state_takes_memory_by_its_bits_and_parameters_only_if_they_differ():
    own = [640] * 9 + [641]
    exponents = {"state_exponent": [0, 7] * 5}
    for values, bits in (({}, 72), ({"threshold": own}, 96), (exponents, 80)):
        image = program(LOIHI2, {}, n_compartments=10, programs=[sigma_delta(range(10), **values)])
        words = -(-10 * bits // 64)
        assert core_usage(image)[0]["memory_words"].tolist() == [words], values


def test_a_lif_neuron_takes_its_registers_where_state_shares_the_memory():
    assert bits_of_lif(LOIHI.core) == 0  # state has a memory of its own
    assert bits_of_lif(LOIHI2.core) == 72  # 2 x 24 + 6 + 13 + 3, in whole bytes
    cells = Network(populations=[Population("cells", 100, LIF(tau_m=20.0))])
    image = compile_network(cells, LOIHI2, dt=1.0)
    assert core_usage(image)[0]["memory_words"].tolist() == [-(-100 * 72 // 64)]
    assert image.report.resources["memory_words"] == (-(-100 * 72 // 64), 24576)
    assert "memory_words" not in compile_network(cells, LOIHI, dt=1.0).report.resources


def test_fewer_neurons_fit_a_core_if_their_state_is_larger():
    chip = LOIHI2.what_if(name="small", memory_words=90)
    small = program(chip, {}, n_compartments=100, programs=[sigma_delta(range(100))])
    assert np.diff(fill_cores(small).core_ptr).tolist() == [80, 20]  # 80 x 72 bits
    own = sigma_delta(range(100), threshold=np.arange(100))
    large = program(chip, {}, n_compartments=100, programs=[own])
    assert np.diff(fill_cores(large).core_ptr).tolist() == [60, 40]  # 60 x 96 bits


def test_groups_of_programs_share_no_axon_where_no_population_has_a_name():
    drive = Synapses("compartments", [0, 1, 2, 3], [4, 4, 4, 4], 2, SignMode.MIXED)
    for groups, entries in (([range(5)], 2), ([range(2), range(2, 5)], 4)):
        programs = [sigma_delta(group) for group in groups]
        image = program(LOIHI2, {}, [drive], n_compartments=5, cores=[4, 1], programs=programs)
        assert core_usage(image)[0]["output_axons"].tolist() == [entries, 0]


def test_pairs_of_compartments_stay_on_a_core():
    chip = LOIHI.what_if(compartments=3)
    image = program(chip, {"join": [0, 1, 0, 1, 0, 1]}, cores=[2, 2, 2])
    assert np.diff(fill_cores(image).core_ptr).tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"cores": 1, "synaptic_words": 3},
            "image: needs 2 cores; chip 'few' has 1. Use a larger chip, such as "
            "chip.what_if(cores=2).",
        ),
        (
            {"synaptic_words": 1},
            "image: compartment 0 alone needs 3 synaptic words of a core; allowed: 1. Reduce its "
            "in-degree or its state, or use a chip that has more with chip.what_if(...).",
        ),
        (
            {"input_axons": 2},
            "image: compartment 0 alone needs 3 input axons of a core; allowed: 2. Reduce its "
            "in-degree or its state, or use a chip that has more with chip.what_if(...).",
        ),
    ],
)
def test_an_image_that_does_not_fit_is_refused(fields, message):
    drive = Synapses("inputs", [0, 1, 2, 3], [0, 0, 0, 1], 2, SignMode.MIXED)
    image = program(LOIHI, {}, [drive], n_inputs=4, n_compartments=2)
    with pytest.raises(FitError, match=f"^{re.escape(message)}$"):
        fill_cores(dataclasses.replace(image, chip=LOIHI.what_if(name="few", **fields)))


@pytest.fixture(scope="module")
def graded():
    """Ten sigma-delta neurons on one core drive ten others, and a LIF neuron, on another."""
    pairs = Synapses("compartments", np.arange(10), np.arange(10, 20), 2, SignMode.MIXED)
    drive = Synapses("inputs", np.arange(10), np.arange(10), 2, SignMode.MIXED)
    return program(
        LOIHI2,
        {},
        [drive, pairs],
        n_inputs=10,
        n_compartments=21,
        cores=[10, 11],
        programs=[sigma_delta(range(20))],
        resets=[PeriodicReset(np.arange(5, dtype=np.int32), 10)],
    )


def run_of(image, steps, ids, n_steps=50):
    return Recording.of_run(
        dt=1.0,
        n_steps=n_steps,
        populations={"compartments": image.n_compartments},
        steps={"compartments": np.asarray(steps, dtype=np.int64)},
        ids={"compartments": np.asarray(ids, dtype=np.int32)},
        traces={},
        counters={},
        engine="test",
        label="loihi2",
        first_step=0,
    )


def test_a_report_counts_messages_with_a_payload_and_says_what_is_not_published(graded):
    report = map_image(graded)
    assert report.traffic.payloads_between_cores == pytest.approx(10 * 0.01)
    assert report.to_dict()["payloads_between_cores"] == pytest.approx(0.1)
    rows = len(graded.programs[0].program.rows)
    assert report.notes == (
        f"memory and time of the programs sigma_delta ({rows} rows)",
        "how much larger a message with a payload of 24 bits is",
    )
    text = str(report)
    assert "  with a payload: 0.1 between cores\n" in text
    assert text.endswith(
        f"No published figure: {report.notes[0]}\n"
        "No published figure: how much larger a message with a payload of 24 bits is"
    )
    assert "payload of 24 bits" in report._repr_html_()
    assert map_image(program(LOIHI2, {}, n_compartments=3)).notes == ()


def test_energy_leaves_out_what_has_no_published_figure_and_says_so(graded):
    run = run_of(graded, [3, 4, 4, 9], [0, 0, 5, 15])
    estimate = estimate_energy(graded, run, DAVIES_2018)
    counts = estimate.counts
    assert (counts["program_updates"], counts["updates_inactive"]) == (20 * 50, 50)
    assert (counts["updates_active"], counts["spikes"], counts["messages"]) == (0, 4, 3)
    assert (counts["synaptic_events"], counts["graded_events"], counts["payloads"]) == (3, 3, 3)
    assert estimate.unpriced == ("program_updates", "graded_events", "payloads")
    assert estimate.energy["synaptic_events"] == 0
    assert not set(estimate.unpriced) & set(estimate.energy)
    assert estimate.notes == (
        "no table of costs of the second generation is published: these are costs of the first",
        "no published figure, not included: 1,000 program updates, 3 graded events, 3 payloads",
    )
    text = str(estimate)
    assert text.endswith("\n".join(f"  {note}" for note in estimate.notes))
    assert "  dynamic energy at least 2.61 nJ: 52.1 pJ per step, - per synaptic event\n" in text
    assert "  step time at least 120 ns: slowest core 5.3 ns, " in text
    assert "at most 8.31e+03 times as fast as model time\n" in text
    assert "at least" in repr(estimate)
    assert lacks_costs(graded, DAVIES_2018)
    assert estimate.to_dict()["unpriced"] == list(estimate.unpriced)


def test_own_costs_of_programs_and_payloads_are_priced(graded):
    mine = dataclasses.replace(
        DAVIES_2018,
        name="mine",
        program_update=(10, 100),
        graded_event=(7, 3),
        payload=Cost(2, 0),
    )
    run = run_of(graded, [3, 4, 4, 9], [0, 0, 5, 15])
    estimate = estimate_energy(graded, run, mine)
    assert (estimate.unpriced, estimate.notes) == ((), ())
    assert "at least" not in str(estimate)
    assert not lacks_costs(graded, mine)
    assert estimate.energy["program_updates"] == pytest.approx(1000 * 10e-12)
    assert estimate.energy["graded_events"] == pytest.approx(3 * 7e-12)
    assert estimate.energy["payloads"] == pytest.approx(3 * 2e-12)
    other = estimate.mesh_time + estimate.barrier_time
    quiet, busiest = estimate.step_times[0] - other, estimate.step_times[4] - other
    assert quiet == pytest.approx((10 * 100 + 5.3) * 1e-9)
    assert busiest == pytest.approx((10 * 100 + 5.3 + 2 * 3) * 1e-9)


def test_binary_images_cost_what_they_did(graded):
    image = program(LOIHI, {}, n_compartments=3)
    estimate = estimate_energy(image, run_of(image, [], []), DAVIES_2018)
    assert (estimate.unpriced, estimate.notes) == ((), ())
    assert "program_updates" not in estimate.counts


MODEL = """
from neurochip import LIF, Network, PoissonInput, Population, one_to_one

source = PoissonInput("source", 10, rate=1300.0)
cells = Population("cells", 10, LIF(tau_m=10.0))
network = Network(
    inputs=[source], populations=[cells], connections=[one_to_one(source, cells, weight=1.5)]
)
"""


def test_commands_take_the_second_generation_and_its_fields(tmp_path):
    (tmp_path / "model.py").write_text(MODEL)
    arguments = ("map", tmp_path / "model.py", "--dt", "1", "-o", tmp_path / "mapping")
    shown = succeed(*arguments, "--chip", "loihi2", "--set", "core.payload_bits=16")
    assert "Mapped onto loihi2 (payload_bits=16): 1 of 128 cores on 1 of 1 chips\n" in shown
    assert "\n  memory words             24576       22     22.0     0.1%\n" in shown
    assert "1 of 140544 cores" in " ".join(succeed(*arguments, "--chip", "hala-point").split())
    assert fail(*arguments, "--set", "core.payload_bits=16") == (
        "core: payload_bits = 16 without programmable; only programs send payloads. Set "
        "programmable=True, or payload_bits=0."
    )


def test_info_lists_programs_convolutions_and_resets(tmp_path, graded):
    image = dataclasses.replace(graded, convolutions=(layer(1, 1, first=5),))
    save_image(dataclasses.replace(image, n_inputs=10), tmp_path / "image.npz")
    shown = succeed("info", tmp_path / "image.npz")
    assert "\n  ProgramGroup('sigma_delta', 20 compartments)\n" in shown
    assert "\n  PeriodicReset(5 compartments, every 10 steps from step 0)\n" in shown
    content = json.loads(succeed("info", tmp_path / "image.npz", "--json"))["content"]
    assert content["programs"] == {"sigma_delta": 20}
    assert (content["convolutions"], content["resets"]) == (1, 1)


def resetting(thresholds):
    """Return cells with a reset that subtracts, and cells without."""
    source = PoissonInput("source", 40, rate=200.0)
    soft = LIF(tau_m=20.0, reset="subtract", v_rest=0.0, v_reset=0.0, v_thresh=thresholds)
    cells = Population("soft", 90, soft)
    others = Population("hard", 60, LIF(tau_m=20.0, v_rest=0.0, v_reset=0.0, v_thresh=10.0))
    return Network(
        inputs=[source],
        populations=[cells, others],
        connections=[
            fixed_indegree(source, cells, 5, weight=3.0, seed=1),
            fixed_indegree(cells, others, 5, weight=2.0, seed=2),
        ],
    )


@pytest.mark.parametrize("thresholds", [10.0, np.linspace(10.0, 20.0, 90)])
@pytest.mark.parametrize("placement", ["sequential", "greedy"])
def test_the_compiler_leaves_room_for_the_state_of_programs(thresholds, placement):
    chip = LOIHI2.what_if(name="small", memory_words=150)
    image = compile_network(resetting(thresholds), chip, dt=1.0, placement=placement)
    assert image.n_cores > 1
    assert broken_limits(image) == []
    counted, expected = core_usage(image)[0], count_image(image)[0]
    for name in ("memory_words", "compartment_profiles", "output_axons"):
        assert counted[name].tolist() == expected[name].tolist(), name
        assert image.report.resources[name][0] == counted[name].max(), name
