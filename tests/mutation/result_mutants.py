"""Wrong lines of the code before and after a run: inputs, recordings, decoding, validation."""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

DECODE = "neurochip/emulator/decode.py"
DECODED = "tests/unit/test_decode.py"
CURRENTS = "tests/unit/test_synaptic_currents.py"
METRICS = "tests/unit/test_metrics.py"
RECORDING = "tests/unit/test_recording.py"
STIMULUS = "tests/unit/test_stimulus.py"
COMPARE = "tests/unit/test_compare.py"
ANSWER = "tests/unit/test_answer.py"
INTERVALS = "tests/unit/test_intervals.py"
EQUIVALENCE = "tests/unit/test_equivalence.py"
BITS = "tests/unit/test_bits.py"
DECIDE = "neurochip/precision/decide.py"
FIXED_POINT = "tests/unit/test_fixedpoint.py"
REGISTERS = "tests/unit/test_registers.py"
ANSWERED = "neurochip/sweeps/answer.py"
SWEPT = "tests/unit/test_sweep_answer.py"
NOISE = "neurochip/attribution/noise.py"
BOUND = "tests/unit/test_attribution.py"
PLAUSIBLE = "neurochip/network/plausible.py"
DOUBTS = "tests/unit/test_plausible.py"

STATISTICS = "neurochip/classification/statistics.py"
CLASSIFIED = "tests/unit/test_classification.py"
BLAMED = "tests/unit/test_classification_attribution.py"
STRONG = "tests/unit/test_strong_difference.py"

COUPLING = "neurochip/network/coupling.py"
COUPLED = "tests/unit/test_coupling.py"
ORIGINS = "tests/unit/test_origins.py"
OVERFLOWS = "tests/unit/test_overflows.py"

