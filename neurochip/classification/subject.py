"""A subject classifies: a network, its step, and the population that gives the class."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, TypeGuard

from .._support.values import shown
from ..errors import AnalysisError
from ..network import Network
from ..network.time_step import own_step
from ..stimulus import Stimulus

__all__ = ["Subject", "TrainedModel", "is_trained", "subject_of"]


class TrainedModel(Protocol):
    """A network with the step that it was trained for, its outputs, and the form of its input."""

    @property
    def network(self) -> Network:
        """The network."""

    @property
    def dt(self) -> float:
        """Length of a step in ms."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Populations that are outputs."""

    @property
    def depths(self) -> Mapping[str, int]:
        """Steps by which each population runs behind a simulator with all layers in one step."""

    @property
    def convention(self) -> Any:
        """Rules of its simulator, which passes spikes through all layers in one step, or not."""

    def stimulus(self, spikes: Any) -> Stimulus:
        """Return a sample as a stimulus."""


class Subject(NamedTuple):
    """A network that classifies.

    Parameters
    ----------
    network : Network
        The network.
    dt : float, ms
        Length of a step.
    output : str
        Population that gives the class.
    lag : int
        Steps by which the output runs behind the simulator that the model was trained in.
    """

    network: Network
    dt: float
    output: str
    lag: int

    @property
    def n_classes(self) -> int:
        """Number of neurons of the output."""
        return next(item.size for item in self.network.populations if item.name == self.output)


def is_trained(model: Any) -> TypeGuard[TrainedModel]:
    """Return whether a model knows its step, its outputs and the form of its input."""
    return all(hasattr(model, name) for name in ("network", "dt", "outputs", "depths", "stimulus"))


def subject_of(owner: str, model: Any, dt: float | None, output: str | None) -> Subject:
    """Return what to classify with.

    Raises
    ------
    AnalysisError
        If the model is neither trained nor a network, a network has no ``dt``, or there are several
        outputs.
    """
    network, step = _network(owner, model, dt)
    name = _output(owner, model, network, output)
    lags = is_trained(model) and model.convention.layers == "same_step"
    return Subject(network, step, name, model.depths[name] if lags else 0)


def _network(owner: str, model: Any, dt: float | None) -> tuple[Network, float]:
    if isinstance(model, Network):
        return model, own_step(owner, model, dt, AnalysisError)
    if not is_trained(model):
        raise AnalysisError(
            f"{owner}: model = {shown(model)}; allowed: a trained model, as from read_nir, or a "
            "Network."
        )
    step = own_step(owner, model.network, dt, AnalysisError, model.dt)
    if not math.isclose(step, model.dt, rel_tol=1e-9):
        raise AnalysisError(
            f"{owner}: dt = {step:g} ms, but the model was read for {model.dt:g} ms; omit dt, or "
            "read the model for another step."
        )
    return model.network, step


def _output(owner: str, model: Any, network: Network, output: str | None) -> str:
    """Return the name of the population that gives the class."""
    names = [item.name for item in network.populations]
    if output is None:
        found = list(model.outputs) if is_trained(model) else names
        if len(found) != 1:
            raise AnalysisError(
                f"{owner}: the network has {len(found)} outputs ({', '.join(map(repr, found))}); "
                "pass output=, the population that gives the class."
            )
        return str(found[0])
    if output not in names:
        raise AnalysisError(
            f"{owner}: output = {shown(output)}; allowed: {', '.join(map(repr, names))}."
        )
    return output
