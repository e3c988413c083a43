"""A lava-dl network that runs: its image, its layers by name, and frames in and out."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._support.brief import line
from ..._support.text import counted
from ..._support.values import ArrayValue, integer, integers, reals, shown, switch
from ..._support.warn import warn_user
from ...errors import FrontendError, RecordingError, StimulusError
from ...image import ChipImage
from ...recording import Recording
from ...typing import Float64Array, Int32Array, Int64Array
from .layer import NetxLayer, Shape
from .recorded import by_layer
from .twin import Frames, simulate_layers

if TYPE_CHECKING:
    from ...emulator import Emulator

__all__ = ["NetxModel"]

_OWNER = "netx"
_BIAS_EXPONENT = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class NetxModel(ArrayValue):
    """A lava-dl network as a chip image, and what its numbers mean.

    Parameters
    ----------
    image : ChipImage
        The image; it has no symbols, since lava-dl's integers have no units.
    layers : tuple of NetxLayer
        The layers of the file, in order.
    compartments : mapping of str to ndarray of int32
        Compartments of each layer with neurons by its name, such as ``"conv_1"``; neurons are
        numbered by channel, row, column.
    reset_interval : int or None
        Steps between two resets of each layer. None: no resets.

    Examples
    --------
    >>> model = read_netx("pilotnet_lif.net", reset_interval=17)  # doctest: +SKIP
    >>> recording = model.run(model.encode(frames))  # doctest: +SKIP
    >>> model.values(recording, "conv_1").shape  # doctest: +SKIP
    (17, 24, 32, 99)
    """

    image: ChipImage
    layers: tuple[NetxLayer, ...]
    compartments: Mapping[str, Int32Array]
    reset_interval: int | None = None

    @property
    def input_shape(self) -> Shape:
        """Shape of a frame."""
        return self.layers[0].input_shape

    @property
    def output(self) -> str:
        """Name of the last layer with neurons."""
        return list(self.compartments)[-1]

    def layer(self, name: str) -> NetxLayer:
        """Return a layer with neurons by its name.

        Raises
        ------
        FrontendError
            If there is none.
        """
        for item in self.layers:
            if item.name == name and name in self.compartments:
                return item
        raise FrontendError(
            f"{_OWNER}: layer {shown(name)}; allowed: {', '.join(self.compartments)}."
        )

    def encode(self, frames: Any, *, rounded: bool = True) -> Int64Array | Float64Array:
        """Return the integers of real frames by the transform of the input layer.

        ``2 scale x - scale + offset``, cut to an integer, with scale and offset of the file: what
        lava-dl's ``in_layer.transform`` returns.

        Parameters
        ----------
        frames : array_like of float, shape (n_frames,) + input_shape or input_shape
            Values from 0 to 1; others are transformed, too, with a warning.
        rounded : bool
            False returns the real numbers, for :meth:`run_float`.

        Raises
        ------
        FrontendError
            If the network has no input layer.
        StimulusError
            If the shape is wrong or a value is no finite number.
        """
        first = self.layers[0]
        if first.kind != "input" or first.neuron is None:
            raise FrontendError(
                f"{_OWNER}: the network has no input layer with a transform; pass spikes to run()."
            )
        values = self._framed(self._finite(frames))
        low, high = values.min(), values.max()
        if low < 0 or high > 1:
            warn_user(
                f"{_OWNER}: frames have values from {low:.4g} to {high:.4g}, but lava-dl's "
                "transform is for values from 0 to 1. Divide pixels from 0 to 255 by 255."
            )
        scaled = 2.0 * first.input_scale * values - first.input_scale + first.input_offset
        if not switch(_OWNER, "rounded", rounded, error=FrontendError):
            return np.asarray(scaled)
        whole: Int64Array = np.trunc(scaled).astype(np.int64)
        return whole

    def inputs(
        self, frames: Any, hold: int | None = None, *, first_step: int = 0
    ) -> dict[str, Any]:
        """Return frames as arguments of :meth:`~neurochip.emulator.Emulator.run_steps`.

        An input layer of LIF neurons gets each frame as its bias, written once; one of graded
        neurons gets the values of each step. Without an input layer, the values are numbers of
        spikes, or the payloads of spikes if the first neurons are graded.

        Parameters
        ----------
        frames, hold
            As for :meth:`run`.
        first_step : int
            Step of the first frame.

        Returns
        -------
        dict
            ``writes``, or ``steps`` and ``sources`` with ``payloads`` if they are graded.

        Raises
        ------
        StimulusError
            If a shape is wrong or a value is not allowed.
        """
        if getattr(frames, "dtype", None) == np.bool_:  # spikes
            frames = frames.astype(np.int64)
        values = self._framed(integers(_OWNER, "frames", frames, error=StimulusError))
        hold = self._hold(hold)
        values = values.reshape(len(values), -1)
        first = self.layers[0].neuron
        if first is not None and first.model == "lif" and self.layers[0].weight is None:
            ids = self.compartments[self.layers[0].name]
            steps = np.repeat(first_step + hold * np.arange(len(values)), len(ids))
            columns = np.tile(ids, len(values))
            return {"writes": (steps, columns, values.ravel(), np.full(len(steps), _BIAS_EXPONENT))}
        values = np.repeat(values, hold, axis=0)
        steps, sources = np.nonzero(values)
        given = values[steps, sources]
        if self.image.programs:
            # What a host gives to an input layer acts in the same step, one step before a spike.
            lead = int(first is not None and first.model == "delta")
            return {"steps": steps + first_step - lead, "sources": sources, "payloads": given}
        if given.size and given.min() < 0:
            raise StimulusError(
                f"{_OWNER}: a value of frames is {given.min()}; allowed: numbers of spikes."
            )
        return {
            "steps": np.repeat(steps, given) + first_step,
            "sources": np.repeat(sources, given),
        }

    def run(
        self,
        frames: Any,
        n_steps: int | None = None,
        *,
        hold: int | None = None,
        record: Iterable[str] = (),
    ) -> Recording:
        """Run frames through the network, from step 0.

        Parameters
        ----------
        frames : array_like of int or bool, shape (n_frames,) + input_shape or input_shape
            What goes into the first layer: the integers of :meth:`encode`, or spikes.
        n_steps : int, optional
            Number of steps. Default: ``hold`` for each frame. A layer answers a step after the one
            before it, so the last layer needs some steps more.
        hold : int, optional
            Steps for which a frame stays. Default: the reset interval if the input layer is LIF,
            otherwise 1.
        record : iterable of str
            State registers to record after each step: ``"v"`` and ``"u"`` of LIF neurons,
            ``"sigma"``, ``"act"`` and ``"residue"`` of graded ones.

        Returns
        -------
        Recording
            One population for each layer, dt = 1, traces in register units.

        Raises
        ------
        StimulusError
            If a shape is wrong or a value is not allowed.
        EmulatorError, RecordingError
            As for :meth:`~neurochip.emulator.Emulator.run_steps`.
        """
        given = self.inputs(frames, hold)
        if n_steps is None:
            n_steps = self._hold(hold) * len(self._framed(np.asarray(frames)))
        self._emulator.reset()
        found = self._emulator.run_steps(n_steps, record=record, **given)
        return by_layer(found, self.compartments)

    def run_float(
        self, frames: Any, n_steps: int | None = None, *, hold: int | None = None
    ) -> dict[str, Float64Array]:
        """Run frames in float64: the equations of the layers, without rounding and limits.

        Every program of the layers is read with real numbers (:func:`simulate_program`). The
        difference to :meth:`run` is the error of the chip's integers.

        Parameters
        ----------
        frames : array_like of float, shape (n_frames,) + input_shape or input_shape
            As for :meth:`run`, or real numbers, such as those of ``encode(..., rounded=False)``.
        n_steps, hold
            As for :meth:`run`.

        Returns
        -------
        dict of str to ndarray of float64, shape (n_steps,) + shape of the layer
            What each layer with neurons sends, by its name: 1 for a spike of LIF neurons, the
            payload of graded ones, and 0 without a spike. An average is one more layer.

        Raises
        ------
        StimulusError
            If a shape is wrong or a value is no finite number.
        """
        values = self._framed(self._finite(np.asarray(frames)))
        hold = self._hold(hold)
        if n_steps is None:
            n_steps = hold * len(values)
        n_steps = integer(_OWNER, "n_steps", n_steps, at_least=1, error=StimulusError)
        resets = [(item.interval, item.offset) for item in self.image.resets]
        given = Frames(values.reshape(len(values), -1), hold)
        sent = simulate_layers(self.layers, self.image.chip.core, given, n_steps, resets)
        found = {
            name: each.reshape(n_steps, *self.layer(name).shape) for name, each in sent.items()
        }
        last = self.layers[-1]
        if last.kind == "average":
            groups = math.prod(last.shape)
            found[last.name] = sent[self.output].reshape(n_steps, groups, -1).mean(axis=2)
        return found

    def _finite(self, frames: Any) -> Float64Array:
        allowed = "finite numbers, such as those from 0 to 1"
        array = reals(_OWNER, "frames", frames, "", allowed=allowed, error=StimulusError)
        bad = ~np.isfinite(array)
        if bad.any():
            worst = int(np.argmax(bad.ravel()))
            raise StimulusError(
                f"{_OWNER}: frames[{worst}] = {array.flat[worst]}; allowed: {allowed}."
            )
        return array

    def values(self, recording: Recording, name: str | None = None, what: str = "spikes") -> Any:
        """Return what a layer sent, or a register of it, as an array in space.

        Parameters
        ----------
        recording : Recording
            A result of :meth:`run`.
        name : str, optional
            Name of the layer. Default: the output. An average behind it is applied.
        what : str
            ``"spikes"``, or a register that was recorded. Graded spikes are their payloads.

        Returns
        -------
        ndarray, shape (n_steps,) + shape of the layer
            Integers; real numbers if averaged.

        Raises
        ------
        FrontendError
            If there is no such layer.
        RecordingError
            If the register was not recorded.
        """
        layer = self.layer(self.output if name is None else name)
        if what == "spikes":
            found = np.zeros((recording.n_steps, layer.n_neurons), dtype=np.int32)
            at = recording.steps[layer.name] - recording.first_step
            sent = recording.payloads.get(layer.name, 1)
            found[at, recording.ids[layer.name]] = sent
        else:
            found = np.asarray(recording.trace(layer.name, what).values)
        last = self.layers[-1]
        if name is None and last.kind == "average":
            groups = math.prod(last.shape)
            return found.reshape(len(found), groups, -1).mean(axis=2)
        return found.reshape(len(found), *layer.shape)

    def as_compartments(self, recording: Recording) -> Recording:
        """Return a result of :meth:`run` as one population of all compartments of the image.

        Functions of images take it, such as :func:`~neurochip.estimate_energy` and
        :meth:`Activity.measured <neurochip.mapping.Activity.measured>`. It has no traces.

        Raises
        ------
        RecordingError
            If the recording has other layers.
        """
        sizes = {name: len(mine) for name, mine in self.compartments.items()}
        if dict(recording.populations) != sizes:
            raise RecordingError(
                f"{_OWNER}: the recording has other layers; allowed: a result of run()."
            )
        whole = "compartments"
        ids = np.concatenate([self.compartments[name][recording.ids[name]] for name in sizes])
        steps = np.concatenate([recording.steps[name] for name in sizes])
        order = np.lexsort((ids, steps))
        sent = {}
        if recording.payloads:
            ones = {name: np.ones(len(recording.ids[name]), np.int32) for name in sizes}
            found = ones | dict(recording.payloads)
            sent[whole] = np.concatenate([found[name] for name in sizes])[order]
        return Recording(
            label=recording.label,
            dt=recording.dt,
            first_step=recording.first_step,
            n_steps=recording.n_steps,
            populations={whole: self.image.n_compartments},
            steps={whole: steps[order]},
            ids={whole: ids[order]},
            traces={},
            counters=recording.counters,
            overflows={},
            payloads=sent,
        )

    @functools.cached_property
    def _emulator(self) -> Emulator:
        from ...emulator import Emulator

        return Emulator(self.image)

    def _hold(self, hold: int | None) -> int:
        if hold is not None:
            return integer(_OWNER, "hold", hold, at_least=1, error=StimulusError)
        first = self.layers[0].neuron
        written = self.layers[0].weight is None and first is not None and first.model == "lif"
        return self.reset_interval or 1 if written else 1

    def _framed(self, values: Any) -> Any:
        """Return frames with their number in front."""
        shape = self.input_shape
        if values.shape == shape:
            values = values[np.newaxis]
        if values.shape[1:] != shape or not len(values):
            raise StimulusError(
                f"{_OWNER}: frames have shape {values.shape}; allowed: {shape}, or (n_frames, "
                f"{', '.join(map(str, shape))})."
            )
        return values

    def __repr__(self) -> str:
        return line(self, counted(len(self.layers), "layer"), repr(self.image))
