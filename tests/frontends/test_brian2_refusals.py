"""What the front end refuses, with the exact words: object, construct, and what works instead."""

from __future__ import annotations

import numpy as np
import pytest

from compiler import CompileOptions
from neurochip.errors import FrontendError, NetworkError

LIF = (
    "What works: one v with dv/dt = (v_rest - v + R*I)/tau or I/C, and up to two currents with "
    "dI/dt = (I0 - I)/tau_syn."
)
STEADY = (
    "What works: numbers and parameters that are constant during a run; time-varying input as "
    "spikes (PoissonGroup, SpikeGeneratorGroup), or as a TimedArray or another function of t "
    "that adds to the membrane equation."
)
THRESHOLD = "What works: threshold='v > v_threshold', with a constant v_threshold."
RESET = "What works: reset='v = v_reset' or reset='v -= amount', with constants."
ON_PRE = "What works: on_pre='v_post += w' or '+=' onto a synaptic current, with constant weights."
STATIC = "Weights that do not learn are constant. " + ON_PRE
LEARNING = (
    "What works: one weight that pairs of spikes change, on_pre='v_post += w; x += A; "
    "w = clip(w + y, 0, w_max)' and on_post='y += B; w = clip(w + x, 0, w_max)', with "
    "dx/dt = -x/tau : 1 (event-driven) and the same for y."
)
KNOWN = (
    "What works: NeuronGroup, PoissonGroup, PoissonInput, SpikeGeneratorGroup, Synapses, "
    "SpikeMonitor, PopulationRateMonitor and StateMonitor."
)
FIXED = (
    "the chip goes on with other v, parameters, weights and delays only. Change it before the "
    "first run, or store() the network before it, restore() it to time 0 and run again."
)

DELTA = "dv/dt = -v/(10*ms) : volt"
EXPONENTIAL = "dv/dt = (I - v)/(10*ms) : volt\ndI/dt = -I/(5*ms) : volt"


def cells(b2, equations=DELTA, **changes):
    options = {"threshold": "v > 10*mV", "reset": "v = 0*mV", "method": "euler", "name": "cells"}
    return b2.NeuronGroup(4, equations, **{**options, **changes})


def read(b2, *objects, namespace=None):
    from neurochip.frontends.brian2 import from_brian2

    return from_brian2(*objects, namespace=namespace or {})


def message(b2, *objects, error=FrontendError, **options):
    with pytest.raises(error) as caught:
        read(b2, *objects, **options)
    return str(caught.value)


# ---------------------------------------------------------------------------------- equations

