"""Plasticity as people write it in Brian2, executed in plain Python beside the definition of STDP.

:data:`FORMS` are the forms of public scripts: each is the code of one Synapses object, and either
how Python executes it, or why it is refused. Python executes the statements of a pathway as they
stand; the traces decay between spikes by the time constants of the table, not by what the front end
has read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp

import numpy as np

DT = 0.5  # ms
NAMESPACE = {
    "taupre": 20.0,
    "taupost": 30.0,
    "tau_slow": 90.0,
    "Apre": 0.011,
    "Apost": -0.012,
    "eta": 0.3,
    "gmax": 0.9,
    "wmax": 0.9,
    "mu": 1.0,
    "alpha": 0.2,
    "two": 2.0,
    "zero": 0.0,
}


@dataclass(frozen=True)
class Form:
    """The code of a Synapses object.

    ``taus`` are the time constants of its variables, in ms, by name or by the name of a constant of
    :data:`NAMESPACE`. ``regular`` is the code of ``run_regularly``, every ``interval`` steps.
    ``refused`` is a part of the message, if the form is refused.
    """

    model: str
    on_pre: str
    on_post: str
    taus: dict[str, str | float] = field(default_factory=dict)
    subexpressions: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    weight: str = "w"
    parameters: dict[str, float] = field(default_factory=dict)
    regular: str = ""
    interval: int = 8


_TAUS = {"apre": "taupre", "apost": "taupost"}
_EVENT = """w : 1
dapre/dt = -apre/taupre : 1 (event-driven)
dapost/dt = -apost/taupost : 1 (event-driven)"""
_SLOW = (
    _EVENT
    + """
