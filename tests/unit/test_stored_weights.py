"""Stored weights tell the meaning of the registers, in the units and order of a connection."""

from __future__ import annotations

import re

import numpy as np
import pytest

from neurochip import (
    LIF,
    LOIHI2,
    STDP,
    Emulator,
    Network,
    Normal,
    PoissonInput,
    Population,
    SpikeInput,
    Stimulus,
    Uniform,
    all_to_all,
    compile_network,
    convolution,
    draw_stimulus,
    fixed_indegree,
    fixed_total_number,
    from_arrays,
    one_to_one,
    stored_weights,
)
from neurochip.errors import ImageError

DT = 0.5
SOURCE = PoissonInput("source", 30, rate=20.0)
RULE = STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.05, a_minus=0.05, w_max=1.0)
KICKED = LIF(tau_m=15.0)
DRIVEN = LIF(tau_m=15.0, cm=0.25, tau_syn=5.0)
TWO = LIF(tau_m=15.0, cm=0.25, tau_syn_E=3.0, tau_syn_I=8.0)


def connected(model, weight, **options):
    """Return a network whose only connection has these weights."""
    cells = Population("cells", 20, model)
    link = fixed_indegree(SOURCE, cells, 10, weight=weight, seed=3, **options)
    return Network(inputs=[SOURCE], populations=[cells], connections=[link])


def of(network, image=None):
    """Return the stored weights of the only connection, and those that were asked."""
    (link,) = network.connections
    image = compile_network(network, dt=DT) if image is None else image
    stored = stored_weights(network, image)
    assert list(stored) == [link.name]
    return stored[link.name], np.broadcast_to(link.weight, (link.n_synapses,))


@pytest.mark.parametrize(
    ("model", "weight"),
    [
        (KICKED, Normal(0.5, 0.2)),
        (DRIVEN, Normal(-0.05, 0.02, high=0.0)),
        (TWO, Normal(0.0, 0.03)),
        (LIF(tau_m=np.linspace(10.0, 20.0, 20)), Normal(0.5, 0.2)),
        (KICKED, 0.7),
    ],
    ids=["kicks", "currents", "both signs on two currents", "scales per neuron", "one weight"],
)
def test_a_stored_weight_is_within_a_step_of_what_was_asked(model, weight):
    network = connected(model, weight)
    stored, asked = of(network)
    assert stored.dtype == np.float64
    assert stored.shape == asked.shape
    step = np.abs(asked).max() / 100  # 8 bits, one of which may be the sign
    assert np.abs(stored - asked).max() < step


def test_stored_weights_are_the_span_of_the_compile_report():
    network = connected(DRIVEN, Normal(0.05, 0.02))
    image = compile_network(network, dt=DT)
    meant = image.report.row("source->cells", "weight").meant
    stored, _ = of(network, image)
    assert stored.min() == pytest.approx(meant.low, rel=1e-12)
    assert stored.max() == pytest.approx(meant.high, rel=1e-12)


def test_the_first_spike_moves_v_by_the_stored_weight():
    cells = Population("cells", 4, LIF(tau_m=np.inf, v_thresh=np.inf, v_rest=-65.0))
    source = SpikeInput("source", 4, [], [], expected_rate=10.0)
    link = one_to_one(source, cells, weight=[0.313, 0.5, 0.77, 1.1])
    network = Network(inputs=[source], populations=[cells], connections=[link])
    image = compile_network(network, dt=DT)
    stimulus = Stimulus(10.0, [SpikeInput("source", 4, [0, 1, 2, 3], [1.0] * 4)])
    run = Emulator(image, threads=1).run(stimulus, record=["v"])
    moved = np.ptp(run.trace("cells", "v").values, axis=0)
    stored, _ = of(network, image)
    assert moved == pytest.approx(stored, rel=1e-9)


@pytest.mark.parametrize("placement", ["sequential", "greedy"])
def test_stored_weights_are_in_the_order_of_the_connection_wherever_neurons_are(placement):
    cells, others = Population("cells", 40, KICKED), Population("others", 30, KICKED)
    rng = np.random.default_rng(1)
    pre, post = rng.integers(0, 40, 300), rng.integers(0, 30, 300)
    links = [
        from_arrays(cells, others, pre, post, weight=rng.uniform(0.1, 1.0, 300)),
        fixed_total_number(others, cells, 400, weight=Uniform(0.1, 1.0), seed=2),
        all_to_all(SOURCE, cells, weight=Uniform(0.1, 1.0), seed=3),
    ]
    network = Network(inputs=[SOURCE], populations=[cells, others], connections=links)
    stored = stored_weights(network, compile_network(network, dt=DT, placement=placement))
    assert list(stored) == [item.name for item in links]
    for link in links:
        assert np.abs(stored[link.name] - link.weight).max() < 0.01


def test_synapses_with_a_shared_kernel_have_its_stored_weights():
    source = PoissonInput("source", 25, rate=20.0)
    cells = Population("cells", 18, KICKED)
    kernel = np.linspace(0.1, 0.9, 18).reshape(2, 1, 3, 3)
    link = convolution(source, cells, kernel, (1, 5, 5))
    network = Network(inputs=[source], populations=[cells], connections=[link])
    stored, asked = of(network, compile_network(network, LOIHI2, dt=DT))
    assert np.abs(stored - asked).max() < 0.01
    assert len(np.unique(stored)) == 18


def test_a_connection_that_learns_has_its_start_weights_and_then_those_that_it_learned():
    network = connected(LIF(tau_m=15.0, v_thresh=-64.0), Uniform(0.2, 0.8), plasticity=RULE)
    runner = Emulator(compile_network(network, dt=1.0), threads=1)
    started, asked = of(network, runner.image)
    assert np.abs(started - asked).max() < 0.02
    assert np.array_equal(started, runner.weights("source->cells"))
    runner.run(draw_stimulus(network, 300.0, seed=1))
    learned, _ = of(network, runner.learned_image())
    assert np.array_equal(learned, runner.weights("source->cells"))
    assert not np.array_equal(learned, started)


def test_an_image_without_units_or_of_another_network_is_refused():
    network = connected(KICKED, 0.5)
    image = compile_network(network, dt=DT)
    whole = "pass the network that it was compiled from."

    def refused(message, *arguments):
        with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
            stored_weights(*arguments)

    refused(
        "image: it has no symbols, so no units; use the image as compiled.",
        network,
        image.without_symbols(),
    )
    cells, few = network.populations[0], PoissonInput("source", 5, rate=20.0)
    named = all_to_all(SOURCE, cells, weight=0.5, name="named")
    refused(
        f"image: holds connections 'source->cells'; {whole}",
        Network(inputs=[SOURCE], populations=[cells], connections=[named]),
        image,
    )
    smaller = all_to_all(few, cells, weight=0.5)
    refused(
        f"image: holds populations and inputs 'cells' (20), 'source' (30); {whole}",
        Network(inputs=[few], populations=[cells], connections=[smaller]),
        image,
    )
    other = all_to_all(SOURCE, cells, weight=0.5)
    refused(
        f"image: the synapses of connection 'source->cells' are not those of the network; {whole}",
        Network(inputs=[SOURCE], populations=[cells], connections=[other]),
        image,
    )
    refused("image: image = None; allowed: a ChipImage.", network, None)