EQUATIONS = {
    "dv/dt = -v/(10*ms) + xi*mV*ms**-0.5 : volt": (
        "its equations contain noise (xi), which has no register. Draw spikes instead: a "
        "PoissonGroup or a PoissonInput."
    ),
    "dv/dt = (g*(0*mV - v) - v)/(10*ms) : volt\ndg/dt = -g/(5*ms) : 1": (
        "dv/dt multiplies g by a variable that changes, as a conductance does "
        "(-g*v/(10*ms) - v/(10*ms)); the chip only adds currents. Write g as a current: multiply "
        "its weights by the driving force at a typical v, and put + g in its place."
    ),
    "dv/dt = (v**2/mV - v)/(10*ms) : volt": (
        "dv/dt is not linear in v (-v/(10*ms) + v**2/(10*mV*ms)). " + LIF
    ),
    "dv/dt = (exp(v/mV)*mV - v)/(10*ms) : volt": (
        "dv/dt is not linear in v (mV*exp(v/mV)/(10*ms) - v/(10*ms)). " + LIF
    ),
    "dv/dt = v/(10*ms) : volt": (
        "v grows by itself (the factor of v in dv/dt is 1/(10*ms)). " + LIF
    ),
    "dv/dt = -i*v/(10*ms) : volt": (
        "v leaks in some neurons and not in others (the factor of v in dv/dt is -i/(10*ms)). " + LIF
    ),
    "dv/dt = (I - v)/(10*ms) : volt\ndI/dt = (x - I)/(5*ms) : volt\ndx/dt = -x/(5*ms) : volt": (
        "dI/dt = -I/(5*ms) + x/(5*ms), which depends on x. " + LIF
    ),
    "dv/dt = (I - v)/(10*ms) : volt\ndI/dt = -I**2/(5*ms*mV) : volt": (
        "dI/dt = -I**2/(5*mV*ms), which is not linear in I. " + LIF
    ),
    "dv/dt = (I - v)/(10*ms) : volt\ndI/dt = (t*mV/ms - I)/(5*ms) : volt": (
        "the constant part of dI/dt is 'mV*t/(5*ms**2)', and t is time. " + STEADY
    ),
    "dv/dt = (I - v)/(10*ms) : volt\ndI/dt = I/(5*ms) : volt": (
        "I does not decay (dI/dt = I/(5*ms)). " + LIF
    ),
    DELTA + "\ndx/dt = -x/(5*ms) : 1": (
        "x has a differential equation and no effect on v. Remove it, or add it to dv/dt."
    ),
    "dv/dt = (a + b + c - v)/(10*ms) : volt\n"
    + "\n".join(f"d{x}/dt = -{x}/ms : volt" for x in "abc"): (
        "it has 3 differential equations beside that of v (a, b, c); a neuron of the chip has at "
        "most two synaptic currents. " + LIF
    ),
    "dv/dt = (sin(t/ms)*mV - v)/(10*ms) : volt": (
        "its equations have a function of time, 'mV*sin(t/ms)/(10*ms)', which is evaluated in each "
        "step of a run. Pass duration=..., the length of the run."
    ),
    "dv/dt = (mV/(t/ms) - v)/(10*ms) : volt": (
        "the part of dv/dt with time is 'mV/(10*t)', which is inf for neuron 0 at t = 0 ms. Write "
        "it so that it is finite in every step, and give its parameters values before the run."
    ),
    "dv/dt = (mine(t/ms)*mV - v)/(10*ms) : volt": (
        "the part of dv/dt with time is 'mV*mine(t/ms)/(10*ms)', and mine is a function of your "
        "own. " + STEADY
    ),
    "dv/dt = -(1 + sin(t/ms))*v/(10*ms) : volt": (
        "the factor of v in dv/dt is '-sin(t/ms)/(10*ms) - 1/(10*ms)', and t is time. " + STEADY
    ),
    "dv/dt = (wave(t)**2*mV - v)/(10*ms) : volt": (
        "its equations have a function of time, 'mV*wave(t)**2/(10*ms)', which is evaluated in "
        "each step of a run. Pass duration=..., the length of the run."
    ),
    "dv/dt = (mine(1)*mV - v)/(10*ms) : volt": (
        "the constant part of dv/dt is 'mV*mine(1)/(10*ms)', and mine is a function of your own. "
        + STEADY
    ),
    "dv/dt = (x*mV - v)/(10*ms) : volt\nx = rand() : 1 (constant over dt)": (
        "the constant part of dv/dt is 'mV*rand()/(10*ms)', and rand draws a random number. "
        + STEADY
    ),
    "dv/dt = -v/tau : volt\ntau : second": (
        "the factor of v in dv/dt is '-1/tau', which is -inf for neuron 0. Give its parameters "
        "values before the run."
    ),
}


@pytest.mark.parametrize("equations", EQUATIONS)
def test_other_equations_are_refused(b2, equations):
    wave = b2.TimedArray([1, 2], dt=1 * b2.ms)
    mine = b2.Function(lambda x: x, arg_units=[1], return_unit=1)
    group = cells(b2, equations)
    with np.errstate(divide="ignore"):
        text = message(b2, group, namespace={"wave": wave, "mine": mine})
    assert text == f"NeuronGroup 'cells': {EQUATIONS[equations]}"


def test_a_membrane_potential_has_one_of_two_units(b2):
    group = cells(b2, "dv/dt = -v/(10*ms) : amp", threshold="v > 1*nA", reset="v = 0*nA")
    assert message(b2, group) == (
        "NeuronGroup 'cells': v is in A. What works: a membrane potential in volt, or without a "
        "unit (then 1 is read as 1 mV)."
    )


