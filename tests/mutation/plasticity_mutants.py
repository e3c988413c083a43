"""Wrong lines of learning in the float64 reference."""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

LEARNING = "neurochip/reference/learning.py"
CHANGES = "neurochip/reference/changes.py"
ARRIVALS = "neurochip/reference/arrivals.py"
DECAYS = "neurochip/reference/decays.py"
LEARNED = "tests/unit/test_reference_learning.py"
DEFINED = f"{LEARNED}::test_every_weight_equals_the_definition_with_the_spikes_of_the_run"

MUTANTS = [
    Mutant(
        "only the last presynaptic spike counts",
        LEARNING,
        "x[row] = x[row] * left(decays, 4 * g, gap) + 1.0",
        "x[row] = 1.0",
        f"{DEFINED}[hard-True-source]",
    ),
    Mutant(
        "a postsynaptic trace begins anew with each spike",
        LEARNING,
        "y[i] = y[i] * left(decays, 4 * g + 1, step - y_step[i]) + 1.0",
        "y[i] = 1.0",
        f"{DEFINED}[hard-True-source]",
    ),
    Mutant(
        "a presynaptic spike alone changes nothing",
        LEARNING,
        "step - x_step[row], groups.a_pre[g], -groups.a_minus[g]",
        "step - x_step[row], 0.0, -groups.a_minus[g]",
        f"{DEFINED}[a change at presynaptic spikes-True-source]",
    ),
    Mutant(
        "the slow presynaptic trace is read after its increase",
        LEARNING,
        "amount -= groups.a3_minus[g] * slow",
        "amount -= groups.a3_minus[g] * (slow + 1.0)",
        f"{DEFINED}[triplet-True-source]",
    ),
    Mutant(
        "the slow postsynaptic trace is read after its increase",
        LEARNING,
        "gain[n] += groups.a3_plus[g] * slow",
        "gain[n] += groups.a3_plus[g] * (slow + 1.0)",
        f"{DEFINED}[triplet-False-source]",
    ),
    Mutant(
        "a presynaptic spike learns when it is sent",
        LEARNING,
        "        at, place = (step - parts.delay[p]) % n_lists, members.place[m]\n"
        "        listed, times",
        "        at, place = step % n_lists, members.place[m]\n        listed, times",
        f"{DEFINED}[hard-False-source]",
    ),
    Mutant(
        "soft bounds weaken weak synapses most",
        LEARNING,
        "ground, slope = (0.0, 1.0 / w_max) if groups.soft[g]",
        "ground, slope = (1.0, -1.0 / w_max) if groups.soft[g]",
        f"{DEFINED}[soft-True-source]",
    ),
    Mutant(
        "soft bounds strengthen all synapses alike",
        LEARNING,
        "slope = -1.0 / w_max if groups.soft[g] else 0.0",
        "slope = 0.0",
        f"{DEFINED}[soft-False-source]",
    ),
    Mutant(
        "weights fall below 0",
        CHANGES,
        "value = value if value > 0.0 else 0.0",
        "value = value if value > -1.0 else 0.0",
        f"{DEFINED}[anti-Hebbian-False-source]",
    ),
    Mutant(
        "weights exceed their limit",
        CHANGES,
        "return value if value < high else high",
        "return value",
        f"{DEFINED}[hard-False-source]",
    ),
    Mutant(
        "a reward acts a step late",
        LEARNING,
        "step % groups.interval[g] > 0",
        "(step - 1) % groups.interval[g] > 0",
        f"{DEFINED}[reward-True-source]",
    ),
    Mutant(
        "a change of the reward counts from the next interval on",
        LEARNING,
        "rewards.step[middle] > step:",
        "rewards.step[middle] >= step:",
        f"{DEFINED}[reward-True-source]",
    ),
    Mutant(
        "an eligibility does not decay",
        LEARNING,
        "            tag[k] *= keep\n",
        "",
        f"{DEFINED}[reward-True-source]",
    ),
    Mutant(
        "the changes of a step are applied again in the next",
        LEARNING,
        "    state.change[k] = 0.0\n",
        "",
        f"{DEFINED}[hard-True-chip]",
    ),
    Mutant(
        "in the order of the chip a reward acts on the eligibilities of its own step",
        LEARNING,
        "        reward(worker, plastic, step)\n        settle(worker, own, spikes, begin, end, "
        "plastic, step)\n",
        "        settle(worker, own, spikes, begin, end, plastic, step)\n"
        "        reward(worker, plastic, step)\n",
        f"{DEFINED}[reward-True-chip]",
    ),
    Mutant(
        "a spike is delivered after it learned",
        LEARNING,
        "    deliver_plastic(worker, own, plastic, step, arrived, not input_first, True)\n"
        "    arrive(worker, own, own_end, plastic, step)\n",
        "    arrive(worker, own, own_end, plastic, step)\n"
        "    deliver_plastic(worker, own, plastic, step, arrived, not input_first, True)\n",
        f"{LEARNED}::test_a_spike_is_delivered_with_the_weight_before_it_learns[source]",
    ),
    Mutant(
        "two spikes of an input in one step learn as one",
        ARRIVALS,
        "times[place + n - 1] += 1",
        "times[place + n - 1] = 1",
        f"{LEARNED}::test_two_spikes_of_an_input_in_one_step_are_two_events",
    ),
    Mutant(
        "traces are forgotten too soon",
        DECAYS,
        "_NOTHING = 746.0",
        "_NOTHING = 2.0",
        f"{DEFINED}[hard-True-source]",
    ),
    Mutant(
        "samples are taken a step late",
        "neurochip/reference/samples.py",
        "if (step + 1) % every[p] > 0:",
        "if step % every[p] > 0:",
        f"{LEARNED}::test_probes_record_traces_and_eligibilities_in_units_of_the_rule",
    ),
    Mutant(
        "a changed network forgets what it has learned",
        "neurochip/reference/learner.py",
        "if not (np.asarray(item.weight)",
        "if not (0 * np.asarray(item.weight)",
        f"{LEARNED}::test_a_changed_network_goes_on_with_learned_weights_unless_its_own_are_others",
    ),
    Mutant(
        "a reward that was set is followed by the planned ones",
        "neurochip/reference/learner.py",
        "[*earlier, (step, np.atleast_1d(value))]",
        "[*earlier, (step, np.atleast_1d(value)), *self._rewards[name][len(earlier) :]]",
        f"{LEARNED}::test_a_reward_can_be_set_between_runs",
    ),
]
