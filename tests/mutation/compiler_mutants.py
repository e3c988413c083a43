"""Wrong lines of the compiler, pass by pass."""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

IDEAL = "tests/unit/test_compiler_ideal.py"
DECAYS = "tests/unit/test_compiler_decays.py"
REPORT = "tests/unit/test_compiler_report.py"
PAIRS = "tests/unit/test_compiler_pairs.py"
KICKS = "tests/unit/test_kicks_and_current.py"
ERRORS = "tests/unit/test_compiler_errors.py"
GRID = "tests/unit/test_weight_grid.py"
SOFT = "tests/integration/test_soft_reset_on_chip.py"
PEAKS = "tests/unit/test_compiler_peaks.py"
ROUNDING = "tests/unit/test_weight_rounding.py"
SCALING = "tests/unit/test_compiler_scaling.py"
BURSTS = "tests/integration/test_bursts_of_unknown_size.py"
RESTING = "tests/unit/test_resting_level.py"
RATES = "tests/unit/test_expectation.py"
CURRENTS = "tests/unit/test_step_current.py"
REFRACTORY = "tests/unit/test_refractory.py"
SHARED_KERNELS = "tests/unit/test_shared_kernels.py"

MUTANTS = [
    # ------------------------------------------------------------------ ideal
    Mutant(
        "the origin of v is the reset for delta synapses too",
        "neurochip/recurrence.py",
        "origin = v_inf + (v_reset - v_inf) * a if leaky",
        "origin = v_reset if leaky",
        f"{IDEAL}::test_the_origin_is_one_leak_after_the_reset_for_delta_synapses_and_the_reset"
        "_otherwise",
    ),
    Mutant(
        "the refractory register is not one more for delta synapses",
        "neurochip/recurrence.py",
        "refractory += 1",
        "refractory += 0",
        f"{IDEAL}::test_the_refractory_register_is_one_more_for_delta_synapses",
    ),
    Mutant(
        "the gain of a current takes the slower decay for the faster",
        "neurochip/recurrence.py",
        "gain = rise * np.maximum(a, s) * share",
        "gain = rise * np.minimum(a, s) * share",
        f"{IDEAL}::test_an_exponential_current_gives_the_difference_of_two_exponentials",
    ),
    Mutant(
        "delays round halves down",
        "neurochip/_support/grid.py",
        "np.asarray(delays) / dt + 0.5)",
        "np.asarray(delays) / dt + 0.499999)",
        f"{IDEAL}::test_delays_round_to_the_nearest_step_and_halves_up",
    ),
    Mutant(
        "a refractory period on the grid loses a step to float rounding",
        "neurochip/network/refractory.py",
        "_whole(steps_of(tau_refrac, dt))",
        "_whole(np.floor(tau_refrac / dt))",
        f"{IDEAL}::test_a_refractory_period_on_the_grid_keeps_its_steps_in_spite_of_float_rounding",
    ),
    Mutant(
        "NEST's refractory periods round to the nearest step",
        "neurochip/network/refractory.py",
        "steps = np.ceil((np.asarray(tau_refrac) - min(_HALF_A_TIC, dt / 2)) / dt)",
        "steps = np.floor(np.asarray(tau_refrac) / dt + 0.5)",
        f"{REFRACTORY}::test_after_spike_gives_the_intervals_that_nest_gives",
    ),
    Mutant(
        "NEST's refractory periods take a step more for float rounding",
        "neurochip/network/refractory.py",
        "steps = np.ceil((np.asarray(tau_refrac) - min(_HALF_A_TIC, dt / 2)) / dt)",
        "steps = np.ceil(np.asarray(tau_refrac) / dt)",
        f"{REFRACTORY}::test_periods_on_the_grid_keep_their_steps_in_spite_of_float_rounding",
    ),
    Mutant(
        "a period of 0 holds v for a step after the spike",
        "neurochip/network/refractory.py",
        "_whole(np.where(steps > 0, steps + 1, 0.0))",
        "_whole(steps + 1)",
        f"{REFRACTORY}::test_a_period_of_0_is_no_refractory_period",
    ),
    # ------------------------------------------------------------------ decays and gains
    Mutant(
        "a decay register forgets the offset that the chip adds",
        "compiler/neurons/decays.py",
        "register = np.clip(effective - offset, decay.minimum, decay.maximum)",
        "register = np.clip(effective, decay.minimum, decay.maximum)",
        f"{DECAYS}::test_the_decay_register_of_u_holds_one_less",
    ),
    Mutant(
        "the bias holds the level of the unrounded decay",
        "compiler/neurons/decays.py",
        "bias = (1 - keep_v) * (ideal",
        "bias = (1 - ideal.keep_v) * (ideal",
        f"{DECAYS}::test_either_gain_keeps_the_resting_level",
    ),
    Mutant(
        "the level of currents in time contains their mean",
        "compiler/neurons/lower.py",
        "level = (decays.bias - decays.per_na * ideal.step_mean) * lsb_per_mv",
        "level = decays.bias * lsb_per_mv",
        f"{CURRENTS}::test_a_piece_has_the_bias_register_that_a_constant_current_has",
    ),
    Mutant(
        "the scale leaves room for the mean of a current only",
        "compiler/neurons/decays.py",
        "lowest, highest = (bias + per_na * change for change in ideal.swing)",
        "lowest, highest = (bias + 0 * change for change in ideal.swing)",
        f"{CURRENTS}::test_the_scale_leaves_room_for_the_largest_current",
    ),
    Mutant(
        "an amplitude acts in the step that its time lies in",
        "neurochip/network/step_current.py",
        "places = np.ceil(times / dt - GRID_TOLERANCE)",
        "places = np.floor(times / dt + GRID_TOLERANCE)",
        f"{CURRENTS}::test_an_amplitude_acts_from_the_first_step_that_begins_at_its_time",
    ),
    Mutant(
        "the gain follows the decay of v upside down",
        "neurochip/image/gains.py",
        "of_v = ((1 - keep_v) / (1 - ideal.keep_v)) ** self.v if self.v",
        "of_v = ((1 - ideal.keep_v) / (1 - keep_v)) ** self.v if self.v",
        f"{DECAYS}::test_dc_gain_keeps_the_level_that_a_steady_input_reaches",
    ),
    Mutant(
        "a first current is not scaled up for the step that decays it",
        "compiler/neurons/decays.py",
        "u_init=initial_current(item.start * gain, keep_u, model),",
        "u_init=initial_current(item.start * gain, keep_u, model) * keep_u,",
        f"{REPORT}::test_the_first_current_is_reported_in_its_own_unit",
    ),
    Mutant(
        "the spread of v under spikes is that of a membrane without a current",
        "compiler/neurons/drive.py",
        "width = tau_m / (2 * (1 + tau / tau_m))",
        "width = tau_m / (2 * (1 + tau / tau_m) ** 2)",
        "tests/unit/test_gains.py::test_mean_and_spread_of_v_are_those_of_campbells_theorem",
    ),
    Mutant(
        "the bias does not make up for the mean that weights lose",
        "neurochip/image/gains.py",
        "return gains, self.expected(ideal) - self._mean(keep_v, keep_u, gains) + lift",
        "return gains, lift",
        "tests/unit/test_moment_gain.py::test_a_float_twin_keeps_mean_and_variance_of_v",
    ),
    Mutant(
        "a slower v is given a lower mean to keep its rate",
        "neurochip/image/gains.py",
        "lift = self.lift * (1 - (1 - keep_v) / (1 - ideal.keep_v))",
        "lift = self.lift * ((1 - keep_v) / (1 - ideal.keep_v) - 1)",
        "tests/unit/test_gains.py::"
        "test_the_report_says_that_the_bias_preserves_the_rate_of_a_slower_v",
    ),
    Mutant(
        "neurons that wait for rare kicks may be moved beyond their threshold",
        "compiler/neurons/gains.py",
        " and crossing.mean() <= _CROSSING * wanted)",
        ")",
        "tests/unit/test_gains.py::test_the_resting_level_stays_on_its_side_of_threshold",
    ),
    Mutant(
        "the resting level moves for input that ends early",
        "compiler/neurons/rates.py",
        "return np.where(ends_early(source), 0.0, input_rates(source))",
        "return input_rates(source)",
        f"{RESTING}::test_input_that_ends_within_half_a_second_moves_no_resting_level",
    ),
    Mutant(
        "weights do not follow the rate of input that ends early",
        "compiler/neurons/gains.py",
        "if lasting is not point and not (goes_on and lif_rate(lasting).mean() >= _SILENT):",
        "if False:",
        f"{RESTING}::test_weights_follow_the_rate_during_an_input_that_ends",
    ),
    Mutant(
        "the default gain moves the resting level by any amount",
        "compiler/neurons/gains.py",
        'most = _MOVED * (get("v_thresh") - get("v_reset"))',
        'most = np.inf * (get("v_thresh") - get("v_reset"))',
        f"{RESTING}::test_the_default_gain_moves_the_resting_level_by_little",
    ),
    # ------------------------------------------------------------------ projections
    Mutant(
        "inhibitory synapses drive the excitatory current",
        "compiler/synapses/projections.py",
        "yield Projection(_part(connection, inhibitory), INHIBITORY, sign=-1)",
        "yield Projection(_part(connection, inhibitory), EXCITATORY, sign=-1)",
        f"{PAIRS}::test_each_synapse_drives_the_compartment_of_its_sign_with_its_own_gain",
    ),
    Mutant(
        "weights of zero are inhibitory",
        "compiler/synapses/projections.py",
        "np.asarray(connection.weight) < 0",
        "np.asarray(connection.weight) <= 0",
        f"{PAIRS}::test_weights_of_zero_are_excitatory",
    ),
    # ------------------------------------------------------------------ formats
    Mutant(
        "the grid of weights goes beyond the largest weight of the chip",
        "compiler/synapses/formats.py",
        "min((top >> low) * step, core.weight_limit // step * step)",
        "(top >> low) * step",
        f"{GRID}::test_a_grid_has_the_multiples_of_its_step_that_a_mantissa_decodes_to",
    ),
    Mutant(
        "the largest weight of a grid is no multiple of its step",
        "compiler/synapses/formats.py",
        "core.weight_limit // step * step)",
        "core.weight_limit)",
        f"{GRID}::test_a_narrow_accumulator_limits_the_weights_of_the_chip",
    ),
    Mutant(
        "a mixed grid takes a bit from its step, not from its range",
        "compiler/synapses/formats.py",
        "top = (1 << core.weight_mantissa_bits) - (1 << low)",
        "top = 2 << core.weight_mantissa_bits - low",
        f"{GRID}::test_a_grid_has_the_multiples_of_its_step_that_a_mantissa_decodes_to",
    ),
    Mutant(
        "exponents that reach less far than a finer grid are used",
        "compiler/synapses/formats.py",
        "every[: int(np.argmax(reach)) + 1]",
        "every",
        f"{GRID}::test_exponents_go_from_the_finest_grid_to_the_one_that_reaches_farthest",
    ),
    Mutant(
        "a coarser grid is taken although the largest weight rounds into the finer",
        "compiler/synapses/formats.py",
        "if largest <= candidate.largest + candidate.step / 2:",
        "if largest <= candidate.largest:",
        f"{GRID}::test_the_finest_grid_is_chosen_whose_largest_weight_is_less_than_half_a_step_off",
    ),
    Mutant(
        "weights of zero and below spend a bit on a sign",
        "compiler/synapses/formats.py",
        "if weights.max() <= 0 else",
        "if weights.max() < 0 else",
        f"{GRID}::test_no_bit_is_spent_on_a_sign_that_does_not_occur",
    ),
    # ------------------------------------------------------------------ peaks
    Mutant(
        "a negative first current lowers the peak of the current",
        "compiler/neurons/peaks.py",
        "current += np.abs(receptor.u_init)",
        "current += receptor.u_init",
        f"{PEAKS}::test_a_first_current_counts_with_its_magnitude",
    ),
    Mutant(
        "an initial current is ignored in the peak of v",
        "compiler/neurons/peaks.py",
        "side.start += np.maximum(sign * receptor.u_init, 0.0) * largest_gain",
        "side.start += np.minimum(sign * receptor.u_init, 0.0) * 0.0",
        f"{PEAKS}::test_a_first_current_finds_room_for_v_below",
    ),
    Mutant(
        "a peak may exceed everything at once",
        "compiler/neurons/peaks.py",
        "return np.asarray(np.minimum(peak, most))",
        "return np.asarray(np.maximum(peak, 0.0 * most))",
        f"{PEAKS}::test_peaks_are_mean_and_deviation_and_never_more_than_everything_at_once",
    ),
    Mutant(
        "a neuron that subtracts takes its threshold",
        "compiler/neurons/registers.py",
        "ideal.amount * lsb_per_mv",
        "ideal.threshold * 0.9 * lsb_per_mv",
        f"{SOFT}::test_the_report_has_the_amount_with_an_error_of_its_own",
    ),
    Mutant(
        "a neuron that receives several spikes at once keeps the core's own kind",
        "compiler/neurons/programs.py",
        "frozenset(own | reached | two) if",
        "frozenset(own | two) if",
        f"{SOFT}::test_an_image_keeps_its_resets_in_its_file",
    ),
    Mutant(
        "kicks of a refractory neuron reach a v that was only lowered",
        "neurochip/recurrence.py",
        "        refractory = steps + 1\n",
        "        refractory = np.maximum(steps, 1)\n",
        f"{SOFT}::test_the_counter_of_a_neuron_that_loses_kicks_is_a_step_longer",
    ),
    Mutant(
        "all spikes of a Poisson input bound its peak",
        "compiler/neurons/expectation.py",
        "drawn = isinstance(source, PoissonInput) or (",
        "drawn = (",
        f"{PEAKS}::test_peaks_are_mean_and_deviation_and_never_more_than_everything_at_once",
    ),
    Mutant(
        "the peak of the input ignores the bias",
        "compiler/neurons/peaks.py",
        "input=float((current + child + largest_bias(decays)).max()),",
        "input=float((current + child + np.minimum(decays.bias, 0)).max()),",
        f"{PEAKS}::test_peaks_are_mean_and_deviation_and_never_more_than_everything_at_once",
    ),
    Mutant(
        "kicks and a current are never expected together",
        "compiler/neurons/peaks.py",
        "child, current = current, np.zeros(size)",
        "child = np.zeros(size)",
        f"{KICKS}::test_peaks_add_kicks_and_current",
    ),
    Mutant(
        "a child that kicks push over its threshold spikes",
        "compiler/neurons/peaks.py",
        "max(voltage_high, of_child) if ideal.kicked else voltage_high",
        "voltage_high",
        f"{KICKS}::test_peaks_add_kicks_and_current",
    ),
    Mutant(
        "kicks drive the current beside them",
        "compiler/synapses/projections.py",
        "KICKS if connection.kicks_v else CURRENT",
        "CURRENT if connection.kicks_v else KICKS",
        f"{KICKS}::test_the_projections_name_the_receptors_and_copy_nothing",
    ),
    Mutant(
        "kicks beside a current do not decay before the test",
        "neurochip/recurrence.py",
        "kick = keep_v if network.kicks_decay",
        "kick = keep_v if not network.kicks_decay",
        f"{KICKS}::test_each_synapse_drives_its_receptor_with_the_gain_of_it",
    ),
    Mutant(
        "a soft bound takes the safe rates, and so weight bits",
        "compiler/neurons/peaks.py",
        "replace(expected, least=0.0)",
        "replace(expected, least=expected.least)",
        f"{PEAKS}::test_the_soft_bound_takes_the_rates_that_are_expected_and_the_others_at_least_10_hz",
    ),
    # -------------------------------------------------------------------- rates
    Mutant(
        "neurons that are predicted to be silent get no headroom",
        "compiler/neurons/expectation.py",
        "return np.maximum(rates, self.least) if isinstance(source, Population) else rates",
        "return rates",
        f"{RATES}::test_rates_are_predicted_and_headroom_is_left_for_at_least_10_hz",
    ),
    Mutant(
        "given spikes come one in a step",
        "compiler/neurons/expectation.py",
        "return float(count_together(source, dt).max())",
        "return 1.0",
        "tests/unit/test_same_step_spikes.py::test_given_spikes_of_one_step_all_arrive",
    ),
    Mutant(
        "spikes that are not known yet come one in a step",
        "compiler/neurons/expectation.py",
        "isinstance(source, SpikeInput) and source.expected_rate is not None",
        "False",
        "tests/unit/test_same_step_spikes.py::"
        "test_spikes_that_are_not_known_yet_may_come_in_one_step",
    ),
    Mutant(
        "an expected rate is ignored",
        "compiler/neurons/rates.py",
        "rate = source.expected_rate",
        "rate = GUESSED",
        f"{RATES}::test_an_input_has_its_own_rate_its_expected_rate_that_of_its_spikes_or_an_assumed_one",
    ),
    Mutant(
        "rates that swing are not damped more",
        "compiler/neurons/drive.py",
        "np.where(off * before < 0, _SLOWER * damping, _FASTER * damping)",
        "_FASTER * damping",
        f"{RATES}::test_strong_inhibition_settles",
    ),
    Mutant(
        "a gain is fitted to an input of unknown rate",
        "compiler/neurons/lower.py",
        "guessed = name in expected.guessed",
        "guessed = False",
        "tests/unit/test_gains.py::"
        "test_where_no_rate_can_be_predicted_the_mean_is_preserved_and_the_report_says_why",
    ),
    Mutant(
        "few levels are no warning",
        "compiler/explain_weights.py",
        "if used < min(_FEW, available / 2) and",
        "if used < 0 and",
        f"{RATES}::test_few_levels_are_a_warning_that_names_the_cause_and_the_options",
    ),
    # ------------------------------------------------------------------ scaling
    Mutant(
        "headroom brings the peaks nearer to their limits",
        "compiler/neurons/scaling.py",
        "name: limit / (factor * getattr(peaks, name))",
        "name: limit * factor / getattr(peaks, name)",
        f"{SCALING}::test_of_the_octave_below_the_tightest_bound_the_scale_of_the_smallest_cost_is"
        "_chosen",
    ),
    Mutant(
        "the threshold may lie at the top of the state, where v never passes it",
        "compiler/neurons/scaling.py",
        "passed = (core.state.maximum - 1) / ideal.threshold.max()",
        "passed = 2 * core.state.maximum / ideal.threshold.max()",
        f"{SCALING}::test_a_threshold_register_that_reaches_beyond_the_state_is_not_filled",
    ),
    Mutant(
        "the room for bursts is that of the smallest weights that are sent",
        "compiler/neurons/scaling.py",
        "max(min(full), resolved)",
        "max(max(full), resolved)",
        f"{BURSTS}::test_a_connection_of_smaller_weights_bounds_the_room_by_64_steps",
    ),
    Mutant(
        "bursts of unknown size take the room that is predicted",
        "compiler/neurons/scaling.py",
        "if item in bursts]",
        "if item not in bursts]",
        f"{BURSTS}::test_the_room_is_all_that_the_weights_leave_which_keep_their_levels",
    ),
    Mutant(
        "room for a v that is clipped takes the levels of weights behind bursts",
        "compiler/neurons/scaling.py",
        "if not (yields and is_soft(name, core))",
        "if not (yields and False)",
        f"{BURSTS}::test_bursts_that_were_counted_leave_weights_their_levels_though_v_falls_far",
    ),
    Mutant(
        "the scale with the largest error is chosen",
        "compiler/neurons/scaling.py",
        "chosen = float(scales[np.argmin(costs)])",
        "chosen = float(scales[np.argmax(costs)])",
        f"{SCALING}::test_of_the_octave_below_the_tightest_bound_the_scale_of_the_smallest_cost_is"
        "_chosen",
    ),
    Mutant(
        "neurons that share a register keep the scale of the population",
        "compiler/neurons/sharing.py",
        "own[inside] = shared * unit / ideal.threshold[inside]",
        "own[inside] = scale.lsb_per_mv",
        "tests/unit/test_neuron_scales.py::"
        "test_more_thresholds_share_half_the_registers_of_a_core_and_are_exact",
    ),
    Mutant(
        "weights do not follow the scale of their neuron",
        "compiler/neurons/weights.py",
        "else lsb_per_mv[post]",
        "else lsb_per_mv[0]",
        "tests/property/test_placement_properties.py::"
        "test_every_register_is_in_range_and_within_half_a_step_of_what_was_asked",
    ),
    # ------------------------------------------------------------------ registers
    Mutant(
        "a threshold floors",
        "compiler/neurons/registers.py",
        "round_to_integer(threshold, Rounding.NEAREST), 0",
        "round_to_integer(threshold, Rounding.FLOOR), 0",
        f"{SCALING}::test_registers_round_to_nearest_at_their_scale",
    ),
    # ------------------------------------------------------------------ synapses, rounding
    Mutant(
        "weights that round up half of the way go down",
        "compiler/synapses/rounding.py",
        'if rule == "nearest":\n        return round_to_integer(steps, Rounding.NEAREST)',
        'if rule == "nearest":\n        return round_to_integer(steps, Rounding.TOWARD_ZERO)',
        f"{REPORT}::test_inhibitory_and_mixed_weights_keep_their_signs_and_sums",
    ),
    Mutant(
        "sums of a target begin with what the target before left over",
        "compiler/synapses/rounding.py",
        "up[begins] = carried[begins]",
        "up[begins] += 0.0",
        f"{ROUNDING}::test_moments_keep_the_sum_of_each_target_to_half_a_step",
    ),
    Mutant(
        "the largest weights trade with the largest that went down",
        "compiler/synapses/rounding.py",
        "low = low[np.lexsort((below[low], target[low]))]",
        "low = low[np.lexsort((-below[low], target[low]))]",
        f"{ROUNDING}::test_moments_keep_sums_and_squares_better_than_every_other_rule",
    ),
    Mutant(
        "a delay one step too long is accepted",
        "compiler/synapses/convert.py",
        "if longest > chip.core.delay_max:",
        "if longest > chip.core.delay_max + 1:",
        f"{ERRORS}::test_a_delay_that_no_register_holds_is_refused",
    ),
    Mutant(
        "weights are rounded in units of 1 instead of steps",
        "compiler/synapses/convert.py",
        "self.weights_of(part) / self.grid.step,",
        "self.weights_of(part),",
        f"{REPORT}::test_a_weight_decodes_with_the_gain_that_was_chosen",
    ),
    Mutant(
        "neurons with many time constants keep the order of the network",
        "compiler/placement/strategies.py",
        "return (by_registers if fewer else order), opens",
        "return order, opens",
        "tests/unit/test_fullest.py::test_neurons_of_equal_registers_share_cores",
    ),
    Mutant(
        "a neuron with a program is placed with the state of a LIF neuron",
        "compiler/placement/workload.py",
        "if own is None or not core.memory_words:",
        "if True:",
        "tests/unit/test_mapping_programs.py"
        "::test_the_compiler_leaves_room_for_the_state_of_programs",
    ),
    Mutant(
        "the next neuron is left out when a core is said to be full",
        "compiler/placement/fullest.py",
        "sizes = np.diff(core_ptr)[every] + 1",
        "sizes = np.diff(core_ptr)[every]",
        "tests/unit/test_fullest.py::"
        "test_a_resource_that_every_core_uses_up_but_none_lacks_is_not_blamed",
    ),
    Mutant(
        "weights of equal errors are rounded to nearest at all scales",
        "compiler/synapses/rounding.py",
        "return CARRIED if several and",
        "return CARRIED if not several and",
        f"{ROUNDING}::test_one_weight_onto_neurons_of_many_scales_keeps_its_sums",
    ),
    # ------------------------------------------------------------------ compartments
    Mutant(
        "a child has the threshold of its parent",
        "compiler/neurons/compartments.py",
        "neurons.threshold_mantissa, core.threshold_mantissa.maximum",
        "neurons.threshold_mantissa, int(neurons.threshold_mantissa[0])",
        f"{PAIRS}::test_a_child_is_quiet",
    ),
    # ------------------------------------------------------------------ placement, report, image
    Mutant(
        "synapses onto an inhibitory current end in the parent",
        "compiler/assemble.py",
        "placement.compartment_ids(connection.target, item.projection.receptor)",
        "placement.compartment_ids(connection.target)",
        f"{PAIRS}::test_each_synapse_drives_the_compartment_of_its_sign_with_its_own_gain",
    ),
    Mutant(
        "the spikes of the second input come from the first",
        "compiler/assemble.py",
        "first_input[entry.name] = n_inputs",
        "first_input[entry.name] = 0",
        "tests/unit/test_assemble.py::test_every_synapse_is_between_the_places_of_its_neurons",
    ),
    Mutant(
        "the rows of sources come in the order of the network, not of their places",
        "compiler/assemble.py",
        "return spans(indptr[:-1][by_number], np.diff(indptr)[by_number])",
        "return np.arange(indptr[-1])",
        "tests/unit/test_assemble.py::test_rows_follow_the_places_of_their_sources",
    ),
    Mutant(
        "the curve through a chip leaves out a turn",
        "compiler/placement/sites.py",
        "x, y = np.where(up, x, y), np.where(up, y, x)",
        "x, y = np.where(up, y, x), np.where(up, x, y)",
        "tests/unit/test_sites.py::test_the_curve_goes_from_tile_to_neighbour",
    ),
    Mutant(
        "a weight that became 0 is not counted where it was inhibitory",
        "compiler/explain_weights.py",
        "gone = (integers == 0) & (asked != 0)",
        "gone = (integers == 0) & (asked > 0)",
        f"{REPORT}::test_weights_that_became_zero_are_counted_and_warned_about",
    ),
    Mutant(
        "a refractory period is reported one step too long for delta synapses",
        "compiler/explain.py",
        "        ideal.period * dt,",
        "        registers.refractory * dt,",
        f"{REPORT}::test_a_refractory_period_of_50_steps_becomes_register_51",
    ),
    Mutant(
        "weights in the report ignore the gain",
        "compiler/explain_weights.py",
        "per_unit = target.lsb_per_mv * gain  # LSB of a weight of 1",
        "per_unit = target.lsb_per_mv",
        f"{REPORT}::test_a_weight_decodes_with_the_gain_that_was_chosen",
    ),
    Mutant(
        "the step of a network that was made for it is questioned",
        "compiler/explain.py",
        'if population.model.integration != "exact" or not is_long_step',
        "if not is_long_step",
        f"{REPORT}::test_a_network_that_was_made_for_its_step_is_not_questioned",
    ),
    Mutant(
        "synapses with other mantissas share a kernel",
        "compiler/synapses/sharing.py",
        "if (kernel.ravel()[entry] != mantissa).any():",
        "if False:",
        f"{SHARED_KERNELS}::test_synapses_that_share_no_kernel_are_stored_one_by_one",
    ),
    Mutant(
        "a kernel adds synapses that are missing",
        "compiler/synapses/sharing.py",
        "return kernel if np.array_equal(used, complete) else None",
        "return kernel",
        f"{SHARED_KERNELS}::test_synapses_that_share_no_kernel_are_stored_one_by_one",
    ),
    Mutant(
        "a kernel takes one delay for all",
        "compiler/synapses/sharing.py",
        "or (delays != delays[:1]).any()",
        "or (delays < 0).any()",
        f"{SHARED_KERNELS}::test_synapses_that_share_no_kernel_are_stored_one_by_one",
    ),
]
