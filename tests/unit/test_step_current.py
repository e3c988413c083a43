"""Currents that change in steps: network, stimulus, registers, reference and attribution."""

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
    Waveform,
    attribute,
    compile_network,
    draw_stimulus,
    fixed_probability,
    load_image,
    save_image,
    simulate_reference,
)
from neurochip.chip.registers import decode_bias
from neurochip.emulator import Emulator
from neurochip.emulator.currents import currents_of
from neurochip.emulator.spikes import RunSpan
from neurochip.errors import NetworkError, StimulusError
from neurochip.network.step_current import total_current

DT = 0.1
TAU = -DT / np.log(1 - 40 / 4096)  # 10.2 ms, which a decay register holds exactly
CELLS = Population("cells", 4, LIF(tau_m=TAU, cm=0.1, v_rest=-70, v_reset=-70, v_thresh=-55))


def network_of(model=None, amplitudes=(0.0, 0.4, -0.1, 0.2), weight=0.0, size=4, **options):
    """Neurons with a current that changes every 20 ms and, with a weight, 20 Poisson sources."""
    cells = CELLS if model is None else Population("cells", size, model)
    current = StepCurrent(cells, [0.0, 20.0, 40.0, 60.0], amplitudes)
    inputs, connections = [current], []
    if weight:
        inputs.append(PoissonInput("source", 20, rate=200.0))
        connections.append(fixed_probability(inputs[1], cells, 0.5, weight=weight, seed=1))
    return Network(populations=[cells], inputs=inputs, connections=connections, **options)


def run_both(network, duration=80.0, **options):
    stimulus = draw_stimulus(network, duration, seed=5)
    image = compile_network(network, dt=DT, **options)
    chip = Emulator(image).run(stimulus, record=["v"])
    return simulate_reference(network, stimulus, DT, record=["v"]), chip


# ------------------------------------------------------------------------------ description


@pytest.mark.parametrize(
    ("times", "amplitudes", "message"),
    [
        ([], [], "times = []; allowed: at least one time."),
        (
            [-1.0],
            [1.0],
            "times[0] = -1 ms; allowed: times of at least 0 ms, each later than the one before.",
        ),
        (
            [1.0, 1.0],
            [1.0, 2.0],
            "times[1] = 1 ms; allowed: times of at least 0 ms, each later than the one before.",
        ),
        (
            [0.0],
            [1.0, 2.0],
            "amplitudes have shape (2,); allowed: numbers in nA, of shape (1,) or (1, 4).",
        ),
        (
            [0.0],
            [[1.0, 2.0]],
            "amplitudes have shape (1, 2); allowed: numbers in nA, of shape (1,) or (1, 4).",
        ),
        ([0.0], [np.nan], "amplitudes hold nan nA; allowed: finite numbers."),
    ],
)
def test_a_current_that_cannot_flow_is_refused(times, amplitudes, message):
    with pytest.raises(NetworkError) as caught:
        StepCurrent(CELLS, times, amplitudes)
    assert str(caught.value) == f"step current into 'cells': {message}"
    with pytest.raises(StimulusError) as caught:
        Waveform("cells", 4, times, amplitudes)
    assert str(caught.value) == f"waveform into 'cells': {message}"


def test_a_current_into_a_population_of_another_network_is_refused():
    other = Population("cells", 4, CELLS.model)
    with pytest.raises(NetworkError) as caught:
        Network(populations=[CELLS], inputs=[StepCurrent(other, [0.0], [1.0])])
    assert str(caught.value) == (
        "network: a step current flows into 'cells', which is not among the populations given "
        "here; list the same object."
    )


