"""A recording as sections of a page: rates, overflows and traces."""

from __future__ import annotations

from .._display.notebook import Description, describes
from .._display.sections import Block, Paragraph, Section, Table
from .._support.text import counted
from .recording import Recording

__all__ = ["describe_recording"]


@describes(Recording)
def describe_recording(recording: Recording) -> Description:
    """Describe a recording by the rates of its populations, what overflowed, and its traces."""
    lead = (
        f"{recording.label}: {counted(recording.n_spikes, 'spike')} in "
        f"{recording.duration:g} ms, in steps of {recording.dt:g} ms."
    )
    blocks: list[Block] = [
        Paragraph(f"{name or 'no population'}: {counter} = {count:,}", warning=True)
        for name, counts in recording.overflows.items()
        for counter, count in counts.items()
    ]
    rows = []
    for name, size in recording.populations.items():
        rates = recording.rates(name)
        silent = int((rates == 0).sum())
        rows.append(
            (
                name,
                f"{size:,}",
                f"{int(recording.counts(name).sum()):,}",
                f"{rates.mean():.2f} Hz",
                f"{rates.min():.2f} Hz",
                f"{rates.max():.2f} Hz",
                f"{silent:,}",
            )
        )
    header = ("population", "neurons", "spikes", "mean rate", "lowest", "highest", "silent neurons")
    blocks.append(Table(header, rows))
    traces = [
        (name, variable, trace.unit, f"{len(trace.ids):,}")
        for (name, variable), trace in recording.traces.items()
    ]
    graded = [
        (name, f"{len(carried):,}", f"{carried.min():,}", f"{carried.max():,}")
        for name, carried in recording.payloads.items()
        if len(carried)
    ]
    if graded:
        blocks.append(Table(("population", "graded spikes", "lowest payload", "highest"), graded))
    sections = [Section("Spikes", blocks)]
    if traces:
        table = Table(("population", "variable", "unit", "neurons"), traces)
        sections.append(Section("Traces", [table]))
    learned = [
        (name, variable, trace.unit, f"{len(trace.synapses):,}", f"{len(trace.steps):,}")
        for (name, variable), trace in recording.synaptic.items()
    ]
    if learned:
        table = Table(("connection", "variable", "unit", "synapses", "samples"), learned)
        sections.append(Section("Recorded synapses", [table]))
    counted_names = list(dict.fromkeys(key for each in recording.learning.values() for key in each))
    if counted_names:
        rows_of_counts = [
            (name, *(f"{each.get(key, 0):,}" for key in counted_names))
            for name, each in recording.learning.items()
        ]
        table = Table(("connection", *counted_names), rows_of_counts)
        sections.append(Section("Learning", [table]))
    return Description(lead, sections)
