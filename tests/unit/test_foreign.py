"""Keywords of other simulators are answered with the parameter that means the same here."""

import inspect
import re

import pytest

import neurochip as nc
from compiler import OPTIONS
from neurochip import (
    LIF,
    NetworkError,
    PoissonInput,
    Population,
    RecordingError,
    SpecError,
    all_to_all,
)
from neurochip._support.foreign import FOREIGN
from neurochip.recording.probes import as_probes

PARAMETERS = (
    "tau_m, v_rest, v_reset, v_thresh, tau_refrac, cm, i_offset, tau_syn, tau_syn_E, tau_syn_I, "
    "v_init, i_syn_init, i_syn_init_E, i_syn_init_I, integration, reset, spikes_per_step, v_min"
)


def refuse(call, error=NetworkError):
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("tau", " Did you mean 'tau_m'?"),
        ("refractory", " Did you mean 'tau_refrac'?"),
        ("threshold", " Did you mean 'v_thresh' (in mV, not a condition)?"),
        ("C_m", " Did you mean 'cm' (in nF: pF / 1000)?"),
        ("I_e", " Did you mean 'i_offset' (in nA: pA / 1000)?"),
        ("v_treshold", " Did you mean 'v_thresh'?"),
        ("R", " Did you mean 'cm' (which is tau_m / R: ms / MOhm = nF)?"),
        (
            "e_rev_E",
            " Here synapses are currents or kicks of v, without a reversal potential.",
        ),
        ("colour", ""),
    ],
)
def test_a_foreign_parameter_of_neurons_is_answered_with_ours(name, answer):
    assert refuse(lambda: LIF(**{name: 1.0})) == (
        f"LIF: no parameter {name!r}; allowed: {PARAMETERS}.{answer}"
    )


def test_several_foreign_parameters_are_answered_together():
    assert refuse(lambda: LIF(V_th=-50.0, E_L=-70.0, t_ref=2.0, C_m=250.0, E_ex=0.0)) == (
        f"LIF: no parameters 'V_th' and 'E_L' and 't_ref' and 'C_m' and 'E_ex'; allowed: "
        f"{PARAMETERS}. 'V_th' is 'v_thresh'. 'E_L' is 'v_rest'. 't_ref' is 'tau_refrac' (in "
        "Network(refractory='after_spike')). 'C_m' is 'cm' (in nF: pF / 1000). For 'E_ex', "
        "synapses are currents or kicks of v, without a reversal potential."
    )


def test_populations_inputs_and_connections_answer_too():
    source, cells = PoissonInput("s", 5, 10.0), Population("n", 5)
    assert refuse(lambda: Population("n", N=5)) == (
        "Population: no parameter 'N'; allowed: name, size, model. Did you mean 'size'?"
    )
    assert refuse(lambda: PoissonInput("s", 5, rates=10.0)) == (
        "PoissonInput: no parameter 'rates'; allowed: name, size, rate. Did you mean 'rate'?"
    )
    assert refuse(lambda: all_to_all(source, cells, weights=1.0)) == (
        "all_to_all: no parameter 'weights'; allowed: source, target, weight, delay, seed, name, "
        "receptor, plasticity, allow_self_connections. Did you mean 'weight'?"
    )


def test_a_width_of_the_chip_is_found_by_its_short_name():
    assert refuse(lambda: nc.LOIHI.what_if(bits=4), SpecError).endswith(
        ". Did you mean 'weight_mantissa_bits'?"
    )


def test_a_variable_to_record_is_found_by_the_name_of_nest():
    with pytest.raises(RecordingError) as caught:
        as_probes(["V_m"], ("v", "u"))
    assert str(caught.value) == (
        "record: variable 'V_m'; this engine records 'v', 'u' (spikes are always recorded). Did "
        "you mean 'v'?"
    )


def test_a_population_without_a_name_is_told_the_order():
    assert refuse(lambda: Population(100, LIF(tau_m=10.0))) == (
        "population: name = 100, size = LIF(tau_m=10.0); allowed: Population(name, size, model), "
        "the name first."
    )


def test_signatures_are_those_of_the_classes():
    assert ", ".join(inspect.signature(LIF).parameters) == PARAMETERS
    assert list(inspect.signature(Population).parameters) == ["name", "size", "model"]
    assert LIF.__init__.__qualname__ == "LIF.__init__"


def test_every_name_in_the_table_leads_to_a_parameter_that_exists_and_is_not_one_itself():
    fields = set(inspect.signature(nc.CoreSpec).parameters)
    known = {
        "record": {"v", "u"},
        "options": set(OPTIONS),
        "chip": fields,
        "axes": {f"core.{name}" for name in fields},
    }
    for owner, names in FOREIGN.items():
        own = known.get(owner) or set(inspect.signature(getattr(nc, owner)).parameters)
        for foreign, meant in names.items():
            assert foreign not in own, (owner, foreign)
            assert meant.own in own or (not meant.own and meant.hint), (owner, foreign)


def test_the_answer_is_one_line():
    text = refuse(lambda: LIF(V_m=1.0))
    assert re.fullmatch(r"LIF: .*\?", text)
