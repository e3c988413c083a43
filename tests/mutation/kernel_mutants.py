"""Wrong lines of the kernels, and of the code that prepares their tables."""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

SMALL = "tests/unit/test_small_images.py"
UPDATE = "neurochip/emulator/cpu/update.py"
ARITHMETIC = "neurochip/emulator/cpu/arithmetic.py"
KERNELS = "neurochip/emulator/cpu/kernels.py"
DELIVERY = "neurochip/emulator/cpu/delivery.py"
DENSE = "neurochip/emulator/cpu/dense.py"
LAYOUT = "neurochip/emulator/cpu/layout.py"
WAITING = "neurochip/emulator/cpu/waiting.py"
WAIT = "tests/unit/test_waiting.py"
SPIKES = "neurochip/emulator/spikes.py"
STATE = "neurochip/emulator/cpu/state.py"
COPIES = "neurochip/emulator/cpu/copies.py"
PROGRAMS = "tests/unit/test_mapping_programs.py::"
REFERENCE = "tests/unit/test_reference.py"
PACE = "tests/unit/test_pace.py"
SOFT = "tests/unit/test_soft_reset.py"
ON_CHIP = "tests/integration/test_soft_reset_on_chip.py"
SHARED = "neurochip/emulator/programmed/shared.py"
SHARED_DELIVERY = "tests/unit/test_shared_delivery.py"

