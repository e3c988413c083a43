"""Mapping and energy of images that learn: tags, axons, and updates of synapses."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from checker import broken_limits, count_image
from command_line import fail, succeed

from neurochip import (
    DAVIES_2018,
    LOIHI,
    SANA_FE,
    CostTable,
    Learning,
    Plasticity,
    Recording,
    SignMode,
    Synapses,
    compile_network,
    core_usage,
    estimate_energy,
    fill_cores,
    map_image,
    program,
)
from neurochip.image.files import save_image
from neurochip.learning import LEARNING_PRESETS, LearningRule, Trace
from neurochip.mapping.energy import lacks_costs
from neurochip.mapping.updates import plastic_of
from neurochip.packing.formats import tag_bits_of

PAIR = LearningRule("x1*y0 - x0*y1", x1=Trace(16, 10), y1=Trace(16, 20))
TAGGED = LearningRule("u0*t*y2", dt="x1*y0", x1=Trace(16, 10), x2=Trace(16, 40))


def synapses(rng, source, n_sources, n_targets, *, bits=8, p=0.5):
    pre, post = np.nonzero(rng.random((n_sources, n_targets)) < p)
    return Synapses(source, pre, post, 4, SignMode.EXCITATORY, bits=bits)


def random_image(seed, *, chip=LOIHI):
    """Return an image of three cores, in which two of three synapse groups learn."""
    rng = np.random.default_rng(seed)
    lists = [
        synapses(rng, "inputs", 20, 30, p=rng.random()),
        synapses(rng, "compartments", 30, 30, p=rng.random()),
        synapses(rng, "inputs", 20, 30, bits=int(rng.choice([6, 8])), p=rng.random()),
    ]
    groups = (Plasticity(0, TAGGED), Plasticity(1, PAIR))
    return program(
        chip,
        {"threshold_mantissa": np.full(30, 50)},
        lists,
        n_inputs=20,
        cores=[7, 1, 22],
        learning=Learning(groups),
    )


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_each_resource_of_an_image_that_learns_is_counted_as_by_hand(seed, shared):
    image = random_image(seed, chip=LOIHI.what_if(population_axons=shared))
    counted, expected = core_usage(image)[0], count_image(image)[0]
    for name, values in expected.items():
        assert counted[name].tolist() == values.tolist(), name


def test_a_tag_takes_the_bits_of_its_range():
    assert (tag_bits_of(TAGGED), tag_bits_of(PAIR), tag_bits_of(None)) == (9, 0, 0)
    lava = LearningRule("x0*sgn(t)", spec=LEARNING_PRESETS["lava"])
    assert tag_bits_of(lava) == 10  # -257 to 255
    assert tag_bits_of(LearningRule("x0", spec=LEARNING_PRESETS["nengo-loihi"])) == 0


def test_synapses_with_a_tag_take_twice_the_memory():
    def words(rule):
        dense = Synapses("inputs", np.repeat(range(100), 200), np.tile(range(200), 100), 4, 2)
        part = None if rule is None else Learning((Plasticity(0, rule),))
        image = program(LOIHI, {}, [dense], n_inputs=100, n_compartments=200, learning=part)
        return core_usage(image)[0]["synaptic_words"].tolist()

    plain, learns, tagged = words(None), words(PAIR), words(TAGGED)
    assert (plain, learns, tagged) == ([2700], [2700], [5500])


def test_a_core_takes_half_as_many_axons_that_learn():
    chip = LOIHI.what_if(input_axons=100)
    each = Synapses("inputs", range(100), range(100), 4, 2)
    plain = program(chip, {}, [each], n_inputs=100, n_compartments=100)
    learning = dataclasses.replace(plain, learning=Learning((Plasticity(0, PAIR),)))
    assert core_usage(fill_cores(plain))[0]["input_axons"].tolist() == [100]
    assert core_usage(fill_cores(learning))[0]["input_axons"].tolist() == [100, 100]


def test_a_core_takes_three_different_presynaptic_traces():
    lists = [Synapses("inputs", [k], [k], 4, SignMode.EXCITATORY) for k in range(4)]
    rules = [LearningRule("x0*w - x1*y0", x1=Trace(k + 1, 10)) for k in range(4)]
    groups = [Plasticity(k, rule) for k, rule in enumerate(rules)]
    image = program(
        LOIHI,
        {"threshold_mantissa": [9] * 4},
        lists,
        n_inputs=4,
        cores=[1] * 4,
        learning=Learning(groups),
    )
    packed = fill_cores(image)
    assert packed.core_ptr.tolist() == [0, 3, 4]
    report = map_image(packed)
    assert report.usage["pre_traces"].tolist() == [3, 1]
    assert report.limits["pre_traces"].tolist() == [3, 3]
    assert "\n  pre traces                   3        3      2.0   100.0%\n" in str(report)
    assert report.binding == ("synapse_formats", "threshold_profiles")
    assert "pre_traces" not in map_image(dataclasses.replace(image, learning=None)).usage


# --- energy and time -----------------------------------------------------------------------------


def recorded(image, spikes, first_step=0):
    """Return a run with spikes (step, compartment)."""
    steps, ids = (np.array(column, dtype=np.int32) for column in zip(*spikes, strict=True))
    return Recording(
        label="x",
        dt=1.0,
        first_step=first_step,
        n_steps=8,
        populations={"compartments": image.n_compartments},
        steps={"compartments": steps + first_step},
        ids={"compartments": ids},
    )


def chained(text, *, epoch=1, first_epoch=None, **more):
    """Return 3 compartments, of which 0 and 1 have learning synapses onto all, on two cores."""
    rule = LearningRule(
        text, x1=Trace(16, 10), y1=Trace(16, 20), epoch=epoch, first_epoch=first_epoch, **more
    )
    pre, post = [0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2]
    synapses = Synapses("compartments", pre, post, 4, SignMode.EXCITATORY)
    return program(
        LOIHI,
        {"threshold_mantissa": [9, 9, 9]},
        [synapses],
        cores=[2, 1],
        learning=Learning((Plasticity(0, rule),)),
    )


SPIKES = [(0, 0), (0, 2), (3, 0), (4, 0), (4, 2), (5, 1)]
FREE = CostTable(
    name="free",
    source="made up",
    update_inactive=(0, 0),
    update_active=(0, 0),
    synaptic_event=(0, 0),
    learning_update=(120, 6.1),
)
COUNTED = [
    ("x0*y1", {}, [3, 0, 0, 3, 3, 3, 0, 0]),
    ("x1*y0", {}, [4, 0, 0, 2, 4, 2, 0, 0]),
    ("x1*y0 - x0*y1", {}, [5, 0, 0, 4, 5, 4, 0, 0]),
    ("x1*y0", {"epoch": 4}, [0, 0, 0, 4, 0, 0, 0, 6]),
    ("x0*y1", {"epoch": 8}, [0, 0, 0, 0, 0, 0, 0, 6]),
    ("u1*w", {}, [0, 6, 0, 6, 0, 6, 0, 6]),
    ("u1*w", {"first_epoch": 0}, [6, 0, 6, 0, 6, 0, 6, 0]),
    ("u1*w + x0*y1", {"epoch": 2}, [0, 3, 0, 6, 0, 6, 0, 6]),
]


@pytest.mark.parametrize(("text", "more", "updates"), COUNTED)
def test_a_synapse_is_updated_once_in_an_epoch_that_changes_it(text, more, updates):
    image = chained(text, **more)
    found = estimate_energy(image, recorded(image, SPIKES), FREE)
    assert found.counts["learning_updates"] == sum(updates)
    assert found.energy["learning_updates"] == pytest.approx(sum(updates) * 120e-12)


def test_synapses_onto_a_child_are_updated_by_spikes_of_its_parent():
    lists = [Synapses("compartments", [1, 1, 3], [0, 2, 2], 4, SignMode.EXCITATORY)]
    rule = LearningRule("x1*y0", x1=Trace(16, 10))
    image = program(LOIHI, {"join": [0, 1, 0, 1]}, lists, learning=Learning((Plasticity(0, rule),)))
    found = estimate_energy(image, recorded(image, [(0, 1), (2, 3), (5, 3)]), FREE)
    assert found.counts["learning_updates"] == 1 + 2 + 2


def test_the_slowest_core_takes_the_time_of_its_updates_at_the_end_of_the_epoch():
    """Core 1 has those of the updated synapses that lie onto compartment 2."""
    image = chained("x1*y0 - x0*y1")
    found = estimate_energy(image, recorded(image, SPIKES), FREE)
    expected = np.array([3, 0, 0, 3, 3, 3, 0, 0]) * 6.1e-9
    assert found.step_times.tolist() == pytest.approx(expected.tolist())


def test_a_run_that_begins_later_counts_the_epochs_of_the_image():
    image = chained("u1*w")
    run = recorded(image, SPIKES, first_step=1)
    assert estimate_energy(image, run, FREE).step_times[:2].tolist() == [
        pytest.approx(4 * 6.1e-9),
        0.0,
    ]


def test_the_rows_of_inputs_follow_those_of_compartments():
    image = random_image(3)
    rows, indptr = plastic_of(image, 0).rows, image.synapses[0].indptr
    assert rows[0].tolist() == [0] * 30 + indptr.tolist()
    assert (rows[1, -20:] == rows[1, -1]).all()


def test_what_is_not_known_is_said():
    image = chained("x1*y0 - x0*y1", dt="x1*y0")
    run = recorded(image, SPIKES)
    known, unknown = (estimate_energy(image, run, table) for table in (DAVIES_2018, SANA_FE))
    assert known.unpriced == ()
    assert known.notes == (
        "an update of a synapse has the figure of a pair rule, whatever the rule",
        "no published figure, not included: the decay of traces",
    )
    assert unknown.unpriced == ("learning_updates",)
    assert unknown.notes == (
        "no published figure, not included: 18 learning updates",
        "no published figure, not included: the decay of traces",
    )
    assert (lacks_costs(image, DAVIES_2018), lacks_costs(image, SANA_FE)) == (False, True)
    assert map_image(image).notes == (
        "memory of the rules and traces of 6 synapses",
        "how many bits a tag takes; 9 are counted, those of its range",
    )


def test_runs_without_learning_have_no_updates():
    image = dataclasses.replace(chained("x0*y1"), learning=None)
    found = estimate_energy(image, recorded(image, SPIKES), SANA_FE)
    assert "learning_updates" not in found.counts
    assert (found.unpriced, found.notes) == ((), ())


# --- commands ------------------------------------------------------------------------------------


def test_info_says_what_learns(tmp_path):
    save_image(chained("x1*y0 - x0*y1", dt="x1*y0"), tmp_path / "image.npz")
    shown = succeed("info", tmp_path / "image.npz")
    assert "6 synapses of which 6 learn" in shown
    assert "\n  Plasticity(synapse group 0, dw = y0*x1 - x0*y1, dt = y0*x1)\n" in shown
    content = json.loads(succeed("info", tmp_path / "image.npz", "--json"))["content"]
    assert content["plastic_synapses"] == 6


MODEL = """
from neurochip import *

