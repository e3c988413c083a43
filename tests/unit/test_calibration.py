"""Calibration: rates agree afterwards, also on a stimulus that it has not seen, and it says so."""

from __future__ import annotations

import math

import numpy as np
import pytest

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    Uniform,
    draw_stimulus,
    fixed_probability,
    one_to_one,
)
from neurochip.emulator import Emulator
from neurochip.errors import AnalysisError
from neurochip.reference import simulate_reference
from neurochip.tuning import calibrate

DT = 0.5


def driven(size=60):
    lif = LIF(tau_m=10.0, v_rest=-70.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=5.0)
    source, cells = PoissonInput("source", size, rate=1300.0), Population("cells", size, lif)
    weights = one_to_one(source, cells, weight=Uniform(1.3, 1.7), seed=1)
    return Network(inputs=[source], populations=[cells], connections=[weights])


def rate(image, stimulus, name="cells"):
    return Emulator(image).run(stimulus).rates(name).mean()


@pytest.mark.parametrize("register", ["threshold", "bias"])
def test_either_register_brings_the_rate_to_that_of_float64(register):
    network = driven()
    image = compile_network(network, LOIHI, dt=DT)
    stimulus = draw_stimulus(network, 3000.0, seed=1)
    calibration = calibrate(network, image, stimulus, registers=[register])
    (trim,) = calibration.trims
    assert trim.error_before < -0.1  # a grid of 0.5 ms
    assert abs(trim.error_after) <= 0.001
    assert calibration.agrees
    moved = {"threshold": trim.threshold_shift, "bias": trim.bias_shift}
    assert moved.pop(register) * (-1 if register == "threshold" else 1) > 0.1  # mV
    assert list(moved.values()) == [0]
    assert rate(calibration.image, stimulus) == pytest.approx(trim.rate_after)
    reference = simulate_reference(network, stimulus, DT / 10).rates("cells").mean()
    assert trim.reference_rate == pytest.approx(reference)


def test_it_holds_on_a_stimulus_that_it_has_not_seen():
    network = driven()
    image = compile_network(network, LOIHI, dt=DT)
    seen = [draw_stimulus(network, 3000.0, seed=seed) for seed in (1, 2)]
    calibration = calibrate(network, image, seen)
    fresh = draw_stimulus(network, 6000.0, seed=3)
    wanted = simulate_reference(network, fresh, DT / 10).rates("cells").mean()
    before, after = (abs(rate(x, fresh) / wanted - 1) for x in (image, calibration.image))
    assert before > 0.1
    assert after < 0.01


def test_the_figure_to_quote_is_that_of_a_stimulus_it_has_not_seen():
    network = driven()
    image = compile_network(network, LOIHI, dt=DT)
    seen, given = (draw_stimulus(network, 2000.0, seed=seed) for seed in (1, 5))
    drawn = calibrate(network, image, seen)
    (trim,) = drawn.trims
    assert (drawn.fresh, drawn.fresh_duration) == (1, 2000.0)
    assert abs(trim.error_after) < abs(trim.error_fresh) < 0.02
    assert trim.fresh_reference_rate != trim.reference_rate
    calibration = calibrate(network, image, seen, fresh=[given, given])
    (trim,) = calibration.trims
    assert calibration.image == drawn.image
    assert trim.fresh_rate == pytest.approx(rate(calibration.image, given))
    wanted = simulate_reference(network, given, DT / 10).rates("cells").mean()
    assert trim.fresh_reference_rate == pytest.approx(wanted)
    assert trim.error_fresh == pytest.approx(trim.fresh_rate / wanted - 1)
    assert calibration.rows()[0]["error_fresh"] == trim.error_fresh
    lines = str(calibration).splitlines()
    assert f"{100 * trim.error_fresh:+.2f} %" in lines[2]
    assert lines[-1] == (
        "Quote the errors in the column fresh: 2 stimuli of 4000 ms in all that the fit did not "
        "see."
    )


