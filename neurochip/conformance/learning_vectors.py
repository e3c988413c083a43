"""Reads recorded learning runs of three emulators: rule, spikes, draws, and what came out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .._support.archive import DAMAGE, Archive
from .._support.npz import opened, refusing
from ..chip.registers import SignMode
from ..errors import ImageError
from ..learning import LEARNING_PRESETS, LearningRule, Trace
from ..learning.terms import POST, PRE
from ..typing import Int32Array, UInt8Array

__all__ = ["LearningCase", "holds_learning", "load_learning_case"]

_INDEX = "index.json"
_PATH = "the path of a golden vector (.npz)"
_DAMAGE = ("not a learning vector", "take a fresh copy", ImageError)


@dataclass(frozen=True, eq=False)
class LearningCase:
    """One recorded learning run, whose spikes of both sides were given.

    Parameters
    ----------
    name, peer, case_class : str
        Name of the file, emulator that ran it (a key of
        :data:`neurochip.learning.LEARNING_PRESETS`), and class of the run.
    rule : LearningRule
        The rule as that emulator was given it.
    pre, post : ndarray of uint8, shape (T, n_pre) and (T, n_post)
        Spikes.
    weights : ndarray of int32, shape (n_pre, n_post)
        Weights at the start.
    sign_mode : SignMode
        Signs of the weights.
    weight_bits : int
        Bits of the weights.
    given : dict of str to ndarray of int32, shape (T, n_post)
        Traces from outside: reward or error.
    draws : dict of str to ndarray
        Random draws, as :func:`neurochip.learning.learn` takes them.
    expected : dict of str to ndarray of int32
        Value of each trace, weight (``"w"``), tag (``"t"``) and delay (``"d"``) at the end of each
        step.
    """

    name: str
    peer: str
    case_class: str
    rule: LearningRule
    pre: UInt8Array
    post: UInt8Array
    weights: Int32Array
    sign_mode: SignMode
    weight_bits: int
    given: Mapping[str, Int32Array]
    draws: Mapping[str, Any]
    expected: Mapping[str, Int32Array]


def holds_learning(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is a recorded learning run.

    Raises
    ------
    ImageError
        If the file is missing or damaged.
    """
    damage = refusing(path, *_DAMAGE)
    with opened(path, ImageError, _PATH) as file, damage:
        archive = Archive(file)
        return "w0" in archive and "out_w" in archive


def load_learning_case(path: str | os.PathLike[str]) -> LearningCase:
    """Read one recorded learning run, whose parameters are in ``index.json`` beside it.

    Raises
    ------
    ImageError
        If a file is missing, damaged, or not such a run.
    """
    where = Path(path)
    index = _read_index(where.parent / _INDEX)
    damage = refusing(path, *_DAMAGE)
    with opened(path, ImageError, _PATH) as file, damage:
        if where.stem not in index:
            raise ValueError(f"{_INDEX} has no case {where.stem!r}")
        entry = index[where.stem]
        reader = _READERS.get(entry["peer"])
        if reader is None:
            raise ValueError(f"peer is {entry['peer']!r}, expected {', '.join(_READERS)}")
        return reader(entry, Archive(file))


def _read_index(path: Path) -> dict[str, Any]:
    try:
        cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
        return {case["case"]: case for case in cases}
    except DAMAGE as problem:
        raise ImageError(
            f"{path}: not the index of learning vectors ({type(problem).__name__}: {problem}); "
            "take a fresh copy."
        ) from None


