"""Names of parameters in other simulators, and the parameters that mean the same here.

Used for keywords that a function does not have: the error names the parameter that was meant.
NEST: https://nest-simulator.readthedocs.io, models ``iaf_psc_exp`` and ``iaf_psc_delta``, and
connection rules. Brian2: ``NeuronGroup``, ``Synapses.connect`` and the names of its examples.
PyNN: ``Population``, ``Projection`` and its cell types; LIF has PyNN's names already.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from ..errors import NetworkError

__all__ = ["FOREIGN", "Meant", "check_keywords", "nearest", "own_keywords"]

_Made = TypeVar("_Made", bound=Callable[..., Any])


class Meant(NamedTuple):
    """The parameter of neurochip for a foreign name.

    Parameters
    ----------
    own : str
        Name of the parameter; empty if neurochip has none.
    hint : str
        How the value differs; may be empty.
    """

    own: str
    hint: str = ""


_PF = "in nF: pF / 1000"
_PA = "in nA: pA / 1000"
_CURRENTS = Meant("", "synapses are currents or kicks of v, without a reversal potential")
_WIDTHS = ("weight_bits", "bits")
_NUMBER = dict.fromkeys(("n", "N"), Meant("size"))
_NAMED = {"label": Meant("name")}
_SYNAPSES = {
    **dict.fromkeys(("weights", "w"), Meant("weight")),
    "delays": Meant("delay"),
    "receptor_type": Meant("receptor", "'v' for kicks of v; of two currents, the sign selects one"),
    "synapse_type": Meant("weight", "with delay, as numbers"),
    **_NAMED,
}
_PROBABILITIES = ("p", "p_connect", "prob")
_ENDS = {
    **_SYNAPSES,
    **dict.fromkeys(("pre", "presynaptic_population"), Meant("source")),
    **dict.fromkeys(("post", "postsynaptic_population"), Meant("target")),
    **dict.fromkeys(
        _PROBABILITIES, Meant("", "fixed_probability connects pairs with a probability")
    ),
}
_DRAWING = {
    **_ENDS,
    **dict.fromkeys(("autapses", "allow_autapses"), Meant("allow_self_connections")),
}

FOREIGN: Mapping[str, Mapping[str, Meant]] = {
    "LIF": {
        # NEST
        "V_th": Meant("v_thresh"),
        "E_L": Meant("v_rest"),
        "V_reset": Meant("v_reset"),
        "V_m": Meant("v_init"),
        "t_ref": Meant("tau_refrac", "in Network(refractory='after_spike')"),
        "C_m": Meant("cm", _PF),
        "I_e": Meant("i_offset", _PA),
        "tau_syn_ex": Meant("tau_syn_E"),
        "tau_syn_in": Meant("tau_syn_I"),
        "I_syn_ex": Meant("i_syn_init_E", _PA),
        "I_syn_in": Meant("i_syn_init_I", _PA),
        # PyNN
        "isyn_exc": Meant("i_syn_init_E"),
        "isyn_inh": Meant("i_syn_init_I"),
        "g_L": Meant("tau_m", "which is C_m / g_L"),
        # Brian2
        "tau": Meant("tau_m"),
        "taum": Meant("tau_m"),
        "refractory": Meant("tau_refrac"),
        "threshold": Meant("v_thresh", "in mV, not a condition"),
        "method": Meant("integration"),
        "El": Meant("v_rest"),
        "Vr": Meant("v_reset"),
        "Vt": Meant("v_thresh"),
        "taue": Meant("tau_syn_E"),
        "taui": Meant("tau_syn_I"),
        "R": Meant("cm", "which is tau_m / R: ms / MOhm = nF"),
        "I": Meant("i_offset"),
        "v": Meant("v_init"),
        # other names of the same
        "v_th": Meant("v_thresh"),
        "vth": Meant("v_thresh"),
        "beta": Meant("tau_m", "which is -dt / ln(beta)"),
        "reset_mechanism": Meant("reset", "'value' for 'zero'"),
        **dict.fromkeys(("e_rev_E", "e_rev_I", "E_ex", "E_in"), _CURRENTS),
    },
    "Population": {
        **_NUMBER,
        **_NAMED,
        **dict.fromkeys(("cellclass", "params", "lif", "neuron"), Meant("model")),
    },
    "PoissonInput": {"rates": Meant("rate"), **_NUMBER, **_NAMED},
    "SpikeInput": {
        "indices": Meant("ids"),
        **dict.fromkeys(("spike_times", "t"), Meant("times", "with ids")),
        **_NUMBER,
        **_NAMED,
    },
    "one_to_one": _ENDS,
    "all_to_all": _DRAWING,
    "fixed_probability": {**_DRAWING, **dict.fromkeys(_PROBABILITIES, Meant("probability"))},
    "fixed_indegree": {**_DRAWING, "K": Meant("indegree")},
    "fixed_outdegree": {**_DRAWING, "K": Meant("outdegree")},
    "fixed_total_number": {**_DRAWING, "N": Meant("n")},
    "from_arrays": {**_SYNAPSES, "i": Meant("pre"), "j": Meant("post")},
    "STDP": {
        # Brian2's documentation
        "taupre": Meant("tau_plus"),
        "taupost": Meant("tau_minus"),
        "gmax": Meant("w_max"),
        "wmax": Meant("w_max"),
        **dict.fromkeys(("Apre", "dApre"), Meant("a_plus", "in the unit of the weights")),
        **dict.fromkeys(
            ("Apost", "dApost"), Meant("a_minus", "in the unit of the weights, of the other sign")
        ),
        # PyNN, whose amplitudes are relative to w_max
        "A_plus": Meant("a_plus", "in the unit of the weights"),
        "A_minus": Meant("a_minus", "in the unit of the weights"),
        # NEST's stdp_synapse
        "Wmax": Meant("w_max"),
    },
    "record": dict.fromkeys(("V_m", "vm", "Vm", "V"), Meant("v")),
    "chip": dict.fromkeys(_WIDTHS, Meant("weight_mantissa_bits")),
    "axes": dict.fromkeys((*_WIDTHS, "weight_mantissa_bits"), Meant("core.weight_mantissa_bits")),
    "options": dict.fromkeys(
        (*_WIDTHS, "weight_mantissa_bits"),
        Meant("", "a width belongs to the chip: LOIHI.what_if(weight_mantissa_bits=...)"),
    ),
}
"""For each function or class: its parameter for each foreign name."""


def nearest(owner: str, name: str, known: Iterable[str]) -> str:
    """Return a question with the name that was probably meant, after a space; else nothing.

    Parameters
    ----------
    owner : str
        Key of :data:`FOREIGN`; other owners have no foreign names.
    name : str
        The unknown name.
    known : iterable of str
        The names that exist.
    """
    meant = _meant(owner, name, known)
    if meant is None:
        return ""
    if not meant.own:
        return f" Here {meant.hint}."
    return f" Did you mean {meant.own!r}{_bracketed(meant.hint)}?"


def check_keywords(owner: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise unless all given keywords are known; say what the unknown ones are called here.

    Raises
    ------
    NetworkError
        If a keyword is unknown.
    """
    known = tuple(known)
    unknown = [name for name in given if name not in known]
    if not unknown:
        return
    answer = nearest(owner, unknown[0], known)
    if len(unknown) > 1:
        found = {name: _meant(owner, name, known) for name in unknown}
        answer = "".join(
            f" {name!r} is {meant.own!r}{_bracketed(meant.hint)}."
            if meant.own
            else f" For {name!r}, {meant.hint}."
            for name, meant in found.items()
            if meant is not None
        )
    raise NetworkError(
        f"{owner}: no parameter{'s' if len(unknown) > 1 else ''} "
        f"{' and '.join(map(repr, unknown))}; allowed: {', '.join(known)}."
        f"{answer}"
    )


def own_keywords(made: _Made) -> _Made:
    """Answer unknown keywords of a class or a function with :func:`check_keywords`."""
    inner: Any = vars(made)["__init__"] if isinstance(made, type) else made
    known = [name for name in inspect.signature(inner).parameters if name != "self"]

    @functools.wraps(inner)
    def checked(*arguments: Any, **options: Any) -> Any:
        check_keywords(made.__name__, options, known)
        return inner(*arguments, **options)

    if not isinstance(made, type):
        return checked  # type: ignore[return-value]
    made.__init__ = checked  # type: ignore[misc]
    return made


def _meant(owner: str, name: str, known: Iterable[str]) -> Meant | None:
    found = FOREIGN.get(owner, {}).get(name)
    near = [] if found else difflib.get_close_matches(name, known, n=1)
    return Meant(near[0]) if near else found


def _bracketed(hint: str) -> str:
    return f" ({hint})" if hint else ""
