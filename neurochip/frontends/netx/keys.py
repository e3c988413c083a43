"""The keys of a layer: which are needed, which mean nothing on a chip, and what they may hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..._support.values import shown
from ...errors import FrontendError
from ...typing import Int64Array
from .file import StoredLayer
from .layer import Shape

__all__ = ["KINDS", "MOST_NEURONS", "NEURONS", "Keys"]

MOST_NEURONS = 1 << 21  # of a layer: a chip has some hundred thousand

_BLOCK = ("shape", "inFeatures", "outFeatures", "bias", "delay", "neuron")
_CONV = ("inChannels", "outChannels", "kernelSize", "stride", "padding", "dilation", "groups")
KINDS: Mapping[str, tuple[str, ...]] = {
    "average": ("shape",),
    "conv": (*_CONV, "weight", *_BLOCK),
    "dense": ("weight", *_BLOCK),
    "dense_rec": ("weight", "weight_rec", *_BLOCK),
    "flatten": ("shape",),
    "input": ("shape", "weight", "bias", "delay", "neuron"),
}
"""Keys of each type of layer that can be read."""

_TRAINING = ("scaleRho", "tauRho", "theta")  # surrogate gradient; the threshold in training
NEURONS: Mapping[str, tuple[str, ...]] = {
    "CUBA": ("iDecay", "vDecay", "vThMant", "refDelay", "gradedSpike", "wgtExp", *_TRAINING),
    "LOIHI": ("iDecay", "vDecay", "vThMant", "refDelay", "gradedSpike", "wgtExp", *_TRAINING),
    "SDNN": ("vThMant", "activation", "sigma_output", "wgtExp"),
}
"""Keys of each type of neuron that can be read, besides ``type`` and those of any neuron."""

_ANY_NEURON = ("type", "messageBits", "weight_exp")
# Keys with the only value that lava-dl's own importer acts on rightly; it ignores the others.
_FIXED: Mapping[str, tuple[Any, str]] = {
    "neuron/refDelay": (1, "lava-dl ignores other refractory periods"),
    "neuron/wgtExp": (0, "lava-dl ignores other exponents of weights"),
    "neuron/weight_exp": (0, "lava-dl ignores other exponents of a normalisation"),
    "neuron/sigma_output": (1, "the key marks a layer whose neurons send their sum"),
    "neuron/activation": ("relu", "lava-dl runs every layer of this type with relu"),
}


class Keys:
    """Reads the members of a layer, each with its type and its range.

    Parameters
    ----------
    layer : StoredLayer
        The layer; a type that is not in ``KINDS``, or a key without a meaning, is refused.
    """

    def __init__(self, layer: StoredLayer) -> None:
        self.layer = layer
        self.where, self._members = layer.where, layer.members
        if layer.kind not in KINDS:
            raise self.problem(
                f"cannot be read, since a layer of the type {layer.kind!r} is not known; known: "
                f"{', '.join(KINDS)}. Write it as a conv layer, if it is a pool of equal weights"
            )
        self.model = self._neuron_type()
        inner = () if self.model is None else (*NEURONS[self.model], *_ANY_NEURON)
        known = {*KINDS[layer.kind], *(f"neuron/{key}" for key in inner)}
        for key in self._members:
            if key in known:
                continue
            outer = key.partition("/")[0]
            if outer == "weight":
                raise self.problem(f"has complex weights ({key}); allowed: real weights")
            kinds = sorted(known - {"neuron", "neuron/type"})
            raise self.problem(f"has a key {key!r}; known: {', '.join(kinds)}")
        self._check_fixed()

    def problem(self, text: str) -> FrontendError:
        """Return an error that names the layer."""
        return FrontendError(f"{self.where}: {text}.")

    def __contains__(self, key: str) -> bool:
        return key in self._members

    def whole(self, key: str, low: int, high: int) -> Int64Array:
        """Return a member as integers of any shape.

        Raises
        ------
        FrontendError
            If it is missing, empty, not numbers, or a number is not whole or out of range.
        """
        if key not in self._members:
            raise self.problem(f"has no {key!r}. Write the file again")
        value = self._members[key]
        if isinstance(value, str):
            raise self.problem(f"{key} = {shown(value)}; allowed: numbers")
        array = np.asarray(value)
        if array.dtype.kind == "b":
            array = array.astype(np.int64)
        if not array.size:
            raise self.problem(f"{key} has shape {array.shape}; allowed: at least one value")
        with np.errstate(invalid="ignore"):
            outside = ~((array >= low) & (array <= high) & (array == np.floor(array)))
        if outside.any():
            first = tuple(int(part[0]) for part in np.nonzero(np.atleast_1d(outside)))
            index = f"[{', '.join(map(str, first))}]" if array.ndim else ""
            raise self.problem(
                f"{key}{index} = {np.atleast_1d(array)[first]:g}; allowed: whole numbers from "
                f"{low} to {high}"
            )
        return array.astype(np.int64)

    def one(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a member as one integer; if there is a default, it may be missing."""
        if default is not None and key not in self:
            return default
        found = self.whole(key, low, high)
        if found.size != 1:
            raise self.problem(f"{key} has shape {found.shape}; allowed: one value")
        return int(found.flat[0])

    def pair(self, key: str, low: int, high: int, default: int) -> tuple[int, int]:
        """Return a member as an integer for rows and one for columns; one serves for both."""
        if key not in self:
            return default, default
        found = self.whole(key, low, high).ravel()
        if found.size not in {1, 2}:
            raise self.problem(f"{key} has {found.size} values; allowed: 1 or 2, rows and columns")
        return int(found[0]), int(found[-1])

    def shape(self) -> Shape:
        """Return the shape of what the layer sends out."""
        found = tuple(self.whole("shape", 1, MOST_NEURONS).ravel().tolist())
        if len(found) > 3 or math.prod(found) > MOST_NEURONS:
            raise self.problem(
                f"shape = {found}; allowed: up to 3 dimensions and {MOST_NEURONS} neurons"
            )
        return found

    def per_neuron(self, key: str, shape: Shape, low: int, high: int) -> Int64Array:
        """Return a member with one value for each neuron, in C order.

        One value serves for all neurons, and one per channel for all neurons of the channel.
        """
        found, size = self.whole(key, low, high).ravel(), math.prod(shape)
        if found.size not in {1, shape[0], size}:
            raise self.problem(
                f"{key} has {found.size} values; allowed: 1, {shape[0]} (one per channel) or {size}"
            )
        if found.size == 1:
            return np.full(size, found[0])
        return np.repeat(found, size // found.size)

    def _neuron_type(self) -> str | None:
        if not any(key.startswith("neuron") for key in self._members):
            return None
        kind = self._members.get("neuron/type")
        if not isinstance(kind, str) or kind not in NEURONS:
            raise self.problem(f"neuron/type = {_plain(kind)}; known: {', '.join(NEURONS)}")
        return kind

    def _check_fixed(self) -> None:
        for key, (allowed, reason) in _FIXED.items():
            if key not in self._members:
                continue
            value = self._members[key]
            if isinstance(allowed, str) or isinstance(value, str):
                same = value == allowed
            else:
                same = np.size(value) > 0 and bool(np.all(np.asarray(value) == allowed))
            if not same:
                raise self.problem(f"{key} = {_plain(value)}; allowed: {allowed!r}, since {reason}")
        if self.model in {"CUBA", "LOIHI"} and "neuron/gradedSpike" in self:
            self._check_binary()

    def _check_binary(self) -> None:
        if self.one("neuron/gradedSpike", 0, 1):
            raise self.problem(
                "neuron/gradedSpike = True; allowed: False, since LIF neurons send spikes without "
                "a payload"
            )


def _plain(value: Any) -> str:
    """Return a member as short text."""
    return shown(value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value)