def test_the_expected_current_is_the_mean_over_time():
    """The last amplitude lasts for the mean of the intervals before it, also that of no current."""
    assert StepCurrent(CELLS, [0.0], [3.0]).expected == 3.0
    assert StepCurrent(CELLS, [50.0], [3.0]).expected == 1.5
    assert StepCurrent(CELLS, [10.0, 30.0], [3.0, 0.0]).expected == pytest.approx(60 / 45)
    network = network_of(amplitudes=np.arange(16.0).reshape(4, 4) / 100)
    expected = [0.06, 0.07, 0.08, 0.09]
    assert network.current(CELLS) == pytest.approx(expected)
    assert not network.constant_current(CELLS).any()


def test_an_amplitude_acts_from_the_first_step_that_begins_at_its_time():
    """In step n the current is that of n dt, as in a TimedArray; of two in a step the later one."""
    waveform = Waveform("cells", 4, [0.0, 0.21, 0.25, 0.9999999, 1.05], [1.0, 2.0, 3.0, 4.0, 5.0])
    assert waveform.steps(0.1).tolist() == [0, 3, 3, 10, 11]
    steps, current = total_current([waveform], 0.1, 2, 11, whole=True)
    assert (steps.tolist(), current[:, 0].tolist()) == ([2, 3, 10], [1.0, 3.0, 4.0])


def test_waveforms_into_one_population_add_up():
    both = [Waveform("cells", 2, [1.0], [1.0]), Waveform("cells", 2, [0.0, 2.0], [[1, 2], [3, 4]])]
    steps, current = total_current(both, 1.0, 0, 9, whole=True)
    assert steps.tolist() == [0, 1, 2]
    assert current.tolist() == [[1, 2], [2, 3], [4, 5]]


# --------------------------------------------------------------------------------- stimulus


def test_a_stimulus_has_the_currents_of_its_network_and_keeps_them_in_a_file(tmp_path):
    drawn = draw_stimulus(network_of(weight=1.0), 80.0, seed=1)
    again = Stimulus.load(drawn.save(tmp_path / "stimulus"))
    assert again == drawn
    assert again.currents[0].amplitudes.tolist() == [0.0, 0.4, -0.1, 0.2]
    assert str(again).endswith("1 current)")


def test_digests_of_currents_add_up_over_time_and_ignore_changes_that_are_none():
    def digest(times, amplitudes, *span, name="cells"):
        waveform = Waveform(name, 2, times, amplitudes)
        return int(Stimulus(100.0, currents=(waveform,)).digest(*span), 16)

    whole = digest([10, 30], [1.0, 0.0])
    parts = [digest([10, 30], [1.0, 0.0], *span) for span in ((0, 15), (15, 40), (40, 100))]
    assert sum(parts) % 2**64 == whole
    assert parts[2] == 0
    assert digest([10, 20, 30, 200], [1.0, 1.0, 0.0, 7.0]) == whole
    assert digest([10, 30], [[1.0, 1.0], [0.0, 0.0]]) == whole
    others = [
        digest([10, 31], [1.0, 0.0]),
        digest([10, 30], [1.1, 0.0]),
        digest([10, 30], [[1.0, 2.0], [0.0, 0.0]]),
        digest([10, 30], [[2.0, 1.0], [0.0, 0.0]]),
        digest([10, 30], [1.0, 0.0], name="others"),
    ]
    assert len({whole, *others}) == 6


@pytest.mark.parametrize(
    ("currents", "message"),
    [
        (
            (),
            "stimulus: lacks currents into population 'cells'; the run expects them into 'cells' "
            "and the stimulus holds none. Draw it from a network with the StepCurrents of the run.",
        ),
        (
            (Waveform("cells", 3, [0.0], [1.0]),),
            "stimulus: a current flows into 3 neurons of 'cells'; the run has 4. Draw it from the "
            "network of the run.",
        ),
    ],
)
def test_a_stimulus_with_other_currents_is_refused_by_chip_and_reference(currents, message):
    network, stimulus = network_of(), Stimulus(80.0, currents=currents)
    for run in (
        lambda: Emulator(compile_network(network, dt=DT)).run(stimulus),
        lambda: simulate_reference(network, stimulus, DT),
    ):
        with pytest.raises(StimulusError) as caught:
            run()
        assert str(caught.value) == message


