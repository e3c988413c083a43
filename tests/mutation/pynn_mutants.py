"""Wrong lines of the front end for PyNN."""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

PYNN = "neurochip/frontends/pynn"
PROJECTIONS = "tests/frontends/test_pynn_projections.py"
PLASTICITY = "tests/frontends/test_pynn_plasticity.py"
SAME = f"{PROJECTIONS}::test_each_connector_makes_the_synapses_that_pynns_own_code_makes"

MUTANTS = [
    # ------------------------------------------------------------------ synapses
    Mutant(
        "a delay between two steps is cut off",
        f"{PYNN}/synapses.py",
        "delay * (1.0 / dt) + 0.5",
        "delay * (1.0 / dt)",
        f"{PROJECTIONS}::test_delays_come_back_as_asked_and_act_on_the_grid_as_those_of_nest",
    ),
    Mutant(
        "a delay that is half a step too short is allowed",
        f"{PYNN}/projections.py",
        "steps > low / dt - 0.5",
        "steps > low / dt - 1.5",
        f"{PROJECTIONS}::test_a_delay_beyond_the_limits_is_refused_as_nest_does",
    ),
    Mutant(
        "synapses are sorted by their targets",
        f"{PYNN}/connections.py",
        "np.lexsort((post, pre))",
        "np.lexsort((pre, post))",
        f"{PROJECTIONS}::test_values_are_listed_by_source_and_target_with_or_without_addresses",
    ),
    Mutant(
        "the first of several numbers is that of all synapses",
        f"{PYNN}/connections.py",
        "len(set(values)) != 1",
        "not values",
        f"{SAME}[in one-distances]",
    ),
    Mutant(
        "a change of one synapse changes all that share its value",
        f"{PYNN}/connections.py",
        "column = np.full(self.pre.shape, column)",
        "column, where = np.full(self.pre.shape, column), slice(None)",
        f"{PROJECTIONS}::test_a_connection_reads_and_writes_its_synapse",
    ),
    Mutant(
        "all sources are drawn before all targets",
        f"{PYNN}/connectors.py",
        "np.tile((n_pre, n_post), connector.n)",
        "np.repeat((n_pre, n_post), connector.n)",
        f"{SAME}[in all-numbers]",
    ),
    Mutant(
        "the number of synapses is not drawn",
        f"{PYNN}/connectors.py",
        'RandomDistribution("binomial", (connector.n, 1.0), connector.rng).next()',
        "RandomDistribution",
        f"{SAME}[in all-numbers]",
    ),
    Mutant(
        "an inhibitory synapse may excite",
        f"{PYNN}/projections.py",
        "return -np.inf, 0.0",
        "return -np.inf, np.inf",
        f"{PROJECTIONS}::test_a_weight_with_the_wrong_sign_is_refused",
    ),
    Mutant(
        "a pair has the value of its first synapse where the last was asked",
        f"{PYNN}/projections.py",
        "np.append(begins[1:], len(values)) - 1",
        "begins",
        f"{PROJECTIONS}::test_several_synapses_of_a_pair_become_one_value_of_an_array",
    ),
    Mutant(
        "an expression is evaluated for the first target only",
        f"{PYNN}/projections.py",
        "self._table.post[places[0]]]",
        "self._table.post[order[0]]]",
        f"{PROJECTIONS}::test_values_are_set_as_numbers_lists_arrays_expressions_and_random_numbers",
    ),
    Mutant(
        "stored weights have the order of the network",
        f"{PYNN}/stored.py",
        "weights[part.synapses[rows]] =",
        "weights[part.synapses] =",
        f"{PROJECTIONS}::test_stored_weights_have_the_order_of_the_synapses_in_views_and_assemblies",
    ),
    # ------------------------------------------------------------------ learning
    Mutant(
        "potentiation does not make up for the delays",
        f"{PYNN}/plasticity.py",
        'math.exp(-shift / one["tau_plus"])',
        "1.0",
        f"{PLASTICITY}::test_an_axonal_delay_is_the_networks_own",
    ),
    Mutant(
        "spikes of sources are seen as those of neurons are",
        f"{PYNN}/plasticity.py",
        "late + from_input + (",
        "late + (",
        f"{PLASTICITY}::test_an_axonal_delay_is_the_networks_own",
    ),
    Mutant(
        "a long dendritic delay is taken for an axonal one",
        f"{PYNN}/plasticity.py",
        "(dendritic != 1 or asked > 1)",
        "dendritic != 1",
        f"{PLASTICITY}::test_what_the_chip_cannot_learn_is_refused_with_what_it_can",
    ),
]
