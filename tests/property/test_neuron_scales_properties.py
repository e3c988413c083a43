"""Random populations whose neurons differ in any parameter, compiled with scales of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from against_oracle import assert_image_equals_oracle
from checker import broken_limits
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip import (
    LIF,
    LOIHI,
    Emulator,
    Network,
    PoissonInput,
    Population,
    Uniform,
    compile_network,
    draw_stimulus,
    fixed_probability,
    from_arrays,
    simulate_reference,
)
from neurochip.chip.registers import decode_threshold

pytestmark = [
    pytest.mark.slow,
    # Random values may look like those of another unit.
    pytest.mark.filterwarnings("ignore::neurochip.errors.UnitWarning"),
]

FINE = LOIHI.what_if(
    name="fine",
    state_bits=28,
    accumulator_bits=22,
    decay_bits=15,
    threshold_mantissa_bits=24,
    threshold_shift=3,
    bias_mantissa_bits=24,
    weight_mantissa_bits=13,
    weight_exponent_max=2,
    vmin_exponent_max=27,
    vmax_exponent_max=9,
)
"""Registers so wide that only shared thresholds could show."""

SPREADS = {
    "i_offset": (-0.05, 0.2),
    "v_thresh": (-55.0, -45.0),
    "v_reset": (-70.0, -60.0),
    "tau_m": (10.0, 30.0),
    "tau_refrac": (0.0, 5.0),
    "v_init": (-80.0, -56.0),
}
SYNAPSES = (({}, 1.0), ({"tau_syn": 5.0}, 0.3), ({"tau_syn_E": 5.0, "tau_syn_I": 9.0}, 0.3))
STEPS = 25


@st.composite
def networks(draw):
    """One population with one to six parameters of each neuron's own, driven by Poisson sources."""
    size = draw(st.integers(6, 60))
    spread = draw(st.sets(st.sampled_from(sorted(SPREADS)), min_size=1))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    own = {name: rng.uniform(*SPREADS[name], size) for name in sorted(spread)}
    synapses, unit = draw(st.sampled_from(SYNAPSES))
    lif = LIF(**{"tau_m": 20.0, "v_rest": -65.0, "v_reset": -65.0, **own}, **synapses)
    weights = [draw(st.sampled_from([unit, Uniform(0.1 * unit, unit)])), -0.3 * unit]
    source, cells = PoissonInput("source", 30, rate=50.0), Population("cells", size, lif)
    links = [
        fixed_probability(source, cells, 0.4, weight=weight, seed=1, name=f"link {number}")
        for number, weight in enumerate(weights)
    ]
    if "tau_syn" in synapses and draw(st.booleans()):
        links[1] = fixed_probability(
            source, cells, 0.4, weight=0.5, seed=1, name="link 1", receptor="v"
        )
    return Network(inputs=[source], populations=[cells], connections=links)


def permuted(network, order):
    """The same network with the neurons of its population in another order."""
    (source,), (cells,) = network.inputs, network.populations
    own = {
        name: value[order]
        for name in SPREADS
        if isinstance(value := getattr(cells.model, name), np.ndarray)
    }
    moved = Population("cells", cells.size, replace(cells.model, **own))
    links = [
        from_arrays(
            source,
            moved,
            link.pre,
            np.argsort(order)[link.post],
            weight=np.broadcast_to(link.weight, link.post.shape),
            name=link.name,
            receptor=link.receptor,
        )
        for link in network.connections
    ]
    return Network(inputs=[source], populations=[moved], connections=links)


def synapses_of(image, group, symbol):
    """Mantissas onto each neuron by source, shape (size, n_inputs)."""
    table = np.zeros((image.n_compartments, image.n_inputs), dtype=int)
    pre = np.repeat(np.arange(image.n_inputs), np.diff(group.indptr))
    table[group.target, pre] = group.mantissa
    (receptor,) = (ids for ids in symbol.currents if np.isin(group.target, ids).all())
    return table[receptor]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(networks(), st.sampled_from([LOIHI, FINE, LOIHI.what_if(threshold_profiles=2)]))
def test_thresholds_share_half_the_registers_of_a_core_and_are_exact(network, chip):
    image = compile_network(network, chip)
    assert broken_limits(image) == []
    (symbol,) = image.symbols.populations
    registers = image.compartments.threshold_mantissa[symbol.compartment_ids]
    assert len(np.unique(registers)) <= chip.core.threshold_profiles // 2
    if np.ptp(symbol.mv_per_lsb) > 0:
        meant = symbol.origin + symbol.to_mv(decode_threshold(registers, chip.core))
        wanted = network.populations[0].parameter("v_thresh")
        assert np.abs(meant - wanted).max() < 1e-9


@settings(max_examples=10, deadline=None, derandomize=True)
@given(networks())
def test_the_emulator_equals_the_oracle(network):
    image = compile_network(network, dt=0.5)
    rng = np.random.default_rng(1)
    spikes = np.unique(rng.integers(0, (STEPS, image.n_inputs), (100, 2)), axis=0)
    assert_image_equals_oracle(image, spikes, STEPS)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(networks())
def test_with_fine_registers_a_run_is_that_of_the_reference(network):
    stimulus = draw_stimulus(network, 300.0, seed=1)
    wanted = simulate_reference(network, stimulus, 0.1, record="v")
    got = Emulator(compile_network(network, FINE)).run(stimulus, record="v")
    ours, theirs = (run.counts("cells") for run in (got, wanted))
    off = np.abs(got.trace("cells").values - wanted.trace("cells").values)
    assert np.abs(ours - theirs).max() <= 1
    assert np.median(off) < 0.02  # mV; the decay of v has 15 bits


@settings(max_examples=60, deadline=None, derandomize=True)
@given(networks(), st.integers(0, 2**32))
def test_neurons_in_another_order_have_the_same_registers_in_that_order(network, seed):
    order = np.random.default_rng(seed).permutation(network.populations[0].size)
    one, other = compile_network(network), compile_network(permuted(network, order))
    (before,), (after,) = one.symbols.populations, other.symbols.populations
    assert np.array_equal(before.mv_per_lsb[order], after.mv_per_lsb)
    for name in ("threshold_mantissa", "bias_mantissa", "bias_exponent", "decay_v", "v_init"):
        values = getattr(one.compartments, name)[before.compartment_ids]
        moved = getattr(other.compartments, name)[after.compartment_ids]
        assert np.array_equal(values[order], moved), name
    for here, there in zip(one.synapses, other.synapses, strict=True):
        values, moved = synapses_of(one, here, before), synapses_of(other, there, after)
        assert np.array_equal(values[order], moved)
