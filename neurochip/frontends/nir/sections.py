"""The description of a NIR graph as sections of a page."""

from __future__ import annotations

from ..._display.notebook import Description, describes
from ..._display.sections import Block, Paragraph, Section, Table
from .describe import HEADINGS, NirDescription, cells_of

__all__ = ["describe_graph"]


@describes(NirDescription)
def describe_graph(found: NirDescription) -> Description:
    """Describe a graph by its table of nodes, and by what the file leaves open."""
    nodes = [(*cells_of(row), row.note) for row in found.rows]
    blocks: list[Block] = [Table((*HEADINGS, "note"), nodes)]
    blocks += [Paragraph(f"{name}: {text}") for name, text in found.settings.items()]
    return Description(f"{found.source} {found.verdict}.", [Section("Nodes", blocks)])
