"""Neurons with two receptors of different kinds: kicks of v, and a synaptic current."""

from __future__ import annotations

import dataclasses

import hold_of_kicks
import numpy as np
import pytest

from compiler import compile_network
from compiler.neurons.expectation import expect
from compiler.options import CompileOptions
from compiler.pipeline import translate
from compiler.synapses.projections import project
from neurochip import (
    LIF,
    LOIHI,
    Connection,
    Emulator,
    Network,
    NetworkError,
    PoissonInput,
    Population,
    Probe,
    RecordingError,
    SpikeInput,
    Stimulus,
    Uniform,
    all_to_all,
    attribute,
    choose_dt,
    draw_stimulus,
    fixed_indegree,
    fixed_probability,
    from_arrays,
    load_image,
    measure_dt,
    one_to_one,
    save_image,
    simulate_reference,
)
from neurochip.chip.registers import decode_weights
from neurochip.frontends.changes import find_change
from neurochip.recurrence import ideal_population

MODEL = LIF(tau_m=10.0, tau_syn=5.0, cm=0.25, v_thresh=-55.0, tau_refrac=2.0)


def network_of(model=MODEL, size=10, delivery="after_threshold", strength=1.0):
    """Neurons that get kicks of both signs from an input, and currents from another and themselves.

    They fire at about 30 Hz.
    """
    kicks = PoissonInput("kicks", 40, rate=200.0)
    charges = PoissonInput("charges", 40, rate=100.0)
    cells = Population("cells", size, model)
    of_v, of_i = Uniform(-0.5 * strength, 1.0 * strength), 0.03 * strength
    return Network(
        inputs=[kicks, charges],
        populations=[cells],
        connections=[
            fixed_indegree(kicks, cells, 20, weight=of_v, delay=1.0, seed=1, receptor="v"),
            fixed_indegree(charges, cells, 20, weight=of_i, seed=2),
            all_to_all(cells, cells, weight=-0.01 * strength, delay=0.5),
        ],
        delivery=delivery,
    )


# ------------------------------------------------------------------------------ the description


def test_a_connection_says_whether_its_spikes_add_to_v():
    source, cells = PoissonInput("source", 10, rate=1.0), Population("cells", 10, MODEL)
    jumps = Population("jumps", 10)
    assert not one_to_one(source, cells, weight=0.1).kicks_v
    assert one_to_one(source, cells, weight=0.1, receptor="v").kicks_v
    assert one_to_one(source, jumps, weight=0.1).kicks_v
    assert one_to_one(source, jumps, weight=0.1, receptor="v").kicks_v


@pytest.mark.parametrize(
    "connect",
    [
        one_to_one,
        all_to_all,
        lambda a, b, **k: fixed_probability(a, b, 0.5, seed=1, **k),
        lambda a, b, **k: fixed_indegree(a, b, 3, seed=1, **k),
        lambda a, b, **k: from_arrays(a, b, [0], [1], **k),
    ],
)
def test_every_function_that_connects_takes_a_receptor(connect):
    source, cells = PoissonInput("source", 10, rate=1.0), Population("cells", 10, MODEL)
    made = connect(source, cells, weight=0.1, receptor="v")
    assert made.receptor == "v"
    assert dataclasses.replace(made, delay=1.0).receptor == "v"
    # Two connections of one name in a network keep their receptors.
    network = Network(inputs=[source], populations=[cells], connections=[made, made])
    assert [item.receptor for item in network.connections] == ["v", "v"]


def test_a_receptor_that_does_not_exist_is_refused():
    source, cells = PoissonInput("source", 10, rate=1.0), Population("cells", 10, MODEL)
    for wrong, shown in (("excitatory", "'excitatory'"), (1, "1")):
        with pytest.raises(NetworkError) as caught:
            one_to_one(source, cells, weight=0.1, receptor=wrong)
        assert str(caught.value) == (
            f"connection 'source->cells': receptor = {shown}; allowed: 'v', or None for the "
            "receptors of the LIF."
        )


