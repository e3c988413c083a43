"""Passes invalid values to every argument of the Python API and records the outcomes.

``VALUES`` holds the replacements of arguments. ``bad_input_calls`` has a valid call of every public
function and class, and the replacements that are valid for its arguments. As a script
(``python tests/bad_inputs.py``) this counts the inputs and their outcomes.
"""

from __future__ import annotations

import collections
import sys
import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import numpy as np
from bad_input_calls import Call, calls

from neurochip.errors import NeurochipError, UnitWarning

CLEAR = "clear message"


class Temperature:
    """A quantity with pint's interface, of a dimension that no argument has."""

    units, magnitude = "kelvin", 300.0

    def __array__(self, dtype=None, copy=None):
        return np.array(self.magnitude, dtype=dtype)

    def __float__(self):
        return self.magnitude

    def to(self, unit):
        raise TypeError(f"cannot convert kelvin to {unit!r}")


def _itself():
    items = []
    items.append(items)
    return items


# By kind, for the counts. Each is created again for each call, since some are consumed.
VALUES: dict[str, dict[str, Callable[[], Any]]] = {
    "none, truth and text": {
        "None": lambda: None,
        "True": lambda: True,
        "np.True_": lambda: np.True_,
        "empty text": lambda: "",
        "text": lambda: "x",
        "digits": lambda: "10",
        "np.str_": lambda: np.str_("x"),
        "bytes": lambda: b"10",
        "bytearray": lambda: bytearray(b"10"),
    },
    "numbers": {
        "nan": lambda: float("nan"),
        "inf": lambda: float("inf"),
        "-inf": lambda: float("-inf"),
        "-1": lambda: -1,
        "0": lambda: 0,
        "0.5": lambda: 0.5,
        "1.5": lambda: 1.5,
        "1e300": lambda: 1e300,
        "10**30": lambda: 10**30,
        "10**5000": lambda: 10**5000,
        "complex": lambda: 1 + 0j,
        "decimal": lambda: Decimal(1),
        "date": lambda: np.datetime64("2020-01-01"),
        "time span": lambda: np.timedelta64(1, "ms"),
        "kelvin": Temperature,
        "array of nan": lambda: np.array(np.nan),
        "array of True": lambda: np.array(True),
    },
    "lists and arrays": {
        "[]": list,
        "[[]]": lambda: [[]],
        "ragged": lambda: [[1], [1, 2]],
        "[True]": lambda: [True],
        "[1, True]": lambda: [1, True],
        "[text]": lambda: ["1"],
        "[None]": lambda: [None],
        "[10**30]": lambda: [10**30],
        "[kelvin]": lambda: [Temperature()],
        "[1, kelvin]": lambda: [1.0, Temperature()],
        "itself": _itself,
        "empty array": lambda: np.array([]),
        "matrix": lambda: np.ones((2, 2)),
        "masked": lambda: np.ma.array([0, 1], mask=[0, 1]),
        "masked constant": lambda: np.ma.masked,
        "beyond int64": lambda: np.array([2**63 + 1, 1], dtype=np.uint64),
        "complex array": lambda: np.array([1 + 1j, 2]),
        "dates": lambda: np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[D]"),
        "array of objects": lambda: np.array([object(), None]),
        "records": lambda: np.zeros(2, dtype=[("a", np.float64)]),
    },
    "other objects": {
        "object": object,
        "class": lambda: int,
        "function": lambda: len,
        "lambda": lambda: lambda: 1,
        "generator": lambda: (x for x in (1.0, 2.0)),
        "dict": dict,
        "dict of numbers": lambda: {0: 1.0},
        "set": lambda: {1},
        "ellipsis": lambda: ...,
    },
}
_MAKE = {name: make for kind in VALUES.values() for name, make in kind.items()}


def cases(calls: list[Call]) -> Iterator[tuple[Call, str, str]]:
    """Yield every call with each of its arguments and each invalid value of the argument."""
    for call in calls:
        for argument, fine in call.fine.items():
            unknown = fine - _MAKE.keys()
            assert not unknown, f"{call.name}, {argument}: there is no value {unknown}"
            for name in _MAKE:
                if name not in fine:
                    yield call, argument, name


def outcome(call: Call, argument: str, name: str) -> str:
    """Return ``CLEAR`` for one neurochip error in one line, otherwise the outcome as text.

    A doubt about the unit of a value is no error: the value is accepted.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnitWarning)
            found = call(**{argument: _MAKE[name]()})
    except NeurochipError as problem:
        text = str(problem)
        # All messages name the object, and then the allowed values or a remedy.
        return CLEAR if ": " in text and "\n" not in text else f"unclear message: {text!r}"
    except BaseException as problem:
        return f"{type(problem).__name__}: {problem}"
    return f"accepted: {type(found).__name__}"


def tried() -> dict[str, int]:
    """Return the number of inputs of each kind."""
    kind_of = {name: kind for kind, names in VALUES.items() for name in names}
    counts = collections.Counter(kind_of[name] for _, _, name in cases(calls()))
    return {kind: counts[kind] for kind in VALUES}


def table(calls: list[Call]) -> tuple[list[str], list[str]]:
    """Return the counts by kind of value as lines, and the inputs without a clear message."""
    kind_of = {name: kind for kind, names in VALUES.items() for name in names}
    tried, clear, others = collections.Counter(), collections.Counter(), []
    for call, argument, name in cases(calls):
        found = outcome(call, argument, name)
        tried[kind_of[name]] += 1
        clear[kind_of[name]] += found == CLEAR
        if found != CLEAR:
            others.append(f"{call.name}({argument}={name}): {found}")
    rows = [(kind, tried[kind], clear[kind]) for kind in VALUES]
    rows.append(("all", tried.total(), clear.total()))
    head = f"{'kind of value':24}{'tried':>8}{'clear message':>16}{'other':>8}"
    return [head, *(f"{kind:24}{n:8}{ok:16}{n - ok:8}" for kind, n, ok in rows)], others


if __name__ == "__main__":
    counts, unclear = table(calls())
    sys.stdout.write("\n".join([*counts, *unclear]) + "\n")
    sys.exit(bool(unclear))
