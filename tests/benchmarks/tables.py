"""Results of ``run.py`` as Markdown."""

# ruff: noqa: T201

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["print_table", "print_tables"]

Times = Mapping[str, Mapping[str, Any]]


def print_tables(results: Mapping[str, Mapping[str, Any]], statistic: str) -> None:
    names = list(dict.fromkeys(name for item in results.values() for name in item["engines"]))
    print("\nMilliseconds, median (least-most):\n")
    print_table(
        ["engine", *results],
        [[n, *(_time(r["engines"], n) for r in results.values())] for n in names],
    )
    print(
        f"\nTimes as fast (ratios of the {statistic}; each side with its best number of threads):\n"
    )
    rows = [
        [label, *(ratio(result["engines"], statistic) for result in results.values())]
        for label, ratio in RATIOS.items()
    ]
    print_table(["neurochip against", *results], [row for row in rows if set(row[1:]) != {""}])
    for name, result in results.items():
        if result["disagreement"]:
            print(f"\n**{name}: {result['disagreement']}**")


def print_table(head: list[str], rows: list[list[str]]) -> None:
    print(f"| {' | '.join(head)} |")
    print("|---" + "|---:" * (len(head) - 1) + "|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def _time(engines: Times, name: str) -> str:
    if name not in engines:
        return ""
    item = engines[name]
    return f"{_ms(item['median'])} ({_ms(item['min'])}-{_ms(item['max'])})"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.3g}" if seconds < 1 else f"{1000 * seconds:.0f}"


def _best(engines: Times, statistic: str, *starts: str) -> float | None:
    return min((v[statistic] for k, v in engines.items() if k.startswith(starts)), default=None)


def _ratio(own: tuple[str, ...], other: tuple[str, ...]) -> Callable[[Times, str], str]:
    def ratio(engines: Times, statistic: str) -> str:
        mine, theirs = _best(engines, statistic, *own), _best(engines, statistic, *other)
        return "" if mine is None or theirs is None else f"{theirs / mine:.2f}"

    return ratio


BOTH = ("neurochip-1", "neurochip-2")
RATIOS = {
    "C": _ratio(BOTH, ("c-",)),
    "C, both with 1 thread": _ratio(("neurochip-1",), ("c-1",)),
    "C, both with 2 threads": _ratio(("neurochip-2",), ("c-2",)),
    "Brian2 cpp_standalone": _ratio(BOTH, ("brian2-cpp",)),
    "Brian2 cython": _ratio(BOTH, ("brian2-cython",)),
    "Brian2 numpy": _ratio(BOTH, ("brian2-numpy",)),
    "the best exact peer": _ratio(BOTH, ("peer-",)),
    "the float64 reference": _ratio(BOTH, ("reference-",)),
    "the float64 reference, both with 1 thread": _ratio(("neurochip-1",), ("reference-1",)),
}
