"""Wrong lines of the compiler of plasticity."""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

PRODUCTS = "compiler/learning/products.py"
COEFFICIENTS = "compiler/learning/coefficients.py"
TERMS = "compiler/learning/terms.py"
REWARDS = "compiler/learning/rewards.py"
SCALE = "compiler/learning/scale.py"
PLASTIC = "compiler/learning/plastic.py"
ASSEMBLE = "compiler/learning/assemble.py"
REPEATS = "neurochip/network/repeats.py"
RELAYS = "neurochip/network/relays.py"
COMPILED = "tests/unit/test_compiled_plasticity.py"
RELAYED = "tests/unit/test_relays.py::"
REAL = f"{COMPILED}::test_products_of_a_step_give_the_weights_of_single_events"
AMPLITUDES = f"{COMPILED}::test_amplitudes_are_within_half_a_percent"
TRIPLETS = f"{COMPILED}::test_amplitudes_of_triplets_are_within_half_a_percent"
REWARD = f"{COMPILED}::test_a_reward_is_a_given_trace_and_the_eligibility_a_tag"
REPEATED = f"{COMPILED}::test_spikes_of_a_source_in_one_step_are_one_event_and_a_row_of_the_report"
LIMIT = f"{COMPILED}::test_w_max_is_the_top_of_the_weights"

