"""Golden vectors as chip images."""

from __future__ import annotations

import numba
import numpy as np
from conformance.load import Case

from neurochip import LOIHI
from neurochip.image import ChipImage, Compartments, SynapseGroup
from neurochip.registers import SignMode, SynapseFormat

# Brian2Loihi accepts a refractory register of 64 and some vectors use it; nengo-loihi ends at 63.
CHIP = LOIHI.what_if(name="loihi, refractory 64", refractory_max=64)

THREADS = (1, 2) if numba.config.NUMBA_NUM_THREADS > 1 else (1,)

REGISTERS = (
    "decay_u",
    "decay_v",
    "decay_u_offset",
    "decay_v_offset",
    "threshold_mantissa",
    "bias_mantissa",
    "bias_exponent",
    "refractory",
    "vmin_exponent",
    "vmax_exponent",
)


def image_of(case: Case) -> ChipImage:
    """Build the image of a vector, on one core per 1,024 compartments."""
    core = CHIP.core
    registers = {name: getattr(case, name) for name in REGISTERS}
    groups = []
    for index in range(len(case.format_source)):
        mine = case.synapse_format == index
        from_inputs = case.format_source[index] == 0
        groups.append(
            SynapseGroup.from_coo(
                "inputs" if from_inputs else "compartments",
                case.n_inputs if from_inputs else case.n_neurons,
                SynapseFormat(
                    int(case.format_weight_exponent[index]),
                    int(case.format_weight_bits[index]),
                    SignMode(int(case.format_sign_mode[index])),
                ),
                pre=case.synapse_source[mine],
                target=case.synapse_target[mine],
                mantissa=case.synapse_mantissa[mine],
                delay=case.synapse_delay[mine],
            )
        )
    steps = range(0, case.n_neurons, core.compartments)
    return ChipImage(
        chip=CHIP,
        core_ptr=np.array([*steps, case.n_neurons], dtype=np.int64),
        compartments=Compartments.fill(core, case.n_neurons, **registers),
        n_inputs=case.n_inputs,
        synapses=tuple(groups),
    )
