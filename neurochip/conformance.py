"""Golden vectors: runs of three open emulators, repeated on this one, bit for bit.

A vector is one ``.npz`` file with registers, synapses, input spikes, and the u, v and spikes that
they must give; ``docs/reference/conformance.md`` describes the format. ``neurochip conformance``
runs a folder of them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ._npz import DAMAGE, reason
from .emulator import Emulator
from .errors import ImageError
from .fixedpoint import Rounding
from .hardware import LOIHI, ChipSpec
from .image import ChipImage
from .programming import Noise, SignMode, Synapses, program
from .typing import Int8Array, Int32Array

__all__ = [
    "PEERS",
    "VECTOR_CHIP",
    "Case",
    "Difference",
    "Output",
    "check_case",
    "image_of",
    "load_case",
]

PEERS = {"lava": "lava", "nengoloihi": "nengo-loihi", "brian2loihi": "brian2loihi"}
"""Names of the emulators in vector files, and of the presets that stand for them."""

VECTOR_CHIP = LOIHI.what_if(name="loihi, refractory 64", refractory_max=64)
"""The first generation, with the refractory register of 64 that Brian2Loihi accepts."""

_REGISTERS = (
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


@dataclass(frozen=True, eq=False)
class Output:
    """What an engine gave.

    ``u`` and ``v`` have shape (n_steps, n_neurons), or are None where only spikes were recorded;
    ``spike_step`` and ``spike_neuron`` are sorted by step, then neuron.
    """

    u: Int32Array | None
    v: Int32Array | None
    spike_step: Int32Array
    spike_neuron: Int32Array


@dataclass(frozen=True)
class Difference:
    """The first ``step`` and ``neuron`` in which two outputs differ.

    ``quantity`` is ``"u"``, ``"v"`` or ``"spike"`` (1 or 0): ``expected``, and what was ``got``.
    """

    step: int
    neuron: int
    quantity: str
    expected: int
    got: int

    def __str__(self) -> str:
        return (
            f"step {self.step}, neuron {self.neuron}: {self.quantity} is {self.got}, expected "
            f"{self.expected}"
        )


@dataclass(frozen=True, eq=False)
class Case:
    """One golden vector: registers, synapses and input, and the state they must give.

    Names are those of ``docs/reference/core-semantics.md``. All arrays are read-only.

    Parameters
    ----------
    name, case_class : str
        Of the vector, and of those that test the same thing.
    n_neurons, n_inputs, n_steps : int
        Compartments, input axons, length.
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
        Input spikes on the register clock: delay 0 enters u in that very step.
    u, v, spike_step, spike_neuron
        Expected output, as in :class:`Output`, v after the reset; u and v are None in vectors of
        spikes only.
    agreeing_emulators : int
        How many of the three emulators gave exactly this output.
    statuses : dict of str to str
        For each emulator "agree...", "differ..." or "unsupported...".
    peers : dict of str to Output
        The own output of each emulator that differs.
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
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            stored = {name: archive[name] for name in archive.files}
        for array in stored.values():
            array.setflags(write=False)
        spikes_only = "spikes_only" in stored
        case = Case(
            name=str(stored["case"]),
            case_class=str(stored["case_class"]),
            n_neurons=stored["n_neurons"].item(),
            n_inputs=stored["n_inputs"].item(),
            n_steps=stored["n_steps"].item(),
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
            noise_exponent=stored["noise_exp"].item(),
            noise_mantissa_offset=stored["noise_mant_offset"].item(),
            noise_at_membrane=stored["noise_at_membrane"].item(),
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
            u=None if spikes_only else stored["u"],
            v=None if spikes_only else stored["v"],
            spike_step=stored["spk_step"],
            spike_neuron=stored["spk_idx"],
            agreeing_emulators=stored["n_agree"].item(),
            statuses={peer: str(stored[f"status_{peer}"]) for peer in PEERS},
            peers={
                peer: Output(
                    *(stored[f"{peer}_{part}"] for part in ("u", "v", "spk_step", "spk_idx"))
                )
                for peer in PEERS
                if f"{peer}_u" in stored
            },
        )
        _check_shapes(case)
    except (*DAMAGE, AttributeError, TypeError) as problem:
        raise ImageError(f"{path}: not a golden vector ({reason(problem)}).") from None
    return case


