"""Expected peaks of a neuron's sums, against the same estimate written out for one neuron."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.signal import lfilter

from compiler import compile_network
from compiler.neurons.decays import round_decays
from compiler.neurons.expectation import expect
from compiler.neurons.peaks import expected_peaks
from compiler.options import CompileOptions
from compiler.synapses.projections import project, projections_onto
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    SpikeInput,
    all_to_all,
    draw_stimulus,
)
from neurochip.chip.fixedpoint import Overflow
from neurochip.emulator import Emulator
from neurochip.recurrence import ideal_population
from neurochip.reference import simulate_reference

DT = 0.5
IMPULSE = np.zeros(200_000)  # v without a leak forgets a factor e in 4096 steps
IMPULSE[0] = 1.0
MEMBRANE = {"tau_m": 8.0, "v_rest": -70.0, "v_reset": -65.0, "v_thresh": -50.0, "cm": 0.5}
MODELS = {
    "delta": LIF(**MEMBRANE, v_init=-90.0),
    "exponential": LIF(**MEMBRANE, tau_syn=3.0, i_offset=0.2, i_syn_init=-0.7),
    "two currents": LIF(**MEMBRANE, tau_syn_E=2.0, tau_syn_I=6.0, i_syn_init_E=0.4),
    "no leak": LIF(**{**MEMBRANE, "tau_m": math.inf}, tau_syn=3.0, i_offset=-0.01),
    "silent": LIF(**{**MEMBRANE, "v_thresh": math.inf}, tau_syn=3.0, i_offset=0.1, i_syn_init=0.5),
}


def network_of(model, weights, size=1):
    """Cells with a synapse of each weight from neurons, from given spikes, and from a Poisson."""
    cells = Population("cells", size, model)
    others = Population("others", 1, LIF(tau_syn=5.0))
    given = SpikeInput("given", 1, times=[1.0, 2.0, 40.0], ids=[0, 0, 0])
    sources = {"neuron": others, "given": given, "poisson": PoissonInput("poisson", 1, rate=600.0)}
    return Network(
        inputs=[given, sources["poisson"]],
        populations=[cells, others],
        connections=[
            all_to_all(sources[kind], cells, weight=weight, name=f"{kind} {number}")
            for number, (kind, weight) in enumerate(weights)
        ],
    )


def lowered(network, core=LOIHI.core, **options):
    cells = network.populations[0]
    ideal = ideal_population(network, cells, DT)
    chip = dataclasses.replace(LOIHI, core=core)
    decays = round_decays(ideal, chip, DT, CompileOptions())
    projections = projections_onto("cells", project(network))
    expected = expect(network, CompileOptions(**{"assumed_rate": 100.0, **options}))
    return ideal, decays, expected_peaks(projections, ideal, decays, core, DT, expected)


def deviation(variance, largest, digits=9):
    """Where Bennett's bound of the tail is once in 1e9, or in another power of ten."""
    if not (variance and largest):
        return 0.0

    def exponent(x):
        y = largest * x / variance
        return variance / largest**2 * ((1 + y) * math.log1p(y) - y) - digits * math.log(10)

    return brentq(exponent, 0.0, 1e9 * largest, xtol=1e-12 * largest, rtol=1e-13)


class Sums:
    """Synapses of one sign onto one receptor."""

    def __init__(self, terms):
        self.mean = sum(p * size for p, size, _ in terms)
        self.variance = sum(p * size**2 for p, size, _ in terms)
        self.largest = max((size for _, size, _ in terms), default=0.0)
        self.total = sum(size if bounded else math.inf for _, size, bounded in terms)

    def peak(self, mean_gain, power_gain):
        x = self.mean * mean_gain + deviation(self.variance * power_gain, self.largest)
        return min(x, self.total * mean_gain)


def written_out(network, ideal, decays, clips=True):
    """The peaks of the first neuron; spikes of a step come with probability p."""
    probability = {"neuron": 0.1 * DT, "given": 3 * DT / 40.0, "poisson": 0.6 * DT}
    model = ideal.population.model
    a = float(decays.keep_v[0]) if model.leaky else 1 - 1 / 4096
    accumulator = current = start = 0.0
    pull = {-1: 0.0, 1: 0.0}
    most, largest, first = ({-1: 0.0, 1: 0.0} for _ in range(3))
    variance = 0.0
    for index, receptor in enumerate(decays.receptors):
        s, gain, start = (float(x[0]) for x in (receptor.keep_u, receptor.gain, receptor.u_init))
        response = lfilter([1.0], [1.0, -a - s, a * s], IMPULSE)
        peak = 0.0
        for sign in (-1, 1):
            terms = [
                (probability[kind], abs(float(item.weight)) * gain, kind != "poisson")
                for item in network.connections
                for kind in [item.name.split()[0]]
                if item.weight * sign > 0
                if len(decays.receptors) == 1 or (sign > 0) == (index == 1)
            ]
            sums = Sums(terms)
            accumulator = max(accumulator, sums.peak(1.0, 1.0))
            peak = max(peak, sums.peak(1 / (1 - s), 1 / (1 - s**2)))
            reach = min(1 / (1 - s), 1 / (1 - a))
            largest[sign] = max(largest[sign], sums.largest * reach)
            first[sign] += max(sign * start, 0.0) * reach
            most[sign] += sums.total * response.sum() if terms else 0.0
            pull[sign] += sums.mean * response.sum()
            variance += sums.variance * (response**2).sum()
        current = max(current, peak) + abs(start)
    settled = float((ideal.v_inf - ideal.origin)[0]) if model.leaky else decays.bias[0] / (1 - a)
    v_init, pulled = float(ideal.v_init[0]), pull[-1] - pull[1]
    edge = {sign: max(0.0, sign * settled, sign * v_init) for sign in (-1, 1)}
    mean = {-1: max(0.0, -v_init, pulled - settled), 1: edge[1] + max(0.0, -pulled)}
    v = {}
    for sign in (-1, 1):
        digits = 3 if sign < 0 and clips else 9
        drawn = mean[sign] + deviation(variance, largest[sign], digits)
        v[sign] = min(drawn, edge[sign] + most[sign]) + first[sign]
    if len(decays.receptors) == 2:
        v[-1] = max(v[-1], current / (1 - 1 / 4096))
    return {
        "accumulator": accumulator,
        "current": current,
        "input": current + abs(float(decays.bias[0])),
        "voltage_low": v[-1],
        "voltage_high": 0.0 if model.spiking else v[1],
    }


