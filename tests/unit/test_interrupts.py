"""Ctrl-C and other exceptions, wherever they fall: a run goes on exactly, and no thread is left."""

from __future__ import annotations

import contextlib
import copy
import itertools
import os
import pickle
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from conformance.images import THREADS

import neurochip
from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    draw_stimulus,
    fixed_probability,
)
from neurochip.emulator import Emulator, batch, engine
from neurochip.emulator import emulator as emulator_module
from neurochip.errors import EmulatorError
from neurochip.programming import Noise, SignMode, Synapses, program
from neurochip.reference import simulate_reference

WHO = "compartments"
SIZE, STEPS = 70, 60
PACKAGE = str(Path(neurochip.__file__).parent)


@pytest.fixture(scope="module")
def image():
    """Noise, delays, spikes that travel between the parts of a run."""
    rng = np.random.default_rng(1)
    pre, target, mantissa = (rng.integers(0, most, 600) for most in (SIZE, SIZE, 100))
    registers = {
        "decay_u": rng.integers(300, 2000, SIZE),
        "decay_v": rng.integers(0, 600, SIZE),
        "threshold_mantissa": rng.integers(50, 200, SIZE),
        "bias_mantissa": rng.integers(0, 2000, SIZE),
        "refractory": rng.integers(1, 5, SIZE),
    }
    return program(
        LOIHI,
        registers,
        [
            Synapses(WHO, pre, target, mantissa, SignMode.EXCITATORY, delay=pre % 9),
            Synapses("inputs", [0, 1], [3, 4], [90, 80], SignMode.EXCITATORY, exponent=3),
        ],
        n_inputs=2,
        noise=Noise(np.ones(SIZE, np.int32), exponent=8, at_membrane=True, seed=5),
    )


INPUTS = (np.arange(-1, STEPS).repeat(2), np.tile([0, 1], STEPS + 1))


def run(emulator, n_steps):
    return emulator.run_steps(n_steps, *INPUTS, record=["u", "v"])


def same_tail(rest, whole):
    """Whether a run is the end of another, in spikes and traces."""
    at = whole.n_steps - rest.n_steps
    tail = whole.steps[WHO] >= at
    return (
        rest.first_step == at
        and np.array_equal(rest.steps[WHO], whole.steps[WHO][tail])
        and np.array_equal(rest.ids[WHO], whole.ids[WHO][tail])
        and all(
            np.array_equal(rest.trace(WHO, name).values, whole.trace(WHO, name).values[at:])
            for name in ("u", "v")
        )
    )


class InterruptedAtLine:
    """Raise KeyboardInterrupt before the n-th line of this package that a block runs."""

    def __init__(self, n):
        self.left = n

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self.trace)
        return self

    def __exit__(self, *_):
        sys.settrace(self.before)

    def trace(self, frame, event, _):
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self.trace


def continues_exactly(emulator, whole):
    """Whether an emulator, run to the end, gives the end of a long run."""
    return same_tail(run(emulator, STEPS - emulator.step), whole)


@pytest.fixture
def short_calls(monkeypatch):
    """Kernels return every 20 steps, so that a run has three calls of them."""
    monkeypatch.setattr(engine, "_WORK_PER_CALL", 20 * (SIZE + 12 + 1000))


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.usefixtures("short_calls")
def test_wherever_a_run_is_interrupted_it_goes_on_as_one_long_run(image, threads):
    whole = run(Emulator(image, threads=threads), STEPS)
    assert whole.n_spikes > 500
    emulator = Emulator(image, threads=threads, progress=False)
    stopped = set()
    for line in itertools.count(1):
        emulator.reset()
        interrupt = InterruptedAtLine(line)
        with contextlib.suppress(KeyboardInterrupt), interrupt:
            run(emulator, STEPS)
        if interrupt.left > 0:
            break
        stopped.add(emulator.step)
        assert emulator.step == STEPS or continues_exactly(emulator, whole), line
    assert stopped == {0, 20, 40, 60}


@pytest.mark.usefixtures("short_calls")
def test_ctrl_c_that_waits_for_a_kernel_to_return_finds_the_step_that_it_reached(
    image, monkeypatch
):
    """Python raises it between the return of a kernel and the next instruction."""
    whole, kernel = run(Emulator(image), STEPS), engine.run_rows

    def interrupted(*arguments):
        kernel(*arguments)
        raise KeyboardInterrupt

    emulator = Emulator(image, threads=1)
    with monkeypatch.context() as patch:
        patch.setattr(engine, "run_rows", interrupted)
        for step in (20, 40):
            with pytest.raises(KeyboardInterrupt):
                run(emulator, STEPS - emulator.step)
            assert emulator.step == step
    assert continues_exactly(emulator, whole)


