"""A compiled network that is written as a graph does in float64 what the chip does."""

from __future__ import annotations

import numpy as np
import pytest
from nir_graphs import (
    DT,
    chain,
    cuba,
    graph,
    integrator,
    lif,
    linear,
    nir,
    published,
    readout,
    recurrent,
    spikes,
)
from simulator_vectors import unpack

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    LOIHI2,
    Network,
    PoissonInput,
    Population,
    attribute,
    fixed_probability,
    with_stimulus,
)
from neurochip.emulator import Emulator
from neurochip.errors import FrontendError
from neurochip.frontends.nir import read_nir, write_nir
from neurochip.reference import simulate_reference

pytest.importorskip("h5py")

TRUNCATED = 0.02  # of the spikes that weights and registers change: what rounding of u and v does


def compiled(model, counts, chip=LOIHI, **options):
    """Return the image of a model, and its run on some spikes."""
    stimulus = model.stimulus(counts)
    image = compile_network(with_stimulus(model.network, stimulus), chip, dt=model.dt, **options)
    return image, Emulator(image).run(stimulus, record=["v"])


def exported(model, image, path):
    return read_nir(write_nir(model, path, image=image), model.dt / 1000)


def dense(model, run, name):
    return model.spikes(run, name).reshape(-1, model.network.population(name).size)


def assert_like_the_chip(model, counts, path, share=0.0, **options):
    """Compare every spike of the chip with float64 from the written file.

    Those that differ are at most a share of those that differ with the trained weights.
    """
    image, chip = compiled(model, counts, **options)
    again = exported(model, image, path)
    run = simulate_reference(again.network, again.stimulus(counts), again.dt, record=["v"])
    original = simulate_reference(model.network, model.stimulus(counts), model.dt)
    wrong = other = 0
    for item in model.network.populations:
        found = dense(model, chip, item.name)
        wrong += np.count_nonzero(found != dense(again, run, item.name))
        other += np.count_nonzero(found != dense(model, original, item.name))
    assert wrong <= share * other
    return image, again, chip, run, other


def test_a_network_without_a_leak_is_exactly_the_chip(tmp_path):
    rng = np.random.default_rng(4)
    nodes = [linear(rng.normal(0.1, 0.3, (20, 12)), rng.normal(0, 0.02, 20)), integrator((20,))]
    nodes += [linear(rng.normal(0.1, 0.3, (6, 20)), rng.normal(0, 0.02, 6)), integrator((6,))]
    model = read_nir(chain((12,), *nodes), DT, reset="value")
    chip = LOIHI.what_if(weight_mantissa_bits=4)
    *_, again, found, run, other = assert_like_the_chip(
        model, spikes((12,), 300), tmp_path / "a.nir", chip=chip
    )
    assert other > 100  # with 4 bits the chip is not the network that was trained
    for name in ("b", "d"):
        v, w = found.trace(name).values, run.trace(name).values
        assert np.abs(v - w).max() < 1e-9
    assert again.convention.integration == "euler"


@pytest.mark.parametrize(
    "neuron",
    [
        lambda shape: lif(shape, tau=20 * DT, r=1.0, v_leak=0.1),
        lambda shape: lif(shape, tau=20 * DT, r=20.0, v_reset=-0.2),
        lambda shape: cuba(shape, tau_syn=5 * DT, tau_mem=20 * DT, r=20.0, w_in=5.0),
        lambda shape: cuba(shape, tau_syn=DT, tau_mem=20 * DT, r=20.0),
    ],
    ids=["LIF with a resting level", "LIF with a low reset", "CubaLIF", "CubaLIF, tau_syn = dt"],
)
@pytest.mark.parametrize("convention", ["norse", "lava", "nengo"])
def test_a_network_with_leaks_differs_from_the_chip_by_truncation_only(
    tmp_path, neuron, convention
):
    rng = np.random.default_rng(5)
    scale = 20 / neuron((1,)).r[0]  # of weights, for neurons with another resistance
    nodes = [linear(scale * rng.normal(0.1, 0.4, (20, 12)), rng.normal(0, 0.05, 20))]
    nodes += [neuron((20,)), linear(scale * rng.normal(0.1, 0.4, (6, 20)), full_bias(rng, 6))]
    model = read_nir(chain((12,), *nodes, neuron((6,))), DT, reset="value", convention=convention)
    counts = spikes((12,), 300)
    image, again, chip, run, other = assert_like_the_chip(
        model,
        counts,
        tmp_path / "a.nir",
        share=TRUNCATED,
        chip=LOIHI.what_if(weight_mantissa_bits=4),
    )
    assert other > 20
    symbols = {item.name: item for item in image.symbols.populations}
    for name in ("b", "d"):
        lsb = symbols[name].mv_per_lsb.max()
        error = np.abs(chip.trace(name).values - run.trace(name).values)
        assert np.median(error) < 30 * lsb
    assert again.outputs == model.outputs