@pytest.mark.parametrize("method", ["heun", "rk4", "gsl"])
def test_other_methods_are_refused(b2, method):
    assert message(b2, cells(b2, method=method)) == (
        f"NeuronGroup 'cells': method = '{method}'. What works: method='exact', 'euler' or "
        "'exponential_euler'."
    )


# --------------------------------------------------------- threshold, reset, refractory period

SPIKING = {
    "two conditions": (
        {"threshold": "v > 10*mV and v < 20*mV"},
        "threshold = 'v > 10*mV and v < 20*mV' is not a single comparison. " + THRESHOLD,
    ),
    "no variable": (
        {"threshold": "rand() < 0.1"},
        "threshold = 'rand() < 0.1' compares no variable of the differential equations. "
        + THRESHOLD,
    ),
    "from above": (
        {"threshold": "v < 10*mV"},
        "threshold = 'v < 10*mV' is crossed from above. " + THRESHOLD,
    ),
    "not linear": (
        {"threshold": "v**2 > 10*mV**2"},
        "threshold = 'v**2 > 10*mV**2' is not linear in v. " + THRESHOLD,
    ),
    "a threshold that changes": (
        {"equations": DELTA + "\ndx/dt = -x/ms : volt", "threshold": "v > x"},
        "threshold = 'v > x' compares v and x of the differential equations. " + THRESHOLD,
    ),
    "a random threshold": (
        {"threshold": "v > rand()*mV"},
        "the threshold is 'mV*rand()', and rand draws a random number. " + STEADY,
    ),
    "a reset to a part of v": (
        {"reset": "v *= 0.5"},
        "reset = 'v *= 0.5' neither sets v to one value nor subtracts one from it. " + RESET,
    ),
    "a subtraction of a part of v": (
        {"reset": "v -= v/2"},
        "reset = 'v -= v/2' neither sets v to one value nor subtracts one from it. " + RESET,
    ),
    "a subtraction of nothing": (
        {"reset": "v -= 0*mV"},
        "reset = 'v -= 0*mV' does not lower v. " + RESET,
    ),
    "a reset of something else": (
        {"equations": DELTA + "\nx : 1", "reset": "v = 0*mV\nx += 1"},
        "reset = 'v = 0*mV\\nx += 1' also changes x. " + RESET,
    ),
    "an empty reset": ({"reset": ""}, "reset = '' does not set v once. " + RESET),
    "no reset": (
        {"reset": None, "refractory": "1*ms"},
        "it has no reset; the chip resets v after every spike. " + RESET,
    ),
    "another event": (
        {"events": {"other": "v > 5*mV"}},
        "it defines the event 'other'. Only spikes exist on the chip.",
    ),
    "a condition": (
        {"refractory": "v > 5*mV"},
        "refractory = 'v > 5*mV' is a condition. What works: a time, or an expression of "
        "parameters that is a time.",
    ),
    "a random period": (
        {"refractory": "rand()*ms"},
        "refractory is 'rand()*ms', and rand draws a random number. " + STEADY,
    ),
    "v that goes on": (
        {"refractory": "0.2*ms"},
        "v changes during the refractory period (v is not '(unless refractory)'); the chip "
        "holds it. Add (unless refractory) to dv/dt, or set refractory=False.",
    ),
    "a current that is held": (
        {
            "equations": EXPONENTIAL.replace(": volt", ": volt (unless refractory)"),
            "refractory": "2*ms",
        },
        "I is '(unless refractory)'; the chip does not hold currents. Use the flag only for v.",
    ),
}


@pytest.mark.parametrize("case", SPIKING)
def test_other_spiking_is_refused(b2, case):
    changes, text = SPIKING[case]
    assert message(b2, cells(b2, **changes)) == f"NeuronGroup 'cells': {text}"


def test_the_old_refractory_timing_is_refused(b2):
    b2.prefs.legacy.refractory_timing = True
    try:
        group = cells(b2, DELTA + " (unless refractory)", refractory=1 * b2.ms)
        assert message(b2, group) == (
            "NeuronGroup 'cells': prefs.legacy.refractory_timing is set. What works: Brian2's "
            "present timing."
        )
    finally:
        b2.prefs.legacy.refractory_timing = False