@pytest.mark.parametrize("place", ["join_lists", "progress_bar", "raw_recording"])
@pytest.mark.usefixtures("short_calls")
def test_an_exception_on_the_way_out_leaves_a_run_that_goes_on(image, monkeypatch, place):
    whole = run(Emulator(image), STEPS)

    class Bar(contextlib.nullcontext):
        def update(self, _):
            raise OSError(place)

    def fails(*_):
        if place == "progress_bar":
            return Bar(Bar())
        raise OSError(place)

    emulator = Emulator(image, threads=1)
    with monkeypatch.context() as patch:
        patch.setattr(engine if place == "join_lists" else emulator_module, place, fails)
        with pytest.raises(OSError, match=place):
            run(emulator, 40)
    assert emulator.step == (40 if place == "raw_recording" else 20)
    assert continues_exactly(emulator, whole)


def test_a_warning_that_is_an_error_leaves_a_run_that_goes_on(image, monkeypatch):
    whole, join = run(Emulator(image), STEPS), engine.join_lists

    def warns(*arguments):
        warnings.warn("something", RuntimeWarning, stacklevel=1)
        return join(*arguments)

    emulator = Emulator(image)
    with monkeypatch.context() as patch:
        patch.setattr(engine, "join_lists", warns)
        with pytest.raises(RuntimeWarning):
            run(emulator, 40)
    assert emulator.step == 40
    assert continues_exactly(emulator, whole)


# ---------------------------------------------------------------------- where it cannot go on


def test_registers_that_are_of_no_step_are_not_run(image, monkeypatch):
    whole = run(Emulator(image), STEPS)

    def half_a_step(_, stop, first, *rest):
        state = next(item for item in rest if hasattr(item, "clock"))
        state.clock[0] = -1
        raise KeyboardInterrupt

    emulator = Emulator(image, threads=1)
    with monkeypatch.context() as patch:
        patch.setattr(engine, "run_rows", half_a_step)
        with pytest.raises(KeyboardInterrupt):
            run(emulator, 10)
    for use in (lambda: run(emulator, 10), lambda: emulator.step):
        with pytest.raises(EmulatorError) as caught:
            use()
        assert str(caught.value) == (
            "emulator: it was interrupted where registers change, so they are those of no step; "
            "call reset() to start again."
        )
    emulator.reset()
    assert run(emulator, STEPS) == whole


def test_a_reset_that_was_interrupted_must_be_done_again(image):
    whole, refused = run(Emulator(image), STEPS), 0
    emulator = Emulator(image)
    for line in itertools.count(1):
        run(emulator, 30)
        interrupt = InterruptedAtLine(line)
        with contextlib.suppress(KeyboardInterrupt), interrupt:
            emulator.reset()
        try:
            assert continues_exactly(emulator, whole)
        except EmulatorError:
            refused += 1
        emulator.reset()
        if interrupt.left > 0:
            break
    assert refused > 5


# ------------------------------------------------------------------------ more than one at once


