"""Front end for NIR graphs of trained networks: reads a graph as a network and writes it again.

It needs the packages of the extra ``nir``: ``pip install "neurochip[nir]"``.
"""

from . import sections as sections  # describes the results for notebooks
from .convention import CONVENTIONS, Convention
from .describe import NirDescription, NodeRow, inspect_nir
from .model import NirModel
from .read import read_nir
from .write import write_nir

__all__ = [
    "CONVENTIONS",
    "Convention",
    "NirDescription",
    "NirModel",
    "NodeRow",
    "inspect_nir",
    "read_nir",
    "write_nir",
]
