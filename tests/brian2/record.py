"""Record small networks in Brian2, as expected results for the reference simulator.

    pip install "brian2==2.9.0" "numpy<2.4"
    python tests/brian2/record.py            # all cases
    python tests/brian2/record.py 01 08      # cases whose name starts so

Each case becomes one ``<case>.npz`` next to this file, readable by
``numpy.load`` without pickle. Tests read these files and need no Brian2.

Model
-----
``v`` follows, in units of mV, ms, nA and nF with ``R = tau_m / cm``::

    delta:        dv/dt = (v_rest - v + R * i_offset) / tau_m       on_pre: v += weight
    exponential:  dv/dt = (v_rest - v + R * (I + i_offset)) / tau_m
                  dI/dt = -I / tau_syn                              on_pre: I += weight
    two currents: I = I_E + I_I, each with its time constant        on_pre: I_E or I_I += weight
                  (positive weights to I_E, negative ones to I_I)

A connection with ``"receptor": "v"`` onto exponential synapses has on_pre: v += weight.

with ``v`` flagged ``(unless refractory)``, ``method='exact'``, threshold
``v > v_thresh``, reset ``v = v_reset``, ``refractory = tau_refrac``, and Brian2's
default schedule (state update, thresholds, synapses, resets). A population with
``"reset": "subtract"`` has ``reset = v -= v_thresh - v_reset`` instead; without a refractory
period it has neither the flag nor ``refractory``, which would lose the kicks of a step of a spike.

Brian2's exact integration divides by the difference of ``tau_m`` and ``tau_syn``. Where
both are equal, the equations are written with ``tau_m`` alone. The flag has to go as
well, as it multiplies dv/dt by ``int(not_refractory)`` and so hides the equality again;
instead ``v`` is put back to ``v_reset`` after the state update where the neuron is
refractory, which is the same as long as no synapse acts on ``v`` itself.

Time and order
--------------
Step ``n`` is the one which starts at ``t = n * dt``; the first is step 0, and
``v_init`` is the value before the state update of step 0. In each step:

1. ``v`` and ``I`` advance by ``dt`` (``v`` only where not refractory);
2. neurons with ``v > v_thresh`` which are not refractory spike, with this step;
3. spikes with a delay of ``d`` steps, sent ``d`` steps ago (input spikes of this
   step included, for ``d = 0``), are delivered;
4. neurons which spiked in 2. are reset.

``v_<population>`` is ``v`` after 1., and after the reset for a neuron which spiked
in that step, but without the kicks delivered in that step. It is recorded by a
StateMonitor with ``when='before_synapses'`` (after thresholds and before synapses),
then replaced by ``v_reset``, or lowered, where the neuron spiked in the step.

Keys
----
``case``, ``dt`` (ms), ``n_steps``, ``n_inputs``, ``brian2_version``
``populations``
    JSON list of ``{"name", "size", "params"}``, with ``"reset"`` where it is ``"subtract"``.
    ``params`` has ``tau_m``,
    ``v_rest``, ``v_reset``, ``v_thresh``, ``v_init``, ``tau_refrac``, ``cm``,
    ``i_offset`` and ``tau_syn``, each a number or ``"array"``: then the values per
    neuron are in ``param_<population>_<name>``. ``tau_syn`` null means delta synapses,
    or two currents where there are ``tau_syn_E`` and ``tau_syn_I``.
``connections``
    JSON list of ``{"source", "target"}``, with ``"receptor"`` where it is ``"v"``; the k-th
    has the arrays ``pre_k``, ``post_k``, ``weight_k`` (mV onto v, nA onto a current) and
    ``delay_k`` (ms, a multiple of dt in all cases). The source of the input spikes
    is called ``input``.
``current_times_<population>``, ``current_amplitudes_<population>``
    Times (ms) and values (nA) of a ``TimedArray`` that is added to ``i_offset``, if there is
    one: shape ``(n,)``, or ``(n, size)`` with a column per neuron.
``in_step``, ``in_id``
    Input spikes, sorted by step, then id; at most one per source and step.
``spk_step_<population>``, ``spk_id_<population>``
    Output spikes, sorted by step, then id.
``v_<population>``
    float64 ``(n_steps, 5)``, mV: the first five neurons.

The script refuses a case in which any neuron which may spike comes closer to its
threshold than ``MIN_MARGIN`` at the end of a state update: its spikes could depend
on the order of floating point operations.
"""