def test_two_threads_do_not_run_one_emulator(image, monkeypatch):
    whole, running, go_on = run(Emulator(image), STEPS), threading.Event(), threading.Event()
    join = engine.join_lists

    def waits(*arguments):
        running.set()
        assert go_on.wait(60)
        return join(*arguments)

    emulator, done = Emulator(image), []
    monkeypatch.setattr(engine, "join_lists", waits)
    other = threading.Thread(target=lambda: done.append(run(emulator, STEPS)))
    other.start()
    assert running.wait(60)
    uses = (lambda: run(emulator, 5), lambda: copy.deepcopy(emulator))
    for use in uses:
        with pytest.raises(EmulatorError) as caught:
            use()
        assert str(caught.value) == (
            "emulator: it is running, in another thread, or in the process that this one was "
            "forked from; allowed: one run at a time. Make an Emulator for each thread, use "
            "run_batch, or call reset() to start again."
        )
    emulator.reset()
    assert emulator.step == 0
    go_on.set()
    other.join()
    assert done == [whole]
    assert run(emulator, STEPS) == whole


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_process_that_is_forked_in_a_run_starts_again(image, monkeypatch):
    whole, running, go_on = run(Emulator(image), STEPS), threading.Event(), threading.Event()
    join, emulator = engine.join_lists, Emulator(image)

    def waits(*arguments):
        running.set()
        assert go_on.wait(60)
        return join(*arguments)

    monkeypatch.setattr(engine, "join_lists", waits)
    other = threading.Thread(target=run, args=(emulator, STEPS))
    other.start()
    assert running.wait(60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork with threads
        child = os.fork()
    if not child:
        status = 1
        try:
            go_on.set()
            with pytest.raises(EmulatorError, match=r"^emulator: it is running, "):
                run(emulator, 5)
            emulator.reset()
            status = 0 if run(emulator, STEPS) == whole else 2
        finally:
            os._exit(status)
    go_on.set()
    other.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert emulator.step == STEPS


@pytest.mark.parametrize("way", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_goes_on_by_itself(image, way):
    whole, emulator = run(Emulator(image), STEPS), Emulator(image)
    run(emulator, 25)
    other = way(emulator)
    assert continues_exactly(other, whole)
    assert (emulator.step, other.step) == (25, STEPS)
    assert continues_exactly(emulator, whole)


# -------------------------------------------------------------------------------------- threads


def of_emulator(image):
    return run(Emulator(image, threads=2), STEPS)


def network():
    source = PoissonInput("source", 20, rate=400.0)
    cells = Population("cells", 90, LIF(tau_m=10.0))
    links = [fixed_probability(source, cells, probability=0.3, weight=3.0, seed=1)]
    return Network(inputs=[source], populations=[cells], connections=links)


def of_batch(_):
    model = network()
    stimuli = [draw_stimulus(model, 50.0, seed) for seed in range(4)]
    return Emulator(compile_network(model, LOIHI, dt=0.5)).run_batch(stimuli, threads=2)


def of_reference(_):
    model = network()
    return simulate_reference(model, draw_stimulus(model, 50.0, 1), 0.5, threads=2)


ENGINES = (of_emulator, of_batch, of_reference)
needs_two = pytest.mark.skipif(len(THREADS) < 2, reason="this machine has one thread")


def before_start(_, thread):
    raise KeyboardInterrupt


def after_start(method, thread):
    method(thread)
    raise KeyboardInterrupt


def no_more(_, thread):
    raise RuntimeError("can't start new thread")


POINTS = {
    "before a start": ("start", before_start),
    "after a start": ("start", after_start),
    "before a join": ("join", before_start),
    "after a join": ("join", after_start),
}


def interrupt_once(patch, name, act):
    method, calls = getattr(threading.Thread, name), itertools.count()

    def interrupted(thread, *arguments):
        if next(calls) == 0:
            act(method, thread)
        return method(thread, *arguments)

    patch.setattr(threading.Thread, name, interrupted)


@needs_two
@pytest.mark.parametrize("engine_of", ENGINES)
@pytest.mark.parametrize("point", POINTS)
def test_ctrl_c_at_a_thread_leaves_none(image, monkeypatch, engine_of, point):
    expected, before = engine_of(image), threading.enumerate()
    with monkeypatch.context() as patch:
        interrupt_once(patch, *POINTS[point])
        with pytest.raises(KeyboardInterrupt):
            engine_of(image)
        assert threading.enumerate() == before
    assert engine_of(image) == expected


@needs_two
@pytest.mark.parametrize("engine_of", ENGINES)
def test_a_thread_that_the_system_does_not_start_is_named(image, monkeypatch, engine_of):
    before = threading.enumerate()
    interrupt_once(monkeypatch, "start", no_more)
    with pytest.raises(EmulatorError) as caught:
        engine_of(image)
    assert str(caught.value) == (
        "run: the system starts no more threads (can't start new thread); run with threads=1."
    )
    assert threading.enumerate() == before


@needs_two
def test_an_emulator_whose_threads_did_not_start_goes_on(image, monkeypatch):
    whole, emulator = run(Emulator(image), STEPS), Emulator(image, threads=2)
    run(emulator, 20)
    for name, act in POINTS.values():
        with monkeypatch.context() as patch:
            interrupt_once(patch, name, act)
            with pytest.raises(KeyboardInterrupt):
                run(emulator, 10)
    assert emulator.step == 40  # the two starts ran nothing, the two joins came after the run
    assert continues_exactly(emulator, whole)


@needs_two
@pytest.mark.parametrize("worker", [0, 1])
def test_a_worker_that_fails_is_waited_for_by_nobody(image, monkeypatch, worker):
    whole, kernel, emulator = run(Emulator(image), STEPS), engine.run_rows, Emulator(image)
    emulator = Emulator(image, threads=2)

    def fails(number, *arguments):
        if number == worker:
            raise MemoryError("no stack")
        return kernel(number, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(engine, "run_rows", fails)
        with pytest.raises(EmulatorError, match=r"^emulator: a run of 10 steps "):
            run(emulator, 10)
    assert emulator.step == 0
    assert continues_exactly(emulator, whole)


@needs_two
def test_ctrl_c_ends_a_batch_that_other_threads_are_running(monkeypatch):
    """The other thread has runs left; it begins no more of them, and ends the one it is in."""
    begun, started = [], threading.Event()
    run_alone = engine.Engine.run

    def counted(self, *arguments, report, **options):
        begun.append(threading.current_thread())
        if threading.current_thread() is threading.main_thread():
            assert started.wait(60)
            raise KeyboardInterrupt
        started.set()
        while not barriers[0][0]:
            time.sleep(0.001)
        return run_alone(self, *arguments, report=report, **options)

    barriers, new = [], batch.new_barrier
    monkeypatch.setattr(batch, "new_barrier", lambda: barriers.append(new()) or barriers[0])
    monkeypatch.setattr(engine.Engine, "run", counted)
    before, model = threading.enumerate(), network()
    emulator = Emulator(compile_network(model, LOIHI, dt=0.5))
    with pytest.raises(KeyboardInterrupt):
        emulator.run_batch([draw_stimulus(model, 50.0, seed) for seed in range(40)], threads=2)
    assert threading.enumerate() == before
    assert len(begun) == 2


def test_a_progress_bar_leaves_no_thread(image, capfd):
    before = threading.enumerate()
    run(Emulator(image, progress=True), STEPS)
    assert "emulating" in capfd.readouterr().err
    assert threading.enumerate() == before


CHILD = """
import os, random, signal, sys, threading, time
sys.path.insert(0, {tests!r})
from unit.test_interrupts import ENGINES, image
engine_of, example = ENGINES[{which}], image.__wrapped__()
expected = engine_of(example)
begin = time.perf_counter()
engine_of(example)
took = time.perf_counter() - begin
caught, rng = 0, random.Random(1)
for _ in range(30):
    timer = threading.Timer(rng.uniform(0, took), os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        engine_of(example)
        timer.join()
        time.sleep(1)
    except KeyboardInterrupt:
        caught += 1
    timer.join()
    assert threading.active_count() == 1, threading.enumerate()
assert engine_of(example) == expected
print(caught)
"""


@needs_two
@pytest.mark.skipif(sys.platform == "win32", reason="no process sends itself Ctrl-C there")
@pytest.mark.parametrize("which", range(len(ENGINES)))
def test_a_process_that_is_interrupted_at_any_moment_ends(which):
    code = CHILD.format(tests=str(Path(__file__).parents[1]), which=which)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == 30


PLAIN = """
import os, signal, sys, threading
sys.path.insert(0, {tests!r})
from unit.test_interrupts import STEPS, image, run
from neurochip.emulator import Emulator, kernels
example, update = image.__wrapped__(), kernels.update_block
whole = run(Emulator(example), 3)
left = [5]


def interrupted(*arguments):
    if threading.current_thread() is threading.main_thread():
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGINT)
    return update(*arguments)


kernels.update_block = interrupted
emulator = Emulator(example, threads={threads})
try:
    run(emulator, STEPS)
except KeyboardInterrupt:
    print("interrupted")
assert threading.active_count() == 1
try:
    emulator.step
except Exception as problem:
    print(problem)
emulator.reset()
assert run(emulator, 3) == whole
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no process sends itself Ctrl-C there")
@pytest.mark.parametrize("threads", THREADS)
def test_kernels_as_plain_python_which_can_be_interrupted_ask_for_a_reset(threads):
    code = PLAIN.format(tests=str(Path(__file__).parents[1]), threads=threads)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::RuntimeWarning", "-c", code],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "interrupted",
        "emulator: it was interrupted where registers change, so they are those of no step; call "
        "reset() to start again.",
    ]
