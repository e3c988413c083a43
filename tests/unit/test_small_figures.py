"""Every figure on little and on degenerate input: one of everything, nothing, and no number.

Warnings are errors in all tests, so a figure that matplotlib cannot lay out fails, too.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest
from matplotlib.text import Text

import neurochip as nc
from neurochip.recording import Trace

pytestmark = pytest.mark.slow

V = -60.0


def record(size, spikes=(), v=V, steps=10):
    pairs = np.array(sorted(spikes), dtype=np.int32).reshape(-1, 2)
    values = np.full((steps, size), v)
    return nc.Recording(
        label="run",
        dt=1.0,
        first_step=0,
        n_steps=steps,
        populations={"p": size},
        steps={"p": pairs[:, 0]},
        ids={"p": pairs[:, 1]},
        traces={("p", "v"): Trace(np.arange(size, dtype=np.int32), values, "mV", 1.0, 0)},
    )


EVERY_STEP = [(step, neuron) for step in range(10) for neuron in range(0, 500, 7)]
RUNS = {
    "one silent neuron": (record(1), record(1)),
    "one neuron with one spike": (record(1, [(3, 0)]), record(1, [(4, 0)], v=-61.0)),
    "one step": (record(2, [(0, 0)], steps=1), record(2, steps=1)),
    "v that is no number": (record(2, [(1, 0)], v=np.nan), record(2, [(1, 1)], v=np.nan)),
    "infinite v on the chip": (record(2, [(1, 0)]), record(2, [(1, 1)], v=np.inf)),
    "many neurons": (record(500, EVERY_STEP), record(500, EVERY_STEP[::2])),
}


def network(rate=1300.0, size=1, populations=1):
    source = nc.PoissonInput("in", size, rate=rate)
    cells = [nc.Population(f"p{k}", size, nc.LIF(tau_m=10.0)) for k in range(populations)]
    connections = [nc.one_to_one(source, item, weight=1.5) for item in cells]
    return nc.Network(inputs=[source], populations=cells, connections=connections)


ONE, SILENT, MANY = network(), network(rate=20.0), network(size=2, populations=9)


@functools.cache
def attribution(which):
    chosen = {"one": ONE, "silent": SILENT, "many": MANY}[which]
    stimulus = nc.draw_stimulus(chosen, 100.0, seed=1)
    return nc.attribute(chosen, stimulus, dt=0.5, progress=False)


@functools.cache
def mapped(cores):
    source = nc.PoissonInput("in", 4 * cores, rate=500.0)
    cells = nc.Population("p", 4 * cores, nc.LIF())
    connections = [
        nc.one_to_one(source, cells, weight=1.5),
        nc.fixed_indegree(cells, cells, 2, weight=0.2, seed=1),
    ]
    chip = nc.SYSTEMS["nahuku-8"].what_if(compartments=4)
    net = nc.Network(inputs=[source], populations=[cells], connections=connections)
    return nc.map_image(nc.compile_network(net, chip, 1.0))


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def drawn(draw, width="column"):
    """Draw into a figure of the house and return its axes, once all is laid out."""
    figure = nc.new_figure(width)
    ax = draw(figure.subplots())
    figure.draw_without_rendering()
    return ax


def notes(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("width", ["column", "page"])
@pytest.mark.parametrize("runs", RUNS.values(), ids=RUNS)
def test_runs_are_drawn(runs, width):
    figure = nc.membrane_figure(runs, "p", threshold=-50.0, width=width)
    figure.draw_without_rendering()
    comparison = nc.compare(*runs, any_origin=True)
    figure = nc.comparison_figure(comparison, *runs, "p", threshold=-50.0, width=width)
    figure.draw_without_rendering()
    assert [letter for letter in texts(figure) if letter in "abcd"] == ["a", "b", "c", "d"]


def test_one_run_without_a_spike_is_drawn():
    figure = nc.membrane_figure(record(1), "p")
    figure.draw_without_rendering()
    assert "no spikes" in texts(figure)
    assert figure.get_suptitle() == "p: 1 neuron"


def test_v_that_is_no_number_is_said():
    ax = drawn(lambda ax: nc.plot_traces(ax, *RUNS["v that is no number"], "p", [0, 1]))
    assert "v is not finite (reference, chip)" in notes(ax)
    ax = drawn(lambda ax: nc.plot_traces(ax, *RUNS["infinite v on the chip"], "p", [0, 1]))
    assert "v is not finite (chip)" in notes(ax)


def test_v_at_one_time_is_a_point():
    ax = drawn(lambda ax: nc.plot_traces(ax, *RUNS["one step"], "p", [0]))
    assert {line.get_marker() for line in ax.lines} == {"."}


@pytest.mark.parametrize("metric", ["rate", "v_rmse", "spike_times"])
@pytest.mark.parametrize("which", ["one", "silent", "many"])
def test_attributions_are_drawn(which, metric):
    ax = drawn(lambda ax: nc.plot_attribution(ax, attribution(which), metric))
    assert ax.get_yticklabels()[-1].get_text() == "total"
    if (which, metric) == ("silent", "rate"):
        assert notes(ax) == ["no effect"]


@pytest.mark.parametrize("steps", [[0.5], [0.5, 0.6], [0.1, 0.2, 0.5, 1.0]])
def test_time_steps_are_drawn(steps):
    ax = drawn(lambda ax: nc.plot_dt_choice(ax, nc.choose_dt(ONE, candidates=steps)))
    assert [label.get_text() for label in ax.get_xticklabels()] == [f"{step:g}" for step in steps]


@pytest.mark.parametrize(
    ("axes", "x", "y", "by"),
    [
        ({"seed": [1]}, "seed", "chip_rate", None),
        ({"dt": [0.5]}, "dt", "rate_error", None),
        ({"dt": [0.5, 1.0]}, "dt", "coincidence", None),
        ({"gain": ["dc"]}, "gain", "chip_rate", None),
        ({"gain": ["dc", "auto"], "seed": [1, 2]}, "gain", "rate_error", "seed"),
    ],
)
def test_sweeps_are_drawn(axes, x, y, by):
    dt = {} if "dt" in axes else {"dt": 1.0}
    done = nc.sweep(SILENT, axes, duration=20.0, workers=1, progress=False, **dt)
    ax = drawn(lambda ax: nc.plot_sweep(ax, done, x, y, by=by))
    assert notes(ax) == ([] if y == "chip_rate" else ["no values"])
    places = [label.get_text() for label in ax.get_xticklabels()]
    assert len(places) == len(axes[x])


def test_curves_beyond_the_colours_have_other_lines():
    done = nc.sweep(MANY, {"dt": [0.5, 1.0]}, duration=20.0, workers=1, progress=False)
    ax = drawn(lambda ax: nc.plot_sweep(ax, done, "dt", "chip_rate"))
    looks = {(line.get_color(), line.get_marker(), line.get_linestyle()) for line in ax.lines}
    assert len(looks) == 9


@pytest.mark.parametrize(("net", "note"), [(ONE, []), (SILENT, ["no rates to compare"])])
def test_one_width_is_drawn(net, note):
    found = nc.bits(net, widths=[8], dt=1.0, duration=50.0, seeds=2, progress=False)
    assert notes(drawn(lambda ax: nc.plot_bits(ax, found))) == note


@pytest.mark.parametrize("width", ["column", "page"])
@pytest.mark.parametrize("cores", [1, 2, 5, 70, 150])
def test_mappings_are_drawn(cores, width):
    figure = nc.mapping_figure(mapped(cores), width=width)
    figure.draw_without_rendering()
    assert ("no messages between tiles" in texts(figure)) == (cores <= 4)
    assert ("one core: no traffic between cores" in texts(figure)) == (cores == 1)


@pytest.mark.parametrize("cores", [1, 5])
@pytest.mark.parametrize("draw", [nc.plot_mesh, nc.plot_utilisation, nc.plot_traffic])
def test_panels_of_a_mapping_are_drawn_alone(draw, cores):
    drawn(lambda ax: draw(ax, mapped(cores)))


def learner(size, spikes):
    rule = nc.STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.1, a_minus=0.1, w_max=2.0)
    times = [1.5 + 5 * k for k in range(spikes)]
    source = nc.SpikeInput("in", size, [0] * spikes, times)
    cells = nc.Population("p", size, nc.LIF(tau_m=10.0, v_thresh=-64.0))
    link = nc.all_to_all(source, cells, weight=1.0, plasticity=rule)
    net = nc.Network(inputs=[source], populations=[cells], connections=[link])
    return net, nc.compile_network(net, dt=1.0), nc.draw_stimulus(net, 11.0, seed=1)


@pytest.mark.parametrize(("size", "spikes"), [(1, 0), (1, 2), (3, 2)])
def test_what_little_learns_is_drawn(size, spikes):
    found = nc.compare_learning(*learner(size, spikes), seeds=2).connection("in->p")
    drawn(lambda ax: nc.plot_learned_weights(ax, found))
    drawn(lambda ax: nc.plot_mean_weight(ax, found))
    ax = drawn(lambda ax: nc.plot_learning_window(ax, found))
    assert len(ax.lines) == 4


@pytest.mark.parametrize(
    ("top", "width", "bins"), [(3, 1, 4), (15, 1, 16), (63, 2, 32), (255, 8, 32)]
)
def test_bins_of_learned_weights_are_whole_steps(top, width, bins):
    found = nc.compare_learning(*learner(1, 2), seeds=2).connection("in->p")
    every = np.arange(top + 1.0)
    found = dataclasses.replace(found, top=float(top), reference=every, chip=np.array([every]))
    for side in drawn(lambda ax: nc.plot_learned_weights(ax, found)).patches:
        share, edges, _ = side.get_data()
        assert (len(share), edges[0], set(np.diff(edges))) == (bins, -0.5, {width})
        assert share == pytest.approx(100 / bins)


def test_an_attribution_of_learning_without_error_says_so():
    net, image, stimulus = learner(1, 0)
    found = nc.attribute_learning(net, stimulus, image=image, seeds=2, progress=False)
    ax = drawn(lambda ax: nc.plot_learning_attribution(ax, found))
    assert notes(ax) in ([], ["no error"])
    assert found.answers["in->p"].startswith("Too few events to judge: 0 changes of 1 synapse")
