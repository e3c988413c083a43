"""Another image in a running emulator: the state goes on, with the new registers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from neurochip import (
    LIF,
    LOIHI,
    ConstantCurrent,
    Network,
    PoissonInput,
    Population,
    StepCurrent,
    Stimulus,
    compile_network,
    draw_stimulus,
    fixed_probability,
    program,
)
from neurochip.emulator import Emulator
from neurochip.errors import EmulatorError

DT = 0.5


def network_of(current=0.3, weight=1.0, tau_m=10.0, timed=None, **model):
    """Recurrent neurons with delays of 2 to 4 steps and a constant current, or one in steps."""
    cells = Population("cells", 30, LIF(tau_m=tau_m, cm=0.2, tau_refrac=2.0, **model))
    source = PoissonInput("source", 20, rate=100.0)
    drive = ConstantCurrent(cells, current) if timed is None else StepCurrent(cells, *timed)
    unit = 0.02 if "tau_syn" in model else 1.0
    return Network(
        populations=[cells],
        inputs=[source, drive],
        connections=[
            fixed_probability(source, cells, 0.3, weight=weight * unit, delay=1.0, seed=1),
            fixed_probability(cells, cells, 0.2, weight=0.5 * weight * unit, delay=2.0, seed=2),
        ],
    )


def run_in_parts(images, stimulus, n_parts=2):
    """Run an image for an equal part of the stimulus each, and join v and the spikes."""
    emulator, v, spikes = Emulator(images[0], warn=False), [], []
    for k, image in enumerate(images):
        if k:
            emulator.reprogram(image)
        run = emulator.run(stimulus, duration=stimulus.duration / n_parts, record=["v"])
        v.append(run.trace("cells", "v").values)
        spikes += list(zip(run.steps["cells"].tolist(), run.ids["cells"].tolist(), strict=True))
    return np.concatenate(v), spikes


@pytest.mark.parametrize("model", [{}, {"tau_syn": 4.0}], ids=["kicks", "currents"])
@pytest.mark.parametrize("headroom", [1.25, 30.0], ids=["the same scale", "another scale"])
def test_the_same_network_goes_on_as_if_nothing_had_happened(model, headroom):
    """With the same scale bit for bit, also spikes in transit; with another one up to rounding."""
    network = network_of(**model)
    stimulus = draw_stimulus(network, 100.0, seed=2)
    other = compile_network(network, dt=DT, headroom=headroom, gain="dc")
    image = compile_network(network, dt=DT, gain="dc")
    v, spikes = run_in_parts([image, other], stimulus)
    whole = Emulator(image, warn=False).run(stimulus, record=["v"])
    expected = list(zip(whole.steps["cells"].tolist(), whole.ids["cells"].tolist(), strict=True))
    assert len(expected) > 100
    if headroom == 1.25:
        assert spikes == expected
        assert np.array_equal(v, whole.trace("cells", "v").values)
    else:
        assert (
            other.symbols.populations[0].mv_per_lsb[0] != image.symbols.populations[0].mv_per_lsb[0]
        )
        half = len(v) // 2
        close = np.abs(v - whole.trace("cells", "v").values)[half : half + 4]
        assert np.median(close) < 0.02


def test_a_current_changed_between_runs_acts_as_one_that_changes_in_time():
    """v differs by the rounding of the registers, which have other scales."""
    amplitudes = [0.1, 0.4]
    timed = network_of(timed=([0.0, 50.0], amplitudes), tau_syn=4.0)
    stimulus = draw_stimulus(timed, 100.0, seed=2)
    whole = Emulator(compile_network(timed, dt=DT, gain="dc")).run(stimulus, record=["v"])
    plain = [network_of(current, tau_syn=4.0) for current in amplitudes]
    _, spikes = run_in_parts(
        [compile_network(item, dt=DT, gain="dc") for item in plain],
        draw_stimulus(plain[0], 100.0, seed=2),
    )
    expected = list(zip(whole.steps["cells"].tolist(), whole.ids["cells"].tolist(), strict=True))
    assert len(expected) > 100
    assert len(set(spikes) ^ set(expected)) < 0.1 * len(expected)


def test_weights_and_time_constants_change_and_reset_begins_with_the_new_image():
    first, second = (
        compile_network(network_of(**change), dt=DT)
        for change in ({}, {"weight": 2.0, "tau_m": 20.0})
    )
    stimulus = draw_stimulus(network_of(), 50.0, seed=3)
    emulator = Emulator(first, warn=False)
    emulator.run(stimulus)
    assert emulator.step == 100
    emulator.reprogram(second)
    assert (emulator.step, emulator.image) == (100, second)
    emulator.reset()
    again, new = emulator.run(stimulus), Emulator(second, warn=False).run(stimulus)
    assert again.steps["cells"].tolist() == new.steps["cells"].tolist()


def test_registers_without_symbols_keep_their_values():
    registers = {"decay_u": [0], "decay_v": [0], "threshold_mantissa": [1000]}
    emulator = Emulator(program(LOIHI, {**registers, "bias_mantissa": [3]}))
    emulator.run_steps(4)
    emulator.reprogram(program(LOIHI, {**registers, "bias_mantissa": [10]}))
    run = emulator.run_steps(2, record=["v"])
    assert run.trace("compartments", "v").values[:, 0].tolist() == [22, 32]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"dt": 1.0}, "its dt is 1 ms, instead of 0.5 ms"),
        ({"headroom": None}, "it has 1 compartments and 0 inputs, instead of 30 and 20"),
    ],
)
def test_an_image_of_another_shape_is_refused(change, reason):
    emulator = Emulator(compile_network(network_of(), dt=DT))
    if "dt" in change:
        other = compile_network(network_of(), **change)
    else:
        other = program(LOIHI, {"decay_u": [0], "decay_v": [0], "threshold_mantissa": [1000]})
    with pytest.raises(EmulatorError) as caught:
        emulator.reprogram(other)
    assert str(caught.value) == (
        f"emulator: the image cannot go on from here: {reason}; allowed: an image of the same "
        "populations, inputs, chip and dt, with other values."
    )


def test_a_continued_run_takes_only_its_new_input():
    """Spikes of the last step are delivered although the new stimulus does not hold them."""
    network = network_of(tau_syn=4.0, timed=([0.0, 30.0, 60.0], [0.3, 0.5, 0.1]))
    stimulus = draw_stimulus(network, 80.0, seed=4)
    image = compile_network(network, dt=DT)
    whole = Emulator(image).run(stimulus)
    emulator, steps, digest = Emulator(image), [], 0
    for begin in (0.0, 20.0, 40.0, 60.0):
        trains = tuple(
            dataclasses.replace(item, ids=item.ids[new], times=item.times[new])
            for item in stimulus.trains
            for new in [(item.times >= begin) & (item.times < begin + 20.0)]
        )
        run = emulator.run(Stimulus(begin + 20.0, trains, stimulus.currents))
        steps += run.steps["cells"].tolist()
        digest += int(run.origin.stimulus, 16)
    assert steps == whole.steps["cells"].tolist()
    assert len(steps) > 100
    assert digest % 2**64 == int(whole.origin.stimulus, 16)


def test_v_is_set_to_the_nearest_register():
    image = compile_network(network_of(tau_syn=4.0), dt=DT)
    emulator, plain = Emulator(image), Emulator(image)
    emulator.set_v("cells", [3, 1], [-52.5, -58.25])
    stimulus = draw_stimulus(network_of(tau_syn=4.0), 10.0, seed=1)
    runs = [one.run(stimulus, duration=DT, record=["v", "u"]) for one in (emulator, plain)]
    moved, still = (run.trace("cells", "v").values[0] for run in runs)
    assert np.flatnonzero(moved != still).tolist() == [1, 3]
    keep = np.exp(-DT / 10.0)  # of v in a step
    start = -65.0
    assert (moved - still)[[3, 1]] == pytest.approx(
        keep * (np.array([-52.5, -58.25]) - start), rel=2e-3
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (("others", [0], [1.0]), "no population 'others'; there are 'cells'."),
        (("cells", [30], [1.0]), "ids[0] = 30; allowed: 0 to 29."),
        (("cells", [0], [np.nan]), "v = [nan]; allowed: finite numbers in mV, one for each id."),
        (("cells", [0, 1], [1.0]), "v = [1.0]; allowed: finite numbers in mV, one for each id."),
    ],
)
def test_a_potential_that_cannot_be_set_is_refused(call, message):
    emulator = Emulator(compile_network(network_of(), dt=DT))
    with pytest.raises(EmulatorError) as caught:
        emulator.set_v(*call)
    assert str(caught.value) == f"emulator: {message}"
