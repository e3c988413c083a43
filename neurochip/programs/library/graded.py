"""Neurons without dynamics, which send what arrived as a payload."""

from __future__ import annotations

from ...chip.core import CoreSpec
from ..program import NeuronProgram
from ..rows import Row
from .of_core import of_core
from .payload import in_mantissas, needs_payload

__all__ = ["graded_product", "graded_product_of_last", "graded_relu", "graded_vector"]

_SHIFT_MAX = 31


@of_core
def graded_vector(core: CoreSpec) -> NeuronProgram:
    """Return a neuron that sends what arrived in a step, if it is large enough.

    With ``x = a / 2**weight_shift``, which is what arrived in units of a mantissa: payload ``x`` if
    ``abs(x) > threshold``, otherwise no spike; limited to the width of a payload.

    Source: lava-nc 0.10.0, ``proc/graded/models.py``, ``PyGradedVecModelFixed``. Proof: 8 recorded
    runs of Lava.

    Parameters
    ----------
    core : CoreSpec
        Width of the payload.

    Returns
    -------
    NeuronProgram
        No state. Parameter threshold, in units of a mantissa.

    Raises
    ------
    ProgramError
        If the core has no payloads.
    """
    rows: tuple[Row, ...] = (("size", "abs", "x"), ("sends", "gt", "size", "threshold"))
    return _graded("graded_vector", core, rows, "x")


@of_core
def graded_relu(core: CoreSpec) -> NeuronProgram:
    """Return a neuron that sends what arrived in a step, if it exceeds a threshold.

    With ``x = a / 2**weight_shift``, which is what arrived in units of a mantissa: payload ``x`` if
    ``x > threshold``, otherwise no spike; limited to the width of a payload.

    Source: lava-nc 0.10.0, ``proc/graded/models.py``, ``PyGradedReluVecModelFixed``. Proof: 8
    recorded runs of Lava.

    Parameters
    ----------
    core : CoreSpec
        Width of the payload.

    Returns
    -------
    NeuronProgram
        Registers of :func:`graded_vector`.

    Raises
    ------
    ProgramError
        If the core has no payloads.
    """
    return _graded("graded_relu", core, (("sends", "gt", "x", "threshold"),), "x")


@of_core
def graded_product(core: CoreSpec) -> NeuronProgram:
    """Return a neuron that sends the product of its two inputs of a step.

    With the inputs in units of a mantissa, ``x = a / 2**weight_shift`` and
    ``y = b / 2**weight_shift``: ``p = x y / 2**exponent``, rounded toward minus infinity;
    payload ``p`` if ``abs(p) > threshold``, otherwise no spike; limited to the width of a payload.

    Source: lava-nc 0.10.0, ``proc/prodneuron/models.py``, ``PyProdNeuronModelFixed``. Proof: 8
    recorded runs of Lava.

    Parameters
    ----------
    core : CoreSpec
        Width of the payload.

    Returns
    -------
    NeuronProgram
        Inputs a and b. No state. Parameters threshold and exponent.

    Raises
    ------
    ProgramError
        If the core has no payloads.
    """
    rows: tuple[Row, ...] = (
        ("product", "mul", "x", "y"),
        ("product", "asr", "product", "exponent"),
        *_LARGE_PRODUCT,
    )
    more = {"exponent": (0, _SHIFT_MAX)}
    return _graded("graded_product", core, rows, "product", inputs=("a", "b"), more=more)


@of_core
def graded_product_of_last(core: CoreSpec) -> NeuronProgram:
    """Return a neuron that sends the product of its second input and the first of the last step.

    With the inputs in units of a mantissa, ``x = a / 2**weight_shift`` and
    ``y = b / 2**weight_shift``: ``p = last y``; payload ``p`` if ``abs(p) > threshold``,
    otherwise no spike; limited to the width of a payload; then ``last = x``. With the inverse root
    of a sum of squares as y it normalises a vector.

    Source: lava-nc 0.10.0, ``proc/graded/models.py``, ``NormVecDelayModel`` without its second
    output, the square of x, which :func:`graded_product` gives. Proof: 8 recorded runs of Lava.

    Parameters
    ----------
    core : CoreSpec
        Widths of state and payload.

    Returns
    -------
    NeuronProgram
        Inputs a and b. State last, in units of a mantissa. Parameter threshold.

    Raises
    ------
    ProgramError
        If the core has no payloads.
    """
    rows: tuple[Row, ...] = (
        ("product", "mul", "last", "y"),
        *_LARGE_PRODUCT,
        ("last", "sat", "x", core.state_bits),
    )
    state = {"last": core.state_bits}
    name = "graded_product_of_last"
    return _graded(name, core, rows, "product", inputs=("a", "b"), state=state)


_LARGE_PRODUCT: tuple[Row, ...] = (
    ("size", "abs", "product"),
    ("sends", "gt", "size", "threshold"),
)


def _graded(
    name: str,
    core: CoreSpec,
    rows: tuple[Row, ...],
    value: str,
    *,
    inputs: tuple[str, ...] = ("a",),
    state: dict[str, int] | None = None,
    more: dict[str, tuple[int, int]] | None = None,
) -> NeuronProgram:
    """Return the program that emits ``value`` where the rows leave ``sends`` at 1."""
    needs_payload(name, core)
    return NeuronProgram(
        name=name,
        inputs=inputs,
        state=state or {},
        parameters={"threshold": (0, core.state.maximum), **(more or {})},
        rows=(
            *(in_mantissas(core, *pair) for pair in zip("xy", inputs, strict=False)),
            *rows,
            ("payload", "sel", "sends", value, 0),
            ("payload", "sat", "payload", core.payload_bits),
            (None, "emit", "payload"),
        ),
        payload_bits=core.payload_bits,
    )