def test_the_drawn_stimulus_is_not_one_of_those_it_was_fitted_on():
    network = driven(size=5)
    image = compile_network(network, LOIHI, dt=DT)
    first = calibrate(network, image, draw_stimulus(network, 500.0, seed=1))
    again = calibrate(network, image, draw_stimulus(network, 500.0, seed=1_000_003))
    rates = [item.trims[0].fresh_reference_rate for item in (first, again)]
    assert rates[0] == pytest.approx(again.trims[0].reference_rate)
    assert rates[1] != rates[0]


def test_without_poisson_inputs_there_is_no_fresh_stimulus():
    network = Network(populations=[Population("cells", 1, LIF(v_rest=-40.0))])
    image = compile_network(network, LOIHI, dt=1.0)
    calibration = calibrate(network, image, draw_stimulus(network, 500.0, seed=1))
    assert calibration.fresh == 0
    assert math.isnan(calibration.trims[0].error_fresh)
    assert calibration.rows()[0]["error_fresh"] is None
    assert str(calibration).splitlines()[-1] == (
        "Not tested on a fresh stimulus: the network has no Poisson inputs to draw again."
    )


def test_populations_that_drive_each_other_are_trimmed_together():
    lif = LIF(tau_m=10.0, cm=0.25, tau_syn=2.0, tau_refrac=2.0)
    source = PoissonInput("source", 300, rate=8.0)
    exc, inh = Population("exc", 160, lif), Population("inh", 40, lif)
    pairs = [(exc, exc, 0.1), (exc, inh, 0.1), (inh, exc, -0.5), (inh, inh, -0.5)]
    network = Network(
        inputs=[source],
        populations=[exc, inh],
        connections=[
            *(fixed_probability(source, to, 0.3, weight=0.5, seed=1) for to in (exc, inh)),
            *(fixed_probability(a, b, 0.1, weight=w, delay=1.0, seed=2) for a, b, w in pairs),
        ],
    )
    chip = LOIHI.what_if(weight_mantissa_bits=2)
    image = compile_network(network, chip, dt=DT)
    stimulus = draw_stimulus(network, 4000.0, seed=1)
    calibration = calibrate(network, image, stimulus, tolerance=0.005)
    assert [trim.population for trim in calibration.trims] == ["exc", "inh"]
    assert max(abs(trim.error_before) for trim in calibration.trims) > 0.02
    assert max(abs(trim.error_after) for trim in calibration.trims) <= 0.005


def test_nothing_is_trimmed_where_the_rates_agree():
    tau_m = -1.0 / math.log(0.75)
    network = Network(populations=[Population("cells", 1, LIF(tau_m=tau_m, v_rest=-40.0))])
    image = compile_network(network, LOIHI, dt=1.0)
    stimulus = draw_stimulus(network, 1000.0, seed=1)
    calibration = calibrate(network, image, stimulus, substeps=1)
    assert calibration.runs == 1
    assert calibration.image == image
    assert (calibration.trims[0].threshold_shift, calibration.trims[0].bias_shift) == (0, 0)


def test_a_silent_neuron_stays_as_it_is():
    network = Network(populations=[Population("cells", 1, LIF())])
    image = compile_network(network, LOIHI, dt=1.0)
    calibration = calibrate(network, image, draw_stimulus(network, 100.0, seed=1))
    assert calibration.agrees
    assert math.isnan(calibration.trims[0].error_after)
    assert calibration.rows()[0]["error_after"] is None


