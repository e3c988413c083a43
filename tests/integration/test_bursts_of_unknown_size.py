"""Layers behind bursts whose size cannot be predicted have all the room that weights leave."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip import (
    LIF,
    LOIHI2,
    Emulator,
    Network,
    PoissonInput,
    Population,
    SpikeInput,
    Stimulus,
    all_to_all,
    compile_network,
    from_arrays,
    simulate_reference,
)

STEPS = 30
WARNING = (
    "how many spikes it sends at once is not known, so its targets have all the room that their "
    "weights leave; if a run overflows, pass a float run as activity, or raise assumed_rate or "
    "headroom"
)


def dense(source, target, weight):
    pre, post = np.indices((source.size, target.size)).reshape(2, -1)
    return from_arrays(source, target, pre, post, weight=weight.ravel())


def trained(spikes_per_step="many", v_min=-1.0):
    """Three layers as training makes them: weights follow the few neurons that are active.

    4 of 32 neurons of the first layer respond to the input, and drive the second layer. If all 32
    had the mean rate of the layer, which is what the compiler predicts, it would be silent.
    """
    soft = {"reset": "subtract", "spikes_per_step": spikes_per_step, "v_min": v_min}
    neurons = LIF(tau_m=np.inf, v_rest=0.0, v_reset=0.0, v_thresh=1.0, **soft)
    sizes = {"first": 32, "second": 32, "third": 10}
    first, second, third = (Population(name, size, neurons) for name, size in sizes.items())
    rng, active = np.random.default_rng(1), np.arange(32) < 4
    step, source_of = np.nonzero(rng.random((STEPS, 20)) < 0.5)
    source = SpikeInput("source", 20, source_of, step.astype(float))
    into = np.where(active, 1.0, -0.5) * rng.uniform(0.2, 1.0, (20, 32))
    onto = np.where(active, 0.6, -0.6)[:, None] * rng.uniform(0.5, 1.0, (32, 32))
    last = rng.uniform(-0.1, 0.1, (32, 10)) + np.where(np.arange(10) == 3, 0.2, 0.0)
    layers = [(source, first, into), (first, second, onto), (second, third, last)]
    network = Network(
        populations=[first, second, third],
        inputs=[source],
        connections=[dense(*item) for item in layers],
    )
    return network, Stimulus(float(STEPS), (source,))


def scale_of(image, name):
    (row,) = (row for row in image.report.scales if row.owner == name)
    return row


def warnings_of(image):
    return {row.owner: row.warning for row in image.report.rates}


def test_the_last_layer_has_the_spikes_of_float64_with_default_options():
    """With room for the predicted bursts, one neuron had 862 of 2,100 spikes, after 13 wraps."""
    network, stimulus = trained()
    exact = simulate_reference(network, stimulus, 1.0)
    image = compile_network(network, LOIHI2, 1.0)
    (predicted,) = (row.assumed.high for row in image.report.rates if row.owner == "second")
    assert exact.rates("second").min() > 100 * predicted
    run = Emulator(image, strict=True).run(stimulus)  # strict: an overflow is an error
    assert exact.counts("third").max() == 2100
    np.testing.assert_allclose(run.counts("third"), exact.counts("third"), rtol=0.02, atol=2)


def test_the_room_is_all_that_the_weights_leave_which_keep_their_levels():
    network, _ = trained()
    row = scale_of(compile_network(network, LOIHI2, 1.0), "third")
    assert row.binding == "room for bursts"
    largest = float(np.abs(network.connections[2].weight).max())
    assert largest * row.lsb_per_mv.mean == pytest.approx(127 * 64, rel=0.05)


@pytest.mark.parametrize("beside", ["first", "quiet"])
def test_a_connection_of_smaller_weights_bounds_the_room_by_64_steps(beside):
    network, _ = trained()
    inputs = [*network.inputs, PoissonInput("quiet", 10, rate=1.0)]
    third, *sources = (network.population("third"), network.population("first"), inputs[1])
    (source,) = (item for item in sources if item.name == beside)
    connections = [*network.connections, all_to_all(source, third, weight=0.06)]
    network = Network(populations=network.populations, inputs=inputs, connections=connections)
    row = scale_of(compile_network(network, LOIHI2, 1.0), "third")
    assert row.binding == "room for bursts"
    # The scale of the smallest error is within an octave below the bound.
    assert 32 <= 0.06 * row.lsb_per_mv.mean / 64 <= 64


def test_the_report_says_whose_bursts_are_assumed_and_which_arguments_state_them():
    network, stimulus = trained()
    found = warnings_of(compile_network(network, LOIHI2, 1.0))
    assert found == {"first": WARNING, "second": WARNING, "third": "", "source": ""}
    exact = simulate_reference(network, stimulus, 1.0)
    counted = compile_network(network, LOIHI2, 1.0, activity=exact)
    assert not any(warnings_of(counted).values())
    assert scale_of(counted, "third").binding.startswith("peak of")


def test_bursts_that_were_counted_leave_weights_their_levels_though_v_falls_far():
    """Without a leak or a lowest v, room for all inhibition left 1 of 127 levels of weight."""
    network, stimulus = trained(v_min=None)
    exact = simulate_reference(network, stimulus, 1.0)
    image = compile_network(network, LOIHI2, 1.0, activity=exact)
    assert scale_of(image, "third").headroom("voltage_low") < 0.1  # clipped, if it came to that
    run = Emulator(image, strict=True).run(stimulus)
    np.testing.assert_allclose(run.counts("third"), exact.counts("third"), rtol=0.03, atol=4)


def test_neurons_of_one_spike_a_step_need_no_such_room():
    image = compile_network(trained("one")[0], LOIHI2, 1.0)
    assert not any(warnings_of(image).values())
    assert not any(row.binding == "room for bursts" for row in image.report.scales)
