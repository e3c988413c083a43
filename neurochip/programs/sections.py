"""A neuron program as sections of a page: its registers, and its rows with what each can give."""

from __future__ import annotations

from .._display.notebook import Description, describes
from .._display.sections import Section, Table
from .._support.text import counted
from .program import NeuronProgram

__all__ = ["describe_program"]

_REGISTERS = ("register", "what it is", "width or range")
_ROWS = ("row", "destination", "operation", "operands", "lowest", "highest")


@describes(NeuronProgram)
def describe_program(program: NeuronProgram) -> Description:
    """Describe a program by its tables of registers and rows."""
    spikes = f"payloads of {program.payload_bits} bits" if program.payload_bits else "binary spikes"
    rows = [
        (str(index), destination or "", name, " ".join(map(str, operands)), f"{low:,}", f"{high:,}")
        for index, ((destination, name, *operands), (low, high)) in enumerate(
            zip(program.rows, program.ranges(), strict=True)
        )
    ]
    lead = f"Program {program.name!r}: {counted(len(rows), 'row')}, {spikes}."
    tables = [Table(_REGISTERS, _registers(program)), Table(_ROWS, rows)]
    return Description(lead, [Section("Registers and rows", tables)])


def _registers(program: NeuronProgram) -> list[tuple[str, str, str]]:
    inputs = [(name, "input: what arrives in a step", "") for name in program.inputs]
    state = [(name, "state", f"{bits} bits") for name, bits in program.state.items()]
    ranges = program.parameters.items()
    return [
        *inputs,
        *state,
        *((name, "parameter", f"{low:,} to {high:,}") for name, (low, high) in ranges),
        *((name, "temporary", "") for name in program.temporaries),
    ]
