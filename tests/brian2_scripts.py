"""Random Brian2 scripts: networks and runs that the front end must read as Brian2 does.

The constructs are tables. A new construct is one entry: the text that a script contains, with
``{name}`` for the object and numbers that are drawn. A script is text, so that one which fails can
be printed and run.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

SIZE = 6


@dataclass(frozen=True)
class Model:
    """Equations of a group, statements that set its variables, and the targets of synapses.

    ``targets`` maps a variable to a weight: an expression of ``{w}``, a number between 0.5 and 1.
    ``held`` are equations that may be ``(unless refractory)``.
    """

    equations: str
    targets: dict[str, str]
    values: tuple[str, ...] = ()
    threshold: tuple[str, ...] = ("v > 1", "v >= 1", "1 < v", "v > top", "v > 1 and i < N")
    reset: tuple[str, ...] = ("v = 0", "v = -0.2", "v = low")
    methods: tuple[str, ...] = ("'exact'", "'euler'", "'exponential_euler'", "('exact', 'euler')")
    held: bool = True


_EACH = "top : 1\nlow : 1"
_SET = ("{name}.top = '1 + 0.05*i'", "{name}.low = '-0.1*rand()'", "{name}.v = 'rand()'")
_UNLEAKY = ("'euler'", "'exponential_euler'", "('exact', 'euler')")
_MILLIVOLT = {
    "threshold": ("v > -50*mV", "v >= -50*mV"),
    "reset": ("v = -65*mV", "v = E"),
}

MODELS = {
    "kicks to v": Model(
        "dv/dt = (x - v)/({tau}*ms) : 1{held}\nx : 1\n" + _EACH,
        {"v": "0.4*{w}"},
        ("{name}.x = '0.7 + 0.5*rand()'", *_SET),
    ),
    "time constants of its own": Model(
        "dv/dt = (x - v)/tau : 1{held}\nx : 1\ntau : second\n" + _EACH,
        {"v": "0.4*{w}"},
        ("{name}.x = 1.05", "{name}.tau = '5*ms + i*2*ms'", *_SET),
    ),
    "a current": Model(
        "dv/dt = (x + I - v)/({tau}*ms) : 1{held}\ndI/dt = -I/({tau_s}*ms) : 1\nx : 1\n" + _EACH,
        {"I": "1.5*{w}"},
        ("{name}.x = '0.7 + 0.5*rand()'", "{name}.I = 'rand()'", *_SET),
    ),
    "kicks and a current": Model(
        "dv/dt = (x + I - v)/({tau}*ms) : 1{held}\ndI/dt = -I/({tau_s}*ms) : 1\nx : 1\n" + _EACH,
        {"v": "0.3*{w}", "I": "1.2*{w}"},
        ("{name}.x = '0.7 + 0.4*rand()'", "{name}.I = 'rand()'", *_SET),
    ),
    "a TimedArray": Model(
        "dv/dt = (x + stim(t) - v)/({tau}*ms) : 1{held}\nx : 1\n" + _EACH,
        {"v": "0.3*{w}"},
        ("stim = TimedArray([0, 0.8, 0.2, 1], dt=7*ms)", "{name}.x = '0.5*rand()'", *_SET),
    ),
    "a sine": Model(
        "dv/dt = (x + 0.8*sin(t/(9*ms) + i) - v)/({tau}*ms) : 1{held}\nx : 1\n" + _EACH,
        {"v": "0.3*{w}"},
        ("{name}.x = '0.5 + 0.5*rand()'", *_SET),
        methods=_UNLEAKY,
    ),
    "a current around a level": Model(
        "dv/dt = (I - v)/({tau}*ms) : 1{held}\ndI/dt = (y - I)/({tau_s}*ms) : 1\ny : 1\n" + _EACH,
        {"I": "1.5*{w}"},
        ("{name}.y = '0.9 + 0.4*rand()'", *_SET),
    ),
    "two currents": Model(
        "dv/dt = (ge + gi + 1.05 - v)/({tau}*ms) : 1{held}\ndge/dt = -ge/(5*ms) : 1\n"
        "dgi/dt = -gi/(9*ms) : 1\n" + _EACH,
        {"ge": "1.2*{w}", "gi": "-1.2*{w}"},
        ("{name}.ge = 'rand()*int(i % 2 == 0)'", "{name}.gi = '-rand()*int(i % 2 == 1)'", *_SET),
    ),
    "currents of one time constant": Model(
        "dv/dt = (ge - gi + 1.05 - v)/({tau}*ms) : 1{held}\ndge/dt = -ge/({tau_s}*ms) : 1\n"
        "dgi/dt = -gi/({tau_s}*ms) : 1\n" + _EACH,
        {"ge": "1.5*{w}", "gi": "0.5*{w}"},
        ("{name}.ge = 'rand()'", "{name}.gi = '0.5*rand()'", *_SET),
    ),
    "no leak": Model(
        "dv/dt = x/({tau}*ms) : 1{held}\nx : 1\n" + _EACH,
        {"v": "0.4*{w}"},
        ("{name}.x = 'rand()'", *_SET),
        methods=_UNLEAKY,
    ),
    "a current and no leak": Model(
        "dv/dt = I/({tau}*ms) : 1{held}\ndI/dt = -I/({tau_s}*ms) : 1\n" + _EACH,
        {"I": "1.5*{w}"},
        ("{name}.I = 'rand()'", *_SET),
        methods=_UNLEAKY,
    ),
    "v is a parameter": Model("v : 1\n" + _EACH, {"v": "0.4*{w}"}, _SET, held=False),
    "volt": Model(
        "dv/dt = (E + drive - v)/({tau}*ms) : volt{held}\ndrive = x*20*mV : volt\nE : volt\nx : 1",
        {"v": "6*mV*{w}"},
        ("{name}.E = -70*mV", "{name}.x = '0.8 + 0.4*rand()'", "{name}.v = '(-70 + 10*rand())*mV'"),
        **_MILLIVOLT,
    ),
    "ampere": Model(
        "dv/dt = (g*(E - v) + I + x*0.5*nA)/C : volt{held}\ndI/dt = -I/({tau_s}*ms) : amp\n"
        "E : volt\nC : farad\ng : siemens\nx : 1",
        {"I": "0.8*nA*{w}"},
        (
            "{name}.E = -70*mV",
            "{name}.C = '(0.2 + 0.01*i)*nF'",
            "{name}.g = 20*nS",
            "{name}.x = '0.7 + 0.3*rand()'",
            "{name}.v = '(-70 + 10*rand())*mV'",
        ),
        **_MILLIVOLT,
    ),
}

REFRACTORY = ("False", "0*ms", "{period}*ms", "'{period}*ms + i*0.5*ms'")

# Inputs: the text that creates one, and what may be changed between runs. In Brian2 an inactive
# generator sends the spikes of its last step in each step, so generators stay active here.
INPUTS = {
    "Poisson": (
        "{name} = PoissonGroup({size}, rates={rate}*Hz, name='{name}')",
        ("{name}.rates = {rate}*Hz", "{name}.active = False", "{name}.active = True"),
    ),
    "rates of their own": (
        "{name} = PoissonGroup({size}, rates='{rate}*Hz*(0.5 + i/N)', name='{name}')",
        ("{name}.active = False", "{name}.active = True"),
    ),
    "rates in time": (
        "{name} = PoissonGroup({size}, rates='{rate}*Hz*(1 + sin(t/(7*ms)))', name='{name}')",
        ("{name}.active = False", "{name}.active = True"),
    ),
    "a generator": (
        "{name} = SpikeGeneratorGroup({size}, arange(40) % {size}, (arange(40) + 0.5)*2.3*ms, "
        "name='{name}')",
        ("{name}.set_spikes([0, 1, 2], [61, 63, 70]*ms)",),
    ),
    "a generator with a period": (
        "{name} = SpikeGeneratorGroup({size}, [0, 2, 1], [1, 3, 7]*ms, period=10*ms, "
        "name='{name}')",
        (),
    ),
    "a Poisson group by hand": (
        "{name} = NeuronGroup({size}, 'p : 1', threshold='rand() < p', name='{name}')\n"
        "{name}.p = '{rate}*Hz*dt*i/N'",
        ("{name}.p = '{rate}*Hz*dt*0.5'", "{name}.active = False", "{name}.active = True"),
    ),
    "a clock by hand": (
        "{name} = NeuronGroup({size}, 'onset : second', threshold='t > onset', "
        "refractory=6*ms, name='{name}')\n{name}.onset = 'rand()*10*ms'",
        (),
    ),
}

# The weight is an expression; {w} of the target is replaced by one of these. The last entry is what
# may be changed between runs.
_OTHER = ("{name}.u = '0.9 - 0.05*i'",)
WEIGHTS = {
    "a number": ("", "{number}", (), ()),
    "a variable": ("u : 1", "u", ("{name}.u = 'rand()'",), _OTHER),
    "an expression": ("u : 1\nz = 0.5*u + 0.3 : 1", "z", ("{name}.u = '0.5 + 0.1*i'",), _OTHER),
}
CONNECT = (
    "{name}.connect()",
    "{name}.connect(j='i % N_post')",
    "{name}.connect(p=0.4)",
    "{name}.connect(condition='i != j', p=0.5)",
    "{name}.connect(i=[0, 1, 1], j=[1, 0, 2])",
)
DELAYS = (
    "",
    "{name}.delay = {delay}*ms",
    "{name}.delay = 'rand()*{delay}*ms'",
    "{name}.delay = '(i + 1)*0.7*ms'",
)
OPERATIONS = ("{target} += {weight}", "{target}_post += {weight}", "{target} = {target} + {weight}")

# Changes of a group between runs, by what its equations declare.
CHANGES = {
    "x : 1": ("{name}.x = '0.7 + 0.1*i'", "{name}.x = 1.1"),
    "top : 1": ("{name}.top = '1.2 - 0.05*i'", "{name}.low = '-0.2 + 0.03*i'"),
    "tau : second": ("{name}.tau = '20*ms - i*2*ms'",),
    "E : volt": ("{name}.E = -67*mV",),
    "g : siemens": ("{name}.g = '18*nS + i*nS'", "{name}.C = 0.24*nF"),
}
# The chip sets v of neurons that are never refractory and have no current beside kicks.
V_CHANGES = {"top : 1": ("{name}.v = '0.15*i'",), "E : volt": ("{name}.v = '(-70 + 2*i)*mV'",)}


@dataclass
class Script:
    """A script: what builds the network, and what is done before each run, with its length."""

    setup: list[str] = field(default_factory=list)
    runs: list[tuple[list[str], str]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    spiking: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = ["from brian2 import *", *self.setup]
        for changes, duration in self.runs:
            lines += [*changes, f"run({duration})"]
        return "\n".join(lines)


def random_script(seed: int) -> Script:
    """Return the script of a seed."""
    rng = np.random.default_rng(seed)
    script = Script()

    def pick(choices):
        return choices[rng.integers(len(choices))]

    dt = pick((0.1, 0.1, 0.2, 0.5))
    script.setup += [f"defaultclock.dt = {dt}*ms", f"seed({seed})"]
    models = []
    for k in range(rng.integers(1, 3)):
        name = f"G{k}"
        models.append((name, _add_group(script, name, pick(list(MODELS)), pick, rng)))
    for k in range(rng.integers(1, 4)):
        name = f"P{k}"
        text, own = INPUTS[pick(list(INPUTS))]
        rate = int(rng.integers(50, 400))
        script.setup += text.format(name=name, size=SIZE, rate=rate).split("\n")
        script.inputs.append(name)
        script.changes += [line.format(name=name, rate=rate // 2) for line in own]
        _add_synapses(script, f"S{k}", name, *pick(models), pick, rng)
    for k in range(rng.integers(0, 3) if script.spiking else 0):
        _add_synapses(script, f"R{k}", pick(script.spiking), *pick(models), pick, rng)
    if rng.random() < 0.4:
        name, model = pick(models)
        target = pick(list(model.targets))
        weight = model.targets[target].format(w="0.3")
        part = pick(("", "[1:4]"))
        script.setup.append(
            f"I0 = PoissonInput({name}{part}, '{target}', N=20, rate=15*Hz, weight={weight})"
        )
        script.changes += ["I0.active = False", "I0.active = True"]
    for name in (*script.spiking, *script.inputs):
        script.setup.append(f"M_{name} = SpikeMonitor({name})")
    _add_monitors(script, dt, pick)
    for k in range(rng.integers(1, 4)):
        some = [pick(script.changes) for _ in range(rng.integers(0, 3))] if k else []
        script.runs.append((some, pick(("20*ms", "13.33*ms", "7.25*ms", "31*ms", "0*ms"))))
    return script


def _add_group(script, name, kind, pick, rng):
    model = MODELS[kind]
    refractory = pick(REFRACTORY) if model.held else "False"
    held = " (unless refractory)" if refractory not in ("False", "0*ms") else ""
    numbers = {"tau": rng.integers(6, 25), "tau_s": pick((2, 4, 11.3)), "held": held}
    equations = model.equations.format(**numbers).replace("\n", "\\n")
    period = {"period": pick((0.3, 1, 2.45))}
    silent = model.held and rng.random() < 0.15  # a read-out
    spiking = f"threshold={pick(model.threshold)!r}, reset={pick(model.reset)!r}, "
    if not silent:
        spiking += f"refractory={refractory.format(**period)}, "
    if silent:
        equations, spiking = equations.replace(" (unless refractory)", ""), ""
    script.setup.append(
        f"{name} = NeuronGroup({SIZE}, '{equations}', {spiking}method={pick(model.methods)}, "
        f"name='{name}')"
    )
    script.setup += [line.format(name=name) for line in model.values]
    script.groups.append(name)
    tables = [CHANGES]
    if refractory in ("False", "0*ms") and list(model.targets)[:-1] != ["v"]:
        tables.append(V_CHANGES)
    for table in tables:
        lines = [line for declared in table if declared in equations for line in table[declared]]
        script.changes += [line.format(name=name) for line in lines]
    if not silent:
        script.spiking.append(name)
    return model


def _add_synapses(script, name, source, target, model, pick, rng):
    variable = pick(list(model.targets))
    equations, number, values, changes = WEIGHTS[pick(list(WEIGHTS))]
    weight = model.targets[variable].format(w=number.format(number=round(rng.uniform(0.3, 1), 2)))
    if "[" not in target and rng.random() < 0.2:
        target = f"{target}[2:5]"
    line = pick(OPERATIONS).format(target=variable, weight=f"({weight})")
    equations = equations.replace("\n", "\\n")
    script.setup.append(f"{name} = Synapses({source}, {target}, '{equations}', on_pre={line!r})")
    script.changes += [text.format(name=name) for text in changes]
    for text in (pick(CONNECT), *values, pick(DELAYS)):
        if text:
            script.setup.append(text.format(name=name, delay=pick((0.4, 1.7, 3))))


def _add_monitors(script, dt, pick):
    group = pick(script.groups)
    choices = (
        f"V = StateMonitor({group}, 'v', record=True)",
        f"V = StateMonitor({group}, 'v', record=[0, 3], dt={3 * dt}*ms)",
        f"V = PopulationRateMonitor({pick([*script.spiking, *script.inputs])})",
        f"V = StateMonitor({group}[1:4], 'v', record=True)",
        f"V = EventMonitor({pick([*script.spiking, 'P0'])}, 'spike')",
        "",
    )
    script.setup.append(pick(choices))
