"""Record networks that learn in Brian2, as expected results for the reference simulator.

    pip install "brian2==2.9.0" "numpy<2.4"
    python tests/brian2/record_learning.py            # all cases
    python tests/brian2/record_learning.py 01 08      # cases whose name starts so

Each case becomes one ``learning/<case>.npz``. The neurons, the order of a step and most keys are
those of ``record.py``.

Learning
--------
A connection that learns has a weight ``w`` and, for each synapse, event-driven traces::

    dx/dt = -x / tau_plus           dy/dt = -y / tau_minus

    on_pre:   v_post += w  (or a current)       on_post:  w = clip(w + a_plus * x, 0, w_max)
              w = clip(w - a_minus * y, 0, w_max)         y += 1
              x += 1

Case 01 is written as in Brian2's documentation, with the amplitudes in the traces. Brian2 runs
``on_pre`` when the spike arrives, after the delay of the synapse, and in each step all ``on_pre``
before all ``on_post``.

``"bounds": "soft"`` multiplies the change of ``on_pre`` by ``w / w_max``, that of ``on_post`` by
``(w_max - w) / w_max``. A triplet rule has traces x2 and y2 as well, and the changes
``-(a_minus + a3_minus * x2) * y`` and ``(a_plus + a3_plus * y2) * x``; a spike increases x2 or y2
after this. With a reward both changes go to an eligibility ``elig`` instead, without limits, and

    w = clip(w + elig * reward, 0, w_max)
    elig *= exp(-interval / tau_eligibility)

run regularly, at the start of the steps 0, ``n``, ``2 n`` ... for an interval of ``n`` steps.

Keys
----
Those of ``record.py`` without ``v_<population>``. A connection that learns has ``"plasticity"``
in the JSON list ``connections``: the arguments of ``STDP``, in ms and mV or nA, with those of
``Triplet`` and ``RewardModulation`` as dictionaries under ``"triplet"`` and ``"reward"``; the
times and values of the reward are in ``reward_times_k``, ``reward_values_k``. For such a
connection

``learned_k``
    ``w`` of all synapses after the last step, mV or nA.
``trace_ids_k``, ``trace_k``
    Some synapses, and their ``w`` at the end of every step, ``(n_steps, n_ids)``.
"""

import json
import sys

import brian2 as b2
import numpy as np
from record import (
    HERE,
    MIN_MARGIN,
    build_population,
    on_pre_of,
    one_to_one,
    parameters,
    poisson_steps,
    random_connection,
    sorted_spikes,
    threshold_margin,
)

N_TRACED = 6

EQUATIONS = """
w : {unit}
dx/dt = -x / tau_plus : 1 (event-driven)
dy/dt = -y / tau_minus : 1 (event-driven)
"""
TRIPLET = """
dx2/dt = -x2 / tau_x : 1 (event-driven)
dy2/dt = -y2 / tau_y : 1 (event-driven)
"""
DOCUMENTATION = """
w : {unit}
dApre/dt = -Apre / tau_plus : {unit} (event-driven)
dApost/dt = -Apost / tau_minus : {unit} (event-driven)
"""
DOCUMENTATION_PRE = """
Apre += dApre
w = clip(w + Apost, 0*{short}, w_max)
"""
DOCUMENTATION_POST = """
Apost += dApost
w = clip(w + Apre, 0*{short}, w_max)
"""
REWARD = """
w = clip(w + elig * reward, 0*{short}, w_max)
elig *= exp(-interval / tau_eligibility)
"""


# --------------------------------------------------------------------------- building


def rule(tau_plus=20.0, tau_minus=20.0, **others):
    """Arguments of STDP."""
    return {"tau_plus": tau_plus, "tau_minus": tau_minus, **others}


def all_pairs(source, target, n_pre, n_post, weight, delay=0.0):
    """Every source to every neuron, sorted by source."""
    pre, post = np.divmod(np.arange(n_pre * n_post, dtype=np.int32), n_post)
    return {
        "source": source,
        "target": target,
        "pre": pre.astype(np.int32),
        "post": post.astype(np.int32),
        "weight": np.broadcast_to(weight, pre.shape).astype(float),
        "delay": np.broadcast_to(delay, pre.shape).astype(float),
    }


