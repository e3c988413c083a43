"""Records of points: their rows, and checks of their structure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from ..chip.registers import OVERFLOWS
from ..validation import METRICS

__all__ = ["COLUMNS", "RESULT_COLUMNS", "SPLIT", "SweepRow", "is_header", "is_record", "rows_of"]

SweepRow = dict[str, Any]

_POINT = ("point", "problem", "image", "population")
_INTERVAL = "_interval"  # an interval becomes two columns


def _columns(name: str) -> tuple[str, ...]:
    stem = name.removesuffix(_INTERVAL)
    return (name,) if stem == name else (f"{stem}_low", f"{stem}_high")


COLUMNS = (
    *("verdict", "size", "reference_spikes", "chip_spikes", "reference_rate", "chip_rate"),
    *("beyond_chance", "coupling", "interval_over"),
    *chain.from_iterable(map(_columns, METRICS)),
    *("noise_floor", "neuron_noise_floor"),
)
"""Columns of each population."""

SPLIT = (
    "fine_rate",
    *(
        f"{part}_{kind}"
        for part in ("quantisation", "time_step", "total")
        for kind in ("signed", "absolute")
    ),
)
"""Columns of each population if there is a fine reference."""

RESULT_COLUMNS = (*_POINT, *COLUMNS, *SPLIT, *OVERFLOWS)
"""Names that axes and further results may not have."""

_TEXTS = {"verdict", "coupling", "interval_over"}
_ALWAYS = {"point", "axes", "problem"}
_RESULTS = {"image", "overflows", "measured", "populations"}
_DIGESTS = {"network", "chip"}


def rows_of(
    record: Mapping[str, Any], results: Sequence[str], measured: Sequence[str]
) -> Iterator[SweepRow]:
    """Yield the rows of a record, with these columns of populations and of ``measure``."""
    found = record.get("populations") or {None: {}}
    for population, values in found.items():
        flat = dict(_flat(values))
        yield {
            "point": record["point"],
            **record["axes"],
            "population": population,
            **{name: flat.get(name) for name in results},
            **{
                name: record["overflows"].get(name, 0) if population is not None else None
                for name in OVERFLOWS
            },
            **{name: record.get("measured", {}).get(name) for name in measured},
            "image": record.get("image"),
            "problem": record["problem"],
        }


def is_header(found: Mapping[str, Any]) -> bool:
    """Return whether a header has the members that rows need, each of its type."""
    axes, points = found.get("axes"), found.get("points")
    fine_dt = found.get("fine_dt", "missing")
    return (
        isinstance(axes, list)
        and all(isinstance(name, str) for name in axes)
        and 0 < len(axes) == len(set(axes))
        and type(points) is int
        and points > 0
        and (fine_dt is None or _is_number(fine_dt))
    )


def is_record(found: Mapping[str, Any], header: Mapping[str, Any], digests: bool) -> bool:
    """Return whether a record has the members of a point of this sweep, each of its type.

    Parameters
    ----------
    found : dict
        Record, as read from JSON.
    header : dict
        Header that passed :func:`is_header`.
    digests : bool
        Whether the record must have the digests of network and chip.
    """
    wanted = _ALWAYS | (_DIGESTS if digests else set())
    if found.get("problem", "missing") is None:
        wanted = wanted | _RESULTS
    if set(found) != wanted:
        return False
    axes, taken = found["axes"], {*RESULT_COLUMNS, *header["axes"]}
    return (
        (type(found["point"]) is int and 0 <= found["point"] < header["points"])
        and (isinstance(axes, dict) and list(axes) == header["axes"])
        and all(map(_is_scalar, axes.values()))
        and (found["problem"] is None or isinstance(found["problem"], str))
        and all(isinstance(found[name], str) for name in wanted & {*_DIGESTS, "image"})
        and (found["problem"] is not None or _has_results(found, taken))
    )


def _has_results(found: Mapping[str, Any], taken: set[str]) -> bool:
    overflows, measured, populations = (
        found[name] for name in ("overflows", "measured", "populations")
    )
    return (
        isinstance(overflows, dict)
        and all(type(count) is int for count in overflows.values())
        and isinstance(measured, dict)
        and all(name not in taken and _is_scalar(value) for name, value in measured.items())
        and (isinstance(populations, dict) and len(populations) > 0)
        and all(map(_is_population, populations.values()))
    )


def _is_population(values: Any) -> bool:
    if not isinstance(values, dict) or not isinstance(values.get("verdict"), str):
        return False
    try:
        flat = dict(_flat(values))
    except (TypeError, ValueError, KeyError, AttributeError):
        return False
    return all(
        value is None
        or isinstance(value, bool)
        or _is_number(value)
        or (isinstance(value, str) and name in _TEXTS)
        for name, value in flat.items()
    )


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, (bool, str)) or _is_number(value)


def _is_number(value: Any) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if name.endswith(_INTERVAL):
            yield from zip(_columns(name), value, strict=True)
        elif name == "split":
            for part, errors in (value or {}).items():
                yield f"{part}_signed", errors["signed"]
                yield f"{part}_absolute", errors["absolute"]
        else:
            yield name, value
