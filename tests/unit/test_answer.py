"""The answer to a comparison: the total in words, its causes, and what it cannot tell."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from neurochip import LIF, Network, PoissonInput, Population, judge, one_to_one
from neurochip.cli.demo import notebook_network
from neurochip.validation import RateError, Verdict, equivalence
from neurochip.validation.answer import answer, lead
from neurochip.validation.circumstances import Circumstances
from neurochip.validation.intervals import RatePairs
from neurochip.validation.noise_floor import NoiseFloor
from neurochip.validation.population import METRICS, ErrorSplit, PopulationComparison

NAN = math.nan
UNKNOWN = "the effect of the time step is unknown without a fine run"


def part(signed, half):
    """An error of a rate with a 95 % interval of this half-width."""
    interval = (signed - half, signed + half)
    return RateError(
        signed_hz=signed, absolute_hz=abs(signed), signed=signed, absolute=0.0, interval=interval
    )


def item(step=None, registers=0.0, half=0.005, floor=None, **fields):
    """A comparison of 100 spikes at 10 Hz with these errors."""
    split = None
    if step is not None:
        split = ErrorSplit(
            quantisation=part(registers, half),
            time_step=part(step, half),
            total=part(step + registers, half),
        )
    defaults = {
        "name": "cells",
        "verdict": Verdict.COMPARED,
        "duration": 1000.0,
        "reference_counts": np.full(10, 10),
        "chip_counts": np.full(10, 10),
        **dict.fromkeys(METRICS),  # an answer reads only those that follow
        "rate_error": registers,
        "rate_error_interval": (registers - half, registers + half),
        "rate_difference_interval": (10 * (registers - half), 10 * (registers + half)),
        "coupling": "independent" if floor is None else "recurrent",
        "pairs": RatePairs(over="neurons", reference=np.ones(2), chip=np.ones(2), spike=0.1),
        "split": split,
        "fine_rate": None if step is None else 10.0,
        "noise_floor": None if floor is None else NoiseFloor(rate=floor, neuron=0.05, runs=5),
        "circumstances": None,
    }
    return PopulationComparison(**{**defaults, **fields})


def told(*args, dt=0.5, **fields):
    """Reason and sentence."""
    given = item(*args, **fields)
    found = answer(given, dt, None if given.split is None else 0.05)
    return found.reason, found.sentence


@pytest.mark.parametrize(
    ("step", "registers", "reason", "sentence"),
    [
        (
            *(-0.117, 0.0013, "time step"),
            "Rates on the chip are 11.6 % too low: the time step causes it (-11.7 %), not the "
            "registers (+0.13 %).",
        ),
        (
            *(0.001, 0.05, "registers"),
            "Rates on the chip are 5.1 % too high: the registers cause it (+5.0 %), not the time "
            "step (+0.10 %).",
        ),
        (
            *(-0.03, -0.02, "both"),
            "Rates on the chip are 5.0 % too low: the time step (-3.0 %) and the registers "
            "(-2.0 %) add up.",
        ),
        (
            *(-0.10, 0.04, "time step"),
            "Rates on the chip are 6.0 % too low: the time step causes it (-10.0 %); the registers "
            "(+4.0 %) cancel a part.",
        ),
        (
            *(-0.03, 0.08, "registers"),
            "Rates on the chip are 5.0 % too high: the registers cause it (+8.0 %); the time step "
            "(-3.0 %) cancels a part.",
        ),
        (
            *(-0.03, 0.029, "cancellation"),
            "Rates on the chip are within 0.10 % of float only because two errors cancel: time "
            "step -3.0 %, registers +2.9 %.",
        ),
        (
            *(0.002, 0.001, "chance"),
            "Rates on the chip are within 0.30 % of float (time step +0.20 %, registers +0.10 %; "
            "this run resolves 0.50 %).",
        ),
    ],
)
def test_the_total_is_said_first_and_then_its_causes(step, registers, reason, sentence):
    assert told(step, registers) == (reason, sentence)


def test_a_part_within_the_noise_floor_is_no_cause():
    assert told(-0.2, 0.012, floor=0.06) == (
        "time step",
        "Rates on the chip are 18.8 % too low: the time step causes it (-20.0 %), not the "
        "registers (+1.2 %, within the noise floor of 6.0 %).",
    )


def test_a_part_that_may_be_chance_cancels_nothing():
    assert told(-0.017, 0.0048) == (
        "time step",
        "Rates on the chip are 1.2 % too low: the time step causes it (-1.7 %), not the registers "
        "(+0.48 %).",
    )


def test_a_total_within_the_noise_floor_is_no_difference():
    assert told(0.02, 0.012, floor=0.06) == (
        "noise floor",
        "Rates on the chip differ by +3.2 % from float (time step +2.0 %, registers +1.2 %), which "
        "is within the noise floor of 6.0 %: one changed synapse moves them as much. `neurochip "
        "validate --seeds 8` resolves smaller differences.",
    )
    assert item(0.02, 0.012, floor=0.06).beyond_chance is False
    assert item(0.02, 0.12, floor=0.06).beyond_chance is True


def test_the_resolution_is_no_finer_than_the_noise_floor():
    found = answer(item(0.002, 0.001, floor=0.06), 0.5, 0.05)
    assert (found.resolution, found.noise_floor) == (0.06, 0.06)
    assert found.sentence == (
        "Rates on the chip are within 0.30 % of float (time step +0.20 %, registers +0.10 %; this "
        "run resolves 6.0 %). `neurochip validate --seeds 8` resolves smaller differences."
    )


def test_several_seeds_say_what_they_found():
    rates = np.linspace(9.0, 11.0, 8)
    seeds = equivalence(rates, rates * 1.002, tolerance=0.05)
    assert answer(item(0.002, 0.001, floor=0.06), 0.5, 0.05, seeds).sentence.endswith(
        "this run resolves 6.0 %). Over 8 seeds the registers change rates by +0.20 % (+0.20 % to "
        "+0.20 %)."
    )


def test_a_recurrent_network_without_its_noise_floor_is_marked():
    assert told(0.0, 0.05, coupling="recurrent")[1].endswith(
        "The network is recurrent and its noise floor was not run."
    )


def test_without_a_fine_run_the_answer_is_about_the_registers():
    assert told(None, 0.02) == (
        "registers",
        f"The registers make rates on the chip 2.0 % too high; {UNKNOWN}.",
    )
    assert told(None, 0.002) == (
        "chance",
        "The registers change rates by +0.20 %, which may be chance (this run resolves 0.50 %); "
        f"{UNKNOWN}.",
    )
    assert told(None, 0.02, floor=0.06) == (
        "noise floor",
        "Rates on the chip differ by +2.0 % from float, which is within the noise floor of 6.0 %: "
        f"one changed synapse moves them as much. {UNKNOWN.capitalize()}. `neurochip validate "
        "--seeds 8` resolves smaller differences.",
    )
    assert told(None, 0.0, equal_spikes=1.0)[1] == f"The registers change no spike; {UNKNOWN}."
    found = answer(item(None, 0.02), 0.5, None)
    assert np.isnan([found.total, found.time_step, found.noise_floor]).all()
    assert found.registers == 0.02


def test_a_run_too_short_for_an_interval_decides_nothing():
    assert told(0.01, 0.02, half=NAN) == (
        "nothing known",
        "Undecided: the run is too short for an interval (time step +1.0 %, registers +2.0 %).",
    )
    assert told(None, 0.02, half=NAN)[0] == "nothing known"


KNOWN = Circumstances(shortest_tau=("tau_m", 10.0), mean_drive=0.31, threshold=20.0)
SILENT = np.zeros(10, dtype=int)


def test_a_step_that_is_long_for_the_neurons_is_named():
    given = item(-0.5, 0.0, circumstances=KNOWN)
    for dt, clause in ((5.0, ", dt = 0.5 x tau_m"), (2.0, "")):
        assert f"causes it (-50.0 %{clause})" in answer(given, dt, 0.05).sentence


def test_silent_is_said_only_if_the_fine_run_is_silent_too():
    silent = item(NAN, NAN, verdict=Verdict.SILENT, fine_rate=0.0, circumstances=KNOWN)
    assert answer(silent, 50.0, 5.0).sentence == (
        "Silent, in float and on the chip: the mean drive is 0.31 mV and the threshold lies 20 mV "
        "above rest. Nothing is known about rates."
    )
    lost = item(
        *(-1.0, 0.0),
        verdict=Verdict.SILENT_AT_STEP,
        reference_counts=SILENT,
        chip_counts=SILENT,
        circumstances=KNOWN,
    )
    found = answer(lost, 50.0, 5.0)
    assert (found.total, found.reason) == (-1.0, "time step")
    assert found.sentence == (
        "The time step silences float, which fires at 10 Hz in steps of 5 ms and not at all in "
        "steps of 50 ms (dt = 5 x tau_m); the chip is silent. Shorten dt."
    )


def test_a_side_that_falls_silent_is_said_with_its_cause():
    assert told(-0.1, -0.9, verdict=Verdict.SILENT_ON_CHIP, chip_counts=SILENT) == (
        "registers",
        "The registers silence the chip: float 10 Hz, chip 0 Hz; time step -10.0 %.",
    )
    assert told(None, NAN, verdict=Verdict.SILENT_IN_REFERENCE, reference_counts=SILENT) == (
        "registers",
        "The registers make the chip fire: float 0 Hz, chip 10 Hz.",
    )
    assert told(-1.0, 1.0, verdict=Verdict.SILENT_IN_REFERENCE, reference_counts=SILENT) == (
        "time step",
        "The time step silences float, which fires at 10 Hz in steps of 0.05 ms and not at all in "
        "steps of 0.5 ms; the chip fires at 10 Hz. Shorten dt.",
    )
    assert told(NAN, NAN, fine_rate=0.0) == (
        "time step",
        "The time step makes float fire at 10 Hz in steps of 0.5 ms, while it is silent in steps "
        "of 0.05 ms; the chip fires at 10 Hz. Shorten dt.",
    )


def test_rates_at_their_limit_and_few_spikes_decide_nothing():
    assert told(0.0, 0.01, verdict=Verdict.SATURATED)[1] == (
        "Most intervals are the shortest possible, so rates say little: float 10 Hz, chip 10 Hz; "
        "time step +0.00 %. Weaken the input."
    )
    assert told(0.0, 0.01, verdict=Verdict.TOO_FEW_SPIKES)[1] == (
        "Undecided: 100 spikes in float are too few to compare rates (float 10 Hz, chip 10 Hz). "
        "Run longer."
    )


def test_several_populations_have_a_line_each_the_worst_first():
    items = [
        item(0.001, 0.0, name="a"),
        item(-0.2, 0.0, name="b"),
        item(-1.0, 0.0, name="c", verdict=Verdict.SILENT_AT_STEP, reference_counts=SILENT),
        item(0.05, 0.0, name="d\n"),
    ]
    lines = lead([answer(given, 0.5, 0.05) for given in items])
    assert [line.split(":")[0] for line in lines] == ["c", "b", "d\\n", "a"]
    assert lead([answer(items[1], 0.5, 0.05)])[0].startswith("Rates on the chip are 20.0 % too low")


def driven(dt):
    """A judgement of 20 neurons that a long step silences."""
    source, cells = PoissonInput("source", 20, rate=1300.0), Population("cells", 20, LIF())
    wires = one_to_one(source, cells, weight=0.8)
    network = Network(inputs=[source], populations=[cells], connections=[wires])
    return judge(network, dt=dt, duration=500.0).comparison


def test_terminal_json_and_objects_say_the_same():
    comparison = driven(0.5)
    (found,) = comparison.answers
    folded = " ".join(str(comparison).split())
    assert folded.startswith(found.sentence)
    data = comparison.to_dict()["answers"]["cells"]
    assert data == found.to_dict()
    assert (data["verdict"], data["reason"]) == ("compared", "time step")
    assert data["total"] == pytest.approx(data["time_step"] + data["registers"])
    assert data["noise_floor"] is None


def test_a_step_that_silences_both_runs_on_the_grid_is_not_called_silence():
    comparison = driven(100.0)
    assert comparison.population("cells").verdict is Verdict.SILENT_AT_STEP
    assert comparison.answers[0].total == -1.0
    assert "(dt = 5 x tau_m)" in str(comparison)


def test_silence_is_explained_by_the_drive():
    comparison = judge(notebook_network(), duration=200.0).comparison
    assert "the mean drive is 0.3 mV and the threshold lies 20 mV" in " ".join(
        str(comparison).replace("0.29", "0.3").replace("0.31", "0.3").split()
    )
    assert dataclasses.asdict(KNOWN)["threshold"] == 20.0
