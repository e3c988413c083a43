"""Read the golden vectors of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

VECTORS = Path(__file__).parent / "vectors"

Integers = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Case:
    """One golden vector: registers, synapses and input, and the state they must give.

    Names are those of ``docs/reference/core-semantics.md``. All arrays are read-only.

    Parameters
    ----------
    decay_u, ..., noise_enabled : (n_neurons,)
        Registers of each compartment.
    noise_raw : (n_steps, n_neurons) or None
        Raw draws, only in cases with noise.
    format_source : (n_formats,)
        0 where the sources of a synapse format are inputs, 1 where they are neurons.
    synapse_format, ..., synapse_weight : (n_synapses,)
        Synapses as coordinates; `synapse_weight` is the decoded integer weight.
    input_step, input_id : (n_input_spikes,)
        Input spikes on the register clock: delay 0 enters u in that very step.
    u, v : (n_steps, n_neurons)
        Expected state at the end of each step, v after the reset.
    spike_step, spike_neuron : (n_spikes,)
        Expected spikes, sorted by step and then neuron.
    agreeing_emulators : int
        How many of the three emulators gave exactly this output.
    """

    name: str
    case_class: str
    n_neurons: int
    n_inputs: int
    n_steps: int

    decay_u: Integers
    decay_u_offset: Integers
    decay_v: Integers
    decay_v_offset: Integers
    threshold_mantissa: Integers
    bias_mantissa: Integers
    bias_exponent: Integers
    refractory: Integers
    vmin_exponent: Integers
    vmax_exponent: Integers

    noise_enabled: Integers
    noise_exponent: int
    noise_mantissa_offset: int
    noise_at_membrane: int
    noise_raw: NDArray[np.int8] | None

    format_source: Integers
    format_weight_exponent: Integers
    format_weight_bits: Integers
    format_sign_mode: Integers

    synapse_format: Integers
    synapse_source: Integers
    synapse_target: Integers
    synapse_mantissa: Integers
    synapse_delay: Integers
    synapse_weight: Integers

    input_step: Integers
    input_id: Integers

    u: Integers
    v: Integers
    spike_step: Integers
    spike_neuron: Integers

    agreeing_emulators: int


def case_paths() -> list[Path]:
    """All vector files, in the order of their numbers."""
    return sorted(VECTORS.glob("*.npz"))


def load_case(path: Path | str) -> Case:
    """Read one vector file."""
    with np.load(path, allow_pickle=False) as archive:
        stored = {name: archive[name] for name in archive.files}
    for array in stored.values():
        array.setflags(write=False)
    return Case(
        name=str(stored["case"]),
        case_class=str(stored["case_class"]),
        n_neurons=int(stored["n_neurons"]),
        n_inputs=int(stored["n_inputs"]),
        n_steps=int(stored["n_steps"]),
        decay_u=stored["decay_u"],
        decay_u_offset=stored["ds_offset"],
        decay_v=stored["decay_v"],
        decay_v_offset=stored["dm_offset"],
        threshold_mantissa=stored["vth_mant"],
        bias_mantissa=stored["bias_mant"],
        bias_exponent=stored["bias_exp"],
        refractory=stored["refract_delay"],
        vmin_exponent=stored["vmin_exp"],
        vmax_exponent=stored["vmax_exp"],
        noise_enabled=stored["noise_enable"],
        noise_exponent=int(stored["noise_exp"]),
        noise_mantissa_offset=int(stored["noise_mant_offset"]),
        noise_at_membrane=int(stored["noise_at_membrane"]),
        noise_raw=stored.get("noise_raw"),
        format_source=stored["grp_src"],
        format_weight_exponent=stored["grp_w_exp"],
        format_weight_bits=stored["grp_num_weight_bits"],
        format_sign_mode=stored["grp_sign_mode"],
        synapse_format=stored["syn_group"],
        synapse_source=stored["syn_pre"],
        synapse_target=stored["syn_post"],
        synapse_mantissa=stored["syn_w_mant"],
        synapse_delay=stored["syn_delay"],
        synapse_weight=stored["syn_w_canon"],
        input_step=stored["in_spike_step"],
        input_id=stored["in_spike_idx"],
        u=stored["u"],
        v=stored["v"],
        spike_step=stored["spk_step"],
        spike_neuron=stored["spk_idx"],
        agreeing_emulators=int(stored["n_agree"]),
    )