import json
import sys
from pathlib import Path

import brian2 as b2
import numpy as np

b2.prefs.codegen.target = "numpy"

HERE = Path(__file__).resolve().parent
N_RECORDED = 5
MIN_MARGIN = 1e-9  # mV

UNITS = {
    "tau_m": b2.ms,
    "v_rest": b2.mV,
    "v_reset": b2.mV,
    "v_thresh": b2.mV,
    "v_init": b2.mV,
    "tau_refrac": b2.ms,
    "cm": b2.nF,
    "i_offset": b2.nA,
    "tau_syn": b2.ms,
    "tau_syn_E": b2.ms,
    "tau_syn_I": b2.ms,
}

# names in the equations, where they differ ("cm" is a unit for Brian2)
ATTRIBUTES = {"v_init": "v", "cm": "c_m"}

CONSTANTS = """
tau_m : second (constant)
v_rest : volt (constant)
v_reset : volt (constant)
v_thresh : volt (constant)
tau_refrac : second (constant)
c_m : farad (constant)
i_offset : amp (constant)
"""

DELTA = "dv/dt = (v_rest - v + tau_m / c_m * i_offset) / tau_m : volt (unless refractory)"

EXPONENTIAL = """
dv/dt = (v_rest - v + tau_m / c_m * (I_syn + i_offset)) / tau_m : volt (unless refractory)
dI_syn/dt = -I_syn / tau_syn : amp
tau_syn : second (constant)
"""

EXPONENTIAL_EQUAL = """
dv/dt = (v_rest - v + tau_m / c_m * (I_syn + i_offset)) / tau_m : volt
dI_syn/dt = -I_syn / tau_m : amp
"""

TWO_CURRENTS = """
dv/dt = (v_rest - v + tau_m / c_m * (I_E + I_I + i_offset)) / tau_m : volt (unless refractory)
dI_E/dt = -I_E / tau_syn_E : amp
dI_I/dt = -I_I / tau_syn_I : amp
tau_syn_E : second (constant)
tau_syn_I : second (constant)
"""
ON_PRE_TWO_CURRENTS = """
I_E_post += w * int(w > 0*amp)
I_I_post += w * int(w < 0*amp)
"""
HOLD = "v = int(not_refractory) * v + (1 - int(not_refractory)) * v_reset"


# --------------------------------------------------------------------------- building


def parameters(**changes):
    """Parameters of a population: the defaults, with changes."""
    params = {
        "tau_m": 10.0,
        "v_rest": -70.0,
        "v_reset": -65.0,
        "v_thresh": -50.0,
        "v_init": -70.0,
        "tau_refrac": 5.0,
        "cm": 0.25,
        "i_offset": 0.0,
        "tau_syn": None,
    }
    unknown = set(changes) - set(params) - {"tau_syn_E", "tau_syn_I"}
    if unknown:
        raise ValueError(f"unknown parameters: {sorted(unknown)}")
    return params | changes


def poisson_steps(rng, n_inputs, n_steps, dt, rate):
    """Input spikes at `rate` Hz, at most one per source and step, sorted."""
    steps, ids = np.nonzero(rng.random((n_steps, n_inputs)) < rate * dt * 1e-3)
    return steps.astype(np.int32), ids.astype(np.int32)


def one_to_one(source, target, weight, delay=0.0, first=0):
    """Source `first + k` to neuron k; one neuron per weight."""
    weight = np.asarray(weight, dtype=float)
    post = np.arange(weight.size, dtype=np.int32)
    delay = np.broadcast_to(np.asarray(delay, dtype=float), weight.shape).copy()
    return {
        "source": source,
        "target": target,
        "pre": post + np.int32(first),
        "post": post,
        "weight": weight,
        "delay": delay,
    }


def random_connection(rng, source, target, n_pre, n_post, probability, weight, dt, max_delay):
    """Random pairs (a neuron may reach itself), weights spread by +-50 %, delays on
    the grid of dt from 0 to `max_delay` ms."""
    pre, post = np.nonzero(rng.random((n_pre, n_post)) < probability)
    n = pre.size
    return {
        "source": source,
        "target": target,
        "pre": pre.astype(np.int32),
        "post": post.astype(np.int32),
        "weight": weight * rng.uniform(0.5, 1.5, n),
        "delay": rng.integers(0, round(max_delay / dt), n, endpoint=True) * dt,
    }


