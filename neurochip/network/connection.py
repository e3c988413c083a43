"""A connection, stored as compressed sparse rows (CSR) with one row per source.

A synapse takes 12 bytes if every synapse has its own weight, and 4 bytes with a common weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from .._support.ranges import FINITE, NOT_NEGATIVE, Range
from .._support.text import counted
from .._support.values import (
    ArrayValue,
    check_name,
    choice,
    instance,
    integers,
    quantity,
    read_only,
    shown,
)
from ..errors import NetworkError
from ..typing import Float64Array, Int32Array, Int64Array
from .inputs import PoissonInput, SpikeInput
from .kernel import ConvolutionShape
from .neurons import Population
from .plasticity import STDP

__all__ = ["Connection", "Source", "check_ends", "check_receptor", "unit_of_weights"]

Source: TypeAlias = Population | PoissonInput | SpikeInput


@dataclass(frozen=True, eq=False)
class Connection(ArrayValue):
    """Synapses from a source to a population, made by a function such as :func:`all_to_all`.

    Parameters
    ----------
    name : str
        Unique within a network.
    source : Population, PoissonInput or SpikeInput
        Presynaptic side.
    target : Population
        Postsynaptic side.
    indptr : ndarray of int64, shape (source.size + 1,)
        Synapses of source i are ``indptr[i]`` to ``indptr[i + 1] - 1``.
    post : ndarray of int32, shape (n_synapses,)
        Target neuron of each synapse.
    weight : float or ndarray of float64, shape (n_synapses,)
        mV if a spike adds to v, nA if it adds to a current; negative is inhibitory.
    delay : float or ndarray of float64, shape (n_synapses,), ms
        At least 0. It adds to the one step that every spike takes.
    receptor : str, optional
        ``"v"``: a spike adds its weight to v, also if the target has a synaptic current. Default:
        the LIF of the target decides, see :class:`LIF`.
    convolution : ConvolutionShape, optional
        Shape of the convolution whose synapses these are. A chip that stores a kernel once for all
        places then does so. Default: none.
    plasticity : STDP, optional
        The synapses learn by this rule, and ``weight`` is where they start. Default: they keep
        their weights.

    Raises
    ------
    NetworkError
        If the arrays do not match, an index is out of range or a value is not allowed; or if
        ``receptor="v"`` and the target has two currents, since a neuron has two receptors at most;
        or if synapses learn whose weights are not within 0 and ``w_max``, that share a kernel, or
        whose ends emit several spikes in a step.
    """

    name: str
    source: Source
    target: Population
    indptr: Int64Array
    post: Int32Array
    weight: float | Float64Array
    delay: float | Float64Array
    receptor: str | None = None
    convolution: ConvolutionShape | None = None
    plasticity: STDP | None = None

    def __post_init__(self) -> None:
        check_name("connection", self.name)
        label = check_ends(self.source, self.target, self.name)
        check_receptor(label, self.target, self.receptor)
        post = integers(label, "post", self.post, low=0, high=self.target.size - 1)
        indptr = integers(label, "indptr", self.indptr)
        rows = indptr.shape == (self.source.size + 1,) and post.ndim == 1
        rows = rows and indptr[0] == 0 and indptr[-1] == len(post)
        if not rows or (indptr[1:] < indptr[:-1]).any():
            raise NetworkError(
                f"{label}: indptr = {shown(self.indptr)}; allowed: {self.source.size + 1} numbers "
                f"that never decrease, from 0 to {post.size}, the number of synapses."
            )
        object.__setattr__(self, "indptr", read_only(np.asarray(indptr, dtype=np.int64)))
        object.__setattr__(self, "post", read_only(np.asarray(post, dtype=np.int32)))
        self._check("weight", self.unit, len(post))
        self._check("delay", "ms", len(post), NOT_NEGATIVE)
        if self.convolution is not None:
            self._check_convolution(label)
        if self.plasticity is not None:
            self._check_plasticity(label)

    def _check_convolution(self, label: str) -> None:
        allowed = "a ConvolutionShape(...), or None"
        shape = instance(
            label, "convolution", self.convolution, ConvolutionShape, allowed, error=NetworkError
        )
        sizes = self.source.size, self.target.size
        if (shape.n_sources, shape.n_targets) != sizes:
            raise NetworkError(
                f"{label}: convolution from {shape.source_shape} to {shape.target_shape}; allowed: "
                f"shapes of {sizes[0]} sources and {sizes[1]} targets, as the connection has."
            )

    def _check_plasticity(self, label: str) -> None:
        allowed = "an STDP(...), or None"
        rule = instance(label, "plasticity", self.plasticity, STDP, allowed, error=NetworkError)
        if rule.unit not in {"", self.unit}:
            raise NetworkError(
                f"{label}: plasticity with amplitudes in {rule.unit}; allowed: in {self.unit}, the "
                "unit of its weights."
            )
        if self.convolution is not None:
            raise NetworkError(
                f"{label}: plasticity of a convolution, whose synapses share their weights; "
                "allowed: synapses with weights of their own. Connect them with from_arrays."
            )
        weights = np.atleast_1d(self.weight)
        bad = np.flatnonzero((weights < 0) | (weights > rule.w_max))
        if bad.size:
            where = f"[{bad[0]}]" if np.ndim(self.weight) else ""
            raise NetworkError(
                f"{label}: weight{where} = {weights[bad[0]]:g} {self.unit}; allowed for its "
                f"plasticity: 0 to w_max = {rule.w_max:g} {self.unit}."
            )
        reward = rule.reward and rule.reward.reward
        if reward and reward.values.shape[1:] not in {(), (self.target.size,)}:
            raise NetworkError(
                f"{label}: a reward for {reward.values.shape[1]} neurons; {self.target.name!r} has "
                f"{self.target.size}."
            )
        for end in (self.source, self.target):
            if isinstance(end, Population) and end.model.several:
                raise NetworkError(
                    f"{label}: plasticity, but {end.name!r} may emit several spikes in a step, "
                    "which traces would count as one; allowed: spikes_per_step='one'."
                )

    def _check(self, what: str, unit: str, size: int, within: Range = FINITE) -> None:
        label, given = f"connection {self.name!r}", getattr(self, what)
        values = quantity(label, what, given, unit, within, per="synapse", copy=False)
        if isinstance(values, np.ndarray) and len(values) != size:
            raise NetworkError(
                f"{label}: {what} has {len(values)} values; allowed: one, or {size} (one per "
                "synapse)."
            )
        object.__setattr__(self, what, values)

    @property
    def unit(self) -> str:
        """Unit of the weights: ``"mV"`` if a spike adds to v, ``"nA"`` if it adds to a current."""
        return unit_of_weights(self.target, self.receptor)

    @property
    def kicks_v(self) -> bool:
        """Tell whether a spike adds its weight to v instead of to a current."""
        return self.unit == "mV"

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return len(self.post)

    @property
    def learns(self) -> bool:
        """Tell whether it has synapses that learn."""
        return self.plasticity is not None and self.n_synapses > 0

    @property
    def pre(self) -> Int32Array:
        """Source neuron of each synapse, shape (n_synapses,)."""
        return np.repeat(np.arange(self.source.size, dtype=np.int32), np.diff(self.indptr))

    def __repr__(self) -> str:
        return (
            f"Connection({self.name!r}, {self.source.name!r} -> {self.target.name!r}, "
            f"{counted(self.n_synapses, 'synapse')}{', plastic' if self.plasticity else ''})"
        )


def check_ends(source: Any, target: Any, name: Any) -> str:
    """Check the ends and the name of a connection, and return its label for messages."""
    if not isinstance(source, (Population, PoissonInput, SpikeInput)):
        raise NetworkError(
            f"connection: source = {shown(source)}; allowed: a Population, PoissonInput or "
            "SpikeInput."
        )
    instance("connection", "target", target, Population, "a Population", error=NetworkError)
    if name is not None:
        check_name("connection", name)
    return f"connection {name or f'{source.name}->{target.name}'!r}"


def check_receptor(label: str, target: Population, receptor: Any) -> None:
    """Check that the target of a connection has a receptor; None stands for those of its LIF."""
    allowed = "'v', or None for the receptors of the LIF"
    choice(label, "receptor", receptor, ("v", None), allowed=allowed, error=NetworkError)
    if receptor == "v" and target.model.two_currents:
        raise NetworkError(
            f"{label}: receptor = 'v', but {target.name!r} has two currents (tau_syn_E, tau_syn_I) "
            "already, and a neuron has two receptors at most; allowed: 'v' onto a LIF with one "
            "tau_syn."
        )


def unit_of_weights(target: Population, receptor: str | None) -> str:
    """Return the unit of the weights of synapses onto a receptor of a population."""
    return "mV" if target.model.delta_synapses or receptor == "v" else "nA"