def test_a_third_receptor_is_refused():
    source = PoissonInput("source", 10, rate=1.0)
    cells = Population("cells", 10, LIF(tau_syn_E=2.0, tau_syn_I=5.0))
    expected = (
        "connection 'source->cells': receptor = 'v', but 'cells' has two currents (tau_syn_E, "
        "tau_syn_I) already, and a neuron has two receptors at most; allowed: 'v' onto a LIF with "
        "one tau_syn."
    )
    with pytest.raises(NetworkError) as caught:
        one_to_one(source, cells, weight=0.1, receptor="v")
    assert str(caught.value) == expected
    plain = one_to_one(source, cells, weight=0.1)
    with pytest.raises(NetworkError) as caught:
        dataclasses.replace(plain, receptor="v")
    assert str(caught.value) == expected
    # Two equal time constants are one current.
    same = Population("cells", 10, LIF(tau_syn_E=5.0, tau_syn_I=5.0))
    assert one_to_one(source, same, weight=0.1, receptor="v").kicks_v


def test_weights_have_the_unit_of_their_receptor():
    source, cells = PoissonInput("source", 10, rate=1.0), Population("cells", 10, MODEL)
    for receptor, unit in (("v", "mV"), (None, "nA")):
        with pytest.raises(NetworkError) as caught:
            one_to_one(source, cells, weight=[[1.0, 2.0], [3.0]], receptor=receptor)
        assert unit in str(caught.value)


def test_a_changed_receptor_is_a_change_of_the_network():
    network = network_of()
    first, *others = network.connections
    other = dataclasses.replace(
        network, connections=[dataclasses.replace(first, receptor=None), *others]
    )
    assert find_change(network, network_of()) is None
    change = find_change(network, other)
    assert (change.kind, change.name, change.what) == ("connection", "kicks->cells", "was changed")


def test_only_neurons_with_both_kinds_have_two_receptors():
    network = network_of()
    assert network.kicked == {"cells"}
    assert dataclasses.replace(network, connections=network.connections[1:]).kicked == set()
    source, jumps = PoissonInput("source", 10, rate=1.0), Population("jumps", 10)
    onto_v = one_to_one(source, jumps, weight=0.1, receptor="v")
    assert Network(inputs=[source], populations=[jumps], connections=[onto_v]).kicked == set()


# ------------------------------------------------------------------------------------- the image


def test_kicks_are_a_child_whose_current_lasts_one_step():
    network = network_of(size=3)
    image = compile_network(network, dt=0.5)
    registers, (cells,) = image.compartments, image.symbols.populations
    assert cells.compartment_ids.tolist() == [1, 3, 5]
    assert cells.child_ids.tolist() == [0, 2, 4]
    assert [item.name for item in cells.receptors] == ["", "tau_syn"]
    assert registers.join.tolist() == [0, 1] * 3
    assert registers.decay_u[::2].tolist() == [4095] * 3  # and 1, which is 4096 of 4096
    assert registers.decay_u[1::2].tolist() == [389] * 3  # 4096 (1 - exp(-0.5 / 5)), and one less
    assert registers.threshold_mantissa[::2].tolist() == [131071] * 3
    assert registers.refractory[1::2].tolist() == [4] * 3


@pytest.mark.parametrize("delivery", ["after_threshold", "next_step"])
def test_each_synapse_drives_its_receptor_with_the_gain_of_it(delivery):
    network = network_of(delivery=delivery)
    image = compile_network(network, dt=0.5, gain="impulse")
    lsb = 1 / image.symbols.populations[0].mv_per_lsb[0]
    a, s = np.exp(-0.5 / 10.0), np.exp(-0.5 / 5.0)
    current = 40.0 * 5.0 / (10.0 - 5.0) * (a - s)
    expected = (a if delivery == "after_threshold" else 1.0, current, current)
    for group, connection, gain, parity in zip(
        image.synapses, network.connections, expected, (0, 1, 1), strict=True
    ):
        assert (group.target % 2 == parity).all()
        weights = decode_weights(group.mantissa, group.format, LOIHI.core) / lsb / gain
        assert abs(weights.max() - np.max(connection.weight)) < 0.005 * np.abs(weights).max()
        assert abs(weights.min() - np.min(connection.weight)) < 0.005 * np.abs(weights).max()