def test_parameters_that_are_not_physical_name_their_group(b2):
    assert message(b2, cells(b2, reset="v = 20*mV"), error=NetworkError) == (
        "NeuronGroup 'cells': LIF: v_reset = 20 mV is not below v_thresh = 10 mV; such a neuron "
        "would fire for ever. Lower v_reset or raise v_thresh."
    )


@pytest.mark.parametrize(
    ("part", "named", "slot"),
    [
        ("state_updater", "state updater", "groups"),
        ("thresholder", "thresholder", "thresholds"),
        ("resetter", "resetter", "resets"),
    ],
)
def test_another_place_in_the_schedule_is_refused(b2, part, named, slot):
    group = cells(b2)
    runner = getattr(group, part)
    (runner if part == "state_updater" else runner["spike"]).when = "end"
    assert message(b2, group) == (
        f"NeuronGroup 'cells': its {named} runs in the slot 'end'. What works: Brian2's default, "
        f"'{slot}'."
    )


# ----------------------------------------------------------------------------------- synapses

SYNAPSES = {
    "a count of spikes": (
        {"model": "w : volt\ny : 1", "on_pre": "v += w\ny += 1"},
        "no statement adds a variable that changes during a run (y) to the target. " + LEARNING,
    ),
    "spikes of the target": (
        {"model": "w : volt", "on_pre": "v += w", "on_post": "w += 1*mV"},
        "on_post: 'w += 1*mV' changes w at every spike of the target by an amount of its own. What "
        "works: changes by pairs of spikes, with one trace of the source as a factor.",
    ),
    "equations": (
        {"model": "dy/dt = -y/ms : 1 (clock-driven)", "on_pre": "v += 1*mV"},
        "no statement adds a variable that changes during a run (y) to the target. " + LEARNING,
    ),
    "a weight with an equation": (
        {"model": "dy/dt = -y/ms : 1 (event-driven)", "on_pre": "v += y*mV"},
        "on_pre: 'v += y*mV' adds y, which has a differential equation. What works: a weight that "
        "is a parameter, and that pairs of spikes change.",
    ),
    "a summed variable": (
        {"model": "w : volt\nx_post = w : volt (summed)", "on_pre": "v += 1*mV"},
        "x_post is a summed variable; the chip adds when spikes arrive, not in every step. Write "
        "the sum as a synaptic current: on_pre='I_post += w', dI/dt = -I/tau_syn in the target.",
    ),
    "a subexpression that is held": (
        {"model": "y = 2*mV : volt (constant over dt)", "on_pre": "v += y"},
        "it has a subexpression '(constant over dt)'. Make it a parameter instead.",
    ),
    "a random weight": (
        {"on_pre": "v += rand()*mV"},
        "the weight 'rand()*mV' is not constant, since rand draws a random number. " + STATIC,
    ),
    "a weight that depends on v": (
        {"on_pre": "v += 0.1*(5*mV - v_post)"},
        "the weight '0.1*(5*mV - v_post)' is not constant, since v_post changes during the run. "
        + STATIC,
    ),
    "a factor": (
        {"on_pre": "v *= 0.5"},
        "pre = 'v *= 0.5' does more than add. " + ON_PRE,
    ),
    "an assignment": (
        {"on_pre": "v = 2*v + 1*mV"},
        "pre = 'v = 2*v + 1*mV' does more than add. " + ON_PRE,
    ),
    "a step in between": (
        {"on_pre": "z = 1*mV\nv += z"},
        "pre computes z in between. " + ON_PRE,
    ),
    "a parameter": (
        {"on_pre": "x += 1*mV"},
        "it adds to x of 'cells', which is neither its membrane potential nor a current that "
        "decays. What works: v.",
    ),
    "the source": (
        {"on_pre": "v_pre += 1*mV"},
        "pre changes v_pre of the source. " + ON_PRE,
    ),
}


