"""Spike-train distances through the libraries of the field."""

from __future__ import annotations

import sys
from importlib import metadata

import numpy as np
import pytest

from neurochip import Recording
from neurochip.errors import MissingExtraError, RecordingError
from neurochip.validation import TRAIN_DISTANCES, train_distances


def recording(*trains, n_steps=1000):
    """One neuron for each list of spike times in ms."""
    pairs = sorted((step, i) for i, train in enumerate(trains) for step in train)
    steps, ids = np.array(pairs, dtype=np.int32).reshape(-1, 2).T
    return Recording(
        label="run",
        dt=1.0,
        first_step=0,
        n_steps=n_steps,
        populations={"cells": len(trains)},
        steps={"cells": steps},
        ids={"cells": ids},
    )


A = recording([100, 300, 500], [200, 400, 600], [50, 60], [])
B = recording([100, 300, 500], [200, 401, 600], [50], [])


def library_of(distance):
    return "pyspike" if distance in ("isi", "spike") else "elephant"


class NothingInstalled:
    """An import system that finds no module."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        return None


def forget(library, monkeypatch):
    """Let the next import begin anew."""
    for name in [name for name in sys.modules if name.split(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize("distance", TRAIN_DISTANCES)
@pytest.mark.filterwarnings("ignore")  # what these libraries say about their own dependencies
def test_equal_trains_are_at_distance_0_and_others_are_not(distance):
    pytest.importorskip(library_of(distance), reason="install the extra to test it")
    found = train_distances(A, B, "cells", distance)
    assert found[0] == pytest.approx(0, abs=1e-6)
    assert found[3] == pytest.approx(0, abs=1e-6)
    assert found[1] > 1e-4
    assert found[2] > found[1]
    assert list(train_distances(A, B, "cells", distance, ids=[2, 0])) == [found[2], found[0]]


# One spike moved by 100 ms, one moved by 10 ms, one more; intervals and times are round numbers.
FIRST = recording([200, 400, 600, 800], [100], [100, 300])
SECOND = recording([200, 400, 700, 800], [110], [100])
BY_HAND = {
    # |x - y| / max(x, y) of the current intervals, over time: 1/3 from 400 to 700 ms (200 against
    # 300 ms), 1/2 from there to 800 ms (200 against 100 ms), 0 before and after.
    "isi": [(300 / 3 + 100 / 2) / 1000],
    # (S1 y + S2 x) / (2 mean(x, y)^2) with S the distances to the nearest spike of the other train,
    # weighted by closeness: linear between spikes. From 400 to 600 ms it rises from 0 to
    # (100 300 + 200/3 200) / (2 250^2), from 600 to 700 it falls from there to (50 300 + 100 200)
    # / (2 250^2), and from 700 to 800 from (50 100 + 100 200) / (2 150^2) to 0.
    "spike": [
        (
            200 * (30_000 + 40_000 / 3) / 125_000 / 2
            + 100 * ((30_000 + 40_000 / 3) + 35_000) / 125_000 / 2
            + 100 * 25_000 / 45_000 / 2
        )
        / 1000
    ],
    # The square is 1 for a spike more, 2 (1 - exp(-shift / 10 ms)) for one that moved.
    "van_rossum": [(2 * (1 - np.exp(-10.0))) ** 0.5, (2 * (1 - np.exp(-1.0))) ** 0.5, 1.0],
    # Deleted and put in again (2), moved by 10 ms at 0.1 per ms (1), deleted (1).
    "victor_purpura": [2.0, 1.0, 1.0],
}


@pytest.mark.parametrize("distance", TRAIN_DISTANCES)
@pytest.mark.filterwarnings("ignore")
def test_distances_are_those_computed_by_hand(distance):
    pytest.importorskip(library_of(distance), reason="install the extra to test it")
    wanted = BY_HAND[distance]
    found = train_distances(FIRST, SECOND, "cells", distance, time_scale=10.0)
    assert found[: len(wanted)] == pytest.approx(wanted, abs=1e-6)


def test_no_extra_brings_mpi4py():
    """Where it is installed without an MPI library, elephant cannot be imported."""
    for library in ("neurochip", "elephant"):
        try:
            needed = metadata.requires(library) or []
        except metadata.PackageNotFoundError:
            pytest.skip(f"{library} is not installed")
        named = [item for item in needed if item.startswith("mpi4py")]
        assert all("extra ==" in item for item in named)
        assert not (named and library == "neurochip")


@pytest.mark.parametrize("distance", ["isi", "van_rossum"])
def test_a_missing_library_is_named_with_its_remedy(distance, monkeypatch):
    library = library_of(distance)
    forget(library, monkeypatch)
    monkeypatch.setattr(sys, "meta_path", [NothingInstalled])
    with pytest.raises(MissingExtraError) as caught:
        train_distances(A, B, "cells", distance)
    assert str(caught.value) == (
        f"train_distances: this distance needs the package {library!r}, which is not installed: "
        f'pip install "neurochip[{library}]".'
    )


def test_a_library_that_fails_to_load_is_no_missing_one(monkeypatch, tmp_path):
    folder = tmp_path / "elephant"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('cannot load MPI library')")
    forget("elephant", monkeypatch)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError) as caught:
        train_distances(A, B, "cells", "van_rossum")
    assert str(caught.value) == (
        "train_distances: elephant is installed, but fails to load (RuntimeError: cannot load MPI "
        "library). It loads mpi4py if that is installed: install an MPI library, or remove mpi4py."
    )


def test_requests_that_make_no_sense_are_refused():
    for arguments, message in (
        (
            (A, B, "cells", "x"),
            "train_distances: distance = 'x'; allowed: 'isi', 'spike', 'van_rossum', "
            "'victor_purpura'.",
        ),
        (
            (A, recording([1], n_steps=500), "cells", "isi"),
            "train_distances: runs of 4 neurons, 1000 ms and of 1 neurons, 500 ms; allowed: the "
            "same neurons and time.",
        ),
    ):
        with pytest.raises(RecordingError) as caught:
            train_distances(*arguments)
        assert str(caught.value) == message
    with pytest.raises(RecordingError, match=r"time_scale = 0 ms; allowed: a number above 0\.$"):
        train_distances(A, B, "cells", "van_rossum", time_scale=0)
