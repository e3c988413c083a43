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
from ..programs.library import lif
from ..typing import Int32Array
from .parts import Compartments
from .program_group import ProgramGroup

__all__ = ["lif_group"]


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
    state = {"u": of("u_init"), "v": of("v_init")}
    ids = np.asarray(compartments, dtype=np.int32)
    return ProgramGroup.fill(lif(core), ids, state=state, parameters=values)
