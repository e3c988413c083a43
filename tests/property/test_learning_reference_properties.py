"""Random networks that learn in the reference, against the definition of STDP, by synapse."""

from __future__ import annotations

import numpy as np
import pytest
from stdp_oracle import learned_weights

from neurochip import (
    LIF,
    STDP,
    Network,
    Population,
    Reference,
    Reward,
    RewardModulation,
    SpikeInput,
    Stimulus,
    Triplet,
    WeightProbe,
    from_arrays,
)

pytestmark = pytest.mark.slow

CLOSE = 1e-11  # of w_max: rewards amplify the last bits


def random_rule(rng, unit, size, dt):
    """A rule with any bounds, perhaps with triplets or a reward for all neurons or for each."""
    soft = bool(rng.random() < 0.4)
    low = 0.0 if soft else -0.1

    def amplitude():
        return float(rng.uniform(low, 0.2)) * unit

    triplet = reward = None
    if rng.random() < 0.4:
        triplet = Triplet(*rng.uniform(20.0, 120.0, 2), amplitude(), amplitude())
    if rng.random() < 0.4:
        times = np.cumsum(rng.uniform(5.0, 30.0, 4))
        shape = (4, size) if rng.random() < 0.5 else 4
        interval = int(rng.choice([1, 3, 8])) * dt
        changes = Reward(times, rng.uniform(-0.3, 0.3, shape))
        reward = RewardModulation(changes, float(rng.uniform(20.0, 200.0)), interval)
    return STDP(
        *rng.uniform(5.0, 60.0, 2),
        amplitude(),
        amplitude(),
        unit,
        bounds="soft" if soft else "hard",
        triplet=triplet,
        reward=reward,
    )


def random_network(seed):
    """Two populations, two inputs, and 4 plastic connections with their own rules and delays."""
    rng = np.random.default_rng(seed)
    dt, duration = float(rng.choice([0.25, 0.5, 1.0])), 60.0
    inputs = [
        SpikeInput(
            name,
            size,
            rng.integers(0, size, 12 * size),
            dt * (np.sort(rng.integers(0, round(duration / dt), 12 * size)) + 0.5),
        )
        for name, size in (("first", 7), ("second", 5))
    ]
    kinds = [{}, {"tau_syn": 3.0}, {"tau_syn_E": 3.0, "tau_syn_I": 6.0}]
    cells = [
        Population(
            name,
            size,
            LIF(
                tau_m=10.0,
                v_rest=-70.0,
                v_reset=-70.0,
                v_thresh=-68.5,
                tau_refrac=float(rng.choice([0.0, 2.0])),
                **kinds[rng.integers(0, 3)],
            ),
        )
        for name, size in (("a", 6), ("b", 9))
    ]
    ends = [*inputs, *cells]
    connections = []
    for k in range(4):
        source = inputs[k] if k < 2 else ends[rng.integers(0, 4)]
        target = cells[k % 2]
        unit = 1.5 if target.model.delta_synapses else 0.15
        n = int(rng.integers(1, 50))
        pre, post = rng.integers(0, source.size, n), rng.integers(0, target.size, n)
        if rng.random() < 0.3:
            pre, post = np.divmod(np.arange(source.size * target.size), target.size)
        delay = rng.choice([0.0, 2 * dt, 7 * dt], len(pre)) if rng.random() < 0.5 else dt
        connections.append(
            from_arrays(
                source,
                target,
                pre,
                post,
                weight=rng.uniform(0.0, unit, len(pre)),
                delay=delay,
                plasticity=random_rule(rng, unit, target.size, dt),
                name=f"c{k}",
            )
        )
    delivery = str(rng.choice(["after_threshold", "before_threshold", "next_step"]))
    network = Network(populations=cells, inputs=inputs, connections=connections, delivery=delivery)
    return network, Stimulus(duration, tuple(inputs)), dt


@pytest.mark.parametrize("order", ["source", "chip"])
@pytest.mark.parametrize("seed", range(20))
def test_a_random_network_learns_by_the_definition(seed, order):
    network, stimulus, dt = random_network(seed)
    record = [WeightProbe(item.name) for item in network.connections]
    reference = Reference(network, dt, threads=1, learning_order=order)
    recording = reference.run(stimulus, record=record)
    assert recording.n_spikes > 20
    again = Reference(network, dt, threads=2, learning_order=order)
    for duration in (22.0, 38.0):
        part = again.run(stimulus, duration=duration, record=record)
    spikes = {name: (recording.steps[name], recording.ids[name]) for name in recording.populations}
    for item in stimulus.trains:
        spikes[item.name] = np.floor(item.times / dt).astype(int), item.ids
    for item in network.connections:
        found = recording.weights[item.name].values
        assert np.array_equal(part.weights[item.name].values, found[-round(38.0 / dt) :])
        steps, ids = spikes[item.source.name]
        late = np.broadcast_to(np.round(np.asarray(item.delay) / dt), item.n_synapses).astype(int)
        for k in range(0, item.n_synapses, 3):
            expected = learned_weights(
                item.plasticity,
                dt,
                recording.n_steps,
                item.weight[k],
                steps[ids == item.pre[k]] + late[k],
                spikes[item.target.name][0][spikes[item.target.name][1] == item.post[k]],
                post=item.post[k],
                at_once=order == "chip",
            )
            assert np.abs(found[:, k] - expected).max() < CLOSE * item.plasticity.w_max
