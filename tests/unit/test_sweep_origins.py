"""Sweeps that go on: whether their points came from these networks, this chip and this measure."""

from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import importlib
import logging
import pathlib
import random
import subprocess
import sys
import threading
from decimal import Decimal
from fractions import Fraction

import numba
import numpy as np
import pytest
from sweep_models import cells, slow
from sweeping import BITS, refuse, run

from neurochip import LOIHI
from neurochip.sweeps.fingerprint import fingerprint
from neurochip.sweeps.uses import uses

pytestmark = pytest.mark.slow

REMEDY = " Pass another path, or delete the file."
FUNCTION = (
    "a different network at point 1 (key=2): the function for the network, or data that it uses"
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sweep.jsonl"


# What stands in the header


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"duration": 200.0}, "duration = 100.0 where this one has 200.0."),
        ({"dt": 1.0}, 'fixed = {"dt": 0.5, "seed": 1} where this one has {"dt": 1.0, "seed": 1}.'),
        ({"dt": 1}, 'fixed = {"dt": 0.5, "seed": 1} where this one has {"dt": 1, "seed": 1}.'),
        ({"values": {BITS: [3, 4]}}, "values = "),
        ({"chip": LOIHI.what_if(decay_bits=11)}, "chip = "),
        ({"network": cells(tau_m=11.0)}, "network = "),
        ({"measure": slow}, 'measure = null where this one has "slow".'),
    ],
)
def test_a_file_of_another_sweep_is_refused(path, change, difference):
    content = run({BITS: [3, 8]}, path=path).path.read_bytes()
    message = refuse(**{"values": {BITS: [3, 8]}, "path": path, **change})
    assert message.startswith(f"{path}: holds another sweep, with {difference}")
    assert message.endswith(REMEDY)
    assert path.read_bytes() == content


def test_a_number_of_another_type_is_another_value(path):
    run({"seed": [1]}, path=path, dt=1)
    assert 'fixed = {"dt": 1} where this one has {"dt": 1.0}' in refuse(
        {"seed": [1]}, path=path, dt=1.0
    )


# Networks and chips of points between the first and the last


@pytest.mark.parametrize("finished", [True, False])
def test_a_network_that_changed_at_a_middle_point_is_noticed(path, finished):
    taus = {1: 10.0, 2: 15.0, 3: 20.0}

    def network(key):
        return cells(tau_m=taus[key])

    content = run({"key": [1, 2, 3]}, network, path=path).path.read_bytes()
    if not finished:
        content = b"".join(content.splitlines(keepends=True)[:3])
        path.write_bytes(content)
    taus[2] = 5.0
    assert refuse({"key": [1, 2, 3]}, network, path=path) == (
        f"{path}: holds another sweep, with {FUNCTION}, has changed since.{REMEDY}"
    )
    assert path.read_bytes() == content


def test_data_that_a_network_reads_are_noticed(path, tmp_path):
    data = tmp_path / "taus.txt"

    def network(key):
        return cells(tau_m=float(data.read_text().split()[key - 1]))

    data.write_text("10 15 20")
    run({"key": [1, 2, 3]}, network, path=path)
    data.write_text("10 16 20")
    assert FUNCTION in refuse({"key": [1, 2, 3]}, network, path=path)
    data.write_text("10 15 20 # as before")
    assert run({"key": [1, 2, 3]}, network, path=path).complete


def test_a_chip_that_changed_at_a_middle_point_is_noticed(path):
    bits = {1: 6, 2: 7, 3: 8}

    def chip(key):
        return LOIHI.what_if(weight_mantissa_bits=bits[key])

    run({"key": [1, 2, 3]}, path=path, chip=chip)
    bits[2] = 5
    assert "a different chip at point 1 (key=2): the function for the chip, or data" in refuse(
        {"key": [1, 2, 3]}, path=path, chip=chip
    )


def test_a_chip_that_cannot_be_is_a_result_and_known_again(path):
    most = {1: 8, 2: -1, 3: 8}

    def chip(key):
        return LOIHI.what_if(weight_mantissa_bits=most[key], cores=key)

    values = {"key": [1, 2, 3]}
    problems = run(values, path=path, chip=chip).column("problem")
    assert [problem is None for problem in problems] == [True, False, True]
    assert run(values, path=path, chip=chip).complete
    most[2] = -2
    assert "a different chip at point 1" in refuse(values, path=path, chip=chip)


