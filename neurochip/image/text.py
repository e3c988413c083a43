"""A chip image as human-readable text."""

from __future__ import annotations

import dataclasses

import numpy as np

from .._support.text import counted
from ..learning.terms import POST, PRE
from .chip_image import ChipImage
from .learning import Plasticity
from .report_rows import Span

__all__ = ["dump_image"]

_SHOWN = 10  # rows of a table shown before it is cut


def dump_image(image: ChipImage) -> str:
    """Return an image as text: chip, cores, registers and synapses.

    Long tables are cut after ten rows and state the number of omitted rows. The digest covers the
    whole image.
    """
    core = image.chip.core
    lines = [
        f"chip image {image.digest()}",
        f"chip {image.chip.name}: {image.chip.cores} cores of {core.compartments} compartments",
        f"{counted(image.n_cores, 'core')}, {counted(image.n_compartments, 'compartment')}, "
        f"{counted(image.n_inputs, 'input')}, {counted(image.n_synapses, 'synapse')}, "
        f"longest delay {counted(image.max_delay, 'step')}",
    ]
    if image.noise is not None:
        exponent, offset, at_membrane, seed = image.noise.settings
        lines.append(
            f"noise into {'v' if at_membrane else 'u'} of {int(image.noise.enabled.sum())} "
            f"compartments: exponent {exponent}, mantissa offset {offset}, seed {seed}"
        )
    if image.symbols is not None:
        lines.append(f"dt {image.symbols.dt:g} ms")
        for item in image.symbols.populations:
            used = np.unique(
                np.searchsorted(image.core_ptr, item.compartment_ids, side="right") - 1
            )
            lines.append(
                f"population {item.name!r}: {len(item.compartment_ids)} compartments on cores "
                f"{used[0]} to {used[-1]}, {Span.of(item.mv_per_lsb).ends(6)} mV per LSB"
            )
        lines += [f"input {item.name!r}: {item.size} sources" for item in image.symbols.inputs]
    lines += ["", "compartments (equal neighbours share a line)"]
    registers = [field.name for field in dataclasses.fields(image.compartments)]
    table = np.stack([getattr(image.compartments, name) for name in registers], axis=1)
    running = np.full(len(table), -1)  # the program of each compartment
    for index, programmed in enumerate(image.programs):
        running[programmed.compartments] = index
    same = (table[1:] == table[:-1]).all(axis=1) & (running[1:] == running[:-1])
    starts = np.flatnonzero(np.r_[True, ~same])
    ends = np.r_[starts[1:], len(table)]
    for start, end in list(zip(starts, ends, strict=True))[:_SHOWN]:
        values = ", ".join(
            f"{name} {value}" for name, value in zip(registers, table[start], strict=True)
        )
        if running[start] >= 0:  # it does not read the registers of the LIF neuron
            values = f"program {image.programs[running[start]].program.name!r}, see below"
        lines.append(f"  {start}..{end - 1}: {values}")
    lines += _cut(len(starts))
    for index, group in enumerate(image.synapses):
        form = group.format
        lines += [
            "",
            f"synapse group {index} from {group.source}: {group.n_synapses} synapses, exponent "
            f"{form.weight_exponent}, {form.weight_bits} bits, {form.sign_mode.name.lower()}",
        ]
        last = int(np.searchsorted(group.indptr[:-1], _SHOWN, side="left"))
        pre = np.repeat(np.arange(last), np.diff(group.indptr[: last + 1]))[:_SHOWN]
        for k, source in enumerate(pre):
            delay = int(group.delay[k]) if group.delay.size else 0
            lines.append(
                f"  {source} -> {group.target[k]}: mantissa {group.mantissa[k]}, delay {delay}"
            )
        lines += _cut(group.n_synapses)
    if image.learning is not None:
        lines += ["", f"learning with seed {image.learning.seed}"]
        lines += [text for item in image.learning.groups for text in _learns(item)]
        lines += [f"  {given!r}" for given in image.learning.rewards]
    for convolution in image.convolutions:
        lines += ["", repr(convolution)]
    for programmed in image.programs:
        lines += ["", f"{counted(len(programmed), 'compartment')} with {programmed.program}"]
        names = (*programmed.program.state, *programmed.program.parameters)
        rows = (*programmed.state, *programmed.parameters)
        lines += [f"  {name} {Span.of(row).ends(6)}" for name, row in zip(names, rows, strict=True)]
    if image.resets:
        lines += ["", *map(repr, image.resets)]
    return "\n".join(lines)


def _learns(item: Plasticity) -> list[str]:
    """Return the rule of a group, with its traces."""
    rule = item.rule
    traces = [
        f"{name} {trace.impulse:g} with tau {trace.tau:g} steps"
        for name in (*PRE, *POST)
        if (trace := getattr(rule, name)) is not None
    ]
    head = f"synapse group {item.synapses}, epoch {rule.epoch}, engine {rule.spec.name!r}"
    if rule.first_epoch != rule.spec.first_epoch:
        head += f", first epoch {rule.first_epoch}"
    return ["  " + ": ".join([head, *([", ".join(traces)] if traces else [])])] + [
        f"    {text}" for text in str(rule).splitlines()
    ]


def _cut(rows: int) -> list[str]:
    return [f"  ... {rows - _SHOWN} more"] if rows > _SHOWN else []