def feed_forward(name, seed, dt, duration, rate, n_inputs, size, weight, plasticity, **changes):
    """Poisson inputs onto every neuron, with plastic synapses that start at random weights."""
    rng = np.random.default_rng(seed)
    n_steps = round(duration / dt)
    spikes = poisson_steps(rng, n_inputs, n_steps, dt, rate)
    start = rng.uniform(0.2, 0.8, n_inputs * size) * weight
    connection = all_pairs("input", "lif", n_inputs, size, start)
    return {
        "case": name,
        "dt": dt,
        "n_steps": n_steps,
        "n_inputs": n_inputs,
        "input": spikes,
        "populations": [{"name": "lif", "size": size, "params": parameters(**changes)}],
        "connections": [{**connection, "plasticity": plasticity}],
    }


def with_delays(case, seed, delays):
    """The same with delays (ms) drawn from these for each plastic synapse."""
    rng = np.random.default_rng([seed, 3])
    for connection in case["connections"]:
        if "plasticity" in connection:
            connection["delay"] = rng.choice(delays, len(connection["pre"]))
    return case


def recurrent(name, seed, dt, duration, plasticity, drive, weight, **changes):
    """Neurons with a source of their own, and plastic random synapses between them: some pairs
    have several synapses, some neurons reach themselves."""
    rng = np.random.default_rng(seed)
    n, n_steps = 40, round(duration / dt)
    spikes = poisson_steps(rng, n, n_steps, dt, 900.0)
    pre = np.sort(rng.integers(0, n, 500)).astype(np.int32)
    post = rng.integers(0, n, 500).astype(np.int32)
    assert (pre == post).any()
    assert len(np.unique(pre * n + post)) < 500
    return {
        "case": name,
        "dt": dt,
        "n_steps": n_steps,
        "n_inputs": n,
        "input": spikes,
        "populations": [{"name": "lif", "size": n, "params": parameters(**changes)}],
        "connections": [
            one_to_one("input", "lif", rng.uniform(0.8, 1.2, n) * drive),
            {
                "source": "lif",
                "target": "lif",
                "pre": pre,
                "post": post,
                "weight": rng.uniform(0.0, 1.0, 500) * weight,
                "delay": np.zeros(500),
                "plasticity": plasticity,
            },
        ],
    }


def two_connections(name, seed, dt, duration):
    """Two populations; the second gets plastic synapses from inputs and from the first, other
    plastic ones among its neurons, and fixed ones of both signs."""
    rng = np.random.default_rng(seed)
    n_steps = round(duration / dt)
    params = parameters(tau_syn_E=3.0, tau_syn_I=8.0, tau_refrac=2.0)
    first = rule(a_plus=0.004, a_minus=0.0045, w_max=0.3)
    second = rule(12.0, 30.0, a_plus=0.006, a_minus=0.002, w_max=0.2)
    third = rule(15.0, 25.0, a_plus=-0.003, a_minus=-0.002, w_max=0.15)
    inhibition = random_connection(rng, "first", "second", 20, 15, 0.3, -0.1, dt, 3.0)
    return {
        "case": name,
        "dt": dt,
        "n_steps": n_steps,
        "n_inputs": 30,
        "input": poisson_steps(rng, 30, n_steps, dt, 80.0),
        "populations": [
            {"name": "first", "size": 20, "params": params},
            {"name": "second", "size": 15, "params": params},
        ],
        "connections": [
            random_connection(rng, "input", "first", 30, 20, 0.7, 0.16, dt, 2.0),
            {
                **all_pairs("input", "second", 30, 15, rng.uniform(0.0, 0.3, 450)),
                "plasticity": first,
            },
            {
                **all_pairs("first", "second", 20, 15, rng.uniform(0.0, 0.2, 300), 1.5),
                "plasticity": second,
            },
            inhibition,
            {**all_pairs("second", "second", 15, 15, 0.1, 0.8), "plasticity": third},
        ],
    }


