"""Front end for networks of lava-dl (``.net``): their integers as a chip image.

It needs the package of the extra ``netx``: ``pip install "neurochip[netx]"``.
"""

from .layer import NetxLayer, NetxNeuron

__all__ = ["NetxLayer", "NetxNeuron"]
