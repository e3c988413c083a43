"""Currents that change in steps, as writes of bias registers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..chip.spec import CoreSpec
from ..errors import StimulusError
from ..image import ChipImage, DriveSymbol, Symbols
from ..network import Waveform
from ..network.step_current import total_current, waveforms_for
from ..stimulus import Stimulus
from ..typing import Float64Array, Int32Array, Int64Array
from .spikes import RunSpan
from .writes import BiasRows, Writes, rows_by_step

__all__ = ["currents_of"]


class _Driven:
    """The waveforms into a population, and the rule from them to its bias registers."""

    def __init__(
        self,
        name: str,
        compartments: Int32Array,
        drive: DriveSymbol,
        waveforms: Sequence[Waveform],
    ) -> None:
        self.name, self.compartments, self.drive = name, compartments, drive
        self._waveforms = waveforms

    def writes(
        self, core: CoreSpec, dt: float, first: int, stop: int, *, whole: bool
    ) -> tuple[Int64Array, Int32Array, Int32Array]:
        """Return step, compartment and bias of each write in the steps ``first`` to ``stop - 1``.

        With ``whole``, step ``first`` has writes even if no current changes there. The first of
        these steps writes the bias of every neuron, later ones only those that change in some step.
        """
        steps, current = total_current(self._waveforms, dt, first, stop, whole=whole)
        everyone = np.arange(len(self.compartments))
        moving = everyone
        if current.shape[1] > 1 and len(steps):
            moving = np.flatnonzero((current != current[0]).any(axis=0))
        if len(moving) == len(everyone):
            return self._written(core, steps, current, everyone)
        head = self._written(core, steps[:1], current[:1], everyone)
        if not len(moving):
            return head
        rest = self._written(core, steps[1:], current[1:, moving], moving)
        return (
            np.concatenate([head[0], rest[0]]),
            np.concatenate([head[1], rest[1]]),
            np.concatenate([head[2], rest[2]]),
        )

    def _written(
        self, core: CoreSpec, steps: Int64Array, current: Float64Array, neurons: Int64Array
    ) -> tuple[Int64Array, Int32Array, Int32Array]:
        """Return the writes of some neurons in each of some steps."""
        drive = DriveSymbol(level=self.drive.level[neurons], per_na=self.drive.per_na[neurons])
        try:
            bias = drive.bias(current, core)
        except StimulusError as problem:
            raise StimulusError(f"stimulus: population {self.name!r}: {problem}") from None
        compartments = np.tile(self.compartments[neurons], len(steps))
        return np.repeat(steps, len(neurons)), compartments, bias.ravel()


class _CurrentWrites:
    """The writes of a run that follow the currents of its stimulus."""

    def __init__(self, driven: Sequence[_Driven], core: CoreSpec, dt: float, first: int) -> None:
        self._driven, self._core, self._dt, self._first = driven, core, dt, first
        self.per_step = sum(len(item.compartments) for item in driven)

    def rows(self, first: int, stop: int) -> BiasRows:
        """Return the writes of some steps: see :meth:`~neurochip.emulator.writes.Writes.rows`.

        The first step of a run writes every bias, so that a run does not depend on those before it.
        """
        begin, end = self._first + first, self._first + stop
        parts = [
            item.writes(self._core, self._dt, begin, end, whole=first == 0) for item in self._driven
        ]
        steps, compartments, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        return rows_by_step(steps - begin, compartments, values, stop - first)


def currents_of(
    image: ChipImage, symbols: Symbols, run: RunSpan, stimulus: Stimulus
) -> Writes | None:
    """Return the writes of bias registers of a run on a stimulus; None without currents in steps.

    Raises
    ------
    StimulusError
        If the stimulus does not have the currents that the image was compiled for.
    """
    timed = [item for item in symbols.populations if item.drive is not None]
    sizes = [(item.name, len(item.compartment_ids)) for item in timed]
    waveforms = waveforms_for(stimulus.currents, sizes)
    driven = [
        _Driven(item.name, item.compartment_ids, item.drive, own)
        for item, own in zip(timed, waveforms, strict=True)
        if item.drive is not None
    ]
    return _CurrentWrites(driven, image.chip.core, symbols.dt, run.first) if driven else None
