"""Scripts that run on the chip unchanged: what their monitors and variables hold afterwards."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import matplotlib as mpl
import numpy as np
import pytest
from with_brian2 import copies

from neurochip.errors import FrontendError

pytestmark = pytest.mark.slow

# The script that this project comes from, but for the two lines that choose the device.
NOTEBOOK = """
from brian2 import *
import matplotlib.pyplot as plt

v_rest = -70 * mV
v_reset = -65 * mV
v_threshold = -50 * mV
tau = 10 * ms

neurons = NeuronGroup(100, 'dv/dt = (v_rest - v) / tau : volt (unless refractory)',
                      threshold='v > v_threshold', reset='v = v_reset', refractory=5*ms,
                      method='exact')
neurons.v = v_rest
poisson_input = PoissonGroup(100, rates=20*Hz)
synapses = Synapses(poisson_input, neurons, on_pre='v += 1.5 * mV')
synapses.connect(j='i')
spike_monitor = SpikeMonitor(neurons)
state_monitor = StateMonitor(neurons, 'v', record=True)
run(1000*ms)

plt.figure(figsize=(10, 8))
plt.subplot(211)
plt.plot(spike_monitor.t/ms, spike_monitor.i, '.k')
plt.xlabel('Time (ms)')
plt.ylabel('Neuron index')
plt.subplot(212)
for i in range(10):
    plt.plot(state_monitor.t/ms, state_monitor.v[i]/mV)