def test_the_projections_name_the_receptors_and_copy_nothing():
    network = network_of()
    projections = project(network)
    assert [(p.receptor, p.sign) for p in projections] == [(0, 0), (1, 0), (1, 0)]
    assert all(p.connection is c for p, c in zip(projections, network.connections, strict=True))


def test_the_registers_of_the_current_are_those_without_kicks():
    network = network_of()
    alone = dataclasses.replace(network, connections=network.connections[1:])
    (cells,) = network.populations
    both, one = (ideal_population(item, cells, 0.5) for item in (network, alone))
    for name in ("keep_v", "origin", "v_inf", "bias", "threshold", "v_init", "refractory"):
        assert np.array_equal(getattr(both, name), getattr(one, name))
    assert np.array_equal(both.receptors[1].gain, one.receptors[0].gain)
    assert (both.kicked, one.kicked) == (True, False)


def test_the_report_names_both_receptors():
    report = compile_network(network_of(), dt=0.5).report
    row = report.row("cells", "kicks")
    assert row.registers["decay_u"].mean == 4095
    assert row.note == (
        "in a compartment of its own: each neuron takes two compartments; kicks in the last "
        "refractory step (of 0: in the step of the spike) are not lost"
    )
    assert report.row("cells", "tau_syn").asked.mean == 5.0
    assert report.row("kicks->cells", "weight").unit == "mV"
    assert report.row("charges->cells", "weight").unit == "nA"
    assert report.resources["compartments"] == (20, 1024)
    row = compile_network(network_of(delivery="next_step"), dt=0.5).report.row("cells", "kicks")
    assert row.note == "in a compartment of its own: each neuron takes two compartments"


def test_an_image_keeps_both_receptors_in_its_file(tmp_path):
    image = compile_network(network_of(), dt=0.5)
    assert load_image(save_image(image, tmp_path / "image")) == image


@pytest.mark.parametrize("signs", [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)])
def test_there_is_room_for_kicks_and_current_together(signs):
    """All inputs at once, in the steps that are worst: nothing wraps, and no child is clipped."""
    size = 30
    source = SpikeInput(
        "source", size, np.tile(np.arange(size), 50), np.repeat(np.arange(50), size)
    )
    cells = Population("cells", 2, dataclasses.replace(MODEL, v_thresh=1e4, v_rest=-65.0))
    kicks, charge = (2.0 * signs[0], 0.2 * signs[1])
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[
            all_to_all(source, cells, weight=kicks, receptor="v", name="kicks"),
            all_to_all(source, cells, weight=charge, name="charges"),
        ],
    )
    for v_thresh in (1e4, np.inf):
        model = dataclasses.replace(cells.model, v_thresh=v_thresh)
        target = Population("cells", 2, model)
        links = [dataclasses.replace(item, target=target) for item in network.connections]
        part = Network(inputs=[source], populations=[target], connections=links)
        image = compile_network(part, dt=1.0)
        stimulus = Stimulus(60.0, (source,))
        chip = Emulator(image, strict=True).run(stimulus, record=["v"])
        v = simulate_reference(part, stimulus, 1.0, record=["v"]).trace("cells").values
        assert np.abs(v - v[0]).max() > 100
        assert np.abs(chip.trace("cells").values - v).max() < 0.01 * np.abs(v - v[0]).max()
        assert chip.counters["spikes"] == 0


def test_peaks_add_kicks_and_current():
    """One neuron whose sources spike in every step: 3 mV of kicks, and 0.5 nA."""
    source = PoissonInput("source", 1, rate=1.0)
    cells = Population("cells", 1, dataclasses.replace(MODEL, i_offset=0.1))
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[
            one_to_one(source, cells, weight=3.0, receptor="v", name="kicks"),
            one_to_one(source, cells, weight=0.5, name="charges"),
        ],
    )
    of = translate(network, LOIHI, 0.5, CompileOptions()).populations["cells"]
    peaks, (kick, current) = of.peaks, of.decays.receptors
    assert peaks.accumulator > 3.0 * kick.gain[0]
    assert peaks.current > 0.5 * current.gain[0] / (1 - current.keep_u[0]) / 10
    both = peaks.accumulator + abs(of.decays.bias[0])
    assert peaks.input > both
    # The child adds its u to its own v, of which 1 in 4096 is left after a step.
    assert peaks.voltage_high == pytest.approx(peaks.accumulator * 4096 / 4095)


