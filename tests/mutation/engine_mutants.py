"""Wrong lines of the engine for neuron programs."""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

ENGINE = "tests/unit/test_programmed_engine.py::"
LEARNING = "tests/unit/test_learning_images.py::"
LEARNED = "tests/unit/test_learned_connections.py::"
PAIRS = "tests/unit/test_joined_pairs.py::"
PLASTIC = "neurochip/emulator/programmed/plastic"
GRADED = "tests/unit/test_graded_spikes.py::"
EARLY = "tests/unit/test_early_inputs_learn.py::"
FOLDER = "neurochip/emulator/programmed/"
UPDATE, LOOP = f"{FOLDER}update.py", f"{FOLDER}loop.py"
LAYOUT, ORDER = f"{FOLDER}layout.py", f"{FOLDER}order.py"
POSITION, RUN = f"{FOLDER}position.py", f"{FOLDER}engine.py"
SPIKES = "neurochip/emulator/spikes.py"
TABLE = "neurochip/network/graded.py"

MUTANTS = [
    # ------------------------------------------------------------------ delivery
    Mutant(
        "a payload counts as 1",
        LOOP,
        "np.int64(payloads[k])\n",
        "np.int64(1)\n",
        f"{ENGINE}test_a_spike_delivers_weight_times_payload",
    ),
    Mutant(
        "the exponent acts on the sums of all groups together",
        LAYOUT,
        "plane_of.append(len(planes) if shift else group.receptor)",
        "plane_of.append(receptors if shift else group.receptor)",
        f"{ENGINE}test_each_group_shifts_its_own_sum",
    ),
    Mutant(
        "a sum is shifted before it is complete",
        UPDATE,
        "ring[base + lane] += ring[other + lane] >> shift",
        "ring[base + lane] += ring[other + lane] >> (shift - 1)",
        f"{ENGINE}test_the_exponent_acts_on_the_sum_of_a_group",
    ),
    Mutant(
        "shifted sums are never cleared",
        UPDATE,
        "                ring[other + lane] = 0",
        "                ring[other + lane] += 0",
        f"{ENGINE}test_the_exponent_acts_on_the_sum_of_a_group",
    ),
    Mutant(
        "the ring does not turn",
        LOOP,
        "step * tables.slot_size % tables.ring_size",
        "0 * tables.slot_size % tables.ring_size",
        f"{ENGINE}test_a_delay_is_kept_beside_the_payload",
    ),
    Mutant(
        "rows with a gap are taken for consecutive ones",
        f"{FOLDER}rows.py",
        "(gaps[last] == gaps[first]) & same_slot",
        "(gaps[last] >= gaps[first]) & same_slot",
        f"{ENGINE}test_a_row_with_a_gap_reaches_its_own_targets",
    ),
    # ------------------------------------------------------------------ update
    Mutant(
        "padding sends spikes",
        UPDATE,
        "live = _ALL >> np.uint64(LANES - tables.groups[group, _LIVE])",
        "live = _ALL",
        f"{ENGINE}test_neurons_that_do_not_exist_send_nothing",
    ),
    Mutant(
        "all overflows are counted for the first kind",
        UPDATE,
        "count = state.counts[np.uint64(kind) * _EACH + lane]",
        "count = state.counts[np.uint64(0) * _EACH + lane]",
        f"{ENGINE}test_what_limits_a_value_is_counted_and_told",
    ),
    Mutant(
        "overflows of a tile are added to those of the tile before",
        UPDATE,
        "counts[np.uint64(kind) * _EACH + lane] = 0",
        "counts[np.uint64(kind) * _EACH + lane] += 0",
        f"{ENGINE}test_overflows_of_each_step_are_counted_once",
    ),
    # ------------------------------------------------------------------ host and resets
    Mutant(
        "a reset acts a step late",
        LOOP,
        "step % tables.resets[k, 0] == tables.resets[k, 1]",
        "(step - 1) % tables.resets[k, 0] == tables.resets[k, 1]",
        f"{ENGINE}test_a_reset_acts_before_the_steps_that_it_names",
    ),
    Mutant(
        "a reset forgets a register",
        ORDER,
        "sizes = np.array([len(part.program.state) for",
        "sizes = np.array([len(part.program.state) - 1 for",
        f"{ENGINE}test_a_reset_of_plain_neurons_clears_the_refractory_counter",
    ),
    Mutant(
        "a bias may leave the range that was proven",
        RUN,
        "(places < 0) | (rows.values < low) | (rows.values > high)",
        "(places < 0) | (rows.values < low)",
        f"{ENGINE}test_a_write_beyond_the_range_of_the_parameter_is_refused",
    ),
    Mutant(
        "step 0 keeps the bias that the host wrote",
        POSITION,
        "self.state.tiles[:] = order.tiles",
        "self.state.tiles[:0] = order.tiles[:0]",
        f"{ENGINE}test_the_host_writes_the_parameter_bias",
    ),
    # ------------------------------------------------------------------ runs
    Mutant(
        "pending input spikes lose their payloads",
        POSITION,
        "payloads[first][: len(call.payloads)] = call.payloads",
        "payloads[first][: len(call.payloads)] = 1",
        f"{ENGINE}test_a_pending_payload_meets_a_run_without_payloads",
    ),
    Mutant(
        "an interrupted first step delivers its inputs twice",
        POSITION,
        "if call.inputs is not None and step > call.step:",
        "if call.inputs is not None:",
        f"{ENGINE}test_a_run_that_did_not_begin_leaves_no_input_behind",
    ),
    Mutant(
        "spikes are listed by program instead of by number",
        LOOP,
        "if tables.in_order:",
        "if len(tables.compartment):",
        f"{ENGINE}test_spikes_are_sorted_though_programs_alternate",
    ),
    Mutant(
        "payloads of unsorted input spikes are mixed up",
        SPIKES,
        'order = np.argsort(steps, kind="stable")',
        "order = np.arange(len(steps))",
        f"{ENGINE}test_input_spikes_may_come_in_any_order",
    ),
    Mutant(
        "a stimulus reads the payloads of the steps before",
        TABLE,
        "values = self.payloads[begin:end][rows, sources]",
        "values = self.payloads[: end - begin][rows, sources]",
        f"{GRADED}test_payloads_are_spikes_with_a_number",
    ),
    # ------------------------------------------------------------------ learning
    Mutant(
        "input spikes teach nothing",
        f"{PLASTIC}_kernels.py",
        "inputs.starts[index + 1], inputs.starts[index + 2]",
        "inputs.starts[index + 1], inputs.starts[index + 1]",
        f"{LEARNING}test_a_pair_changes_the_weight_by_hand",
    ),
    Mutant(
        "spikes to synapses that learn arrive in the step that sends them",
        LOOP,
        "np.uint64((step + 1) * tables.slot_size",
        "np.uint64(step * tables.slot_size",
        f"{LEARNING}test_a_spike_delivers_the_weight_before_its_own_step_has_taught",
    ),
    Mutant(
        "input spikes of step -1 are delivered again",
        f"{PLASTIC}_kernels.py",
        "if index == 0 else 0):",
        "if index <= 1 else 0):",
        f"{LEARNING}test_a_spike_delivers_the_weight_before_its_own_step_has_taught",
    ),
    Mutant(
        "an input that the run before did not know teaches nothing",
        f"{PLASTIC}_kernels.py",
        "inputs.starts[1] - inputs.untaught",
        "inputs.starts[1]",
        f"{EARLY}test_an_input_of_the_first_steps_teaches_as_in_float",
    ),
    Mutant(
        "an input that the run before knew teaches again",
        POSITION,
        "np.count_nonzero(untaught)",
        "np.count_nonzero(sources >= 0)",
        f"{EARLY}test_a_spike_that_the_run_before_knew_is_delivered_and_teaches_once",
    ),
    Mutant(
        "time passes again for synapses with an input that the run before did not know",
        "neurochip/learning/term_kernels.py",
        "return number >= 0 and ",
        "return ",
        f"{EARLY}test_time_changes_a_weight_once_a_step_whatever_the_run_before_knew",
    ),
    Mutant(
        "of two spikes of which one was known neither is delivered",
        POSITION,
        "nth >= n_known, n_known == 0",
        "n_known == 0, n_known == 0",
        f"{EARLY}test_of_two_spikes_in_a_step_one_may_have_been_known",
    ),
    Mutant(
        "weights of one factor are looked up one too low",
        f"{PLASTIC}_kernels.py",
        "plastic.decoded[np.int64(weight[s]) - lowest]",
        "plastic.decoded[np.int64(weight[s]) - lowest - 1]",
        f"{LEARNING}test_a_spike_delivers_the_weight_before_its_own_step_has_taught",
    ),
    Mutant(
        "weights are recorded as tags",
        f"{PLASTIC}_kernels.py",
        "if kind < _TAG:",
        "if kind <= _TAG:",
        f"{LEARNING}test_what_a_probe_records_is_what_the_synapses_read",
    ),
    Mutant(
        "a reward of one target is that of all",
        f"{PLASTIC}_kernels.py",
        "rows.values[i, 0 if one else j]",
        "rows.values[i, 0]",
        f"{LEARNING}test_an_image_learns_what_learn_makes_of_its_spikes",
    ),
    Mutant(
        "draws of a synapse follow its place",
        f"{PLASTIC}.py",
        "self.place[numbers] = place",
        "self.place[:] = place",
        f"{LEARNING}test_an_image_learns_what_learn_makes_of_its_spikes",
    ),
    Mutant(
        "a synapse has the draws of another one after spikes of its target",
        "neurochip/learning/group.py",
        "number[position]",
        "number",
        "tests/unit/test_learning_batches.py::"
        "test_a_synapse_learns_the_same_whatever_other_synapses_there_are",
    ),
    Mutant(
        "a reset keeps what was learned",
        POSITION,
        "                now[...] = start",
        "                now[...] = now",
        f"{LEARNING}test_reset_brings_the_weights_back",
    ),
    Mutant(
        "counters of learning run on",
        f"{PLASTIC}_run.py",
        "state.counts[:] = 0",
        "state.counts[:0] = 0",
        f"{LEARNING}test_a_reward_holds_until_the_image_or_the_host_changes_it",
    ),
    Mutant(
        "another image forgets the spikes of the epoch that has begun",
        f"{PLASTIC}_transfer.py",
        "when[places[1]] = getattr",
        "when[places[1]] = 0 * getattr",
        f"{LEARNED}test_learned_weights_and_traces_go_on_with_another_image",
    ),
    Mutant(
        "tags keep their integers where another image has another scale",
        f"{PLASTIC}_transfer.py",
        "_ratio(_tag_step, images, (number, index))",
        "_ratio(_tag_step, images[:1] * 2, (number, index))",
        f"{LEARNED}test_tags_stand_for_the_same_eligibility_in_another_image",
    ),
    Mutant(
        "a reward that was set keeps its integer where another image has another scale",
        f"{PLASTIC}_transfer.py",
        "_ratio(_reward_step, images, (number, index))",
        "_ratio(_reward_step, images[:1] * 2, (number, index))",
        f"{LEARNED}test_a_reward_that_was_set_keeps_its_value_where_another_image_has_another_scale",
    ),
    Mutant(
        "the current of a child comes from the decay of its parent",
        "neurochip/image/lif_group.py",
        'of_child["u"], children["keep_u"]',
        'of_child["u"], values["keep_u"]',
        f"{PAIRS}test_pairs_give_the_integers_of_a_child_and_its_parent",
    ),
]
