"""Many runs of one image in one call: the recordings of a loop over runs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from conformance.images import THREADS

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    SpikeInput,
    Stimulus,
    Uniform,
    all_to_all,
    draw_stimulus,
    fixed_probability,
    one_to_one,
)
from neurochip.emulator import Emulator
from neurochip.emulator.cpu import engine
from neurochip.emulator.cpu.side_by_side import most_copies, side_by_side
from neurochip.errors import ChipOverflowError, EmulatorError, RecordingError, StimulusError
from neurochip.image import Noise


@pytest.fixture(scope="module")
def network():
    source = PoissonInput("source", 20, rate=400.0)
    cells = Population("cells", 90, LIF(tau_m=10.0, tau_refrac=2.0))
    links = [
        fixed_probability(source, cells, probability=0.3, weight=Uniform(1.0, 3.0), seed=1),
        fixed_probability(
            cells, cells, probability=0.1, weight=0.5, delay=Uniform(0.0, 5.0), seed=2
        ),
    ]
    return Network(inputs=[source], populations=[cells], connections=links)


@pytest.fixture(scope="module")
def image(network):
    return compile_network(network, LOIHI, dt=0.5)


@pytest.fixture(scope="module")
def stimuli(network):
    return [draw_stimulus(network, 100.0, seed=seed) for seed in range(5)]


@pytest.mark.parametrize("threads", [None, *THREADS])
def test_a_batch_gives_what_a_loop_over_runs_gives(image, stimuli, threads):
    emulator = Emulator(image)
    batch = emulator.run_batch(iter(stimuli), record=["v", "u"], threads=threads)
    assert emulator.step == 0
    assert batch == one_after_the_other(emulator, stimuli)
    assert len({recording.n_spikes for recording in batch}) > 1


def test_a_batch_of_two_neurons_counts_what_each_run_did():
    source, cells = SpikeInput("source", 2, times=[0.0], ids=[0]), Population("cells", 2)
    links = [
        one_to_one(source, cells, weight=40.0),
        all_to_all(cells, cells, weight=40.0),
    ]
    network = Network(inputs=[source], populations=[cells], connections=links)
    emulator = Emulator(compile_network(network, LOIHI, dt=1.0))
    # The last spikes of the second run are in its last step, and send nothing any more.
    trains = [[], [4.0], [0.0, 1.0], [0.0, 2.0]]
    runs = [
        Stimulus(6.0, [SpikeInput("source", 2, np.zeros(len(times), int), times)])
        for times in trains
    ]
    batch = emulator.run_batch(runs, record=(), threads=1)
    assert batch == one_after_the_other(emulator, runs, record=())
    assert len({recording.n_spikes for recording in batch}) > 2


def one_after_the_other(emulator, stimuli, record=("v", "u")):
    recordings = []
    for stimulus in stimuli:
        emulator.reset()
        recordings.append(emulator.run(stimulus, record=record))
    return recordings


def test_small_networks_run_side_by_side(image, monkeypatch):
    assert most_copies(image) == 1024 // 90
    begun = []
    monkeypatch.setattr(engine, "side_by_side", lambda *what: begun.append(what[1]) or both(*what))
    both = side_by_side
    network = Network(populations=[Population("cells", 90, LIF(tau_m=10.0, v_init=-60.0))])
    small = compile_network(network, LOIHI, dt=0.5)
    for n_runs, threads, each in [(24, 1, 8), (24, 2, 6), (3, 1, None), (1, 1, None), (7, 2, 4)]:
        if threads > THREADS[-1]:
            continue
        batch = Emulator(small).run_batch([Stimulus(5.0)] * n_runs, threads=threads)
        assert len(batch) == n_runs
        assert begun == ([] if each is None else [each])
        begun.clear()


def test_large_networks_run_one_after_the_other():
    network = Network(populations=[Population("cells", 300, LIF(tau_m=10.0))])
    assert most_copies(compile_network(network, LOIHI, dt=0.5)) == 1


def test_joined_compartments_run_one_after_the_other(image):
    registers = dataclasses.replace(image.compartments, join=np.arange(90, dtype=np.int32) % 2)
    assert most_copies(dataclasses.replace(image, compartments=registers)) == 1


def test_noisy_networks_run_one_after_the_other(image):
    noise = Noise(enabled=np.ones(image.n_compartments, np.int32), exponent=3)
    assert most_copies(dataclasses.replace(image, noise=noise)) == 1


def test_copies_share_no_synapse(image):
    many, size = side_by_side(image, 3), image.n_compartments
    for group, own in zip(many.synapses, image.synapses, strict=True):
        n_sources = len(own.indptr) - 1
        for copy in range(3):
            begin, end = group.indptr[copy * n_sources], group.indptr[(copy + 1) * n_sources]
            assert (group.target[begin:end] == own.target + copy * size).all()
            assert (group.mantissa[begin:end] == own.mantissa).all()


def test_runs_of_different_lengths_share_no_step(network, image):
    stimuli = [draw_stimulus(network, length, 1) for length in [20.0] * 9 + [30.0] * 5 + [10.0]]
    batch = Emulator(image).run_batch(stimuli, record=["v"], threads=1)
    assert [recording.n_steps for recording in batch] == [40] * 9 + [60] * 5 + [20]
    assert batch == one_after_the_other(Emulator(image), stimuli, ["v"])


def test_each_run_counts_its_own_overflows(image, network):
    size = image.n_compartments
    rng = np.random.default_rng(5)
    registers = dataclasses.replace(
        image.compartments,
        bias_mantissa=rng.integers(-4095, 4096, size).astype(np.int32),
        bias_exponent=rng.integers(0, 8, size).astype(np.int32),
        vmin_exponent=rng.integers(0, 12, size).astype(np.int32),
        vmax_exponent=rng.choice(np.array([0, 7], np.int32), size),
    )
    narrow = dataclasses.replace(image, compartments=registers)
    stimuli = [draw_stimulus(network, 50.0, seed) for seed in range(11)]
    batch = Emulator(narrow, warn=False).run_batch(stimuli, record=["v", "u"], threads=1)
    assert batch == one_after_the_other(Emulator(narrow, warn=False), stimuli)
    for kind in ("voltage_clips_low", "voltage_clips_high", "synaptic_events", "spikes"):
        assert len({recording.counters[kind] for recording in batch}) > 1, kind


def test_a_batch_leaves_a_run_that_goes_on_alone(image, stimuli):
    whole = Emulator(image).run(stimuli[0], duration=60.0)
    emulator = Emulator(image)
    first = emulator.run(stimuli[0], duration=20.0)
    emulator.run_batch(stimuli[1:3])
    second = emulator.run(stimuli[0], duration=40.0)
    assert first.n_spikes + second.n_spikes == whole.n_spikes
    assert second.first_step == 40


def test_a_batch_of_an_image_for_many_threads_gives_the_same(image, stimuli):
    many = Emulator(image, threads=THREADS[-1]).run_batch(stimuli, duration=50.0)
    assert many == Emulator(image, threads=1).run_batch(stimuli, duration=50.0)


def test_an_empty_batch_is_no_run(image):
    assert Emulator(image).run_batch([]) == []


def test_every_run_of_a_batch_may_have_a_noise_of_its_own(image, stimuli):
    size = image.n_compartments
    noisy = dataclasses.replace(
        image, noise=Noise(enabled=np.ones(size, np.int32), exponent=12, seed=3)
    )
    same = [stimuli[0]] * 3
    one, two, three = Emulator(noisy).run_batch(same, record=["v"], noise_seeds=[3, 4, 3])
    assert one == three
    assert one != two
    assert one == Emulator(noisy).run_batch(same[:1], record=["v"])[0]


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        ([1], "emulator: 1 noise_seeds and 5 stimuli; allowed: one for each."),
        ([1, 2, 3, 4, -1], "emulator: noise_seeds = -1; allowed: 0 to 9223372036854775807."),
        ([1, 2, 3, 4, 0.5], "emulator: noise_seeds = 0.5; allowed: 0 to 9223372036854775807."),
    ],
)
def test_seeds_are_one_for_each_run(image, stimuli, seeds, message):
    enabled = np.ones(image.n_compartments, np.int32)
    noisy = dataclasses.replace(image, noise=Noise(enabled=enabled, exponent=3))
    with pytest.raises(EmulatorError) as caught:
        Emulator(noisy).run_batch(stimuli, noise_seeds=seeds)
    assert str(caught.value) == message


def test_seeds_need_noise(image, stimuli):
    with pytest.raises(EmulatorError) as caught:
        Emulator(image).run_batch(stimuli, noise_seeds=range(5))
    assert str(caught.value) == (
        "emulator: noise_seeds were given, but the image has no noise registers."
    )


def test_an_error_names_the_run(image, stimuli):
    wrong = Stimulus(100.0, ())
    with pytest.raises(StimulusError) as caught:
        Emulator(image).run_batch([stimuli[0], wrong])
    assert str(caught.value) == (
        "run 1 of 2: stimulus: lacks spikes for input 'source'; the run expects 'source' and the "
        "stimulus holds none. Draw it from the network of the run."
    )
    with pytest.raises(EmulatorError) as refused:
        Emulator(image).run_batch([stimuli[0], "a file"])
    assert str(refused.value) == (
        "run 1 of 2: emulator: stimulus = 'a file'; allowed: a Stimulus, as from draw_stimulus."
    )


def test_what_no_run_can_record_is_refused_before_all(image, stimuli):
    with pytest.raises(RecordingError, match=r"^record: variable 'w'; "):
        Emulator(image).run_batch(stimuli, record=["w"])


def test_strict_names_the_first_run_that_overflows(image, stimuli):
    size = image.n_compartments
    registers = dataclasses.replace(
        image.compartments,
        bias_mantissa=np.full(size, -4095, np.int32),
        bias_exponent=np.full(size, 7, np.int32),
        vmin_exponent=np.zeros(size, np.int32),
    )
    narrow = dataclasses.replace(image, compartments=registers)
    with pytest.raises(ChipOverflowError, match=r"^run 0 of 5: .* v was held at its lower"):
        Emulator(narrow, strict=True).run_batch(stimuli)
