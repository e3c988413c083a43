"""Projections: synapses between two selections of neurons, without an object for each synapse."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from pyNN import common, errors
from pyNN.parameters import ParameterSpace
from pyNN.space import Space
from pyNN.standardmodels.base import excitatory_receptor_types, inhibitory_receptor_types

from ...typing import Float64Array, Int32Array
from . import simulator
from .checks import check_arguments
from .connections import Batch, Connection, Connections, Synapses
from .connectors import connect
from .plasticity import learns
from .stored import weights_on_chip
from .synapses import StaticSynapse, delay_limits, delay_steps

__all__ = ["Projection"]

_STORED = ("stored_weight", "stored_delay")
_ENDS = ("presynaptic_index", "postsynaptic_index")


class Projection(common.Projection):
    """Synapses from one population, view or assembly to another.

    Parameters
    ----------
    presynaptic_neurons, postsynaptic_neurons : Population, PopulationView or Assembly
        Both ends.
    connector : Connector
        Any connector of PyNN. It draws the random numbers that it draws on other back ends.
    synapse_type : StaticSynapse, optional
        Default: weight 0 and the shortest delay.
    source : str, optional
        Ignored, as on all point neurons.
    receptor_type : str, optional
        One of ``postsynaptic_neurons.receptor_types``. Default: by the sign of a weight, as PyNN
        does.
    space : Space, optional
        Metric of the distances in expressions of weights, delays and probabilities.
    label : str, optional
        Default: the labels of both ends with an arrow.

    Attributes
    ----------
    key : str
        Name, unique among all projections.

    Raises
    ------
    TypeError
        If the synapse type is not one of this simulator.
    NotImplementedError
        For SmallWorldConnector, of which PyNN has no code.
    ConnectionError
        If an end or the receptor does not exist, or a weight or a delay is not allowed.
    """

    _simulator = simulator
    _static_synapse_class = StaticSynapse

    def __init__(
        self,
        presynaptic_neurons: Any,
        postsynaptic_neurons: Any,
        connector: Any,
        synapse_type: Any = None,
        source: str | None = None,
        receptor_type: str | None = None,
        space: Space | None = None,
        label: str | None = None,
    ) -> None:
        check_arguments(presynaptic_neurons, postsynaptic_neurons, connector, synapse_type)
        super().__init__(
            presynaptic_neurons,
            postsynaptic_neurons,
            connector,
            synapse_type,
            source,
            receptor_type,
            space or Space(),
            label,
        )
        self._batches: list[Batch] = []
        connect(connector, self)
        self._table = Synapses(self._batches, self.synapse_type.get_parameter_names())
        del self._batches
        self._check_ends()
        for name in ("weight", "delay"):
            self._check(name, self._table.values(name))
        self.key = self._unique_key()
        self._weights_set = self._now()
        self._decoded: tuple[Any, Any, Float64Array] | None = None
        simulator.state.projections.append(self)
        simulator.state.changed()

    def _unique_key(self) -> str:
        taken = {each.key for each in simulator.state.projections}
        name = self.label or "projection"
        numbered = (f"{name} {number}" for number in itertools.count(2))
        return next(key for key in itertools.chain([name], numbered) if key not in taken)

    def _convergent_connect(
        self,
        presynaptic_indices: Any,
        postsynaptic_index: int,
        location_selector: Any = None,
        **parameters: Any,
    ) -> None:
        """Connect sources to one target; connectors call it for every target."""
        if location_selector is not None:
            raise NotImplementedError(
                f"{self._named}: location_selector = {location_selector!r}; neurons on the chip "
                "are points; allowed: None."
            )
        sources, target = np.asarray(presynaptic_indices), postsynaptic_index
        if isinstance(target, simulator.ID):  # CSAConnector passes cells
            sources, target = self.pre.id_to_index(sources), self.post.id_to_index(target)
        self._batches.append(Batch(sources, target, parameters))

    # --- the synapses -------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._table)

    @property
    def connections(self) -> Connections:
        """All synapses, as views that are made when they are asked for."""
        return Connections(self)

    def __getitem__(self, index: int | slice) -> Connection | list[Connection]:
        return self.connections[index]

    def synapses(self) -> tuple[Int32Array, Int32Array, Float64Array, Float64Array]:
        """Return source, target, weight (nA, mV or µS) and delay (ms) of each synapse.

        All arrays have the shape (n_synapses,). Sources and targets are indices in the ends; the
        synapses are sorted by source, then by target. Delays are whole steps.
        """
        table = self._table
        return table.pre, table.post, table.values("weight"), self.column("stored_delay")

    def column(self, name: str) -> Any:
        """Return an attribute of each synapse, shape (n_synapses,)."""
        if name == _ENDS[0]:
            return self._table.pre
        if name == _ENDS[1]:
            return self._table.post
        if name == "stored_delay":
            return delay_steps(self._table.values("delay"), simulator.state.dt) * simulator.state.dt
        if name == "stored_weight" or (name == "weight" and self._has_learned()):
            return self._on_chip()
        if not self.synapse_type.has_parameter(name):
            model = type(self.synapse_type).__name__
            allowed = [*self.synapse_type.get_parameter_names(), *_STORED]
            raise errors.NonExistentParameterError(name, model, allowed)
        return self._table.values(name)

    def _on_chip(self) -> Float64Array:
        """Return the weights on the chip, which are decoded once for an image and a time."""
        state = simulator.state
        now = (*self._now(), state.stale)
        if self._decoded is None or self._decoded[0] is not state.image or self._decoded[1] != now:
            self._decoded = state.image, now, weights_on_chip(self)
        return self._decoded[2]

    @staticmethod
    def _now() -> tuple[int, int]:
        return simulator.state.segment_counter, simulator.state.step

    def write(self, name: str, value: float, index: int) -> None:
        """Write an attribute of one synapse."""
        present = self.column(name)
        self._check(name, np.array([value], dtype=np.float64))
        if name == "weight" and self._has_learned():
            self._table.write(name, present)
        self._write(name, value, index)

    def _write(self, name: str, values: Any, where: Any = slice(None)) -> None:
        simulator.state.check_present(self.post)
        self._table.write(name, values, where)
        if name == "weight":
            self._weights_set = self._now()
        simulator.state.changed()

    def _has_learned(self) -> bool:
        """Tell whether the chip has changed the weights since they were set."""
        return learns(self) and simulator.state.step > 0 and self._weights_set != self._now()

    # --- attributes ---------------------------------------------------------------------------

    def get(
        self,
        attribute_names: str | Sequence[str],
        format: str,  # noqa: A002 - PyNN's name
        gather: bool | str = True,  # noqa: ARG002 - there is one process
        with_address: bool = True,
        multiple_synapses: str = "sum",
    ) -> Any:
        """Return attributes of all synapses."""
        single = isinstance(attribute_names, str)
        names = [str(attribute_names)] if single else list(attribute_names)
        if format == "list":
            shown = [*_ENDS, *names] if with_address else names
            columns = [self.column(name).tolist() for name in shown]
            return columns[0] if single and not with_address else list(zip(*columns, strict=True))
        if format != "array":
            raise ValueError(f"{self._named}: format = {format!r}; allowed: 'list' or 'array'.")
        if multiple_synapses not in _SEVERAL:
            allowed = ", ".join(map(repr, _SEVERAL))
            raise ValueError(
                f"{self._named}: multiple_synapses = {multiple_synapses!r}; allowed: {allowed}."
            )
        arrays = [self._matrix(self.column(name), multiple_synapses) for name in names]
        return arrays[0] if single else arrays

    def _matrix(self, values: Any, several: str) -> Float64Array:
        """Return values of synapses by source and target, NaN where there is none."""
        matrix = np.full(self.shape, np.nan)
        pre, post = self._table.pre, self._table.post
        if len(values):
            begins = np.flatnonzero(np.diff(pre, prepend=-1) | np.diff(post, prepend=-1))
            matrix[pre[begins], post[begins]] = _SEVERAL[several](values, begins)
        return matrix

    def save(
        self,
        attribute_names: str | Sequence[str],
        file: Any,
        format: str = "list",  # noqa: A002 - PyNN's name
        gather: bool = True,
        with_address: bool = True,
    ) -> None:
        """Write attributes of all synapses into a file, as PyNN does."""
        names = attribute_names
        if isinstance(names, str) and names not in {"all", "connections"}:
            names = [names]  # PyNN takes the letters of a single name for columns
        super().save(names, file, format, gather, with_address)

    def set(self, **attributes: Any) -> None:
        """Set attributes of all synapses."""
        given = {name: self._given(name, value) for name, value in attributes.items()}
        for name, values in given.items():
            self._check(name, values)
        for name, values in given.items():
            self._write(name, values)

    def _given(self, name: str, value: Any) -> Float64Array:
        """Return a value as PyNN's ``set`` takes it, shape (1,) or (n_synapses,)."""
        self.column(name)
        if np.ndim(value) == 0 and isinstance(value, (np.ndarray, np.number)):
            value = value.item()
        if isinstance(value, list) or (isinstance(value, np.ndarray) and value.ndim == 1):
            if len(value) != len(self):
                raise errors.InvalidDimensionsError(
                    f"{self._named}: {name} has {len(value)} values; allowed: one number, one for "
                    f"each of its {len(self)} synapses, or an array of shape {self.shape}."
                )
            return np.array(value, dtype=np.float64)
        space = ParameterSpace({name: value}, self.synapse_type.get_schema(), self.shape)
        lazy = self._handle_distance_expressions(space)[name]
        if lazy.is_homogeneous:
            return np.array([lazy.evaluate(simplify=True)], dtype=np.float64)
        if not callable(lazy.base_value):
            return np.asarray(lazy.evaluate()[self._table.pre, self._table.post], np.float64)
        values = np.empty(len(self))  # an expression of indices or distances, target by target
        order = np.argsort(self._table.post, kind="stable")
        for places in np.split(order, np.flatnonzero(np.diff(self._table.post[order])) + 1):
            if len(places):
                values[places] = lazy[self._table.pre[places], self._table.post[places[0]]]
        return values

    def _set_initial_value_array(self, variable: str, value: Any) -> None:
        raise NotImplementedError(
            f"{self._named}: initialize({variable}=...); synapses on the chip have no variable "
            "that can be initialized. Set their weights."
        )

    # --- checks -------------------------------------------------------------------------------

    @property
    def _named(self) -> str:
        return f"projection {self.label!r}"

    def _check_ends(self) -> None:
        ends = ("source", self._table.pre, self.pre), ("target", self._table.post, self.post)
        for end, indices, cells in ends:
            bad = indices[(indices < 0) | (indices >= cells.size)]
            if len(bad):
                raise errors.ConnectionError(
                    f"{self._named}: {end} {bad[0]}; allowed: 0 to {cells.size - 1}."
                )

    def _check(self, name: str, values: Float64Array) -> None:
        """Raise unless weights have the sign of the receptor, and delays are possible."""
        good, allowed = np.isfinite(values), "a finite number"
        if name == "weight":
            low, high = self._signs()
            good &= (values >= low) & (values <= high)
            if low == 0:
                allowed = f"at least 0 onto the receptor {self.receptor_type!r}"
            elif high == 0:
                allowed = f"at most 0 onto the receptor {self.receptor_type!r}"
        elif name == "delay":
            dt, (low, high) = simulator.state.dt, delay_limits()
            steps = delay_steps(values, dt)
            good &= (steps > low / dt - 0.5) & (steps < high / dt + 0.5)
            allowed = f"{low:g} ms (min_delay) "
            allowed += "or longer" if high == np.inf else f"to {high:g} ms (max_delay)"
        if not good.all():
            bad = values[np.argmin(good)]
            raise errors.ConnectionError(f"{self._named}: {name} = {bad:g}; allowed: {allowed}.")

    def _signs(self) -> tuple[float, float]:
        """Return the lowest and the highest weight that the receptor allows."""
        if self.post.conductance_based or self.receptor_type in excitatory_receptor_types:
            return 0.0, np.inf
        if self.receptor_type in inhibitory_receptor_types:
            return -np.inf, 0.0
        return -np.inf, np.inf


def _last(values: Any, begins: Any) -> Any:
    return values[np.append(begins[1:], len(values)) - 1]


_SEVERAL: dict[str, Callable[[Any, Any], Any]] = {
    "last": _last,
    "first": lambda values, begins: values[begins],
    "sum": np.add.reduceat,
    "min": np.minimum.reduceat,
    "max": np.maximum.reduceat,
}
"""These functions join the synapses of a pair, given the place of the first of each pair."""
