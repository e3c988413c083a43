"""Damage to files of every kind, in order and without chance, and what their readers make of it.

    python tests/damaged_files.py

prints, for each kind of file, how many damaged ones were tried, how many were refused with a clear
message, how many gave what was written all the same, and what else happened. ``other`` is a fault:
another exception, or content that differs without a word. A message is clear if it is an error of
the class that the reader documents, is one line, and begins with the path.
"""

from __future__ import annotations

import dataclasses
import io
import json
import struct
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from compiler import compile_network
from neurochip import LIF, Network, PoissonInput, Population, Recording, SpikeInput, Stimulus
from neurochip import fixed_probability, one_to_one
from neurochip.conformance import load_case
from neurochip.errors import ImageError, NeurochipError, RecordingError, StimulusError
from neurochip.image_io import load_image, save_image
from neurochip.recording import Trace
from neurochip.spike_files import read_spikes, write_spikes

VECTOR = Path(__file__).parent / "conformance" / "vectors" / "public_034_pop_noise_0.npz"
Damage = Iterator[tuple[str, bytes]]

# What a number, a text or a list of a header is replaced by.
BAD = (None, True, -1, 0, 1.5, 2**31, 2**63, 10**30, 1e400, "", "x", [], [[]], {}, "\x00")


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of file: how one is made and read, and the error that its reader raises."""

    name: str
    make: Callable[[Path], Path]
    read: Callable[[Path], Any]
    error: type[NeurochipError]
    checked: bool = True  # whether the file has a checksum of all that is in it


def image() -> Any:
    source = PoissonInput("source", 6, rate=20.0)
    a, b = Population("a", 8, LIF(tau_syn=5.0)), Population("b", 5, LIF(tau_refrac=2.0))
    connections = [
        fixed_probability(source, a, 0.5, weight=0.2, seed=1),
        fixed_probability(a, b, 0.5, weight=-0.3, delay=2.0, seed=1),
        one_to_one(b, b, weight=0.5),
    ]
    return compile_network(
        Network(inputs=[source], populations=[a, b], connections=connections), dt=0.5
    )


def stimulus() -> Stimulus:
    first = SpikeInput("source", 4, [3, 0, 0, 2], [0.25, 7.5, 7.5, 19.9])
    return Stimulus(20.0, (first, SpikeInput("silent", 2, [], [])))


def recording() -> Recording:
    def column(*values: int) -> Any:
        return np.array(values, dtype=np.int32)

    return Recording(
        label="x",
        dt=0.5,
        first_step=3,
        n_steps=40,
        populations={"one": 4, "two": 2},
        steps={"one": column(3, 3, 39), "two": column(8)},
        ids={"one": column(0, 3, 2), "two": column(1)},
        traces={("one", "v"): Trace(column(1, 3), np.linspace(-70, -50, 80).reshape(40, 2), "mV")},
        counters={"spikes": 4},
    )


def vector(path: Path) -> Path:
    path.write_bytes(VECTOR.read_bytes())
    return path


def content_of(case: Any) -> Any:
    """A golden vector as plain values, so that two are equal by content."""
    return json.dumps(dataclasses.asdict(case), default=np.ndarray.tolist, sort_keys=True)


SINGLE = Stimulus(20.0, stimulus().trains[:1])
KINDS = (
    Kind("chip image", lambda f: save_image(image(), f / "x.npz"), load_image, ImageError),
    Kind("recording", lambda f: recording().save(f / "x.npz"), Recording.load, RecordingError),
    Kind("stimulus", lambda f: stimulus().save(f / "x.npz"), Stimulus.load, StimulusError),
    Kind(
        "golden vector",
        lambda f: vector(f / "x.npz"),
        lambda path: content_of(load_case(path)),
        ImageError,
        checked=False,
    ),
    Kind(
        "spikes, plain .npz",
        lambda f: write_spikes(SINGLE, f / "x.npz", dt=0.1),
        read_spikes,
        StimulusError,
        checked=False,
    ),
    Kind(
        "spikes, SONATA",
        lambda f: write_spikes(stimulus(), f / "x.h5"),
        read_spikes,
        StimulusError,
        checked=False,
    ),
)


def outcome(kind: Kind, path: Path, whole: Any) -> str:
    """What reading a damaged file gave: "refused", "unchanged", or a sentence about the fault."""
    try:
        found = kind.read(path)
    except kind.error as problem:
        text = str(problem)
        clear = text.startswith(f"{path}: ") and "\n" not in text
        return "refused" if clear else f"unclear: {text}"
    except BaseException as problem:
        return f"{type(problem).__name__}: {problem}"
    return "unchanged" if found == whole else "other content"


# --- damage to bytes -----------------------------------------------------------------------------


def cut(content: bytes, parts: int) -> Damage:
    for part in range(parts):
        yield f"cut at {part}/{parts}", content[: len(content) * part // parts]


def flipped(content: bytes, count: int) -> Damage:
    stride = max(1, len(content) // count)
    for position in range(0, len(content), stride):
        for flip in (0x01, 0xFF):
            changed = bytearray(content)
            changed[position] ^= flip
            yield f"byte {position} ^ {flip}", bytes(changed)


def shuffled(content: bytes) -> Damage:
    half = len(content) // 2
    yield "empty", b""
    yield "halves swapped", content[half:] + content[:half]
    yield "twice", content + content
    yield "zeros", bytes(len(content))
    yield "junk before", b"junk" + content
    yield "junk after", content + b"junk" * 9


# --- damage to the members of an archive ---------------------------------------------------------


def members_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def archive_of(members: Any, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of (name, bytes); a name may be there twice."""
    import warnings

    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", method) as archive:
        warnings.simplefilter("ignore")  # of names that are there twice
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
    yield "a member more", archive_of([*members.items(), ("more.npy", npy(np.zeros(3)))])
    yield "a folder in it", archive_of([*members.items(), ("folder/", b"")])
    for index, name in enumerate(names):
        others = [(key, member) for key, member in members.items() if key != name]
        neighbour = members[names[index - 1]]
        yield f"{name} left out", archive_of(others)
        yield f"{name} twice", archive_of([*members.items(), (name, members[name])])
        yield f"{name} twice, once changed", archive_of([*members.items(), (name, neighbour)])
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
            yield f"{name} {what}", archive_of([*others, (name, member)])
        yield from changed_headers(name, members[name], others)
        yield from changed_arrays(name, members[name], others)