def single_layer(name, seed, dt, duration, rate, low, high, **changes):
    """100 sources, one-to-one to 100 neurons, weights uniform in [low, high]."""
    rng = np.random.default_rng(seed)
    n_steps = round(duration / dt)
    return {
        "case": name,
        "dt": dt,
        "n_steps": n_steps,
        "n_inputs": 100,
        "input": poisson_steps(rng, 100, n_steps, dt, rate),
        "populations": [{"name": "lif", "size": 100, "params": parameters(**changes)}],
        "connections": [one_to_one("input", "lif", rng.uniform(low, high, 100))],
    }


def recurrent(name, seed, dt, duration, rate, low, high, w_exc, w_inh, **changes):
    """80 excitatory and 20 inhibitory neurons, each with its own source, and all four
    recurrent projections."""
    rng = np.random.default_rng(seed)
    n_steps = round(duration / dt)
    sizes = {"exc": 80, "inh": 20}
    spikes = poisson_steps(rng, 100, n_steps, dt, rate)
    connections = [
        one_to_one("input", "exc", rng.uniform(low, high, 80), rng.integers(0, 11, 80) * dt),
        one_to_one("input", "inh", rng.uniform(low, high, 20), 0.0, first=80),
    ]
    for source, weight in (("exc", w_exc), ("inh", w_inh)):
        connections.extend(
            random_connection(rng, source, target, sizes[source], size, 0.1, weight, dt, 3.0)
            for target, size in sizes.items()
        )
    return {
        "case": name,
        "dt": dt,
        "n_steps": n_steps,
        "n_inputs": 100,
        "input": spikes,
        "populations": [
            {"name": population, "size": size, "params": parameters(**changes)}
            for population, size in sizes.items()
        ],
        "connections": connections,
    }


def both_signs(name, seed, dt, duration):
    """As ``recurrent``, with two synaptic time constants, and a connection of mixed signs."""
    case = recurrent(
        name, seed, dt, duration, 600.0, 0.33, 0.48, 0.2, -0.3,
        tau_syn_E=2.0, tau_syn_I=8.0, tau_refrac=2.0,
    )  # fmt: skip
    rng = np.random.default_rng([seed, 1])
    mixed = random_connection(rng, "inh", "exc", 20, 80, 0.1, 0.0, dt, 3.0)
    mixed["weight"] = rng.uniform(-0.3, 0.2, len(mixed["pre"]))
    case["connections"].append(mixed)
    return case


def kicks_and_current(name, seed, dt, duration, **changes):
    """As ``recurrent`` with currents; a third of the drive and a projection kick v instead."""
    case = recurrent(
        name, seed, dt, duration, 400.0, 0.17, 0.27, 0.2, -0.8, tau_syn=3.0, **changes
    )  # fmt: skip
    rng = np.random.default_rng([seed, 2])
    kicks = [
        one_to_one("input", "exc", rng.uniform(1.0, 1.6, 80), rng.integers(0, 11, 80) * dt),
        random_connection(rng, "inh", "exc", 20, 80, 0.1, -3.0, dt, 3.0),
        random_connection(rng, "exc", "inh", 80, 20, 0.1, 1.0, dt, 3.0),
    ]
    case["connections"] += [{**connection, "receptor": "v"} for connection in kicks]
    return case