MUTANTS = [
    # ------------------------------------------------------------------ the chip's arithmetic
    Mutant(
        "a decay floors instead of rounding toward zero",
        ARITHMETIC,
        "* keep) + up)",
        "* keep))",
        f"{SMALL}::test_decays_round_toward_zero",
    ),
    Mutant(
        "the low half of a decayed value loses its fraction",
        ARITHMETIC,
        "np.int32(low >> DECAY_BITS))",
        "np.int32(0))",
        f"{SMALL}::test_a_decay_of_a_large_value_keeps_all_its_bits",
    ),
    Mutant(
        "a register saturates instead of wrapping",
        ARITHMETIC,
        "return np.int32(np.int32(np.int32(value + offset) & mask) - offset)",
        "return np.int32(min(max(value, -offset), mask - offset))",
        f"{SMALL}::test_u_wraps_at_24_bits",
    ),
    Mutant(
        "no register is ever seen to overflow",
        ARITHMETIC,
        "np.int32(~mask))",
        "np.int32(0))",
        f"{SMALL}::test_u_wraps_at_24_bits",
    ),
    # ------------------------------------------------------------------ a step
    Mutant(
        "the threshold itself spikes",
        UPDATE,
        "spike, rises = (held == 0) & (v > threshold)",
        "spike, rises = (held == 0) & (v >= threshold)",
        f"{SMALL}::test_v_must_exceed_the_threshold_and_is_reset_to_0",
    ),
    Mutant(
        "v is held for a step more",
        UPDATE,
        "np.int32(count - 1) if count > 0",
        "np.int32(count) if count > 0",
        f"{SMALL}::test_the_register_r_holds_v_for_r_minus_1_steps",
    ),
    Mutant(
        "a held neuron integrates",
        UPDATE,
        "tiles[i + at.V] = v if rises else np.int32(0)",
        "tiles[i + at.V] = np.int32(0) if spike else v",
        f"{SMALL}::test_while_v_is_held_u_goes_on_and_what_v_would_do_is_lost",
    ),
    Mutant(
        "v takes up the u of the step before",
        UPDATE,
        "raw_x = np.int32(new_u + bias)",
        "raw_x = np.int32(u + bias)",
        f"{SMALL}::test_v_takes_up_u_of_the_same_step_and_the_bias",
    ),
    Mutant(
        "all compartments have the refractory register of the first",
        UPDATE,
        "settings[r + at.REFRACTORY]",
        "settings[at.REFRACTORY]",
        f"{SMALL}::test_each_compartment_has_its_own_registers_input_and_noise"
        "_also_where_it_overflows",
    ),
    Mutant(
        "u decays as v does",
        UPDATE,
        "decay_toward_zero(u, settings[r + at.KEEP_U])",
        "decay_toward_zero(u, settings[r + at.KEEP_V])",
        f"{SMALL}::test_decays_round_toward_zero",
    ),
    Mutant(
        "v has no lower limit",
        UPDATE,
        "raised = raw_v if raw_v > low else low",
        "raised = raw_v",
        f"{SMALL}::test_v_is_clipped_at_its_limits_and_what_has_no_effect_is_not_counted",
    ),
    Mutant(
        "a clip from above is counted although a spike follows",
        UPDATE,
        "np.int32(rises & (raw_v > v)) << 5",
        "np.int32(raw_v > v) << 5",
        f"{SMALL}::test_v_is_clipped_at_its_limits_and_what_has_no_effect_is_not_counted",
    ),
    Mutant(
        "the overflow of the input of a step is not looked for",
        UPDATE,
        "beyond = outside(sum_of_weights, widths.sum_offset, widths.sum_mask)",
        "beyond = np.int32(0)",
        f"{SMALL}::test_the_sum_of_a_step_wraps_at_22_bits",
    ),
    Mutant(
        "the wrap of u and bias together is not counted",
        UPDATE,
        "np.int32((spike | rises) & (x != raw_x)) << 3",
        "np.int32((spike | rises) & (x != x)) << 3",
        f"{SMALL}::test_u_and_bias_together_wrap_at_24_bits",
    ),
    Mutant(
        "negative noise floors",
        UPDATE,
        "z = -(-r >> (7 - noise.exponent))",
        "z = r >> (7 - noise.exponent)",
        f"{SMALL}::test_noise_is_the_draw_and_its_offset_shifted_toward_zero",
    ),
    Mutant(
        "the offset of the noise counts in units of 32",
        UPDATE,
        "r += 64 * noise.mantissa_offset",
        "r += 32 * noise.mantissa_offset",
        f"{SMALL}::test_noise_is_the_draw_and_its_offset_shifted_toward_zero",
    ),
    Mutant(
        "the generator draws from -126 on",
        UPDATE,
        "np.uint64(255)) >> np.uint64(32)) - 127",
        "np.uint64(255)) >> np.uint64(32)) - 126",
        "tests/unit/test_noise.py::test_draws_are_those_of_the_stated_algorithm",
    ),
    Mutant(
        "a child adds its current to itself",
        UPDATE,
        "child = events[lane - np.uint64(1)] & joins.joined[parent]",
        "child = events[lane] & joins.joined[parent]",
        f"{SMALL}::test_a_child_adds_its_u_of_the_same_step_to_its_parent",
    ),
    Mutant(
        "accumulators are not emptied after a step",
        KERNELS,
        "            ring[slot + lane] = 0",
        "            ring[slot + lane] += 0",
        f"{SMALL}::test_a_spike_arrives_one_step_and_its_delay_later",
    ),
    Mutant(
        "spikes of the last tile of a block are listed in the first one",
        KERNELS,
        "spikes[n] = np.int32(first + lowest_bit(left))",
        "spikes[n] = np.int32(lowest_bit(left))",
        f"{SMALL}::test_spikes_are_listed_by_step_then_compartment_over_several_tiles",
    ),
    Mutant(
        "only the first overflow in a tile is counted",
        KERNELS,
        "overflows[compartment, kind] += (event >> (kind + 1)) & 1",
        "overflows[compartment, kind] = (event >> (kind + 1)) & 1",
        f"{SMALL}::test_the_counters_of_a_tile_are_those_of_its_compartments",
    ),
    Mutant(
        "v is recorded a step before the update",
        KERNELS,
        "state.tiles, at.V, output.v_ids, output.v)",
        "state.tiles, at.U, output.v_ids, output.v)",
        f"{SMALL}::test_v_takes_up_u_of_the_same_step_and_the_bias",
    ),
    Mutant(
        "a register that may wrap up has the range of one that wraps down",
        STATE,
        "offset = half - 1 if overflow is Overflow.WRAP_UP else half",
        "offset = half",
        f"{SMALL}::test_a_current_of_2_to_the_23_is_what_the_chip_makes_of_it",
    ),
    # ------------------------------------------------------------------ delivery
    Mutant(
        "a delay is a step too long",
        LAYOUT,
        "np.int64(delay[k]) << step_bits",
        "np.int64(delay[k] + 1) << step_bits",
        f"{SMALL}::test_a_spike_arrives_one_step_and_its_delay_later",
    ),
    Mutant(
        "the first synapse of a sparse row is left out",
        DELIVERY,
        "    for s in range(place, stop):\n",
        "    for s in range(place + _ONE, stop):\n",
        f"{SMALL}::test_rows_of_each_form_give_what_the_oracle_gives[sparse-0]",
    ),
    Mutant(
        "a row of bytes forgets what its weights are added to",
        DELIVERY,
        "np.int32(np.int32(weights[start + i]) + base)",
        "np.int32(weights[start + i])",
        f"{SMALL}::test_rows_of_each_form_give_what_the_oracle_gives[bytes-6]",
    ),
    Mutant(
        "the last of four rows added together is omitted",
        DELIVERY,
        "np.int16(np.int16(weights[at_c + i]) + np.int16(weights[at_d + i]))",
        "np.int16(weights[at_c + i])",
        f"{SMALL}::test_rows_of_each_form_give_what_the_oracle_gives[bytes-6]",
    ),
    Mutant(
        "rows of other targets are added together",
        DELIVERY,
        "other >> SIZE_BIT == mark >> SIZE_BIT and its == offset",
        "other >> SIZE_BIT == mark >> SIZE_BIT",
        f"{SMALL}::test_rows_of_each_form_give_what_the_oracle_gives[bytes, shifted-6]",
    ),
    Mutant(
        "a row of two bytes a weight takes the place of what came before",
        DELIVERY,
        "        ring[slot + i] += np.int32(weights[start + i])\n",
        "        ring[slot + i] = np.int32(weights[start + i])\n",
        f"{SMALL}::test_rows_of_each_form_give_what_the_oracle_gives[halves-6]",
    ),
    Mutant(
        "a shifted sum rounds each spike",
        DELIVERY,
        "np.int32(ring[other + lane] >> shift)",
        "np.int32(ring[other + lane] >> shift << 1)",
        f"{SMALL}::test_a_chip_may_shift_the_sum_of_a_group_instead_of_each_weight",
    ),
    Mutant(
        "sources one to one deliver to the source before",
        DELIVERY,
        "s = place + np.uint64(sources[k])",
        "s = place + np.uint64(sources[k] * 0)",
        f"{SMALL}::test_inputs_one_to_one_reach_the_compartment_of_each",
    ),
    Mutant(
        "a row whose targets have a gap counts as one without",
        DENSE,
        "    if last - first + 1 == n:\n",
        "    if last - first + 1 >= n:\n",
        "tests/unit/test_layout.py"
        "::test_rows_with_gaps_are_filled_with_zeros_and_count_their_synapses",
    ),
    Mutant(
        "a row that ends in the next step of the ring is dense",
        DENSE,
        "if first >> target_bits != last >> target_bits:",
        "if first >> offset_bits != last >> offset_bits:",
        "tests/unit/test_layout.py::test_a_row_that_ends_in_the_next_step_is_not_dense",
    ),
    Mutant(
        "a bit that only some weights have is dropped from all weights",
        LAYOUT,
        "return (used & -used).bit_length() - 1 if used else 0",
        "return (used & -used).bit_length() if used else 0",
        f"{SMALL}::test_a_spike_arrives_one_step_and_its_delay_later",
    ),
    Mutant(
        "a group whose sum is not shifted joins the one before",
        LAYOUT,
        "np.int64) > 0) * (np.array(shifts) > 0)",
        "np.int64) > 0)",
        f"{SMALL}::test_a_chip_may_shift_the_sum_of_a_group_instead_of_each_weight",
    ),
    Mutant(
        "inputs with two synapses pass for inputs one to one",
        LAYOUT,
        "one_each = (np.diff(row_ptr[: image.n_inputs + 1]) == 1).all()",
        "one_each = (np.diff(row_ptr[: image.n_inputs + 1]) >= 1).all()",
        "tests/unit/test_layout.py::test_inputs_with_no_synapse_or_two_are_not_one_to_one",
    ),
    Mutant(
        "a spike that waits is delivered a step late",
        WAITING,
        "sent = (step - 1 - lags.delays[lag]) % n_steps",
        "sent = (step - 2 - lags.delays[lag]) % n_steps",
        f"{WAIT}::test_spikes_that_wait_give_what_the_oracle_gives",
    ),
    Mutant(
        "spikes that have arrived are in transit when the image changes",
        WAITING,
        "step + later, later + 1, first",
        "step + later, later, first",
        f"{WAIT}::test_another_image_finds_the_sums_of_the_spikes_that_wait",
    ),
    Mutant(
        "spikes still wait after a reset",
        STATE,
        "        state.waiting.counts[:] = 0\n",
        "        pass\n",
        f"{WAIT}::test_a_run_in_pieces_and_a_copy_of_it_know_the_spikes_that_wait",
    ),
    # ------------------------------------------------------------------ spikes on their way
    Mutant(
        "inputs in order come a step late",
        SPIKES,
        "row = np.uint64(steps[i] - origin)  # unsigned",
        "row = np.uint64(steps[i] - origin + 1)  # unsigned",
        f"{SMALL}::test_inputs_may_come_in_any_order_and_twice",
    ),
    Mutant(
        "pending input is delivered a second time by the next run",
        SPIKES,
        "0 if self.first == 0 or self.lead else 1",
        "0",
        f"{SMALL}::test_what_is_on_its_way_at_the_end_of_a_run_arrives_in_the_next",
    ),
    Mutant(
        "a copy counts the synaptic events of its last step, which are not delivered",
        COPIES,
        "if joint_steps[k] < last_step:",
        "if joint_steps[k] <= last_step:",
        "tests/unit/test_batch.py::test_a_batch_of_two_neurons_counts_what_each_run_did",
    ),
    Mutant(
        "a copy counts the spikes of those before it",
        COPIES,
        'counts[:, EVENTS.index("spikes")] = ends - starts',
        'counts[:, EVENTS.index("spikes")] = ends',
        "tests/unit/test_batch.py::test_a_batch_of_two_neurons_counts_what_each_run_did",
    ),
    # ------------------------------------------------------------------ the reference
    Mutant(
        "kicks on a refractory neuron are kept",
        "neurochip/reference/update.py",
        "kick = kick if free_from[i] < step else 0.0",
        "kick = kick",
        f"{REFERENCE}::test_kicks_on_a_refractory_neuron_are_lost_until_its_last_refractory_step",
    ),
    Mutant(
        "kicks beside a current are kept in the last refractory step",
        "neurochip/reference/update.py",
        "v[i] += amount if free_from[i] < before else 0.0",
        "v[i] += amount if free_from[i] <= before else 0.0",
        "tests/unit/test_kicks_and_current.py::test_the_reference_loses_kicks_until_the_last"
        "_refractory_step",
    ),
    Mutant(
        "the threshold of the reference itself spikes",
        "neurochip/reference/update.py",
        "if v[i] > value_of(v_thresh, i) and",
        "if v[i] >= value_of(v_thresh, i) and",
        f"{REFERENCE}::test_the_threshold_is_strict",
    ),
    Mutant(
        "a subtraction of the reference takes the threshold, wherever the reset is",
        "neurochip/reference/update.py",
        "amount = threshold - value_of(v_reset, i)",
        "amount = threshold",
        f"{SOFT}::test_the_amount_is_the_distance_of_threshold_and_reset",
    ),
    Mutant(
        "a v that is left exactly at the threshold spikes once more",
        "neurochip/reference/update.py",
        "np.ceil((v[i] - threshold) / amount)",
        "1.0 + np.floor((v[i] - threshold) / amount)",
        f"{SOFT}::test_a_neuron_emits_as_many_spikes_as_bring_v_down_to_its_threshold",
    ),
    Mutant(
        "a raised threshold of the reference is as low as before",
        "neurochip/reference/update.py",
        "level = threshold if raised is None else threshold + raised[i]",
        "level = threshold",
        f"{SOFT}::test_what_is_left_above_the_threshold_raises_it_for_the_next_step",
    ),
    Mutant(
        "kicks in the step of a soft reset are lost",
        "neurochip/reference/tables.py",
        "int(not population.model.subtracts)",
        "1",
        f"{SOFT}::test_kicks_in_the_step_of_a_spike_are_kept_unless_the_neuron_is_refractory",
    ),
    Mutant(
        "the float recurrence holds a lowered v for a step more",
        "neurochip/attribution/kernels.py",
        "held[i] > soft.early[i]",
        "held[i] > 0",
        f"{ON_CHIP}::test_the_recurrence_of_a_neuron_that_is_lowered_has_both_ends",
    ),
    Mutant(
        "the float recurrence keeps the kicks of a refractory neuron",
        "neurochip/attribution/kernels.py",
        "current = u[i] if second[i] >= 0 else 0.0",
        "current = current",
        f"{ON_CHIP}::test_the_recurrence_of_a_neuron_that_is_lowered_has_both_ends",
    ),
    Mutant(
        "the float recurrence has no lowest v",
        "neurochip/attribution/kernels.py",
        "    moved = max(moved, soft.v_min[i])\n",
        "",
        f"{ON_CHIP}::test_the_recurrence_of_a_neuron_that_is_lowered_has_both_ends",
    ),
    Mutant(
        "several spikes arrive as one",
        "neurochip/reference/delivery.py",
        "arrived[slot + k] += payload * rows.weight[start + k]",
        "arrived[slot + k] += rows.weight[start + k]",
        f"{SOFT}::test_several_spikes_arrive_as_often",
    ),
    Mutant(
        "v falls below its bound",
        "neurochip/reference/update.py",
        "v[i] = max(v[i], value_of(v_min, i))",
        "v[i] = min(v[i], value_of(v_min, i))",
        f"{SOFT}::test_v_does_not_fall_below_its_bound",
    ),
    Mutant(
        "a current stands still while its neuron is refractory",
        "neurochip/reference/update.py",
        "i_syn[i] = current * value_of(keep_syn, i)\n",
        "i_syn[i] = current * (value_of(keep_syn, i) if free_from[i] <= step else 1.0)\n",
        f"{REFERENCE}::test_a_current_goes_on_while_its_neuron_is_refractory",
    ),
    Mutant(
        "the ring of the reference is a row too short",
        "neurochip/reference/delivery.py",
        "return row - n_rows if row >= n_rows else row",
        "return row - n_rows if row > n_rows else min(row, n_rows - 1)",
        f"{REFERENCE}::test_a_spike_of_a_neuron_arrives_after_its_delay",
    ),
    Mutant(
        "weights that float32 does not hold are kept in it",
        "neurochip/reference/rows.py",
        "return single if np.array_equal(single, weight) else weight",
        "return single if np.allclose(single, weight) else weight",
        "tests/unit/test_reference_rows.py"
        "::test_weights_are_kept_in_half_the_bytes_only_if_that_loses_nothing",
    ),
    # ------------------------------------------------------------------ what cores hold
    Mutant(
        "a list is charged for its entries without rounding them up",
        "neurochip/packing/kernels.py",
        "return (bits + unit - 1) // unit * unit",
        "return bits // unit * unit",
        "tests/unit/test_mapping_budget.py::test_dense_lists_take_what_the_published_rules_say",
    ),
    Mutant(
        "a row of a kernel is not rounded up to words",
        "neurochip/packing/kernels.py",
        "return (bits + packing.word - 1) // packing.word",
        "return bits // packing.word",
        PROGRAMS + "test_a_core_stores_the_channels_that_it_has_and_others_another_time",
    ),
    Mutant(
        "a core stores a kernel for each neuron of a channel",
        "neurochip/packing/kernels.py",
        "if s.channels[channel] != s.top[_MARK]:",
        "if True:",
        PROGRAMS + "test_a_core_stores_the_channels_that_it_has_and_others_another_time",
    ),
    Mutant(
        "each input of a convolution takes an axon",
        "neurochip/packing/kernels.py",
        "_mark(s.axons, axon, s.top, s.used, INPUTS)",
        "s.used[INPUTS] += 1",
        PROGRAMS + "test_all_inputs_of_a_convolution_share_an_axon_of_a_core",
    ),
    Mutant(
        "state takes no memory of a core",
        "neurochip/packing/kernels.py",
        "s.used[_MEMORY] = s.used[WORDS] + _words(s.top[_STATE], packing)",
        "s.used[_MEMORY] = s.used[WORDS]",
        PROGRAMS + "test_state_takes_memory_by_its_bits_and_parameters_only_if_they_differ",
    ),
    Mutant(
        "every parameter of a program takes memory in each neuron",
        "neurochip/packing/state.py",
        "if (values != values[0]).any()",
        "if values.size",
        PROGRAMS + "test_state_takes_memory_by_its_bits_and_parameters_only_if_they_differ",
    ),
    Mutant(
        "events of spikes with a payload are priced like others",
        "neurochip/mapping/energy.py",
        'plain = operations["synaptic_events"] - operations.get("graded_events", 0)',
        'plain = operations["synaptic_events"]',
        PROGRAMS + "test_energy_leaves_out_what_has_no_published_figure_and_says_so",
    ),
    Mutant(
        "updates by programs count as updates of LIF neurons, too",
        "neurochip/mapping/counting.py",
        "if routes.programmed[compartment]:",
        "if False:",
        PROGRAMS + "test_energy_leaves_out_what_has_no_published_figure_and_says_so",
    ),
    # ------------------------------------------------------------------ convolutions
    Mutant(
        "the delay of a kernel is lost",
        SHARED,
        "plane * n_lanes + item.delay * slot_size",
        "plane * n_lanes",
        f"{SHARED_DELIVERY}::test_a_run_with_kernels_is_that_of_its_synapses",
    ),
    Mutant(
        "a kernel ignores the shift of its sums",
        SHARED,
        "plane * n_lanes + item.delay * slot_size",
        "item.receptor * n_lanes + item.delay * slot_size",
        f"{SHARED_DELIVERY}::test_a_run_with_kernels_is_that_of_its_synapses",
    ),
    Mutant(
        "all groups of channels have the targets of the first",
        SHARED,
        "channel // inside * per_group",
        "channel // inside * 0",
        f"{SHARED_DELIVERY}::test_a_run_with_kernels_is_that_of_its_synapses",
    ),
    Mutant(
        "sources meet the targets of the row below",
        SHARED,
        "place = row * item.source_shape[2] + column",
        "place = (row + 1) % item.source_shape[1] * item.source_shape[2] + column",
        f"{SHARED_DELIVERY}::test_a_run_with_kernels_is_that_of_its_synapses",
    ),
    Mutant(
        "the channels of a place are neighbours in any order",
        SHARED,
        "follow = in_runs or _follow(targets.reshape(-1, targets.shape[2]))",
        "follow = True",
        f"{SHARED_DELIVERY}::test_a_target_of_two_kernels_with_other_shapes_gets_both",
    ),
    Mutant(
        "all runs of a row of a kernel begin at its first column",
        SHARED,
        "down[:, 0] * item.kernel.shape[3] + across[:, 0]",
        "down[:, 0] * item.kernel.shape[3]",
        f"{SHARED_DELIVERY}::test_a_run_with_kernels_is_that_of_its_synapses",
    ),
    Mutant(
        "the columns of a kernel are looked up in the order of the file",
        SHARED,
        "np.argsort(_order_of_columns(item))[tap]",
        "_order_of_columns(item)[tap]",
        f"{SHARED_DELIVERY}::test_a_stride_takes_every_other_column_of_a_kernel",
    ),
    Mutant(
        "spikes are marked for good",
        "neurochip/emulator/programmed/loop.py",
        "state.marks[word] = 0",
        "state.marks[word] |= 0",
        f"{SHARED_DELIVERY}::test_a_run_with_kernels_is_that_of_its_synapses",
    ),
    # ------------------------------------------------------------------ the number of threads
    Mutant(
        "a trial of the other number of threads is repeated at once",
        "neurochip/_kernels/pace.py",
        "self._share * max(lost",
        "0.0 * max(lost",
        f"{PACE}::test_all_threads_are_tried_for_a_short_time_if_they_are_slower",
    ),
    Mutant(
        "the first step on several threads counts",
        "neurochip/_kernels/pace.py",
        "self._unknown = {1, threads}",
        "self._unknown = {1}",
        f"{PACE}::test_a_first_step_that_takes_long_decides_nothing",
    ),
    Mutant(
        "the faster number of threads is the slower one",
        "neurochip/_kernels/pace.py",
        "min(self._seconds, key",
        "max(self._seconds, key",
        f"{PACE}::test_all_threads_run_if_they_are_faster",
    ),
]
