"""Ctrl-C and other exceptions, wherever they fall: a run goes on exactly, or asks for a reset."""

from __future__ import annotations

import contextlib
import copy
import itertools
import os
import pickle
import threading
import warnings

import pytest
from conformance.images import THREADS
from interruptible import (
    SIZE,
    STEPS,
    InterruptedAtLine,
    continues_exactly,
    noisy_image,
    program_image,
    run,
)

from neurochip.emulator import Emulator
from neurochip.emulator import emulator as emulator_module
from neurochip.emulator.cpu import engine
from neurochip.emulator.programmed import engine as programmed
from neurochip.errors import EmulatorError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def image():
    return noisy_image()


@pytest.fixture
def short_calls(monkeypatch):
    """Kernels return every 20 steps, so that a run has three calls of them."""
    for module in (engine, programmed):
        monkeypatch.setattr(module, "_WORK_PER_CALL", 20 * (SIZE + 12 + 1000))


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.usefixtures("short_calls")
def test_wherever_a_run_is_interrupted_it_goes_on_as_one_long_run(image, threads):
    assert_goes_on_wherever_it_is_interrupted(image, threads)


@pytest.mark.usefixtures("short_calls")
def test_wherever_a_run_of_programs_is_interrupted_it_goes_on_as_one_long_run():
    assert_goes_on_wherever_it_is_interrupted(program_image(), 1)


def assert_goes_on_wherever_it_is_interrupted(image, threads):
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
    whole, kernel = run(Emulator(image), STEPS), engine.run_blocks

    def interrupted(*arguments):
        kernel(*arguments)
        raise KeyboardInterrupt

    emulator = Emulator(image, threads=1)
    with monkeypatch.context() as patch:
        patch.setattr(engine, "run_blocks", interrupted)
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

    def fails(*_, **__):
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
        patch.setattr(engine, "run_blocks", half_a_step)
        with pytest.raises(KeyboardInterrupt):
            run(emulator, 10)
    for use in (lambda: run(emulator, 10), lambda: emulator.step):
        with pytest.raises(EmulatorError) as caught:
            use()
        assert str(caught.value) == (
            "emulator: it was interrupted while its registers changed, so they are inconsistent; "
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
