"""Systematic, deterministic damage to the bytes of a file; see ``damaged_files.py``."""

from __future__ import annotations

import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

Damage = Iterator[tuple[str, Callable[[], bytes]]]
"""What was done, and a function that does it."""

# Replacements of a number, a text or a list in a header.
BAD = (None, True, -1, 0, 1.5, 2**31, 2**63, 10**30, 1e400, "", "x", [], [[]], {}, "\x00")


def damages(content: bytes, every: bool) -> Damage:
    """Yield all damage to one file; ``every`` is for the long run of the script."""
    yield from cut(content, 50)
    yield from shuffled(content)
    yield from flipped(content, 4000 if every else 100)
    if not content.startswith(b"PK"):
        return
    yield from changed_members(content)
    yield from lying_directories(content)
    for key, member in members_of(content).items():
        if key in {"header.npy", "meta.npy"} and member:
            yield from changed_json(content, key, every)


# --- damage to bytes -----------------------------------------------------------------------------


def cut(content: bytes, parts: int) -> Damage:
    for part in range(parts):
        yield (
            f"cut at {part}/{parts}",
            partial(content.__getitem__, slice(len(content) * part // parts)),
        )


def flipped(content: bytes, count: int) -> Damage:
    for position in range(0, len(content), max(1, len(content) // count)):
        for flip in (0x01, 0xFF):
            yield f"byte {position} ^ {flip}", partial(flip_byte, content, position, flip)


def flip_byte(content: bytes, position: int, flip: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= flip
    return bytes(changed)


def shuffled(content: bytes) -> Damage:
    half = len(content) // 2
    yield "empty", bytes
    yield "halves swapped", lambda: content[half:] + content[:half]
    yield "twice", lambda: content + content
    yield "zeros", lambda: bytes(len(content))
    yield "junk before", lambda: b"junk" + content
    yield "junk after", lambda: content + b"junk" * 9


# --- damage to the members of an archive ---------------------------------------------------------


def members_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def archive_of(members: Any, method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip of (name, bytes) pairs; a name may occur twice."""
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", method) as archive:
        warnings.simplefilter("ignore")  # about names that occur twice
        for name, member in members:
            archive.writestr(name, member)
    return target.getvalue()


def npy(array: Any) -> bytes:
    target = io.BytesIO()
    np.save(target, array)
    return target.getvalue()


def changed_members(content: bytes) -> Damage:
    members = members_of(content)
    names = list(members)
    more = ("more.npy", npy(np.zeros(3)))
    yield "a member more", partial(archive_of, [*members.items(), more])
    yield "a folder in it", partial(archive_of, [*members.items(), ("folder/", b"")])
    for index, name in enumerate(names):
        others = [(key, member) for key, member in members.items() if key != name]
        neighbour = members[names[index - 1]]
        yield f"{name} left out", partial(archive_of, others)
        yield f"{name} twice", partial(archive_of, [*members.items(), (name, members[name])])
        yield (
            f"{name} twice, once changed",
            partial(archive_of, [*members.items(), (name, neighbour)]),
        )
        for what, member in {
            "empty": b"",
            "is its neighbour": neighbour,
            "is a zip": content,
            "ends too soon": members[name][:-1],
            "goes on": members[name] + b"\0",
            "is 1": npy(np.array(1)),
            "is none": npy(np.empty(0)),
            "is text": npy(np.array("x")),
            "is an object": npy_of_object(),
            "is a structure": npy(np.zeros(3, dtype=[("a", "i4")])),
        }.items():
            yield f"{name} {what}", partial(archive_of, [*others, (name, member)])
        yield from changed_headers(name, members[name], others)
        yield from changed_arrays(name, members[name], others)


def with_array(others: list[tuple[str, bytes]], name: str, array: Any) -> bytes:
    return archive_of([*others, (name, npy(array))])


def npy_of_object() -> bytes:
    target = io.BytesIO()
    np.save(target, np.array([{}], dtype=object), allow_pickle=True)
    return target.getvalue()


def changed_headers(name: str, member: bytes, others: list[tuple[str, bytes]]) -> Damage:
    """Yield arrays whose header contradicts the data."""
    length = struct.unpack("<H", member[8:10])[0]
    header, values = member[10 : 10 + length].decode(), member[10 + length :]
    for what, text in {
        "no braces": header.replace("}", "(", 1),
        "nested": "(" * 5000,
        "huge shape": header.replace("'shape': (", "'shape': (4611686018427387904,", 1),
        "negative shape": header.replace("'shape': (", "'shape': (-1,", 1),
        "other shape": header.replace("'shape': (", "'shape': (2, ", 1),
        "Fortran": header.replace("False", "True", 1),
        "big-endian": header.replace("'<", "'>", 1),
        "floats": header.replace("'<i4'", "'<f4'", 1).replace("'<f8'", "'<i8'", 1),
        "wider": header.replace("'<i4'", "'<i8'", 1).replace("'<U", "'<U1", 1),
        "object": header.replace("'<", "'|O", 1),
        "not ASCII": header.replace("descr", "d\u00e9scr", 1),
        "code": "__import__('os').getpid()",
        "no newline": header.strip(),
    }.items():
        raw = text.encode("latin1")
        begin = member[:8] + struct.pack("<H", len(raw))
        yield f"{name} header {what}", partial(archive_of, [*others, (name, begin + raw + values)])
    for version in (b"\x00\x00", b"\x03\x00", b"\x09\x09"):
        yield (
            f"{name} version {version!r}",
            partial(archive_of, [*others, (name, member[:6] + version + member[8:])]),
        )


def changed_arrays(name: str, member: bytes, others: list[tuple[str, bytes]]) -> Damage:
    array = np.load(io.BytesIO(member), allow_pickle=False)
    for what, changed in changes_of(array):
        yield f"{name} {what}", partial(with_array, others, name, changed)


def changes_of(array: Any) -> Iterator[tuple[str, Any]]:
    """Yield the array with other values, types and shapes."""
    yield "one dimension more", array[None]
    yield "as bytes", array.astype("S40") if array.size < 999 else array.view("V1")
    if array.dtype.kind == "U":
        yield "longer", np.array(f"{array}x")
        yield "surrogate", np.array("\ud800")
        return
    for dtype in ("float64", "int64", "uint8", "bool", ">i4", "complex128", "float16"):
        with np.errstate(all="ignore"):
            yield dtype, array.astype(dtype)
    if array.ndim == 0:
        for value in (-1, 0, np.nan, np.inf, 2**40, 1.5, True):
            yield f"= {value}", np.asarray(value)
        return
    yield "reversed", array[::-1]
    yield "shorter", array[:-1]
    yield "longer", np.concatenate([array, array[-1:]])
    yield "longer by a zero", np.concatenate([array, np.zeros_like(array[:1])])
    yield "masked", np.ma.masked_array(array).filled()[:0]
    if array.size:
        limits = np.iinfo(array.dtype) if array.dtype.kind in "iu" else np.finfo(array.dtype)
        for value in (-1, 0, limits.min, limits.max, *((np.nan, np.inf) * (limits.bits == 64))):
            for index in (0, -1):
                if array.dtype.kind in "iu" and not limits.min <= value <= limits.max:
                    continue
                changed = array.copy()
                changed.reshape(-1)[index] = value
                yield f"[{index}] = {value}", changed
        yield "swapped", np.roll(array, 1)
        changed = array.copy()
        changed.reshape(-1)[0] += 1
        yield "one more", changed


def lying_directories(content: bytes) -> Damage:
    """Yield archives whose directory contradicts the members."""
    members = members_of(content)
    yield "stored", partial(archive_of, members.items(), zipfile.ZIP_STORED)
    yield "bzip2", partial(archive_of, members.items(), zipfile.ZIP_BZIP2)
    yield "lzma", partial(archive_of, members.items(), zipfile.ZIP_LZMA)
    entries, at = [], content.find(b"PK\x01\x02")
    while at >= 0:
        entries.append(at)
        at = content.find(b"PK\x01\x02", at + 4)
    fields = {"flags": (8, "H"), "method": (10, "H"), "crc": (16, "I"), "packed": (20, "I")}
    fields |= {"size": (24, "I"), "name length": (28, "H"), "extra": (30, "H"), "at": (42, "I")}
    for index, entry in enumerate(entries):
        for field, (offset, form) in fields.items():
            for value in (0, 1, 0x0841, (1 << (8 * struct.calcsize(form))) - 1):
                place = partial(packed, content, f"<{form}", entry + offset, value)
                yield f"entry {index} {field} = {value}", place


def packed(content: bytes, form: str, offset: int, value: int) -> bytes:
    changed = bytearray(content)
    struct.pack_into(form, changed, offset, value)
    return bytes(changed)


# --- damage to the header ------------------------------------------------------------------------


def changed_json(content: bytes, key: str, every: bool) -> Damage:
    members = members_of(content)
    others = [(name, member) for name, member in members.items() if name != key]
    header = json.loads(str(np.load(io.BytesIO(members[key]))))

    def edited(place: tuple[Any, ...], value: Any) -> bytes:
        text = json.dumps(replaced(header, place, value))
        return with_array(others, key, np.array(text))

    for text in ("", "{", "[]", "null", '{"a":' * 100_000, "[" * 100_000, "NaN", "9" * 5000):
        yield f"{key}: {text[:9]}", partial(with_array, others, key, np.array(text))
    for place in places(header, every):
        for value in BAD:
            yield f"{key}{place} = {value!r}", partial(edited, place, value)
        yield f"{key}{place} left out", partial(edited, place, ...)


def places(value: Any, every: bool, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the places in nested lists and dicts; only the first items of lists, unless every."""
    if place:
        yield place
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, every, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value if every else value[:1]):
            yield from places(item, every, (*place, index))


def replaced(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    """Return a nested value with the item at a place replaced; ``...`` removes the item."""
    if not place:
        return new
    copy = value.copy()
    if new is ... and len(place) == 1:
        del copy[place[0]]
    else:
        copy[place[0]] = replaced(copy[place[0]], place[1:], new)
    return copy