def full_bias(rng, size):
    return rng.normal(0, 0.05, size)


def test_v_that_lies_exactly_on_the_threshold_of_the_chip_does_not_spike(tmp_path):
    """A kick of 0.25 and a threshold of 1: every fifth spike passes it, also after rounding."""
    model = read_nir(chain((1,), linear([[0.25]]), integrator()), DT, reset="value")
    counts = np.ones((100, 1), dtype=int)
    *_, chip, _, _ = assert_like_the_chip(model, counts, tmp_path / "a.nir")
    assert chip.steps["b"].tolist() == list(range(4, 100, 5))


def test_a_read_out_has_the_v_of_the_chip(tmp_path):
    source = chain((3,), linear([[30.0, -20.0, 11.0]], [2.0]), readout(v_leak=0.5))
    model = read_nir(source, DT, input_rate=1500.0)
    _, _, chip, run, _ = assert_like_the_chip(model, spikes((3,), 300), tmp_path / "a.nir")
    v, w = chip.trace("b").values, run.trace("b").values
    assert np.abs(v - w).max() < 2e-3 * np.abs(w).max()


def test_delays_and_connections_that_skip_layers_are_stored_as_they_were(tmp_path):
    rng = np.random.default_rng(6)
    nodes = {
        "input": nir.Input({"input": np.array([4])}),
        "wait": nir.Delay(np.array([0.0, 1e-4, 2e-4, 0.0])),
        "a": linear(rng.normal(0.8, 0.5, (4, 4))),
        "first": integrator((4,)),
        "b": linear(rng.normal(0.6, 0.5, (4, 4)), rng.normal(0, 0.1, 4)),
        "second": integrator((4,)),
        "skip": linear(rng.normal(0.3, 0.5, (4, 4))),
        "output": nir.Output({"output": np.array([4])}),
    }
    edges = [("input", "wait"), ("wait", "a"), ("a", "first"), ("first", "b"), ("b", "second")]
    edges += [("input", "skip"), ("skip", "second"), ("second", "output")]
    model = read_nir(graph(nodes, edges), DT, reset="value")
    assert_like_the_chip(model, spikes((4,), 200), tmp_path / "a.nir")


@pytest.mark.parametrize(
    "rule",
    [
        {"reset": "subtract"},
        {"reset": "subtract", "reset_delay": True},
        {"reset": "subtract_and_raise"},
        {"reset": "subtract_and_raise", "reset_delay": {"b": True}},
        {"reset": "value", "reset_delay": True},
        {"reset": "subtract", "spikes_per_step": "many", "v_min": "-v_threshold"},
    ],
    ids=["subtract", "subtract, late", "raise", "raise, one late", "value, late", "many"],
)
@pytest.mark.parametrize("leaks", [True, False], ids=["LIF", "IF"])
def test_every_rule_of_the_reset_is_exported_as_the_chip_has_it(tmp_path, rule, leaks):
    rng = np.random.default_rng(4)
    neuron = (lambda n: lif((n,), tau=20 * DT, r=20.0)) if leaks else (lambda n: integrator((n,)))
    nodes = [linear(rng.normal(0.0, 0.6, (20, 12)), rng.normal(0, 0.02, 20)), neuron(20)]
    nodes += [linear(rng.normal(0.1, 0.5, (6, 20)), rng.normal(0, 0.02, 6)), neuron(6)]
    model = read_nir(chain((12,), *nodes), DT, **rule)
    *_, chip, _, other = assert_like_the_chip(
        model,
        spikes((12,), 200, 0.3),
        tmp_path / "a.nir",
        share=TRUNCATED if leaks else 0.0,
        chip=LOIHI2,
    )
    assert other > 0
    assert chip.n_spikes > 100