def test_a_child_spikes_neither_where_the_threshold_register_is_narrow():
    """The threshold register ends at 2**15 LSB; the input of a step may reach 2**21."""
    chip = LOIHI.what_if(threshold_mantissa_bits=9)
    network = network_of(strength=20.0)
    image = compile_network(network, chip, dt=0.5)
    # The scale is this limit over this peak, so the quotient is 1 but for its last bit.
    assert image.report.scales[0].headroom("voltage_high") == pytest.approx(1, rel=1e-15)
    run = Emulator(image).run(draw_stimulus(network, 500.0, seed=1))
    assert run.counters["spikes"] == run.n_spikes > 0


# ---------------------------------------------------------------------------------- expectations


def test_the_expected_input_counts_each_receptor_by_itself():
    network = network_of()
    point = expect(network, CompileOptions()).points["cells"]
    of_v, of_i = point.charge
    weights = network.connections[0].weight
    post = network.connections[0].post
    sums = np.bincount(post, weights, minlength=10) * 0.2  # 200 Hz are 0.2 per ms
    np.testing.assert_allclose(of_v, sums)
    assert (of_i <= 20 * 0.03 * 0.1 + 1e-12).all()
    np.testing.assert_allclose(point.kick_rate, 20 * 0.2)
    squares = np.bincount(post, weights**2, minlength=10) / 20
    np.testing.assert_allclose(point.kick, np.sqrt(squares))


@pytest.mark.parametrize("strength", [1.0, 1.3])
def test_the_expected_rate_is_about_that_of_a_run(strength):
    network = network_of(size=40, strength=strength)
    predicted = float(expect(network, CompileOptions()).rates["cells"].mean())
    run = simulate_reference(network, draw_stimulus(network, 2000.0, seed=1), 0.1)
    assert run.rates("cells").mean() > 5
    assert predicted == pytest.approx(float(run.rates("cells").mean()), rel=0.2)


@pytest.mark.slow
def test_a_step_is_chosen_for_neurons_of_both_kinds():
    for strength in (1.0, 1.3):
        image = compile_network(network_of(strength=strength), dt="auto")
        assert 0.05 <= image.report.dt <= 1.0


@pytest.mark.slow
@pytest.mark.parametrize("drive", ["kicks", "both", "current"])
def test_the_kicks_that_are_kept_are_predicted_and_measured(drive):
    """They are the largest error of the registers: the registers of this step round little."""
    network, dt = hold_of_kicks.network_of(drive, 5.0), [0.5]
    predicted = choose_dt(network, candidates=dt).candidates[0].registers
    stimulus = draw_stimulus(network, 10_000.0, seed=1)
    measured = measure_dt(network, stimulus, candidates=dt).candidates[0].registers
    assert predicted > 0.001
    assert predicted == pytest.approx(measured, abs=0.005)


def test_the_compiler_leaves_other_populations_as_they_were():
    """Beside neurons with two receptors, a population has the registers that it has alone."""
    network = network_of()
    other = Population("other", 5, LIF(tau_m=20.0, v_thresh=-55.0))
    source = PoissonInput("source", 5, rate=100.0)
    link = one_to_one(source, other, weight=3.0)
    alone = Network(inputs=[source], populations=[other], connections=[link])
    both = Network(
        inputs=[*network.inputs, source],
        populations=[*network.populations, other],
        connections=[*network.connections, link],
    )
    registers = [
        translate(item, LOIHI, 0.5, CompileOptions()).compartments["other"].registers
        for item in (alone, both)
    ]
    for name, values in registers[0].items():
        assert np.array_equal(values, registers[1][name])


# ------------------------------------------------------------------------------------------ runs