def test_a_current_beyond_the_bias_registers_is_refused():
    network = network_of()
    (waveform,) = draw_stimulus(network, 80.0, seed=1).currents
    large = dataclasses.replace(waveform, amplitudes=waveform.amplitudes * 1e4)
    with pytest.raises(StimulusError) as caught:
        Emulator(compile_network(network, dt=DT)).run(Stimulus(80.0, currents=(large,)))
    text = str(caught.value)
    assert text.startswith("stimulus: population 'cells': a current of 4000 nA needs a bias of ")
    assert text.endswith("Compile the network with a StepCurrent that reaches this amplitude.")


# ---------------------------------------------------------------------------- chip and float


def test_v_on_the_chip_follows_the_current_within_20_microvolts():
    """Between the spikes, whose times are equal, v differs by the rounding of registers only."""
    amplitudes = np.random.default_rng(0).uniform(-0.2, 0.35, (4, 4))
    reference, chip = run_both(network_of(amplitudes=amplitudes))
    assert reference.steps["cells"].tolist() == chip.steps["cells"].tolist()
    assert len(reference.steps["cells"]) > 4
    difference = reference.trace("cells", "v").values - chip.trace("cells", "v").values
    assert np.abs(difference).max() < 0.02


def test_a_piece_has_the_bias_register_that_a_constant_current_has():
    """Both have one scale: the amplitudes are those of the first network."""
    network = network_of()
    image = compile_network(network, dt=DT)
    (symbol,) = image.symbols.populations
    bias = symbol.drive.bias(np.array([[network.current(CELLS)[0]]]), LOIHI.core)
    registers = image.compartments
    held = decode_bias(registers.bias_mantissa, registers.bias_exponent)
    assert bias[0].tolist() == held[symbol.compartment_ids].tolist()


def test_only_neurons_whose_current_changes_are_written_after_the_first_step():
    each = np.array([[0.1, 0.2, 0.3, 0.4], [0.1, 0.5, 0.3, 0.4], [0.1, 0.5, 0.3, 0.2], [0.1] * 4])
    network = network_of(amplitudes=each)
    image = compile_network(network, dt=DT)
    writes = currents_of(
        image, image.symbols, RunSpan(0, 800), draw_stimulus(network, 80.0, seed=5)
    )
    cells = image.symbols.populations[0].compartment_ids
    rows = writes.rows(0, 500)
    assert np.diff(rows.starts)[[0, 200, 400]].tolist() == [4, 2, 2]
    assert sorted(rows.compartments[4:6]) == sorted(cells[[1, 3]])
    assert np.diff(writes.rows(500, 800).starts).tolist() == [0] * 100 + [4] + [0] * 199


def test_an_image_keeps_its_drive_in_a_file(tmp_path):
    image = compile_network(network_of(), dt=DT)
    again = load_image(save_image(image, tmp_path / "image"))
    (drawn,), (loaded,) = image.symbols.populations, again.symbols.populations
    assert loaded.drive.level.tolist() == drawn.drive.level.tolist()
    assert loaded.drive.per_na.tolist() == drawn.drive.per_na.tolist()
    assert compile_network(Network(populations=[CELLS]), dt=DT).symbols.populations[0].drive is None


def test_the_report_shows_the_range_of_the_current_and_the_error_of_its_pieces():
    report = compile_network(network_of(), dt=DT).report
    (row,) = [row for row in report.rows if row.parameter == "step current"]
    assert (row.asked.low, row.asked.high, row.unit) == (-0.1, 0.4, "nA")
    assert 0 < abs(row.relative_error) < 2e-4
    assert row.note == "4 pieces; the image has the bias of their expected mean, 0.125 nA"


