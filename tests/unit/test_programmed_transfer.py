"""Images of programs are exchanged in a run: v, currents and what is in transit go on."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from neurochip import (
    LIF,
    LOIHI2,
    Emulator,
    Network,
    PoissonInput,
    Population,
    Reference,
    Stimulus,
    Uniform,
    compile_network,
    draw_stimulus,
    fixed_probability,
)
from neurochip.errors import EmulatorError
from neurochip.image import ProgramGroup
from neurochip.programs import PROGRAMS

DT = 0.5
WIDE = LOIHI2.what_if(decay_bits=15, weight_mantissa_bits=14)
SOFT = {"v_rest": -65.0, "v_reset": -58.0, "v_thresh": -50.0, "reset": "subtract"}


def network(delay=4.0, weight=1.0, **model):
    """Kicks, two currents, and a reset to a value, with delays and several spikes a step."""
    soft = {**SOFT, "spikes_per_step": "many", **model}
    source = PoissonInput("source", 20, rate=150.0)
    kicked = Population("kicked", 6, LIF(tau_m=12.0, tau_refrac=1.5, **soft))
    slow = Population("slow", 6, LIF(tau_m=15.0, tau_syn_E=3.0, tau_syn_I=7.0, cm=0.25, **soft))
    plain = Population("plain", 6, LIF(tau_m=9.0, tau_refrac=2.0))
    delays = Uniform(0.0, delay)
    return Network(
        populations=[kicked, slow, plain],
        inputs=[source],
        connections=[
            fixed_probability(source, kicked, 0.4, weight=3.0 * weight, delay=delays, seed=1),
            fixed_probability(source, slow, 0.5, weight=Uniform(-0.1, 0.4), delay=delays, seed=2),
            fixed_probability(kicked, plain, 0.6, weight=4.0, delay=delays, seed=3),
            fixed_probability(slow, kicked, 0.4, weight=-1.0, delay=delays, seed=4),
        ],
    )


def parts_of(emulator, stimulus, durations, images):
    """Run in pieces, with another image after each."""
    found = []
    for duration, image in zip(durations, [*images, None], strict=True):
        found.append(emulator.run(stimulus, duration=duration, record=["v", "u"]))
        if image is not None:
            emulator.reprogram(image)
    return found


def joined(parts, name):
    columns = [
        np.concatenate([getattr(part, field)[name] for part in parts]) for field in ("steps", "ids")
    ]
    columns.append(np.concatenate([part.numbers(name) for part in parts]))
    return set(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize("first", [0.5, 10.0, 30.5])
def test_the_same_image_changes_no_bit(first):
    model = network()
    image, stimulus = compile_network(model, LOIHI2, DT), draw_stimulus(model, 60.0, 1)
    whole = Emulator(image).run(stimulus, record=["v", "u"])
    parts = parts_of(Emulator(image), stimulus, [first, 5.0, 55.0 - first], [image, image])
    assert whole.payloads["kicked"].max() > 1
    for name in whole.populations:
        assert joined(parts, name) == joined([whole], name)
        for variable in ("v", "u"):
            values = np.concatenate([part.trace(name, variable).values for part in parts])
            assert np.array_equal(values, whole.trace(name, variable).values)


def test_other_scales_keep_v_and_currents():
    model = network()
    stimulus = draw_stimulus(model, 60.0, 1)
    image, other = (compile_network(model, WIDE, DT, headroom=room) for room in (1.5, 5.0))
    scales = [each.symbols.populations[0].mv_per_lsb[0] for each in (image, other)]
    assert scales[1] > 1.5 * scales[0]
    whole = Emulator(image).run(stimulus, record="v")
    parts = parts_of(Emulator(image), stimulus, [20.0, 40.0], [other])
    for name in whole.populations:
        values = np.concatenate([part.trace(name).values for part in parts])
        assert np.median(np.abs(values - whole.trace(name).values)) < 0.01


def test_other_parameters_act_as_in_the_float_reference():
    before, after = network(), network(v_reset=-54.0, v_rest=-60.0)
    stimulus = draw_stimulus(before, 80.0, 2)
    reference = Reference(before, DT)
    exact = [reference.run(stimulus, duration=30.0)]
    reference.reprogram(after)
    exact.append(reference.run(stimulus, duration=50.0))
    images = [compile_network(each, WIDE, DT) for each in (before, after)]
    found = parts_of(Emulator(images[0]), stimulus, [30.0, 50.0], images[1:])
    for name in ("kicked", "slow"):
        wanted, got = joined(exact, name), joined(found, name)
        assert len(wanted) > 60
        assert len(wanted ^ got) < 0.12 * len(wanted)


def test_v_of_a_refractory_neuron_that_was_lowered_may_be_set():
    cells = Population("cells", 1, LIF(tau_m=np.inf, tau_refrac=5.0, v_init=-40.0, **SOFT))
    emulator = Emulator(compile_network(Network(populations=[cells]), LOIHI2, 1.0))
    assert emulator.run(Stimulus(10.0), duration=1.0).n_spikes == 1
    emulator.set_v("cells", [0], [-62.0])
    held = emulator.run(Stimulus(10.0), duration=8.0, record="v").trace("cells").values
    assert np.allclose(held, -62.0, atol=1e-3)


def test_what_has_no_unit_or_arrives_too_late_is_refused():
    model = network()
    emulator = Emulator(compile_network(model, LOIHI2, DT))
    emulator.run(draw_stimulus(model, 20.0, 1), duration=20.0)
    short = re.escape("and the longest delay of the new image is 0 steps; allowed: another image")
    with pytest.raises(EmulatorError, match=short):
        emulator.reprogram(compile_network(network(delay=0.2), LOIHI2, DT))
    one = compile_network(network(spikes_per_step="one"), LOIHI2, DT)
    with pytest.raises(EmulatorError, match="with other programs, or with programs that it was"):
        emulator.reprogram(one)


def test_a_program_without_a_refractory_counter_is_refused():
    image = compile_network(Network(populations=[Population("cells", 2, LIF(**SOFT))]), LOIHI2, DT)
    (group,), leaky = image.programs, PROGRAMS["snntorch"](LOIHI2.core)
    given = dict(zip(group.program.parameters, group.parameters, strict=True))
    parameters = {name: given[name] for name in leaky.parameters}
    other = ProgramGroup.fill(leaky, group.compartments, parameters=parameters)
    image = dataclasses.replace(image, programs=(other,))
    with pytest.raises(EmulatorError, match="or with programs that it was not compiled to, cannot"):
        Emulator(image).reprogram(image)