def one_neuron(kicks, charges, delivery="after_threshold", **parameters):
    """A neuron with given kicks (times) of 20 mV and charges (times) of 1 nA."""
    model = LIF(v_rest=0.0, v_reset=0.0, v_thresh=15.0, tau_m=10.0, tau_syn=5.0, **parameters)
    cell = Population("cell", 1, model)
    first = SpikeInput("kicks", 1, np.zeros(len(kicks), int), kicks)
    second = SpikeInput("charges", 1, np.zeros(len(charges), int), charges)
    network = Network(
        inputs=[first, second],
        populations=[cell],
        connections=[
            one_to_one(first, cell, weight=20.0, receptor="v"),
            one_to_one(second, cell, weight=1.0),
        ],
        delivery=delivery,
    )
    return network, Stimulus(20.0, (first, second))


def spike_steps(network, stimulus, dt=1.0):
    """Return the spikes of the reference and of the chip."""
    reference = simulate_reference(network, stimulus, dt)
    chip = Emulator(compile_network(network, dt=dt)).run(stimulus)
    return reference.steps["cell"].tolist(), chip.steps["cell"].tolist()


def test_a_kick_decays_once_before_the_test_and_is_lost_while_the_neuron_is_refractory():
    network, stimulus = one_neuron([2.5, 4.5, 9.5], [], tau_refrac=3.0)
    # The kick of step 2 makes a spike in step 3; those of steps 3, 4 and 5 are lost.
    assert spike_steps(network, stimulus) == ([3, 10], [3, 10])


def test_the_reference_loses_kicks_until_the_last_refractory_step():
    for late, expected in ((4.5, [3]), (5.5, [3]), (6.5, [3, 7])):
        network, stimulus = one_neuron([2.5, late], [], tau_refrac=3.0)
        assert simulate_reference(network, stimulus, 1.0).steps["cell"].tolist() == expected


def test_the_current_acts_as_without_kicks():
    network, stimulus = one_neuron([2.5], [0.5, 0.5, 0.5, 0.5, 0.5, 0.5], tau_refrac=2.0)
    reference = simulate_reference(network, stimulus, 1.0, record=["v", "i_syn"])
    alone = simulate_reference(
        dataclasses.replace(network, connections=network.connections[1:]),
        stimulus,
        1.0,
        record=["i_syn"],
    )
    expected = alone.trace("cell", "i_syn").values
    np.testing.assert_array_equal(reference.trace("cell", "i_syn").values, expected)
    assert expected.max() > 1


@pytest.mark.parametrize(("tau_refrac", "late"), [(0.0, 3), (1.0, 3), (3.0, 5)])
def test_on_the_chip_a_kick_in_the_last_refractory_step_is_not_lost(tau_refrac, late):
    """In Brian2's order; without a refractory period this is the step of the spike.

    One step more of hold would lose it, and with it a step of the current after every spike.
    """
    network, stimulus = one_neuron([2.5, late + 0.5], [], tau_refrac=tau_refrac)
    assert spike_steps(network, stimulus) == ([3], [3, late + 1])
    before, stimulus = one_neuron([2.5, late - 0.5], [], tau_refrac=tau_refrac)
    if tau_refrac > 1:
        assert spike_steps(before, stimulus) == ([3], [3])
    after, stimulus = one_neuron([2.5, late + 1.5], [], tau_refrac=tau_refrac)
    assert spike_steps(after, stimulus) == ([3, late + 2], [3, late + 2])


@pytest.mark.parametrize("delivery", ["before_threshold", "next_step"])
def test_in_the_other_orders_of_events_the_chip_loses_the_kicks_that_the_reference_loses(delivery):
    for late in (3, 4, 5, 6, 7):
        network, stimulus = one_neuron([2.5, late + 0.5], [], delivery, tau_refrac=3.0)
        reference, chip = spike_steps(network, stimulus)
        assert reference == chip
        lost = late - 2 < 3  # three refractory steps after the first spike
        assert len(reference) == (1 if lost else 2)


@pytest.mark.parametrize("delivery", ["after_threshold", "before_threshold", "next_step"])
@pytest.mark.parametrize("dt", [0.1, 0.5])
def test_v_follows_the_reference(delivery, dt):
    """Far below the threshold, where no spike separates the runs."""
    network = network_of(dataclasses.replace(MODEL, v_thresh=-20.0), delivery=delivery)
    stimulus = draw_stimulus(network, 500.0, seed=1)
    chip = Emulator(compile_network(network, dt=dt), strict=True).run(stimulus, record=["v"])
    v = simulate_reference(network, stimulus, dt, record=["v"]).trace("cells").values
    assert v.std() > 1
    assert np.sqrt(np.mean((chip.trace("cells").values - v) ** 2)) < 0.03 * v.std()