def test_what_no_register_can_reach_is_said_and_not_made_worse():
    """A neuron under a constant drive fires every so many steps, whatever its threshold."""
    network = Network(
        populations=[Population("cells", 1, LIF(tau_m=10.0, v_rest=-40.0, v_init=-65.0))]
    )
    image = compile_network(network, LOIHI, dt=1.0)
    stimulus = draw_stimulus(network, 5000.0, seed=1)
    calibration = calibrate(network, image, stimulus, substeps=50)
    (trim,) = calibration.trims
    assert not calibration.agrees
    assert abs(trim.error_after) <= abs(trim.error_before)
    interval = 10.0 * math.log(25 / 10)
    floor = abs(interval / round(interval) - 1)
    assert abs(trim.error_after) == pytest.approx(floor, abs=0.005)
    assert str(calibration).splitlines()[-2].endswith("; does not agree")


def test_only_the_trimmed_registers_change():
    network = driven()
    image = compile_network(network, LOIHI, dt=DT)
    stimulus = draw_stimulus(network, 1000.0, seed=1)
    calibration = calibrate(network, image, stimulus, registers=["threshold"])
    for name, before in vars(image.compartments).items():
        after = getattr(calibration.image.compartments, name)
        assert np.array_equal(before, after) == (name != "threshold_mantissa")
    assert calibration.image.synapses == image.synapses
    assert image.digest() != calibration.image.digest()


@pytest.mark.parametrize(("register", "parameter"), [("threshold", "v_thresh"), ("bias", "v_rest")])
def test_the_report_of_the_image_warns_of_what_was_moved(register, parameter):
    network = driven()
    image = compile_network(network, LOIHI, dt=DT)
    stimuli = [draw_stimulus(network, 500.0, seed=seed) for seed in (1, 2)]
    calibration = calibrate(network, image, stimuli, registers=[register])
    (trim,) = calibration.trims
    shift = trim.threshold_shift + trim.bias_shift
    assert calibration.image.report.warnings == (
        *image.report.warnings,
        f"population 'cells': {parameter} was moved by {shift:+.4g} mV in a calibration on 2 "
        "stimuli; its row shows the value before",
    )


def test_the_text_and_the_rows_say_what_was_done():
    network = driven()
    image = compile_network(network, LOIHI, dt=DT)
    calibration = calibrate(network, image, draw_stimulus(network, 1000.0, seed=1))
    lines = str(calibration).splitlines()
    assert lines[0].startswith(
        "Calibrated on 1 stimulus, 1000 ms in all, against float64 in steps of 0.05 ms ("
    )
    assert "threshold -" in lines[2]
    (row,) = calibration.rows()
    assert row["population"] == "cells"
    assert row["error_before"] < -0.1
    assert repr(calibration) == "Calibration(1 of 1 populations agree)"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"stimuli": []}, "calibrate: stimuli = (); allowed: a Stimulus, or a list of them."),
        ({"fresh": []}, "calibrate: fresh = (); allowed: a Stimulus, or a list of them."),
        (
            {"registers": ["weight"]},
            "calibrate: registers = ['weight']; allowed: 'threshold' and 'bias', or one of them in "
            "a list.",
        ),
        (
            {"tolerance": 1.0},
            "calibrate: tolerance = 1.0; allowed: a fraction from 0 to below 1.",
        ),
        ({"substeps": 0}, "calibrate: substeps = 0; allowed: at least 1."),
        ({"rounds": 1.5}, "calibrate: rounds = 1.5; allowed: at least 1."),
    ],
)
def test_what_cannot_be_calibrated_is_refused(arguments, text):
    network = driven(size=5)
    image = compile_network(network, LOIHI, dt=DT)
    stimuli = arguments.pop("stimuli", draw_stimulus(network, 100.0, seed=1))
    with pytest.raises(AnalysisError) as caught:
        calibrate(network, image, stimuli, **arguments)
    assert str(caught.value) == text


def test_an_image_without_symbols_is_refused():
    network = driven(size=5)
    image = compile_network(network, LOIHI, dt=DT).without_symbols()
    with pytest.raises(AnalysisError, match="allowed: a ChipImage with its symbols, as compiled"):
        calibrate(network, image, draw_stimulus(network, 100.0, seed=1))
