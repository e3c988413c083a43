"""The shell around the kernels: checks, buffers, continuation, recording."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numba
import numpy as np

from .._progress import progress_bar
from ..errors import ChipOverflowError, EmulatorError
from ..image import ChipImage
from ..recording import Probe, Recording, resolve_probes
from ..stimulus import Stimulus, count_steps
from ..typing import Int8Array, Int32Array
from .decode import Registers, decode_recording, raw_recording
from .kernels import run_parallel, run_serial
from .layout import build_layout, sum_shifts_of
from .overflow import overflow_message
from .state import COUNTERS, Output, Row, joins_of, new_state, noise_of, read_row, widths_of

__all__ = ["Emulator"]

_SPIKE_BUFFER = 1 << 20  # spikes: 8 MB; less if all steps fit, never less than two steps
_WORK_PER_THREAD = 50_000  # compartments + synapses / 100: below it a barrier costs more


class Emulator:
    """Runs one chip image, bit for bit.

    A run continues where the last one stopped; :meth:`reset` goes back to step 0.

    Parameters
    ----------
    image : ChipImage
        Integers from the compiler, from a file, or written by hand.
    strict : bool
        Raise at the end of the first step in which a register wraps or clips. By default such
        events are counted in ``Recording.counters``.
    threads : int, optional
        1 to the number of threads that Numba has. Default: one for small images, else all. The
        results are the same for every number.
    progress : bool, optional
        Show a progress bar. Default: on a terminal, for runs of more than two seconds.

    Raises
    ------
    EmulatorError
        If ``image`` is not a ChipImage or ``threads`` is out of range.
    """

    def __init__(
        self,
        image: ChipImage,
        *,
        strict: bool = False,
        threads: int | None = None,
        progress: bool | None = None,
    ) -> None:
        if not isinstance(image, ChipImage):
            raise EmulatorError(
                f"emulator: image = {image!r}; allowed: a ChipImage, as from compile_network."
            )
        self.image = image
        self.strict = strict
        self.threads = _choose_threads(image, threads)
        self.progress = progress
        self._layout = build_layout(image, blocks=self.threads)
        self._widths = widths_of(image)
        self._sum_shifts = sum_shifts_of(image)
        self._joins = joins_of(image, self._layout)
        self._digest = image.digest()
        self.reset()

    def reset(self) -> None:
        """Go back to step 0: initial v, no current, nothing on its way."""
        self._state = new_state(self.image, self._layout)
        self._step = 0
        self._pending = np.empty(0, dtype=np.int32)  # input spikes of the last step

    @property
    def step(self) -> int:
        """The step that runs next."""
        return self._step

    def run(
        self,
        stimulus: Stimulus,
        *,
        duration: float | None = None,
        record: Iterable[str | Probe] = (),
    ) -> Recording:
        """Run on a stimulus, in physical units.

        Parameters
        ----------
        stimulus : Stimulus
            Input spikes; its time counts from step 0, so pass the same stimulus to continue.
        duration : float, optional
            How long to run, in ms. Default: to the end of the stimulus.
        record : iterable of str or Probe
            ``"v"`` (mV), ``"u"`` (mV per step), or probes of some neurons. Spikes always.

        Returns
        -------
        Recording
            Populations as in the network, times in ms, v in mV.

        Raises
        ------
        EmulatorError
            If the image has no symbols or nothing of the stimulus is left.
        StimulusError
            If the stimulus does not fit the inputs, or the duration the grid.
        RecordingError
            If a probe asks for something that does not exist.
        ChipOverflowError
            With ``strict=True``, when a register overflows.
        """
        symbols = self.image.symbols
        if symbols is None:
            raise EmulatorError(
                "emulator: this image has no symbols, so names and units are unknown; use "
                "run_steps with input numbers."
            )
        total = count_steps(stimulus.duration, symbols.dt)
        left = total - self._step
        n_steps = left if duration is None else count_steps(duration, symbols.dt)
        if left < 1 or n_steps > left:
            raise EmulatorError(
                f"emulator: at {self._step * symbols.dt:g} ms, {n_steps * symbols.dt:g} ms were "
                f"asked for and {max(left, 0) * symbols.dt:g} ms of the stimulus are left; call "
                "reset() to start again, or draw a longer stimulus."
            )
        sizes = {item.name: len(item.compartments) for item in symbols.populations}
        probes = resolve_probes(record, sizes, ("v", "u"))
        compartments = {item.name: item.compartments for item in symbols.populations}
        columns = {key: compartments[key[0]][ids] for key, ids in probes.items()}
        steps, sources = stimulus.binned(
            symbols.dt, [(item.name, item.size) for item in symbols.inputs]
        )
        registers = self._run(n_steps, steps - np.int32(symbols.input_lead), sources, columns)
        return decode_recording(registers, symbols, probes, self._label())

    def run_steps(
        self,
        n_steps: int,
        steps: Any = (),
        sources: Any = (),
        *,
        record: Iterable[str] = (),
        noise: Any = None,
    ) -> Recording:
        """Run in register units: steps, input numbers, integers.

        Parameters
        ----------
        n_steps : int
            Steps to run, at least 1.
        steps, sources : array_like of int, shape (n_spikes,)
            Input spikes, in any order; steps count from step 0, also in a run that continues, and
            spikes outside this run are left out. A spike of step n with delay d acts at step
            n + 1 + d, as a neuron's does; step -1 is allowed before step 0.
        record : iterable of str
            ``"v"``, ``"u"``: registers of all compartments at the end of every step.
        noise : array_like of int, shape (n_steps, n_compartments), optional
            Raw draws of -127..127 to use instead of the generator, if the image has noise.

        Returns
        -------
        Recording
            One population ``"compartments"``, dt = 1, traces of int32.

        Raises
        ------
        EmulatorError, RecordingError, ChipOverflowError
            As for :meth:`run`.
        """
        if isinstance(n_steps, bool) or not isinstance(n_steps, (int, np.integer)) or n_steps < 1:
            raise EmulatorError(f"emulator: n_steps = {n_steps!r}; allowed: at least 1.")
        at, ids = np.asarray(steps), np.asarray(sources)
        if at.ndim != 1 or at.shape != ids.shape:
            raise EmulatorError(
                f"emulator: steps have shape {at.shape} and sources {ids.shape}; allowed: two "
                "one-dimensional arrays of one length."
            )
        for name, values in (("steps", at), ("sources", ids)):
            if values.size and not np.issubdtype(values.dtype, np.integer):
                raise EmulatorError(
                    f"emulator: {name} are of type {values.dtype}; allowed: integers."
                )
        if ids.size and self.image.n_inputs == 0:
            raise EmulatorError("emulator: input spikes were given, but the image has no inputs.")
        if ids.size and not (ids.min() >= 0 and ids.max() < self.image.n_inputs):
            worst = ids.min() if ids.min() < 0 else ids.max()
            raise EmulatorError(
                f"emulator: input {worst}; allowed: 0 to {self.image.n_inputs - 1}."
            )
        size = self.image.n_compartments
        probes = resolve_probes(record, {"compartments": size}, ("v", "u"))
        inside = (at >= self._step - 1) & (at < self._step + n_steps)
        # One key per spike sorts ten times as fast as two columns; step -1 stays below step 0.
        keys = np.sort(at[inside].astype(np.int64) * max(self.image.n_inputs, 1) + ids[inside])
        spike_steps, spike_sources = np.divmod(keys, max(self.image.n_inputs, 1))
        draws = None if noise is None else self._check_draws(noise, int(n_steps))
        registers = self._run(
            int(n_steps),
            spike_steps.astype(np.int32),
            spike_sources.astype(np.int32),
            probes,
            draws,
        )
        return raw_recording(registers, size, self._label())

    def _check_draws(self, noise: Any, n_steps: int) -> Int8Array:
        draws, shape = np.asarray(noise), (n_steps, self.image.n_compartments)
        if self.image.noise is None:
            raise EmulatorError("emulator: noise was given, but the image has no noise registers.")
        if draws.shape != shape or not np.issubdtype(draws.dtype, np.integer):
            raise EmulatorError(
                f"emulator: noise has shape {draws.shape} and type {draws.dtype}; allowed: "
                f"integers of shape {shape}."
            )
        if draws.size and not (draws.min() >= -127 and draws.max() <= 127):
            raise EmulatorError(
                f"emulator: noise reaches from {draws.min()} to {draws.max()}; allowed: -127 to "
                "127."
            )
        return np.ascontiguousarray(draws, dtype=np.int8)

    def _label(self) -> str:
        return f"chip {self.image.chip.name}, image {self._digest[:12]}"

    def _run(
        self,
        n_steps: int,
        steps: Int32Array,
        sources: Int32Array,
        columns: dict[tuple[str, str], Int32Array],
        draws: Int8Array | None = None,
    ) -> Registers:
        """Run the kernels; ``columns`` are the compartments to record by (population, variable)."""
        first = self._step
        inputs, input_ptr = self._inputs(first, n_steps, steps, sources)
        ids = {
            variable: np.concatenate(
                [np.empty(0, np.int32), *(c for key, c in columns.items() if key[1] == variable)]
            ).astype(np.int32)
            for variable in ("v", "u")
        }
        size = len(self._state.previous)
        capacity = max(min(_SPIKE_BUFFER, n_steps * size), 2 * size)
        output = Output(
            steps=np.empty(capacity, dtype=np.int32),
            ids=np.empty(capacity, dtype=np.int32),
            n_spikes=np.zeros(1, dtype=np.int64),
            v_ids=ids["v"],
            v=np.empty((n_steps, len(ids["v"])), dtype=np.int32),
            u_ids=ids["u"],
            u=np.empty((n_steps, len(ids["u"])), dtype=np.int32),
        )
        noise = noise_of(self.image, draws)
        held = read_row(self._state, Row.HELD, self.image.n_compartments)
        self._state.counters[:] = 0
        self._state.first_overflow[:] = -1
        parts: list[tuple[Int32Array, Int32Array]] = []
        row = 0
        with progress_bar(n_steps, "emulating", self.progress) as bar:
            while row < n_steps:
                stop = min(n_steps, row + self._chunk())
                reached = self._advance(
                    row,
                    stop,
                    first,
                    input_ptr,
                    inputs,
                    self._layout,
                    self._widths,
                    self._state,
                    noise,
                    self._joins,
                    self._sum_shifts,
                    output,
                    self.strict,
                )
                n = int(output.n_spikes[0])
                if n:
                    parts.append((output.steps[:n].copy(), output.ids[:n].copy()))
                output.n_spikes[0] = 0
                bar.update(reached - row)
                row = reached
                self._step = first + row
                self._pending = inputs[input_ptr[row] : input_ptr[row + 1]]
                if self.strict and (self._state.first_overflow[:, 0] >= 0).any():
                    raise ChipOverflowError(
                        overflow_message(self.image, self._state.first_overflow)
                    )
        totals = self._state.counters.sum(axis=0)
        return Registers(
            first_step=first,
            n_steps=n_steps,
            steps=np.concatenate([np.empty(0, np.int32), *(p[0] for p in parts)]),
            ids=np.concatenate([np.empty(0, np.int32), *(p[1] for p in parts)]),
            held=held,
            refractory=self.image.compartments.refractory,
            traces=_split(columns, {"v": output.v, "u": output.u}),
            counters={name: int(totals[i]) for i, name in enumerate(COUNTERS)},
        )

    def _advance(self, *arguments: Any) -> int:
        """Call the kernel for the number of threads; Numba's own number is left as it was."""
        if self.threads == 1:
            return int(run_serial(*arguments))
        before = numba.get_num_threads()
        numba.set_num_threads(self.threads)
        try:
            return int(run_parallel(*arguments))
        finally:
            numba.set_num_threads(before)

    def _chunk(self) -> int:
        """Steps between two looks at the progress bar: about a tenth of a second."""
        work = self.image.n_compartments + self.image.n_synapses // 50
        return max(1, 100_000_000 // (work + 1000))

    def _inputs(
        self, first: int, n_steps: int, steps: Int32Array, sources: Int32Array
    ) -> tuple[Int32Array, Any]:
        """Sources by row: row k holds the spikes of step first + k - 1; one row more is kept."""
        low, high = np.searchsorted(steps, [first, first + n_steps])
        early = sources[np.searchsorted(steps, first - 1) : low] if first == 0 else self._pending
        counts = np.bincount(steps[low:high] - first, minlength=n_steps)
        pointers = np.zeros(n_steps + 2, dtype=np.int64)
        pointers[1] = len(early)
        pointers[2:] = len(early) + np.cumsum(counts)
        return np.concatenate([early, sources[low:high]]).astype(np.int32), pointers


def _choose_threads(image: ChipImage, threads: int | None) -> int:
    settings: Any = numba.config  # made at run time, unknown to type checkers
    most = settings.NUMBA_NUM_THREADS
    if threads is None:
        work = image.n_compartments + image.n_synapses // 100
        return int(min(most, max(1, work // _WORK_PER_THREAD), os.cpu_count() or 1))
    if isinstance(threads, bool) or not isinstance(threads, (int, np.integer)):
        raise EmulatorError(f"emulator: threads = {threads!r}; allowed: an integer.")
    if not 1 <= threads <= most:
        raise EmulatorError(f"emulator: threads = {threads}; allowed: 1 to {most}.")
    return int(threads)


def _split(columns: dict[tuple[str, str], Int32Array], values: dict[str, Any]) -> dict[Any, Any]:
    """Cut the recorded columns of each variable back into populations."""
    used, parts = {"v": 0, "u": 0}, {}
    for key, ids in columns.items():
        begin = used[key[1]]
        used[key[1]] = begin + len(ids)
        parts[key] = values[key[1]][:, begin : begin + len(ids)]
    return parts