def _check_shapes(case: Case) -> None:
    """Raise ValueError unless arrays belong together; the image checks the registers."""
    grid = (case.n_steps, case.n_neurons)
    wanted: dict[str, tuple[int, ...]] = {
        **({} if case.u is None else {"u": grid, "v": grid}),
        **dict.fromkeys(("noise_enabled", *_REGISTERS), grid[1:]),
    }
    if case.noise_raw is not None:
        wanted["noise_raw"] = grid
    for first, *others in (
        ("format_source", "format_weight_exponent", "format_weight_bits", "format_sign_mode"),
        ("synapse_source", "synapse_format", "synapse_target", "synapse_mantissa"),
        ("synapse_source", "synapse_delay", "synapse_weight"),
        ("input_step", "input_id"),
        ("spike_step", "spike_neuron"),
    ):
        wanted |= dict.fromkeys((first, *others), (len(getattr(case, first)),))
    for name, shape in wanted.items():
        array = getattr(case, name)
        if array.shape != shape or not np.issubdtype(array.dtype, np.integer):
            raise ValueError(
                f"{name} has shape {array.shape} and type {array.dtype}, expected integers of "
                f"shape {shape}"
            )
    outputs = {"": case.output, **{f"{peer} ": output for peer, output in case.peers.items()}}
    for owner, output in outputs.items():
        if any(state is not None and state.shape != grid for state in (output.u, output.v)):
            raise ValueError(f"{owner}u and v have other shapes than {grid}")
        for name, ids, size in (
            ("spike_step", output.spike_step, case.n_steps),
            ("spike_neuron", output.spike_neuron, case.n_neurons),
        ):
            if ids.size and not (ids.min() >= 0 and ids.max() < size):
                worst = ids.min() if ids.min() < 0 else ids.max()
                raise ValueError(f"a {owner}{name} is {worst}, expected 0 to {size - 1}")


def image_of(case: Case, chip: ChipSpec = VECTOR_CHIP) -> ChipImage:
    """Build the image of a vector, with all compartments in order.

    Parameters
    ----------
    case : Case
        The vector.
    chip : ChipSpec
        Widths and rules.

    Raises
    ------
    ImageError
        If the chip cannot hold the registers of the vector.
    """
    lists = []
    for index, source in enumerate(case.format_source):
        mine = case.synapse_format == index
        lists.append(
            Synapses(
                "inputs" if source == 0 else "compartments",
                pre=case.synapse_source[mine],
                target=case.synapse_target[mine],
                mantissa=case.synapse_mantissa[mine],
                sign_mode=SignMode(int(case.format_sign_mode[index])),
                exponent=int(case.format_weight_exponent[index]),
                bits=int(case.format_weight_bits[index]),
                delay=case.synapse_delay[mine],
            )
        )
    noise = None
    if case.noise_raw is not None:
        noise = Noise(
            case.noise_enabled.astype(np.int32),
            case.noise_exponent,
            case.noise_mantissa_offset,
            bool(case.noise_at_membrane),
        )
    return program(
        chip,
        {name: getattr(case, name) for name in _REGISTERS},
        lists,
        n_inputs=case.n_inputs,
        noise=noise,
        truncate=True,  # some vectors are about the bits that a format drops
    )


def check_case(
    case: Case, chip: ChipSpec = VECTOR_CHIP, *, peer: str | None = None, threads: int | None = None
) -> Difference | None:
    """Run a vector and return the first difference, or None if there is none.

    Parameters
    ----------
    case : Case
        The vector.
    chip : ChipSpec
        Widths and rules.
    peer : str, optional
        Expect what that emulator gave (a name of ``PEERS``): its own output where it differs, else
        the canonical one.
    threads : int, optional
        Threads of the emulator.

    Raises
    ------
    ImageError
        If the chip cannot hold the registers of the vector, or there is no such peer.
    """
    if peer is not None and peer not in PEERS:
        raise ImageError(f"peer = {peer!r}; allowed: {', '.join(PEERS)}.")
    if peer is not None and "injected" in case.statuses[peer]:
        # That emulator was given finished integer weights, so its own rounding played no part.
        chip = chip.what_if(name=chip.name, weight_rounding=Rounding.FLOOR, weight_clips=True)
    emulator = Emulator(image_of(case, chip), threads=threads, progress=False)
    # An input of step s acts in step s there; here it acts one step after it was emitted.
    expected = case.output if peer is None else case.peers.get(peer, case.output)
    recording = emulator.run_steps(
        case.n_steps,
        case.input_step - 1,
        case.input_id,
        record=[] if expected.u is None else ["u", "v"],
        noise=case.noise_raw,
    )
    traces = {variable: trace.values for (_, variable), trace in recording.traces.items()}
    got = Output(
        traces.get("u"),
        traces.get("v"),
        recording.steps["compartments"],
        recording.ids["compartments"],
    )
    return _first_difference(case, expected, got)


def _first_difference(case: Case, expected: Output, got: Output) -> Difference | None:
    def raster(output: Output) -> Int32Array:
        grid = np.zeros((case.n_steps, case.n_neurons), dtype=np.int32)
        grid[output.spike_step, output.spike_neuron] = 1
        return grid

    found = []
    for order, (quantity, wanted, ours) in enumerate(
        (
            ("u", expected.u, got.u),
            ("v", expected.v, got.v),
            ("spike", raster(expected), raster(got)),
        )
    ):
        if wanted is not None and ours is not None and (wanted != ours).any():
            step, neuron = (int(index) for index in np.argwhere(wanted != ours)[0])
            values = int(wanted[step, neuron]), int(ours[step, neuron])
            found.append((step, order, Difference(step, neuron, quantity, *values)))
    return min(found)[2] if found else None
