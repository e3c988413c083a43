"""Synaptic currents in nA: what the registers mean, on the chip and in the reference."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from neurochip import (
    LIF,
    LOIHI,
    LOIHI2,
    PROGRAMS,
    STDP,
    Emulator,
    Network,
    Normal,
    Population,
    SpikeInput,
    Stimulus,
    all_to_all,
    compile_network,
    fixed_indegree,
    from_arrays,
    simulate_reference,
    stored_weights,
)
from neurochip.errors import RecordingError
from neurochip.frontends import session as room
from neurochip.frontends.session import Session
from neurochip.image import ProgramGroup
from neurochip.image.files import load_image, save_image
from neurochip.recording import Probe, Recording
from neurochip.reference import Reference

DT, DURATION, SIZE = 0.5, 60.0, 6
CURRENTS = ("i_syn", "i_syn_E", "i_syn_I")


def tau(decay):
    """Return the time constant of which a decay register of ``decay`` parts in 4096 is exact."""
    return -DT / np.log(1 - decay / 4096)


TWO = {"tau_syn_E": tau(400), "tau_syn_I": tau(210)}
ONE = {"tau_syn": tau(300)}
FORMS = {
    "two currents": TWO,
    "one current": ONE,
    "two currents of a program": {**TWO, "v_min": -80.0},
    "one current of a program": {**ONE, "reset": "subtract"},
}


def chip_for(form, **changes):
    """Return the chip whose cores have these neurons."""
    return (LOIHI2 if "program" in form else LOIHI).what_if(**changes)


def network_of(form, v_thresh=-62.0, plasticity=None, **options):
    """Signed weights and delays onto a few cells with initial currents, which drive each other."""
    first = {"i_syn_init_E": 0.3, "i_syn_init_I": -0.2} if "tau_syn_E" in form else {}
    first = first or {"i_syn_init": 0.1}
    model = LIF(tau_m=tau(100), cm=0.25, v_thresh=v_thresh, tau_refrac=1.0, **first, **form)
    cells = Population("cells", SIZE, model)
    rng = np.random.default_rng(7)
    ids, times = rng.integers(0, 8, 90), rng.uniform(0, DURATION, 90)
    source = SpikeInput("source", 8, ids, times)
    links = [
        fixed_indegree(source, cells, 5, weight=Normal(0.1, 0.3), delay=1.5, seed=2),
        fixed_indegree(cells, cells, 2, weight=Normal(0.1, 0.3), delay=0.5, seed=3),
    ]
    if plasticity is not None:
        links.append(all_to_all(source, cells, weight=0.2, plasticity=plasticity, name="learns"))
    return Network(inputs=[source], populations=[cells], connections=links, **options)


def stimulus_of(network):
    return Stimulus(DURATION, network.spike_inputs)


def chip_run(image, network, record, **options):
    return Emulator(image, **options).run(stimulus_of(network), record=record)


def currents_in(run):
    return {key: trace.values for key, trace in run.traces.items() if key[1] in CURRENTS}


def assert_same(one, other):
    assert one.keys() == other.keys()
    for key, values in one.items():
        np.testing.assert_array_equal(values, other[key], str(key))


def test_currents_are_what_the_registers_mean_computed_in_plain_integers():
    """Two inputs onto one neuron: u by the published rule, and the LSB by the stored weight."""
    cell = Population("cell", 1, LIF(tau_m=30.0, cm=0.25, tau_syn_E=3.3, tau_syn_I=8.1))
    source = SpikeInput("source", 2, [0, 1, 0, 1, 1, 0], [1.0, 1.0, 4.0, 6.5, 7.0, 9.5])
    link = from_arrays(source, cell, [0, 1], [0, 0], weight=[0.137, -0.093], delay=[1.5, 0.5])
    network = Network(inputs=[source], populations=[cell], connections=[link])
    image = compile_network(network, dt=DT)
    run = Emulator(image).run(Stimulus(20.0, [source]), record=CURRENTS)
    stored, found = stored_weights(network, image)[link.name], []
    for number, (delay, neuron) in enumerate(((3, 0), (1, 1))):
        (group,) = (g for g in image.synapses if g.indptr[neuron + 1] > g.indptr[neuron])
        assert group.format.weight_exponent >= 0
        weight = int(group.mantissa[0]) << 6 + group.format.weight_exponent
        decay = int(image.compartments.decay_u[group.target[0]]) + 1
        steps = [
            round(t / DT) for i, t in zip(source.ids, source.times, strict=True) if i == neuron
        ]
        u, own = 0, []
        for step in range(40):
            u = int(u * (4096 - decay) / 4096) + weight * steps.count(step - 1 - delay)
            own.append(int(u * (4096 - decay) / 4096) * stored[number] / weight)
        found.append(own)
    np.testing.assert_allclose(run.trace("cell", "i_syn_E").values[:, 0], found[0], rtol=1e-12)
    np.testing.assert_allclose(run.trace("cell", "i_syn_I").values[:, 0], found[1], rtol=1e-12)
    np.testing.assert_allclose(
        run.trace("cell", "i_syn").values[:, 0], np.sum(found, axis=0), rtol=1e-12, atol=1e-18
    )
    assert {run.trace("cell", each).unit for each in CURRENTS} == {"nA"}


@pytest.mark.parametrize("delivery", ["after_threshold", "before_threshold", "next_step"])
@pytest.mark.parametrize("form", FORMS)
def test_with_exact_decays_chip_and_reference_differ_by_truncation_alone(form, delivery):
    """With the stored weights of the chip, by less than one LSB in each step."""
    network = network_of(FORMS[form], v_thresh=200.0, delivery=delivery)
    image = compile_network(network, chip_for(form), dt=DT, gain="impulse")
    record = CURRENTS if "tau_syn_E" in FORMS[form] else ["i_syn"]
    chip = chip_run(image, network, record)
    assert not chip.n_spikes
    stored = stored_weights(network, image)
    links = [replace(item, weight=stored[item.name]) for item in network.connections]
    reference = simulate_reference(
        replace(network, connections=links), stimulus_of(network), DT, record=record
    )
    (symbol,) = image.symbols.populations
    lsb = sum(symbol.weight_per_lsb(index).max() for index in range(len(symbol.receptors)))
    bound = lsb * 4096 / 210  # the sum of what the slowest current keeps of one LSB a step
    expected = currents_in(reference)
    for key, values in currents_in(chip).items():
        assert np.abs(expected[key]).max() > 1000 * bound
        assert np.abs(values - expected[key]).max() < bound


@pytest.mark.parametrize("form", ["two currents", "two currents of a program"])
def test_the_sum_of_both_currents_is_their_sum(form):
    network = network_of(FORMS[form])
    chip = chip_run(compile_network(network, chip_for(form), dt=DT), network, CURRENTS)
    reference = simulate_reference(network, stimulus_of(network), DT, record=CURRENTS)
    assert chip.n_spikes > 10
    for run in (chip, reference):
        both, excitatory, inhibitory = (run.trace("cells", each).values for each in CURRENTS)
        np.testing.assert_array_equal(both, excitatory + inhibitory)
        assert excitatory.min() >= 0 >= inhibitory.max()
        assert (excitatory.max(axis=0) > 0).all()
        assert (inhibitory.min(axis=0) < 0).all()


def test_the_last_sample_is_the_u_of_a_step_without_input():
    """A current decays by its register: the next u, if nothing arrives."""
    network = network_of(ONE)
    image = compile_network(network, dt=DT)
    run = chip_run(image, network, [Probe("i_syn"), Probe("u", ids=(4, 1))])
    (symbol,) = image.symbols.populations
    current, u = run.trace("cells", "i_syn").values[:, [4, 1]], run.trace("cells", "u").values
    per_na = symbol.receptors[0].gain[[4, 1]]
    quiet = np.abs(current[:-1] * per_na - u[1:]) < 1e-9
    assert 0.2 < quiet.mean() < 0.9  # the other steps have input


@pytest.mark.parametrize("form", FORMS)
def test_nothing_but_the_network_decides_the_values(form):
    """Placement, threads, pieces, batches, saved images and what else is recorded do not."""
    network = network_of(FORMS[form])
    few = chip_for(form, compartments=5)
    image = compile_network(network, few, dt=DT)
    record = CURRENTS if "tau_syn_E" in FORMS[form] else ["i_syn"]
    expected = currents_in(chip_run(image, network, record))
    elsewhere = compile_network(network, few, dt=DT, placement="greedy", placement_seed=3)
    assert_same(currents_in(chip_run(elsewhere, network, record)), expected)
    assert_same(currents_in(chip_run(image, network, [*record, "u", "v"])), expected)
    batch = Emulator(image).run_batch([stimulus_of(network)] * 5, record=record)
    assert_same(currents_in(batch[4]), expected)
    runner = Emulator(image, threads=1)
    parts = [runner.run(stimulus_of(network), duration=d, record=record) for d in (7.0, 0.5, 52.5)]
    joined = {key: np.concatenate([currents_in(part)[key] for part in parts]) for key in expected}
    assert_same(joined, expected)
    some = [Probe(variable, "cells", (3, 0)) for variable in record]
    found = currents_in(chip_run(image, network, some))
    assert_same(found, {key: values[:, [3, 0]] for key, values in expected.items()})


def test_a_saved_image_and_a_saved_recording_have_the_currents(tmp_path):
    network = network_of(TWO)
    image = compile_network(network, dt=DT)
    run = chip_run(image, network, CURRENTS)
    again = chip_run(load_image(save_image(image, tmp_path / "image.npz")), network, CURRENTS)
    assert again == run
    assert Recording.load(run.save(tmp_path / "run.npz")) == run


def test_weights_that_learn_change_currents_and_not_their_unit():
    rule = STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.05, a_minus=0.05, w_max=0.5)
    network = network_of(TWO, plasticity=rule, v_thresh=-60.0)
    image = compile_network(network, dt=1.0)
    record = ["i_syn_E", "u"]
    runner = Emulator(image)
    run = runner.run(stimulus_of(network), record=record)
    assert len(np.unique(runner.weights("learns"))) > 5
    (symbol,) = image.symbols.populations
    keep = 1 - (image.compartments.decay_u[symbol.compartment_ids] + 1) / 4096
    lsb = np.rint(run.trace("cells", "u").values / symbol.mv_per_lsb)
    expected = np.trunc(lsb * keep) * symbol.mv_per_lsb / symbol.receptors[1].gain
    np.testing.assert_allclose(run.trace("cells", "i_syn_E").values, expected, rtol=1e-12)


def test_another_image_takes_over_the_currents():
    """Other time constants change how a current decays from then on, and not the current."""
    network = network_of(ONE, v_thresh=200.0)
    stimulus = Stimulus(DURATION, [SpikeInput("source", 8, range(8), np.arange(8.0))])
    session = Session(network, LOIHI, DT, {}, {"threads": 1})
    (before,) = session.windows(40, stimulus, ["i_syn"])
    session.reprogram(network_of({"tau_syn": tau(100)}, v_thresh=200.0))
    (after,) = session.windows(1, stimulus, ["i_syn"])
    (symbol,) = session.image.symbols.populations
    was, now = (run.trace("cells", "i_syn").values for run in (before, after))
    lsb = symbol.weight_per_lsb(0).max()
    assert np.abs(now[0] - was[-1] * (1 - 100 / 4096)).max() < 2 * lsb
    assert np.abs(was[-1]).max() > 1000 * lsb


def test_the_windows_of_a_session_have_the_currents_of_one_run(monkeypatch):
    network = network_of(ONE)
    monkeypatch.setattr(room, "_VALUES", 60)
    session = Session(network, LOIHI, DT, {}, {"threads": 1})
    windows = list(session.windows(40, stimulus_of(network), ["i_syn"]))
    assert len(windows) == 4
    joined = np.concatenate([window.trace("cells", "i_syn").values for window in windows])
    whole = Emulator(session.image).run(stimulus_of(network), duration=20.0, record=["i_syn"])
    np.testing.assert_array_equal(joined, whole.trace("cells", "i_syn").values)


def test_the_reference_goes_on_and_its_currents_decay_as_their_time_constants_say():
    network = network_of(TWO, v_thresh=200.0)
    runner = Reference(network, DT)
    silence = Stimulus(DURATION, [SpikeInput("source", 8, [], [])])
    parts = [runner.run(silence, duration=d, record=CURRENTS) for d in (20.0, 40.0)]
    t = DT * (1 + np.arange(120))
    for variable, first, slow in (
        ("i_syn_E", 0.3, TWO["tau_syn_E"]),
        ("i_syn_I", -0.2, TWO["tau_syn_I"]),
    ):
        values = np.concatenate([part.trace("cells", variable).values for part in parts])
        np.testing.assert_allclose(values[:, 2], first * np.exp(-t / slow), rtol=1e-12)


def test_a_current_without_a_population_is_that_of_all_that_have_it():
    kinds = {"kicked": {}, "one": ONE, "two": TWO, "equal": {"tau_syn_E": 5.0, "tau_syn_I": 5.0}}
    source = SpikeInput("source", 2, [0, 1], [1.0, 2.0])
    populations = [Population(name, 3, LIF(**form)) for name, form in kinds.items()]
    links = [all_to_all(source, item, weight=0.1) for item in populations]
    network = Network(inputs=[source], populations=populations, connections=links)
    stimulus = Stimulus(5.0, [source])
    for run in (
        Emulator(compile_network(network, dt=DT)).run(stimulus, record=["i_syn", "i_syn_I"]),
        simulate_reference(network, stimulus, DT, record=["i_syn", "i_syn_I"]),
    ):
        names = [(name, "i_syn") for name in ("one", "two", "equal")]
        assert list(run.traces) == [*names, ("two", "i_syn_I")]
    for record, message in (
        (
            Probe("i_syn_E", "kicked"),
            "record: 'kicked' has delta synapses and no 'i_syn_E'; record 'v', or give the LIF a "
            "tau_syn_E and another tau_syn_I.",
        ),
        (
            Probe("i_syn_I", "one"),
            "record: 'one' has one synaptic current and no 'i_syn_I'; record 'i_syn', or give the "
            "LIF a tau_syn_E and another tau_syn_I.",
        ),
        (
            Probe("i_syn_E", "equal"),
            "record: 'equal' has one synaptic current (tau_syn_E = tau_syn_I) and no 'i_syn_E'; "
            "record 'i_syn', or give the LIF a tau_syn_E and another tau_syn_I.",
        ),
        (Probe("i_syn", "none"), "record: no population 'none'; there are "),
    ):
        for run in (
            Emulator(compile_network(network, dt=DT)).run,
            lambda stimulus, record: simulate_reference(network, stimulus, DT, record=record),
        ):
            with pytest.raises(RecordingError, match=re.escape(message)):
                run(stimulus, record=[record])


def test_a_program_whose_registers_have_no_unit_has_no_current():
    network = network_of(FORMS["one current of a program"])
    image = compile_network(network, LOIHI2, dt=DT)
    group = ProgramGroup.fill(
        PROGRAMS["sigma_delta"](LOIHI2.core),
        np.arange(SIZE),
        parameters={"bias": 0, "threshold": 1, "state_exponent": 6},
    )
    with pytest.raises(RecordingError) as caught:
        chip_run(replace(image, programs=(group,)), network, ["i_syn"])
    assert str(caught.value) == (
        "record: no population has 'i_syn', all have other registers; record 'sigma', 'act', "
        "'residue'."
    )
