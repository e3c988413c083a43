"""LIF neurons of the core as a program group: the same neurons in the other notation."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..chip.registers import (
    decode_bias,
    decode_threshold,
    decode_voltage_limits,
    effective_decay,
)
from ..chip.spec import CoreSpec
from ..programs.library import lif, lif_two_inputs
from ..typing import Int32Array
from .parts import Compartments
from .program_group import ProgramGroup

__all__ = ["lif_group", "pair_group"]


def lif_group(registers: Compartments, compartments: Int32Array, core: CoreSpec) -> ProgramGroup:
    """Return LIF neurons as a group with the program ``lif``, which gives the same integers.

    Parameters
    ----------
    registers : Compartments
        Registers of all compartments; none of those in question is joined.
    compartments : ndarray of int32, shape (n,)
        Their numbers, rising.
    core : CoreSpec
        Core that decodes the registers.
    """
    ids = np.asarray(compartments, dtype=np.int32)
    state, values = _decoded(registers, ids, core)
    return ProgramGroup.fill(lif(core), ids, state=state, parameters=values)


def pair_group(registers: Compartments, parents: Int32Array, core: CoreSpec) -> ProgramGroup:
    """Return joined compartments as a group with the program ``lif_two_inputs``.

    It gives the same integers; its second accumulator takes the place of the child's.

    Parameters
    ----------
    registers : Compartments
        Registers of all compartments.
    parents : ndarray of int32, shape (n,)
        Parents, rising; their children are the compartments before them.
    core : CoreSpec
        Core that decodes the registers.
    """
    ids = np.asarray(parents, dtype=np.int32)
    state, values = _decoded(registers, ids, core)
    of_child, children = _decoded(registers, ids - 1, core)
    state["u2"], values["keep_u2"] = of_child["u"], children["keep_u"]
    return ProgramGroup.fill(lif_two_inputs(core), ids, state=state, parameters=values)


def _decoded(
    registers: Compartments, compartments: Int32Array, core: CoreSpec
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return state and parameters of the program ``lif`` of some compartments."""

    def of(name: str) -> Any:
        return getattr(registers, name)[compartments]

    vmin, vmax = decode_voltage_limits(of("vmin_exponent"), of("vmax_exponent"), core)
    values = {
        "keep_u": core.decay_scale - effective_decay(of("decay_u"), of("decay_u_offset")),
        "keep_v": core.decay_scale - effective_decay(of("decay_v"), of("decay_v_offset")),
        "bias": decode_bias(of("bias_mantissa"), of("bias_exponent")),
        "vmin": vmin,
        "vmax": vmax,
        "threshold": decode_threshold(of("threshold_mantissa"), core),
        "refractory": of("refractory"),
    }
    return {"u": of("u_init"), "v": of("v_init")}, values
