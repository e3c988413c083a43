"""Wrong lines of the judgement of learning: its model, its shares and its metrics."""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

KERNELS = "neurochip/attribution/rule_kernels.py"
RULE = "neurochip/attribution/rule.py"
METRICS = "neurochip/learned/metrics.py"
TESTS = "tests/unit/test_rule_attribution.py"
CHIP = f"{TESTS}::test_with_all_sources_the_model_is_the_step_of_the_chip_draw_for_draw"
REAL = f"{TESTS}::test_with_none_the_model_is_the_rule_in_real_numbers_in_the_order_of_brian2"
COMPARED = "tests/unit/test_compare_learning.py"
WITHIN = (
    f"{COMPARED}::test_weights_drawn_around_float_are_within_the_spread_and_shifted_ones_are_not"
)

MUTANTS = [
    Mutant(
        "in real numbers depression sees the postsynaptic spikes of its step",
        KERNELS,
        "                before = early or terms.early[term]\n",
        "                before = terms.early[term]\n",
        REAL,
    ),
    Mutant(
        "in real numbers postsynaptic events come first",
        KERNELS,
        "(ON_PRE, ON_POST) if setting.pre_first else (ON_POST, ON_PRE)",
        "(ON_POST, ON_PRE)",
        REAL,
    ),
    Mutant(
        "products of the model keep the bits that the shift takes",
        KERNELS,
        "product = np.floor(product * 2.0 ** -np.float64(terms.right[term]))",
        "product = product * 2.0 ** -np.float64(terms.right[term])",
        f"{CHIP}[saturation and clips-1]",
    ),
    Mutant(
        "traces of the model round down",
        KERNELS,
        "                    if r < rest:\n                        a += 1.0\n",
        "",
        f"{CHIP}[pairs-1]",
    ),
    Mutant(
        "a term of time is due one epoch late",
        KERNELS,
        "number = engine.first_epoch + (t + 1) // engine.epoch - 1",
        "number = engine.first_epoch + (t + 1) // engine.epoch",
        f"{CHIP}[reward in the tag-1]",
    ),
    Mutant(
        "terms of time are due before the first step",
        KERNELS,
        "if t >= 0 and (t + 1) % engine.epoch == 0:",
        "if (t + 1) % engine.epoch == 0:",
        f"{CHIP}[time alone-1]",
    ),
    Mutant(
        "the interaction counts effects alone twice",
        RULE,
        "            rest[metric] -= alone[metric]\n",
        "            rest[metric] -= 2 * alone[metric]\n",
        f"{TESTS}::test_effects_and_interaction_add_up_to_the_total",
    ),
    Mutant(
        "the mean over all orders of sources weighs them alike",
        "neurochip/attribution/shares.py",
        "weight = 1 / (n * math.comb(n - 1, size))",
        "weight = 1 / 2 ** (n - 1)",
        f"{TESTS}::test_shapley_shares_add_up_without_an_interaction",
    ),
    Mutant(
        "the answer names the smallest source",
        "neurochip/attribution/learning_effects.py",
        "        key=lambda effect: -effect.share,\n",
        "        key=lambda effect: effect.share,\n",
        f"{TESTS}::test_a_single_source_is_found",
    ),
    Mutant(
        "the spread is that of a seed from the mean of all",
        METRICS,
        "return np.asarray((n * own + every) / max(1, n - 1))",
        "return np.asarray(own * n / max(1, n - 1))",
        f"{COMPARED}::test_the_spread_is_the_rms_difference_of_all_pairs_of_seeds",
    ),
    Mutant(
        "any error is within the spread",
        METRICS,
        "return False if not self.spread or self.interval[0] > _TOLERANCE**2 - 1.0 else None",
        "return True",
        WITHIN,
    ),
]