SYNAPSES = {
    "none": [],
    "excitatory": [("neuron", 0.5), ("given", 0.3)],
    "inhibitory": [("poisson", -0.4), ("neuron", -0.9)],
    "mixed": [("poisson", 0.4), ("given", -0.2), ("neuron", 0.3), ("neuron", -0.6)],
}


@pytest.mark.parametrize("synapses", SYNAPSES)
@pytest.mark.parametrize("model", MODELS)
def test_peaks_are_mean_and_deviation_and_never_more_than_everything_at_once(model, synapses):
    network = network_of(MODELS[model], SYNAPSES[synapses])
    ideal, decays, peaks = lowered(network)
    expected = written_out(network, ideal, decays)
    assert dataclasses.asdict(peaks) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_v_below_is_a_hard_bound_where_the_chip_does_not_clip_it(model):
    core = dataclasses.replace(LOIHI.core, voltage_overflow=Overflow.NONE)
    network = network_of(MODELS[model], SYNAPSES["mixed"])
    ideal, decays, peaks = lowered(network, core)
    expected = written_out(network, ideal, decays, clips=False)
    assert peaks.voltage_low == pytest.approx(expected["voltage_low"], rel=1e-6)


def test_the_soft_bound_takes_the_rates_that_are_expected_and_the_others_at_least_10_hz():
    """The other neuron is expected to be silent."""
    network = network_of(MODELS["exponential"], [("neuron", -0.9)])
    _, _, peaks = lowered(network, assumed_rate="auto")
    _, _, silent = lowered(network, assumed_rate=0.0)
    _, _, slow = lowered(network, assumed_rate=10.0)
    assert (peaks.accumulator, peaks.current) == (slow.accumulator, slow.current)
    assert peaks.voltage_low == silent.voltage_low < slow.voltage_low


def test_the_peak_of_a_population_is_that_of_its_busiest_neuron():
    busy = network_of(MODELS["exponential"], [("poisson", 0.4)], size=3)
    (connection,) = busy.connections
    weaker = dataclasses.replace(connection, weight=np.array([0.1, 0.4, -0.2]))
    _, _, peaks = lowered(dataclasses.replace(busy, connections=[weaker]))
    _, _, alone = lowered(network_of(MODELS["exponential"], [("poisson", 0.4)]))
    assert (peaks.accumulator, peaks.current) == (alone.accumulator, alone.current)


def test_synapses_may_be_looked_at_in_parts(monkeypatch):
    network = network_of(MODELS["exponential"], SYNAPSES["mixed"], size=7)
    _, _, whole = lowered(network)
    monkeypatch.setattr("compiler.neurons.weights.CHUNK", 3)
    assert lowered(network)[2] == whole


@pytest.mark.parametrize("current", [0.5, -0.5])
def test_a_first_current_counts_with_its_magnitude(current):
    model = LIF(**MEMBRANE, tau_syn=3.0, i_syn_init=current)
    _, decays, peaks = lowered(network_of(model, []))
    assert peaks.current == peaks.input - abs(decays.bias[0]) == abs(decays.receptors[0].u_init[0])


def test_a_first_current_finds_room_for_v_below():
    """It once had none: v was clipped, and shown mV above where it was."""
    cells = Population("cells", 1, LIF(tau_m=20.0, tau_syn=10.0, cm=1.0, i_syn_init=-20.0))
    source = PoissonInput("source", 1, rate=1.0)
    network = Network(inputs=[source], populations=[cells], connections=[])
    stimulus = draw_stimulus(network, 60.0, 1)
    image = compile_network(network, dt=0.5)
    chip = Emulator(image, threads=1, warn=False).run(stimulus, record=["v"])
    reference = simulate_reference(network, stimulus, 0.5, record=["v"])
    assert chip.counters["voltage_clips_low"] == 0
    wanted = reference.trace("cells", "v").values
    assert wanted.min() < -150
    assert np.abs(chip.trace("cells", "v").values - wanted).max() < 0.01 * (-65 - wanted.min())
