"""The one door through which a command gets the model that it compiles and runs.

A model is a Python file (:mod:`neurochip.cli._model`) or a NIR graph (:mod:`neurochip.cli._graph`).
A network of lava-dl (.net) holds integers: it is an image already, or is read as real numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from compiler import CompileOptions

from .._support.text import counted
from ..chip.presets import LOIHI2
from ..chip.spec import ChipSpec
from ..errors import StimulusError
from ..network import Network
from ..stimulus import Stimulus, with_stimulus
from ._chips import choose_chip, read_settings
from ._graph import load_graph_model
from ._model import ModelFunction, load_model, read_model
from ._step import Step
from ._terminal import say, warn

if TYPE_CHECKING:
    from ..frontends.netx import NetxModel
    from ..frontends.nir import NirModel

__all__ = [
    "MODELS",
    "TRAINED",
    "Request",
    "Subject",
    "SweepSubject",
    "Trained",
    "given_options",
    "was_given",
]

_INPUT_RATE = 100.0  # Hz; the default of read_nir

TRAINED = {".nir": "a NIR graph", ".net": "a network of lava-dl"}
"""Names the kind of a trained network by the ending of its file."""

MODELS = (".py", *TRAINED)
"""Endings of the files that are models."""

_OF_INTEGERS = ("chip", "changes")  # parameters that say how to read integers


class Subject(NamedTuple):
    """A network, where it runs, and for how long.

    Parameters
    ----------
    network : Network
        Network to compile; its inputs are the spikes of ``--input``, if they were given.
    chip : ChipSpec
        Chip to compile for.
    dt : float, ms
        Length of a step.
    duration : float or None, ms
        Length of the given spikes; None if there are none.
    """

    network: Network
    chip: ChipSpec
    dt: float
    duration: float | None


class SweepSubject(NamedTuple):
    """The same for a sweep: network and chip may be functions of its axes."""

    network: Network | ModelFunction
    chip: ChipSpec | ModelFunction
    dt: float | str
    duration: float | None


class Trained(NamedTuple):
    """A model whose input is given as samples, where it runs, and its step in ms.

    The step is None for a graph, which knows its own.
    """

    model: NirModel | Network
    chip: ChipSpec
    dt: float | None


@dataclass(frozen=True, kw_only=True)
class Request:
    """A model with the options by which it is compiled and run.

    Parameters
    ----------
    model : str
        Path of the model.
    dt : Step or "auto"
        Length of a step, or ``"auto"`` to choose it.
    options : dict
        Keyword arguments of ``compile_network``.
    chip : str or None
        Name of the chip of ``--chip``.
    changes : sequence of str
        The texts of ``--set``.
    reading : dict
        Arguments of :func:`~neurochip.frontends.nir.read_nir` that were given.
    spikes : str or None
        Path of the file of ``--input``.
    """

    model: str
    dt: Step | Literal["auto"]
    options: dict[str, Any]
    chip: str | None
    changes: Sequence[str]
    reading: Mapping[str, Any]
    spikes: str | None

    @property
    def is_graph(self) -> bool:
        """Tell whether the model is a trained network: a NIR graph, or a network of lava-dl."""
        return Path(self.model).suffix in TRAINED

    @property
    def kinds(self) -> str:
        """The kind of the trained network, in the plural."""
        return "networks of lava-dl (.net)" if self.is_integers else "NIR graphs (.nir)"

    @property
    def is_integers(self) -> bool:
        """Tell whether the model is a network of lava-dl, which holds the integers of a chip."""
        return Path(self.model).suffix == ".net"

    def integers(self, parameters: Sequence[str]) -> NetxModel:
        """Read a network of lava-dl; print which chip it is for.

        Parameters
        ----------
        parameters : sequence of str
            Parameters of the command that need a network in physical units, such as how to compile
            it; passing one is an error.

        Raises
        ------
        FrontendError
            If the network cannot be read, or the chip cannot have one of its properties.
        FitError, ImageError
            If it does not fit the chip.
        """
        from ..frontends.netx import read_netx

        for option in given_options(name for name in parameters if name not in _OF_INTEGERS):
            raise click.UsageError(
                f"{option} is for networks in physical units (.py or .nir), and {self.model} holds "
                "integers."
            )
        chip = choose_chip(LOIHI2, self.model, self.chip, read_settings(self.changes))
        return read_netx(self.model, chip=chip)

    def subject(self, *, runs: bool = True) -> Subject:
        """Read the model and the spikes; print what was read, and which chip and step were chosen.

        Parameters
        ----------
        runs : bool
            Whether the command runs the network, which then needs its inputs.

        Raises
        ------
        NetworkError, FrontendError
            If the model cannot be read.
        SpecError
            If a field of ``--set`` or its value is not allowed.
        StimulusError
            If the spikes cannot be read, do not fit the network, or are missing for a graph.
        """
        settings = read_settings(self.changes)
        own, step = None, None
        if self.is_graph:
            model = self._graph()
            network, step = model.network, model.dt
        else:
            self._refuse_reading()
            network, own = load_model(self.model, chip=self.chip is None)
        chip = choose_chip(own, self.model, self.chip, settings)
        network, duration = self._fed(network, runs)
        return Subject(network, chip, self._step(network, chip) if step is None else step, duration)

    def trained(self) -> Trained:
        """Read a model whose input is given as samples; print what was read, chip and step.

        Raises
        ------
        NetworkError, FrontendError
            If the model cannot be read.
        SpecError
            If a field of ``--set`` or its value is not allowed.
        """
        settings = read_settings(self.changes)
        if self.is_graph:
            model = self._graph()
            chip = choose_chip(None, self.model, self.chip, settings)
            self._say_rate(model.network)
            return Trained(model, chip, None)
        self._refuse_reading()
        network, own = load_model(self.model, chip=self.chip is None)
        chip = choose_chip(own, self.model, self.chip, settings)
        return Trained(network, chip, self._step(network, chip))

    def warn_of(self, comparison: Mapping[str, Any]) -> None:
        """Warn if a trained network differs strongly on the chip; name the layer.

        Parameters
        ----------
        comparison : dict
            Data of a comparison.
        """
        from ..validation.strong import strong_difference

        text = strong_difference(comparison["populations"]) if self.is_graph else ""
        if text:
            warn(text)

    def sweep_subject(self) -> SweepSubject:
        """Return the same for a sweep, which calls the functions of a Python file with its axes."""
        if self.is_graph:
            return SweepSubject(*self.subject())
        self._refuse_reading()
        settings = read_settings(self.changes)
        network, own = read_model(self.model)
        duration = None
        if isinstance(network, Network):
            network, duration = self._fed(network, True)
        elif self.spikes is not None:
            raise click.UsageError(
                f"--input needs a network, and {self.model} has a function that makes one for each "
                "point; give it a SpikeInput there."
            )
        dt = self.dt if isinstance(self.dt, str) else self.dt.ms()
        if isinstance(network, Network) and network.dt is not None and not was_given("dt"):
            dt = network.dt
        if not isinstance(own, ModelFunction) or self.chip is not None:
            chip = choose_chip(own, self.model, self.chip, settings)
            return SweepSubject(network, chip, dt, duration)
        if settings:
            raise click.UsageError(
                f"--set changes one chip, and {self.model} has a function that makes one for each "
                f"point; pass --vary {next(iter(settings))}=VALUE, or --chip."
            )
        say(f"Chip of {self.model}: made by its function")
        return SweepSubject(network, own, dt, duration)

    def _graph(self) -> NirModel:
        if self.dt == "auto":
            raise click.UsageError(
                f"--dt auto is not for {self.kinds}, whose meaning depends on the step: pass the "
                "step of the simulator that the graph comes from."
            )
        step = self.dt if was_given("dt") else None
        if self.is_integers:
            return self._float_of_integers(step)
        return load_graph_model(self.model, step, dict(self.reading))

    def _float_of_integers(self, dt: Step | None) -> NirModel:
        """Read the integers of a file as real numbers."""
        from ..frontends.netx import read_netx_float

        self._refuse_reading()
        model = read_netx_float(self.model, 1.0 if dt is None else dt.ms())
        say(
            f"Read {self.model} in float64, with steps of {model.dt:g} ms; it is compiled anew. "
            "neurochip map and compile take its own integers."
        )
        return model

    def _refuse_reading(self) -> None:
        for name in self.reading:
            raise click.UsageError(f"--{name.replace('_', '-')} is for NIR graphs (.nir).")

    def _fed(self, network: Network, runs: bool) -> tuple[Network, float | None]:
        """Return the network with the spikes of ``--input``, and their duration."""
        if self.spikes is not None:
            stimulus = self._stimulus(network, runs)
            return with_stimulus(network, stimulus), stimulus.duration
        if runs and self.is_graph and network.spike_inputs:
            needed = ", ".join(
                f"{item.name!r} ({counted(item.size, 'source')})" for item in network.spike_inputs
            )
            noun = TRAINED[Path(self.model).suffix]
            raise StimulusError(
                f"{self.model}: {noun} holds no input spikes, and a run needs those of {needed}; "
                "pass a file of them: --input SPIKES (.npz, .h5, .nix or .mat)."
            )
        if self.is_graph:
            self._say_rate(network, "--input SPIKES or ")
        return network, None

    def _say_rate(self, network: Network, otherwise: str = "") -> None:
        """Print the rate of inputs that the compiler expects, unless it was given."""
        if network.spike_inputs and "input_rate" not in self.reading:
            say(f"Inputs: {_INPUT_RATE:g} Hz expected; pass {otherwise}--input-rate if not")

    def _stimulus(self, network: Network, runs: bool) -> Stimulus:
        from ..spike_files import read_spikes

        assert self.spikes is not None
        inputs = [(item.name, item.size) for item in network.spike_inputs]
        context = click.get_current_context()
        asked = context.params["duration"] if was_given("duration") else None
        # Without a run the duration has no meaning, and some files lack one.
        return read_spikes(self.spikes, inputs=inputs, duration=asked if runs else 1.0)

    def _step(self, network: Network, chip: ChipSpec) -> float:
        """Return the step in ms: that of the network if it has one, or chosen with "auto"."""
        if network.dt is not None and not was_given("dt"):
            return network.dt
        if isinstance(self.dt, Step):
            return self.dt.ms()
        from compiler import choose_dt

        choice = choose_dt(network, chip, options=CompileOptions(**self.options))
        steps, best = [item.dt for item in choice.candidates], choice.best
        say(
            f"dt = {choice.dt:g} ms: the expected error of the rates is {100 * best.total:+.2g} % "
            f"(time grid {100 * best.grid:+.2g} %, registers {100 * best.registers:+.2g} %), the "
            f"best of {len(steps)} steps from {steps[0]:g} to {steps[-1]:g} ms"
        )
        return choice.dt


def given_options(names: Iterable[str]) -> Iterator[str]:
    """Yield those options of the running command that the user passed, among some parameters."""
    wanted = set(names)
    for parameter in click.get_current_context().command.params:
        if parameter.name in wanted and was_given(parameter.name):
            yield parameter.opts[0]


def was_given(name: str) -> bool:
    """Return whether the user passed an option of the running command."""
    source = click.get_current_context().get_parameter_source(name)
    return source not in (None, click.core.ParameterSource.DEFAULT)