@pytest.mark.parametrize("case", SYNAPSES)
def test_other_synapses_are_refused(b2, case):
    options, text = SYNAPSES[case]
    group = cells(b2, DELTA + "\nx : volt")
    wires = b2.Synapses(group, group, name="wires", **options)
    wires.connect(j="i")
    assert message(b2, group, wires) == f"Synapses 'wires': {text}"


def test_synapses_without_connect_are_refused(b2):
    group = cells(b2)
    wires = b2.Synapses(group, group, on_pre="v += 1*mV", name="wires")
    assert message(b2, group, wires) == (
        "Synapses 'wires': it has no synapses. Call its connect() first."
    )


def test_synapses_onto_synapses_are_refused(b2):
    group = cells(b2)
    wires = b2.Synapses(group, group, "w : volt", on_pre="v += w", name="wires")
    wires.connect(j="i")
    others = b2.Synapses(group, wires, on_pre="w_post += 1*mV", name="others")
    others.connect(j="i")
    assert message(b2, group, wires, others) == (
        "Synapses 'others': its target is the Synapses 'wires'. What works: a NeuronGroup of this "
        "network."
    )


def test_synapses_in_another_slot_are_refused(b2):
    group = cells(b2)
    wires = b2.Synapses(group, group, on_pre="v += 1*mV", name="wires")
    wires.connect(j="i")
    wires.pre.when = "start"
    assert message(b2, group, wires) == (
        "Synapses 'wires': it acts in the slot 'start'. What works: Brian2's default, 'synapses'."
    )


def test_v_and_two_currents_together_are_refused(b2):
    group = cells(
        b2, "dv/dt = (a + b - v)/(10*ms) : volt\nda/dt = -a/(2*ms) : volt\ndb/dt = -b/(5*ms) : volt"
    )
    wires = b2.Synapses(group, group, on_pre="v += 1*mV\na += 1*mV\nb -= 1*mV", name="wires")
    wires.connect(j="i")
    assert message(b2, group, wires) == (
        "NeuronGroup 'cells': synapses add to v, and its currents a and b have different time "
        "constants; a neuron of the chip has at most two receptors. What works: v and one current, "
        "or two currents. Give both currents the same time constant."
    )


@pytest.mark.parametrize(
    ("weights", "why"),
    [((1, 1), "both get the same sign"), ((0, -1), "b gets both signs")],
)
def test_two_time_constants_need_a_sign_each(b2, weights, why):
    group = cells(
        b2, "dv/dt = (a + b - v)/(10*ms) : volt\nda/dt = -a/(2*ms) : volt\ndb/dt = -b/(5*ms) : volt"
    )
    objects = [group]
    for k, (name, weight) in enumerate(zip("ab", weights, strict=True)):
        wires = b2.Synapses(group, group, "w : volt", on_pre=f"{name} += w", name=f"wires{k}")
        wires.connect(i=0, j=[0, 1])
        wires.w = [weight, weight or 1] * b2.mV if weight >= 0 else [-1, 1] * b2.mV
        objects.append(wires)
    assert message(b2, *objects) == (
        f"NeuronGroup 'cells': its currents a and b have different time constants, and {why}. "
        "On the chip one of the two is excitatory and the other inhibitory: give both the same "
        "time constant, or each its own sign."
    )


# --------------------------------------------------------------------------- inputs and the rest


def test_rates_that_change_need_a_duration(b2):
    group = cells(b2)
    source = b2.PoissonGroup(4, rates="(1 + sin(t/ms))*Hz", name="source")
    assert message(b2, group, source) == (
        "PoissonGroup 'source': its rates change with time. Pass duration=..., so that its spikes "
        "can be drawn."
    )


def test_a_generator_spikes_once_in_a_step(b2):
    source = b2.SpikeGeneratorGroup(2, [1, 1], [1.01, 1.02] * b2.ms, name="source")
    assert message(b2, cells(b2), source) == (
        "SpikeGeneratorGroup 'source': neuron 1 spikes more than once in the step at 1 ms, "
        "which Brian2 refuses as well. Remove all but one, or shorten dt."
    )


