"""Neurons of two compartments: where they lie, what their synapses drive, what is reported."""

from __future__ import annotations

import numpy as np
import pytest

from compiler import CompileError, compile_network
from compiler.synapses.projections import project
from neurochip import (
    LIF,
    LOIHI,
    Network,
    Normal,
    PoissonInput,
    Population,
    Probe,
    Uniform,
    all_to_all,
    draw_stimulus,
    fixed_probability,
    one_to_one,
)
from neurochip.chip.registers import decode_weights
from neurochip.emulator import Emulator
from neurochip.errors import ChipOverflowError
from neurochip.image.files import load_image, save_image
from neurochip.reference import simulate_reference

SINGLE = {"tau_m": 10.0, "cm": 0.25, "v_thresh": -55.0, "tau_refrac": 2.0}
TWO = LIF(**SINGLE, tau_syn_E=2.0, tau_syn_I=8.0)


def mixed(size=10, model=TWO, strength=1.0):
    """A delta population, one with two currents, and synapses of both signs."""
    source, first = PoissonInput("source", size, rate=900.0), Population("first", 3)
    cells = Population("cells", size, model)
    both = Normal(0.1 * strength, 0.2 * strength)
    return Network(
        inputs=[source],
        populations=[first, cells],
        connections=[
            all_to_all(source, cells, weight=both, delay=Uniform(0, 3), seed=1),
            one_to_one(source, cells, weight=0.4 * strength),
            one_to_one(cells, cells, weight=-0.2, delay=1.0),
            fixed_probability(cells, first, 0.5, weight=2.0, seed=2),
        ],
    )


def test_pairs_come_first_and_the_symbols_name_the_parents():
    image = compile_network(mixed(), dt=0.5)
    first, cells = image.symbols.populations
    assert cells.compartment_ids.tolist() == list(range(1, 20, 2))
    assert first.compartment_ids.tolist() == [20, 21, 22]
    assert image.compartments.join.tolist() == [0, 1] * 10 + [0] * 3


def test_a_child_is_quiet():
    registers = compile_network(mixed(), dt=0.5).compartments
    children = slice(0, 20, 2)
    for name, value in {
        "threshold_mantissa": 131071,
        "bias_mantissa": 0,
        "bias_exponent": 0,
        "refractory": 1,
        "v_init": 0,
        "decay_v": 4095,
    }.items():
        assert set(getattr(registers, name)[children].tolist()) == {value}
    # 4096 (1 - exp(-0.5 / 8)) = 248.2 and 4096 (1 - exp(-0.5 / 2)) = 906.0, and one less.
    assert set(registers.decay_u[children].tolist()) == {247}
    assert set(registers.decay_u[1:20:2].tolist()) == {905}


def test_each_synapse_drives_the_compartment_of_its_sign_with_its_own_gain():
    network = mixed()
    image = compile_network(network, dt=0.5, gain="impulse")
    (connection, *_), lsb = network.connections, 1 / image.symbols.populations[1].mv_per_lsb[0]
    a, found = np.exp(-0.5 / 10.0), {}
    for group in image.synapses[:2]:
        weights = decode_weights(group.mantissa, group.format, LOIHI.core) / lsb
        pre = np.repeat(np.arange(10), np.diff(group.indptr))
        for k in range(group.n_synapses):
            target, receptor = divmod(int(group.target[k]), 2)
            found[int(pre[k]), target] = (receptor, weights[k], int(group.delay[k]))
    assert len(found) == connection.n_synapses == 100
    assert 10 < sum(receptor for receptor, _, _ in found.values()) < 90
    for pre, post, w, d in zip(
        connection.pre.tolist(), connection.post.tolist(), connection.weight, connection.delay,
        strict=True,
    ):  # fmt: skip
        receptor, got, delay = found[pre, post]
        assert receptor == int(w >= 0)
        tau = 2.0 if w >= 0 else 8.0
        gain = 40.0 * tau / (10.0 - tau) * (a - np.exp(-0.5 / tau))
        # One step of 255 mantissas, of the largest weight of about 0.7 nA.
        assert abs(got / gain - w) < 0.003
        assert delay == int(d / 0.5 + 0.5)


def test_a_connection_of_one_sign_is_not_copied():
    network = mixed()
    projections = project(network)
    assert [(p.receptor, p.sign) for p in projections] == [(1, 1), (0, -1), (1, 0), (0, 0), (0, 0)]
    whole = zip(projections[2:], network.connections[1:], strict=True)
    assert all(item.connection is connection for item, connection in whole)
    assert sum(p.connection.n_synapses for p in projections[:2]) == 100


@pytest.mark.parametrize("weight", [0.0, -0.0])
def test_weights_of_zero_are_excitatory(weight):
    source, cells = PoissonInput("source", 2, rate=1.0), Population("cells", 2, TWO)
    connection = all_to_all(source, cells, weight=weight)
    network = Network(inputs=[source], populations=[cells], connections=[connection])
    assert [(p.receptor, p.sign) for p in project(network)] == [(1, 0)]
    compile_network(network, dt=0.5)


def test_equal_time_constants_take_one_compartment():
    one = compile_network(mixed(model=LIF(**SINGLE, tau_syn=5.0)), dt=0.5)
    same = compile_network(mixed(model=LIF(**SINGLE, tau_syn_E=5.0, tau_syn_I=5.0)), dt=0.5)
    assert one.digest() == same.digest()
    assert same.report.row("cells", "tau_syn_E").registers["decay_u"].mean == 389


