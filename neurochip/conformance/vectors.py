"""Reads the files of golden vectors."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.archive import Archive
from .._support.npz import opened, refusing
from ..chip.registers import SignMode
from ..errors import ImageError
from ..typing import Int8Array, Int32Array

__all__ = ["PEERS", "REGISTERS", "Case", "Output", "load_case"]

PEERS = {"lava": "lava", "nengoloihi": "nengo-loihi", "brian2loihi": "brian2loihi"}
"""Names of the emulators in vector files, and of their presets."""

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
"""Compartment registers in a vector."""

# Field of a case, key in the file, and axes: N neurons, T steps, F formats, S synapses, I input
# spikes, K spikes.
_ARRAYS = (
    ("decay_u", "decay_u", "N"),
    ("decay_u_offset", "ds_offset", "N"),
    ("decay_v", "decay_v", "N"),
    ("decay_v_offset", "dm_offset", "N"),
    ("threshold_mantissa", "vth_mant", "N"),
    ("bias_mantissa", "bias_mant", "N"),
    ("bias_exponent", "bias_exp", "N"),
    ("refractory", "refract_delay", "N"),
    ("vmin_exponent", "vmin_exp", "N"),
    ("vmax_exponent", "vmax_exp", "N"),
    ("noise_enabled", "noise_enable", "N"),
    ("format_source", "grp_src", "F"),
    ("format_weight_exponent", "grp_w_exp", "F"),
    ("format_weight_bits", "grp_num_weight_bits", "F"),
    ("format_sign_mode", "grp_sign_mode", "F"),
    ("synapse_source", "syn_pre", "S"),
    ("synapse_format", "syn_group", "S"),
    ("synapse_target", "syn_post", "S"),
    ("synapse_mantissa", "syn_w_mant", "S"),
    ("synapse_delay", "syn_delay", "S"),
    ("synapse_weight", "syn_w_canon", "S"),
    ("input_step", "in_spike_step", "I"),
    ("input_id", "in_spike_idx", "I"),
)
_STATE = (("u", "TN"), ("v", "TN"))
_SPIKES = (("spk_step", "K"), ("spk_idx", "K"))
_NUMBERS = {
    "n_neurons": "n_neurons",
    "n_inputs": "n_inputs",
    "n_steps": "n_steps",
    "noise_exponent": "noise_exp",
    "noise_mantissa_offset": "noise_mant_offset",
    "noise_at_membrane": "noise_at_membrane",
    "agreeing_emulators": "n_agree",
}
_INPUTS_MAX = 1 << 16  # more than the input axons of a core
_STATUSES = ("agree", "differ", "unsupported")


@dataclass(frozen=True, eq=False)
class Output:
    """Output of an emulator.

    ``u`` and ``v`` have shape (n_steps, n_neurons), or are None if only spikes were recorded;
    ``spike_step`` and ``spike_neuron`` are sorted by step, then neuron.
    """

    u: Int32Array | None
    v: Int32Array | None
    spike_step: Int32Array
    spike_neuron: Int32Array


@dataclass(frozen=True, eq=False)
class Case:
    """One golden vector: registers, synapses, input and expected output.

    Names are those of ``docs/reference/core-semantics.md``. All arrays are read-only.

    Parameters
    ----------
    name, case_class : str
        Name of the vector, and of the class of vectors that test the same feature.
    n_neurons, n_inputs, n_steps : int
        Numbers of compartments, input axons and steps.
    decay_u, decay_u_offset, decay_v, decay_v_offset, threshold_mantissa, bias_mantissa, \
    bias_exponent, refractory, vmin_exponent, vmax_exponent, noise_enabled : (n_neurons,)
        Registers of each compartment.
    noise_exponent, noise_mantissa_offset, noise_at_membrane : int
        Noise registers of the core.
    noise_raw : (n_steps, n_neurons) or None
        Raw draws, only in cases with noise.
    format_source, format_weight_exponent, format_weight_bits, format_sign_mode : (n_formats,)
        Synapse formats; source 0 means inputs, 1 neurons.
    synapse_format, synapse_source, synapse_target, synapse_mantissa, synapse_delay, \
    synapse_weight : (n_synapses,)
        Synapses as coordinates; ``synapse_weight`` is the decoded integer weight.
    input_step, input_id : (n_input_spikes,)
        Input spikes; with delay 0, a spike enters u in the same step.
    u, v, spike_step, spike_neuron
        Expected output, as in :class:`Output`, with v after the reset; u and v are None in vectors
        that hold only spikes.
    agreeing_emulators : int
        Number of the three emulators with exactly this output.
    statuses : dict of str to str
        Status of each emulator: "agree...", "differ..." or "unsupported...".
    peers : dict of str to Output
        Output of each emulator that differs.
    """

    name: str
    case_class: str
    n_neurons: int
    n_inputs: int
    n_steps: int

    decay_u: Int32Array
    decay_u_offset: Int32Array
    decay_v: Int32Array
    decay_v_offset: Int32Array
    threshold_mantissa: Int32Array
    bias_mantissa: Int32Array
    bias_exponent: Int32Array
    refractory: Int32Array
    vmin_exponent: Int32Array
    vmax_exponent: Int32Array

    noise_enabled: Int32Array
    noise_exponent: int
    noise_mantissa_offset: int
    noise_at_membrane: int
    noise_raw: Int8Array | None

    format_source: Int32Array
    format_weight_exponent: Int32Array
    format_weight_bits: Int32Array
    format_sign_mode: Int32Array

    synapse_format: Int32Array
    synapse_source: Int32Array
    synapse_target: Int32Array
    synapse_mantissa: Int32Array
    synapse_delay: Int32Array
    synapse_weight: Int32Array

    input_step: Int32Array
    input_id: Int32Array

    u: Int32Array | None
    v: Int32Array | None
    spike_step: Int32Array
    spike_neuron: Int32Array

    agreeing_emulators: int
    statuses: Mapping[str, str]
    peers: Mapping[str, Output]

    @property
    def output(self) -> Output:
        """The canonical output."""
        return Output(self.u, self.v, self.spike_step, self.spike_neuron)


def load_case(path: str | os.PathLike[str]) -> Case:
    """Read one vector file.

    Raises
    ------
    ImageError
        If the file is missing, damaged, or not a vector.
    """
    damage = refusing(path, "not a golden vector", "take a fresh copy", ImageError)
    with opened(path, ImageError, "the path of a golden vector (.npz)") as file, damage:
        return _case(Archive(file))


def _case(archive: Archive) -> Case:
    numbers = {field: archive.array(key, "iu", ()).item() for field, key in _NUMBERS.items()}
    for field, low, high in (
        ("n_neurons", 1, None),
        ("n_inputs", 0, _INPUTS_MAX),
        ("n_steps", 1, None),
        ("noise_at_membrane", 0, 1),
        ("agreeing_emulators", 0, len(PEERS)),
    ):
        _check_range(_NUMBERS[field], numbers[field], low, high)
    lengths = {"N": numbers["n_neurons"], "T": numbers["n_steps"]}
    arrays = _arrays(archive, {field: (key, axes) for field, key, axes in _ARRAYS}, lengths)
    statuses = {peer: archive.text(f"status_{peer}") for peer in PEERS}
    _check_range("grp_src", arrays["format_source"], 0, 1)
    _check_range("grp_sign_mode", arrays["format_sign_mode"], min(SignMode), max(SignMode))
    _check_range("syn_group", arrays["synapse_format"], 0, lengths["F"] - 1)
    _check_range("in_spike_step", arrays["input_step"], 0, lengths["T"] - 1)
    _check_range("in_spike_idx", arrays["input_id"], 0, numbers["n_inputs"] - 1)
    for peer, status in statuses.items():
        if not status.startswith(_STATUSES):
            raise ValueError(f"status_{peer} is {status!r}, expected {', '.join(_STATUSES)}")
    given = {"noise_raw": ("noise_raw", "TN")} if "noise_raw" in archive else {}
    noise = _arrays(archive, given, lengths).get("noise_raw")
    _check_range("noise_raw", () if noise is None else noise, -127, 127)
    u, v, spike_step, spike_neuron = _output(archive, "", lengths)
    return Case(
        name=archive.text("case"),
        case_class=archive.text("case_class"),
        **numbers,
        **arrays,
        noise_raw=noise,
        u=u,
        v=v,
        spike_step=spike_step,
        spike_neuron=spike_neuron,
        statuses=statuses,
        peers={
            peer: Output(*_output(archive, f"{peer}_", lengths))
            for peer in PEERS
            if f"{peer}_u" in archive
        },
    )


def _output(archive: Archive, prefix: str, lengths: Mapping[str, int]) -> list[Any]:
    own = {name: length for name, length in lengths.items() if name != "K"}
    state = () if "spikes_only" in archive else _STATE
    wanted = {key: (f"{prefix}{key}", axes) for key, axes in (*state, *_SPIKES)}
    found: dict[str, Any] = {"u": None, "v": None, **_arrays(archive, wanted, own)}
    _check_range(f"{prefix}spk_step", found["spk_step"], 0, lengths["T"] - 1)
    _check_range(f"{prefix}spk_idx", found["spk_idx"], 0, lengths["N"] - 1)
    order = found["spk_step"].astype(np.int64) * lengths["N"] + found["spk_idx"]
    if (np.diff(order) <= 0).any():
        raise ValueError(f"{prefix}spk_step and spk_idx are not sorted, or a spike is there twice")
    return list(found.values())


def _arrays(
    archive: Archive, wanted: Mapping[str, tuple[str, str]], lengths: dict[str, int]
) -> dict[str, Any]:
    """Read integer arrays by key and axes; the first array on an axis defines its length."""
    shapes = {}
    for key, axes in wanted.values():
        for axis, length in zip(axes, archive.shape(key), strict=False):
            lengths.setdefault(axis, length)
        shapes[key] = tuple(lengths[axis] for axis in axes)
        archive.expect(key, "iu", shapes[key])
    arrays = {field: archive.array(key, "iu", shapes[key]) for field, (key, _) in wanted.items()}
    for array in arrays.values():
        array.setflags(write=False)
    return arrays


def _check_range(key: str, values: Any, low: int, high: int | None) -> None:
    for worst in (np.min(values), np.max(values)) if np.size(values) else ():
        if worst < low or (high is not None and worst > high):
            allowed = f"at least {low}" if high is None else f"{low} to {high}"
            raise ValueError(f"{key} holds {worst}, expected {allowed}")
