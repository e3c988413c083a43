"""NIR graphs of trained networks: read them as a network, write a network as one.

Needs the packages of the extra ``nir``: ``pip install "neurochip[nir]"``.
"""

from .convention import CONVENTIONS, Convention
from .model import NirModel
from .read import read_nir
from .write import write_nir

__all__ = ["CONVENTIONS", "Convention", "NirModel", "read_nir", "write_nir"]