dslow/dt = -slow/tau_slow : 1 (event-driven)"""
)
_TRIPLET = """w : 1
dr1/dt = -r1/taupre : 1 (event-driven)
dr2/dt = -r2/tau_slow : 1 (event-driven)
do1/dt = -o1/taupost : 1 (event-driven)
do2/dt = -o2/(120*ms) : 1 (event-driven)"""
_FOUR = {"r1": "taupre", "r2": "tau_slow", "o1": "taupost", "o2": 120.0}
_ELIG = _EVENT + "\nelig : 1"
_REWARD_PRE = "v_post += w\napre += Apre\nelig += apost"
_REWARD_POST = "apost += Apost\nelig += apre"
_REWARD = "w = clip(w + elig*0.5, 0, wmax); elig *= 0.7"
_PRE = "v_post += w\napre += Apre\nw = clip(w + apost, 0, wmax)"
_POST = "apost += Apost\nw = clip(w + apre, 0, wmax)"

FORMS = {
    # ------------------------------------------------------------------- pairs, hard bounds
    "the example of Brian2's documentation, Song and Abbott": Form(
        _EVENT.replace("apre", "Apre_").replace("apost", "Apost_"),
        "v += w\nApre_ += Apre\nw = clip(w + Apost_, 0, gmax)",
        "Apost_ += Apost\nw = clip(w + Apre_, 0, gmax)",
        {"Apre_": "taupre", "Apost_": "taupost"},
    ),
    "the second tutorial of Brian2": Form(_EVENT, _PRE, _POST, _TAUS),
    "the trace after the weight": Form(
        _EVENT,
        "v_post += w\nw = clip(w + apost, 0, wmax)\napre += Apre",
        "w = clip(w + apre, 0, wmax)\napost += Apost",
        _TAUS,
    ),
    "+= and a clip of its own": Form(
        _EVENT,
        "v_post += w\napre += Apre\nw += apost\nw = clip(w, 0, wmax)",
        "apost += Apost\nw += apre\nw = clip(w, 0, wmax)",
        _TAUS,
    ),
    "one line, with semicolons": Form(
        _EVENT, "v_post+=w; apre+=Apre; w=clip(w+apost,0,wmax)", _POST.replace("\n", ";"), _TAUS
    ),
    "amplitudes outside of the traces": Form(
        _EVENT,
        "v_post += w\napre += 1\nw = clip(w - 0.012*apost, 0, wmax)",
        "apost += 1\nw = clip(w + Apre*apre, 0, wmax)",
        _TAUS,
    ),
    "amplitudes on both sides of the trace": Form(
        _EVENT,
        "v_post += w\napre += 0.5\nw = clip(w + eta*apost, 0, wmax)",
        "apost -= 0.04\nw = clip(w + eta*Apre*apre, 0, wmax)",
        _TAUS,
    ),
    "a learning rate and a switch": Form(
        _EVENT + "\nplastic : 1 (shared)",
        "v_post += w\napre += Apre\nw = clip(w + plastic*eta*apost, 0, wmax)",
        "apost += Apost\nw = clip(w + plastic*eta*apre, 0, wmax)",
        _TAUS,
        parameters={"plastic": 1.0},
    ),
    "a switch that is a boolean": Form(
        _EVENT + "\nlearning : boolean (shared)",
        _PRE.replace("+ apost", "+ learning*apost"),
        _POST.replace("+ apre", "+ learning*apre"),
        _TAUS,
        parameters={"learning": True},
    ),
    "constants of the synapses": Form(
        _EVENT + "\nceiling : 1 (constant)\nrate : 1",
        "v_post += w\napre += Apre\nw = clip(w + rate*apost, 0, ceiling)",
        "apost += Apost\nw = clip(w + rate*apre, 0, ceiling)",
        _TAUS,
        parameters={"ceiling": 0.8, "rate": 0.7},
    ),
    "a step in between": Form(
        _EVENT,
        "v_post += w\ndw = eta*apost\nw = clip(w + dw, 0, wmax)\napre += Apre",
        "dw = eta*apre\nw = clip(w + dw, 0, wmax)\napost += Apost",
        _TAUS,
    ),
    "a subexpression": Form(
        _EVENT + "\nchange = eta*apost : 1",
        "v_post += w\napre += Apre\nw = clip(w + change, 0, wmax)",
        _POST,
        _TAUS,
        {"change": "eta*apost"},
    ),
    "a gain of the weight": Form(_EVENT, _PRE.replace("+= w", "+= 0.4*w"), _POST, _TAUS),
    "limits where they can be reached only": Form(
        _EVENT,
        "v_post += w\napre += Apre\nw = clip(w + apost, 0, inf)",
        "apost += Apost\nw = clip(w + apre, -inf, wmax)",
        _TAUS,
    ),
    "symmetric, Hebbian": Form(_EVENT, _PRE, "apost += 0.01\nw = clip(w + apre, 0, wmax)", _TAUS),
    "anti-Hebbian": Form(
        _EVENT,
        "v_post += w\napre += Apre\nw = clip(w - apost, 0, wmax)",
        "apost += Apost\nw = clip(w - apre, 0, wmax)",
        _TAUS,
    ),
    "potentiation only": Form(
        _EVENT, "v_post += w\napre += Apre", "w = clip(w + apre, 0, wmax)", _TAUS
    ),
    "depression only": Form(
        _EVENT, "v_post += w\nw = clip(w + apost, 0, wmax)", "apost += Apost", _TAUS
    ),
    "names of another language": Form(
        "Gewicht : 1\ndspur_vor/dt = -spur_vor/taupre : 1 (event-driven)\n"
        "dspur_nach/dt = -spur_nach/taupost : 1 (event-driven)",
        "v += Gewicht\nspur_vor += Apre\nGewicht = clip(Gewicht + spur_nach, 0, wmax)",
        "spur_nach += Apost\nGewicht = clip(Gewicht + spur_vor, 0, wmax)",
        {"spur_vor": "taupre", "spur_nach": "taupost"},
        weight="Gewicht",
    ),
    "clock-driven traces": Form(_EVENT.replace("event", "clock"), _PRE, _POST, _TAUS),
    "traces without a flag": Form(_EVENT.replace(" (event-driven)", ""), _PRE, _POST, _TAUS),
    "a trace that no change uses": Form(
        _SLOW, _PRE + "\nslow += 1", _POST, {**_TAUS, "slow": "tau_slow"}
    ),
    # -------------------------------------------------------------------------- soft bounds
    "soft bounds": Form(
        _EVENT,
        "v_post += w\napre += 1\nw = clip(w - 0.03*w*apost, 0, wmax)",
        "apost += 1\nw = clip(w + 0.02*(wmax - w)*apre, 0, wmax)",
        _TAUS,
    ),
    "soft bounds with an exponent": Form(
        _EVENT,
        "v_post += w\napre += Apre\nw = clip(w + apost*(w/wmax)**mu, 0, wmax)",
        "apost += Apost\nw = clip(w + apre*(1 - w/wmax)**mu, 0, wmax)",
        _TAUS,
    ),
    "soft bounds that need no clip": Form(
        _EVENT,
        "v_post += w\napre += Apre\nw += apost*w",
        "apost += Apost\nw += apre*(wmax - w)",
        _TAUS,
    ),
    # ------------------------------------------------------------------------------ triplets
    "triplets, Pfister and Gerstner": Form(
        _TRIPLET,
        "v_post += w\nw = clip(w - o1*(0.01 + 0.004*r2), 0, wmax)\nr1 += 1\nr2 += 1",
        "w = clip(w + r1*(0.008 + 0.006*o2), 0, wmax)\no1 += 1\no2 += 1",
        _FOUR,
    ),
    "triplets that are read after their own spike": Form(
        _TRIPLET,
        "v_post += w\nr1 += 1\nr2 += 1\nw = clip(w - o1*(0.01 + 0.004*r2), 0, wmax)",
        "o1 += 1\no2 += 1\nw = clip(w + r1*(0.002 + 0.006*o2), 0, wmax)",
        _FOUR,
    ),
    "triplets by the trace of pairs": Form(
        _EVENT,
        "v_post += w\napre += 1\nw = clip(w - 0.01*apost, 0, wmax)",
        "w = clip(w + 0.01*apre*apost, 0, wmax)\napost += 1",
        _TAUS,
    ),
    "the value of a trace before its spike, kept in a variable": Form(
        _SLOW + "\nbefore : 1",
        "v_post += w\napre += 1\nw = clip(w - 0.01*apost, 0, wmax)",
        "before = slow\nw = clip(w + 0.01*apre*before, 0, wmax)\napost += 1\nslow += 1",
        {**_TAUS, "slow": "tau_slow"},
    ),
    # ------------------------------------------------------------------------------- rewards
    "a reward that turns an eligibility into weight": Form(
        _ELIG, _REWARD_PRE, _REWARD_POST, {**_TAUS, "elig": np.inf}, regular=_REWARD
    ),
    "a reward of all synapses, after the decay": Form(
        _ELIG + "\nreward : 1 (shared)",
        _REWARD_PRE,
        _REWARD_POST,
        {**_TAUS, "elig": np.inf},
        parameters={"reward": -0.8},
        regular="elig = elig*exp(-4*ms/tau_slow)\nw = clip(w + elig*reward, 0, wmax)",
    ),
    "a reward in time": Form(
        _ELIG,
        _REWARD_PRE,
        _REWARD_POST,
        {**_TAUS, "elig": np.inf},
        regular="w = clip(w + elig*wave(t), 0, wmax); elig *= 0.7",
    ),
    "an eligibility that a reward uses up": Form(
        _ELIG,
        _REWARD_PRE,
        _REWARD_POST,
        {**_TAUS, "elig": np.inf},
        regular="w = clip(w + 0.3*elig, 0, wmax); elig = 0",
    ),
    "a reward with soft bounds": Form(
        _ELIG,
        "v_post += w\napre += Apre\nelig += apost*w",
        "apost += Apost\nelig += apre*(wmax - w)",
        {**_TAUS, "elig": np.inf},
        regular=_REWARD,
    ),
    # ------------------------------------------------------------------------------- refused
    "a limited eligibility": Form(
        _ELIG,
        "v_post += w\napre += Apre\nelig = clip(elig + apost, -1, 1)",
        _REWARD_POST,
        regular=_REWARD,
        refused="on_pre: 'elig = clip(elig + apost, -1, 1)' limits the eligibility elig. What "
        "works: elig += trace, and limits of w in run_regularly.",
    ),
    "an eligibility that decays in every step": Form(
        _EVENT + "\ndelig/dt = -elig/second : 1 (clock-driven)",
        _REWARD_PRE,
        _REWARD_POST,
        regular="w = clip(w + elig*0.5, 0, wmax)",
        refused="its eligibility elig has a differential equation. What works: pairs that change",
    ),
    "an eligibility that never decays": Form(
        _ELIG,
        _REWARD_PRE,
        _REWARD_POST,
        regular="w = clip(w + elig*0.5, 0, wmax)",
        refused="run_regularly leaves 1 of the eligibility elig. What works: pairs that change",
    ),
    "a reward without limits": Form(
        _ELIG,
        _REWARD_PRE,
        _REWARD_POST,
        regular="w += elig*0.5; elig *= 0.7",
        refused="run_regularly: 'w += elig*0.5' has no upper limit of w.",
    ),
    "a weight that pairs and a reward change": Form(
        _ELIG,
        _PRE + "\nelig += apost",
        _REWARD_POST,
        regular=_REWARD,
        refused="on_pre: 'w = clip(w + apost, 0, wmax)' changes w, and so does run_regularly. What "
        "works: either pairs of spikes change it, or a reward does.",
    ),
    "an operation on another variable": Form(
        _EVENT,
        _PRE,
        _POST,
        regular="apre *= 0.5",
        refused="run_regularly: 'apre *= 0.5' does not change w. What works: pairs that change",
    ),
    "two weights": Form(
        _EVENT,
        _PRE + "\nv_post += apre",
        _POST,
        refused="on_pre: 'v_post += apre' adds apre, which has a differential equation.",
    ),
    "weights that are scaled": Form(
        _EVENT,
        _PRE,
        _POST,
        regular="w = clip(0.99*w, 0, wmax)",
        refused="on_pre: 'w = clip(w + apost, 0, wmax)' changes w, and so does run_regularly.",
    ),
    "weights that decay beside a reward": Form(
        _ELIG,
        _REWARD_PRE,
        _REWARD_POST,
        regular="w = clip(0.99*w + elig, 0, wmax); elig *= 0.7",
        refused="adds elig - 0.01*w to w. What works: pairs that change an eligibility",
    ),
    "traces that are reset beside a reward": Form(
        _ELIG,
        _REWARD_PRE,
        _REWARD_POST,
        regular=_REWARD + "; apre = 0",
        refused="run_regularly: 'apre = 0' changes apre. What works: pairs that change",
    ),
    "a random reward": Form(
        _ELIG,
        _REWARD_PRE,
        _REWARD_POST,
        regular="w = clip(w + elig*rand(), 0, wmax); elig *= 0.7",
        refused="has the reward 'rand()', and rand draws a random number.",
    ),
    "a reward of v": Form(
        _ELIG,
        _REWARD_PRE,
        _REWARD_POST,
        regular="w = clip(w + elig*v_post, 0, wmax); elig *= 0.7",
        refused="has the reward 'v_post', and v_post changes during the run.",
    ),
    "nearest spikes, Diehl and Cook": Form(
        _SLOW + "\nbefore : 1",
        "v_post += w\napre = 1.\nw = clip(w - 0.01*apost, 0, wmax)",
        "before = slow\nw = clip(w + 0.01*apre*before, 0, wmax)\napost = 1.\nslow = 1.",
        refused="on_post: 'apost = 1.' does other than add a constant to the trace apost, so only "
        "the nearest spikes pair. All pairs of spikes count on the chip: write apost += A.",
    ),
    "a trace that saturates": Form(
        _EVENT,
        _PRE.replace("+= Apre", "+= Apre*(1 - apre)"),
        _POST,
        refused="on_pre: 'apre += Apre*(1 - apre)' does other than add a constant to the trace "
        "apre. All pairs of spikes count on the chip: write apre += A.",
    ),
    "inhibitory plasticity, Vogels et al.": Form(
        _EVENT,
        "v_post += w\napre += 1\nw = clip(w + (apost - alpha)*eta, 0, wmax)",
        "apost += 1\nw = clip(w + apre*eta, 0, wmax)",
        _TAUS,
    ),
    "a change at spikes of the source": Form(
        "w : 1\ndapre/dt = -apre/taupre : 1 (event-driven)",
        "v_post += w\napre += Apre\nw = clip(w - 0.003, 0, wmax)",
        "w = clip(w + apre, 0, wmax)",
        {"apre": "taupre"},
    ),
    "a change at spikes of the source that is proportional to the weight": Form(
        "w : 1\ndapre/dt = -apre/taupre : 1 (event-driven)",
        "v_post += w\napre += Apre\nw = clip(w - 0.003*w, 0, wmax)",
        "w = clip(w + apre, 0, wmax)",
        refused="on_pre: 'w = clip(w - 0.003*w, 0, wmax)' changes w at every spike of the source "
        "by an amount of its own.",
    ),
    "Clopath et al., by the voltage": Form(
        _EVENT,
        "v_post += w\nw = clip(w - 0.01*v_post, 0, wmax)",
        "w = clip(w + apre, 0, wmax)",
        refused="is '-0.01*v_post', and v_post changes during the run.",
    ),
    "a change at spikes of the target": Form(
        "w : 1",
        "v_post += w",
        "w = clip(w + Apre, 0, wmax)",
        refused="on_post: 'w = clip(w + Apre, 0, wmax)' changes w at every spike of the target by "
        "an amount of its own.",
    ),
    "no limits": Form(
        _EVENT,
        "v_post += w\napre += Apre\nw += apost",
        "apost += Apost\nw += apre",
        refused="on_post: 'w += apre' has no upper limit of w. The largest weight sets the step of "
        "the chip's weights: w = clip(..., 0, w_max).",
    ),
    "no limits of depression": Form(
        _EVENT,
        "v_post += w\napre += Apre\nw += apost",
        _POST,
        refused="on_pre: 'w += apost' has no lower limit of w. What works: w = clip(..., 0, w_max)",
    ),
    "no upper limit": Form(
        _EVENT,
        _PRE.replace("wmax", "inf"),
        _POST.replace("wmax", "inf"),
        refused="has no upper limit of w.",
    ),
    "a negative lower limit": Form(
        _EVENT,
        _PRE.replace("0, wmax", "-wmax, wmax"),
        _POST.replace("0, wmax", "-wmax, wmax"),
        refused="keeps w between -0.9 and 0.9. What works: w = clip(..., 0, w_max), with the same "
        "w_max above 0 everywhere.",
    ),
    "two upper limits": Form(
        _EVENT,
        _PRE.replace("wmax", "0.5*wmax"),
        _POST,
        refused="on_pre: 'w = clip(w + apost, 0, 0.5*wmax)' keeps w between 0 and 0.45.",
    ),
    "the weight after its change": Form(
        _EVENT,
        "apre += Apre\nw = clip(w + apost, 0, wmax)\nv_post += w",
        _POST,
        refused="on_pre: 'v_post += w' adds w after the spike has changed it. A spike is delivered "
        "with the weight before its own change: put this statement first.",
    ),
    "soft depression, hard potentiation, van Rossum et al.": Form(
        _EVENT,
        "v_post += w\napre += Apre\nw = clip(w + apost*w, 0, wmax)",
        _POST,
        refused="on_pre: 'w = clip(w + apost*w, 0, wmax)' depends on w, and not as soft bounds do.",
    ),
    "an exponent between hard and soft, Gütig et al.": Form(
        _EVENT,
        "v_post += w\napre += Apre\nw = clip(w + apost*w**0.5, 0, wmax)",
        _POST,
        refused="on_pre: 'w = clip(w + apost*w**0.5, 0, wmax)' is no sum of products of w and "
        "traces.",
    ),
    "squared weights": Form(
        _EVENT,
        "v_post += w\napre += Apre\nw = clip(w + apost*w**two, 0, wmax)",
        _POST,
        refused="on_pre: 'w = clip(w + apost*w**two, 0, wmax)' is not linear in w.",
    ),
    "a comparison": Form(
        _EVENT,
        _PRE,
        "apost += Apost\nw = clip(w + apre*int(w > 0.1), 0, wmax)",
        refused="is no sum of products of w and traces. What works: w + amplitude * trace, clipped "
        "to 0 and w_max as a whole.",
    ),
    "a random change": Form(
        _EVENT,
        _PRE.replace("+ apost", "+ apost*rand()"),
        _POST,
        refused="is 'rand()', and rand draws a random number. What works: traces of this Synapses "
        "object, and constants.",
    ),
    "a comparison in between": Form(
        _EVENT,
        _PRE,
        "apost += Apost\nlate = apre > 0.1\nw = clip(w + apre*late, 0, wmax)",
        refused="on_post: 'w = clip(w + apre*late, 0, wmax)' cannot be read as a formula. What "
        "works: +, -, *, / and clip of variables and constants.",
    ),
    "decay of a trace at its spikes only": Form(
        "w : 1\napre : 1\napost : 1",
        "v_post += w\napre = apre*exp(-dt/taupre) + Apre\nw = clip(w + apost, 0, wmax)",
        "apost = apost*exp(-dt/taupost) + Apost\nw = clip(w + apre, 0, wmax)",
        refused="on_post: 'apost = apost*exp(-dt/taupost) + Apost' changes apost, which has no "
        "equation. Write its decay as an equation: dapost/dt = -apost/tau : 1 (event-driven).",
    ),
    "decay since the last update by hand": Form(
        "w : 1\napre : 1\napost : 1\nlast : second",
        "v_post += w\napre = apre*exp((last - t)/taupre) + Apre\n"
        "apost = apost*exp((last - t)/taupost)\nw = clip(w + apost, 0, wmax)\nlast = t",
        "apre = apre*exp((last - t)/taupre)\napost = apost*exp((last - t)/taupost) + Apost\n"
        "w = clip(w + apre, 0, wmax)\nlast = t",
        refused="no sum of products of w and traces",
    ),
    "a trace that decays to a level": Form(
        _EVENT.replace("-apre/", "(-apre - alpha)/"),
        _PRE,
        _POST,
        refused="is no decay to 0. What works: dapre/dt = -apre/tau : 1 (event-driven).",
    ),
    "a trace that both spikes change": Form(
        _EVENT,
        _PRE,
        _POST + "\napre = 0",
        refused="spikes of both sides change the trace apre. What works: a trace that spikes of "
        "one side increase, apre += A.",
    ),
    "a weight that decays": Form(
        _EVENT.replace("w : 1", "dw/dt = -w/second : 1 (event-driven)"),
        _PRE,
        _POST,
        refused="on_pre: 'v_post += w' adds w, which has a differential equation. What works: a "
        "weight that is a parameter, and that pairs of spikes change.",
    ),
    "two traces of one side": Form(
        _SLOW,
        _PRE + "\nslow += Apre",
        "apost += Apost\nw = clip(w + apre - slow, 0, wmax)",
        refused="on_post: 'w = clip(w + apre - slow, 0, wmax)' uses two traces of the source, apre "
        "and slow. What works: one trace of each side in a pathway.",
    ),
    "short-term depression": Form(
        "w : 1\ndx_s/dt = (1 - x_s)/taupre : 1 (event-driven)",
        "v_post += w*x_s\nx_s *= 0.5",
        "",
        refused="on_pre: 'v_post += w*x_s' adds x_s, which has a differential equation.",
    ),
    "eligibility, Izhikevich 2007": Form(
        _EVENT.replace("w : 1", "dw/dt = mode*c*d/second : 1 (clock-driven)")
        + "\nmode : 1\ndc/dt = -c/second : 1 (clock-driven)\ndd/dt = -d/second : 1 (clock-driven)",
        "v_post += w\napre += Apre\nc = clip(c + mode*apost, -wmax, wmax)\n"
        "w = clip(w + (1 - mode)*apost, -wmax, wmax)",
        "apost += Apost\nc = clip(c + mode*apre, -wmax, wmax)\n"
        "w = clip(w + (1 - mode)*apre, -wmax, wmax)",
        parameters={"mode": 1.0},
        refused="on_pre: 'v_post += w' adds w, which has a differential equation.",
    ),
    "inhibition": Form(
        _EVENT,
        _PRE.replace("v_post += w", "v_post -= w"),
        _POST,
        refused="on_pre: 'v_post -= w' subtracts w. Weights of the chip that learn excite: add "
        "them.",
    ),
    "a factor of the target's": Form(
        _EVENT,
        _PRE + "\nv_post *= 0.9",
        _POST,
        refused="on_pre: 'v_post *= 0.9' does more than add.",
    ),
    "a variable of the target at its spikes": Form(
        _EVENT,
        _PRE,
        _POST + "\nv_post += w",
        refused="on_post: 'v_post += w' changes v_post of the target.",
    ),
    "rates of each synapse": Form(
        _EVENT + "\nrate : 1",
        _PRE.replace("+ apost", "+ rate*apost"),
        _POST,
        parameters={"rate": "0.1 + 0.2*i"},
        refused="A rule of the chip has one value for all synapses: use a Synapses object for each "
        "value.",
    ),
    "no effect on the target": Form(
        _EVENT,
        "apre += Apre\nw = clip(w + apost, 0, wmax)",
        _POST,
        refused="no statement adds a variable that changes during a run (apost, apre, w) to the "
        "target.",
    ),
}


def statements_of(code: str) -> str:
    return "\n".join(line.strip() for line in code.replace(";", "\n").split("\n"))


def random_events(rng: np.random.Generator, n: int = 60) -> list[tuple[int, bool, bool]]:
    """Return steps with spikes of the source, the target or both; every fifth is a coincidence."""
    steps = np.cumsum(rng.integers(1, 25, n))
    kinds = rng.choice(3, n, p=[0.4, 0.4, 0.2])
    return [(int(step), kind != 1, kind != 0) for step, kind in zip(steps, kinds, strict=True)]


def wave(t: float) -> float:
    """The reward of one of the forms, a TimedArray of pieces of 30 ms."""
    return WAVE[min(int(t / 30.0 + 1e-9), len(WAVE) - 1)]


WAVE = (0.5, -0.3, 0.0, 0.8)


def run_code(form: Form, events, w: float):
    """Execute the code of a form at events; return the weight after and what v got at each."""
    names = {**NAMESPACE, **form.parameters, "inf": np.inf, "exp": exp, "wave": wave, "ms": 1.0}
    names["clip"] = lambda x, low, high: min(max(x, low), high)
    state = dict.fromkeys(form.taus, 0.0) | {form.weight: w}
    weights, kicks, before, tick = [], [], 0, 0

    def execute(code: str, t: float) -> dict[str, float]:
        scope = {**names, **state, "v": 0.0, "v_post": 0.0, "t": t}
        for line in statements_of(code).split("\n"):
            for name, meaning in form.subexpressions.items():
                exec(f"{name} = {meaning}", {}, scope)
            exec(line, {}, scope)
        state.update({name: scope[name] for name in state})
        return scope

    for step, pre, post in events:
        while form.regular and tick <= step:
            execute(form.regular, tick * DT)  # eligibility and weight only: traces come below
            tick += form.interval
        for name, tau in form.taus.items():
            state[name] *= exp(-(step - before) * DT / names.get(tau, tau))
        before, got = step, 0.0
        for spiked, code in ((pre, form.on_pre), (post, form.on_post)):
            if spiked and code:
                scope = execute(code, step * DT)
                got += scope["v"] + scope["v_post"]
        weights.append(state[form.weight])
        kicks.append(got)
    return np.array(weights), np.array(kicks)


def run_rule(rule, events, w: float):
    """Execute the definition of an STDP; return the weight after and before each event's spike."""
    triplet, reward = rule.triplet, rule.reward
    a3_plus, a3_minus = (triplet.a3_plus, triplet.a3_minus) if triplet else (0.0, 0.0)
    taus = [rule.tau_plus, rule.tau_minus, *((triplet.tau_x, triplet.tau_y) if triplet else (1, 1))]
    x, y, x2, y2, e, before, tick = 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0
    weights, kicks = [], []

    def limited(value: float) -> float:
        return min(max(value, 0.0), rule.w_max)

    for step, pre, post in events:
        while reward is not None and tick <= step:
            place = np.searchsorted(reward.reward.steps(DT), tick, side="right") - 1
            w = limited(w + e * reward.reward.values[place])
            e *= exp(-reward.interval / reward.tau_eligibility)
            tick += round(reward.interval / DT)
        fall = [exp(-(step - before) * DT / tau) for tau in taus]
        x, y, x2, y2 = x * fall[0], y * fall[1], x2 * fall[2], y2 * fall[3]
        before = step
        kicks.append(w if pre else 0.0)
        if pre:
            bound = w / rule.w_max if rule.bounds == "soft" else 1.0
            change = (rule.a_pre - y * (rule.a_minus + a3_minus * x2)) * bound
            w, e = (w, e + change) if reward else (limited(w + change), e)
            x, x2 = x + 1, x2 + 1
        if post:
            bound = (rule.w_max - w) / rule.w_max if rule.bounds == "soft" else 1.0
            change = x * (rule.a_plus + a3_plus * y2) * bound
            w, e = (w, e + change) if reward else (limited(w + change), e)
            y, y2 = y + 1, y2 + 1
        weights.append(w)
    return np.array(weights), np.array(kicks)
