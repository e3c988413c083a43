"""Wrong lines of the learning step: spikes, traces, draws, products, roundings."""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

SPIKES = "neurochip/learning/kernels.py"
DRAWS = "neurochip/learning/draw_kernels.py"
SYNAPSES = "neurochip/learning/synapse_kernels.py"
CHOSEN = "neurochip/learning/term_kernels.py"
LINES = "neurochip/learning/line_kernels.py"
BATCHES = "neurochip/learning/batch_kernels.py"
LANES = "neurochip/learning/lane_kernels.py"
NUMBERS = "neurochip/learning/numbers.py"
GROUP = "neurochip/learning/group.py"
ENGINE = "neurochip/emulator/programmed/plastic.py"
RUNS = "tests/conformance/test_learning_vectors.py::test_the_kernels_repeat_a_recorded_run"
IMAGES = (
    "tests/property/test_learning_image_properties.py::"
    "test_a_few_images_give_the_integers_of_the_slow_model"
)
LISTS = (
    "tests/unit/test_learning_batches.py::"
    "test_a_dense_group_learns_the_same_as_its_list_of_synapses"
)
LONG = (
    "tests/unit/test_learning_batches.py::test_a_long_row_learns_the_same_as_its_list_of_synapses"
)
DENSE, SOFT, EPOCHS, BOTH = (
    f"{LISTS}[{name}]" for name in ("pair", "soft bounds", "epochs", "both in one term")
)
LOIHI, LAVA, PEER = (f"{IMAGES}[{name}, 2 groups]" for name in ("loihi", "lava", "brian2loihi"))

MUTANTS = [
    Mutant(
        "an input that is listed twice in a step is two spikes",
        SPIKES,
        "if when[i] == k:",
        "if False:",
        "tests/unit/test_learning_images.py::"
        "test_an_input_that_is_listed_twice_is_delivered_twice_and_learns_once",
    ),
    Mutant(
        "of two spikes in an epoch the first is noted",
        SPIKES,
        "        when[i] = k\n",
        "        when[i] = k if when[i] == 0 else when[i]\n",
        f"{RUNS}[public_lava_005_pair_stdp_epochs]",
    ),
    Mutant(
        "u terms count epochs from 0",
        SPIKES,
        "learn_epoch(engine.first_epoch + index,",
        "learn_epoch(index,",
        LOIHI,
    ),
    Mutant(
        "draws that are shared differ between neurons",
        DRAWS,
        "number = np.int32(0) if engine.shared else side.number[i]",
        "number = side.number[i]",
        LAVA,
    ),
    Mutant(
        "all steps draw alike",
        DRAWS,
        "return mixed(key ^ np.uint64(step))",
        "return mixed(key ^ np.uint64(0))",
        LOIHI,
    ),
    Mutant(
        "u terms are due an epoch early",
        CHOSEN,
        "number & ((np.int64(1) << k) - 1) == 0",
        "(number + 1) & ((np.int64(1) << k) - 1) == 0",
        LOIHI,
    ),
    Mutant(
        "tags have the draws of weights",
        SYNAPSES,
        "synapses.key[0 if engine.weight_shared else target]",
        "synapses.key[0]",
        LOIHI,
    ),
    Mutant(
        "Brian2Loihi draws for u terms with fractions",
        SYNAPSES,
        "if early and not (terms.each[term, DEPENDENCY] == TIME and terms.each[term, WHOLE] != 0):",
        "if early and terms.each[term, DEPENDENCY] != TIME:",
        PEER,
    ),
    Mutant(
        "constants of shared factors are dropped",
        SYNAPSES,
        "shared_factor(value + terms.factor[f, CONSTANT], f, terms)",
        "shared_factor(value, f, terms)",
        f"{RUNS}[public_lava_105_factor_clip]",
    ),
    Mutant(
        "sums are not clipped",
        LANES,
        "last = min(max(total, least), most)",
        "last = total",
        LOIHI,
    ),
    Mutant(
        "weights round down",
        LANES,
        "up = cast(lanes[lane + DRAW] < cast(total & mask))",
        "up = cast(0)",
        LOIHI,
    ),
    Mutant(
        "magnitudes round down, not toward zero",
        LANES,
        "size = cast(cast(total ^ sign) - sign)",
        "size = total",
        f"{RUNS}[public_pes_000]",
    ),
    Mutant(
        "changes of Brian2Loihi round toward zero",
        LANES,
        "cast(abs(change) + most)",
        "cast(abs(change))",
        PEER,
    ),
    Mutant(
        "a batch also changes the synapses that another one has",
        LANES,
        "lanes[lane + FRESH] = (kept & live) | (lanes[lane + old] & ~live)",
        "lanes[lane + FRESH] = kept",
        LOIHI,
    ),
    Mutant(
        "draws follow places, not numbers",
        LANES,
        "random = hashed_number(lanes[lane + NUMBER], key)",
        "random = hashed_number(lanes[lane + PLACE], key)",
        LOIHI,
    ),
    Mutant(
        "a source with a spike has the u terms of one without, too",
        BATCHES,
        "skipped = kind == QUIET and n_pre > 0 and state.pre_when[i] > 0",
        "skipped = False",
        LOIHI,
    ),
    Mutant(
        "a line also changes the synapses that another one has",
        LINES,
        "cast((when[np.uint64(begin) + k] == 0) | every) & cast(cast(k) < cast(n))",
        "cast(cast(k) < cast(n))",
        DENSE,
    ),
    Mutant(
        "a line changes what lies behind it",
        LINES,
        "cast((when[np.uint64(begin) + k] == 0) | every) & cast(cast(k) < cast(n))",
        "cast((when[np.uint64(begin) + k] == 0) | every)",
        BOTH,
    ),
    Mutant(
        "the weight of a line is no factor",
        LINES,
        "product = cast(cast(trace * weight) * cast(coefficient))",
        "product = cast(trace * cast(coefficient))",
        SOFT,
    ),
    Mutant(
        "sums of lines are not clipped",
        LINES,
        "kept = min(max(total, cast(low + rest)), cast(high + rest))",
        "kept = total",
        LONG,
    ),
    Mutant(
        "a line does not count weights beyond their limits",
        LINES,
        "weights = cast(weights + cast(fresh != whole))",
        "weights = cast(0)",
        LONG,
    ),
    Mutant(
        "all lines of an epoch have the changes of the first one",
        LINES,
        "if at != at_before or coefficient != before or weight != NOTHING:\n            beyond",
        "if at_before == NOTHING:\n            beyond",
        BOTH,
    ),
    Mutant(
        "lines round sums up that have no rest",
        LINES,
        "rest = rest_of(low_bits)",
        "rest = rest_of(low_bits) + 1",
        DENSE,
    ),
    Mutant(
        "lines read the traces of the end of an epoch",
        LINES,
        "at = last if kind == QUIET or last == 1 else np.int64(state.pre_when[i])",
        "at = last",
        EPOCHS,
    ),
    Mutant(
        "an input draws as the compartment of its number",
        NUMBERS,
        "return keys_of(seed, side.stream, kinds)",
        "return keys_of(seed, 0, kinds)",
        LOIHI,
    ),
    Mutant(
        "all groups have the same draws of synapses",
        GROUP,
        "return keys_of(seed, group, [Kind.SYNAPSE",
        "return keys_of(seed, 0, [Kind.SYNAPSE",
        LOIHI,
    ),
    Mutant(
        "weights between those that the format stores are delivered unrounded",
        ENGINE,
        "spec.weight_step(engine.low_bits)",
        "(1 << engine.low_bits)",
        PEER,
    ),
]