def npy_of_object() -> bytes:
    target = io.BytesIO()
    np.save(target, np.array([{}], dtype=object), allow_pickle=True)
    return target.getvalue()


def changed_headers(name: str, member: bytes, others: list[tuple[str, bytes]]) -> Damage:
    """The header of an array says something else than what follows it."""
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
        yield f"{name} header {what}", archive_of([*others, (name, begin + raw + values)])
    for version in (b"\x00\x00", b"\x03\x00", b"\x09\x09"):
        yield (
            f"{name} version {version!r}",
            archive_of([*others, (name, member[:6] + version + member[8:])]),
        )


def changed_arrays(name: str, member: bytes, others: list[tuple[str, bytes]]) -> Damage:
    array = np.load(io.BytesIO(member), allow_pickle=False)
    for what, changed in changes_of(array):
        yield f"{name} {what}", archive_of([*others, (name, npy(changed))])


def changes_of(array: Any) -> Iterator[tuple[str, Any]]:
    """The same array with other values, types and shapes."""
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
    """The directory of the archive says something else than what lies there."""
    members = members_of(content)
    yield "stored", archive_of(members.items(), zipfile.ZIP_STORED)
    yield "bzip2", archive_of(members.items(), zipfile.ZIP_BZIP2)
    yield "lzma", archive_of(members.items(), zipfile.ZIP_LZMA)
    entries, at = [], content.find(b"PK\x01\x02")
    while at >= 0:
        entries.append(at)
        at = content.find(b"PK\x01\x02", at + 4)
    fields = {"flags": (8, "H"), "method": (10, "H"), "crc": (16, "I"), "packed": (20, "I")}
    fields |= {"size": (24, "I"), "name length": (28, "H"), "extra": (30, "H"), "at": (42, "I")}
    for index, entry in enumerate(entries):
        for field, (offset, form) in fields.items():
            for value in (0, 1, 0x0841, (1 << (8 * struct.calcsize(form))) - 1):
                changed = bytearray(content)
                struct.pack_into(f"<{form}", changed, entry + offset, value)
                yield f"entry {index} {field} = {value}", bytes(changed)


# --- damage to the header ------------------------------------------------------------------------


def changed_json(content: bytes, key: str, every: bool) -> Damage:
    members = members_of(content)
    others = [(name, member) for name, member in members.items() if name != key]
    header = json.loads(str(np.load(io.BytesIO(members[key]))))

    def archive(text: str) -> bytes:
        return archive_of([*others, (key, npy(np.array(text)))])

    for text in ("", "{", "[]", "null", '{"a":' * 100_000, "[" * 100_000, "NaN", "9" * 5000):
        yield f"{key}: {text[:9]}", archive(text)
    for place in places(header, every):
        for value in BAD:
            yield f"{key}{place} = {value!r}", archive(json.dumps(replaced(header, place, value)))
        yield f"{key}{place} left out", archive(json.dumps(replaced(header, place, ...)))


def places(value: Any, every: bool, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in nested lists and dicts; of lists the first items, unless every."""
    if place:
        yield place
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, every, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value if every else value[:1]):
            yield from places(item, every, (*place, index))


def replaced(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    """The same nested value with another one at a place; ``...`` leaves it out."""
    if not place:
        return new
    copy = value.copy()
    if new is ... and len(place) == 1:
        del copy[place[0]]
    else:
        copy[place[0]] = replaced(copy[place[0]], place[1:], new)
    return copy


# --- all of it -----------------------------------------------------------------------------------


def damages(kind: Kind, content: bytes, every: bool) -> Damage:
    """All damage to one file; ``every`` is for the long run of the script."""
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


def count(kind: Kind, folder: Path, every: bool = False) -> tuple[Counter[str], list[str]]:
    """How often each outcome was met, and all that are faults."""
    path = kind.make(folder)
    content, whole = path.read_bytes(), kind.read(path)
    found: Counter[str] = Counter()
    faults = []
    for what, damaged in damages(kind, content, every):
        path.write_bytes(damaged)
        seen = outcome(kind, path, whole)
        found["tried"] += 1
        fine = seen in {"refused", "unchanged"} or (seen == "other content" and not kind.checked)
        found[seen if fine else "other"] += 1
        if not fine:
            faults.append(f"{what}: {seen}")
    return found, faults


def main(every: bool) -> None:
    print(f"{'':20} {'tried':>6} {'refused':>8} {'unchanged':>10} {'other':>6}")
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            found, faults = count(kind, Path(folder), every)
        print(
            f"{kind.name:20} {found['tried']:6} {found['refused']:8} {found['unchanged']:10} "
            f"{found['other content']:6} {found['other']:6}"
        )
        for fault in faults[:40]:
            print(f"    {fault[:230]}")


if __name__ == "__main__":
    main("--every" in sys.argv)
