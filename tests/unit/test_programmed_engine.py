"""The engine for neuron programs: payloads, resets, counters, the host's writes, and refusals."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re

import numpy as np
import pytest

from neurochip import LOIHI, LOIHI2, Emulator
from neurochip.chip.registers import SignMode
from neurochip.emulator.programmed.limits import voltage_limits
from neurochip.errors import ChipOverflowError, ChipOverflowWarning, EmulatorError, RecordingError
from neurochip.image import Compartments, Convolution, Noise, PeriodicReset, ProgramGroup
from neurochip.image.program import Synapses, program
from neurochip.programs import PROGRAMS, NeuronProgram

WHO = "compartments"
ECHO = NeuronProgram(
    name="echo",
    state={"v": 16},
    payload_bits=16,
    rows=(("v", "asr", "a", 6), ("v", "sat", "v", 16), (None, "emit", "v")),
)
"""Sends what it receives, in units of a weight, in the same step."""

COUNTER = NeuronProgram(
    name="counter",
    state={"v": 8},
    parameters={"bias": (-50, 50)},
    rows=(("v", "add", "v", "bias"), ("v", "wrap", "v", 8)),
)
"""Adds its bias in every step, and never sends anything."""


def exactly(message):
    return f"^{re.escape(message)}$"


def chain(chip=LOIHI2, program_of=ECHO, n=3, delay=0, **parts):
    """Return echoes in a row: input 0 drives the first with weight 2, each the next with 4."""
    synapses = [
        Synapses("inputs", [0], [0], [2], SignMode.MIXED),
        Synapses("compartments", range(n - 1), range(1, n), 4, SignMode.MIXED, delay=delay),
    ]
    parts.setdefault("programs", [ProgramGroup.fill(program_of, range(n))])
    return program(chip, {}, synapses, n_inputs=1, n_compartments=n, **parts)


def counters(bias=(1, 2), state=None, **parts):
    given = {"state": state or {}, "parameters": {"bias": bias}}
    group = ProgramGroup.fill(COUNTER, range(len(bias)), **given)
    return program(LOIHI2, {}, n_compartments=len(bias), programs=[group], **parts)


def sent(recording):
    """Return step, compartment and payload of each spike."""
    columns = recording.steps[WHO], recording.ids[WHO], recording.payloads[WHO]
    return list(zip(*(column.tolist() for column in columns), strict=True))


def emulator(image, **options):
    return Emulator(image, progress=False, **options)


def test_a_spike_delivers_weight_times_payload():
    found = emulator(chain()).run_steps(4, [-1, 0], [0, 0], payloads=[5, -3])
    assert sent(found) == [
        (0, 0, 10),
        (1, 0, -6),
        (1, 1, 40),
        (2, 1, -24),
        (2, 2, 160),
        (3, 2, -96),
    ]
    assert found.counters["synaptic_events"] == 6
    assert found.counters["graded_spikes"] == 6


def test_input_spikes_without_payloads_count_one_each():
    found = emulator(chain()).run_steps(1, [-1, -1], [0, 0])
    assert sent(found) == [(0, 0, 4)]


def test_a_delay_is_kept_beside_the_payload():
    found = emulator(chain(delay=2)).run_steps(7, [0], [0], payloads=[3])
    assert sent(found) == [(1, 0, 6), (4, 1, 24)]


def test_payloads_on_their_way_survive_the_end_of_a_run_and_a_copy():
    image = chain(delay=1)
    whole = emulator(image).run_steps(8, [0, 3], [0, 0], payloads=[7, -9])
    for copied in (copy.deepcopy, lambda item: pickle.loads(pickle.dumps(item))):
        first = emulator(image)
        rows = sent(first.run_steps(3, [0, 3], [0, 0], payloads=[7, -9]))
        other = copied(first)
        for each in (first, other):
            later = each.run_steps(5, [3], [0], payloads=[-9])
            assert rows + sent(later) == sent(whole)


def test_a_pending_payload_meets_a_run_without_payloads():
    each = emulator(chain())
    each.run_steps(1, [0], [0], payloads=[5])
    assert sent(each.run_steps(1)) == [(1, 0, 10)]


def test_the_exponent_acts_on_the_sum_of_a_group():
    image = program(
        LOIHI2,
        {},
        [Synapses("inputs", [0, 1], [0, 0], [2, 2], SignMode.MIXED, exponent=-2)],
        n_inputs=2,
        n_compartments=1,
        programs=[ProgramGroup.fill(ECHO, [0])],
    )
    found = emulator(image).run_steps(2, [-1, -1, 0], [0, 1, 0], payloads=[3, -4, 4], record=["v"])
    # (2 * 3 - 2 * 4) / 4 and 2 * 4 / 4, rounded down
    assert found.trace(WHO).values.ravel().tolist() == [-1, 2]


def test_each_group_shifts_its_own_sum():
    halves = [Synapses("inputs", [0], [0], [2], SignMode.MIXED, exponent=-2) for _ in range(2)]
    image = program(
        LOIHI2, {}, halves, n_inputs=1, n_compartments=1, programs=[ProgramGroup.fill(ECHO, [0])]
    )
    # 2 * 3 / 4, rounded down, twice; rounded together it would be 3
    assert sent(emulator(image).run_steps(1, [-1], [0], payloads=[3])) == [(0, 0, 2)]


def test_a_row_with_a_gap_reaches_its_own_targets():
    synapses = [Synapses("inputs", [0, 0, 0], [0, 1, 3], 2, SignMode.MIXED)]
    echoes = [ProgramGroup.fill(ECHO, range(4))]
    image = program(LOIHI2, {}, synapses, n_inputs=1, n_compartments=4, programs=echoes)
    assert emulator(image).run_steps(1, [-1], [0]).ids[WHO].tolist() == [0, 1, 3]


def test_input_spikes_may_come_in_any_order():
    found = emulator(chain()).run_steps(3, [1, -1, 0], [0, 0, 0], payloads=[7, 5, 6])
    assert [row for row in sent(found) if row[1] == 0] == [(0, 0, 10), (1, 0, 12), (2, 0, 14)]


def test_neurons_that_do_not_exist_send_nothing():
    always = NeuronProgram(
        name="always", state={"v": 8}, rows=(("v", "mov", 1), (None, "emit", "v"))
    )
    groups = [ProgramGroup.fill(always, range(3))]
    found = emulator(program(LOIHI2, {}, n_compartments=3, programs=groups)).run_steps(2)
    assert found.ids[WHO].tolist() == [0, 1, 2, 0, 1, 2]


def test_a_run_that_did_not_begin_leaves_no_input_behind(monkeypatch):
    each = emulator(chain())
    with monkeypatch.context() as patch:
        patch.setattr(each._engine, "_loop", lambda *_: 1 / 0, raising=False)
        with pytest.raises(ZeroDivisionError):
            each.run_steps(1, [-1], [0], payloads=[5])
    assert sent(each.run_steps(1, [-1], [0], payloads=[5])) == [(0, 0, 10)]


def test_a_reset_acts_before_the_steps_that_it_names():
    resets = [PeriodicReset(np.array([1], dtype=np.int32), 3, 2)]
    image = counters((1, 2), state={"v": [5, 7]}, resets=resets)
    found = emulator(image).run_steps(7, record=["v"]).trace(WHO).values
    assert found[:, 0].tolist() == [6, 7, 8, 9, 10, 11, 12]
    assert found[:, 1].tolist() == [9, 11, 9, 11, 13, 9, 11]


def test_a_reset_of_plain_neurons_clears_the_refractory_counter():
    registers = {"bias_mantissa": 100, "threshold_mantissa": 1, "refractory": 63}
    resets = [PeriodicReset(np.array([0], dtype=np.int32), 4)]
    image = program(LOIHI, registers, resets=resets)
    assert emulator(image).run_steps(9).steps[WHO].tolist() == [0, 4, 8]


def test_what_limits_a_value_is_counted_and_told():
    image = counters((50, 1), state={"v": [100, 0]})
    with pytest.warns(
        ChipOverflowWarning, match="compartments': a wrap operation of its program acted 1 time"
    ):
        found = emulator(image).run_steps(2)
    assert found.overflows == {WHO: {"program_wraps": 1}}
    assert found.counters["program_clips"] == 0


def test_a_step_counts_each_operation_that_acted():
    image = chain(n=2)
    found = emulator(image, warn=False).run_steps(3, [-1, 0], [0, 0], payloads=[8388607, 1])
    # 2 * 8388607 is beyond the payload of 16 bits, and 4 * 32767 again.
    assert found.counters["program_clips"] == 2
    assert emulator(image).run_steps(1).counters["program_clips"] == 0


def test_overflows_of_each_step_are_counted_once():
    found = emulator(counters((50, 1), state={"v": [100, 0]}), warn=False).run_steps(9)
    # 100 + 9 * 50 leaves -128 .. 127 twice; three rows of counts are cleared for each tile
    assert found.overflows == {WHO: {"program_wraps": 2}}


def test_strict_ends_with_the_step_that_overflows():
    image = counters((50,), state={"v": [0]})
    each = emulator(image, strict=True)
    with pytest.raises(
        ChipOverflowError,
        match=exactly(
            "compartment 0: at step 2 a wrap operation of its program acted. Compile with more "
            "headroom, or run with strict=False to count such events."
        ),
    ):
        each.run_steps(9)
    assert each.step == 3


def test_the_host_writes_the_parameter_bias():
    image = counters((1, 2))
    each = emulator(image)
    found = each.run_steps(4, record=["v"], writes=([1, 3], [0, 1], [5, -4], [1, 0]))
    assert found.trace(WHO).values.tolist() == [[1, 2], [11, 4], [21, 6], [31, 2]]
    assert each.run_steps(1, record=["v"]).trace(WHO).values.tolist() == [[41, -2]]
    each.reset()
    assert each.run_steps(1, record=["v"]).trace(WHO).values.tolist() == [[1, 2]]


def test_a_program_without_a_bias_refuses_a_write():
    with pytest.raises(
        EmulatorError,
        match=exactly(
            "emulator: a write to compartment 1 with the program 'echo', which has no parameter "
            "'bias'; allowed: compartments that do."
        ),
    ):
        emulator(chain()).run_steps(2, writes=([0], [1], [1], [0]))


def test_a_write_beyond_the_range_of_the_parameter_is_refused():
    with pytest.raises(
        EmulatorError,
        match=exactly(
            "emulator: a write to compartment 1 with the program 'counter', bias = 51; allowed: "
            "-50 to 50."
        ),
    ):
        emulator(counters()).run_steps(2, writes=([0, 0], [0, 1], [25, 51], [1, 0]))


def test_another_image_is_refused_with_programs_on_either_side():
    plain = program(LOIHI2, {}, n_inputs=1, n_compartments=3)
    for before, after in ((chain(), chain()), (plain, chain()), (chain(), plain)):
        with pytest.raises(
            EmulatorError,
            match=exactly(
                "emulator: an image with periodic resets, with other programs, or with programs "
                "that it was not compiled to, cannot be exchanged in a run; allowed: a new "
                "Emulator, which starts at step 0."
            ),
        ):
            emulator(before).reprogram(after)


def test_registers_of_several_programs_are_recorded_by_name():
    groups = [
        ProgramGroup.fill(COUNTER, [2, 4], parameters={"bias": [3, 4]}),
        ProgramGroup.fill(PROGRAMS["sigma_delta"](LOIHI2.core), [0, 3], parameters=SIGMA),
    ]
    image = program(LOIHI2, {"bias_mantissa": [0, 9, 0, 0, 0]}, programs=groups)
    found = emulator(image).run_steps(2, record=["v", "act"])
    assert found.trace(WHO, "v").ids.tolist() == [1, 2, 4]
    assert found.trace(WHO, "v").values.tolist() == [[9, 3, 4], [18, 6, 8]]
    assert found.trace(WHO, "act").ids.tolist() == [0, 3]
    assert found.trace(WHO, "act").values.tolist() == [[64, 64], [64, 64]]
    with pytest.raises(RecordingError, match="variable 'sigm'; this engine records 'v', 'u', "):
        emulator(image).run_steps(1, record=["sigm"])


SIGMA = {"bias": 64, "threshold": 1, "state_exponent": 6}


def test_spikes_are_sorted_though_programs_alternate():
    groups = [
        ProgramGroup.fill(ECHO, [1, 3]),
        ProgramGroup.fill(PROGRAMS["sigma_delta"](LOIHI2.core), [0, 2], parameters=SIGMA),
    ]
    synapses = [Synapses("inputs", [0, 0], [3, 1], 2, SignMode.MIXED)]
    image = program(LOIHI2, {}, synapses, n_inputs=1, n_compartments=4, programs=groups)
    found = emulator(image).run_steps(1, [-1], [0])
    assert found.ids[WHO].tolist() == [0, 1, 2, 3]


def test_payloads_are_checked():
    each, binary = emulator(chain()), emulator(program(LOIHI, {}, n_inputs=1))
    for who, payloads, message in (
        (
            binary,
            [2],
            "emulator: payloads were given, but spikes of chip 'loihi' are binary; allowed: a chip "
            "with payload_bits above 0, such as LOIHI2. A spike given n times acts like a payload "
            "of n.",
        ),
        (each, [1, 2], "emulator: payloads have shape (2,); allowed: (1,), one for each spike."),
        (each, [0], "emulator: a payload is 0, which is no spike; leave such spikes out."),
    ):
        with pytest.raises(EmulatorError, match=exactly(message)):
            who.run_steps(1, [0], [0], payloads=payloads)
    with pytest.raises(EmulatorError, match="payloads"):
        each.run_steps(1, [0], [0], payloads=[1 << 23])


@pytest.mark.parametrize("shared", [True, False])
def test_a_payload_of_an_input_needs_targets_with_a_program(shared):
    lif = program(LOIHI2, {}, [Synapses("inputs", [1], [0], 10, 2)], n_inputs=2)
    if shared:
        kernel = Convolution(
            source="inputs",
            sources=np.array([1], dtype=np.int32),
            targets=np.array([0], dtype=np.int32),
            source_shape=(1, 1, 1),
            target_shape=(1, 1, 1),
            kernel=np.array([[[[10]]]], dtype=np.int16),
            format=lif.synapses[0].format,
        )
        lif = program(LOIHI2, {}, n_inputs=2, convolutions=[kernel])
    with pytest.raises(
        EmulatorError,
        match=exactly(
            "emulator: input 1 sends payloads to compartment 0, a LIF neuron of the core, which "
            "takes binary spikes only; allowed: targets with a program, such as PROGRAMS['lif']."
        ),
    ):
        emulator(lif).run_steps(1, [0, 0], [0, 1], payloads=[3, 2])
    found = emulator(lif).run_steps(2, [0, 0], [0, 1], payloads=[3, 1], record=["v"])
    assert found.trace(WHO).values.tolist() == [[0], [640]]


def test_noise_is_refused_beside_programs():
    noise = Noise(np.array([1, 0, 0], dtype=np.int32), 7)
    group = ProgramGroup.fill(ECHO, [2])
    image = program(LOIHI2, {}, n_compartments=3, programs=[group], noise=noise)
    message = "emulator: the image has programs and noise; allowed: one of the two."
    with pytest.raises(EmulatorError, match=exactly(message)):
        emulator(image)


def test_convolutions_of_plain_neurons_run_on_the_engine_for_plain_neurons():
    from neurochip.chip.registers import SynapseFormat
    from neurochip.image import Convolution

    layer = Convolution(
        source="inputs",
        sources=np.arange(4, dtype=np.int32),
        targets=np.arange(4, dtype=np.int32),
        source_shape=(1, 2, 2),
        target_shape=(1, 2, 2),
        kernel=np.array([[[[6]]]], dtype=np.int16),
        format=SynapseFormat(0, 8, SignMode.MIXED),
    )
    image = program(LOIHI2, {}, n_inputs=4, n_compartments=4, convolutions=[layer])
    found = emulator(image).run_steps(1, [-1], [2], record=["v"])
    assert found.trace(WHO).values.tolist() == [[0, 0, 6 * 64, 0]]
    assert dataclasses.replace(image, compartments=Compartments.fill(LOIHI2.core, 4))


def test_v_is_set_within_its_register_whatever_the_parameters_allow():
    narrow = NeuronProgram(
        name="narrow",
        state={"v": 8},
        parameters={"vmin": (-1000, 0), "vmax": (0, 1000)},
        rows=(("v", "max", "v", "vmin"), ("v", "min", "v", "vmax"), ("v", "sat", "v", 8)),
    )
    wide, tight = {"vmin": -1000, "vmax": 1000}, {"vmin": -5, "vmax": 7}
    groups = [ProgramGroup.fill(narrow, [i], parameters=p) for i, p in enumerate((wide, tight))]
    low, high = voltage_limits(program(LOIHI2, {}, n_compartments=2, programs=groups))
    assert (low.tolist(), high.tolist()) == ([-127, -5], [127, 7])