def test_the_report_says_what_two_time_constants_cost():
    report = compile_network(mixed(), dt=0.5).report
    row = report.row("cells", "tau_syn_I")
    assert row.note == "in a compartment of its own: each neuron takes two compartments"
    assert row.asked.mean == 8.0
    assert row.meant.mean == pytest.approx(8.0, rel=0.002)
    assert report.row("cells", "tau_syn_E").meant.mean == pytest.approx(2.0, rel=0.002)
    assert report.resources["compartments"] == (23, 1024)
    shown = [r.parameter for r in report.rows if r.kind == "connection"]
    assert shown == ["weight > 0", "weight < 0", "delay", *["weight", "delay"] * 3]
    assert report.row("source->cells", "weight > 0").asked.low >= 0
    assert report.row("source->cells", "weight < 0").asked.high < 0


@pytest.mark.parametrize("size", [2, 5, 7, 8])
def test_cores_are_cut_between_pairs_and_the_spikes_stay_the_same(size, tmp_path):
    network = mixed(size=20)
    stimulus = draw_stimulus(network, 300.0, seed=1)
    whole = compile_network(network, dt=0.5)
    expected = Emulator(whole).run(stimulus, record=["v", Probe("u", "cells")])
    assert min(expected.counts("cells").sum(), expected.counts("first").sum()) > 10
    chip = LOIHI.what_if(compartments=size, cores=100)
    image = compile_network(network, chip, 0.5)
    assert image.n_cores >= 43 // size
    assert all(cut % 2 == 0 for cut in image.core_ptr if cut <= 40)
    loaded = load_image(save_image(image, tmp_path / "image"))
    assert loaded == image
    got = Emulator(loaded).run(stimulus, record=["v", Probe("u", "cells")])
    for name in ("first", "cells"):
        assert np.array_equal(got.steps[name], expected.steps[name])
        assert np.array_equal(got.ids[name], expected.ids[name])
        assert np.array_equal(got.trace(name).values, expected.trace(name).values)
    assert got.counters == expected.counters


def test_v_follows_the_reference_and_no_child_spikes_or_is_clipped():
    network = mixed(strength=0.05)
    stimulus = draw_stimulus(network, 1000.0, seed=1)
    chip = Emulator(compile_network(network, dt=0.5), strict=True).run(
        stimulus, record=["v", Probe("u", "cells")]
    )
    reference = simulate_reference(network, stimulus, 0.5, record=["v"])
    v = reference.trace("cells").values
    error = chip.trace("cells").values - v
    assert v.std() > 1
    assert np.sqrt(np.mean(error**2)) < 0.02 * v.std()
    assert chip.n_spikes == chip.counters["spikes"] == 0
    # The register of a parent: the excitatory current alone.
    assert chip.trace("cells", "u").values.min() >= 0


def test_a_core_must_hold_a_pair():
    with pytest.raises(CompileError) as caught:
        compile_network(mixed(), LOIHI.what_if(compartments=1, cores=200), 0.5)
    assert str(caught.value) == (
        "population 'cells': neuron 0 alone needs 2 compartments of a core; allowed: 1. Make the "
        "network fit (shorten its delays), or compile for a chip that has more with "
        "chip.what_if(...)."
    )


@pytest.mark.parametrize("name", ["tau_syn_E", "tau_syn_I"])
def test_a_time_constant_without_a_decay_is_named(name):
    taus = {"tau_syn_E": 5.0, "tau_syn_I": 6.0, name: 1000.0}
    with pytest.raises(CompileError) as caught:
        compile_network(mixed(model=LIF(**SINGLE, **taus)), dt=0.1)
    assert str(caught.value).startswith(
        f"population 'cells': {name}[0] = 1000 ms is a decay of 0.41 in 4096 per step of 0.1 ms"
    )


def test_an_overflow_of_a_child_is_told_as_its_neuron_s():
    cells = Population("cells", 3, TWO)
    source = PoissonInput("source", 1, rate=1.0)
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[all_to_all(source, cells, weight=-5.0)],
    )
    image = compile_network(network, dt=0.5)
    many = np.zeros(3000, dtype=int)
    with pytest.raises(ChipOverflowError, match=r"the child of neuron 0 of 'cells': at 0\.5 ms"):
        Emulator(image, strict=True).run_steps(5, many, many)


@pytest.mark.parametrize("decay_bits", [4, 6, 12])
def test_there_is_room_for_the_v_of_a_child_where_it_decays_slowly(decay_bits):
    """With 4 bits its v is up to 16/15 of its u."""
    chip = LOIHI.what_if(decay_bits=decay_bits)
    network = mixed(model=LIF(tau_m=4.0, cm=0.25, tau_syn_E=2.0, tau_syn_I=4.0), strength=0.5)
    image = compile_network(network, chip, dt=1.0)
    assert all(row.headroom("voltage_low") >= 1 for row in image.report.scales)
    recording = Emulator(image).run(draw_stimulus(network, 500.0, seed=1))
    assert recording.n_spikes > 0
    overflows = {k: n for k, n in recording.counters.items() if "wraps" in k or "clips" in k}
    assert not any(overflows.values()), overflows
