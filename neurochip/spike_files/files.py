"""Reads and writes spikes in any of the supported file formats."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from .._support.extras import require
from .._support.hdf5 import refuse_other_files
from .._support.npz import as_path, kind_of, naming, opened, reason
from ..errors import NeurochipError, StimulusError
from ..recording import Recording
from ..stimulus import Stimulus
from .exchange import read_exchange, write_exchange
from .neo_objects import to_neo, trains_from_neo
from .sizes import check_dataset, check_mat
from .sonata import read_sonata, write_sonata
from .trains import Inputs, Trains, as_stimulus, check_binary, check_duration, trains_of

__all__ = ["SPIKES_ONLY", "read_spikes", "write_spikes"]

_SONATA = (".h5", ".hdf5", ".sonata")
_NEO = (".nix", ".mat")
SPIKES_ONLY = (*_SONATA, *_NEO)
"""Suffixes of files that hold spikes and no traces."""
_FORMATS = ".npz, .h5 (SONATA), .nix or .mat (Neo)"


def read_spikes(
    path: str | os.PathLike[str],
    *,
    inputs: Inputs | None = None,
    duration: float | None = None,
) -> Stimulus:
    """Read a file of spikes as a stimulus.

    Parameters
    ----------
    path : path
        ``.npz``: a stimulus of neurochip, or the arrays ``i`` (source), ``t_step``, ``dt`` (ms),
        ``n`` (number of sources) and ``duration`` (ms) of one input. ``.h5``: SONATA. ``.nix``,
        ``.mat``: files written by Neo.
    inputs : sequence of (name, size), optional
        Inputs of the run, such as ``[("source", 100)]``. Names in the file must be among them; an
        input that the file does not name has no spikes. Default: the inputs in the file.
    duration : float, ms, optional
        Length of the stimulus. Default: the duration in the file, which plain SONATA lacks.

    Raises
    ------
    StimulusError
        If the file is missing, damaged, of another format, or does not fit the inputs.
    MissingExtraError
        If a package that the format needs is not installed: h5py of the extra ``sonata``, Neo of
        the extra ``neo``.
    """
    source = as_path(path, StimulusError)
    given = check_duration(str(source), duration)
    with opened(source, StimulusError, f"a file of spikes: {_FORMATS}"):
        pass  # the file exists and can be read
    if _is_ours(source):
        stimulus = Stimulus.load(source)
        return stimulus if given is None else replace(stimulus, duration=given)
    if source.suffix == ".npz":
        trains, length = read_exchange(source)
    elif source.suffix in _SONATA:
        trains, length = read_sonata(source)  # type: ignore[assignment]
    elif source.suffix in _NEO:
        trains, length = _read_neo(source)
    else:
        raise StimulusError(f"{source}: unknown format; allowed: {_FORMATS}.")
    return as_stimulus(str(source), trains, inputs, length if given is None else given)


def write_spikes(
    source: Recording | Stimulus,
    path: str | os.PathLike[str],
    *,
    population: str | None = None,
    dt: float | None = None,
) -> Path:
    """Write the spikes of a recording or a stimulus, atomically.

    Parameters
    ----------
    source : Recording or Stimulus
        Spikes to write. Traces and counters are not written.
    path : path
        File to write. ``.h5``: SONATA. ``.nix``, ``.mat``: through Neo. ``.npz``: the arrays that
        :func:`read_spikes` reads, for one population.
    population : str, optional
        Write only this population. Needed for ``.npz`` if the source has several.
    dt : float, ms, optional
        Step of an ``.npz``; needed for a stimulus, which has no step of its own.

    Returns
    -------
    Path
        The path written.

    Raises
    ------
    StimulusError
        If the format is unknown, the population or dt is missing, or spikes have payloads, which no
        format holds.
    MissingExtraError
        As for :func:`read_spikes`.
    """
    target = as_path(path)
    trains, duration = trains_of(source)
    if dt is not None and (target.suffix != ".npz" or isinstance(source, Recording)):
        raise StimulusError(
            f"{target}: dt = {dt!r} ms; allowed: only for the .npz of a stimulus; a recording has "
            "its own, and other formats have none."
        )
    if population is not None:
        known = ", ".join(repr(item.name) for item in trains)
        trains = [item for item in trains if item.name == population]
        if not trains:
            raise StimulusError(f"spikes: no population {population!r}; allowed: {known}.")
    check_binary(source, [item.name for item in trains])
    if target.suffix == ".npz":
        _write_exchange(source, target, trains, duration, dt)
    elif target.suffix in _SONATA:
        write_sonata(target, trains, duration)
    elif target.suffix in _NEO:
        block = to_neo(source)
        if population is not None:
            (segment,) = block.segments
            kept = [t for t in segment.spiketrains if t.annotations["population"] == population]
            segment.spiketrains = kept
        _write_neo(block, target)
    else:
        raise StimulusError(f"{target}: unknown format; allowed: {_FORMATS}.")
    return target


def _is_ours(path: Path) -> bool:
    """Return whether neurochip wrote the file."""
    with contextlib.suppress(NeurochipError):
        return bool(kind_of(path, NeurochipError))
    return False


def _write_exchange(
    source: Recording | Stimulus,
    target: Path,
    trains: list[Trains],
    duration: float,
    dt: float | None,
) -> None:
    if len(trains) != 1:
        listed = ", ".join(repr(item.name) for item in trains) or "none"
        raise StimulusError(
            f"{target}: an .npz holds one population, but the source has {listed}; pass "
            "population=... or write .h5."
        )
    if isinstance(source, Recording):
        dt = source.dt
    elif dt is None:
        raise StimulusError(f"{target}: a stimulus has no dt; pass dt=... in ms.")
    write_exchange(target, trains[0], dt, duration)


def _read_neo(path: Path) -> tuple[list[Trains], float]:
    neo = require("neo.io", "neo", f"reading {path.suffix} files")
    try:
        _check_container(path)
        with _neo_io(neo, path, mode="ro") as reader:
            return trains_from_neo(str(path), reader.read_block())
    except NeurochipError:
        raise
    except Exception as problem:  # third-party readers raise any exception
        raise StimulusError(
            f"{path}: damaged or not written by Neo ({reason(problem)}); write it again from its "
            "source."
        ) from None


def _check_container(path: Path) -> None:
    """Refuse links and oversized data, which the libraries under Neo would accept silently."""
    if path.suffix == ".mat":
        check_mat(path)
        return
    h5py = require("h5py", "neo", "Neo's .nix files")
    with h5py.File(path, "r") as file:
        refuse_other_files(file, str(path), StimulusError)

        def check(_: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                check_dataset(str(path), item)

        file.visititems(check)


@contextlib.contextmanager
def _neo_io(neo: Any, path: Path, mode: str) -> Iterator[Any]:
    if path.suffix == ".nix":
        require("nixio", "neo", "Neo's .nix files")
        with contextlib.closing(neo.NixIO(str(path), mode)) as opened:
            yield opened
    else:
        require("scipy", "neo", "Neo's .mat files")
        yield neo.NeoMatlabIO(str(path))


def _write_neo(block: Any, target: Path) -> None:
    neo = require("neo.io", "neo", f"writing {target.suffix} files")
    with naming(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        # Neo writes to a path, not to an open file.
        prefix = f".{target.name[:40]}."
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=prefix) as folder:
            temporary = Path(folder) / f"spikes{target.suffix}"
            with _neo_io(neo, temporary, mode="ow") as writer:
                writer.write_block(block)
            temporary.replace(target)
