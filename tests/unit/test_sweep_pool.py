"""Sweeps on workers: the same file whoever computes it, and what is kept when somebody stops it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest
import sweep_models
from click.testing import CliRunner
from sweep_models import cells, dying, interrupted, leaving, slow, weight_error
from sweeping import BITS, Backwards, refuse, run

from neurochip.cli import main
from neurochip.errors import CompileError
from neurochip.sweeps import pool, read_sweep

pytestmark = pytest.mark.slow

MODELS = sweep_models.__file__
SEEDS = {"seed": [1, 2, 3, 4, 5, 6]}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sweep.jsonl"


def line_of(text, file=__file__):
    """Where a text stands in a file, counted from 1."""
    with open(file, encoding="utf-8") as source:  # noqa: PTH123
        return [text in line for line in source].index(True) + 1


def kept(path):
    """Points in a file."""
    return [record["point"] for record in read_sweep(path).records]


# Who computes it


def test_the_order_in_which_points_finish_does_not_matter(tmp_path):
    here = run(path=tmp_path / "here.jsonl")
    there = run(path=tmp_path / "there.jsonl", executor=Backwards(tasks=6))
    assert there.rows == here.rows
    assert there.path.read_bytes() == here.path.read_bytes()


def test_a_pool_of_processes_gives_the_same_file(tmp_path):
    here = run(path=tmp_path / "here.jsonl", measure=weight_error)
    pool = run(path=tmp_path / "pool.jsonl", measure=weight_error, workers=2)
    assert pool.path.read_bytes() == here.path.read_bytes()


def test_an_executor_of_the_caller_gives_the_same_file_and_stays_open(tmp_path):
    here = run(path=tmp_path / "here.jsonl")
    with ThreadPoolExecutor(2) as executor:
        threads = run(path=tmp_path / "threads.jsonl", executor=executor)
        assert executor.submit(int, "3").result() == 3
    assert threads.path.read_bytes() == here.path.read_bytes()


def test_a_local_dask_cluster_gives_the_same_file(tmp_path):
    distributed = pytest.importorskip("distributed", reason="install neurochip[dask] to test it")
    here = run(path=tmp_path / "here.jsonl", measure=weight_error)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, protocol="tcp://"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        dask = run(
            path=tmp_path / "dask.jsonl", measure=weight_error, executor=client.get_executor()
        )
    assert dask.path.read_bytes() == here.path.read_bytes()


def test_lambdas_and_nested_functions_travel_by_their_code(tmp_path):
    factor = 2.0

    def measure(run):
        return {"double": factor * run.chip.n_spikes}

    sweeps = [
        run(SEEDS, network=lambda seed: cells(), measure=measure, workers=workers)
        for workers in (1, 2)
    ]
    assert sweeps[0].rows == sweeps[1].rows
    assert sweeps[0].column("double")[0] > 0


def test_a_function_that_cannot_travel_is_refused():
    lock = threading.Lock()
    message = refuse(SEEDS, measure=lambda run: {"locked": lock.locked()}, workers=2)
    assert re.fullmatch(
        r"sweep: the network, its function or `measure` cannot be sent to a worker \(.+\); define "
        r"functions at the top level of a module, or pass workers=1\.",
        message,
    )


def test_without_cloudpickle_the_refusal_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    message = refuse(SEEDS, network=lambda seed: cells(), workers=2)
    assert re.fullmatch(
        r"sweep: the network, its function or `measure` cannot be sent to a worker \(.+\); pip "
        r'install "neurochip\[notebook\]", define functions at the top level of a module, or pass '
        r"workers=1\.",
        message,
    )


TYPED_IN = """
import sys
from sweep_models import cells
from neurochip import sweep
from neurochip.errors import SweepError

sys.modules.update(dict.fromkeys(sys.argv[1:]))  # as if they were not installed
size = 5

def network(tau_m):
    return cells(tau_m, size=size)

def measure(run):
    return {"wide": size}

try:
    found = sweep(
        network, {"tau_m": [5.0, 10.0]}, duration=50.0, dt=0.5, measure=measure, workers=2
    )
    print(found.column("wide"))
except SweepError as problem:
    print(problem)
