"""Graded spikes in a stimulus: what they are, where they are taken, and where refused."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from neurochip import (
    LIF,
    LOIHI,
    LOIHI2,
    Emulator,
    GradedSpikes,
    Network,
    Population,
    SpikeCounts,
    SpikeInput,
    Stimulus,
    compile_network,
    one_to_one,
    simulate_reference,
    with_stimulus,
)
from neurochip.errors import EmulatorError, NetworkError, StimulusError
from neurochip.image import ProgramGroup
from neurochip.programs import NeuronProgram
from neurochip.spike_files import write_spikes

SUM = NeuronProgram(
    name="sum", state={"v": 24}, rows=(("v", "add", "v", "a"), ("v", "sat", "v", 24))
)


def exactly(message):
    return f"^{re.escape(message)}$"


def network_of():
    source, cells = (
        SpikeInput("source", 3, [], [], expected_rate=10.0),
        Population("cells", 3, LIF()),
    )
    return Network(
        inputs=[source], populations=[cells], connections=[one_to_one(source, cells, weight=1.0)]
    )


@pytest.fixture(scope="module")
def plain():
    return compile_network(network_of(), LOIHI2, dt=0.5)


@pytest.fixture(scope="module")
def image(plain):
    """The network with a program in place of its neurons."""
    registers = type(plain.compartments).fill(LOIHI2.core, 3)
    return dataclasses.replace(
        plain, compartments=registers, programs=(ProgramGroup.fill(SUM, range(3)),)
    )


PAYLOADS = [[4, 0, -2], [0, 0, 0], [-1, 7, 0]]


def graded(**changes):
    return GradedSpikes(**{"name": "source", "payloads": PAYLOADS, "dt": 0.5, **changes})


def test_payloads_are_spikes_with_a_number():
    table = graded(first_step=4)
    assert repr(table) == "GradedSpikes('source', 3, <4 spikes in 3 steps of 0.5 ms>)"
    assert (table.size, table.n_spikes) == (3, 4)
    assert table.of_each_source.tolist() == [2, 1, 1]
    steps, sources, payloads = table.listed(0.5, 5, 100)
    assert list(zip(steps, sources, payloads, strict=True)) == [(6, 0, -1), (6, 1, 7)]


def registers(image, stimulus):
    """Return v of all neurons and steps of a run, as integers."""
    (symbol,) = image.symbols.populations
    values = Emulator(image).run(stimulus, record=["v"]).trace("cells").values
    return np.rint((values - symbol.origin) / symbol.mv_per_lsb).astype(int)


def test_a_run_adds_weight_times_payload_a_step_after_it_was_sent(image):
    each = SpikeInput("source", 3, [0, 1, 2], [0.0] * 3)
    weights = registers(image, Stimulus(2.5, [each]))[1]
    assert weights.min() > 0
    sums = np.cumsum([[0, 0, 0], *PAYLOADS, [0, 0, 0]], axis=0)
    assert registers(image, Stimulus(2.5, [graded()])).tolist() == (sums * weights).tolist()


def test_parts_of_a_run_give_the_same_as_the_whole(image):
    stimulus = Stimulus(2.5, [graded()])
    whole = Emulator(image).run(stimulus, record=["v"]).trace("cells").values
    emulator = Emulator(image)
    parts = [emulator.run(stimulus, duration=ms, record=["v"]) for ms in (0.5, 1.0, 1.0)]
    assert np.array_equal(np.concatenate([p.trace("cells").values for p in parts]), whole)
    (batch,) = Emulator(image).run_batch([stimulus], record=["v"])
    assert np.array_equal(batch.trace("cells").values, whole)


def test_positive_payloads_act_like_counts(image):
    counts = np.maximum(PAYLOADS, 0)
    stimuli = [Stimulus(2.5, [kind("source", counts, 0.5)]) for kind in (GradedSpikes, SpikeCounts)]
    one, other = (Emulator(image).run(stimulus, record=["v"]) for stimulus in stimuli)
    assert np.array_equal(one.trace("cells").values, other.trace("cells").values)
    assert stimuli[0].digest() == stimuli[1].digest()


def test_digests_of_parts_add_up():
    stimulus = Stimulus(2.0, [graded()])
    parts = [int(stimulus.digest(*span), 16) for span in ((0.0, 0.5), (0.5, 2.0))]
    assert sum(parts) % 2**64 == int(stimulus.digest(), 16)
    assert Stimulus(2.0, [graded(payloads=-np.array(PAYLOADS))]).digest() != stimulus.digest()


def test_a_file_keeps_them(tmp_path):
    stimulus = Stimulus(2.0, [graded(first_step=3), SpikeInput("other", 1, [0], [1.0])])
    assert Stimulus.load(stimulus.save(tmp_path / "x.npz")) == stimulus


def test_binary_neurons_and_chips_refuse_them(image, plain):
    stimulus = Stimulus(2.0, [graded()])
    with pytest.raises(
        EmulatorError,
        match=exactly(
            "emulator: input 0 sends payloads to compartment 0, a LIF neuron of the core, which "
            "takes binary spikes only; allowed: targets with a program, such as PROGRAMS['lif']."
        ),
    ):
        Emulator(plain).run(stimulus)
    with pytest.raises(EmulatorError, match="spikes of chip 'loihi' are binary; allowed: a chip"):
        Emulator(compile_network(network_of(), LOIHI, dt=0.5)).run(stimulus)
    with pytest.raises(EmulatorError, match="payloads"):
        Emulator(image).run(Stimulus(2.0, [graded(payloads=[[1 << 24, 0, 0]])]))


def test_runs_and_files_of_binary_spikes_refuse_them(tmp_path):
    stimulus = Stimulus(2.0, [graded()])
    for call in (
        lambda: simulate_reference(network_of(), stimulus, 0.5),
        lambda: stimulus.binned(0.5, [("source", 3)]),
        lambda: with_stimulus(network_of(), stimulus),
        lambda: write_spikes(stimulus, tmp_path / "x.h5"),
    ):
        with pytest.raises(
            StimulusError,
            match=exactly(
                "stimulus: input 'source' sends payloads, and only the emulator takes them, for "
                "images whose neurons run programs; allowed: SpikeInput or SpikeCounts."
            ),
        ):
            call()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"payloads": [1, 2]},
            "input 'source': payloads have shape (2,); allowed: (n_steps, size), one row for each "
            "step and one column for each source.",
        ),
        (
            {"payloads": [[1 << 31]]},
            "input 'source': payloads[0] = 2147483648; allowed: -2147483647 to 2147483647.",
        ),
        ({"dt": 0.0}, "input 'source': dt = 0.0 ms; allowed: a number above 0."),
        ({"first_step": -1}, "input 'source': first_step = -1; allowed: an integer of at least 0."),
    ],
)
def test_payloads_that_mean_nothing_are_refused(changed, message):
    with pytest.raises(NetworkError, match=exactly(message)):
        graded(**changed)