def test_networks_of_done_points_are_made_once_each_to_be_compared(path):
    made = []

    def network(key):
        made.append(key)
        return cells(tau_m=float(key))

    values = {"key": [9, 10, 11, 12], "seed": [1, 2]}
    content = run(values, network, path=path).path.read_bytes()
    made.clear()
    run(values, network, path=path)
    assert sorted(made) == [9, 10, 11, 12]
    assert path.read_bytes() == content


def test_a_function_that_gives_another_network_each_time_is_refused(path):
    taus = iter(np.linspace(5.0, 30.0))

    def network(key):
        return cells(tau_m=float(next(taus)))

    assert refuse({"key": [1, 2]}, network, path=path) == (
        "sweep: point 0 (key=1) has a different network than the function returned before for the "
        "same values; seed its random numbers, and let it depend on its parameters only."
    )


def test_numbers_that_a_simulator_gives_to_unnamed_objects_are_no_change(path):
    number = iter(range(100))

    def network(key):
        made = cells(tau_m=float(key))
        (source,) = made.inputs
        renamed = dataclasses.replace(source, name=f"poissongroup_{next(number)}")
        (connection,) = made.connections
        return dataclasses.replace(
            made,
            inputs=[renamed],
            connections=[dataclasses.replace(connection, source=renamed, name="synapses_1")],
        )

    assert run({"key": [10, 11]}, network).complete


MODEL = """
from beside import TAUS
from neurochip import LIF, Network, Population, SpikeInput, one_to_one

def network(key):
    cells = Population("cells", 1, LIF(tau_m=TAUS[key]))
    source = SpikeInput("source", 1, [0], [1.0])
    return Network(inputs=[source], populations=[cells],
                   connections=[one_to_one(source, cells, weight=3.0)])
"""


def test_the_command_notices_an_edit_of_a_module_beside_the_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    command = [sys.executable, "-m", "neurochip", "sweep", "model.py", "--vary", "key=0:2"]
    command += ["--duration", "10", "--workers", "1"]
    for taus, status in (("[5, 6, 7]", 0), ("[5, 6.5, 7]", 2), ("[5, 6.0, 7]  # again", 0)):
        (tmp_path / "beside.py").write_text(f"TAUS = {taus}\n")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == status
        assert (
            "with a different network at point 1 (key=1)" in " ".join(done.stderr.split())
        ) == bool(status)


# What measure depends on


def replaced(path, before, after):
    """The message where a file was begun with one measure and goes on with another."""
    values = {"seed": [1, 2]}
    run(values, path=path, measure=before)
    message = refuse(values, path=path, measure=after)
    start = f"{path}: holds another sweep, whose `measure` had a different "
    assert message.startswith(start)
    return message.removeprefix(start).removesuffix("." + REMEDY)


def measures(text):
    """The function `measure` of a text, as a notebook makes it: without a file."""
    names = {"__name__": "__main__"}
    exec(text, names)
    return names["measure"]


SCRIPT = """
import functools
LIMIT, TABLE = 3, {"a": [1, 2]}
class Scale:
    factor = 2
    def __init__(self, offset):
        self.offset = offset
    def __call__(self, value):
        return self.factor * value + self.offset
scale = Scale(1)
def helper(value, power=1):
    return scale(value) ** power
def choose(limit):
    def measure(run):
        return {"x": helper(limit) + LIMIT + len(TABLE["a"])}
    return measure
measure = choose(4)
"""


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("LIMIT, TABLE = 3", "LIMIT, TABLE = 4", "LIMIT"),
        ("LIMIT, TABLE = 3", "LIMIT, TABLE = 3.0", "LIMIT"),
        ('{"a": [1, 2]}', '{"a": [1, 3]}', "TABLE"),
        ("factor = 2", "factor = 3", "Scale.factor"),
        ("self.factor * value", "self.factor + value", "Scale.__call__()"),
        ("Scale(1)", "Scale(2)", "scale"),
        ("power=1", "power=2", "helper()"),
        (") ** power", ") // power", "helper()"),
        ("choose(4)", "choose(5)", "choose.<locals>.measure.limit"),
        ("+ LIMIT +", "- LIMIT +", "choose.<locals>.measure()"),
    ],
)
def test_a_change_of_anything_that_measure_names_is_noticed(path, old, new, named):
    assert old in SCRIPT
    assert replaced(path, measures(SCRIPT), measures(SCRIPT.replace(old, new))) == named


