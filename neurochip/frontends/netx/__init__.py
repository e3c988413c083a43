"""Front end for networks of lava-dl (``.net``): their integers as a chip image.

It needs the package of the extra ``netx``: ``pip install "neurochip[netx]"``.
"""

from . import sections as sections  # describes the results for notebooks
from .describe import LayerRow, NetxDescription, inspect_netx
from .layer import NetxLayer, NetxNeuron
from .model import NetxModel
from .read import read_netx
from .real import read_netx_float

__all__ = [
    "LayerRow",
    "NetxDescription",
    "NetxLayer",
    "NetxModel",
    "NetxNeuron",
    "inspect_netx",
    "read_netx",
    "read_netx_float",
]
