"""Wrong lines of the front end for PyNN."""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

PYNN = "neurochip/frontends/pynn"
PROJECTIONS = "tests/frontends/test_pynn_projections.py"
PLASTICITY = "tests/frontends/test_pynn_plasticity.py"
SOURCES = "tests/frontends/test_pynn_sources.py"
CURRENTS = "tests/frontends/test_pynn_electrodes.py"
SAME = f"{PROJECTIONS}::test_each_connector_makes_the_synapses_that_pynns_own_code_makes"

RECORDING = "tests/frontends/test_pynn_recording.py"
SEGMENTS = "tests/frontends/test_pynn_segments.py"
RUNS = "tests/frontends/test_pynn_runs.py"
CELLS = "tests/frontends/test_pynn_cells.py"
POPULATIONS = "tests/frontends/test_pynn_populations.py"
TIMING = "tests/frontends/test_pynn_timing.py"
SETUP = "tests/frontends/test_pynn_setup.py"

MUTANTS = [
    # ------------------------------------------------------------------ networks and runs
    Mutant(
        "the step has the order of the chip",
        f"{PYNN}/network.py",
        'delivery="before_threshold",',
        'delivery="next_step",',
        f"{TIMING}::test_currents_act_when_they_do_in_nest",
    ),
    Mutant(
        "a neuron is held as long as in Brian2",
        f"{PYNN}/network.py",
        'refractory="after_spike",',
        'refractory="from_spike",',
        f"{TIMING}::test_a_neuron_is_held_as_long_as_in_nest",
    ),
    Mutant(
        "a kick comes a step late",
        f"{PYNN}/network.py",
        "delay = np.maximum(delay - dt, 0.0)",
        "delay = np.maximum(delay, 0.0)",
        f"{TIMING}::test_a_kick_acts_at_the_end_of_its_delay",
    ),
    Mutant(
        "all synapses of a projection go to its first population",
        f"{PYNN}/network.py",
        "np.flatnonzero(pairs == pair)",
        "np.flatnonzero(pairs == found[0])",
        f"{POPULATIONS}::test_projections_between_assemblies_and_views_reach_the_right_neurons",
    ),
    Mutant(
        "a weight may have the sign of the other current",
        f"{PYNN}/network.py",
        "wrong = np.flatnonzero(weight * sign < 0)",
        "wrong = np.flatnonzero(weight * sign < -np.inf)",
        f"{CELLS}::test_a_weight_with_the_sign_of_the_other_current_is_refused",
    ),
    Mutant(
        "a conductance counts as its current at rest",
        f"{PYNN}/membranes.py",
        'halfway = (given["v_rest"] + given["v_thresh"]) / 2',
        'halfway = given["v_rest"]',
        f"{CELLS}::test_a_conductance_counts_as_its_current_halfway_between_rest_and_threshold",
    ),
    Mutant(
        "a neuron has the initial currents of the other sign",
        f"{PYNN}/membranes.py",
        'zip(population.celltype.receptors, "EI", strict=False)',
        'zip(population.celltype.receptors, "IE", strict=False)',
        f"{POPULATIONS}::test_both_initial_currents_flow",
    ),
    Mutant(
        "a view sets the first cells of its population",
        f"{PYNN}/populations.py",
        "self.all_cells.astype(np.int64) - int(population.first_id)",
        "np.arange(self.size)",
        f"{POPULATIONS}::test_views_of_views_and_single_cells_set_their_own_parameters",
    ),
    Mutant(
        "a change between runs waits for a reset",
        f"{PYNN}/runs.py",
        "elif state.step:",
        "elif state.step < 0:",
        f"{RUNS}::test_changed_parameters_act_from_the_next_run_on",
    ),
    Mutant(
        "sources may end at other times after a reset",
        f"{PYNN}/runs.py",
        "if self.session is None or self._state.step:",
        "if True:",
        f"{SOURCES}::test_sources_that_end_otherwise_after_a_reset_have_the_chip_of_a_new_script",
    ),
    Mutant(
        "times that are set before a reset are past",
        f"{PYNN}/sources.py",
        "if known is None or known.trains is not trains or state.t < known.since:",
        "if known is None or known.trains is not trains:",
        f"{SOURCES}::test_times_that_are_set_before_a_reset_have_the_room_of_those_set_after_it",
    ),
    Mutant(
        "v that was set is forgotten at a reset",
        f"{PYNN}/runs.py",
        "if self._v_changed:",
        "if False:",
        f"{RUNS}::test_v_that_is_set_between_runs_is_where_the_next_run_and_a_reset_begin",
    ),
    Mutant(
        "a current may be set between runs",
        f"{PYNN}/runs.py",
        'if variable != "v":',
        "if False:",
        f"{RUNS}::test_a_current_that_is_set_between_runs_is_refused",
    ),
    Mutant(
        "an option of the compiler is lost",
        f"{PYNN}/control.py",
        "for name in _COMPILE if name in options",
        "for name in _COMPILE[1:] if name in options",
        f"{SETUP}::test_options_reach_the_compiler_and_the_emulator",
    ),
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
    # ------------------------------------------------------------------ spike sources
    Mutant(
        "a source begins with a whole interval",
        f"{PYNN}/renewal.py",
        "np.where(dead, process.stages, 1 + (how_far * process.stages).astype(np.int64))",
        "process.stages",
        f"{SOURCES}::test_sources_have_their_rate_from_the_start_on",
    ),
    Mutant(
        "no source begins within its dead time",
        f"{PYNN}/renewal.py",
        "np.where(dead, how_far * process.dead, 0.0)",
        "0.0 * how_far",
        f"{SOURCES}::test_sources_have_their_rate_from_the_start_on",
    ),
    Mutant(
        "an interval begins anew when the rate changes",
        f"{PYNN}/renewal.py",
        "position.left - passed",
        "position.left",
        f"{SOURCES}::test_a_changed_rate_acts_from_then_on_and_changes_nothing_before",
    ),
    Mutant(
        "a change ends the dead time",
        f"{PYNN}/renewal.py",
        "position.free - before.dead + after.dead",
        "0.0 * position.free",
        f"{SOURCES}::test_a_source_that_is_switched_off_and_on_keeps_its_dead_time",
    ),
    Mutant(
        "all sources have the stream of the first",
        f"{PYNN}/renewal.py",
        "streams[:, None] + number",
        "streams[:1, None] + number",
        f"{SOURCES}::test_sources_are_independent_and_so_are_the_steps_of_one",
    ),
    Mutant(
        "all stages of an interval are equal",
        f"{PYNN}/renewal.py",
        "(np.uint64(stage) << _STAGE)",
        "np.uint64(0)",
        f"{SOURCES}::test_intervals_have_their_distribution",
    ),
    Mutant(
        "numbers that were drawn in vain are not drawn again",
        f"{PYNN}/renewal.py",
        "counts.astype(np.uint64)",
        "np.uint64(numbers.shape[1])",
        f"{SOURCES}::test_spikes_do_not_depend_on_how_a_simulation_is_cut",
    ),
    Mutant(
        "the hazard before a change is forgotten",
        f"{PYNN}/hazard.py",
        "passed = _passed(course, who,",
        "passed = 0 * _passed(course, who,",
        f"{SOURCES}::test_the_hazard_follows_parameters_that_change_in_time",
    ),
    Mutant(
        "a tiny survival is none",
        f"{PYNN}/hazard.py",
        "tail = target < _TINY",
        "tail = target < 0",
        f"{SOURCES}::test_a_source_that_has_been_silent_for_long_spikes_at_the_rate_of_its_scale",
    ),
    Mutant(
        "a start between two steps is cut off",
        f"{PYNN}/sources.py",
        "np.ceil(start / dt - GRID_TOLERANCE)",
        "np.floor(start / dt)",
        f"{SOURCES}::test_sources_spike_from_their_start_until_their_duration_has_passed",
    ),
    Mutant(
        "a source that becomes slower takes room away",
        f"{PYNN}/sources.py",
        "np.maximum(before, _rate_of(population))",
        "_rate_of(population)",
        f"{SOURCES}::test_the_room_for_rates_only_widens",
    ),
    Mutant(
        "a source that becomes faster keeps its room",
        f"{PYNN}/runs.py",
        "if not state.stale and (_need_room(state) or self._end_otherwise()):",
        "if False:",
        f"{SOURCES}::test_sources_that_become_faster_get_more_room_on_the_chip",
    ),
    # ------------------------------------------------------------------ current sources
    Mutant(
        "the time of a current is cut off to a step",
        f"{PYNN}/electrodes.py",
        "np.rint(np.minimum(",
        "np.floor(np.minimum(",
        f"{CURRENTS}::test_times_between_two_steps_are_moved_to_the_nearest_with_a_word",
    ),
    Mutant(
        "the phase of a sine counts from time 0",
        f"{PYNN}/electrodes.py",
        "(steps - begin) + values",
        "steps + values",
        f"{CURRENTS}::test_a_current_acts_in_the_step_that_begins_at_its_time",
    ),
    Mutant(
        "all injections of a source have one noise",
        f"{PYNN}/electrodes.py",
        "place + 1, number, block",
        "place + 1, 0, block",
        f"{CURRENTS}::test_noise_is_held_for_its_interval_and_differs_between_targets",
    ),
    Mutant(
        "noise is drawn from time 0 on",
        f"{PYNN}/electrodes.py",
        '(steps[begin:end] - _step(values["start"]))',
        "steps[begin:end]",
        f"{CURRENTS}::test_noise_is_held_for_its_interval_and_differs_between_targets",
    ),
    Mutant(
        "a reset takes changes of a source back",
        f"{PYNN}/electrodes.py",
        "self._changes[-1:]",
        "self._changes[:1]",
        f"{CURRENTS}::test_reset_begins_with_the_last_parameters_and_the_same_noise",
    ),
    Mutant(
        "the room of a current narrows",
        f"{PYNN}/injection.py",
        "np.minimum(found[0], before[0]), np.maximum(found[1], before[1])",
        "found[0], found[1]",
        f"{CURRENTS}::test_the_room_reaches_what_the_sources_may_do_together",
    ),
    Mutant(
        "a current that is off is not in its room",
        f"{PYNN}/injection.py",
        "[min(low, 0.0)]",
        "[low]",
        f"{CURRENTS}::test_the_room_reaches_what_the_sources_may_do_together",
    ),
    # ------------------------------------------------------------------ recording
    Mutant(
        "a spike is stamped with the beginning of its step",
        f"{PYNN}/store.py",
        "(steps[mine] + 1.0) * dt",
        "steps[mine] * dt",
        f"{RECORDING}::TestSpikes::test_a_spike_is_at_the_end_of_its_step_and_one_at_the_end_of_the_run"
        "_is_kept",
    ),
    Mutant(
        "spikes of all cells are kept in memory",
        f"{PYNN}/store.py",
        "mine = wanted[who]\n                times",
        "mine = wanted[who] | True\n                times",
        f"{RECORDING}::TestSpikes::test_only_spikes_of_recorded_cells_are_kept_in_memory",
    ),
    Mutant(
        "v of a step is sampled at its beginning",
        f"{PYNN}/store.py",
        "self._take(population, variable, first + 1, ids, values)",
        "self._take(population, variable, first, ids, values)",
        f"{RECORDING}::TestSamples::test_sample_0_is_the_initial_value_and_the_others_are_ends_of_steps",
    ),
    Mutant(
        "samples keep the window that they are of",
        f"{PYNN}/store.py",
        "values if every == 1 else values.copy()",
        "values",
        f"{RECORDING}::TestSamples::test_only_samples_that_are_asked_for_are_kept_in_memory",
    ),
    Mutant(
        "the excitatory and the inhibitory current are exchanged",
        f"{PYNN}/store.py",
        '"u" if variable == first.initial else "u_child"',
        '"u_child" if variable == first.initial else "u"',
        f"{RECORDING}::TestCurrents::test_a_current_rises_by_its_weight_at_the_instant_at_which_a_spike"
        "_arrives",
    ),
    Mutant(
        "conductances are recorded as currents",
        f"{PYNN}/store.py",
        "(gain * driving_force(population, _receptor(population, variable)))",
        "gain",
        f"{RECORDING}::TestCurrents::test_conductances_as_currents_are_recorded_as_conductances",
    ),
    Mutant(
        "data begin at nan after they were cleared",
        f"{PYNN}/store.py",
        "for variable, (ids, values) in before.last.items():",
        "for variable, (ids, values) in {}.items():",
        f"{SEGMENTS}::TestSegments::test_after_clear_data_begin_at_the_time_and_the_last_value",
    ),
    Mutant(
        "earlier segments are handed out and not copies of them",
        f"{PYNN}/recording.py",
        "_selected(deepcopy(segment), *self.asked)",
        "_selected(segment, *self.asked)",
        f"{SEGMENTS}::TestSegments::test_earlier_segments_have_what_is_asked_for_and_stay_as_they_are",
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