def _bits(archive: Archive, name: str, steps: int, neurons: int) -> UInt8Array:
    packed = archive.array(name, "uint8", ((steps + 7) // 8, neurons))
    return np.unpackbits(packed, axis=0)[:steps]


def _traces(params: Mapping[str, Any], impulse: str, tau: str) -> dict[str, Any]:
    """Return the traces of a run that have an impulse."""
    return {
        name: Trace(params[impulse.format(name)], params[tau.format(name)])
        for name in (*PRE, *POST)
        if params.get(impulse.format(name))
    }


def _lava(entry: Mapping[str, Any], archive: Archive) -> LearningCase:
    params, steps = entry["params"], entry["steps"]
    n_pre, n_post, epoch = entry["n_pre"], entry["n_post"], params["t_epoch"]
    three = params.get("three", False)
    rule = LearningRule(
        **entry["rules"],
        **_traces(params, "{}_impulse", "{}_tau"),
        epoch=epoch,
        spec=LEARNING_PRESETS["lava"],
    )
    mode = SignMode(params["sign_mode"])
    bits = params["num_weight_bits"]
    # Lava clears the bits that a format does not store once, before the first step.
    low = 8 - bits + (mode is SignMode.MIXED)
    given = {}
    if three:
        sent = archive.int32("y_in", (steps, 3, n_post))
        given = {name: sent[:, i] for i, name in enumerate(POST)}
    names = {"x": "x_decay", "y": "y_decay", "x_impulse": "x_impulse", "y_impulse": "y_impulse"}
    epochs = (steps // epoch,)
    expected = {
        name: archive.int32(f"out_{name}", (steps, n_pre if name in PRE else n_post))
        for name in (*PRE, *POST)
    }
    for name in ("w", "t", "d"):
        values = np.zeros((steps, n_post, n_pre), dtype=np.int32)  # left out where always 0
        if f"out_{name}" in archive:
            values = archive.int32(f"out_{name}", (steps, n_post, n_pre))
        expected[name] = values.transpose(0, 2, 1)
    return LearningCase(
        name=entry["case"],
        peer=entry["peer"],
        case_class=entry["cls"],
        rule=rule,
        pre=_bits(archive, "pre", steps, n_pre),
        post=_bits(archive, "post", steps, n_post),
        weights=archive.int32("w0", (n_post, n_pre)).T >> low << low,
        sign_mode=mode,
        weight_bits=bits,
        given=given,
        draws={
            **{key: archive.array(f"draw_{name}", "uf", epochs) for key, name in names.items()},
            "synapse": archive.array("draw_syn", "f", epochs),
            "again": archive.array("draw_y_again", "u", (steps,)),
        },
        expected=expected,
    )


def _brian2loihi(entry: Mapping[str, Any], archive: Archive) -> LearningCase:
    params, steps = entry["params"], entry["steps"]
    n_pre, n_post = entry["n_pre"], entry["n_post"]
    traces = _traces(params, "imp_{}", "tau_{}")
    flat = (steps, n_pre * n_post)

    def matrix(name: str) -> Int32Array:
        return archive.int32(f"out_{name}", flat).reshape(steps, n_pre, n_post)

    return LearningCase(
        name=entry["case"],
        peer=entry["peer"],
        case_class=entry["cls"],
        rule=LearningRule(**entry["rules"], **traces, spec=LEARNING_PRESETS["brian2loihi"]),
        pre=_bits(archive, "pre", steps, n_pre),
        post=_bits(archive, "post", steps, n_post),
        weights=archive.int32("w0", flat[1:]).reshape(n_pre, n_post),
        sign_mode=SignMode(params["sign_mode"]),
        weight_bits=params["num_weight_bits"],
        given={},
        draws={
            **{name: archive.array(f"draw_{name}", "f", flat) for name in traces},
            "synapse": archive.array("draw_w", "f", flat),
        },
        expected={name: matrix(name) for name in (*traces, "w")},
    )


def _nengo_loihi(entry: Mapping[str, Any], archive: Archive) -> LearningCase:
    params, steps = entry["params"], entry["steps"]
    n_pre, n_post, exponent = entry["n_pre"], entry["n_post"], params["wgt_exp"]
    error = archive.int32("errors", (steps, n_post // 2))
    # Half of the neurons learn with the error, the other half with its negative. Traces are
    # updated every train_epoch steps, weights every learn_epoch: the k of the u term.
    period = params["learn_epoch"] // params["train_epoch"]
    k = period.bit_length() - 1
    text = f"{params['lr_int']}*2^{params['lr_exp']}*u{k}*x1*y1"
    epochs = steps // params["train_epoch"]
    draws = archive.array("draws", "f", (None,))
    trace, synapse = np.zeros((epochs, n_pre)), np.zeros((epochs, n_pre * n_post))
    place = 0
    for epoch in range(epochs):
        trace[epoch] = draws[place : place + n_pre]
        place += n_pre
        if (epoch + 1) % period == 0:
            synapse[epoch] = draws[place : place + n_pre * n_post]
            place += n_pre * n_post
    return LearningCase(
        name=entry["case"],
        peer=entry["peer"],
        case_class=entry["cls"],
        rule=LearningRule(
            text,
            x1=Trace(params["mag"], params["tau"]),
            epoch=params["train_epoch"],
            spec=LEARNING_PRESETS["nengo-loihi"],
        ),
        pre=_bits(archive, "spikes", steps, n_pre),
        post=np.zeros((steps, n_post), dtype=np.uint8),
        weights=archive.int32("w0", (n_pre, n_post)) >> exponent,
        sign_mode=SignMode.MIXED,
        weight_bits=9 - params["shift_bits"],
        given={"y1": np.concatenate([-error, error], axis=1)},
        draws={"x": trace, "synapse": synapse},
        expected={
            "x1": archive.int32("out_x1", (steps, n_pre)),
            "w": archive.int32("out_w", (steps, n_pre, n_post)) >> exponent,
        },
    )


_READERS: dict[str, Callable[[Mapping[str, Any], Archive], LearningCase]] = {
    "lava": _lava,
    "brian2loihi": _brian2loihi,
    "nengo-loihi": _nengo_loihi,
}