def kicks(name, seed, dt, duration):
    """Neurons with a current, whose plastic synapses kick v: one from the source of each neuron,
    and all of them among the neurons, themselves included."""
    rng = np.random.default_rng(seed)
    n, n_steps = 20, round(duration / dt)
    own = one_to_one("input", "lif", rng.uniform(0.5, 2.0, n), 0.5)
    return {
        "case": name,
        "dt": dt,
        "n_steps": n_steps,
        "n_inputs": n,
        "input": poisson_steps(rng, n, n_steps, dt, 400.0),
        "populations": [
            {"name": "lif", "size": n, "params": parameters(tau_syn=4.0, tau_refrac=2.0)}
        ],
        "connections": [
            one_to_one("input", "lif", rng.uniform(0.1, 0.2, n)),
            {
                **own,
                "receptor": "v",
                "plasticity": rule(30.0, 15.0, a_plus=0.04, a_minus=0.03, w_max=2.0),
            },
            {
                **all_pairs("lif", "lif", n, n, rng.uniform(0.0, 0.3, n * n)),
                "receptor": "v",
                "plasticity": rule(a_plus=0.008, a_minus=0.01, w_max=0.3),
            },
        ],
    }


def rewarded(case, seed, per_neuron, n_interval):
    """The same with a reward that changes every 30 ms."""
    rng = np.random.default_rng([seed, 4])
    size, duration = case["populations"][0]["size"], case["n_steps"] * case["dt"]
    changes = int(np.ceil(duration / 30.0))
    shape = (changes, size) if per_neuron else changes
    case["connections"][-1]["plasticity"]["reward"] = {
        "tau_eligibility": 80.0,
        "interval": n_interval * case["dt"],
    }
    case["connections"][-1]["reward"] = (30.0, rng.uniform(-0.2, 0.3, shape))
    return case


def cases():
    """All cases, each as a dictionary."""
    yield feed_forward(
        "01_documentation", 101, 0.1, 600.0, 40.0, 60, 4, 0.2,
        rule(a_plus=0.004, a_minus=0.0042, w_max=0.2, documentation=True),
        tau_syn=5.0, tau_refrac=2.0,
    )  # fmt: skip
    yield feed_forward(
        "02_delta_refractory", 102, 0.1, 600.0, 60.0, 50, 6, 1.6,
        rule(17.0, 34.0, a_plus=0.03, a_minus=0.02, w_max=1.6), tau_refrac=5.0,
    )  # fmt: skip
    yield feed_forward(
        "03_delta_dt1", 103, 1.0, 1500.0, 60.0, 50, 6, 1.6,
        rule(a_plus=0.03, a_minus=0.03, w_max=1.6), tau_refrac=0.0,
    )  # fmt: skip
    yield with_delays(feed_forward(
        "04_one_delay", 104, 0.1, 500.0, 60.0, 40, 6, 0.5,
        rule(a_plus=0.01, a_minus=0.009, w_max=0.5), tau_syn=4.0,
    ), 104, [2.5])  # fmt: skip
    yield with_delays(feed_forward(
        "05_many_delays", 105, 0.1, 500.0, 60.0, 40, 6, 1.6,
        rule(a_plus=0.03, a_minus=0.025, w_max=1.6), tau_refrac=1.0,
    ), 105, [0.0, 0.1, 1.7, 8.0, 20.0])  # fmt: skip
    triplet = {"tau_x": 101.0, "tau_y": 125.0, "a3_plus": 0.02, "a3_minus": 0.004}
    yield feed_forward(
        "06_triplet", 106, 0.1, 500.0, 60.0, 40, 6, 1.6,
        rule(16.8, 33.7, a_plus=0.004, a_minus=0.02, w_max=1.6, triplet=triplet),
    )  # fmt: skip
    yield feed_forward(
        "07_soft_bounds", 107, 0.5, 900.0, 60.0, 40, 6, 0.4,
        rule(a_plus=0.05, a_minus=0.05, w_max=0.4, bounds="soft"), tau_syn=4.0,
    )  # fmt: skip
    yield rewarded(feed_forward(
        "08_reward", 108, 1.0, 1500.0, 60.0, 40, 6, 2.2,
        rule(a_plus=0.06, a_minus=0.05, w_max=2.2), tau_refrac=2.0,
    ), 108, False, 8)  # fmt: skip
    yield rewarded(feed_forward(
        "09_reward_soft_triplet", 109, 0.5, 900.0, 60.0, 40, 6, 1.6,
        rule(a_plus=0.06, a_minus=0.05, w_max=1.6, bounds="soft", triplet=triplet),
    ), 109, True, 1)  # fmt: skip
    yield recurrent(
        "10_recurrent", 110, 0.1, 400.0,
        rule(a_plus=0.05, a_minus=0.06, w_max=1.0), 1.6, 1.0, tau_refrac=2.0,
    )  # fmt: skip
    yield with_delays(recurrent(
        "11_recurrent_delays", 111, 0.5, 800.0,
        rule(a_plus=0.004, a_minus=0.005, w_max=0.06), 0.22, 0.06, tau_syn=3.0, tau_refrac=0.0,
    ), 111, [0.0, 0.5, 1.0, 3.0, 15.0])  # fmt: skip
    yield two_connections("12_two_connections", 112, 0.1, 400.0)
    yield kicks("13_kicks_beside_a_current", 113, 0.25, 500.0)


