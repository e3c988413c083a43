"""The public emulator: checks arguments, continues runs, and returns recordings."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from copy import deepcopy
from typing import Any

from .._kernels.workers import check_threads, choose_threads, most_threads
from .._support.brief import line
from .._support.progress import progress_bar
from .._support.values import instance, integer, items, switch
from ..errors import EmulatorError
from ..image import ChipImage, Symbols
from ..recording import Probe, Recording, WeightProbe
from ..stimulus import Stimulus
from .connections import Samples, learned_parts, with_given
from .cpu.batch import run_batch
from .currents import currents_of
from .decode import decode_recording, raw_recording
from .engine import Columns, Registers, join_registers
from .engines import engine_of
from .learned import LearnedSynapses
from .learning_run import PLAIN_RUN
from .overflows import warn_of_overflows
from .plan import (
    add_run,
    check_draws,
    check_noise_seeds,
    check_payloads,
    check_sources,
    memory_of,
    span_in,
    span_of,
    symbols_of,
    windows_in,
)
from .recorded import columns_of, register_columns
from .spikes import InputLists, RunSpan
from .writes import check_writes

__all__ = ["Emulator"]


class Emulator(LearnedSynapses):
    """Runs one chip image, bit for bit.

    A run continues where the last one stopped; :meth:`reset` goes back to step 0. A run that ends
    with an exception, such as Ctrl-C, ``strict`` or a lack of memory, has stopped at :attr:`step`,
    and the next run continues there; its recording is lost. An emulator counts up to 2147483647
    steps and makes one run at a time: a run from a second thread raises an error. A deep copy or
    an unpickled copy is an independent emulator at the same step.

    Parameters
    ----------
    image : ChipImage
        Register values from the compiler, from a file, or written by hand.
    strict : bool
        Raise at the end of the first step in which a register wraps or clips. By default such
        events are counted in ``Recording.counters``, and by population in ``Recording.overflows``.
    warn : bool
        Warn once, with a :class:`~neurochip.errors.ChipOverflowWarning`, after a run (or a batch)
        in which a register wrapped or clipped. Default: True.
    threads : int, optional
        Largest number of threads, from 1 to the number that Numba has; one thread runs while that
        is faster. Default: 1 for small images, otherwise all. The results do not depend on it.
        Programs and learning run on one thread.
    progress : bool, optional
        Show a progress bar. Default: on a terminal and in notebooks, after two seconds.

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
        warn: bool = True,
        threads: int | None = None,
        progress: bool | None = None,
    ) -> None:
        allowed = "a ChipImage, as from compile_network"
        self.image = instance("emulator", "image", image, ChipImage, allowed, error=EmulatorError)
        self.strict = switch("emulator", "strict", strict, error=EmulatorError)
        self.warn = switch("emulator", "warn", warn, error=EmulatorError)
        self.threads = choose_threads(threads, image.n_compartments, image.n_synapses, "emulator")
        self.progress = switch("emulator", "progress", progress, optional=True, error=EmulatorError)
        self._engine = engine_of(image, self.threads)
        self._position = self._engine.start()

    def __deepcopy__(self, memo: dict[int, Any]) -> Emulator:
        """Return a copy with registers of its own; both share the image and its layout."""
        other = object.__new__(type(self))
        vars(other).update(vars(self), _position=deepcopy(self._position, memo))
        return other

    def reset(self) -> None:
        """Go back to step 0: initial v and weights, no current, no spikes in transit.

        This is always allowed. A run in another thread keeps its own registers and is not affected.
        """
        if self._position.lock.locked():
            self._position = self._engine.start()
        else:
            with self._position.lock:
                self._engine.rewind(self._position)

    def reprogram(self, image: ChipImage) -> None:
        """Go on with another image: other parameters, weights or delays of the same network.

        v and the synaptic currents keep their physical values, refractory neurons stay held, and
        spikes that wait for a delay keep their weights, while those of the last step are delivered
        with the new ones. Registers are converted if the images have other scales, and equal scales
        change no integer. A refractory counter that runs is changed by the change of its register.
        Bias registers have the values of the new image. Connections that learn in both, from the
        same weights, keep theirs, tags, rewards that were set, and traces that their rules share.
        The emulator stays at its step, and :meth:`reset` goes back to step 0 of the new image.

        Parameters
        ----------
        image : ChipImage
            An image for the same chip and dt, with the same populations and inputs. Compartments
            are matched by the names in the symbols, or by number if neither image has symbols.
            Programs have to be those that the compiler makes, the same in both images.

        Raises
        ------
        EmulatorError
            If the images differ in more than values, spikes are in transit for longer than the
            longest new delay, or a new register cannot hold a learned value.
        """
        allowed = "a ChipImage, as from compile_network"
        instance("emulator", "image", image, ChipImage, allowed, error=EmulatorError)
        with self._position.turn():
            self._engine, self._position = self._engine.reprogram(image, self._position)
            self.image = image

    def set_v(self, population: str, ids: Any, v: Any) -> None:
        """Set the membrane potential of some neurons, as the host of a chip may do between steps.

        It replaces v at the end of the last step; the next step decays it.

        Parameters
        ----------
        population : str
            Name of the population.
        ids : array_like of int, shape (n,)
            Neurons.
        v : array_like of float, shape (n,), mV
            Their membrane potentials, rounded to the register.

        Raises
        ------
        EmulatorError
            If the image has no symbols or no such population, a neuron or a value is not allowed,
            or a neuron is refractory, so that the chip holds its v.
        """
        with self._position.turn():
            self._engine.set_v(self._position, population, ids, v)

    @property
    def step(self) -> int:
        """The step that runs next.

        Raises
        ------
        EmulatorError
            If :meth:`reset` was interrupted; call it again.
        """
        return int(self._position.step)

    def run(
        self,
        stimulus: Stimulus,
        *,
        duration: float | None = None,
        record: Iterable[str | Probe | WeightProbe] = (),
    ) -> Recording:
        """Run on a stimulus, in physical units.

        Parameters
        ----------
        stimulus : Stimulus
            Input spikes and currents; its time counts from step 0, so pass the same stimulus to
            continue.
        duration : float, optional
            How long to run, in ms. Default: to the end of the stimulus.
        record : iterable of str, Probe or WeightProbe
            ``"v"`` (mV), ``"i_syn"``, ``"i_syn_E"`` and ``"i_syn_I"`` (nA), ``"u"`` and
            ``"u_child"`` (mV per step), or probes of neurons or synapses: see :class:`Probe`.
            Spikes are always recorded.

        Returns
        -------
        Recording
            Populations as in the network, times in ms, v in mV, currents in nA.

        Raises
        ------
        EmulatorError
            If the image has no symbols, ``stimulus`` is not a Stimulus or ends before the run does,
            the run goes beyond the last step, memory is too small, or another thread is running
            this emulator.
        StimulusError
            If the stimulus does not fit the inputs, a current exceeds the bias registers, or the
            duration is not a multiple of the time step.
        RecordingError
            If a probe names a population, variable or neuron that does not exist.
        ChipOverflowError
            With ``strict=True``, when a register overflows.
        """
        symbols = symbols_of(self.image)
        probes, currents, columns, samples = columns_of(self.image, symbols, record)
        with self._position.turn():
            run = span_in(symbols, self.step, stimulus, duration)
            with memory_of(run.n_steps, columns, 12, samples):
                registers = self._run_on(stimulus, symbols, run, columns, samples)
                learned = learned_parts(self.image, registers)
                recording = decode_recording(
                    registers, symbols, probes, currents, self._label(), stimulus, **learned
                )
        return self._told([recording])[0]

    def run_batch(
        self,
        stimuli: Iterable[Stimulus],
        *,
        duration: float | None = None,
        record: Iterable[str | Probe | WeightProbe] = (),
        noise_seeds: Iterable[int] | None = None,
        threads: int | None = None,
    ) -> list[Recording]:
        """Run many stimuli, each from step 0, several at a time.

        Every recording equals that of :meth:`reset` and :meth:`run`. The runs share only the image
        and do not change the state of this emulator. Small networks run side by side if their
        runs are equally long.

        Parameters
        ----------
        stimuli : iterable of Stimulus
            One stimulus for each run, such as :func:`~neurochip.stimulus.draw_stimulus` with
            different seeds.
        duration, record
            As for :meth:`run`, the same for all runs.
        noise_seeds : iterable of int, optional
            Seed of the noise in each run, for an image with noise registers. Default: the seed in
            the image, so that every run has the same noise.
        threads : int, optional
            Number of threads that share the runs. Default: all threads that Numba has.

        Returns
        -------
        list of Recording
            In the order of the stimuli.

        Raises
        ------
        EmulatorError
            If noise seeds are given and the image has no noise, or if the numbers of seeds and
            stimuli differ; and as for :meth:`run`, with a message that begins with the run number.
        RecordingError
            As for :meth:`run`.
        StimulusError, ChipOverflowError
            As for :meth:`run`, with a message that begins with the run number.
        """
        allowed = "a list of Stimulus, one for each run"
        given = items("emulator", "stimuli", stimuli, allowed, error=EmulatorError)
        runs = list(zip(given, check_noise_seeds(noise_seeds, len(given), self.image), strict=True))
        most = most_threads() if threads is None else check_threads(threads, "emulator")
        recordings = run_batch(
            self._engine,
            runs,
            duration,
            record,
            self._label(),
            strict=self.strict,
            workers=min(most, len(runs)),
            progress=self.progress,
        )
        return self._told(recordings)

    def run_steps(
        self,
        n_steps: int,
        steps: Any = (),
        sources: Any = (),
        *,
        payloads: Any = None,
        record: Iterable[str | Probe | WeightProbe] = (),
        noise: Any = None,
        writes: Any = None,
        given: Any = None,
        draws: Any = None,
    ) -> Recording:
        """Run in register units: time in steps, inputs by number, integer values.

        Parameters
        ----------
        n_steps : int
            Number of steps to run, at least 1.
        steps, sources : array_like of int, shape (n_spikes,)
            Step and input number of each input spike, in any order. Steps count from step 0, also
            in a run that continues; spikes outside this run are ignored. A spike in step n with
            delay d acts in step n + 1 + d, like the spike of a neuron. A spike that acts in step 0
            with delay 0 has step -1.
        payloads : array_like of int, shape (n_spikes,), optional
            Payload of each input spike, not 0, within ``payload_bits`` of the chip. Payloads other
            than 1 need targets with a program. Default: 1.
        record : iterable of str, Probe or WeightProbe
            Registers at the end of every step: ``"v"``, ``"u"``, or a state register of a program,
            of all compartments that have it; and probes of synapses.
        noise : array_like of int, shape (n_steps, n_compartments), optional
            Raw draws from -127 to 127 that replace the random generator, if the image has noise.
        writes : tuple of four array_like of int, shape (n_writes,), optional
            Step, compartment, mantissa and exponent of each write of a bias register, in any order.
            A write acts from its step on, until the next one or :meth:`reset`; of several writes to
            a compartment in a step the last one acts. Steps count as those of input spikes.
        given : dict of (connection, str) to array_like of int, optional
            Values of ``"y1"``, ``"y2"`` or ``"y3"`` of a rule, such as a reward, instead of those
            of the image: shape (n_steps,) or (n_steps, n_targets). Where the image has none, the
            last value stays for later runs.
        draws : dict of (connection, str) to array_like, optional
            Draws of learning, by connection and the names of :func:`neurochip.learning.learn`.

        Returns
        -------
        Recording
            One population ``"compartments"``, dt = 1, traces of int32.

        Raises
        ------
        EmulatorError
            If an array has a wrong shape or a value that is not allowed; and as for :meth:`run`.
        LearningError
            If draws of learning are not allowed.
        RecordingError, ChipOverflowError
            As for :meth:`run`.
        """
        n_steps = integer(
            "emulator", "n_steps", n_steps, at_least=1, allowed="at least 1", error=EmulatorError
        )
        at, ids = check_sources(steps, sources, self.image)
        graded = None if payloads is None else check_payloads(payloads, ids, self.image)
        size = self.image.n_compartments
        _, _, columns, samples = register_columns(self.image, record)
        drawn = None if noise is None else check_draws(noise, n_steps, self.image)
        written = None if writes is None else check_writes(writes, self.image)
        with self._position.turn():
            run = span_of(self.step, n_steps)
            learning = with_given(self.image, samples, given, draws, run.first, n_steps)
            with memory_of(run.n_steps, columns, 4, samples):
                inputs = InputLists()
                inputs.add_spikes(at, ids, run, self._position.pending_inputs(), graded)
                later = None if written is None else written.from_step(run.first)
                options = {"draws": drawn, "writes": later, "learning": learning}
                with self._bar(run) as bar:
                    registers = self._run(inputs, columns, bar, **options)
                learned = learned_parts(self.image, registers, raw=True)
                recording = raw_recording(registers, columns, size, self._label(), **learned)
        return self._told([recording])[0]

    def _told(self, recordings: list[Recording]) -> list[Recording]:
        """Return the recordings of a call, after the warning of their overflows."""
        if self.warn:
            warn_of_overflows(self.image, recordings)
        return recordings

    def _label(self) -> str:
        return f"chip {self.image.chip.name}, image {self.image.digest()[:12]}"

    def _bar(self, run: RunSpan) -> AbstractContextManager[Any]:
        return progress_bar(run.n_steps, "emulating", self.progress)

    def _run_on(
        self, stimulus: Stimulus, symbols: Symbols, run: RunSpan, columns: Columns, samples: Samples
    ) -> Registers:
        """Run window by window, so that counted spikes are never listed all at once."""
        inputs, parts = InputLists(), []
        learning = PLAIN_RUN._replace(samples=samples)
        with self._bar(run) as bar:
            for window in windows_in(symbols, run, stimulus):
                add_run(inputs, self.image, window, stimulus, self._position)
                writes = currents_of(self.image, symbols, window, stimulus)
                parts.append(self._run(inputs, columns, bar, writes=writes, learning=learning))
        return join_registers(parts)

    def _run(self, inputs: InputLists, columns: Columns, bar: Any, **options: Any) -> Registers:
        rows, _ = inputs.take()
        return self._engine.run(
            self._position, rows, columns, strict=self.strict, report=bar.update, **options
        )

    def __repr__(self) -> str:
        return line(self, repr(self.image), f"step {self.step}")
