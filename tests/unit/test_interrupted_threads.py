"""Ctrl-C where threads start, run and end: none is left, and no process waits for ever."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conformance.images import THREADS
from interruptible import STEPS, continues_exactly, noisy_image, run

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
from neurochip.emulator import Emulator
from neurochip.emulator.cpu import batch, engine
from neurochip.errors import EmulatorError
from neurochip.reference import simulate_reference

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def image():
    return noisy_image()


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
        "run: the system cannot start another thread (can't start new thread); run with threads=1."
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
    whole, kernel, emulator = run(Emulator(image), STEPS), engine.run_blocks, Emulator(image)
    emulator = Emulator(image, threads=2)

    def fails(number, *arguments):
        if number == worker:
            raise MemoryError("no stack")
        return kernel(number, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(engine, "run_blocks", fails)
        with pytest.raises(EmulatorError, match=r"^emulator: a run of 10 steps "):
            run(emulator, 10)
    assert emulator.step == 0
    assert continues_exactly(emulator, whole)


@needs_two
def test_ctrl_c_ends_a_batch_that_other_threads_are_running(monkeypatch):
    """The other thread has runs left; it begins no more of them, and ends the one it is in."""
    begun, started = [], threading.Event()
    run_alone = engine.CpuEngine.run

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
    monkeypatch.setattr(engine.CpuEngine, "run", counted)
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
from interruptible import noisy_image
from paces import share_every_call
from unit.test_interrupted_threads import ENGINES
share_every_call()
engine_of, example = ENGINES[{which}], noisy_image()
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
from interruptible import STEPS, noisy_image, run
from neurochip.emulator import Emulator
from neurochip.emulator.cpu import kernels
from paces import share_every_call
share_every_call()
example, update = noisy_image(), kernels.update_block
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
        "emulator: it was interrupted while its registers changed, so they are inconsistent; call "
        "reset() to start again.",
    ]