@pytest.mark.parametrize("delivery", ["after_threshold", "next_step"])
@pytest.mark.parametrize("tau_refrac", [0.0, 0.75, 2.0])
def test_the_model_of_attribution_leaves_nothing_unexplained(tau_refrac, delivery):
    network = network_of(dataclasses.replace(MODEL, tau_refrac=tau_refrac), delivery=delivery)
    found = attribute(network, draw_stimulus(network, 300.0, seed=1), dt=0.5)
    assert found.total("cells").ideal > 5
    assert found.effect("cells", "unexplained").alone == 0
    assert found.effect("cells", "unexplained", "spike_times").alone == 0
    assert abs(found.effect("cells", "unexplained", "v_rmse").alone) < 1e-9
    hold = found.effect("cells", "refractory register", "v_rmse")
    assert (hold.alone != 0) == (delivery == "after_threshold")


@pytest.mark.parametrize("cores", [20, 6])
def test_the_current_of_each_receptor_is_recorded(cores):
    """The kicks of a step, and the current that all kicks leave unchanged."""
    network, stimulus = one_neuron([2.5, 7.5], [1.5], tau_refrac=1.0)
    image = compile_network(network, LOIHI.what_if(compartments=cores), dt=1.0, gain="impulse")
    run = Emulator(image).run(stimulus, record=["u", "u_child", "v"])
    kicks, current = run.trace("cell", "u_child").values[:, 0], run.trace("cell", "u").values[:, 0]
    a = np.exp(-1 / 10.0)
    assert np.flatnonzero(kicks).tolist() == [3, 8]
    np.testing.assert_allclose(kicks[[3, 8]], 20.0 * a, rtol=0.005)
    assert current[2] > 0
    np.testing.assert_allclose(current[3:8] / current[2:7], np.exp(-1 / 5.0), rtol=0.001)


def test_only_neurons_of_two_receptors_have_a_child_to_record():
    network = network_of()
    jumps, source = Population("jumps", 3), network.inputs[0]
    link = all_to_all(source, jumps, weight=0.1)
    both = Network(
        inputs=network.inputs,
        populations=[*network.populations, jumps],
        connections=[*network.connections, link],
    )
    stimulus = draw_stimulus(both, 10.0, seed=1)
    run = Emulator(compile_network(both, dt=0.5)).run(stimulus, record=["u_child"])
    assert list(run.traces) == [("cells", "u_child")]
    only = Network(inputs=[source], populations=[jumps], connections=[link])
    emulator = Emulator(compile_network(only, dt=0.5))
    stimulus = draw_stimulus(only, 10.0, seed=1)
    for record, expected in (
        (["u_child"], "record: no population has 'u_child', all have one receptor; record 'u'."),
        (
            [Probe("u_child", "jumps")],
            "record: 'jumps' has one receptor and no 'u_child'; record 'u'.",
        ),
        ([Probe("u_child", "none")], "record: no population 'none'; there are 'jumps'."),
    ):
        with pytest.raises(RecordingError) as caught:
            emulator.run(stimulus, record=record)
        assert str(caught.value) == expected


def test_threads_share_neurons_of_two_receptors():
    network = network_of(size=100)
    stimulus = draw_stimulus(network, 200.0, seed=1)
    one, two = (simulate_reference(network, stimulus, 0.1, record=["v"], threads=n) for n in (1, 2))
    assert one == two
    assert one.n_spikes > 50


def test_a_connection_may_be_made_by_hand():
    source, cells = PoissonInput("source", 2, rate=1.0), Population("cells", 2, MODEL)
    made = Connection(
        "wires", source, cells, np.array([0, 1, 2]), np.array([0, 1]), 1.0, 0.0, receptor="v"
    )
    assert made == one_to_one(source, cells, weight=1.0, receptor="v", name="wires")