def test_an_input_in_another_slot_is_refused(b2):
    group = cells(b2)
    source = b2.SpikeGeneratorGroup(1, [0], [1] * b2.ms, when="start", name="source")
    assert message(b2, group, source) == (
        "SpikeGeneratorGroup 'source': it spikes in the slot 'start'. What works: Brian2's "
        "default, 'thresholds'."
    )


def test_operations_of_python_are_refused(b2):
    @b2.network_operation(name="mine")
    def mine():
        pass

    assert message(b2, cells(b2), mine) == (
        "NetworkOperation 'mine': this kind of object cannot run on the chip. " + KNOWN
    )


def test_run_regularly_is_refused(b2):
    group = cells(b2)
    regular = group.run_regularly("v = 0*mV", dt=1 * b2.ms)
    assert message(b2, group) == (
        f"CodeRunner {regular.name!r}: this kind of object cannot run on the chip "
        "(run_regularly or similar of 'cells'). " + KNOWN
    )


def test_a_network_needs_neurons(b2):
    assert message(b2, b2.PoissonGroup(2, rates=1 * b2.Hz)) == (
        "Brian2 network: it has no NeuronGroup, so nothing runs on the chip. " + KNOWN
    )


def test_another_schedule_is_refused(b2):
    network = b2.Network(cells(b2))
    network.schedule = ["start", "synapses", "groups", "thresholds", "resets", "end"]
    assert message(b2, network) == (
        f"Brian2 network {network.name!r}: schedule = ['start', 'synapses', 'groups', "
        "'thresholds', 'resets', 'end']; allowed: Brian2's default, ['start', 'groups', "
        "'thresholds', 'synapses', 'resets', 'end'], which the chip follows."
    )


def test_two_steps_are_refused(b2):
    network = b2.Network(cells(b2), cells(b2, name="others", dt=0.2 * b2.ms))
    assert message(b2, network) == (
        f"Brian2 network {network.name!r}: 'cells' has dt = 0.1 ms and 'others' 0.2 ms; the cores "
        "of the chip share one step. Give all objects one clock (a StateMonitor may be slower)."
    )


def test_what_has_run_is_not_read(b2):
    network = b2.Network(cells(b2))
    network.run(1 * b2.ms)
    assert message(b2, network) == (
        f"from_brian2: {network.name!r} is at 1 ms; allowed: a Network at 0 ms, whose variables "
        "have their initial values. restore() it, or create it again."
    )
    assert message(b2, b2.magic_network) == (
        "from_brian2: MagicNetwork() holds objects only during a run; allowed: a Network, or "
        "the objects."
    )


@pytest.mark.parametrize("duration", [0, 1])
def test_a_duration_is_a_time(b2, duration):
    from neurochip.frontends.brian2 import from_brian2

    value = [0 * b2.ms, 1 * b2.mV][duration]
    with pytest.raises(FrontendError) as caught:
        from_brian2(cells(b2), duration=value)
    assert str(caught.value) == (f"from_brian2: duration = {value!r}; allowed: a time above 0.")


def test_brian2s_own_checks_of_units_stay(b2):
    group = cells(b2)
    wires = b2.Synapses(group, group, on_pre="v += 1")
    wires.connect(j="i")
    message(b2, group, wires, error=b2.DimensionMismatchError)
    wrong = [
        (cells(b2, reset="v = 0", name="a"),),
        (cells(b2, threshold="v > 10", name="b"),),
        (cells(b2, "dv/dt = -v/10 : volt", name="c"),),
        (cells(b2, name="d"), b2.PoissonGroup(1, rates="3")),
    ]
    group = cells(b2, name="e")
    wrong += [(group, b2.PoissonInput(group, "v", 1, 1 * b2.Hz, "1"))]
    for objects in wrong:
        message(b2, *objects, error=b2.DimensionMismatchError)


# ------------------------------------------------------------------------------------ the device


def run_message(*arguments, error=FrontendError, run, **options):
    with pytest.raises(error) as caught:
        run(*arguments, **options)
    return str(caught.value)


