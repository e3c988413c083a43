"""Resonate-and-fire neurons: a damped rotation of a complex state."""

from __future__ import annotations

from ...chip.core import CoreSpec
from ..program import NeuronProgram
from ..rows import Row
from .of_core import of_core
from .payload import in_mantissas

__all__ = ["resonate_and_fire", "rf_izhikevich"]

_INPUT_EXPONENT_MAX = 7


@of_core
def resonate_and_fire(core: CoreSpec) -> NeuronProgram:
    """Return a resonator that spikes where its phase passes 0 with a large real part.

    ``re' = cos re - sin im + x 2**input_exponent`` and
    ``im' = sin re + cos im + y 2**input_exponent``, where x and y are the inputs in units of a
    mantissa (``a / 2**weight_shift``, ``b / 2**weight_shift``), each product is
    ``keep * state / 4096`` toward zero, and both are limited to the width of the state. A spike if
    ``re' >= threshold``, ``im' >= 0`` and ``im < 0``; no reset.

    Source: lava-nc 0.10.0, ``proc/rf/models.py``, ``PyRFModelFixed``; the neuron of Izhikevich
    (2001, Resonate-and-fire neurons, 10.1016/S0893-6080(01)00078-8) with the spike of Orchard et
    al. (2021, arXiv:2111.03746). Proof: 8 recorded runs of Lava, limits reached.

    Parameters
    ----------
    core : CoreSpec
        Width of the state, and of the decay (12 bits: 4096).

    Returns
    -------
    NeuronProgram
        Inputs a (real) and b (imaginary). State re and im, in units of ``x / 2**input_exponent``.
        Parameters keep_cos and keep_sin: ``4096 (1 - alpha) cos(2 pi / period)`` and its sine,
        for a decay alpha per step and a period in steps; threshold, input_exponent. Spikes are
        binary.
    """
    return _resonator(
        "resonate_and_fire",
        core,
        (
            ("large", "ge", "re_new", "threshold"),
            ("above", "ge", "im_new", 0),
            ("below", "gt", 0, "im"),
            ("spike", "and", "large", "above"),
            ("spike", "and", "spike", "below"),
            ("re", "mov", "re_new"),
            ("im", "mov", "im_new"),
        ),
    )


@of_core
def rf_izhikevich(core: CoreSpec) -> NeuronProgram:
    """Return a resonator that spikes where its imaginary part reaches a threshold, and is reset.

    The rotation of :func:`resonate_and_fire`. A spike if ``im' >= threshold``; then ``re = 0`` and
    ``im = threshold - 1``.

    Source: lava-nc 0.10.0, ``proc/rf_iz/models.py``, ``PyRF_IZModelFixed``; the reset of Izhikevich
    (2001, 10.1016/S0893-6080(01)00078-8). Proof: 8 recorded runs of Lava.

    Parameters
    ----------
    core : CoreSpec
        Width of the state, and of the decay (12 bits: 4096).

    Returns
    -------
    NeuronProgram
        Registers of :func:`resonate_and_fire`.
    """
    return _resonator(
        "rf_izhikevich",
        core,
        (
            ("spike", "ge", "im_new", "threshold"),
            ("re", "sel", "spike", 0, "re_new"),
            ("highest", "sub", "threshold", 1),
            ("im", "sel", "spike", "highest", "im_new"),
        ),
    )


def _resonator(name: str, core: CoreSpec, spike: tuple[Row, ...]) -> NeuronProgram:
    bits, scale = core.state_bits, core.decay_scale
    return NeuronProgram(
        name=name,
        inputs=("a", "b"),
        state={"re": bits, "im": bits},
        parameters={
            "keep_cos": (-scale, scale),
            "keep_sin": (-scale, scale),
            "threshold": (1, core.state.maximum),
            "input_exponent": (0, _INPUT_EXPONENT_MAX),
        },
        rows=(
            ("cos_re", "mul", "keep_cos", "re"),
            ("cos_re", "rtz", "cos_re", core.decay_bits),
            ("sin_im", "mul", "keep_sin", "im"),
            ("sin_im", "rtz", "sin_im", core.decay_bits),
            ("sin_re", "mul", "keep_sin", "re"),
            ("sin_re", "rtz", "sin_re", core.decay_bits),
            ("cos_im", "mul", "keep_cos", "im"),
            ("cos_im", "rtz", "cos_im", core.decay_bits),
            in_mantissas(core, "kick", "a"),
            ("kick", "shl", "kick", "input_exponent"),
            ("re_new", "sub", "cos_re", "sin_im"),
            ("re_new", "add", "re_new", "kick"),
            ("re_new", "sat", "re_new", bits),
            in_mantissas(core, "kick", "b"),
            ("kick", "shl", "kick", "input_exponent"),
            ("im_new", "add", "sin_re", "cos_im"),
            ("im_new", "add", "im_new", "kick"),
            ("im_new", "sat", "im_new", bits),
            *spike,
            (None, "emit", "spike"),
        ),
    )