def test_the_scale_leaves_room_for_the_largest_current():
    """A current of 9 nA for 1 ms lifts the bias far above its mean."""
    cells = Population("cells", 4, CELLS.model)
    pulse = StepCurrent(cells, [0.0, 50.0, 51.0, 200.0], [0.0, 9.0, 0.0, 0.0])
    network = Network(populations=[cells], inputs=[pulse, ConstantCurrent(cells, 0.01)])
    chip = Emulator(compile_network(network, dt=DT)).run(draw_stimulus(network, 80.0, seed=1))
    assert not chip.overflows
    assert chip.n_spikes > 0


def test_a_run_in_pieces_and_a_batch_equal_one_run():
    network = network_of(weight=0.8)
    stimuli = [draw_stimulus(network, 80.0, seed=seed) for seed in range(6)]
    image = compile_network(network, dt=DT)
    whole = [Emulator(image).run(stimulus) for stimulus in stimuli]
    emulator = Emulator(image)
    parts = [emulator.run(stimuli[0], duration=length) for length in (13.7, 6.3, 30.0, 30.0)]
    steps = np.concatenate([part.steps["cells"] for part in parts])
    assert steps.tolist() == whole[0].steps["cells"].tolist()
    assert len(steps) > 10
    assert sum(int(part.origin.stimulus, 16) for part in parts) % 2**64 == int(
        whole[0].origin.stimulus, 16
    )
    for alone, together in zip(whole, Emulator(image).run_batch(stimuli), strict=True):
        assert alone.steps["cells"].tolist() == together.steps["cells"].tolist()
        assert alone.ids["cells"].tolist() == together.ids["cells"].tolist()


LEAKY = {"tau_m": 10.0, "cm": 0.1, "v_rest": -70, "v_reset": -70, "v_thresh": -55}
MODELS = {
    "no synapses": (LIF(**LEAKY, tau_refrac=2.03), {}),
    "kicks": (LIF(**LEAKY, tau_refrac=2.03), {"weight": 1.0}),
    "kicks before the threshold": (
        LIF(**LEAKY, tau_refrac=2.0),
        {"weight": 1.0, "delivery": "before_threshold"},
    ),
    "no leak": (LIF(**{**LEAKY, "tau_m": np.inf}), {"amplitudes": (0.0, 0.071, 0.0, 0.123)}),
    "two currents": (LIF(**LEAKY, tau_syn_E=3.0, tau_syn_I=6.0), {"weight": 0.05}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_the_sources_of_error_add_up_with_currents_in_time(name):
    """The float model equals the reference without, and the emulator with all registers."""
    model, options = MODELS[name]
    network = network_of(model, **options)
    stimulus = draw_stimulus(network, 80.0, seed=5)
    found = attribute(network, stimulus, LOIHI, DT, substeps=5)
    unexplained = [item for item in found.effects if item.source == "unexplained"]
    assert len(unexplained) == 3
    assert max(abs(item.alone) for item in unexplained) < 1e-9
    assert all(np.isfinite(item.alone) for item in unexplained)


@pytest.mark.parametrize("seed", [2, 3, 7])
def test_v_rests_as_exactly_before_a_current_as_without_one(seed):
    """A scale that suits the bias of the expected mean alone leaves up to 0.001 mV."""
    cells = Population("cells", 4, LIF(v_rest=-60.0, v_thresh=-55.0, tau_syn=5.0))
    means = np.random.default_rng(seed).uniform(0.1, 0.5, 4)
    pulse = StepCurrent(cells, [0.0, 50.0, 50.1, 1e6], [[0.0] * 4, [0.75] * 4, means, means])
    network = Network(populations=[cells], inputs=[pulse])
    stimulus = draw_stimulus(network, 50.0, seed=1)
    run = Emulator(compile_network(network, dt=0.1)).run(stimulus, record="v")
    assert np.abs(run.trace("cells").values + 60.0).max() < 1e-4
