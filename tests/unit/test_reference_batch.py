"""Many float runs of one network in one call: the recordings of a loop over runs."""

from __future__ import annotations

import threading

import pytest
from conformance.images import THREADS
from paces import pace_of, use

from neurochip import (
    LIF,
    Network,
    PoissonInput,
    Population,
    Reference,
    StepCurrent,
    Stimulus,
    Uniform,
    draw_stimulus,
    fixed_probability,
    simulate_reference,
)
from neurochip.errors import EmulatorError, RecordingError, StimulusError
from neurochip.reference import loop


@pytest.fixture(scope="module")
def network():
    """Recurrent neurons with delays, and a current whose steps one run must not leave to others."""
    source = PoissonInput("source", 20, rate=400.0)
    cells = Population("cells", 30, LIF(tau_m=10.0, tau_refrac=2.0))
    links = [
        fixed_probability(source, cells, probability=0.3, weight=Uniform(1.0, 3.0), seed=1),
        fixed_probability(cells, cells, probability=0.1, weight=0.5, delay=2.0, seed=2),
    ]
    drive = StepCurrent(cells, times=[7.0, 31.0], amplitudes=[0.3, 0.1])
    return Network(inputs=[source, drive], populations=[cells], connections=links)


@pytest.fixture(scope="module")
def stimuli(network):
    return [draw_stimulus(network, 50.0 + 10 * seed, seed=seed) for seed in range(5)]


@pytest.mark.parametrize("threads", [None, *THREADS])
def test_a_batch_gives_what_a_loop_over_runs_gives(network, stimuli, threads):
    reference = Reference(network, 0.5)
    reference.run(stimuli[0], duration=5.0)
    batch = reference.run_batch(iter(stimuli), record=["v"], threads=threads)
    assert reference.step == 10  # its own run can go on
    assert batch == [simulate_reference(network, item, 0.5, record=["v"]) for item in stimuli]
    assert len({recording.n_spikes for recording in batch}) > 1


def test_a_batch_of_nothing_is_empty(network):
    assert Reference(network, 0.5).run_batch([]) == []


def test_a_wrong_stimulus_is_named_by_its_number(network, stimuli):
    other = Stimulus(10.0, ())
    with pytest.raises(StimulusError, match=r"^run 1 of 3: "):
        Reference(network, 0.5).run_batch([stimuli[0], other, stimuli[1]])
    with pytest.raises(StimulusError, match=r"^run 0 of 1: run: stimulus = 3; allowed: a Stimulus"):
        Reference(network, 0.5).run_batch([3])


def test_wrong_arguments_are_named_before_anything_runs(network, stimuli):
    with pytest.raises(RecordingError, match="'w'"):
        Reference(network, 0.5).run_batch(stimuli, record="w")
    with pytest.raises(EmulatorError, match=r"^run: threads = 0; allowed: 1 to "):
        Reference(network, 0.5).run_batch(stimuli, threads=0)
    with pytest.raises(EmulatorError, match=r"^run: stimuli = 3; allowed: a list of Stimulus"):
        Reference(network, 0.5).run_batch(3)


def test_ctrl_c_ends_all_runs_of_a_batch(network, stimuli, monkeypatch):
    """The thread of the caller is interrupted in its second call of the kernel."""
    use(pace_of((1, True)), monkeypatch)
    advance, calls = loop.Loop.advance, []

    def interrupted(self, stop, call):
        if threading.current_thread() is threading.main_thread():
            calls.append(stop)
            if len(calls) == 2:
                raise KeyboardInterrupt
        return advance(self, stop, call)

    monkeypatch.setattr(loop.Loop, "advance", interrupted)
    reference, before = Reference(network, 0.5), threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        reference.run_batch(stimuli * 20, threads=2)
    assert threading.active_count() == before
    monkeypatch.undo()
    assert len(reference.run_batch(stimuli)) == 5
