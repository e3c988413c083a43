"""Whatever a script records, clears and resets, its data are parts of one whole run."""

from __future__ import annotations

import numpy as np
import pytest
from recorded_in_pynn import segment_of

pytest.importorskip("pyNN", reason="PyNN is not installed: neurochip[pynn]")

SIZE, STEPS, SIGNALS = 6, 600, ("v", "isyn_exc", "isyn_inh")


def small_network(sim):
    """Neurons that spike by themselves and get excitatory and inhibitory spikes."""
    sim.setup(timestep=0.1)
    rng = np.random.default_rng(3)
    times = [np.sort(np.round(rng.uniform(0, 60, 12), 2)) for _ in range(4)]
    source = sim.Population(4, sim.SpikeSourceArray(spike_times=times))
    model = sim.IF_curr_exp(i_offset=1.4, tau_syn_E=3.0, tau_syn_I=8.0, tau_refrac=1.0)
    cells = sim.Population(SIZE, model)
    cells.initialize(v=np.linspace(-65, -51, SIZE), isyn_exc=np.linspace(0, 0.4, SIZE))
    for first, weight, name in ((0, 0.5, "excitatory"), (2, -0.3, "inhibitory")):
        synapse = sim.StaticSynapse(weight=weight, delay=0.7)
        part = source[first : first + 2]
        sim.Projection(part, cells, sim.AllToAllConnector(), synapse, receptor_type=name)
    return cells


class Script:
    """A script of random calls, with what it should have recorded.

    ``since`` has the step in which the recording of each variable of each neuron began, ``start``
    the step in which the present data begin, and ``every`` the sampling interval in steps.
    """

    def __init__(self, sim, seed, whole):
        self.sim, self.whole, self.rng = sim, whole, np.random.default_rng(seed)
        self.cells = small_network(sim)

    def run(self):
        for segment in range(2):
            if segment:
                self.sim.reset()
                self.cells.record(None)
            self.every = int(self.rng.choice([1, 1, 2, 3, 7]))
            self.since, self.start, self.now = {}, 0, 0
            self.record(["v"])
            while self.now < STEPS:
                longest = STEPS - self.now
                steps = min(longest, int(self.rng.choice([1, 2, 5, 20, 100, 250])))
                self.sim.run(steps * 0.1)
                self.now += steps
                (self.record, self.check, self.clear, int, int)[self.rng.integers(5)]()
            self.check()

    def record(self, variables=None):
        if variables is None:
            every = ("spikes", *SIGNALS)
            variables = self.rng.choice(every, self.rng.integers(1, 5), replace=False).tolist()
        ids = np.sort(self.rng.choice(SIZE, self.rng.integers(1, SIZE + 1), replace=False))
        self.cells[ids].record(variables, sampling_interval=round(self.every * 0.1, 9))
        for variable in variables:
            for neuron in ids.tolist():
                self.since.setdefault((variable, neuron), self.now)

    def clear(self):
        self.check()
        self.cells.get_data(clear=True)
        self.start = self.now

    def check(self):
        segment = segment_of(self.cells)
        rows = np.arange(self.start, self.now + 1, self.every)
        for variable in SIGNALS:
            ids = sorted(neuron for name, neuron in self.since if name == variable)
            expected = self.whole[variable][np.ix_(rows, ids)]
            for column, neuron in enumerate(ids):
                began = self.since[variable, neuron]
                # A current is that of the step which begins, as soon as that has run.
                late = variable == "v" or began == self.now
                missing = rows <= began if late else rows < began
                expected[missing & (began > 0), column] = np.nan
            found = segment.filter(name=variable)
            assert len(found) == (1 if ids else 0)
            for signal in found:
                np.testing.assert_array_equal(signal.magnitude, expected)
        ids = sorted(neuron for name, neuron in self.since if name == "spikes")
        assert len(segment.spiketrains) == len(ids)
        for train, neuron in zip(segment.spiketrains, ids, strict=True):
            times = self.whole["spikes"][neuron]
            begin = max(self.since["spikes", neuron], self.start) * 0.1
            inside = (times > begin + 1e-9) & (times <= self.now * 0.1 + 1e-9)
            np.testing.assert_array_equal(train.magnitude, times[inside])


@pytest.fixture
def whole(sim):
    """Every spike and sample of the network."""
    cells = small_network(sim)
    cells.record(["spikes", *SIGNALS])
    sim.run(STEPS * 0.1)
    segment = segment_of(cells)
    found = {name: segment.filter(name=name)[0].magnitude.copy() for name in SIGNALS}
    found["spikes"] = [train.magnitude.copy() for train in segment.spiketrains]
    assert min(map(len, found["spikes"])) > 0
    return found


@pytest.mark.slow
def test_random_scripts_record_parts_of_the_whole_run(sim, whole):
    for seed in range(25):
        Script(sim, seed, whole).run()