def heterogeneous(name, seed, dt, duration, rate):
    """Parameters per neuron; every fourth neuron is driven above its threshold by
    i_offset alone; input with delays."""
    rng = np.random.default_rng(seed)
    n = 100
    n_steps = round(duration / dt)
    spikes = poisson_steps(rng, n, n_steps, dt, rate)
    tau_m = rng.uniform(5.0, 20.0, n)
    v_thresh = rng.uniform(-55.0, -48.0, n)
    cm = 0.25
    i_offset = np.zeros(n)
    above = np.arange(0, n, 4)  # steady state 2 mV to 5 mV above threshold
    i_offset[above] = (v_thresh[above] + 70.0 + rng.uniform(2.0, 5.0, above.size)) * cm
    i_offset[above] /= tau_m[above]
    # similar mean depolarization for all tau_m
    weight = rng.uniform(15.0, 20.0, n) / (rate * 1e-3 * tau_m)
    weight[above] *= 0.1
    params = parameters(
        tau_m=tau_m,
        v_reset=rng.uniform(-72.0, -62.0, n),
        v_thresh=v_thresh,
        v_init=rng.uniform(-75.0, -56.0, n),
        tau_refrac=rng.integers(0, round(8.0 / dt), n, endpoint=True) * dt,
        cm=cm,
        i_offset=i_offset,
    )
    delay = rng.integers(0, round(2.0 / dt), n, endpoint=True) * dt
    return {
        "case": name,
        "dt": dt,
        "n_steps": n_steps,
        "n_inputs": n,
        "input": spikes,
        "populations": [{"name": "lif", "size": n, "params": params}],
        "connections": [one_to_one("input", "lif", weight, delay)],
    }


def subtracting(case):
    """The same with resets that subtract."""
    for population in case["populations"]:
        population["reset"] = "subtract"
    return case


def step_currents(name, seed, dt, duration):
    """Currents that change every 5 or 7 ms: into all neurons, into each, with and without kicks."""
    rng = np.random.default_rng(seed)
    case = single_layer(name, seed, dt, duration, 300.0, 1.2, 1.8, tau_refrac=2.0)
    kicked = case["populations"][0]
    free = {"name": "free", "size": 8, "params": parameters(tau_refrac=1.0, v_reset=-72.0)}
    slow = {"name": "slow", "size": 8, "params": parameters(tau_refrac=1.0, tau_syn=5.0)}
    changes = int(duration / 5.0)
    kicked["current"] = (7.0, rng.uniform(-0.3, 0.8, changes))
    free["current"] = (5.0, rng.uniform(-0.3, 1.5, (changes, 8)))
    slow["current"] = (5.0, rng.uniform(-0.3, 1.3, changes))
    case["populations"] += [free, slow]
    return case


def cases():
    """All cases, each as a dictionary."""
    yield single_layer("01_delta_refractory", 1, 0.1, 1000.0, 1200.0, 1.2, 1.8)
    yield single_layer("02_delta_no_refractory", 2, 0.1, 700.0, 1200.0, 1.2, 1.8, tau_refrac=0.0)
    yield single_layer(
        "03_delta_dt1", 3, 1.0, 1000.0, 400.0, 4.0, 5.5, tau_refrac=2.0, v_reset=-70.0
    )
    # steady state of i_offset: R * i_offset = 40 MOhm * 0.1 nA = 4 mV
    yield single_layer(
        "04_exp_refractory", 4, 0.1, 700.0, 500.0, 0.12, 0.20, tau_syn=5.0, i_offset=0.1
    )
    yield single_layer(
        "05_exp_no_refractory_dt1",
        5, 1.0, 1000.0, 400.0, 0.45, 0.75, tau_syn=2.0, tau_refrac=0.0,
    )  # fmt: skip
    yield single_layer(
        "06_exp_equal_taus", 6, 0.1, 700.0, 400.0, 0.09, 0.15, tau_syn=10.0, tau_refrac=2.0
    )
    yield heterogeneous("07_heterogeneous", 7, 0.1, 700.0, 800.0)
    yield recurrent("08_recurrent_delta", 8, 0.1, 500.0, 1200.0, 1.2, 1.8, 1.0, -3.0)
    yield recurrent(
        "09_recurrent_exp",
        9, 0.1, 500.0, 600.0, 0.17, 0.27, 0.2, -0.8, tau_syn=3.0, tau_refrac=2.0,
    )  # fmt: skip
    yield single_layer("10_weak_input", 10, 0.1, 1000.0, 20.0, 1.5, 1.5)
    yield both_signs("11_two_currents", 11, 0.1, 300.0)
    yield kicks_and_current("12_kicks_and_current", 12, 0.1, 400.0, tau_refrac=2.0)
    yield kicks_and_current("13_kicks_and_current_no_refractory", 13, 0.1, 400.0, tau_refrac=0.0)
    yield kicks_and_current("14_kicks_and_current_dt1", 14, 1.0, 400.0, tau_refrac=2.0)
    yield step_currents("15_step_currents", 12, 0.1, 300.0)
    yield subtracting(single_layer(
        "16_subtract_delta", 16, 1.0, 600.0, 300.0, 3.0, 12.0, tau_refrac=0.0, v_reset=-60.0,
    ))  # fmt: skip
    yield subtracting(kicks_and_current("17_subtract_refractory", 17, 0.1, 200.0, tau_refrac=2.0))
    yield subtracting(recurrent(
        "18_subtract_exp", 18, 1.0, 400.0, 300.0, 0.5, 0.9, 0.3, -0.9, tau_syn=3.0, tau_refrac=0.0,
    ))  # fmt: skip