source = PoissonInput("in", 40, rate=20.0)
cells = Population("cells", 30, LIF(tau_m=20.0))
others = Population("others", 30, LIF(tau_m=20.0))


def rule(tau):
    return STDP(tau_plus=tau, tau_minus=20.0, a_plus=0.01, a_minus=0.0105, w_max=1.0)


connections = [
    all_to_all(source, cells, weight=0.5, plasticity=rule(10.0)),
    all_to_all(cells, others, weight=0.5, plasticity=rule(20.0)),
    all_to_all(source, others, weight=0.5),
]
network = Network(inputs=[source], populations=[cells, others], connections=connections)
"""


@pytest.mark.parametrize("placement", ["sequential", "greedy"])
@pytest.mark.slow
def test_the_compiler_leaves_room_for_what_learns(placement):
    parts = {}
    exec(MODEL, parts)
    learning = LEARNING_PRESETS["published"]
    one = dataclasses.replace(learning, pre_traces=1)
    chip = LOIHI.what_if(name="small", input_axons=90, learning=one)
    image = compile_network(parts["network"], chip, dt=1.0, placement=placement)
    assert image.n_cores > 1
    assert broken_limits(image) == []
    counted, expected = core_usage(image)[0], count_image(image)[0]
    for name, values in expected.items():
        assert counted[name].tolist() == values.tolist(), name
    assert image.report.resources["pre_traces"] == (1, 1)


def test_map_says_what_learning_takes(tmp_path):
    (tmp_path / "model.py").write_text(MODEL)
    arguments = ("map", tmp_path / "model.py", "--dt", "1", "--duration", "20")
    shown = succeed(*arguments, "--costs", "davies-2018", "--costs", "sana-fe")
    assert "\n  pre traces                   3        2      2.0    66.7%\n" in shown
    assert "No published figure: memory of the rules and traces of 2100 synapses\n" in shown
    assert "an update of a synapse has the figure of a pair rule, whatever the rule\n" in shown
    assert fail(*arguments, "--set", "core.learning=none").startswith("connection 'in->cells': ")