MUTANTS = [
    Mutant(
        "coincidences are not taken back",
        PRODUCTS,
        "return (*depression, *back, *potentiation, *alone)",
        "return (*depression, *potentiation, *alone)",
        f"{REAL}[stdp0-0]",
    ),
    Mutant(
        "presynaptic spikes alone change nothing",
        PRODUCTS,
        "return (*depression, *back, *potentiation, *alone)",
        "return (*depression, *back, *potentiation)",
        f"{REAL}[stdp6-0]",
    ),
    Mutant(
        "with a delay the wrong side of a coincidence is taken back",
        PRODUCTS,
        "late = potentiation if delay else depression",
        "late = depression",
        f"{REAL}[stdp1-1]",
    ),
    Mutant(
        "a delay makes potentiation weaker",
        PRODUCTS,
        "math.exp(delay / stdp.tau_plus)",
        "math.exp(-delay / stdp.tau_plus)",
        f"{REAL}[stdp1-1]",
    ),
    Mutant(
        "depression strengthens",
        PRODUCTS,
        "sign = -factor if minus else factor",
        "sign = factor",
        f"{REAL}[stdp0-0]",
    ),
    Mutant(
        "the product shift is not undone",
        TERMS,
        "_Asked(owner, item, math.ldexp(real, shift), shift, lost, most)",
        "_Asked(owner, item, real, shift, lost, most)",
        AMPLITUDES,
    ),
    Mutant(
        "soft bounds do not count the size of the weight",
        TERMS,
        "real = abs(item.size) / step / (top if item.soft else 1)",
        "real = abs(item.size) / step",
        AMPLITUDES,
    ),
    Mutant(
        "a mantissa is chosen without its impulse",
        COEFFICIENTS,
        "impulse = round(asked / value * unit) / unit",
        "impulse = float(math.floor(most))",
        AMPLITUDES,
    ),
    Mutant(
        "a second trace counts the spike of its step",
        TERMS,
        "factors.append(Factor(item.second, -found.taken))",
        "factors.append(Factor(item.second))",
        TRIPLETS,
    ),
    Mutant(
        "what is left of a second impulse does not count for the pair",
        TERMS,
        "both = first.value + scale * third.value * (two - taken)",
        "both = first.value",
        TRIPLETS,
    ),
    Mutant(
        "w_max is half the weights",
        SCALE,
        "return Anchor(tops / (stdp.w_max * gain.min()), gain.min() / gain)",
        "return Anchor(tops / (1.5 * stdp.w_max * gain.min()), gain.min() / gain)",
        LIMIT,
    ),
    Mutant(
        "all neurons have the scale of the one with the smallest gain",
        SCALE,
        "return Anchor(tops / (stdp.w_max * gain.min()), gain.min() / gain)",
        "return Anchor(tops / (stdp.w_max * gain.min()), np.ones(len(gain)))",
        f"{COMPILED}::test_w_max_is_the_top_for_different_neurons_too",
    ),
    Mutant(
        "a reward begins a step late",
        PLASTIC,
        "spec=spec, first_epoch=0)",
        "spec=spec)",
        REWARD,
    ),
    Mutant(
        "an eligibility on the chip grows by itself",
        REWARDS,
        'decay = tuple(Term("u", -m, e, (Factor("t"),), k) for m, e in parts)',
        'decay = tuple(Term("u", m, e, (Factor("t"),), k) for m, e in parts)',
        REWARD,
    ),
    Mutant(
        "a tag has the steps of a weight",
        PLASTIC,
        "learned = reward.tag_step",
        "learned = step",
        REWARD,
    ),
    Mutant(
        "rewards go to the neurons in the order of the network",
        ASSEMBLE,
        "values = values[:, neurons[np.unique(groups[index].target)]]",
        "values = values[:, : len(neurons)]",
        f"{COMPILED}::test_a_reward_for_each_neuron_goes_to_its_compartment",
    ),
    Mutant(
        "the numbers of synapses follow the placement",
        ASSEMBLE,
        "numbers = np.arange(item.connection.n_synapses, dtype=np.int32)[order]",
        "numbers = np.arange(item.connection.n_synapses, dtype=np.int32)",
        f"{COMPILED}::test_numbers_do_not_depend_on_the_placement",
    ),
    Mutant(
        "spikes of an input in one step are one event, whose source it is",
        REPEATS,
        "events = steps_of(source.times, dt).astype(np.int64) * source.size + source.ids",
        "events = steps_of(source.times, dt).astype(np.int64)",
        REPEATED,
    ),
    Mutant(
        "given spikes that repeat are a fraction of the sources",
        REPEATS,
        "return 1.0 - len(count_together(source, dt)) / source.n_spikes",
        "return 1.0 - len(count_together(source, dt)) / source.size",
        REPEATED,
    ),
    Mutant(
        "a drawn spike repeats where any other one is",
        REPEATS,
        "return float(1.0 + np.expm1(-each).sum() / each.sum()) if",
        "return float(-np.expm1(-each).sum() / each.sum()) if",
        REPEATED,
    ),
    Mutant(
        "inputs that are sent early are on time",
        "compiler/learning/check.py",
        "else network.input_lead)",
        "else 0)",
        f"{COMPILED}::test_inputs_that_are_sent_early_count_as_late_by_a_step",
    ),
    Mutant(
        "a relay is a step late",
        RELAYS,
        "delay=(pairs[1] - 1) * dt",
        "delay=pairs[1] * dt",
        f"{RELAYED}test_spikes_and_weights_of_float_are_those_of_the_delayed_network",
    ),
    Mutant(
        "the reset of a relay erases the spike after",
        RELAYS,
        "tau_syn=dt,",
        "",
        f"{RELAYED}test_a_relay_sends_spikes_of_steps_in_a_row",
    ),
    Mutant(
        "relayed synapses keep their order",
        RELAYS,
        "weight=item.weight,\n",
        "weight=np.sort(item.weight),\n",
        f"{RELAYED}test_delays_of_their_own_have_relays_of_their_own",
    ),
    Mutant(
        "one step of delay has relays, too",
        RELAYS,
        "(1 if steps.min() == steps.max() else 0)",
        "0",
        f"{RELAYED}test_networks_that_need_no_relays_stay_as_they_are",
    ),
    Mutant(
        "weights of relayed synapses go back to Brian2 in the order without relays",
        "neurochip/frontends/brian2/reading.py",
        "order=item.order[by_relay]",
        "order=item.order",
        "tests/frontends/test_brian2_learned.py"
        "::test_relays_learn_near_brian2_with_a_delay_of_each_synapse",
    ),
]
