"""Projections: columns of synapses."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyNN import common
from pyNN.space import Space

from . import simulator
from .synapses import StaticSynapse

__all__ = ["Projection"]


class Projection(common.Projection):
    """Synapses from one selection of cells to another."""

    _simulator = simulator
    _static_synapse_class = StaticSynapse

    def __init__(
        self,
        presynaptic_population: Any,
        postsynaptic_population: Any,
        connector: Any,
        synapse_type: Any = None,
        source: Any = None,
        receptor_type: str | None = None,
        space: Any = None,
        label: str | None = None,
    ) -> None:
        super().__init__(
            presynaptic_population,
            postsynaptic_population,
            connector,
            synapse_type,
            source,
            receptor_type,
            space or Space(),
            label,
        )
        self._parts: list[tuple[Any, ...]] = []
        connector.connect(self)
        state = simulator.state
        self.key = f"{self.label} #{len(state.projections)}"
        state.projections.append(self)
        state.changed()

    def __len__(self) -> int:
        return sum(len(part[0]) for part in self._parts)

    def _convergent_connect(
        self, pre: Any, post: int, location_selector: Any = None, **values: Any
    ) -> None:
        del location_selector
        columns = (np.full(len(pre), post), values["weight"], values["delay"])
        self._parts.append((np.asarray(pre), *(np.broadcast_to(x, len(pre)) for x in columns)))

    def synapses(self) -> tuple[Any, ...]:
        """Return pre, post, weight and delay (ms) of all synapses."""
        if not self._parts:
            return tuple(np.empty(0, kind) for kind in (np.int32, np.int32, float, float))
        pre, post, weight, delay = (np.concatenate(x) for x in zip(*self._parts, strict=True))
        return (
            pre.astype(np.int32),
            post.astype(np.int32),
            weight.astype(float),
            delay.astype(float),
        )
