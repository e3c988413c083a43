"""Runs a neurochip Network in NEST, with NEST's own interface.

Populations become ``iaf_psc_exp`` or ``iaf_psc_delta``. Step n of neurochip is the step of NEST
that ends at ``(n + 1) dt``, which is also the time stamp of its spikes and samples.

- An input spike of step n is a spike of a ``spike_generator`` at ``n dt``.
- Delays are the same for currents, and dt longer for kicks of v: NEST adds a kick at the end of a
  step, neurochip before the threshold test of the next one, which is the same moment.
- A current acts dt after its generator's time, since its connection has that delay.
- NEST's generators give nothing at its time 0, and NEST cannot set synaptic currents. If a source
  spikes or a current begins at once, two steps run first, in which no neuron can spike. Spikes that
  arrive at their end bring the synaptic currents to their initial values; v and the thresholds are
  set then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import nest
import numpy as np

from .._support.values import shown
from ..errors import FrontendError
from ..network import Network, Population
from ..network.binning import bin_train
from ..network.step_current import steps_of_changes
from ..recording import FLOAT, Origin, Probe, Recording, Trace, resolve_probes
from ..stimulus import Stimulus
from ..typing import Float64Array, Int32Array, Int64Array

__all__ = ["InNest", "begin", "meter", "samples", "simulate_in_nest"]

_NA, _NF = 1e3, 1e3  # pA per nA, pF per nF
_AHEAD = 2  # steps before time 0
_NEVER = 1e9  # mV, a threshold that no neuron reaches before time 0
_STARTS = ("i_syn_init", "i_syn_init_E", "i_syn_init_I")


def simulate_in_nest(
    network: Network, stimulus: Stimulus, dt: float, record: Iterable[str | Probe] = ()
) -> Recording:
    """Run a network in NEST from time 0 to the end of the stimulus; what NEST held before is gone.

    Parameters and errors are those of :class:`InNest`.
    """
    begin(dt)
    return InNest(network, stimulus, dt, record=record).run()


def begin(dt: float, seed: int = 1) -> None:
    """Empty NEST, and set the length of its steps (ms) and the seed of its own random sources."""
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR  # it reports each run otherwise
    nest.set(resolution=dt, rng_seed=seed, local_num_threads=1)


class InNest:
    """A network in NEST, after :func:`begin`.

    Parameters
    ----------
    network : Network
        A network with NEST's rules, ``Network(delivery="before_threshold",
        refractory="after_spike")``, and neurons that NEST has: with a leak, exact integration, a
        reset to v_reset and no v_min. No connection learns, or drives v beside a current.
    stimulus : Stimulus
        Spikes of its inputs, and its currents.
    dt : float, ms
        Length of a step.
    record : iterable of str or Probe
        ``"v"``, of all neurons or of those of a probe.
    sources : mapping of str to NodeCollection
        NEST's own nodes for inputs whose spikes the stimulus does not have.

    Attributes
    ----------
    nodes : dict of str to NodeCollection
        Neurons and sources by the name of their population or input.
    ahead : int
        Number of steps that run before time 0.

    Raises
    ------
    FrontendError
        If the network has other rules or neurons, or learns.
    """

    def __init__(
        self,
        network: Network,
        stimulus: Stimulus,
        dt: float,
        *,
        record: Iterable[str | Probe] = (),
        sources: Mapping[str, Any] | None = None,
    ) -> None:
        _check(network)
        self.network, self.stimulus, self.dt = network, stimulus, dt
        given = {item.name: bin_train(item, dt, 0, None) for item in stimulus.trains}
        self.ahead = _AHEAD * (
            any(item.parameter(name).any() for item in network.populations for name in _STARTS)
            or any((np.floor(places) == 0).any() for places, _ in given.values())
            or any((steps_of_changes(item.times, dt) < _AHEAD).any() for item in stimulus.currents)
        )
        self.nodes = {item.name: _neurons(item) for item in network.populations}
        self.nodes |= dict(sources or {})
        for item in network.spike_inputs:
            if item.name not in self.nodes:
                places, ids = given[item.name]
                steps = np.floor(places).astype(np.int64) + self.ahead
                self.nodes[item.name] = _generators(item.size, steps, ids, dt)
        for link in network.connections:
            kicks = link.target.model.delta_synapses
            _connect(
                np.asarray(self.nodes[link.source.name])[link.pre],
                np.asarray(self.nodes[link.target.name])[link.post],
                np.broadcast_to(link.weight, link.n_synapses) * (1.0 if kicks else _NA),
                np.broadcast_to(link.delay, link.n_synapses) + dt * kicks,
            )
        for wave in stimulus.currents:
            steps = steps_of_changes(wave.times, dt)
            last = np.diff(steps, append=steps[-1] + 1) > 0  # of several changes in a step
            times = np.round((steps[last] + self.ahead - 1) * dt, 6)
            _current(self.nodes[wave.population], times, wave.amplitudes[last], dt)
        for population in network.populations:
            _start_currents(population, self.nodes[population.name], dt)
        self._recorders = {name: _recorder(node) for name, node in self.nodes.items()}
        sizes = {item.name: item.size for item in network.populations}
        probes = resolve_probes(record, sizes, ("v",))
        self._meters = {
            name: (ids, meter(self.nodes[name][ids.tolist()], "V_m", dt))
            for (name, _), ids in probes.items()
        }

    def run(self) -> Recording:
        """Run from time 0 to the end of the stimulus.

        Returns
        -------
        Recording
            Spikes and v by neurochip's steps.
        """
        network, dt = self.network, self.dt
        n_steps = round(self.stimulus.duration / dt)
        if self.ahead:
            nest.Simulate(self.ahead * dt)
        for item in network.populations:
            self.nodes[item.name].set(
                V_m=item.parameter("v_init").tolist(),
                V_th=np.nextafter(item.parameter("v_thresh"), np.inf).tolist(),
            )
        late = nest.min_delay + dt  # samples and spikes reach their recorders one delay later
        nest.Simulate(round(n_steps * dt + late, 6))
        own = {item.name: self.spikes(item.name, 1, n_steps) for item in network.populations}
        return Recording(
            label=f"NEST {nest.__version__}, dt={dt:g} ms",
            dt=dt,
            first_step=0,
            n_steps=n_steps,
            populations={item.name: item.size for item in network.populations},
            steps={name: steps.astype(np.int32) for name, (steps, _) in own.items()},
            ids={name: ids for name, (_, ids) in own.items()},
            traces={
                (name, "v"): Trace(ids, samples(node, "V_m", dt, self.ahead + 1, n_steps), "mV", dt)
                for name, (ids, node) in self._meters.items()
            },
            origin=Origin(kind=FLOAT, stimulus=self.stimulus.digest(), coupling=network.couplings),
        )

    def spikes(self, name: str, late: int, n_steps: int) -> tuple[Int64Array, Int32Array]:
        """Return the spikes of a population or an input by step.

        Parameters
        ----------
        name : str
            Its name.
        late : int
            By how many steps the time of a spike is later than its step begins: 1 for neurons.
        n_steps : int
            Number of steps from time 0.
        """
        events = self._recorders[name].events
        steps = np.rint(np.asarray(events["times"]) / self.dt).astype(np.int64) - late - self.ahead
        ids = np.asarray(events["senders"]) - np.min(np.asarray(self.nodes[name]))
        within = (steps >= 0) & (steps < n_steps)
        steps, ids = steps[within], ids[within].astype(np.int32)
        order = np.lexsort((ids, steps))
        return steps[order], ids[order]


def _check(network: Network) -> None:
    rules = (network.delivery, network.refractory)
    if rules != ("before_threshold", "after_spike"):
        raise FrontendError(
            f"NEST: delivery = {rules[0]!r} and refractory = {rules[1]!r}; allowed: "
            "'before_threshold' and 'after_spike', its only rules."
        )
    for population in network.populations:
        model = population.model
        has = {
            "tau_m": model.leaky,
            "integration": model.integration == "exact",
            "reset": model.reset == "value",
            "v_min": model.v_min is None,
        }
        for name, as_in_nest in has.items():
            if not as_in_nest:
                raise FrontendError(
                    f"NEST: population {population.name!r}: {name} = "
                    f"{shown(getattr(model, name))}; allowed: neurons with a leak, exact "
                    "integration, a reset to v_reset and no v_min, which NEST's are."
                )
    for item in network.connections:
        if item.receptor is not None and not item.target.model.delta_synapses:
            raise FrontendError(
                f"NEST: connection {item.name!r}: receptor = {item.receptor!r} of neurons with a "
                "current; allowed: synapses that drive the current."
            )
        if item.learns:
            raise FrontendError(
                f"NEST: connection {item.name!r} learns; allowed: connections without plasticity. "
                "Compare with reference='float'."
            )


def _neurons(population: Population) -> Any:
    model, get = population.model, population.parameter
    values = {
        "tau_m": get("tau_m"),
        "E_L": get("v_rest"),
        "V_reset": get("v_reset"),
        "V_th": np.full(population.size, _NEVER),
        "V_m": get("v_rest"),
        "t_ref": get("tau_refrac"),
        "C_m": get("cm") * _NF,
        "I_e": get("i_offset") * _NA,
    }
    if model.delta_synapses:
        kind = "iaf_psc_delta"
    else:
        kind = "iaf_psc_exp"
        both = ("tau_syn_E", "tau_syn_I") if model.two_currents else ("tau_syn_E", "tau_syn_E")
        values |= {"tau_syn_ex": get(both[0]), "tau_syn_in": get(both[1])}
    columns = {name: column.tolist() for name, column in values.items()}
    return nest.Create(kind, population.size, columns)


def _steps(times: Float64Array, dt: float) -> Int64Array:
    return np.rint(np.asarray(times) / dt).astype(np.int64)


def _generators(size: int, steps: Int64Array, ids: Int32Array, dt: float) -> Any:
    """Return one generator for each source."""
    order = np.lexsort((steps, ids))
    at = np.round(steps[order] * dt, 6)
    parts = np.split(at, np.cumsum(np.bincount(ids, minlength=size))[:-1])
    return nest.Create("spike_generator", size, [{"spike_times": part} for part in parts])


def _connect(pre: Any, post: Any, weight: Float64Array, delay: Float64Array) -> None:
    if len(pre):
        nest.Connect(pre, post, "one_to_one", {"weight": weight, "delay": delay})


def _current(target: Any, times: Float64Array, amplitudes: Float64Array, dt: float) -> None:
    """Connect a generator of a current in steps (nA, by NEST's times) to each neuron."""
    columns = np.broadcast_to(amplitudes.T, (len(target), len(times))) * _NA
    made = [{"amplitude_times": times, "amplitude_values": column} for column in columns]
    generators = nest.Create("step_current_generator", len(target), made)
    nest.Connect(generators, target, "one_to_one", {"delay": dt})


def _start_currents(population: Population, target: Any, dt: float) -> None:
    for name in _STARTS:
        current = population.parameter(name)
        if current.any():
            once = nest.Create("spike_generator", 1, {"spike_times": [dt]})
            pre = np.full(population.size, once.tolist()[0])
            _connect(pre, np.asarray(target), current * _NA, np.full(population.size, dt))


def _recorder(node: Any) -> Any:
    recorder = nest.Create("spike_recorder")
    nest.Connect(node, recorder)
    return recorder


def meter(node: Any, variable: str, dt: float) -> Any:
    """Return a multimeter that samples a variable of some nodes at the end of each step."""
    made = nest.Create("multimeter", 1, {"record_from": [variable], "interval": dt})
    nest.Connect(made, node)
    return made


def samples(made: Any, variable: str, dt: float, first: int, n_steps: int) -> Float64Array:
    """Return the samples of a meter, shape (n_steps, n_nodes), from NEST's step ``first`` on.

    There is none at NEST's time 0 or before, where generators give nothing.
    """
    events = made.events
    steps = _steps(events["times"], dt)
    order = np.lexsort((events["senders"], steps))
    columns = len(np.unique(events["senders"]))
    values = np.asarray(events[variable], np.float64)[order].reshape(-1, columns)
    at = first - int(steps.min())
    return np.pad(values, ((max(-at, 0), 0), (0, 0)))[max(at, 0) :][:n_steps]
