"""Repeats golden vectors, which are runs of three open emulators, and compares bit for bit.

A vector is one ``.npz`` file with registers, synapses, input spikes, and the expected u, v and
spikes; ``docs/reference/conformance.md`` describes the format. ``neurochip conformance`` runs a
folder of vectors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..chip.fixedpoint import Rounding
from ..chip.spec import LOIHI, ChipSpec
from ..emulator import Emulator
from ..errors import ImageError
from ..image import ChipImage
from ..image.program import Noise, SignMode, Synapses, program
from ..recording import Recording
from ..typing import Int32Array
from .vectors import PEERS, REGISTERS, Case, Output

__all__ = ["VECTOR_CHIP", "Difference", "check_case", "image_of", "run_case"]

VECTOR_CHIP = LOIHI.what_if(name="loihi, refractory 64", refractory_max=64)
"""First-generation chip with a refractory register of up to 64, which Brian2Loihi accepts."""


@dataclass(frozen=True)
class Difference:
    """First difference between two outputs.

    ``quantity`` is ``"u"``, ``"v"`` or ``"spike"`` (1 or 0); of a neuron program, a register or
    ``"payload"``. At ``step`` and ``neuron`` it has the value ``got`` instead of ``expected``.
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


def image_of(case: Case, chip: ChipSpec = VECTOR_CHIP) -> ChipImage:
    """Build the image of a vector, with all compartments in order.

    Parameters
    ----------
    case : Case
        The vector.
    chip : ChipSpec
        Register widths and rules of the chip.

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
        {name: getattr(case, name) for name in REGISTERS},
        lists,
        n_inputs=case.n_inputs,
        noise=noise,
        truncate=True,  # some vectors test the bits that a format drops
    )


def run_case(
    case: Case,
    chip: ChipSpec = VECTOR_CHIP,
    *,
    record: Iterable[str] = ("u", "v"),
    threads: int | None = None,
) -> Recording:
    """Run the registers of a vector on its input spikes and its noise.

    Parameters
    ----------
    case : Case
        The vector.
    chip : ChipSpec
        Register widths and rules of the chip.
    record : iterable of str
        Registers to record in all steps.
    threads : int, optional
        Number of threads of the emulator.

    Raises
    ------
    ImageError
        If the chip cannot hold the registers of the vector.
    """
    emulator = Emulator(image_of(case, chip), warn=False, threads=threads, progress=False)
    # An input of step s acts in step s there; here it acts one step after its emission.
    return emulator.run_steps(
        case.n_steps, case.input_step - 1, case.input_id, record=record, noise=case.noise_raw
    )


def check_case(
    case: Case, chip: ChipSpec = VECTOR_CHIP, *, peer: str | None = None, threads: int | None = None
) -> Difference | None:
    """Run a vector and return the first difference, or None if all values are equal.

    Parameters
    ----------
    case : Case
        The vector.
    chip : ChipSpec
        Register widths and rules of the chip.
    peer : str, optional
        Expect the output of this emulator (a key of ``PEERS``): its own output if it differs from
        the canonical one, otherwise the canonical output.
    threads : int, optional
        Number of threads of the emulator.

    Raises
    ------
    ImageError
        If the chip cannot hold the registers of the vector, or ``peer`` is unknown.
    """
    if peer is not None and peer not in PEERS:
        raise ImageError(f"peer = {peer!r}; allowed: {', '.join(PEERS)}.")
    if peer is not None and "injected" in case.statuses[peer]:
        # That emulator received integer weights, so its own weight rounding was not used.
        chip = chip.what_if(name=chip.name, weight_rounding=Rounding.FLOOR, weight_clips=True)
    expected = case.output if peer is None else case.peers.get(peer, case.output)
    recorded = () if expected.u is None else ("u", "v")
    recording = run_case(case, chip, record=recorded, threads=threads)
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
