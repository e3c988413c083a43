"""Populations, views and assemblies: columns of parameters and initial values."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyNN import common, errors
from pyNN.parameters import LazyArray, ParameterSpace, simplify

from ...typing import Float64Array, Int64Array
from . import simulator
from .recording import Recorder
from .sources import check_parameters, is_source, tell_of_past

__all__ = ["Assembly", "Population", "PopulationView"]


class Assembly(common.Assembly):
    """Several populations or views as one."""

    _simulator = simulator

    @property
    def local_size(self) -> int:
        """Number of cells on this process: all; PyNN's assemblies have none to tell connectors."""
        return int(self.size)

    @property
    def receptor_types(self) -> list[str]:
        """Receptors that all populations have, in the order of the first; PyNN's has none."""
        first, *others = (population.receptor_types for population in self.populations)
        return [name for name in first if all(name in names for names in others)]

    @property
    def position_generator(self) -> Any:
        """A function of indices that returns positions as rows; PyNN's returns columns."""
        return lambda index: self.positions.T[index]


class _Cells:
    """Populations and views both read and write the columns of a population."""

    def _columns(self) -> tuple[Population, Int64Array]:
        """Return the population and the indices of these cells in it."""
        raise NotImplementedError

    def _get_view(self, selector: Any, label: str | None = None) -> PopulationView:
        return PopulationView(self, selector, label)

    def _get_parameters(self, *names: str) -> ParameterSpace:
        return self._get_native_parameters(*names)

    def _get_native_parameters(self, *names: str) -> ParameterSpace:
        population, ids = self._columns()
        known = population._parameters
        for name in names:
            if name not in known:
                model = type(population.celltype).__name__
                raise errors.NonExistentParameterError(name, model, list(known))
        columns = {name: known[name][ids] for name in names or known}
        values = {  # PyNN cannot make a space of one Sequence
            name: column if column.dtype == object else simplify(column)
            for name, column in columns.items()
        }
        return ParameterSpace(values, shape=(len(ids),))

    def _set_parameters(self, parameter_space: ParameterSpace) -> None:
        population, ids = self._columns()
        simulator.state.check_present(population)
        parameter_space.evaluate(simplify=False)
        columns = {}
        for name, values in parameter_space.items():
            columns[name] = population._parameters[name].copy()
            columns[name][ids] = values
        check_parameters(population.celltype, {**population._parameters, **columns})
        population._parameters.update(columns)
        tell_of_past(population)
        if not is_source(population):  # what sources send is no part of the network
            simulator.state.changed()

    def initialize(self, **initial_values: Any) -> None:
        """Set initial values of v or of synaptic currents, or v itself between two runs.

        Parameters
        ----------
        **initial_values
            Values by variable: a number, one number per neuron, a RandomDistribution or a function
            of the index. Reset returns to these values.
        """
        population, ids = self._columns()
        simulator.state.check_present(population)
        for variable, value in initial_values.items():
            if variable not in population.celltype.default_initial_values:
                raise errors.NonExistentParameterError(
                    variable,
                    type(population.celltype).__name__,
                    list(population.celltype.default_initial_values),
                )
            values = LazyArray(value, shape=(len(ids),), dtype=float).evaluate(simplify=False)
            population._set_initial(variable, ids, values)


class PopulationView(_Cells, common.PopulationView):
    """A part of a population."""

    _simulator = simulator
    _assembly_class = Assembly

    def _columns(self) -> tuple[Population, Int64Array]:
        population = self.grandparent
        return population, self.all_cells.astype(np.int64) - int(population.first_id)

    @property
    def initial_values(self) -> dict[str, LazyArray]:
        """Initial values of these cells by variable."""
        population, ids = self._columns()
        return {
            name: LazyArray(simplify(column[ids]), shape=(self.size,), dtype=float)
            for name, column in population._initial.items()
        }


class Population(_Cells, common.Population):
    """Neurons or sources of one type.

    Attributes
    ----------
    key : str
        Name in the neurochip Network: the label, with a number if an earlier one has it.
    """

    _simulator = simulator
    _recorder_class = Recorder
    _assembly_class = Assembly

    def _create_cells(self) -> None:
        state, size = simulator.state, self.size
        if size < 1:
            raise errors.InvalidDimensionsError(
                f"Population {self.label!r}: size = {size}; allowed: at least 1."
            )
        parameters = self.celltype.native_parameters
        for name, values in parameters.items():
            if values.shape not in {None, (size,)}:
                raise errors.InvalidDimensionsError(
                    f"Population {self.label!r}: {name} of shape {values.shape}; allowed: one "
                    f"value, or shape ({size},), one for each cell."
                )
        first = state.id_counter
        state.id_counter += size
        self.all_cells = np.array(
            [simulator.ID(i) for i in range(first, first + size)], simulator.ID
        )
        for cell in self.all_cells:
            cell.parent = self
        self._mask_local = np.ones(size, dtype=bool)
        self.first_id = self.all_cells[0]
        parameters.shape = (size,)
        parameters.evaluate(simplify=False)
        self._parameters: dict[str, Any] = {
            name: np.array(np.broadcast_to(values, size))
            for name, values in parameters.as_dict().items()
        }
        check_parameters(self.celltype, self._parameters)
        self._initial: dict[str, Float64Array] = {}
        taken = {other.key for other in state.populations}
        self.key, count = self.label, 1
        while self.key in taken:
            count += 1
            self.key = f"{self.label} #{count}"
        state.populations.append(self)
        state.changed()

    def _columns(self) -> tuple[Population, Int64Array]:
        return self, np.arange(self.size)

    def _set_initial(self, variable: str, ids: Int64Array, values: Float64Array) -> None:
        column = self._initial.setdefault(variable, np.zeros(self.size))
        column[ids] = values
        shown = simplify(column.copy())
        self.initial_values[variable] = LazyArray(shown, shape=(self.size,), dtype=float)
        if simulator.state.step:
            simulator.state.runs.set_initial(self, variable, ids, values)
        else:
            simulator.state.changed()

    def _set_cell_initial_value(self, id: int, variable: str, value: float) -> None:  # noqa: A002
        index = self.id_to_index(id)
        self[index : index + 1].initialize(**{variable: value})
