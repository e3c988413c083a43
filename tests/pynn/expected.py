"""State what is expected of each of PyNN's scenario tests on the chip, by simulator.

A test that is not listed passes. ``refused`` is the model that PyNN's own ``NotImplementedError``
names, with what works instead; other patterns match the whole text of what came out.
"""

from __future__ import annotations

import re

from pynn.scenarios import Outcome

N_TESTS = 66
"""Scenario tests in PyNN 0.13.0."""

_REFUSED = re.compile(
    r"NotImplementedError: The (\w+) model is not available for this simulator\. "
    r"What works: \S.*\.",
    re.DOTALL,
)
PASSES = "passes"
# Neither morphology nor what reads it is installed.
_MORPHOLOGY = "Skipped: (morphio|libNeuroML) not available"
# Its neurons are refractory for 10,000 steps of 0.01 ms.
_LONG_REFRACTORY = (
    r"neurochip\.errors\.FitError: population '\w+': tau_refrac\[0\] = 100 ms needs refractory "
    r"register 10001 at dt = 0\.01 ms; allowed: 1 to 63, which is at most 0\.62 ms\. Lengthen dt "
    r"or shorten tau_refrac\."
)
# v stays at rest within 1e-4 mV before a current begins, and these tests want 1e-9 mV: see
# test_scenarios.py.
_AT_REST = r"assert False\n \+  where False = all\(.*\)"

_EVERYWHERE = {
    "test_cell_types.py::test_EIF_cond_alpha_isfa_ista": "EIF_cond_alpha_isfa_ista refused",
    "test_cell_types.py::test_HH_cond_exp": "HH_cond_exp refused",
    "test_cell_types.py::test_composed_neuron_model_homogeneous_receptors": "AdExp refused",
    "test_scenario2.py::test_scenario2": _LONG_REFRACTORY,
    "test_scenario4.py::test_scenario4": "EIF_cond_exp_isfa_ista refused",
    "test_scenario5.py::test_scenario5": _MORPHOLOGY,
}
_ALPHA = {
    f"test_electrodes.py::test_{name}": "IF_curr_alpha refused"
    for name in ("ticket226", "issue321", "issue437", "issue442")
}
_ALPHA["test_scenario1.py::test_scenario1a"] = "IF_cond_alpha refused"
_CONDUCTANCES = dict.fromkeys(
    (
        "test__simulation_control.py::test_run_until",
        "test_connection_handling.py::test_connection_access_weight_and_delay",
        "test_connection_handling.py::test_connections_attribute",
        "test_connection_handling.py::test_issue652",
        "test_connectors.py::test_all_to_all_static_no_self",
        "test_connectors.py::test_all_to_all_tsodyksmarkram",
        "test_connectors.py::test_fixed_number_post_no_replacement",
        "test_connectors.py::test_fixed_number_post_with_replacement",
        "test_connectors.py::test_fixed_number_post_with_replacement_heterogeneous_parameters",
        "test_connectors.py::test_fixed_number_pre_no_replacement",
        "test_connectors.py::test_fixed_number_pre_with_replacement",
        "test_connectors.py::test_fixed_number_pre_with_replacement_heterogeneous_parameters",
        "test_connectors.py::test_issue309",
        "test_connectors.py::test_issue622",
        "test_electrodes.py::test_issue165",
        "test_issue231.py::test_issue231",
        "test_issue274.py::test_issue274",
        "test_parameter_handling.py::test_issue302",
        "test_parameter_handling.py::test_issue505",
        "test_parameter_handling.py::test_set_synaptic_parameters_fully_connected",
        "test_parameter_handling.py::test_set_synaptic_parameters_multiply_connected",
        "test_parameter_handling.py::test_set_synaptic_parameters_partially_connected",
        "test_procedural_api.py::test_ticket195",
        "test_recording.py::test_mix_procedural_and_oo",
        "test_recording.py::test_record_vm_and_gsyn_from_assembly",
        "test_recording.py::test_reset_recording",
        "test_recording.py::test_sampling_interval",
        "test_scenario1.py::test_scenario1",
        "test_scenario3.py::test_scenario3",
        "test_synapse_types.py::test_simple_stochastic_synapse",
        "test_ticket166.py::test_ticket166",
    ),
    "IF_cond_exp refused",
)
_BEHIND_CONDUCTANCES = {
    **dict.fromkeys(
        (
            "test_connectors.py::test_all_to_all_tsodyksmarkram",
            "test_connectors.py::test_fixed_number_post_with_replacement_heterogeneous_parameters",
            "test_connectors.py::test_fixed_number_pre_with_replacement_heterogeneous_parameters",
            "test_parameter_handling.py::test_issue505",
            "test_parameter_handling.py::test_set_synaptic_parameters_fully_connected",
            "test_parameter_handling.py::test_set_synaptic_parameters_multiply_connected",
            "test_parameter_handling.py::test_set_synaptic_parameters_partially_connected",
        ),
        "TsodyksMarkramSynapse refused",
    ),
    "test_recording.py::test_record_vm_and_gsyn_from_assembly": "EIF_cond_exp_isfa_ista refused",
    "test_synapse_types.py::test_simple_stochastic_synapse": "SimpleStochasticSynapse refused",
}

EXPECTED: dict[str, dict[str, str]] = {
    "neurochip": {**_EVERYWHERE, **_ALPHA, **_CONDUCTANCES},
    "neurochip_driving_force": {**_EVERYWHERE, **_ALPHA, **_BEHIND_CONDUCTANCES},
    "neurochip_nearest": {
        **_EVERYWHERE,
        **_BEHIND_CONDUCTANCES,
        "test_electrodes.py::test_issue437": _AT_REST,
        "test_electrodes.py::test_issue442": _AT_REST,
    },
}
"""By simulator and test, what comes out of those that do not pass."""

N_PASSING = {"neurochip": 24, "neurochip_driving_force": 46, "neurochip_nearest": 49}


def described(outcome: Outcome) -> str:
    """Return what came out as ``EXPECTED`` has it: that it passes, a refused model, or its text."""
    if outcome.outcome == "passed":
        return PASSES
    refused = _REFUSED.fullmatch(outcome.text)
    return f"{refused[1]} refused" if refused else outcome.text


def surprises(simulator: str, tests: dict[str, Outcome]) -> dict[str, str]:
    """Return what came out of the tests of which something else is expected."""
    expected = EXPECTED[simulator]
    return {
        test: text
        for test, outcome in tests.items()
        if not re.fullmatch(expected.get(test, PASSES), text := described(outcome), re.DOTALL)
    }
