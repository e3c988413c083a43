"""Brian2 device: ``set_device("neurochip")`` runs an existing script on the emulated chip."""

from __future__ import annotations

import sys
import time
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import fields
from typing import Any

from brian2 import Network, Synapses
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.core.namespace import get_local_namespace
from brian2.core.network import TextReport
from brian2.devices.device import RuntimeDevice, all_devices, runtime_device
from brian2.units import check_units, second
from brian2.utils.logger import get_logger

from compiler import CompileOptions

from ..._support.values import switch
from ...chip.spec import LOIHI, ChipSpec
from ...emulator.overflows import describe_overflows
from ...emulator.plan import span_of
from ...errors import FrontendError
from ...image import ChipImage
from ...network import Network as OurNetwork
from ...recording import Recording
from ...stimulus import Stimulus
from ..session import Drive
from .following import Follower, depends_on_run
from .inputs import changes_with_time, draw, known_spikes, pass_over
from .objects import check_begin, common_clock, inputs_in_order, neurons_of
from .preparing import prepare
from .reading import Reading, read_network, relayed
from .runs import Runs, run_inputs

__all__ = ["NeurochipDevice"]

logger = get_logger("brian2.devices.neurochip")  # inherits the levels of Brian2's logger

_COMPILE = tuple(field.name for field in fields(CompileOptions))
_EMULATE = ("strict", "threads", "progress")