def test_options_of_the_device_are_checked(b2):
    text = run_message("neurochip", run=b2.set_device, gian="dc")
    options = ", ".join(CompileOptions.__dataclass_fields__)
    assert text == (
        f"set_device: gian = 'dc'; allowed options: chip, relays, {options}, strict, threads, "
        "progress."
    )
    b2.set_device("runtime")
    text = run_message("neurochip", run=b2.set_device, chip="loihi")
    assert text == ("set_device: chip = 'loihi'; allowed: a ChipSpec such as neurochip.LOIHI.")


def test_arguments_of_a_run_are_checked(chip):
    network = chip.Network(cells(chip))
    assert run_message(1 * chip.ms, run=network.run, report="loud") == (
        "run: report = 'loud'; allowed: 'text', 'stdout', 'stderr', a function, or None."
    )
    assert run_message(-1 * chip.ms, run=network.run) == (
        "run: duration = -1. ms; allowed: at least 0 s."
    )


def test_v_of_a_refractory_neuron_cannot_be_set(chip):
    group = cells(
        chip,
        "dv/dt = (30*mV - v)/(10*ms) : volt (unless refractory)",
        threshold="v > 10*mV",
        refractory=5 * chip.ms,
    )
    network = chip.Network(group)
    network.run(6 * chip.ms)
    group.v = 1 * chip.mV
    assert run_message(1 * chip.ms, run=network.run) == (
        "NeuronGroup 'cells': v was changed between two runs; neuron 0 of 'cells' is refractory, "
        "so the chip holds its v; allowed: neurons that are not refractory."
    )


def test_objects_stay_from_run_to_run(chip):
    network = chip.Network(cells(chip))
    network.run(1 * chip.ms)
    network.add(cells(chip, name="others"))
    assert run_message(1 * chip.ms, run=network.run) == (
        f"NeuronGroup 'others': it appeared between two runs; {FIXED}"
    )


def test_the_chip_goes_on_from_its_own_runs_only(chip, tmp_path):
    filename = str(tmp_path / "state")  # has no state of the chip
    network = chip.Network(cells(chip), name="net")
    chip.set_device("runtime")
    network.run(1 * chip.ms)
    chip.set_device("neurochip")
    expected = (
        "Brian2 network 'net': its time is {} ms, and no run on the chip ended there; allowed: "
        "a run that begins at 0 ms or continues the last run. restore() the network to time 0, "
        "or create it again."
    )
    assert run_message(1 * chip.ms, run=network.run) == expected.format(1)
    other = chip.Network(cells(chip, name="others"), name="net")
    other.run(2 * chip.ms)
    other.store("state", filename)
    other.restore("state", filename)
    assert run_message(1 * chip.ms, run=other.run) == expected.format(2)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"variables": "v", "when": "end"},
            "it samples in the slot 'end', in the middle of a step. What works: when='start', "
            "the default, which samples at the beginning of a step.",
        ),
        (
            {"variables": "v", "dt": 0.15},
            "its dt = 0.15 ms is not a multiple of the network's 0.1 ms. Give it a whole "
            "number of steps.",
        ),
        (
            {"variables": "lastspike"},
            "it records lastspike, and lastspike changes during the run. What works: v or a "
            "current in a StateMonitor, and constant parameters.",
        ),
    ],
)
def test_other_samples_are_refused(chip, options, text):
    options = dict(options)
    if "dt" in options:
        options["dt"] *= chip.ms
    group = cells(chip, DELTA + " (unless refractory)", refractory=1 * chip.ms)
    monitor = chip.StateMonitor(group, record=True, name="state", **options)
    network = chip.Network(group, monitor)
    assert run_message(1 * chip.ms, run=network.run) == f"StateMonitor 'state': {text}"


def test_v_at_spikes_is_not_recorded(chip):
    group = cells(chip)
    monitor = chip.SpikeMonitor(group, variables="v", name="spikes")
    network = chip.Network(group, monitor)
    assert run_message(1 * chip.ms, run=network.run) == (
        "SpikeMonitor 'spikes': it records v, and v changes during the run. What works: v or a "
        "current in a StateMonitor, and constant parameters."
    )
