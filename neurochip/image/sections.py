"""The compile report and the image as sections of a page."""

from __future__ import annotations

from .._display.notebook import Description, describes
from .._display.sections import Block, Paragraph, Section, Table
from .._support.text import counted
from ..learning.terms import POST, PRE, TARGETS
from .chip_image import ChipImage
from .learning import Plasticity
from .report import CompileReport

__all__ = ["compilation_section"]


def compilation_section(report: CompileReport) -> Section:
    """Return every parameter with its registers and errors, scales, rates, and resources."""
    options = ", ".join(f"{name} = {value}" for name, value in report.options.items())
    blocks: list[Block] = [
        Paragraph(f"Compiled for {report.chip} at dt = {report.dt:g} ms ({options})."),
        *(Paragraph(warning, warning=True) for warning in report.warnings),
        Table(
            ("owner", "parameter", "asked", "meant", "error", "registers", ""),
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
            ("rates", "expected", "headroom for", "from"),
            [
                (
                    rate.owner,
                    f"{rate.expected.ends(4)} Hz",
                    f"{rate.assumed.ends(4)} Hz",
                    rate.origin,
                )
                for rate in report.rates
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


@describes(CompileReport)
def describe_report(report: CompileReport) -> Description:
    """Describe a compile report by its chip, its cores and its number of warnings."""
    used, limit = report.resources["cores"]
    lead = (
        f"Compiled for {report.chip} at dt = {report.dt:g} ms: {used} of {counted(limit, 'core')}, "
        f"{counted(len(report.warnings), 'warning')}."
    )
    return Description(lead, [compilation_section(report)])


@describes(ChipImage)
def describe_image(image: ChipImage) -> Description:
    """Describe an image by its size and, if it has symbols, its compile report."""
    rows = [
        ("chip", image.chip.name),
        ("cores", f"{image.n_cores:,} of {image.chip.total_cores:,}"),
        ("compartments", f"{image.n_compartments:,}"),
        ("synapses", f"{image.n_synapses:,}"),
        *([] if image.learning is None else [("synapses that learn", f"{image.n_plastic:,}")]),
        ("sources outside the chip", f"{image.n_inputs:,}"),
        ("longest delay", counted(image.max_delay, "step")),
        ("digest", image.digest()),
    ]
    sections = [Section("Image", [Table((), rows)])]
    if image.learning is not None:
        columns = ("synapse group", "synapses", "rule", "x1, x2", "y1, y2, y3", "epoch")
        learns = [_learns(image, item) for item in image.learning.groups]
        sections.append(Section("Learning", [Table(columns, learns)]))
    if image.symbols is not None:
        sections.append(compilation_section(image.symbols.report))
    return Description(repr(image), sections)


def _learns(image: ChipImage, item: Plasticity) -> tuple[str, ...]:
    rule = item.rule
    changes = ((name, getattr(rule, f"d{name}")) for name in TARGETS)
    traces = (
        ", ".join(f"{each.impulse:g}, tau {each.tau:g}" for each in found if each is not None)
        for found in ([getattr(rule, name) for name in side] for side in (PRE, POST))
    )
    return (
        str(item.synapses),
        f"{image.synapses[item.synapses].n_synapses:,}",
        "; ".join(f"d{name} = {text}" for name, text in changes if text is not None),
        *traces,
        counted(rule.epoch, "step"),
    )