def test_weights_whose_sum_is_shifted_count_as_that_part_of_them(tmp_path):
    """Without a leak v drifts far below 0, so steps of a weight are many: the exponent is -1."""
    rng = np.random.default_rng(4)
    nodes = [linear(rng.normal(-0.3, 1.0, (20, 12))), integrator((20,))]
    model = read_nir(chain((12,), *nodes), DT, reset="subtract")
    counts = spikes((12,), 300, 0.4)
    image, *_ = assert_like_the_chip(model, counts, tmp_path / "a.nir", chip=LOIHI2)
    assert [group.format.weight_exponent for group in image.synapses] == [-1]
    stimulus = model.stimulus(counts)
    found = attribute(model.network, stimulus, image=image, substeps=1)
    assert found.total("b").ideal > 1000
    assert found.effect("b", "unexplained", "rate").alone == 0.0
    assert found.effect("b", "weights", "rate").alone < 0.5
    (row,) = (row for row in image.report.rows if row.parameter == "weight")
    assert row.relative_error < 0.05  # of the largest weight


def test_a_recurrent_network_keeps_its_shape_and_its_spikes(tmp_path):
    model = read_nir(recurrent(), DT, reset="value")
    counts = spikes((12,), 200)
    _, again, *_, other = assert_like_the_chip(model, counts, tmp_path / "a.nir", share=TRUNCATED)
    assert again.depths == model.depths
    assert other > 50


@pytest.mark.parametrize("name", ["norse_lif", "snntorch_syn_zero_nodelay"])
def test_the_resistance_of_the_file_stays_which_some_simulators_need(tmp_path, name):
    path, stored = unpack(name, tmp_path / "a.nir")
    step = 1e-6 if name == "norse_lif" else DT
    model = read_nir(path, step, reset="value")
    image, _ = compiled(model, stored["x"])
    again = nir.read(write_nir(model, tmp_path / "b.nir", image=image))
    before = nir.read(path)
    for key in ("1", "3"):
        assert again.nodes[key].r == pytest.approx(before.nodes[key].r, rel=1e-6)


def test_a_network_of_ones_own_is_written_as_compiled(tmp_path):
    source = PoissonInput("source", 20, rate=300.0)
    cells = Population("cells", 10, LIF(tau_m=10.0, v_rest=-60.0, v_reset=-65.0, v_init=-60.0))
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[fixed_probability(source, cells, 0.5, weight=2.0, seed=1)],
    )
    image = compile_network(network, dt=0.5)
    model = read_nir(write_nir(network, tmp_path / "a.nir", image=image), 5e-4)
    counts = spikes((20,), 400)
    chip = Emulator(image).run(model.stimulus(counts))
    run = simulate_reference(model.network, model.stimulus(counts), model.dt)
    assert len(chip.ids["cells"]) > 50
    wrong = np.count_nonzero(model.spikes(chip, "cells") != model.spikes(run, "cells"))
    assert wrong <= 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["90a7fbb_braille_noDelay_noBias_subtract", "a031194_10_d1", "89e0a61_scnn_mnist_d1"]
)
@pytest.mark.parametrize("chip", [LOIHI, LOIHI2], ids=["value", "its own reset"])
def test_a_published_network_is_the_chip_in_every_spike(tmp_path, name, chip):
    graph_name = name.removesuffix("_d1")
    rule = {"reset": "value"}
    if chip is LOIHI2:
        own = {"spikes_per_step": "many", "v_min": "-v_threshold", "convention": "sinabs"}
        rule = {"reset": "subtract", **({} if "braille" in name else own)}
    model = read_nir(published(f"{graph_name}.nir"), DT, **rule)
    counts = np.load(published(f"{name}.npz"))["x"]
    floats = simulate_reference(model.network, model.stimulus(counts), model.dt)
    image, chip = compiled(model, counts, chip, activity=floats)
    again = exported(model, image, tmp_path / "a.nir")
    flat = counts.reshape(len(counts), -1)
    run = simulate_reference(again.network, again.stimulus(flat), again.dt)
    for item in model.network.populations:
        assert np.array_equal(dense(model, chip, item.name), dense(again, run, item.name))


def test_an_image_that_is_not_of_the_network_is_refused(tmp_path):
    model = read_nir(chain((1,), linear([[1.0]]), lif()), DT, reset="value")
    other = read_nir(chain((1,), linear([[1.0]]), integrator(), integrator()), DT, reset="value")
    longer = read_nir(chain((1,), linear([[1.0]]), lif()), 2 * DT, reset="value")
    for image, message in (
        (compile_network(other.network, dt=0.1), "pass the network that it was compiled from."),
        (compile_network(longer.network), "pass the image that was compiled with dt = 0.1"),
        (
            "image.npz",
            "allowed: the ChipImage that was compiled from the network, with its symbols.",
        ),
    ):
        with pytest.raises(FrontendError) as caught:
            write_nir(model, tmp_path / "a.nir", image=image)
        assert message in str(caught.value)
