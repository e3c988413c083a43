"""Plasticity of connections in physical units: what can be said, and what is refused."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from neurochip import (
    LIF,
    STDP,
    Connection,
    Network,
    PoissonInput,
    Population,
    Reward,
    RewardModulation,
    Triplet,
    all_to_all,
    attribute,
    attribute_accuracy,
    convolution,
    draw_stimulus,
    fixed_indegree,
    fixed_outdegree,
    fixed_probability,
    fixed_total_number,
    from_arrays,
    one_to_one,
    write_nir,
)
from neurochip.errors import AnalysisError, FrontendError, NetworkError
from neurochip.network.sections import describe_network

SOURCE, CELLS = PoissonInput("source", 4, rate=20.0), Population("cells", 4, LIF())
VALUES = {"tau_plus": 20.0, "tau_minus": 25.0, "a_plus": 0.02, "a_minus": 0.021, "w_max": 2.0}
RULE = STDP(**VALUES)
REWARD = Reward([0.0, 50.0], [1.0, -0.5])


def connected(rule, **options):
    return all_to_all(SOURCE, CELLS, **{"weight": 0.5, "plasticity": rule, **options})


def refused(message, make, *arguments, error=NetworkError, **options):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        make(*arguments, **options)


def test_every_function_that_connects_takes_a_rule():
    options = {"weight": 0.5, "plasticity": RULE}
    seeded = {**options, "seed": 1}
    made = [
        one_to_one(SOURCE, CELLS, **options),
        all_to_all(SOURCE, CELLS, **options),
        fixed_probability(SOURCE, CELLS, 0.5, **seeded),
        fixed_indegree(SOURCE, CELLS, 2, **seeded),
        fixed_outdegree(SOURCE, CELLS, 2, **seeded),
        fixed_total_number(SOURCE, CELLS, 5, **seeded),
        from_arrays(SOURCE, CELLS, [0], [1], **options),
    ]
    assert all(item.plasticity is RULE for item in made)
    assert repr(made[-1]) == "Connection('source->cells', 'source' -> 'cells', 1 synapse, plastic)"
    assert one_to_one(SOURCE, CELLS, weight=1.0).plasticity is None


def test_connections_that_learn_otherwise_are_not_equal():
    first, second = connected(RULE), connected(dataclasses.replace(RULE, a_plus=0.03))
    assert first == connected(STDP(**VALUES))
    assert first != second
    assert first != connected(None)


def test_rules_with_equal_rewards_are_equal():
    def rule(values):
        return STDP(**VALUES, reward=RewardModulation(Reward([0.0, 50.0], values), 100.0, 10.0))

    assert rule([1.0, -0.5]) == rule([1.0, -0.5])
    assert rule([1.0, -0.5]) != rule([1.0, 0.5])


def test_a_repeated_name_keeps_its_rule():
    network = Network(
        populations=[CELLS], inputs=[SOURCE], connections=[connected(RULE), connected(RULE)]
    )
    assert [item.plasticity for item in network.connections] == [RULE, RULE]


def test_a_reward_acts_from_the_first_step_that_begins_at_its_time():
    assert Reward([0.0, 0.21, 0.9999999], [1.0, 2.0, 3.0]).steps(0.1).tolist() == [0, 3, 10]
    assert repr(REWARD) == "Reward(<2 changes>, -0.5 to 1)"
    assert not REWARD.values.flags.writeable


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tau_plus": 0.0}, "STDP: tau_plus = 0.0 ms; allowed: a number above 0."),
        ({"tau_minus": np.inf}, "STDP: tau_minus = inf ms; allowed: a number above 0."),
        ({"a_plus": np.nan}, "STDP: a_plus = nan; allowed: a finite number."),
        ({"w_max": -1.0}, "STDP: w_max = -1.0; allowed: a number above 0."),
        ({"bounds": "none"}, "STDP: bounds = 'none'; allowed: 'hard' or 'soft'."),
        ({"triplet": 3.0}, "STDP: triplet = 3.0; allowed: a Triplet(...), or None."),
        ({"reward": 1.0}, "STDP: reward = 1.0; allowed: a RewardModulation(...), or None."),
        (
            {"a_minus": -0.02, "bounds": "soft"},
            "STDP: a_minus = -0.02 with bounds = 'soft'; allowed: at least 0. Set bounds='hard'.",
        ),
        (
            {"a_pre": 0.01, "bounds": "soft"},
            "STDP: a_pre = 0.01 with bounds = 'soft'; allowed: 0. Set bounds='hard'.",
        ),
        ({"a_pre": np.inf}, "STDP: a_pre = inf; allowed: a finite number."),
    ],
)
def test_a_rule_with_a_wrong_value_is_refused(changes, message):
    refused(message, STDP, **{**VALUES, **changes})


def test_unknown_keywords_name_the_parameter_that_is_meant():
    with pytest.raises(NetworkError) as caught:
        STDP(**VALUES, gmax=1.0)
    assert str(caught.value).endswith("Did you mean 'w_max'?")
    with pytest.raises(NetworkError) as caught:
        STDP(**VALUES, A_plus=0.01)
    assert str(caught.value).endswith("Did you mean 'a_plus' (in the unit of the weights)?")


@pytest.mark.parametrize(
    ("times", "values", "message"),
    [
        ([], [], "Reward: times = []; allowed: at least one time."),
        (
            [0.0, 5.0, 5.0],
            [1.0, 2.0, 3.0],
            "Reward: times[2] = 5 ms; allowed: times of at least 0 ms, each later than the one "
            "before.",
        ),
        (
            [0.0, 5.0],
            [1.0],
            "Reward: values have shape (1,); allowed: numbers, of shape (2,) or (2, size of the "
            "target).",
        ),
        ([0.0], [np.inf], "Reward: values hold inf; allowed: finite numbers."),
    ],
)
def test_a_wrong_reward_is_refused(times, values, message):
    refused(message, Reward, times, values)


def test_an_eligibility_needs_a_reward_and_two_times():
    message = "RewardModulation: reward = 1.0; allowed: a Reward(times, values)."
    refused(message, RewardModulation, 1.0, 100.0, 10.0)
    message = "RewardModulation: interval = 0.0 ms; allowed: a number above 0."
    refused(message, RewardModulation, REWARD, 100.0, 0.0)


def test_weights_start_within_the_limits():
    limits = "allowed for its plasticity: 0 to w_max = 2 mV."
    refused(f"connection 'source->cells': weight = 2.5 mV; {limits}", connected, RULE, weight=2.5)
    weights = np.ones((4, 4))
    weights[1, 2] = -0.1
    message = f"connection 'source->cells': weight[6] = -0.1 mV; {limits}"
    refused(message, connected, RULE, weight=weights)
    assert connected(RULE, weight=2.0).weight == 2.0


def test_a_reward_for_each_neuron_has_the_size_of_the_target():
    def learning(size):
        modulation = RewardModulation(Reward([0.0], np.ones((1, size))), 100.0, 10.0)
        return connected(STDP(**VALUES, reward=modulation))

    assert learning(4).plasticity.reward.reward.values.shape == (1, 4)
    message = "connection 'source->cells': a reward for 3 neurons; 'cells' has 4."
    refused(message, learning, 3)


def test_what_cannot_learn_is_refused():
    message = "connection 'source->cells': plasticity = 'stdp'; allowed: an STDP(...), or None."
    refused(message, connected, "stdp")
    shared = convolution(SOURCE, CELLS, np.ones((1, 1, 1, 1)), (1, 2, 2))
    message = (
        "connection 'source->cells': plasticity of a convolution, whose synapses share their "
        "weights; allowed: synapses with weights of their own. Connect them with from_arrays."
    )
    refused(message, dataclasses.replace, shared, plasticity=RULE)
    several = Population("several", 4, LIF(reset="subtract", spikes_per_step="many"))
    message = (
        "connection 'source->several': plasticity, but 'several' may emit several spikes in a "
        "step, which traces would count as one; allowed: spikes_per_step='one'."
    )
    refused(message, one_to_one, SOURCE, several, weight=0.5, plasticity=RULE)


def test_quantities_give_the_amplitudes_their_unit():
    brian2 = pytest.importorskip("brian2")
    ms, mV, nA = brian2.ms, brian2.mV, brian2.nA  # noqa: N806 - Brian2's names
    rule = STDP(20 * ms, 25 * ms, 0.02 * mV, 0.021 * mV, 2 * mV)
    assert (rule.tau_plus, rule.a_plus, rule.w_max, rule.unit) == (20.0, 0.02, 2.0, "mV")
    assert connected(rule).plasticity == RULE
    message = "STDP: a_plus in mV and w_max in nA; allowed: one unit for all, or none."
    refused(message, STDP, 20 * ms, 20 * ms, 0.02 * mV, 0.02 * mV, 1 * nA)
    triplet = Triplet(100 * ms, 100 * ms, 0.01 * nA, 0.0)
    message = (
        "STDP: a_plus in mV, but a3_plus of the triplet in nA; allowed: one unit for all, or none."
    )
    refused(
        message,
        dataclasses.replace,
        rule,
        a_plus=0.02 * mV,
        a_minus=0.02 * mV,
        w_max=2 * mV,
        triplet=triplet,
    )
    in_current = STDP(20 * ms, 20 * ms, 0.02 * nA, 0.02 * nA, 1 * nA)
    message = (
        "connection 'source->cells': plasticity with amplitudes in nA; allowed: in mV, the unit of "
        "its weights."
    )
    refused(message, connected, in_current)


def test_a_plastic_connection_is_made_of_its_arrays():
    made = connected(RULE)
    fields = {item.name: getattr(made, item.name) for item in dataclasses.fields(Connection)}
    assert Connection(**fields) == made


def test_a_notebook_shows_how_a_connection_learns():
    links = [connected(RULE), one_to_one(SOURCE, CELLS, weight=0.5, name="fixed")]
    network = Network(populations=[CELLS], inputs=[SOURCE], connections=links)
    (table,) = describe_network(network).sections[-1].blocks
    assert [row[-1] for row in table.rows] == [
        "STDP: tau 20, 25 ms; a 0.02, 0.021 of 2 mV; hard",
        "-",
    ]


def test_an_attribution_of_the_error_of_rates_refuses_weights_that_change():
    network = Network(populations=[CELLS], inputs=[SOURCE], connections=[connected(RULE)])
    message = (
        "attribution: connection 'source->cells' has plasticity, whose errors attribute_learning "
        "splits; allowed: connections without plasticity."
    )
    stimulus = draw_stimulus(network, 10.0, seed=1)
    refused(message, attribute, network, stimulus, error=AnalysisError)
    refused(message, attribute_accuracy, network, [stimulus], [0], dt=1.0, error=AnalysisError)


def test_a_nir_graph_has_no_plasticity(tmp_path):
    pytest.importorskip("nir")
    network = Network(populations=[CELLS], inputs=[SOURCE], connections=[connected(RULE)])
    message = (
        "NIR: connection 'source->cells' has plasticity, which NIR has no members for; allowed: "
        "connections without plasticity."
    )
    refused(message, write_nir, network, tmp_path / "graph.nir", dt=1e-3, error=FrontendError)