plt.xlabel('Time (ms)')
plt.ylabel('Membrane potential (mV)')
"""


@pytest.fixture
def script(b2):
    """Run a script as a file would; returns its names."""
    mpl.use("Agg")

    def run(text, device):
        b2.start_scope()
        b2.set_device(device)
        b2.seed(1)
        names = {}
        exec(text, names)
        return names

    yield run
    mpl.pyplot.close("all")


def decoded(b2, *, rate=0.0, weight=1.5, refractory=0.0, run=30.0, n=20, dt=0.1, **options):
    """A script whose decay needs no rounding, so that v of the chip stays near that of Brian2."""
    b2.start_scope()
    b2.defaultclock.dt = dt * b2.ms
    b2.seed(3)
    v_rest, v_reset, v_threshold = -70 * b2.mV, -65 * b2.mV, -55 * b2.mV
    tau = dt * 4096 / 41 * b2.ms
    w = weight * b2.mV
    equations = "dv/dt = (v_rest - v) / tau : volt (unless refractory)"
    neurons = b2.NeuronGroup(
        n,
        equations,
        threshold="v > v_threshold",
        reset="v = v_reset",
        refractory=refractory * b2.ms,
        method="euler",
        **options,
    )
    neurons.v = v_rest
    source = b2.PoissonGroup(n, rates=rate * b2.Hz)
    synapses = b2.Synapses(source, neurons, on_pre="v += w")
    synapses.connect(j="i")
    spikes, state = b2.SpikeMonitor(neurons), b2.StateMonitor(neurons, "v", record=True)
    b2.run(run * b2.ms, namespace=locals())
    return neurons, spikes, state


def both(b2, **arguments):
    """The same script in Brian2 and on the chip."""
    b2.set_device("runtime")
    ours = decoded(b2, **arguments)
    b2.set_device("neurochip")
    return ours, decoded(b2, **arguments)


def test_the_notebook_runs_word_for_word_and_is_silent_as_in_brian2(script):
    ours, theirs = script(NOTEBOOK, "runtime"), script(NOTEBOOK, "neurochip")
    assert ours["spike_monitor"].num_spikes == theirs["spike_monitor"].num_spikes == 0
    v, expected = (np.asarray(names["state_monitor"].v) * 1e3 for names in (theirs, ours))
    assert v.shape == expected.shape == (100, 10_000)
    assert np.abs(v - expected).max() < 0.05  # mV: a kick is 1.5, a missed one would show
    assert expected.max() > -69.0  # there is something to see
    for names in (ours, theirs):
        assert len(names["plt"].figure(1).axes) == 2


def test_a_driven_notebook_fires_at_brian2s_rate(script):
    driven = NOTEBOOK.replace("rates=20*Hz", "rates=1300*Hz")
    ours, theirs = script(driven, "runtime"), script(driven, "neurochip")
    expected, got = (names["spike_monitor"].num_spikes for names in (ours, theirs))
    assert expected > 2000
    assert got == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("refractory", [0.0, 0.1, 2.0])
def test_v_is_sampled_as_brian2_samples_it(b2, refractory):
    """Kicks show at the start of the step after theirs; those on a held neuron do not."""
    ours, theirs = both(b2, rate=3000.0, refractory=refractory)
    expected, got = ours[2], theirs[2]
    assert ours[1].num_spikes > 20
    assert np.array_equal(ours[1].i[:], theirs[1].i[:])
    assert np.array_equal(ours[1].t_[:], theirs[1].t_[:])
    assert np.array_equal(expected.t_[:], got.t_[:])
    assert np.abs(np.asarray(got.v) - np.asarray(expected.v)).max() * 1e3 < 0.05  # mV
    assert got.v.dim is expected.v.dim
    assert got[3].v.shape == expected[3].v.shape


@pytest.mark.parametrize("run", [3.7, 30.0])
def test_the_groups_hold_what_the_chip_ended_with(b2, run):
    ours, theirs = both(b2, rate=3000.0, refractory=2.0, run=run)
    expected, got = ours[0], theirs[0]
    last = np.asarray(ours[1].t_[:])[-1] * 1e3
    assert np.array_equal(expected.lastspike_[:], got.lastspike_[:])
    assert np.array_equal(expected.not_refractory[:], got.not_refractory[:])
    # Kicks of the last step are on their way to v on the chip.
    late = np.abs(np.asarray(got.v) - np.asarray(expected.v)) * 1e3 > 0.05
    assert late.mean() < 0.5
    assert last < run


def test_monitors_have_their_usual_methods(b2):
    (_, expected, _), (_, got, _) = both(b2, rate=3000.0)
    assert np.array_equal(expected.count[:], got.count[:])
    assert [len(train) for train in got.spike_trains().values()] == list(got.count[:])
    assert got.num_spikes == len(got.i) == len(got.t)


def test_rates_of_groups_and_subgroups_are_per_step(b2):
    def run():
        b2.start_scope()
        b2.seed(5)
        group = b2.NeuronGroup(10, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
        drive = b2.PoissonInput(group, "v", 30, 100 * b2.Hz, 0.1)
        part = group[2:5]
        rates = [b2.PopulationRateMonitor(item) for item in (group, part)]
        spikes = [b2.SpikeMonitor(part), b2.SpikeMonitor(group)]
        b2.Network(group, drive, rates, spikes).run(50 * b2.ms)
        return rates, spikes

    b2.set_device("neurochip")
    (whole, part), (in_part, everywhere) = run()
    assert whole.t[:].shape == whole.rate[:].shape == (500,)
    mean = float(np.mean(whole.rate_[:]))
    assert mean == pytest.approx(everywhere.num_spikes / 10 / 0.05)
    assert float(np.mean(part.rate_[:])) == pytest.approx(in_part.num_spikes / 3 / 0.05)
    assert 0 < in_part.num_spikes < everywhere.num_spikes
    assert set(in_part.i[:]) <= {0, 1, 2}
    inside = np.isin(everywhere.i[:], [2, 3, 4])
    assert np.array_equal(in_part.i[:], everywhere.i[inside] - 2)
    assert whole.smooth_rate(width=1 * b2.ms).shape == (500,)


def test_currents_are_decoded_from_u(b2):
    def run():
        b2.start_scope()
        b2.seed(2)
        tau, tau_s, resistance = 409.6 / 41 * b2.ms, 0.1 * 4096 / 137 * b2.ms, 40 * b2.Mohm
        group = b2.NeuronGroup(
            5,
            """dv/dt = (resistance * I - v) / tau : volt
            dI/dt = -I / tau_s : amp""",
            threshold="v > 15*mV",
            reset="v = 0*mV",
            method="euler",
        )
        group.I = [0, 0.3, 0, 0, 0.1] * b2.nA
        source = b2.PoissonGroup(5, rates=500 * b2.Hz)
        synapses = b2.Synapses(source, group, on_pre="I += 0.1*nA")
        synapses.connect(j="i")
        state = b2.StateMonitor(group, ["v", "I"], record=[1, 4], dt=0.5 * b2.ms)
        b2.run(30 * b2.ms, namespace=locals())
        return state

    expected = run()
    b2.set_device("neurochip")
    got = run()
    assert got.I.shape == expected.I.shape == (2, 60)
    assert np.array_equal(got.t_[:], expected.t_[:])
    assert expected.I_.max() > 1e-10
    # Weights and gain are rounded: 0.5 % of the largest current.
    assert np.abs(got.I_ - expected.I_).max() < 0.005 * expected.I_.max()
    assert np.abs(got.v_ - expected.v_).max() < 0.01 * expected.v_.max()


def test_a_current_is_the_same_whatever_gain_survives_a_rounded_decay(b2):
    from neurochip import LOIHI

    def run(gain):
        b2.set_device("neurochip", chip=LOIHI.what_if(decay_bits=6), gain=gain)
        b2.start_scope()
        group = b2.NeuronGroup(
            3,
            """dv/dt = (40*Mohm * I - v) / (7*ms) : volt
            dI/dt = -I / (3*ms) : amp""",
            threshold="v > 1*volt",
            reset="v = 0*mV",
            method="exact",
        )
        times = np.arange(1, 25)
        source = b2.SpikeGeneratorGroup(3, times % 3, times * b2.ms)
        synapses = b2.Synapses(source, group, on_pre="I += 0.1*nA")
        synapses.connect(j="i")
        state = b2.StateMonitor(group, "I", record=True)
        b2.run(30 * b2.ms)
        return copies(state.I_)[0]

    jump, steady = run("impulse"), run("dc")
    assert steady.max() > 1e-10
    assert jump == pytest.approx(steady, rel=1e-3, abs=1e-14)


def test_two_runs_are_one_long_run(chip):
    def run(*parts):
        chip.start_scope()
        chip.seed(4)
        group = chip.NeuronGroup(
            20,
            "dv/dt = -v/(10*ms) : volt (unless refractory)",
            threshold="v > 1*mV",
            reset="v = 0*mV",
            refractory=2 * chip.ms,
        )
        group.v = "rand()*mV"
        source = chip.PoissonGroup(20, rates=900 * chip.Hz)
        near = chip.Synapses(source, group, on_pre="v += 0.2*mV", delay=0.7 * chip.ms)
        near.connect(j="i")
        back = chip.Synapses(group, group, on_pre="v += 0.05*mV", delay=1.5 * chip.ms)
        back.connect(condition="i != j", p=0.3)
        spikes, state = chip.SpikeMonitor(group), chip.StateMonitor(group, "v", record=True)
        rate, inputs = chip.PopulationRateMonitor(group), chip.SpikeMonitor(source)
        for part in parts:
            chip.run(part * chip.ms)
        return copies(spikes.i, spikes.t_, state.v_, rate.rate_, inputs.t_, group.v_)

    whole, parts = run(60.0), run(20.0, 0.1, 0.0, 39.9)
    assert len(whole[0]) > 50
    for expected, got in zip(whole, parts, strict=True):
        assert np.array_equal(expected, got)


def test_rates_may_change_between_runs(chip):
    group = chip.NeuronGroup(10, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    source = chip.PoissonGroup(10, rates=1000 * chip.Hz)
    synapses = chip.Synapses(source, group, on_pre="v += 0.2")
    synapses.connect(j="i")
    spikes = chip.SpikeMonitor(group)
    chip.run(100 * chip.ms)
    before = spikes.num_spikes
    source.rates = 0 * chip.Hz
    late = chip.StateMonitor(group, "v", record=[7])  # monitors may come later
    ended = np.array(group.v[:])
    chip.run(100 * chip.ms)
    assert late.t_[0] == pytest.approx(0.1)
    assert late.v[0, 0] >= ended[7]  # and perhaps a kick on its way
    assert late.v.shape == (1, 1000)
    assert before > 20
    assert spikes.num_spikes - before <= 10  # what was on its way


def test_restoring_time_0_begins_anew_with_other_parameters(chip):
    threshold = 1.0
    group = chip.NeuronGroup(
        5, "dv/dt = (x - v)/(10*ms) : 1\nx : 1", threshold="v > threshold", reset="v = 0"
    )
    spikes = chip.SpikeMonitor(group)
    network = chip.Network(group, spikes)
    network.store()
    counts = []
    for x in (0.9, 1.5, 3.0):
        network.restore()
        group.x = x
        network.run(50 * chip.ms)
        counts.append(spikes.num_spikes)
    assert counts[0] == 0 < counts[1] < counts[2]
    assert threshold


def test_changing_rates_are_brian2s_own(b2):
    def run():
        b2.start_scope()
        b2.seed(8)
        stimulus = b2.TimedArray([0, 400, 50] * b2.Hz, dt=10 * b2.ms)
        group = b2.NeuronGroup(30, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
        source = b2.PoissonGroup(30, rates="stimulus(t)")
        extra = b2.PoissonInput(group, "v", 20, 10 * b2.Hz, 0.1)
        synapses = b2.Synapses(source, group, on_pre="v += 0.3")
        synapses.connect(j="i")
        inputs = b2.SpikeMonitor(source)
        b2.run(30 * b2.ms, namespace=locals())
        return [*copies(inputs.i, inputs.t_), extra]

    expected = run()
    b2.set_device("neurochip")
    got = run()
    assert len(expected[0]) > 100
    assert np.array_equal(expected[0], got[0])
    assert np.array_equal(expected[1], got[1])


def test_a_generator_repeats_its_period(b2):
    def run():
        b2.start_scope()
        source = b2.SpikeGeneratorGroup(3, [0, 1, 2], [0.05, 1.0, 1.9] * b2.ms, period=2.5 * b2.ms)
        group = b2.NeuronGroup(3, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
        synapses = b2.Synapses(source, group, on_pre="v += 1.5")
        synapses.connect(j="i")
        inputs, spikes = b2.SpikeMonitor(source), b2.SpikeMonitor(group)
        b2.run(4 * b2.ms)
        b2.run(6 * b2.ms)
        return copies(inputs.i, inputs.t_, spikes.i, spikes.t_)

    expected = run()
    b2.set_device("neurochip")
    got = run()
    assert len(expected[0]) == len(expected[2]) == 12
    for one, other in zip(expected, got, strict=True):
        assert np.array_equal(one, other)


def test_the_device_tells_what_it_did(chip):
    group = chip.NeuronGroup(4, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    text = io.StringIO()
    with redirect_stdout(text):
        chip.run(5 * chip.ms, report="text")
    assert "100%" in text.getvalue()
    device = chip.get_device()
    assert device.network.populations[0].name == group.name
    assert device.image.report.row(group.name, "tau_m").asked.mean == pytest.approx(10.0)
    assert device.recording.n_steps == 50
    assert device.stimulus.duration == pytest.approx(5.0)


def test_set_device_takes_a_chip_and_options_of_the_compiler(b2):
    from neurochip import LOIHI

    narrow = LOIHI.what_if(decay_bits=8)
    b2.set_device("neurochip", chip=narrow, gain="impulse", threads=1)
    group = b2.NeuronGroup(4, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    b2.run(1 * b2.ms)
    device = b2.get_device()
    assert device.image.chip == narrow
    assert device.image.report.options["gain"] == "impulse"
    b2.set_device("neurochip")
    assert device.chip == LOIHI
    assert group.N == 4


def test_wide_recordings_are_cut_into_windows(chip, monkeypatch):
    from neurochip.frontends import session

    whole = decoded(chip, rate=3000.0, refractory=2.0)
    monkeypatch.setattr(session, "_VALUES", 2 * 20 * 7)  # v and u for 7 steps at a time
    cut = decoded(chip, rate=3000.0, refractory=2.0)
    assert whole[1].num_spikes > 20
    assert np.array_equal(whole[1].t_[:], cut[1].t_[:])
    assert np.array_equal(whole[2].v_, cut[2].v_)


def cuba(b2, seed, duration=500.0, n=1000):
    """Brian2's CUBA example at a quarter of its size, its conductances written as currents."""
    b2.start_scope()
    b2.seed(seed)
    tau_m, tau_e, tau_i = 20 * b2.ms, 5 * b2.ms, 10 * b2.ms
    v_t, v_r, e_l = -50 * b2.mV, -60 * b2.mV, -49 * b2.mV
    w_e, w_i = 4 * 1.62 * b2.mV * 1000 / n, -4 * 9 * b2.mV * 1000 / n
    cells = b2.NeuronGroup(
        n,
        """
        dv/dt = (ge + gi - (v - e_l)) / tau_m : volt (unless refractory)
        dge/dt = -ge / tau_e : volt
        dgi/dt = -gi / tau_i : volt
        """,
        threshold="v > v_t",
        reset="v = v_r",
        refractory=5 * b2.ms,
        method="exact",
    )
    cells.v = "v_r + rand() * (v_t - v_r)"
    excite = b2.Synapses(cells[: n * 4 // 5], cells, on_pre="ge += w_e")
    inhibit = b2.Synapses(cells[n * 4 // 5 :], cells, on_pre="gi += w_i")
    for wires in (excite, inhibit):
        wires.connect(p=0.02)
        wires.delay = "0.5*ms + rand() * 3*ms"
    groups = [cells[: n * 4 // 5], cells[n * 4 // 5 :]]
    spikes = [b2.SpikeMonitor(group) for group in groups]
    network = b2.Network(cells, excite, inhibit, spikes)
    network.run(duration * b2.ms, namespace=locals())
    return [item.num_spikes / len(item.count) / duration * 1e3 for item in spikes]


def test_a_chaotic_network_keeps_its_rates_within_the_spread_of_seeds(b2):
    expected = np.array([cuba(b2, seed) for seed in (1, 2, 3)])
    b2.set_device("neurochip")
    got = np.array([cuba(b2, seed) for seed in (1, 2, 3)])
    assert (expected.mean(axis=0) > 2).all()
    spread = expected.max(axis=0) - expected.min(axis=0)
    assert (np.abs(got.mean(axis=0) - expected.mean(axis=0)) < spread).all()


def test_a_network_with_heterogeneous_delays_keeps_its_rate(b2):
    def run():
        b2.start_scope()
        b2.seed(6)
        group = b2.NeuronGroup(
            100,
            "dv/dt = (x - v)/tau : volt (unless refractory)\ntau : second\nx : volt",
            threshold="v > 15*mV",
            reset="v = 0*mV",
            refractory="2*ms",
        )
        group.tau = "(8 + 6*rand())*ms"
        group.x = "rand()*5*mV"
        source = b2.PoissonGroup(100, rates=400 * b2.Hz)
        wires = b2.Synapses(source, group, "w : volt", on_pre="v_post += w")
        wires.connect(p=0.03)
        wires.w = "(0.8 + 0.8*rand())*mV"
        wires.delay = "rand() * 6*ms"
        spikes = b2.SpikeMonitor(group)
        b2.run(1 * b2.second)
        return spikes.num_spikes

    expected = run()
    b2.set_device("neurochip", gain="dc")
    assert expected > 1000
    assert run() == pytest.approx(expected, rel=0.01)


def test_overflows_are_told_in_brian2s_log(b2):
    b2.set_device("neurochip", headroom=1.0, assumed_rate=0.0)
    group = b2.NeuronGroup(200, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    start = b2.SpikeGeneratorGroup(1, [0], [0] * b2.ms)
    excite = b2.Synapses(start, group, on_pre="v += 2")
    inhibit = b2.Synapses(group, group, on_pre="v -= 10")  # all at once, after all have spiked
    for wires in (excite, inhibit):
        wires.connect()
    with b2.utils.logger.catch_logs() as logs:
        b2.run(2 * b2.ms)
    (text,) = [text for _, name, text in logs if name.endswith("overflow")]
    assert text == (
        f"Chip run: population {group.name!r}: a sum of synaptic input wrapped round at 22 bits "
        "200 times. A register that wraps changes its sign: spikes are lost or added. Compile with "
        "a higher headroom (now 1.0): sources that spike in the same step need it. If rates were "
        "predicted too low, a higher assumed_rate (now 0.0), the recording of a float run as "
        "activity, or the expected_rate of inputs whose spikes are not known helps, too. Options "
        'are set as in set_device("neurochip", headroom=4).'
    )


@pytest.mark.parametrize("before", [0, 10])
def test_after_an_interrupted_run_the_network_is_restored_or_made_anew(chip, monkeypatch, before):
    from neurochip.emulator import Emulator

    group = chip.NeuronGroup(
        3, "dv/dt = (9 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact"
    )
    spikes = chip.SpikeMonitor(group)
    network = chip.Network(group, spikes)
    network.store()
    network.run(before * chip.ms)
    with monkeypatch.context() as patch:

        def interrupted(*arguments, **options):
            raise KeyboardInterrupt

        patch.setattr(Emulator, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            network.run(10 * chip.ms)
    message = (
        f"Brian2 network {network.name!r}: its last run on the chip was stopped early by Ctrl-C "
        "or an error, so its monitors hold a part of that run; restore() it to time 0, or "
        "create it again."
    )
    with pytest.raises(FrontendError) as caught:
        network.run(10 * chip.ms)
    assert str(caught.value) == message
    network.restore()
    network.run(10 * chip.ms)
    assert spikes.num_spikes == 3 * 8


def test_a_profile_has_the_times_of_the_parts_of_a_run(chip):
    group = chip.NeuronGroup(1, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0")
    network = chip.Network(group)
    network.run(1 * chip.ms, profile=True)
    parts = {name for name, _ in network.profiling_info}
    assert parts == {"preparing", "reading", "compiling", "emulating"}
    assert "emulating" in str(chip.profiling_summary(network))
    network.run(1 * chip.ms)
    with pytest.raises(ValueError, match="No profiling info collected"):
        _ = network.profiling_info