def test_code_of_the_main_module_is_the_users_also_under_an_installed_tool(path, monkeypatch):
    """As under `python -m pytest`, where the main module has the tool's file."""
    monkeypatch.setitem(sys.modules, "__main__", pytest)
    changed = measures(SCRIPT.replace("Scale(1)", "Scale(2)"))
    assert replaced(path, measures(SCRIPT), changed) == "scale"


def test_what_changes_nothing_is_no_change(path):
    run({"seed": [1, 2]}, path=path, measure=measures(SCRIPT))
    moved = "# A comment.\n\n" + SCRIPT.replace(
        "LIMIT, TABLE = 3, ", "UNUSED = 1\nLIMIT, TABLE = 3,"
    )
    assert run({"seed": [1, 2]}, path=path, measure=measures(moved)).complete


def test_modules_of_the_user_are_followed_and_installed_ones_count_by_version(
    path, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "a_module_of_mine.py").write_text("import numpy\nimport another_of_mine as other\n")
    other = tmp_path / "another_of_mine.py"
    other.write_text("def twice(x):\n    return 2 * x\n")

    def before(run):
        import a_module_of_mine

        return {"x": a_module_of_mine.other.twice(1)}

    run({"seed": [1, 2]}, path=path, measure=before)
    found = uses(before)
    assert "another_of_mine.twice()" in found.digests
    assert found.unseen == []
    other.write_text("def twice(x):\n    return 3 * x + 0\n")
    importlib.reload(sys.modules["another_of_mine"])
    assert "another_of_mine.twice()" in refuse({"seed": [1, 2]}, path=path, measure=before)
    assert uses(lambda run: {"x": np.mean([1])}).digests["numpy"] == np.__version__


def test_compiled_and_wrapped_functions_are_known_by_what_they_wrap():
    def made(number):
        @numba.njit
        def inner(x):
            return x + number

        @functools.lru_cache
        def cached(x):
            return x - number

        return lambda run: {"x": inner(1) + cached(1)}

    assert uses(made(1)) == uses(made(1))
    changed = set(uses(made(1)).digests.items()) - set(uses(made(2)).digests.items())
    assert {key.rpartition(".")[2] for key, _ in changed} == {"number"}


def test_bound_methods_and_objects_are_known_by_code_and_content():
    class Meter:
        unit = 1.0

        def __init__(self, gain):
            self.gain = gain
            self.me = self

        def __call__(self, run):
            return {"x": self.gain}

        def read(self, run):
            return {"x": self.gain * self.unit}

    assert uses(Meter(1)) == uses(Meter(1))
    assert uses(Meter(1)) != uses(Meter(2))
    assert uses(Meter(1).read) == uses(Meter(1).read)
    assert uses(Meter(1).read) != uses(Meter(2).read)
    before = uses(Meter(1)).digests
    Meter.unit = 2.0
    assert set(before.items()) - set(uses(Meter(1)).digests.items()) == {
        (name := f"{__name__}.{Meter.__qualname__}.unit", before[name])
    }


LOG = logging.getLogger(__name__)
LOCK = threading.Lock()


def test_what_cannot_be_seen_is_said_when_a_sweep_goes_on(path, tmp_path):
    def measure(run):
        with LOCK, open(tmp_path / "data.txt") as file:  # noqa: PTH123
            LOG.debug("read")
            return {"x": float(file.read())}

    (tmp_path / "data.txt").write_text("3")
    done = run({"seed": [1]}, path=path, measure=measure)
    name = f"{__name__}.{measure.__qualname__}"
    assert done.header["measure_unseen"] == [
        f"{__name__}.LOCK (_thread.lock)",
        f"{name} (open)",
    ]
    with pytest.warns(UserWarning, match="continues with finished points") as caught:
        run({"seed": [1]}, path=path, measure=measure)
    assert [str(item.message) for item in caught] == [
        f"{path}: continues with finished points, but changes of some objects that `measure` uses "
        f"cannot be detected: {__name__}.LOCK (_thread.lock), {name} (open)."
    ]
    assert caught[0].filename.endswith("sweeping.py")