# -------------------------------------------------------------------------- recording


def build_synapses(groups, connection, params, name):
    """The Synapses of one connection, its weights and delays set."""
    plasticity = connection.get("plasticity")
    on_pre = on_pre_of(params, connection.get("receptor"))
    delta = on_pre.startswith("v_post")
    unit, short, scale = ("volt", "mV", b2.mV) if delta else ("amp", "nA", b2.nA)
    model, on_post, names = f"w : {unit}", None, {}
    if plasticity is not None:
        model, on_pre, on_post = code_of(plasticity, on_pre, unit, short)
        names = names_of(connection, scale)
    synapses = b2.Synapses(
        groups[connection["source"]],
        groups[connection["target"]],
        model,
        on_pre=on_pre,
        on_post=on_post,
        namespace=names,
        name=name,
    )
    if plasticity is not None and "reward" in plasticity:
        value = "reward(t, j)" if names["reward"].values.ndim > 1 else "reward(t)"
        code = REWARD.format(short=short).replace("* reward,", f"* {value},")
        synapses.run_regularly(code, dt=plasticity["reward"]["interval"] * b2.ms)
    synapses.connect(i=connection["pre"], j=connection["post"])
    synapses.w = connection["weight"] * scale
    synapses.delay = connection["delay"] * b2.ms
    assert np.array_equal(synapses.i[:], connection["pre"])
    assert np.array_equal(synapses.j[:], connection["post"])
    return synapses, scale


def code_of(plasticity, effect, unit, short):
    """Equations, on_pre and on_post of a plastic connection whose spikes have this effect."""
    if plasticity.get("documentation"):
        texts = DOCUMENTATION, effect + DOCUMENTATION_PRE, DOCUMENTATION_POST
        return [text.format(unit=unit, short=short) for text in texts]
    model = EQUATIONS + TRIPLET * ("triplet" in plasticity)
    down, up = "-a_minus * y", "a_plus * x"
    last_pre, last_post = "x += 1", "y += 1"
    if "triplet" in plasticity:
        down, up = "-(a_minus + a3_minus * x2) * y", "(a_plus + a3_plus * y2) * x"
        last_pre, last_post = last_pre + "\nx2 += 1", last_post + "\ny2 += 1"
    if plasticity.get("bounds") == "soft":
        down, up = f"{down} * w / w_max", f"{up} * (w_max - w) / w_max"
    change = "w = clip(w + {}, 0*{short}, w_max)"
    if "reward" in plasticity:
        model, change = model + "elig : {unit}", "elig += {}"
    down, up = change.format(down, short=short), change.format(up, short=short)
    return (
        model.format(unit=unit),
        f"{effect.strip()}\n{down}\n{last_pre}",
        f"{up}\n{last_post}",
    )


