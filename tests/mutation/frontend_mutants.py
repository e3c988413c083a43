"""Wrong lines of the front ends: sessions, Brian2 scripts and NIR graphs."""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

SESSION = "neurochip/frontends/session.py"
BRIAN2 = "neurochip/frontends/brian2"
NIR = "neurochip/frontends/nir"
IN_PIECES = "tests/frontends/test_session.py"
PLASTICITY = "tests/frontends/test_brian2_plasticity.py"
READING = "tests/frontends/test_brian2_reading.py"
REFUSALS = "tests/frontends/test_brian2_refusals.py"
TIMES = "tests/frontends/test_brian2_times.py"
READ = "tests/frontends/test_nir_read.py"
LINEAR = "tests/frontends/test_nir_linear.py"
TIMING = "tests/frontends/test_nir_timing.py"
SPIKES = "tests/frontends/test_nir_spikes.py"
REGISTERS = "tests/frontends/test_nir_registers.py"
NIR_ERRORS = "tests/frontends/test_nir_errors.py"
NETX = "neurochip/frontends/netx"
NETX_READ = "tests/frontends/test_netx_read.py"
NETX_LAYERS = "tests/frontends/test_netx_layers.py"

MUTANTS = [
    # ------------------------------------------------------------------ sessions
    Mutant(
        "an interrupted run is taken for a whole one",
        SESSION,
        "self.interrupted = True",
        "self.interrupted = False",
        f"{IN_PIECES}::test_an_interruption_after_the_last_window_counts",
    ),
    Mutant(
        "the next run does not get the input of the last step",
        "neurochip/emulator/plan.py",
        "run.rows[0] + run.n_steps + 1",
        "run.rows[0] + run.n_steps",
        f"{IN_PIECES}::test_runs_one_after_the_other_are_one_run",
    ),
    Mutant(
        "windows do not count all that they record",
        SESSION,
        "longest = max(1, _VALUES // max(1, recorded))",
        "longest = max(1, _VALUES)",
        f"{IN_PIECES}::test_windows_are_as_long_as_memory_allows_and_change_nothing",
    ),
    Mutant(
        "counters of a joined recording are those of its first window",
        SESSION,
        "sum(part.counters[key] for part in parts)",
        "head.counters[key]",
        f"{IN_PIECES}::test_runs_one_after_the_other_are_one_run",
    ),
    Mutant(
        "another constant current is no change",
        "neurochip/frontends/changes.py",
        "network.constant_current(item),",
        "0.0,",
        f"{IN_PIECES}::test_a_change_is_told_with_its_kind_and_name",
    ),
    # ------------------------------------------------------------------ Brian2
    Mutant(
        "a threshold of v >= x is read as v > x",
        f"{BRIAN2}/neurons.py",
        "threshold = np.nextafter(threshold, -np.inf)",
        "threshold = np.nextafter(threshold, threshold)",
        f"{READING}::test_at_or_above_is_above_the_float_before",
    ),
    Mutant(
        "the factor of v in a threshold is ignored",
        f"{BRIAN2}/neurons.py",
        "threshold = level / factor",
        "threshold = level * 1.0",
        f"{READING}::test_a_threshold_is_read_however_it_is_written",
    ),
    Mutant(
        "a threshold that is crossed from above is accepted",
        f"{BRIAN2}/neurons.py",
        "if not (factor > 0).all():",
        "if not (factor != 0).all():",
        f"{REFUSALS}::test_other_spiking_is_refused",
    ),
    Mutant(
        "a statement that subtracts adds",
        f"{BRIAN2}/synapses.py",
        'return f"-({expression})"',
        'return f"({expression})"',
        f"{READING}::test_synapses_are_read_with_subgroups_strings_and_delays",
    ),
    Mutant(
        "a statement that subtracts adds on symbols",
        f"{BRIAN2}/abstract.py",
        "return before - value",
        "return before + value",
        f"{PLASTICITY}::test_a_form_that_is_read_does_what_its_code_does",
    ),
    Mutant(
        "an amplitude of depression strengthens",
        f"{BRIAN2}/plasticity.py",
        "a_minus=-minus[0] + 0.0",
        "a_minus=minus[0] + 0.0",
        f"{PLASTICITY}::test_a_form_that_is_read_does_what_its_code_does",
    ),
    Mutant(
        "the impulses of the traces of a triplet are added",
        f"{BRIAN2}/changes.py",
        "np.prod([trace.impulse",
        "np.sum([trace.impulse",
        f"{PLASTICITY}::test_random_orders_of_statements_are_read_rightly_or_refused",
    ),
    Mutant(
        "a weight that is delivered after its own change is refused without the reason",
        f"{BRIAN2}/learning.py",
        "if len(direct) == 1 and weight in paths.pre.values:",
        "if False:",
        f"{PLASTICITY}::test_another_form_is_refused_with_what_works",
    ),
    Mutant(
        "an upper limit that bites before w_max is accepted",
        f"{BRIAN2}/plasticity.py",
        "high = _same(change.high, w_max) or (free and change.high == np.inf)",
        "high = True",
        f"{PLASTICITY}::test_another_form_is_refused_with_what_works",
    ),
    Mutant(
        "euler of a trace decays as exact does",
        f"{BRIAN2}/traces.py",
        "return -milliseconds(dt) / float(np.log1p(-rate * dt))",
        "return 1000.0 / rate",
        f"{PLASTICITY}::test_euler_of_a_clock_driven_trace_is_read_with_the_decay_of_its_step",
    ),
    Mutant(
        "learned weights are read back in the order of the connection",
        f"{BRIAN2}/learned.py",
        "[..., self.position] / self.scale",
        "[..., self.order] / self.scale",
        f"{PLASTICITY}::test_learned_weights_have_the_order_and_unit_of_brian2",
    ),
    Mutant(
        "an operation of run_regularly may reset a trace",
        f"{BRIAN2}/rewards.py",
        "others = sorted(set(regular.effect.values) - {weight, name})",
        "others = []",
        f"{PLASTICITY}::test_another_form_is_refused_with_what_works",
    ),
    Mutant(
        "a reward reads the eligibility before its decay, whatever the order",
        f"{BRIAN2}/abstract.py",
        "inside[symbol] = (values or {}).get(name, symbol_of(name))",
        "inside[symbol] = symbol_of(name)",
        f"{PLASTICITY}::test_a_form_that_is_read_does_what_its_code_does",
    ),
    Mutant(
        "pathways of the source may have delays of their own",
        f"{BRIAN2}/learning.py",
        "if not np.array_equal(delay, common):",
        "if False:",
        f"{PLASTICITY}::test_synapses_that_learn_in_another_way_are_refused",
    ),
    Mutant(
        "delays of half a step are rounded down",
        f"{BRIAN2}/times.py",
        "(values / dt + 0.5).astype(np.int64)",
        "(values / dt + 0.4999).astype(np.int64)",
        f"{TIMES}::test_a_delay_that_means_the_same_step_keeps_its_value",
    ),
    Mutant(
        "a statement that multiplies what it writes is read as one that adds",
        f"{BRIAN2}/synapses.py",
        'if operation == "=" and sympy.diff(value, symbol) == 1:',
        'if operation == "=":',
        f"{REFUSALS}::test_other_synapses_are_refused",
    ),
    Mutant(
        "an inactive pathway acts",
        f"{BRIAN2}/synapses.py",
        "pathways = [pathway for pathway in synapses._pathways if pathway.active]",
        "pathways = list(synapses._pathways)",
        f"{READING}::test_of_two_pathways_the_inactive_one_is_left_out",
    ),
    Mutant(
        "a Poisson input onto a part of a group drives its first neurons",
        f"{BRIAN2}/kicks.py",
        "post=np.arange(first, first + size, dtype=np.int32),",
        "post=np.arange(size, dtype=np.int32),",
        f"{READING}::test_a_poisson_input_drives_the_part_of_the_group_that_it_was_given",
    ),
    Mutant(
        "a generator that spikes twice in a step is accepted",
        f"{BRIAN2}/inputs.py",
        "twice = (np.diff(steps) == 0) & (np.diff(who) == 0)",
        "twice = (np.diff(steps) < 0) & (np.diff(who) == 0)",
        f"{REFUSALS}::test_a_generator_spikes_once_in_a_step",
    ),
    # ------------------------------------------------------------------ NIR
    Mutant(
        "time constants of a graph are read as ms",
        f"{NIR}/neurons.py",
        "return seconds * 1000",
        "return seconds * 1",
        f"{READ}::test_dt_is_in_seconds_and_the_network_in_milliseconds",
    ),
    Mutant(
        "a pulse ignores the resistance",
        f"{NIR}/neurons.py",
        'rise = r * _lost(parameters["tau_m"], dt, convention)',
        'rise = r / r * _lost(parameters["tau_m"], dt, convention)',
        f"{READ}::test_the_size_of_a_kick_is_that_of_the_convention",
    ),
    Mutant(
        "a step of Euler loses what an exponential would",
        f"{NIR}/neurons.py",
        'return x if convention.integration == "euler" else -np.expm1(-x)',
        "return -np.expm1(-x)",
        f"{READ}::test_the_size_of_a_kick_is_that_of_the_convention",
    ),
    Mutant(
        "lava delivers within the step",
        f"{NIR}/convention.py",
        '"lava": Convention(delivery="next_step", layers="next_step"),',
        '"lava": Convention(layers="next_step"),',
        f"{READ}::test_conventions_have_names_and_parts",
    ),
    Mutant(
        "a connection that skips a layer does not wait for it",
        f"{NIR}/timing.py",
        "extra[source, name] = max(0, spare)",
        "extra[source, name] = 0",
        f"{TIMING}::test_depths_count_layers_and_name_what_comes_late",
    ),
    Mutant(
        "the bias of a deeper layer begins in the first step",
        f"{NIR}/read.py",
        'return self.timing.depths[name] if self.convention.layers == "same_step" else 0',
        "return 0",
        f"{TIMING}::test_the_bias_of_the_first_layer_is_a_constant_current_and_of_others_begins_later",
    ),
    Mutant(
        "a period after the spike is written as one that includes its step",
        f"{NIR}/rule.py",
        "held = np.where(held > 0, held + refractory_lag, 0.0)",
        "held = np.where(held > 0, held, 0.0)",
        f"{SPIKES}::test_a_period_of_one_step_after_the_spike_is_a_reset_that_is_a_step_late",
    ),
    Mutant(
        "what is subtracted a step late has not decayed with v",
        f"{NIR}/rule.py",
        "amount = amount / keep",
        "amount = amount * 1.0",
        f"{SPIKES}::test_every_rule_is_that_of_the_simulator",
    ),
    Mutant(
        "a neuron that may spike several times needs more than its threshold",
        f"{NIR}/rule.py",
        'found["v_thresh"] = threshold - _AT_THRESHOLD * amount',
        'found["v_thresh"] = threshold + 0.0 * amount',
        f"{SPIKES}::test_v_on_the_threshold_spikes_only_where_a_neuron_may_spike_several_times",
    ),
    Mutant(
        "a threshold is exported below a v that does not exceed it",
        f"{NIR}/registers.py",
        'values["v_thresh"] = origin + (found.threshold + 0.5) * mv',
        'values["v_thresh"] = origin + (found.threshold - 200.0) * mv',
        f"{REGISTERS}::test_v_that_lies_exactly_on_the_threshold_of_the_chip_does_not_spike",
    ),
    Mutant(
        "weights whose sum is shifted are taken whole",
        "neurochip/chip/registers.py",
        "-sum_shift(synapse_format, core)))",
        "0 * sum_shift(synapse_format, core)))",
        f"{REGISTERS}::test_weights_whose_sum_is_shifted_count_as_that_part_of_them",
    ),
    Mutant(
        "a description says that what no reader takes runs",
        f"{NIR}/describe.py",
        'return replace(row, verdict="cannot", note=self.problems[name])',
        "return replace(row, note=self.problems[name])",
        "tests/frontends/test_nir_describe.py::"
        "test_each_node_that_cannot_run_has_its_reason_and_others_their_verdict",
    ),
    Mutant(
        "a convolution turns its kernel over",
        f"{NIR}/linear.py",
        "transpose(0, 2, 1)[:, window]",
        "transpose(0, 2, 1)[:, ::-1][:, window]",
        f"{LINEAR}::test_a_convolution_in_two_dimensions",
    ),
    Mutant(
        "the same padding pads more at the beginning",
        f"{NIR}/linear.py",
        "return [(total // 2, total - total // 2) for total in totals]",
        "return [(total - total // 2, total // 2) for total in totals]",
        f"{LINEAR}::test_the_same_padding_keeps_the_size_and_pads_more_at_the_end",
    ),
    Mutant(
        "the mean of a pool is its sum",
        f"{NIR}/linear.py",
        "value = 1 / size_of(node.label, kernel) if average else 1.0",
        "value = 1.0",
        f"{LINEAR}::test_a_pool",
    ),
    Mutant(
        "a matrix is applied after the bias of the node",
        f"{NIR}/paths.py",
        "matrix @ arriving.bias + step.bias)",
        "matrix @ arriving.bias + 0 * step.bias)",
        f"{READ}::test_parallel_and_chained_linear_nodes_add_up_and_multiply",
    ),
    Mutant(
        "only the last of consecutive delays counts",
        f"{NIR}/paths.py",
        "delays = self.delays[coo.col] + by[coo.row]",
        "delays = 0 * self.delays[coo.col] + by[coo.row]",
        f"{READ}::test_delays_one_after_the_other_add_up_also_across_branches",
    ),
    Mutant(
        "a threshold of 0 is accepted, which spikes without input",
        f"{NIR}/neurons.py",
        "if not (threshold > 0).all():",
        "if not (threshold >= 0).all():",
        f"{NIR_ERRORS}::test_a_graph_that_no_network_can_be_is_refused",
    ),
    # ------------------------------------------------------------------ lava-dl
    Mutant(
        "all layers are reset in the same step",
        f"{NETX}/build.py",
        "(offset + depth) % interval",
        "offset % interval",
        f"{NETX_READ}::test_layers_are_reset_one_step_after_each_other",
    ),
    Mutant(
        "a current without decay decays",
        f"{NETX}/build.py",
        '"decay_u_offset": neuron.decay_u > 0,',
        '"decay_u_offset": neuron.decay_u >= 0,',
        f"{NETX_READ}::test_decays_thresholds_and_biases_are_registers_as_they_are",
    ),
    Mutant(
        "odd weights lose their last bit",
        f"{NETX}/build.py",
        "if (weight % 2).any():",
        "if False:",
        f"{NETX_READ}::test_weights_are_mantissas_that_hold_them_exactly",
    ),
    Mutant(
        "a bias of a channel is repeated over the channels",
        f"{NETX}/keys.py",
        "np.repeat(found, size // found.size)",
        "np.tile(found, size // found.size)",
        f"{NETX_LAYERS}::test_a_convolution_follows_an_image_and_is_flattened_for_a_dense_layer",
    ),
    Mutant(
        "mixed weights beyond 127 may be odd",
        f"{NETX}/layers.py",
        "(-256, 254, 2) if",
        "(-256, 254, 1) if",
        f"{NETX_LAYERS}::test_what_cannot_be_read_is_refused_by_layer_key_and_value",
    ),
    Mutant(
        "values of a graded input act a step late",
        f"{NETX}/model.py",
        'lead = int(first is not None and first.model == "delta")',
        "lead = 0",
        f"{NETX_READ}::test_the_values_of_a_graded_input_act_in_their_own_step",
    ),
]