def test_what_a_sweep_itself_leaves_in_the_variables_of_measure_is_no_change(path):
    seen = []

    def measure(run):
        seen.append(run.point["seed"])
        if len(seen) == 2:
            raise KeyboardInterrupt
        return {"x": 1}

    with pytest.raises(KeyboardInterrupt):
        run({"seed": [1, 2, 3]}, path=path, measure=measure)
    assert run({"seed": [1, 2, 3]}, path=path, measure=measure).complete
    assert seen == [1, 2, 2, 3]
    seen.append(0)
    assert "measure.seen" in refuse({"seed": [1, 2, 3]}, path=path, measure=measure)


def test_what_measure_uses_has_the_same_digest_in_every_process():
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]; from neurochip.sweeps.uses import uses\n"
        "from sweep_models import weight_error; print(uses(weight_error))\n"
        "def measure(run): return {'x': run.point['a'] in {'a', 'b', 'c'}}\n"
        "print(uses(measure))"
    )
    command = [sys.executable, "-c", program, *sys.path]
    found = {
        subprocess.run(
            command, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in "123"
    }
    assert len(found) == 1


# Digests of content


class Color(enum.Enum):
    RED = 1


class Paint(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Node:
    value: object
    next: object = None


def chain(*values):
    first = Node(values[0])
    last = first
    for value in values[1:]:
        last.next = Node(value)
        last = last.next
    last.next = first
    return first


LARGE = np.zeros(5000)
LARGE_CHANGED = LARGE.copy()
LARGE_CHANGED[2500] = 1.0

DIFFERENT = [
    *(None, 0, False, 0.0, -0.0, float("nan"), 1, True, 1.0, 1 + 0j, "1", b"1", bytearray(b"1")),
    *(Fraction(1), Decimal(1), Color.RED, Paint.RED, np.int32(1), np.int64(1), np.float32(1)),
    *([], (), {}, set(), frozenset([1]), {1, 2}, [1], [[1]], [1, 1], (1,), {1: 2}, {1: 2.0}),
    *({"a": 1, "b": 2}, {"b": 2, "a": 1}, range(1), range(2), slice(1), 10**5000, 10**5000 + 1),
    *(LARGE, LARGE_CHANGED, LARGE.reshape(50, 100), LARGE.astype(np.float32), LARGE.astype(int)),
    *(np.array([1, None]), np.array([1, "x"], dtype=object), np.array([1.0]), np.array(1.0)),
    np.ma.array([1.0, 2.0], mask=[True, False]),
    np.ma.array([1.0, 2.0], mask=[False, True]),
    *(np.zeros(2, "i4,f4"), np.zeros(2, [("a", "i4"), ("b", "f4")]), np.array(["a"])),
    *(np.datetime64("2020-01-01"), np.datetime64("2020-01-01", "s")),
    *(pathlib.PurePosixPath("a"), pathlib.PurePosixPath("b"), pathlib.PureWindowsPath("a")),
    *(collections.OrderedDict(a=1), collections.deque([1]), collections.Counter("a")),
    *(Node(1), Node(2), chain(1, 2), chain(2, 1), chain(1, 2, 1), dict, list, Node),
    *(np.random.default_rng(1), np.random.default_rng(2), random.Random(1)),
    *(LOIHI, LOIHI.what_if(cores=4), LOIHI.what_if(chips=2), cells(), cells(tau_m=11.0)),
]


def test_values_that_differ_have_different_digests():
    found = {}
    for value in DIFFERENT:
        other = found.setdefault(fingerprint(value), value)
        assert other is value


def test_equal_content_has_an_equal_digest():
    twins = [
        (cells(), cells()),
        (1.5, np.float64(1.5)),
        (LARGE.reshape(50, 100), np.asfortranarray(LARGE.reshape(50, 100))),
        ({"a", "b", "c"}, {"c", "b", "a"}),
        (chain(1, 2), chain(1, 2)),
        ((Node(1), Node(1)), (Node(1), Node(1))),
        (np.random.default_rng(1), np.random.default_rng(1)),
    ]
    for one, other in twins:
        assert fingerprint(one) == fingerprint(other)


def test_what_has_no_content_of_its_own_has_the_digest_of_its_name_or_none():
    assert fingerprint(print) != fingerprint(len)
    with pytest.raises(TypeError, match="no content"):
        fingerprint(threading.Lock())
    with pytest.raises(TypeError, match="no content"):
        fingerprint(cells)
