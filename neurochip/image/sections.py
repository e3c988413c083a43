"""The compile report as a section of a page."""

from __future__ import annotations

from .._display.sections import Block, Paragraph, Section, Table
from .report import CompileReport

__all__ = ["compilation_section"]


def compilation_section(report: CompileReport) -> Section:
    """Return every parameter with its registers and errors, scales, and resources."""
    options = ", ".join(f"{name} = {value}" for name, value in report.options.items())
    blocks: list[Block] = [
        Paragraph(f"Compiled for {report.chip} at dt = {report.dt:g} ms ({options})."),
        *(Paragraph(warning, warning=True) for warning in report.warnings),
        Table(
            ("owner", "parameter", "asked", "registers", "meant", "error", ""),
            [(row.owner, *row.cells, row.note) for row in report.rows],
        ),
        Table(
            ("population", "LSB per mV", "bounded by", "headroom"),
            [
                (
                    scale.owner,
                    scale.lsb_per_mv.ends(6),
                    scale.binding,
                    ", ".join(
                        f"{name.replace('_', ' ')} {scale.headroom(name):.3g}x"
                        for name, (expected, _) in scale.peaks.items()
                        if expected > 0
                    ),
                )
                for scale in report.scales
            ],
        ),
        Table(
            ("resource", "used", "limit"),
            [
                (name.replace("_", " "), f"{used:,}", f"{limit:,}")
                for name, (used, limit) in report.resources.items()
            ],
            "Cores: of the whole chip. Other resources: of the fullest core.",
        ),
    ]
    return Section("Compile report", blocks)