MUTANTS = [
    Mutant(
        "counts above 255 lose their high bits",
        "neurochip/network/counts.py",
        "self._keep(counts, np.min_scalar_type(high))",
        "self._keep(counts, np.uint8)",
        "tests/unit/test_spike_counts.py::test_counts_are_stored_in_the_smallest_type_that_holds_them",
    ),
    Mutant(
        "the digest of counts takes each for one spike",
        "neurochip/_support/spike_digest.py",
        "keys *= part.ravel()",
        "keys *= part.ravel() > 0",
        "tests/unit/test_spike_counts.py::test_the_digest_of_counts_is_that_of_their_spikes",
    ),
    Mutant(
        "a second connection of a source is not compared with the first",
        COUPLING,
        "if ((before >= 0) & (before != goal)).any() or (by_source[pre] != goal).any():",
        "if (by_source[pre] != goal).any():",
        f"{COUPLED}::test_two_connections_of_a_source_count_together",
    ),
    Mutant(
        "a neuron that drives only itself is on a cycle",
        COUPLING,
        "if item.n_synapses and not _is_diagonal(item)]",
        "if item.n_synapses]",
        f"{COUPLED}::test_a_neuron_that_drives_only_itself_is_on_no_cycle",
    ),
    Mutant(
        "the digest of a stimulus does not see which source spikes",
        "neurochip/_support/spike_digest.py",
        "source *= _SOURCE",
        "source *= 0",
        f"{ORIGINS}::test_every_property_of_a_spike_changes_the_digest",
    ),
    Mutant(
        "swapped runs are compared",
        "neurochip/validation/origins.py",
        "run.origin.kind != kind]",
        "run.origin.kind == None]",
        f"{ORIGINS}::test_a_pair_that_means_something_else_is_refused_unless_asked_for",
    ),
    Mutant(
        "a run counts the overflows of the run before",
        "neurochip/emulator/cpu/engine.py",
        "            state.overflows[:] = 0",
        "            state.overflows[:0] = 0",
        f"{OVERFLOWS}::test_the_next_run_counts_anew",
    ),
    Mutant(
        "rare traces beyond their limit are told",
        "neurochip/emulator/overflows.py",
        "if beyond > _NOTABLE * of:",
        "if beyond > 0:",
        f"{OVERFLOWS}::test_rare_traces_and_weights_at_their_limit_are_counted_and_not_told",
    ),
    Mutant(
        "overflows of child compartments are not told apart",
        "neurochip/emulator/overflows.py",
        "found[name] = above_zero(sums[0], CHILD) | above_zero(sums[1])",
        "found[name] = above_zero(sums[0] + sums[1])",
        f"{OVERFLOWS}::test_child_compartments_are_told_apart",
    ),
    Mutant(
        "the reset is shown a step too long",
        DECODE,
        "lengths = (registers.refractory[compartments] - 1).astype(np.int64)",
        "lengths = registers.refractory[compartments].astype(np.int64)",
        f"{DECODED}::test_v_is_shown_at_the_reset_from_the_spike_up_to_the_last_held_step",
    ),
    Mutant(
        "the reset is shown a step too long where a run begins",
        DECODE,
        "registers.held[item.compartment_ids[neurons[early]]].astype(np.int64) - 1, lengths]",
        "registers.held[item.compartment_ids[neurons[early]]].astype(np.int64), lengths]",
        f"{DECODED}::test_a_neuron_that_is_held_when_the_run_begins_is_shown_at_the_reset",
    ),
    Mutant(
        "rows of the reset count from step 0",
        DECODE,
        "(registers.steps[mine] - registers.first_step)",
        "(registers.steps[mine] % len(v))",
        f"{DECODED}::test_rows_count_from_the_first_step_of_the_run",
    ),
    Mutant(
        "u is shown above the origin of v",
        DECODE,
        'if variable == "v":\n        v = item',
        "if True:\n        v = item",
        f"{DECODED}::test_each_probe_has_the_units_and_the_reset_of_its_neuron",
    ),
    Mutant(
        "spikes of neurons that lie out of order stay in that of the compartments",
        DECODE,
        "if (np.diff(item.compartment_ids) < 0).any():",
        "if (np.diff(item.compartment_ids) < 0).all():",
        f"{DECODED}::test_spikes_go_to_the_neurons_of_their_compartments_by_step_then_neuron",
    ),
    Mutant(
        "the synaptic current of a step is that before its decay",
        "neurochip/emulator/synaptic_currents.py",
        "np.trunc(values * item.keep)",
        "np.trunc(values)",
        f"{CURRENTS}::test_currents_are_what_the_registers_mean_computed_in_plain_integers",
    ),
    Mutant(
        "the excitatory and the inhibitory current are exchanged on the chip",
        "neurochip/emulator/synaptic_currents.py",
        '{"i_syn_E": ("tau_syn_E",), "i_syn_I": ("tau_syn_I",)}',
        '{"i_syn_I": ("tau_syn_E",), "i_syn_E": ("tau_syn_I",)}',
        f"{CURRENTS}::test_currents_are_what_the_registers_mean_computed_in_plain_integers",
    ),
    Mutant(
        "the reference records the excitatory current as the inhibitory one",
        "neurochip/reference/probes.py",
        '"i_syn_E": _FIRST, "i_syn_I": _SECOND',
        '"i_syn_E": _SECOND, "i_syn_I": _FIRST',
        f"{CURRENTS}::test_the_reference_goes_on_and_its_currents_decay_as_their_time_constants_say",
    ),
    Mutant(
        "a trace is sampled at the beginning of each step",
        "neurochip/recording/trace.py",
        "ends = self.first_step + 1 + np.arange(",
        "ends = self.first_step + np.arange(",
        f"{RECORDING}::test_traces_are_sampled_at_the_ends_of_the_steps",
    ),
    Mutant(
        "the trains of neurons are exchanged",
        "neurochip/recording/recording.py",
        'np.argsort(ids, kind="stable")',
        'np.argsort(-ids, kind="stable")',
        "tests/unit/test_recording_tables.py::test_every_neuron_has_a_train_of_times",
    ),
    Mutant(
        "rates are per ms",
        "neurochip/recording/recording.py",
        "return self.counts(population) / (self.duration / 1000.0)",
        "return self.counts(population) / self.duration",
        f"{RECORDING}::test_times_counts_and_rates_come_from_steps",
    ),
    Mutant(
        "a neuron beyond the last can be recorded",
        "neurochip/recording/probes.py",
        "ids.min() >= 0 and ids.max() < populations[name]):",
        "ids.min() >= 0 and ids.max() <= populations[name]):",
        f"{RECORDING}::test_what_cannot_be_recorded_is_refused",
    ),
    Mutant(
        "all inputs share one stream of random numbers",
        "neurochip/network/poisson.py",
        "np.random.default_rng([seed, zlib.crc32(item.name.encode())])",
        "np.random.default_rng([seed, len(item.name)])",
        f"{STIMULUS}::test_each_input_has_its_own_stream_whoever_stands_beside_it",
    ),
    Mutant(
        "a duration half a step off the grid is accepted",
        "neurochip/_support/grid.py",
        "return None if is_apart(steps * dt, duration, dt) else steps",
        "return steps",
        f"{STIMULUS}::test_a_run_off_the_grid_is_refused",
    ),
    Mutant(
        "an interval reaches from one neuron to the next",
        "neurochip/validation/metrics.py",
        "return np.diff(steps)[same], ids[1:][same]",
        "return np.abs(np.diff(steps)), ids[1:]",
        f"{METRICS}::test_intervals_never_reach_from_one_neuron_to_the_next",
    ),
    Mutant(
        "spikes a step beyond the window coincide",
        "neurochip/validation/metrics.py",
        'np.searchsorted(others, keys + window, side="right") > begin',
        'np.searchsorted(others, keys + window + 1, side="right") > begin',
        f"{METRICS}::test_coincidences_agree_with_a_loop_over_spikes",
    ),
    Mutant(
        "chance leaves out the step of the spike itself",
        "neurochip/validation/metrics.py",
        "chance = (2 * window + 1) * n_other / n_steps",
        "chance = 2 * window * n_other / n_steps",
        f"{METRICS}::test_gamma_by_hand",
    ),
    Mutant(
        "a cv is defined for two spikes",
        "neurochip/validation/metrics.py",
        "enough = number >= 2",
        "enough = number >= 1",
        f"{METRICS}::test_cv_needs_three_spikes",
    ),
    Mutant(
        "values round half away from zero",
        "neurochip/chip/fixedpoint.py",
        "rounded = np.rint(values)",
        "rounded = np.trunc(values + np.copysign(0.5, values))",
        f"{FIXED_POINT}::test_each_rule_rounds_as_it_says",
    ),
    Mutant(
        "a value that rounds out of its mantissa keeps its exponent",
        "neurochip/chip/fixedpoint.py",
        "(candidate <= mantissa.maximum)",
        "(np.ldexp(values, -exponents) <= mantissa.maximum + 0.5)",
        f"{FIXED_POINT}::test_a_value_that_rounds_out_of_the_mantissa_takes_the_next_exponent",
    ),
    Mutant(
        "a mixed format has a bit more than it has",
        "neurochip/chip/registers.py",
        "mixed = 1 if self.sign_mode is SignMode.MIXED else 0",
        "mixed = 0",
        f"{REGISTERS}::test_bits_that_are_not_stored_are_low_bits",
    ),
    Mutant(
        "the lowest v is a power of two",
        "neurochip/chip/registers.py",
        "vmin = 1 - (np.int64(1)",
        "vmin = 0 - (np.int64(1)",
        f"{REGISTERS}::test_the_registers_at_their_ends",
    ),
    Mutant(
        "a vector without u and v is compared in nothing",
        "neurochip/conformance/check.py",
        "grid[output.spike_step, output.spike_neuron] = 1",
        "grid[output.spike_step[:0], output.spike_neuron[:0]] = 1",
        "tests/unit/test_conformance.py::test_a_vector_of_spikes_only_is_compared_in_its_spikes",
    ),
    Mutant(
        "a difference is claimed at 5 % for each population",
        DECIDE,
        "conclude(*interval(rates, strict), -tolerance, tolerance)",
        "conclude(*interval(rates), -tolerance, tolerance)",
        f"{BITS}::test_more_populations_need_a_larger_difference",
    ),
    Mutant(
        "equal counts prove equal rates",
        DECIDE,
        "spike = float(rates.reference.mean()) / rates.spikes",
        "spike = 0.0",
        f"{BITS}::test_few_spikes_resolve_no_small_tolerance",
    ),
    Mutant(
        "a width is enough although a wider one is not",
        DECIDE,
        "        if conclusions[width] is not Conclusion.EQUAL:\n            break",
        "        if conclusions[width] is not Conclusion.EQUAL:\n            continue",
        f"{BITS}::test_the_verdict_is_monotone",
    ),
    Mutant(
        "the best population decides",
        DECIDE,
        "for conclusion in (Conclusion.DIFFERENT, Conclusion.UNDECIDED):",
        "for conclusion in (Conclusion.EQUAL, Conclusion.UNDECIDED):",
        f"{BITS}::test_the_worst_population_decides",
    ),
    Mutant(
        "the seeds that would decide are counted for an interval of no width",
        DECIDE,
        "half = t_quantile(1 - level, seeds - 1) * relative / math.sqrt(seeds)",
        "half = 0.0",
        f"{BITS}::test_the_predicted_number_of_seeds_decides",
    ),
    Mutant(
        "intervals are those of a normal distribution of many pairs",
        "neurochip/validation/intervals.py",
        "t_quantile((1 + confidence) / 2, len(difference) - 1)",
        "t_quantile((1 + confidence) / 2, 1000)",
        f"{INTERVALS}::test_intervals_over_normal_pairs_hold_the_truth_95_times_in_100",
    ),
    Mutant(
        "neurons of unknown coupling count as independent",
        "neurochip/validation/intervals.py",
        "if coupling == INDEPENDENT and size >= BLOCKS:",
        "if coupling in (INDEPENDENT, None) and size >= BLOCKS:",
        f"{COMPARE}::test_the_coupling_of_the_neurons_decides_what_the_interval_is_over",
    ),
    Mutant(
        "equal counts leave no room for another run",
        "neurochip/validation/intervals.py",
        "return min(low, centre - least), max(high, centre + least)",
        "return low, high",
        f"{INTERVALS}::test_equal_counts_leave_room_for_the_spikes_of_a_repetition",
    ),
    Mutant(
        "a part within the noise floor is a cause",
        "neurochip/validation/answer.py",
        "return _excludes_zero(part.interval) and not abs(part.signed) <= floor",
        "return _excludes_zero(part.interval)",
        f"{ANSWER}::test_a_total_within_the_noise_floor_is_no_difference",
    ),
    Mutant(
        "a network that the time step silences is called silent",
        "neurochip/validation/verdict.py",
        "return Verdict.SILENT_AT_STEP if fine_spikes else Verdict.SILENT",
        "return Verdict.SILENT",
        f"{ANSWER}::test_a_step_that_silences_both_runs_on_the_grid_is_not_called_silence",
    ),
    Mutant(
        "the noise floor is that of one run, not of a difference",
        "neurochip/validation/noise_floor.py",
        "spread * math.sqrt(2.0) / mean",
        "spread / mean",
        "tests/unit/test_twins.py::test_the_noise_floor_by_hand",
    ),
    Mutant(
        "synapses that hear no spike are changed",
        "neurochip/reference/twins.py",
        "np.flatnonzero(heard & (np.asarray(item.weight) != 0))",
        "np.flatnonzero(np.broadcast_to(item.weight, heard.shape) != 0)",
        "tests/unit/test_twins.py::test_a_network_without_recurrence_or_without_spikes_has_no_twins",
    ),
    # ------------------------------------------------------------------ sweeps, attribution
    Mutant(
        "errors that cancel count as no error",
        ANSWERED,
        'return grid * registers < 0 and larger > _FINE and abs(errors["total"]) < larger / 2',
        "return False",
        f"{SWEPT}::test_a_step_that_is_best_only_because_errors_cancel_is_not_called_fine",
    ),
    Mutant(
        "the noise floor counts only above the tolerance",
        ANSWERED,
        'if abs(item["total"]) <= max(_FINE, floor) and not cancels(item):',
        'if abs(item["total"]) <= _FINE and not cancels(item):',
        f"{SWEPT}::test_a_step_whose_error_is_within_the_noise_floor_is_undecided",
    ),
    Mutant(
        "the best population of a sweep counts",
        ANSWERED,
        "found[value] = max(medians, key=lambda errors: abs(next(iter(errors.values()))))",
        "found[value] = min(medians, key=lambda errors: abs(next(iter(errors.values()))))",
        f"{SWEPT}::test_the_worst_population_and_the_worst_value_of_another_axis_count",
    ),
    Mutant(
        "the ideal is taken for one of many runs",
        NOISE,
        "if from_ideal and key in self.apart:  # the first run is exactly 0, the others are not",
        "if False:",
        f"{BOUND}::test_a_bound_is_that_of_a_sum_of_runs_of_which_some_are_known_exactly",
    ),
    Mutant(
        "an interaction is as certain as an effect",
        NOISE,
        "return self._bound(key, from_ideal, first=sources - 1, others=sources + 1)",
        "return self._bound(key, from_ideal, first=-1, others=1)",
        f"{BOUND}::test_a_bound_is_that_of_a_sum_of_runs_of_which_some_are_known_exactly",
    ),
    Mutant(
        "networks without units are taken for volts",
        PLAUSIBLE,
        "return bool(np.max(model.v_thresh) < 0)",
        "return True",
        f"{DOUBTS}::test_sensible_neurons_raise_no_doubt",
    ),
    Mutant(
        "weak synapses are taken for volts, however often they are used",
        PLAUSIBLE,
        "if drive < _SMALLEST_DRIVE * distance:",
        "if drive < np.inf:",
        f"{DOUBTS}::test_sensible_connections_raise_no_doubt",
    ),
    Mutant(
        "the units that a front end has converted are questioned",
        PLAUSIBLE,
        "if not found or _known.get():",
        "if not found:",
        f"{DOUBTS}::test_front_ends_which_know_their_units_raise_no_doubt",
    ),
    Mutant(
        "McNemar's test has one side",
        STATISTICS,
        "return float(min(1.0, 2 * tail / 2**tosses))",
        "return float(min(1.0, tail / 2**tosses))",
        f"{CLASSIFIED}::test_mcnemar_equals_a_binomial_test",
    ),
    Mutant(
        "the normal approximation stands for Wilson's interval",
        STATISTICS,
        "math.sqrt(share * (1 - share) / samples + spread / samples / 4)",
        "math.sqrt(share * (1 - share) / samples)",
        f"{CLASSIFIED}::test_a_wilson_interval_ends_where_the_proportion_is_just_significant",
    ),
    Mutant(
        "p-values are adjusted by Bonferroni for the largest number",
        STATISTICS,
        "min(1.0, (len(p_values) - rank) * p_values[index])",
        "min(1.0, len(p_values) * p_values[index])",
        f"{CLASSIFIED}::test_adjusted_p_values_keep_their_order",
    ),
    Mutant(
        "samples that both classify wrongly count as lost",
        STATISTICS,
        "np.count_nonzero(was & ~now), np.count_nonzero(now & ~was)",
        "np.count_nonzero(~now), np.count_nonzero(now & ~was)",
        f"{BLAMED}::test_samples_are_paired",
    ),
    Mutant(
        "a chip that wins significantly loses",
        "neurochip/classification/result.py",
        "p < LEVEL and item.lost > item.won",
        "p < LEVEL",
        f"{CLASSIFIED}::test_more_bits_than_float_may_win",
    ),
    Mutant(
        "the later of two equal classes is taken",
        "neurochip/classification/decode.py",
        "best = int(np.argmax(scores))",
        "best = len(scores) - 1 - int(np.argmax(scores[::-1]))",
        f"{CLASSIFIED}::test_a_silent_sample_is_tied",
    ),
    Mutant(
        "the first spike is the last one",
        "neurochip/classification/decode.py",
        "np.minimum.at(first, run.ids[output]",
        "np.maximum.at(first, run.ids[output]",
        f"{CLASSIFIED}::test_the_first_spike_can_decide",
    ),
    Mutant(
        "effects of registers are not adjusted for their number",
        "neurochip/classification/blame.py",
        "adjusted = holm([item.p_value for pair in pairs.values() for item in pair])",
        "adjusted = [item.p_value for pair in pairs.values() for item in pair]",
        f"{BLAMED}::test_p_values_are_adjusted_for_all_effects",
    ),
    Mutant(
        "the last layer that differs strongly is named",
        "neurochip/validation/strong.py",
        "for name, item in populations.items():",
        "for name, item in reversed([*populations.items()]):",
        f"{STRONG}::test_the_first_layer_that_shares_too_few_spikes_is_named",
    ),
]
