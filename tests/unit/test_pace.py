"""Calls run on one thread or on all, whichever takes less time for a step."""

from __future__ import annotations

import itertools

import pytest
from interruptible import InterruptedAtLine

from neurochip._kernels import pace
from neurochip._kernels.pace import Pace


class Machine:
    """Runs calls without running anything: a step takes ``seconds`` by the number of threads."""

    def __init__(self, threads, first=0.0, **seconds):
        self.seconds, self.now, self.calls = seconds, 0.0, []
        self.first = dict.fromkeys((1, threads), first)  # s, of the first call on each number
        self.pace = Pace(threads, 0, clock=lambda: self.now)

    def call(self, most=1 << 40):
        call = self.pace.begin()
        step = self.seconds["one" if call.threads == 1 else "all"]
        steps = min(most, call.steps)
        first = self.first.pop(call.threads, 0.0)
        took = first + steps * step
        if took > call.patience:  # they leave a little later, in the middle of a step
            took = call.patience + 1e-6
            steps = int(max(0.0, call.patience - first) / step)
        self.now += took
        self.pace.end(steps)
        self.calls.append((call.threads, steps, took))
        return call.threads

    def run(self, seconds):
        until, first = self.now + seconds, len(self.calls)
        while self.now < until:
            self.call()
        return self.calls[first:]


def share(calls, threads):
    """Return the part of the time in calls on some number of threads."""
    return sum(c[2] for c in calls if c[0] == threads) / sum(c[2] for c in calls)


def test_a_run_begins_on_one_thread():
    assert {threads for threads, *_ in Machine(4, one=1e-5, all=1e-6).run(0.9 * pace.ALONE)} == {1}


def test_one_thread_never_tries_several():
    machine = Machine(1, one=1e-5)
    assert {threads for threads, *_ in machine.run(30.0)} == {1}


def test_all_threads_run_if_they_are_faster():
    calls = Machine(4, one=1e-5, all=5e-6).run(10.0)
    assert share(calls, 4) > 0.97
    assert max(steps * 5e-6 for threads, steps, _ in calls if threads == 4) >= 0.9 * pace.CALL


def test_all_threads_are_tried_for_a_short_time_if_they_are_slower():
    machine = Machine(4, one=1e-5, all=2e-5)
    machine.run(10.0)
    assert machine.now < 1.03 * 1e-5 * sum(steps for _, steps, _ in machine.calls)
    assert any(threads == 4 for threads, *_ in machine.calls)


def test_threads_that_stand_still_are_left_after_the_time_that_one_takes():
    machine = Machine(2, one=1e-5, all=1e-5)
    machine.run(1.0)
    machine.seconds["all"] = 1e3
    before, done = machine.now, sum(steps for _, steps, _ in machine.calls)
    machine.run(10.0)
    did = sum(steps for _, steps, _ in machine.calls) - done
    assert machine.now - before < 1.06 * 1e-5 * did


@pytest.mark.parametrize("first", [0.05, 5.0])
def test_a_first_step_that_takes_long_decides_nothing(first):
    machine = Machine(2, first, one=4e-5, all=3e-5)
    machine.run(first + 4 * pace.ALONE)
    assert share(machine.run(0.03), 2) > 0.9


def test_several_threads_are_soon_tried_again_if_they_lost_by_little():
    machine = Machine(2, one=4e-5, all=4.4e-5)
    machine.run(3 * pace.ALONE)
    machine.seconds["all"] = 2e-5
    machine.run(0.1)
    assert share(machine.run(1.0), 2) > 0.9


def test_threads_that_started_late_are_tried_again_sooner_than_those_that_often_lost():
    machine = Machine(2, one=4e-5, all=1.0)
    calls = machine.run(3.0)
    until, trials = 0.0, []
    for threads, _, took in calls:
        if threads == 2:
            trials.append(until)
        until += took
    pauses = [after - before for before, after in itertools.pairwise(trials[1:])]
    assert pauses[0] < 0.2 * pauses[-1]
    assert pauses == pytest.approx(sorted(pauses), rel=0.1)


def test_a_core_that_becomes_free_is_found():
    machine = Machine(2, one=1e-5, all=1e-4)
    machine.run(5.0)
    machine.seconds["all"] = 6e-6
    machine.run(1.5)
    assert share(machine.run(10.0), 2) > 0.95


def test_calls_of_one_step_count_together():
    """Runs of one step each, as in a closed loop, leave one thread as one long run does."""
    machine = Machine(2, one=1e-5, all=6e-6)
    for _ in range(20_000):
        machine.call(most=1)
    machine.calls.clear()
    for _ in range(10_000):
        machine.call(most=1)
    assert share(machine.calls, 2) > 0.9


@pytest.mark.parametrize("step", [0.0, 1e-9, 1e-3, 7.0])
def test_a_call_has_a_step_at_least(step):
    machine = Machine(2, one=step, all=step)
    for _ in range(100):
        assert machine.pace.begin().steps >= 1
        machine.call()


def test_wherever_a_call_is_interrupted_the_next_one_has_a_step_at_least():
    for n in itertools.count(1):
        machine = Machine(2, one=1e-5, all=6e-6)
        try:
            with InterruptedAtLine(n):
                for _ in range(8):
                    machine.call()
        except KeyboardInterrupt:
            assert machine.pace.begin().steps >= 1
        else:
            break
    assert n > 50