class NeurochipDevice(RuntimeDevice):  # type: ignore[misc] # Brian2 has no types
    """Brian2's runtime device with another ``run``, which uses the chip.

    Before a run, Brian2 itself creates objects, sets variables and connects, also with random
    numbers. A run reads the network, compiles it for the chip, draws its random input as Brian2
    would, emulates, and fills the monitors. Code is generated for numpy only, regardless of the
    preferences, since no code of the run itself is generated.

    Attributes
    ----------
    network, image, stimulus, recording
        Results of the last run: the neurochip Network, the ChipImage (with its compile report), the
        input spikes (those of a strong PoissonInput as counts, one byte for each neuron and step)
        and the recorded spikes. None before the first run.
    """

    def __init__(self) -> None:
        super().__init__()
        self.arrays = runtime_device.arrays  # objects created before set_device run, too
        self.defaultclock: Any = None
        self.chip: ChipSpec = LOIHI
        self.relays = False
        self.compile_options: dict[str, Any] = {}
        self.emulator_options: dict[str, Any] = {}
        self.reinit()

    def reinit(self) -> None:
        """Forget all runs."""
        self._times: defaultdict[str, float] = defaultdict(
            float
        )  # seconds of the parts of the last run
        self._runs: weakref.WeakKeyDictionary[Any, tuple[str, Runs]] = weakref.WeakKeyDictionary()
        self._stored: weakref.WeakKeyDictionary[Any, dict[str, tuple[str, Runs]]]
        self._stored = weakref.WeakKeyDictionary()
        self.network: OurNetwork | None = None
        self.image: ChipImage | None = None
        self.stimulus: Stimulus | None = None
        self.recording: Recording | None = None

    def activate(self, build_on_run: bool = True, **options: Any) -> None:
        """Take the options of ``set_device("neurochip", ...)``.

        Parameters
        ----------
        build_on_run : bool
            Option of Brian2 without effect here.
        options
            ``chip``, a ChipSpec (default: LOIHI); ``relays``, whether neurons relay delayed spikes
            to synapses that learn, as :func:`~neurochip.with_relays` does (default: False); options
            of :class:`compiler.CompileOptions`; ``strict``, ``threads`` and ``progress`` as in
            :class:`~neurochip.emulator.Emulator`.

        Raises
        ------
        FrontendError
            If an option has another name, ``chip`` is not a ChipSpec, or ``relays`` no bool.
        """
        allowed = ("chip", "relays", *_COMPILE, *_EMULATE)
        for name, value in options.items():
            if name not in allowed:
                raise FrontendError(
                    f"set_device: {name} = {value!r}; allowed options: {', '.join(allowed)}."
                )
        chip = options.get("chip", LOIHI)
        if not isinstance(chip, ChipSpec):
            raise FrontendError(
                f"set_device: chip = {chip!r}; allowed: a ChipSpec such as neurochip.LOIHI."
            )
        relays = switch("set_device", "relays", options.get("relays", False), error=FrontendError)
        if self.defaultclock is None:
            # Objects created before set_device keep their clock, so share it.
            self.defaultclock = runtime_device.defaultclock
        super().activate(build_on_run, **options)
        self.chip, self.relays = chip, relays
        self.compile_options = {name: options[name] for name in _COMPILE if name in options}
        self.emulator_options = {name: options[name] for name in _EMULATE if name in options}

    def code_object_class(
        self,
        codeobj_class: Any = None,
        fallback_pref: str = "codegen.target",  # noqa: ARG002 - Brian2's signature
    ) -> Any:
        """Return the class of generated code, by default numpy's.

        Parameters
        ----------
        codeobj_class : type, optional
            Class that an object requests for itself.
        fallback_pref : str
            Preference that Brian2 would look up; not used.
        """
        return NumpyCodeObject if codeobj_class is None else codeobj_class

    @check_units(duration=second, report_period=second)  # type: ignore[untyped-decorator]
    def network_run(
        self,
        net: Any,
        duration: Any,
        report: Any = None,
        report_period: Any = 10 * second,  # noqa: ARG002 - the emulator has a bar of its own
        namespace: Mapping[str, Any] | None = None,
        profile: bool | None = None,
        level: int = 0,
    ) -> None:
        """Run a network on the chip; Brian2 calls this for ``run()`` and ``Network.run()``.

        Parameters
        ----------
        net : brian2.Network
            Network to run.
        duration : Quantity
            Length of the run.
        report : str or function, optional
            Report as in Brian2, called at the beginning and at the end.
        report_period : Quantity
            Not used: the emulator has its own progress bar.
        namespace : dict, optional
            Names in the equations. Default: the names at the call of ``run``.
        profile : bool, optional
            Fill ``net.profiling_info`` with the times of the parts of this run: preparing, reading
            (with drawing the input), compiling and emulating. The chip runs all objects as one.
        level : int
            Level of the caller in Python's stack, as in Brian2.

        Raises
        ------
        FrontendError
            If the network, or a change since its last run, cannot be mapped.
        """
        if duration < 0:
            raise FrontendError(f"run: duration = {duration}; allowed: at least 0 s.")
        if namespace is None:
            namespace = get_local_namespace(level=level + 3)
        tell = _reporter(report)
        self._times.clear()
        called, begin = time.time(), net.t
        tell(0 * second, 0.0, begin, duration)
        clocks = {obj.clock for obj in net.sorted_objects}
        for clock in clocks:
            clock.set_interval(net.t, net.t + duration)
        net._clocks = clocks
        with self._timed("preparing"):
            prepare(net, namespace)
        if any(obj.active for obj in net.sorted_objects):
            self._run(net, duration, namespace)
        for clock in clocks:
            clock.variables["timestep"].set_value(clock._i_end)
            clock.variables["t"].set_value(clock._i_end * clock.dt_)
        net.t_ = float(begin + duration)
        spent = [(part, seconds * second) for part, seconds in self._times.items()]
        net._profiling_info = spent if profile else None
        tell((time.time() - called) * second, 1.0, begin, duration)
        net.after_run()

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        """Add the time that the block takes to the profile of the run."""
        begin = time.perf_counter()
        yield
        self._times[part] += time.perf_counter() - begin

    def network_store(self, net: Any, name: str = "default", filename: Any = None) -> None:
        """Store a network as Brian2 does, and with it the state of the chip.

        Parameters
        ----------
        net : brian2.Network
            Network to store.
        name : str
            Name of the state.
        filename : str, optional
            File for the state; the state of the chip is not in it.
        """
        Network.store.original_function(net, name, filename)
        stored = self._stored.setdefault(net, {})
        known, runs = self._runs.get(net, (None, None))
        stored.pop(name, None)
        if runs is not None and known is not None and filename is None:
            stored[name] = known, runs.copied()

    def network_restore(
        self,
        net: Any,
        name: str = "default",
        filename: Any = None,
        restore_random_state: bool = False,
    ) -> None:
        """Restore a network as Brian2 does, and with it the state of the chip.

        From a file, or if the state was stored before the first run, the next run must begin at
        time 0.

        Parameters
        ----------
        net : brian2.Network
            Network to restore.
        name, filename, restore_random_state
            As for Brian2's ``restore``.
        """
        Network.restore.original_function(net, name, filename, restore_random_state)
        self._runs.pop(net, None)
        stored = self._stored.get(net, {}).get(name)
        if stored is not None and filename is None:
            self._runs[net] = stored[0], stored[1].copied()

    def _run(self, net: Any, duration: Any, namespace: Mapping[str, Any]) -> None:
        active = [obj for obj in net.sorted_objects if obj.active]
        groups = neurons_of(active)
        clock = common_clock(net, active)
        first = int(clock.variables["timestep"].get_value().item())
        n_steps = int(clock._i_end) - first
        if not groups:
            self.network = self.image = self.stimulus = self.recording = None
            run_inputs(net, clock, first, n_steps, namespace)
            return
        runs = self._continued(net, clock, first)
        if runs is not None and not n_steps:
            return

        known = groups | {obj.name: obj for obj in active if isinstance(obj, Synapses)}

        def read(inputs: Mapping[str, Drive]) -> Reading:
            with self._timed("reading"), runs.rewound(known) if runs else nullcontext():
                reading = read_network(net, namespace, inputs, first + n_steps)
                return relayed(reading) if self.relays else reading

        if runs is None:
            check_begin(active)
        sources = inputs_in_order(net.sorted_objects)
        # All that can be refused is refused before a number is drawn: a long run draws for long.
        reading = read(known_spikes(sources, first, n_steps))
        waits = any(changes_with_time(source, namespace) for source in sources)
        follower = Follower() if runs is None else runs.follower

        def begin(reading: Reading) -> Runs:
            options = self.compile_options, self.emulator_options
            with self._timed("compiling"):
                return Runs(reading, self.chip, *options, follower)

        if runs is None and not waits:
            runs = begin(reading)
        span_of(first, n_steps)
        drawn: AbstractContextManager[dict[str, Drive]]
        if n_steps and any(map(depends_on_run, sources)):
            drawn = follower.follow(net, duration, namespace, sources, first)
        else:
            with self._timed("reading"):
                drawn = nullcontext(draw(sources, clock, first, n_steps, namespace))
        with drawn as inputs:
            if waits:
                reading = read(inputs)
            if runs is None:
                runs = begin(reading)
            self._runs[net] = (net.id, runs)
            self.network, self.image = runs.session.network, runs.session.image
            self.stimulus = self.recording = None
            if n_steps:
                with self._timed("emulating"):
                    self.recording, self.stimulus = runs.run(reading, n_steps, inputs, namespace)
                # The run goes on with what the script has changed.
                self.network, self.image = runs.session.network, runs.session.image
                pass_over(sources, first + n_steps)
                _warn_of_overflows(self.image, self.recording)

    def _continued(self, net: Any, clock: Any, first: int) -> Runs | None:
        """Return the runs that this run continues, or None if it begins at time 0."""
        known, runs = self._runs.get(net, (None, None))
        if runs is not None and known == net.id:
            runs.check_whole(net)
        if first == 0:
            return None
        if runs is not None and known == net.id:
            runs.check_step(float(clock.dt_))
        if runs is None or known != net.id or runs.session.step != first:
            raise FrontendError(
                f"Brian2 network {net.name!r}: its time is {float(net.t_) * 1e3:g} ms, and no run "
                "on the chip ended there; allowed: a run that begins at 0 ms or continues the last "
                "run. restore() the network to time 0, or create it again."
            )
        return runs


def _warn_of_overflows(image: ChipImage, recording: Recording) -> None:
    """Report overflows of registers in Brian2's log."""
    found = describe_overflows(image, [recording])
    if found:
        example = 'Options are set as in set_device("neurochip", headroom=4).'
        logger.warn(f"Chip {found} {example}", "overflow")


def _reporter(report: Any) -> Callable[..., Any]:
    """Return the function that Brian2 would call at the beginning and the end of a run."""
    if report is None:
        return lambda *_: None
    streams = {"text": sys.stdout, "stdout": sys.stdout, "stderr": sys.stderr}
    told: Callable[..., Any] = report
    if isinstance(report, str) and report in streams:
        told = TextReport(streams[report])
    if callable(told):
        return told
    raise FrontendError(
        f"run: report = {report!r}; allowed: 'text', 'stdout', 'stderr', a function, or None."
    )


all_devices["neurochip"] = NeurochipDevice()
