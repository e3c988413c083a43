"""The description of a lava-dl network as sections of a page."""

from __future__ import annotations

from ..._display.notebook import Description, describes
from ..._display.sections import Section, Table
from .describe import HEADINGS, NetxDescription, cells_of

__all__ = ["describe_network"]


@describes(NetxDescription)
def describe_network(found: NetxDescription) -> Description:
    """Describe a network by its table of layers."""
    layers = Table(HEADINGS, [cells_of(row) for row in found.rows])
    return Description(f"{found.path} {found.verdict}.", [Section("Layers", [layers])])
