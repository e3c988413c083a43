"""Wrong lines of images that learn: checks, files, digests, and what they take of a core."""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

CHECK = "neurochip/image/check_learning.py"
PART = "neurochip/image/learning.py"
BUILDER = "neurochip/image/program.py"
INTEGERS = "neurochip/learning/rule_integers.py"
FORMATS = "neurochip/packing/formats.py"
COUNTING = "neurochip/mapping/update_counting.py"
IMAGES = "tests/unit/test_image_learning.py::"
REFUSED = IMAGES + "test_learning_that_a_chip_cannot_do_is_refused"
DIGESTS = IMAGES + "test_each_integer_of_learning_changes_the_digest"
RULES = "tests/unit/test_rule_integers.py::"
MAPPING = "tests/unit/test_mapping_learning.py::"
UPDATES = MAPPING + "test_a_synapse_is_updated_once_in_an_epoch_that_changes_it"
BY_HAND = MAPPING + "test_each_resource_of_an_image_that_learns_is_counted_as_by_hand"

MUTANTS = [
    # ------------------------------------------------------------------ images
    Mutant(
        "a group learns by two rules",
        CHECK,
        "if item.synapses in seen:",
        "if False:",
        REFUSED,
    ),
    Mutant(
        "a rule of another engine is taken",
        CHECK,
        "if item.rule.spec != spec:",
        "if False:",
        REFUSED,
    ),
    Mutant(
        "an image takes a learned delay",
        CHECK,
        "if item.rule.dd is not None:",
        "if False:",
        REFUSED,
    ),
    Mutant(
        "a mantissa may have bits that its format does not store",
        CHECK,
        "wrong = group.mantissa[group.mantissa % step != 0]",
        "wrong = group.mantissa[group.mantissa % step > 2]",
        REFUSED,
    ),
    Mutant(
        "the first compartment of a core belongs to the core before",
        CHECK,
        'np.searchsorted(core_ptr, targets, side="right") - 1',
        'np.maximum(0, np.searchsorted(core_ptr, targets, side="left") - 1)',
        IMAGES + "test_rules_with_other_epochs_or_traces_may_be_on_different_cores",
    ),
    Mutant(
        "only x1 counts as a pre-synaptic trace of a core",
        CHECK,
        "for name in PRE} - {None}",
        "for name in PRE[:1]} - {None}",
        REFUSED,
    ),
    Mutant(
        "a given trace may begin before the first step",
        CHECK,
        "np.diff(given.steps, prepend=-1) <= 0",
        "np.diff(given.steps) <= 0",
        REFUSED,
    ),
    Mutant(
        "a neuron that sends payloads learns as a target",
        CHECK,
        '(("source", rows), ("target", np.unique(group.target)))',
        '(("source", rows),)',
        IMAGES + "test_neurons_that_send_payloads_take_no_part",
    ),
    Mutant(
        "the digest does not cover tags and numbers",
        PART,
        "[*self.rule.integers(), self.tag, self.number]",
        "[*self.rule.integers()]",
        DIGESTS,
    ),
    Mutant(
        "the digest does not cover the variable of a given trace",
        PART,
        'return f"given {self.group}, {self.variable}", [self.steps, self.values]',
        'return f"given {self.group}", [self.steps, self.values]',
        DIGESTS,
    ),
    Mutant(
        "tags stay in the order of their list",
        BUILDER,
        "tag=item.tag[order] if len(item.tag) == n else item.tag,",
        "tag=item.tag,",
        IMAGES + "test_tags_and_numbers_follow_their_synapses_when_lists_are_sorted_by_source",
    ),
    Mutant(
        "a rule as integers loses the fraction of an impulse",
        INTEGERS,
        "Trace(impulse / unit, float(",
        "Trace(impulse // unit, float(",
        RULES + "test_a_rule_is_the_same_after_writing_it_as_integers",
    ),
    Mutant(
        "a factor may be a sign of any number",
        INTEGERS,
        "and 0 <= row[2] <= 1",
        "and 0 <= row[2]",
        RULES + "test_numbers_that_stand_for_nothing_are_refused",
    ),
    # ------------------------------------------------------------------ cores
    Mutant(
        "a tag that a rule only reads takes no memory",
        FORMATS,
        'not rule.keeps("t")',
        "not rule.dt",
        MAPPING + "test_a_tag_takes_the_bits_of_its_range",
    ),
    Mutant(
        "the sign of a tag takes no bit",
        FORMATS,
        "return 1 + max(",
        "return max(",
        MAPPING + "test_a_tag_takes_the_bits_of_its_range",
    ),
    Mutant(
        "an axon to synapses that learn takes one entry",
        "neurochip/packing/axons.py",
        "into += (core.learning.axon_slots - 1) *",
        "into += 0 *",
        BY_HAND,
    ),
    Mutant(
        "the trace x2 takes no room",
        "neurochip/packing/kernels.py",
        "for k in range(2):",
        "for k in range(1):",
        BY_HAND,
    ),
    # ------------------------------------------------------------------ energy
    Mutant(
        "a synapse whose source and target both spike is updated twice",
        COUNTING,
        "if not (p.by_pre[g] and p.seen[0, p.source[j]] == mark):",
        "if True:",
        UPDATES,
    ),
    Mutant(
        "a second spike of an epoch updates a synapse again",
        COUNTING,
        "if p.seen[0, source] != mark:",
        "if True:",
        UPDATES,
    ),
    Mutant(
        "the first epoch of a run counts as 0 for every rule",
        COUNTING,
        "number = p.first_epoch[g] + at // p.epoch[g]",
        "number = at // p.epoch[g]",
        UPDATES,
    ),
    Mutant(
        "epochs are counted from the first step of a run",
        COUNTING,
        "at, n_groups = p.first_step + step, len(p.epoch)",
        "at, n_groups = step, len(p.epoch)",
        MAPPING + "test_a_run_that_begins_later_counts_the_epochs_of_the_image",
    ),
]
