"""What the report says, against values worked out by hand."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    ConstantCurrent,
    Network,
    PoissonInput,
    Population,
    Uniform,
    all_to_all,
    from_arrays,
    one_to_one,
)
from neurochip.image.report import CompileReport
from neurochip.image.report_rows import Span

REL = 1e-12  # the same few float64 operations in another order


def project_network(**changes):
    """100 neurons, one Poisson source each: the network that the project comes from."""
    model = {"tau_m": 10.0, "v_rest": -70.0, "v_reset": -65.0, "v_thresh": -50.0}
    lif = LIF(**{**model, "tau_refrac": 5.0, **changes})
    source, neurons = PoissonInput("source", 100, rate=20.0), Population("neurons", 100, lif)
    return Network(
        inputs=[source],
        populations=[neurons],
        connections=[one_to_one(source, neurons, weight=1.5)],
    )


@pytest.fixture(scope="module")
def image():
    return compile_network(project_network(), LOIHI, dt=0.1)


@pytest.fixture(scope="module")
def lsb_per_mv(image):
    return image.report.scales[0].lsb_per_mv.low


def one(span):
    assert span.low == span.high
    return span.low


def test_the_report_lists_every_parameter_in_order(image):
    rows = [(row.kind, row.owner, row.parameter, row.unit) for row in image.report.rows]
    assert rows == [
        ("population", "neurons", "tau_m", "ms"),
        ("population", "neurons", "v_thresh", "mV"),
        ("population", "neurons", "v_rest", "mV"),
        ("population", "neurons", "v_reset", "mV"),
        ("population", "neurons", "tau_refrac", "ms"),
        ("population", "neurons", "v_init", "mV"),
        ("connection", "source->neurons", "weight", "mV"),
        ("connection", "source->neurons", "delay", "ms"),
    ]
    assert image.report.warnings == ()
    assert (image.report.chip, image.report.dt) == ("loihi", 0.1)
    assert image.report.options == {
        "gain": "auto",
        "headroom": 1.25,
        "assumed_rate": "auto",
        "weight_rounding": "auto",
        "weight_seed": 0,
        "placement": "sequential",
        "sites": "in_order",
        "placement_seed": 0,
    }


def test_tau_m_of_10_ms_at_0_1_ms_becomes_decay_41_which_means_9_94_ms(image):
    row = image.report.row("neurons", "tau_m")
    assert one(row.asked) == 10.0
    assert {name: one(span) for name, span in row.registers.items()} == {"decay_v": 41}
    meant = -0.1 / math.log(1 - 41 / 4096)
    assert one(row.meant) == pytest.approx(meant, rel=REL)
    assert row.error == pytest.approx(meant - 10, rel=REL)
    assert f"{row.relative_error:.3%}" == "-0.598%"


def test_a_refractory_period_of_50_steps_becomes_register_51(image):
    row = image.report.row("neurons", "tau_refrac")
    assert {name: one(span) for name, span in row.registers.items()} == {"refractory": 51}
    assert (one(row.asked), one(row.meant), row.error) == (5.0, 5.0, 0.0)


def test_the_reset_is_zero_one_leak_above_the_origin(image):
    row = image.report.row("neurons", "v_reset")
    assert (one(row.asked), one(row.meant), row.error) == (-65.0, -65.0, 0.0)
    assert one(row.registers["v"]) == 0
    # -70 + 5 exp(-0.01)
    assert row.note == "v = 0 is -65.05 mV"


def test_threshold_rest_and_initial_v_decode_to_what_was_asked_within_half_a_step(
    image, lsb_per_mv
):
    origin = -70 + 5 * math.exp(-0.01)
    row = image.report.row("neurons", "v_thresh")
    meant = origin + one(row.registers["threshold_mantissa"]) * 64 / lsb_per_mv
    assert one(row.meant) == pytest.approx(meant, rel=REL)
    assert abs(meant + 50) <= 32 / lsb_per_mv

    row = image.report.row("neurons", "v_rest")
    exponent = one(row.registers["bias_exponent"])
    bias = one(row.registers["bias_mantissa"]) * 2**exponent / lsb_per_mv
    meant = origin + bias / (41 / 4096)
    assert one(row.asked) == -70
    assert one(row.meant) == pytest.approx(meant, rel=REL)
    assert abs(bias - (41 / 4096) * (-70 - origin)) <= 2**exponent / 2 / lsb_per_mv

    row = image.report.row("neurons", "v_init")
    register = one(row.registers["v"])
    assert one(row.meant) == pytest.approx(origin + register / lsb_per_mv, rel=REL)
    assert abs(register - (-70 - origin) * lsb_per_mv) <= 0.5


@pytest.mark.parametrize("gain", ["dc", "impulse"])
def test_a_weight_decodes_with_the_gain_that_was_chosen(gain):
    report = compile_network(project_network(), LOIHI, dt=0.1, gain=gain).report
    row = report.row("source->neurons", "weight")
    mantissa, exponent = one(row.registers["mantissa"]), one(row.registers["exponent"])
    a = math.exp(-0.01)
    jump = a * {"dc": (41 / 4096) / (1 - a), "impulse": 1.0}[gain]
    lsb_per_mv = report.scales[0].lsb_per_mv.low
    assert 128 <= mantissa <= 255  # all eight bits are used
    assert one(row.asked) == 1.5
    assert one(row.meant) == pytest.approx(
        mantissa * 2 ** (6 + exponent) / (jump * lsb_per_mv), rel=REL
    )
    assert abs(one(row.meant) - 1.5) <= 1.5 / mantissa / 2 * 1.01
    assert row.note.startswith(f"excitatory, {mantissa:.0f} of 255 levels; sums off by ")


def test_integers_of_the_image_are_those_of_the_report(image, lsb_per_mv):
    registers = image.compartments
    assert set(registers.decay_v.tolist()) == {41}
    assert set(registers.decay_u.tolist()) == {4095}
    assert set(registers.refractory.tolist()) == {51}
    for name in ("threshold_mantissa", "bias_mantissa", "bias_exponent", "v_init"):
        row = {
            "threshold_mantissa": ("v_thresh", name),
            "bias_mantissa": ("v_rest", name),
            "bias_exponent": ("v_rest", name),
            "v_init": ("v_init", "v"),
        }[name]
        reported = image.report.row("neurons", row[0]).registers[row[1]]
        assert set(getattr(registers, name).tolist()) == {one(reported)}
    weight = image.report.row("source->neurons", "weight").registers
    assert set(image.synapses[0].mantissa.tolist()) == {one(weight["mantissa"])}
    assert image.synapses[0].format.weight_exponent == one(weight["exponent"])
    assert image.symbols.populations[0].mv_per_lsb[0] == pytest.approx(1 / lsb_per_mv, rel=REL)


def test_resources_are_counted(image):
    # A list takes 10 + 7 + 8 + 6 bits: one word for each source.
    assert image.report.resources == {
        "cores": (1, 128),
        "compartments": (100, 1024),
        "synaptic_words": (100, 16384),
        "input_axons": (100, 4096),
        "compartment_profiles": (1, 32),
        "threshold_profiles": (1, 8),
        "synapse_formats": (1, 15),
        "list_words": (1, 256),
        "shared_registers": (1, 1),
        "output_axons": (0, 4096),
    }


def test_exponential_synapses_have_a_row_for_their_time_constant():
    report = compile_network(project_network(tau_syn=5.0), LOIHI, dt=0.1).report
    row = report.row("neurons", "tau_syn")
    assert one(row.registers["decay_u"]) == 80  # 81.11, and the register holds one less
    assert one(row.meant) == pytest.approx(-0.1 / math.log(1 - 81 / 4096), rel=REL)
    assert report.row("neurons", "v_reset").note == "v = 0 is -65 mV"
    assert one(report.row("neurons", "tau_refrac").registers["refractory"]) == 50
    assert report.row("source->neurons", "weight").unit == "nA"


def test_constant_currents_are_part_of_the_level_that_the_bias_means():
    network = project_network(i_offset=0.2, cm=0.5)
    neurons = network.populations[0]
    network = Network(
        inputs=[*network.inputs, ConstantCurrent(neurons, 0.1)],
        populations=[neurons],
        connections=network.connections,
    )
    report = compile_network(network, LOIHI, dt=0.1).report
    row = report.row("neurons", "v_rest + R I")
    assert one(row.asked) == pytest.approx(-70 + 20 * 0.3, rel=REL)
    assert abs(row.error) < 0.01  # mV; half a step of the bias register is a few uV
    with pytest.raises(KeyError, match="no parameter 'v_rest' of 'neurons' in the compile report"):
        report.row("neurons", "v_rest")


def test_spans_cover_the_values_of_all_neurons():
    taus = np.linspace(5.0, 20.0, 100)
    report = compile_network(project_network(tau_m=taus), LOIHI, dt=0.1).report
    row = report.row("neurons", "tau_m")
    assert row.asked == Span(5.0, row.asked.mean, 20.0)
    assert row.asked.mean == pytest.approx(12.5, rel=REL)
    assert row.registers["decay_v"].low == 20  # 20.43
    assert row.registers["decay_v"].high == 81  # 81.11


# ---------------------------------------------------------------------------------- warnings


def warnings_of(network, dt=0.1, chip=LOIHI, **options):
    return compile_network(network, chip, dt, **options).report.warnings


def test_a_time_constant_off_by_more_than_one_percent_is_warned_about():
    # 4096 (1 - exp(-0.1/60)) = 6.82, so 7: tau is 58.5 ms.
    assert warnings_of(project_network(tau_m=60.0)) == (
        "population 'neurons': tau_m is off by -2.6 %: its decay register is coarse at this dt; "
        "lengthen dt",
    )
    assert warnings_of(project_network(tau_m=60.0), dt=1.0) == ()
    # 4096 (1 - exp(-0.1/75)) = 5.457, so 5.
    text = warnings_of(project_network(tau_syn=75.0))
    assert "population 'neurons': tau_syn is off by +9.2 %: its decay register is coarse" in text[0]


def test_a_refractory_period_off_the_grid_is_warned_about():
    assert warnings_of(project_network(tau_refrac=1.25)) == (
        "population 'neurons': tau_refrac is off by -4 %: it is not a multiple of dt",
    )


def test_a_delay_off_the_grid_is_warned_about():
    network = project_network()
    (source,), (neurons,) = network.inputs, network.populations
    delayed = Network(
        inputs=[source],
        populations=[neurons],
        connections=[one_to_one(source, neurons, weight=1.5, delay=1.04)],
    )
    assert warnings_of(delayed) == (
        "connection 'source->neurons': delay is off by -3.8 %: it is not a multiple of dt",
    )


def test_times_that_become_0_steps_are_named():
    network = project_network(tau_refrac=0.04)
    (source,), (neurons,) = network.inputs, network.populations
    delayed = Network(
        inputs=[source],
        populations=[neurons],
        connections=[one_to_one(source, neurons, weight=1.5, delay=0.03)],
    )
    assert warnings_of(delayed) == (
        "population 'neurons': tau_refrac is off by -100 %: 0.04 ms becomes 0 steps of 0.1 ms; "
        "shorten dt, or set it to 0",
        "connection 'source->neurons': delay is off by -100 %: 0.03 ms becomes 0 steps of 0.1 ms; "
        "shorten dt, or set it to 0",
    )


def test_a_step_longer_than_a_fifth_of_a_time_constant_is_warned_about():
    slow = project_network(tau_m=10.0, tau_syn=5.0, tau_refrac=4.0)
    assert warnings_of(slow, dt=1.0) == ()
    assert warnings_of(slow, dt=2.0) == (
        "population 'neurons': dt = 2 ms is longer than a fifth of tau_syn = 5 ms, so the time "
        "step itself changes the spikes; use at most 1 ms",
    )
    assert warnings_of(project_network(tau_m=4.0), dt=1.0) == (
        "population 'neurons': dt = 1 ms is longer than a fifth of tau_m = 4 ms, so the time step "
        "itself changes the spikes; use at most 0.8 ms",
    )


def test_a_network_that_was_made_for_its_step_is_not_questioned():
    assert warnings_of(project_network(tau_m=4.0, integration="euler"), dt=1.0) == ()


def test_the_error_of_weights_is_relative_to_the_largest_so_that_a_lost_one_is_not_all():
    source, cells = PoissonInput("source", 2, rate=10.0), Population("cells", 2)
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[one_to_one(source, cells, weight=np.array([10.0, 0.001]))],
    )
    row = compile_network(network, dt=1.0).report.row("source->cells", "weight")
    assert abs(row.relative_error) < 2e-4
    assert row.relative_error == row.error / 10.0
    assert "1 of 2 weights became 0" in row.warning


@pytest.mark.parametrize("sign", [1, -1])
def test_weights_that_became_zero_are_counted_and_warned_about(sign):
    source, cells = PoissonInput("source", 3, rate=10.0), Population("cells", 3)
    weights = sign * np.array([10.0, 0.001, 0.0])
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[one_to_one(source, cells, weight=weights)],
    )
    (text,) = warnings_of(network, dt=1.0)
    step = 10.0 / 255
    assert text.startswith(
        "connection 'source->cells': 1 of 3 weights became 0 (the smallest asked is 0.001 mV, one "
        "step of the weight register 0.0"
    )
    reported = float(text.split("register ")[1].split(" mV")[0])
    assert step * 0.99 <= reported <= 2 * step * 1.01
    assert text.endswith("); the summed weight of a neuron is off by 71 % (rms)")


def test_headroom_below_its_factor_is_warned_about_when_weights_need_their_resolution():
    """2,000 sources at 200 Hz: the sum of a step is 400 weights, and 64 steps are one weight."""
    source, cells = PoissonInput("source", 2000, rate=200.0), Population("cells", 3)
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[all_to_all(source, cells, weight=0.01)],
    )
    report = compile_network(network, LOIHI, dt=1.0, headroom=1000.0).report
    (scale,) = report.scales
    assert scale.headroom("accumulator") < 1000
    assert len(report.warnings) == 1
    assert report.warnings[0].startswith("population 'cells': headroom of its ")
    assert "below the requested 1000x, so that weights keep their resolution" in report.warnings[0]
    assert scale.warning in " ".join(str(report).split())


def test_a_warning_of_the_report_is_part_of_its_text():
    report = compile_network(project_network(tau_m=60.0), LOIHI, dt=0.1).report
    assert "\nWarning: population 'neurons': tau_m is off by -2.6 %" in str(report)


def test_the_report_survives_json(image):
    text = json.dumps(image.report.to_dict(), allow_nan=False)
    assert str(CompileReport.from_dict(json.loads(text))) == str(image.report)


# ------------------------------------------------------------------------------- connections


def test_inhibitory_and_mixed_weights_keep_their_signs_and_sums():
    source = PoissonInput("source", 50, rate=10.0)
    cells = Population("cells", 20)
    connections = [
        all_to_all(source, cells, weight=Uniform(0.1, 1.0), seed=1, name="plus"),
        all_to_all(source, cells, weight=Uniform(-1.0, -0.1), seed=2, name="minus"),
        all_to_all(source, cells, weight=Uniform(-1.0, 1.0), seed=3, name="both"),
    ]
    network = Network(inputs=[source], populations=[cells], connections=connections)
    image = compile_network(network, LOIHI, dt=1.0)
    connection_signs = {"plus": "excitatory", "minus": "inhibitory", "both": "mixed"}
    modes = [group.format.sign_mode.name for group in image.synapses]
    assert modes == ["EXCITATORY", "INHIBITORY", "MIXED"]
    assert image.synapses[0].mantissa.min() >= 0
    assert image.synapses[1].mantissa.max() <= 0
    assert np.all(image.synapses[2].mantissa % 2 == 0)  # the lowest bit is the sign's
    for connection in connections:
        row = image.report.row(connection.name, "weight")
        assert row.meant.low == pytest.approx(row.asked.low, rel=0.02)
        assert row.meant.high == pytest.approx(row.asked.high, rel=0.02)
        # 1000 rounding errors of half a step of 255 each average out.
        assert row.meant.mean == pytest.approx(row.asked.mean, abs=2e-4)
        # 50 errors of up to half a step, as a share of the sum of 50 magnitudes.
        sign, rest = row.note.split("; sums off by ")
        assert sign.split(", ")[0] == connection_signs[connection.name]
        assert float(rest.split(" %")[0]) < 0.2
        assert "summed" not in row.warning


def test_the_error_of_sums_is_that_of_each_neurons_summed_weight():
    source, cells = PoissonInput("source", 2, rate=10.0), Population("cells", 2)
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[
            from_arrays(source, cells, [0, 1, 0], [0, 0, 1], weight=[8.0, 0.0101, 0.0101])
        ],
    )
    image = compile_network(network, LOIHI, dt=1.0)
    lsb = image.report.scales[0].lsb_per_mv.low
    a = math.exp(-1 / 20)
    jump = a * (200 / 4096) / (1 - a)
    group = image.synapses[0]
    meant = group.mantissa * 2.0 ** (6 + group.format.weight_exponent) / (lsb * jump)
    # Sorted by source: 8 onto neuron 0, 0.0101 onto neuron 1, then 0.0101 onto neuron 0.
    off = [(meant[0] + meant[2]) / 8.0101 - 1, meant[1] / 0.0101 - 1]
    rms = 100 * math.sqrt((off[0] ** 2 + off[1] ** 2) / 2)
    assert image.report.row("source->cells", "weight").note == (
        f"excitatory, 206 of 255 levels; sums off by {rms:.2g} % (rms)"
    )


@pytest.mark.parametrize("rule", ["nearest", "moments"])
def test_weights_reported_in_parts_are_those_reported_at_once(rule, monkeypatch):
    source, cells = PoissonInput("source", 7, rate=20.0), Population("cells", 5)
    connection = all_to_all(source, cells, weight=Uniform(-0.5, 0.7), seed=4)
    network = Network(inputs=[source], populations=[cells], connections=[connection])
    whole = compile_network(network, LOIHI, dt=0.5, weight_rounding=rule).report
    monkeypatch.setattr("compiler.neurons.weights.CHUNK", 4)
    parts = compile_network(network, LOIHI, dt=0.5, weight_rounding=rule).report
    one, many = (item.row("source->cells", "weight") for item in (whole, parts))
    for name in ("asked", "meant"):  # once the mean of unequal parts was that of equal ones
        assert dataclasses.astuple(getattr(many, name)) == pytest.approx(
            dataclasses.astuple(getattr(one, name)), rel=REL
        )
    same = {"asked": one.asked, "meant": one.meant}
    assert dataclasses.replace(many, **same) == one


def test_a_connection_without_synapses_takes_nothing_and_has_no_rows():
    source, cells = PoissonInput("source", 2, rate=10.0), Population("cells", 2)
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[from_arrays(source, cells, [], [], weight=1.0, delay=3.0, name="none")],
    )
    image = compile_network(network, LOIHI, dt=1.0)
    assert image.n_synapses == 0
    assert [row.owner for row in image.report.rows if row.kind == "connection"] == []
    assert image.report.resources["synapse_formats"] == (0, 15)
    assert image.report.resources["synaptic_words"] == (0, 16384)


def test_a_connection_of_zero_weights_is_exact():
    source, cells = PoissonInput("source", 2, rate=10.0), Population("cells", 2)
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[all_to_all(source, cells, weight=0.0)],
    )
    image = compile_network(network, LOIHI, dt=1.0)
    assert image.synapses[0].mantissa.tolist() == [0, 0, 0, 0]
    row = image.report.row("source->cells", "weight")
    assert (row.error, row.warning) == (0.0, "")


def test_a_network_without_any_input_compiles():
    image = compile_network(Network(populations=[Population("cells", 3)]), LOIHI, dt=1.0)
    assert image.n_inputs == 0
    assert image.report.scales[0].binding == "threshold"
    assert "nothing drives it" in str(image.report)


# ------------------------------------------------------- no leak, no threshold, a first current


def test_without_a_leak_there_is_a_drift_and_no_time_constant():
    network = project_network(tau_m=np.inf, i_offset=0.5, cm=2.0)
    report = compile_network(network, LOIHI, dt=0.1).report
    tau_m, drift = report.row("neurons", "tau_m"), report.row("neurons", "drift")
    assert one(tau_m.registers["decay_v"]) == 0
    assert (tau_m.error, tau_m.note) == (0.0, "inf: v keeps its value, there is no leak")
    assert drift.unit == "mV per step"
    assert one(drift.asked) == pytest.approx(0.1 * 0.5 / 2.0, rel=REL)
    assert abs(drift.relative_error) < 0.01
    assert "tau_m       -" in str(report)


def test_a_neuron_that_never_spikes_has_the_largest_threshold_and_a_lower_limit_of_v():
    image = compile_network(project_network(v_thresh=np.inf), LOIHI, dt=0.1)
    row = image.report.row("neurons", "v_thresh")
    assert one(row.registers["threshold_mantissa"]) == (1 << 17) - 1
    assert one(row.registers["vmax_exponent"]) == 6
    assert row.note == "inf: v is clipped, it never spikes"
    assert image.compartments.vmax_exponent.tolist() == [6] * 100
    expected, limit = image.report.scales[0].peaks["voltage_high"]
    assert 0 < expected < limit
    assert CompileReport.from_dict(json.loads(json.dumps(image.report.to_dict()))) == image.report


def test_a_silent_population_that_nothing_drives_has_a_scale_too():
    lif = LIF(v_rest=0.0, v_reset=0.0, v_thresh=np.inf)
    report = compile_network(Network(populations=[Population("cells", 3, lif)]), LOIHI).report
    assert report.scales[0].binding == "voltage high"
    assert "headroom: nothing drives it" in str(report)


def test_the_first_current_is_reported_in_its_own_unit():
    network = project_network(tau_syn=5.0, i_syn_init=0.75)
    image = compile_network(network, LOIHI, dt=0.1)
    row = image.report.row("neurons", "i_syn_init")
    assert (row.unit, one(row.asked)) == ("nA", 0.75)
    assert abs(row.relative_error) < 1e-3
    assert image.compartments.u_init.tolist() == [int(one(row.registers["u"]))] * 100