"""


def typed_in(*missing):
    """Output of a sweep of functions that were typed in, so that no worker can import them."""
    result = subprocess.run(
        [sys.executable, "-c", TYPED_IN, *missing],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert result.stderr == ""
    return result.stdout.strip()


def test_functions_that_were_typed_in_reach_workers():
    assert typed_in() == "[5, 5]"


def test_without_cloudpickle_functions_that_were_typed_in_are_refused():
    assert typed_in("cloudpickle") == (
        "sweep: the network, its function or `measure` cannot be sent to a worker (it is defined "
        'in a notebook or typed in); pip install "neurochip[notebook]", define functions at the '
        "top level of a module, or pass workers=1."
    )


class Shut(Executor):
    """Takes nothing more."""

    def submit(self, function, /, *arguments, **options):
        raise RuntimeError("cannot schedule new futures after shutdown")


class Losing(Executor):
    """Loses every task on its way."""

    def submit(self, function, /, *arguments, **options):
        future = Future()
        future.set_exception(ConnectionError("no route to host"))
        return future


@pytest.mark.parametrize(
    ("executor", "message"),
    [
        (
            Shut(),
            "sweep: the executor does not take a task (RuntimeError: cannot schedule new futures "
            "after shutdown).",
        ),
        (Losing(), "sweep: a worker failed with ConnectionError: no route to host."),
    ],
)
def test_an_executor_that_does_not_work_is_named(executor, message):
    assert refuse(executor=executor) == message


def test_workers_that_make_other_networks_than_this_process_are_noticed(path, monkeypatch):
    # As a script does that sets a variable under `if __name__ == "__main__":`.
    monkeypatch.setattr(sweep_models, "GAIN", 2.0)
    assert refuse(SEEDS, sweep_models.gained, path=path, workers=2) == (
        "sweep: point 0 (seed=1) has a different network than the function returned before for the "
        "same values; seed its random numbers, and let it depend on its parameters only."
    )


# Functions that fail


class Odd(BaseException):
    """No Exception, and it has no message either."""

    def __str__(self):
        raise ValueError("none")


def failing(point_run):
    problem = PROBLEMS[point_run.point["seed"]]
    if problem is not None:
        raise problem  # here
    return {"x": 1}


PROBLEMS = {1: None, 2: None}


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (SystemExit(3), "SystemExit: 3"),
        (MemoryError(), "MemoryError"),
        (RecursionError("too deep."), "RecursionError: too deep"),
        (StopIteration(), "StopIteration"),
        (GeneratorExit(), "GeneratorExit"),
        (CompileError("too large"), "CompileError: too large"),
        (Odd(), "Odd"),
    ],
)
def test_a_measure_that_fails_ends_the_sweep_and_names_point_and_line(
    path, monkeypatch, problem, text
):
    monkeypatch.setitem(PROBLEMS, 2, problem)
    assert refuse({BITS: [3], "seed": [1, 2]}, path=path, measure=failing) == (
        f"sweep: point 1 ({BITS}=3, seed=2): `measure` failed with {text} ({__file__}, line "
        f"{line_of('# here')}). Correct it."
    )
    assert kept(path) == [0]


def test_the_line_is_that_of_the_user_also_where_a_library_failed():
    def network(seed):
        return cells(tau_m=-1.0 if seed == 2 else 10.0)

    line = line_of("lif = LIF(", MODELS)
    message = refuse({"seed": [1, 2, 3]}, network)
    assert message.startswith(
        "sweep: point 1 (seed=2): the function for the network failed with NetworkError: LIF: tau_m"
    )
    assert message.endswith(f" ({MODELS}, line {line}). Correct it.")


@pytest.mark.parametrize("role", ["network", "chip"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_functions_for_network_and_chip_that_fail_are_named_at_any_point(role, seed):
    def broken(**given):
        if given["seed"] == seed:
            raise OSError(2, "No such file")
        return cells() if role == "network" else sweep_models.PRESETS["loihi"]

    maker = {"network": lambda seed: broken(seed=seed), "chip": lambda seed: broken(seed=seed)}
    assert refuse({"seed": [1, 2, 3]}, **{role: maker[role]}) == (
        f"sweep: point {seed - 1} (seed={seed}): the function for the {role} failed with "
        f"FileNotFoundError: [Errno 2] No such file ({__file__}, line {line_of('raise OSError(2')})"
        ". Correct it."
    )


def test_points_before_a_failing_one_are_kept_also_within_a_task(path, monkeypatch):
    monkeypatch.setattr("neurochip.sweeps.run._TASKS", 1)
    message = refuse(SEEDS, path=path, measure=leaving, workers=2)
    assert message == (
        f"sweep: point 2 (seed=3): `measure` failed with SystemExit: 4 ({MODELS}, line "
        f"{line_of('raise SystemExit(4)', MODELS)}). Correct it."
    )
    assert kept(path) == [0, 1]


def test_what_is_done_is_kept_where_another_task_fails(path):
    message = refuse({"seed": [1, 3, 5]}, path=path, measure=leaving, executor=Backwards(tasks=3))
    assert message.startswith("sweep: point 1 (seed=3): `measure` failed with SystemExit: 4 (")
    assert kept(path) == [0, 2]


def test_a_worker_that_dies_ends_the_sweep_with_advice(path):
    message = refuse({"seed": [1, 2]}, path=path, measure=dying, workers=2)
    assert message == (
        "sweep: a worker process ended before its points were done. It was at one of the points "
        "0, 1. In a script, call sweep under `if __name__ == '__main__':`; if memory ran "
        "out, pass fewer workers."
    )
    assert kept(path) == []


# Ctrl-C


def stopped(path, points, total=6):
    return f"{path}: {points} of {total} points are kept; start the same sweep again to continue."


@pytest.mark.parametrize("tasks", [1, 64])
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_within_a_point_keeps_what_is_done(path, monkeypatch, workers, tasks):
    monkeypatch.setattr("neurochip.sweeps.run._TASKS", tasks)
    with pytest.raises(KeyboardInterrupt) as caught:
        run(SEEDS, path=path, measure=interrupted, workers=workers)
    done = kept(path)
    assert {0, 1} <= set(done) <= {0, 1, 3, 4, 5}
    assert caught.value.__notes__ == [stopped(path, len(done))]


def test_ctrl_c_in_this_process_lets_workers_finish_their_point(path, monkeypatch):
    calls = []

    def wait(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return pool_wait(*arguments, **options)

    pool_wait = pool.wait
    monkeypatch.setattr(pool, "wait", wait)
    values = {"seed": range(40)}
    with pytest.raises(KeyboardInterrupt) as caught:
        run(values, path=path, measure=slow, workers=2)
    done = kept(path)
    assert 0 < len(done) < 40
    assert caught.value.__notes__ == [stopped(path, len(done), 40)]
    finished = run(values, path=path, measure=slow)
    assert (
        finished.path.read_bytes()
        == run(values, path=path.with_name("b"), measure=slow).path.read_bytes()
    )


def test_ctrl_c_while_points_are_written_leaves_a_file_to_go_on_with(path, monkeypatch):
    def fsync(number):
        monkeypatch.undo()
        raise KeyboardInterrupt

    run({"seed": [1, 2]}, path=path)
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:2]))
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(KeyboardInterrupt):
        run({"seed": [1, 2]}, path=path)
    assert run({"seed": [1, 2]}, path=path).path.read_bytes() == whole


def test_ctrl_c_on_the_command_line_says_what_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(
        "from sweep_models import cells\n"
        "def network(key):\n"
        "    if key == 2:\n"
        "        raise KeyboardInterrupt\n"
        "    return cells()\n"
    )
    command = ["sweep", "model.py", "--vary", "key=1:4", "--duration", "10", "--workers", "1"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 130
    assert stopped("sweep.jsonl", 1, 4) in " ".join(done.output.split())
    assert kept(tmp_path / "sweep.jsonl") == [0]


KILLED = """
import sys
from sweep_models import cells, slow
from neurochip.sweeps import sweep

if __name__ == "__main__":
    sweep(cells, {"core.weight_mantissa_bits": range(1, 9), "seed": range(8)}, duration=20.0,
          dt=0.5, measure=slow, path=sys.argv[1], workers=2)
"""


def test_a_killed_run_leaves_no_workers_and_goes_on_to_the_same_file(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(KILLED)
    environment = {"PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, str(script)]

    def lines(path):
        return path.read_bytes().count(b"\n") - 1 if path.exists() else 0

    process = subprocess.Popen(
        [*command, str(tmp_path / "killed.jsonl")], env=environment, stdout=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + 120
        while not lines(tmp_path / "killed.jsonl") and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)  # returns when the last worker has closed the pipe
    assert 0 < lines(tmp_path / "killed.jsonl") < 64
    subprocess.run([*command, str(tmp_path / "killed.jsonl")], env=environment, check=True)
    whole = run(
        {BITS: range(1, 9), "seed": range(8)},
        duration=20.0,
        measure=slow,
        path=tmp_path / "whole.jsonl",
    )
    assert (tmp_path / "killed.jsonl").read_bytes() == whole.path.read_bytes()