def names_of(connection, scale):
    """The namespace of a plastic connection."""
    plasticity = connection["plasticity"]
    flat = plasticity | plasticity.get("triplet", {}) | plasticity.get("reward", {})
    names = {
        key: value * (b2.ms if key.startswith("tau") or key == "interval" else scale)
        for key, value in flat.items()
        if isinstance(value, float)
    }
    if plasticity.get("documentation"):
        names |= {"dApre": names.pop("a_plus"), "dApost": -names.pop("a_minus")}
    if "reward" in plasticity:
        step, values = connection["reward"]
        names["reward"] = b2.TimedArray(values, dt=step * b2.ms)
    return names


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
    params_of = {p["name"]: p["params"] for p in case["populations"]}
    for population in case["populations"]:
        groups[population["name"]] = build_population(population)
    network = b2.Network(groups.values())
    data, plastic = {}, {}
    for k, connection in enumerate(case["connections"]):
        params = params_of[connection["target"]]
        synapses, scale = build_synapses(groups, connection, params, f"connection_{k}")
        network.add(synapses)
        if "plasticity" in connection:
            ids = np.unique(np.linspace(0, len(synapses) - 1, N_TRACED).astype(int))
            monitor = b2.StateMonitor(synapses, "w", record=ids, when="end")
            network.add(monitor)
            plastic[k] = synapses, scale, ids, monitor
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
    data |= {
        "case": np.array(case["case"]),
        "dt": np.array(dt),
        "n_steps": np.array(n_steps),
        "n_inputs": np.array(case["n_inputs"]),
        "brian2_version": np.array(b2.__version__),
        "in_step": in_step,
        "in_id": in_id,
        "populations": np.array(json.dumps(case["populations"])),
    }
    margin = np.inf
    for population in case["populations"]:
        name, params = population["name"], population["params"]
        steps, ids = sorted_spikes(spikes[name], dt)
        v = np.asarray(potentials[name].v / b2.mV).T
        near = threshold_margin(v, params["v_thresh"], params["tau_refrac"], steps, ids, dt)
        margin = min(margin, near)
        data[f"spk_step_{name}"], data[f"spk_id_{name}"] = steps, ids
    kept = "source", "target", "receptor", "plasticity"
    described = [{key: c[key] for key in kept if key in c} for c in case["connections"]]
    data["connections"] = np.array(json.dumps(described))
    for k, connection in enumerate(case["connections"]):
        for key in ("pre", "post", "weight", "delay"):
            data[f"{key}_{k}"] = connection[key]
        if "reward" in connection:
            step, values = connection["reward"]
            data[f"reward_times_{k}"] = np.arange(len(values)) * step
            data[f"reward_values_{k}"] = values
    for k, (synapses, scale, ids, monitor) in plastic.items():
        data[f"learned_{k}"] = np.asarray(synapses.w / scale)
        data[f"trace_ids_{k}"] = ids
        data[f"trace_{k}"] = np.ascontiguousarray(np.asarray(monitor.w / scale).T)
    return data, margin


def report(data, margin):
    """One line about a case: spikes, how far weights moved, and how many reached a limit."""
    words = []
    for population in json.loads(str(data["populations"])):
        n_spikes = data[f"spk_id_{population['name']}"].size
        rate = n_spikes / population["size"] / (data["n_steps"] * data["dt"] * 1e-3)
        words.append(f"{population['name']} {n_spikes} spikes ({rate:.1f} Hz)")
    for k, connection in enumerate(json.loads(str(data["connections"]))):
        if "plasticity" in connection:
            w, w_max = data[f"learned_{k}"], connection["plasticity"]["w_max"]
            moved = np.abs(w - data[f"weight_{k}"]).mean() / w_max
            ends = ((w == 0) | (w == w_max)).mean()
            words.append(f"{k} moved {moved:.1%} of w_max, {ends:.0%} at a limit")
    return ", ".join([*words, f"margin {margin:.1e} mV"])


def main(prefixes):
    """Record the cases whose names begin with one of these."""
    for case in cases():
        if prefixes and not case["case"].startswith(tuple(prefixes)):
            continue
        data, margin = record(case)
        if margin < MIN_MARGIN:
            raise SystemExit(f"{case['case']}: {margin:.1e} mV from threshold, change its seed")
        path = HERE / "learning" / f"{case['case']}.npz"
        np.savez_compressed(path, **data)
        size = path.stat().st_size / 1024
        print(f"{path.name}: {size:.0f} KiB, {report(data, margin)}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