# -------------------------------------------------------------------------- recording


def build_population(population):
    """The NeuronGroup of one population, its parameters set."""
    params = population["params"]
    equal_taus = False
    if "tau_syn_E" in params:
        equations = TWO_CURRENTS + CONSTANTS
    elif params["tau_syn"] is None:
        equations = DELTA + CONSTANTS
    elif np.array_equal(params["tau_syn"], params["tau_m"]):
        equal_taus = True
        equations = EXPONENTIAL_EQUAL + CONSTANTS
    else:
        equations = EXPONENTIAL + CONSTANTS
    names = {}
    if "current" in population:
        step, amplitudes = population["current"]
        names["stim"] = b2.TimedArray(amplitudes * b2.nA, dt=step * b2.ms)
        value = "stim(t, i)" if amplitudes.ndim > 1 else "stim(t)"
        equations = equations.replace("i_offset)", f"(i_offset + {value}))", 1)
    subtracts = population.get("reset") == "subtract"
    refractory = "tau_refrac"
    if subtracts and not np.any(params["tau_refrac"]):
        equations, refractory = equations.replace("(unless refractory)", ""), False
    group = b2.NeuronGroup(
        population["size"],
        equations,
        method="exact",
        namespace=names,
        threshold="v > v_thresh",
        reset="v -= v_thresh - v_reset" if subtracts else "v = v_reset",
        refractory=refractory,
        name=population["name"],
    )
    if equal_taus:
        group.run_regularly(HOLD, when="after_groups")
    for name, value in params.items():
        attribute = ATTRIBUTES.get(name, name)
        if value is not None and attribute in group.variables:
            setattr(group, attribute, value * UNITS[name])
    return group


def on_pre_of(params, receptor=None):
    """Return the effect of a spike on a neuron with these parameters, as ``on_pre`` code."""
    if receptor == "v":
        return "v_post += w"
    if "tau_syn_E" in params:
        return ON_PRE_TWO_CURRENTS
    return "v_post += w" if params["tau_syn"] is None else "I_syn_post += w"


def sorted_spikes(monitor, dt):
    """Steps and ids of a SpikeMonitor, sorted by step, then id."""
    steps = np.round(np.asarray(monitor.t / b2.ms) / dt).astype(np.int32)
    ids = np.asarray(monitor.i).astype(np.int32)
    order = np.lexsort((ids, steps))
    return steps[order], ids[order]


def threshold_margin(v, v_thresh, tau_refrac, steps, ids, dt):
    """Smallest distance (mV) between v and threshold, where a spike was possible.

    v: (n_steps, size), after the state update and before any reset.
    """
    n_steps, size = v.shape
    possible = np.ones((n_steps, size), dtype=bool)
    silent = np.round(np.broadcast_to(tau_refrac, size) / dt).astype(int)
    for step, neuron in zip(steps, ids, strict=True):
        possible[step + 1 : step + silent[neuron], neuron] = False
    return np.abs(v - v_thresh)[possible].min()


def record(case):
    """Run one case; return the arrays to store and the threshold margin (mV)."""
    b2.start_scope()
    dt, n_steps = case["dt"], case["n_steps"]
    b2.defaultclock.dt = dt * b2.ms
    in_step, in_id = case["input"]

    groups = {
        "input": b2.SpikeGeneratorGroup(
            case["n_inputs"], in_id, in_step.astype(float) * dt * b2.ms, name="input"
        )
    }
    for population in case["populations"]:
        groups[population["name"]] = build_population(population)
    network = b2.Network(groups.values())

    params_of = {p["name"]: p["params"] for p in case["populations"]}
    for k, connection in enumerate(case["connections"]):
        on_pre = on_pre_of(params_of[connection["target"]], connection.get("receptor"))
        delta = on_pre.startswith("v_post")
        synapses = b2.Synapses(
            groups[connection["source"]],
            groups[connection["target"]],
            "w : volt (constant)" if delta else "w : amp (constant)",
            on_pre=on_pre,
            name=f"connection_{k}",
        )
        synapses.connect(i=connection["pre"], j=connection["post"])
        synapses.w = connection["weight"] * (b2.mV if delta else b2.nA)
        synapses.delay = connection["delay"] * b2.ms
        # Brian2 keeps the order of the given pairs; weights and delays rely on it
        assert np.array_equal(synapses.i[:], connection["pre"])
        assert np.array_equal(synapses.j[:], connection["post"])
        network.add(synapses)

    spikes = {name: b2.SpikeMonitor(group) for name, group in groups.items()}
    potentials = {
        name: b2.StateMonitor(groups[name], "v", record=True, when="before_synapses")
        for name in params_of
    }
    network.add(spikes.values(), potentials.values())
    network.run(n_steps * dt * b2.ms)

    seen_step, seen_id = sorted_spikes(spikes["input"], dt)
    assert np.array_equal(seen_step, in_step)
    assert np.array_equal(seen_id, in_id)

    data = {
        "case": np.array(case["case"]),
        "dt": np.array(dt),
        "n_steps": np.array(n_steps),
        "n_inputs": np.array(case["n_inputs"]),
        "brian2_version": np.array(b2.__version__),
        "in_step": in_step,
        "in_id": in_id,
    }
    description, margin = [], np.inf
    for population in case["populations"]:
        name, params = population["name"], population["params"]
        shown = {}
        for key, value in params.items():
            if isinstance(value, np.ndarray):
                shown[key] = "array"
                data[f"param_{name}_{key}"] = value
            else:
                shown[key] = value
        entry = {"name": name, "size": population["size"], "params": shown}
        description.append(entry)
        if "reset" in population:
            entry["reset"] = population["reset"]

        if "current" in population:
            step, amplitudes = population["current"]
            data[f"current_times_{name}"] = np.arange(len(amplitudes)) * step
            data[f"current_amplitudes_{name}"] = amplitudes
        steps, ids = sorted_spikes(spikes[name], dt)
        v = np.asarray(potentials[name].v / b2.mV).T
        assert v.shape == (n_steps, population["size"])
        assert np.isfinite(v).all()
        margin = min(
            margin,
            threshold_margin(v, params["v_thresh"], params["tau_refrac"], steps, ids, dt),
        )
        v_reset = np.broadcast_to(params["v_reset"], population["size"])
        amount = np.broadcast_to(params["v_thresh"] - v_reset, population["size"])
        if "reset" in population:
            v[steps, ids] -= amount[ids]
        else:
            v[steps, ids] = v_reset[ids]
        data[f"spk_step_{name}"] = steps
        data[f"spk_id_{name}"] = ids
        data[f"v_{name}"] = np.ascontiguousarray(v[:, :N_RECORDED])
    data["populations"] = np.array(json.dumps(description))
    data["connections"] = np.array(
        json.dumps(
            [
                {key: c[key] for key in ("source", "target", "receptor") if key in c}
                for c in case["connections"]
            ]
        )
    )
    for k, connection in enumerate(case["connections"]):
        for key in ("pre", "post", "weight", "delay"):
            data[f"{key}_{k}"] = connection[key]
    return data, margin


def main(prefixes):
    for case in cases():
        if prefixes and not case["case"].startswith(tuple(prefixes)):
            continue
        data, margin = record(case)
        if margin < MIN_MARGIN:
            raise SystemExit(f"{case['case']}: {margin:.1e} mV from threshold, change its seed")
        path = HERE / f"{case['case']}.npz"
        np.savez_compressed(path, **data)
        seconds = case["n_steps"] * case["dt"] * 1e-3
        rates = ", ".join(
            f"{p['name']} {data['spk_id_' + p['name']].size} spikes "
            f"({data['spk_id_' + p['name']].size / p['size'] / seconds:.1f} Hz)"
            for p in case["populations"]
        )
        print(  # noqa: T201
            f"{path.name}: {path.stat().st_size / 1024:.0f} KiB, "
            f"{case['input'][0].size} input spikes, {rates}, margin {margin:.1e} mV",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
