"""PyNN's own scenario tests on neurochip: their files as published, with other simulators.

    python tests/pynn/scenarios.py                     # the chip, without and with conductances
    python tests/pynn/scenarios.py nest test_electrodes.py

PyNN's release has a folder of tests that any back end can be given. Its files are taken from the
archive that pip downloads by the name of the package, since PyNN's licence and neurochip's differ,
or from the archive whose path is in ``NEUROCHIP_PYNN_SDIST``. One thing is changed: each test names
the simulators that it is for, and here all of them are for those that are asked. The tests run in a
process of their own, in a folder of their own.
"""

# ruff: noqa: T201

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parents[1]
VERSION = "0.13.0"
CHIP = ("neurochip", "neurochip_driving_force")
WITHIN = f"pynn-{VERSION}/test/system/scenarios"
LIST = "for name in sim_names]"
MINUTES = 10


class Outcome(NamedTuple):
    """Hold what came out of a test, and the text of its exception or why it was skipped."""

    outcome: str
    text: str


def find_archive(folder: Path) -> Path | None:
    """Return PyNN's source archive: that of the environment, or one that pip downloads.

    Parameters
    ----------
    folder : Path
        Where to download it.

    Returns
    -------
    Path or None
        None if no archive can be had.
    """
    if given := os.environ.get("NEUROCHIP_PYNN_SDIST"):
        return Path(given)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary", ":all:", "--dest", str(folder), f"PyNN=={VERSION}"]
    subprocess.run(command, check=False, capture_output=True, timeout=60 * MINUTES)
    return next(folder.glob("*.tar.gz"), None)


def unpack(archive: Path, folder: Path, *simulators: str) -> Path:
    """Unpack the scenarios, to be run with these simulators, and return their folder."""
    with tarfile.open(archive) as whole:
        whole.extractall(folder, [m for m in whole if m.name.startswith(WITHIN)], filter="data")
    scenarios = folder / WITHIN
    fixtures = scenarios / "fixtures.py"
    text = fixtures.read_text(encoding="utf-8")
    assert text.count(LIST) == 1
    fixtures.write_text(text.replace(LIST, f"for name in {simulators}]"), encoding="utf-8")
    return scenarios


def run(archive: Path, *simulators: str, only: str = "") -> dict[str, dict[str, Outcome]]:
    """Run the scenarios; return the outcomes by simulator and test, such as ``file.py::test``.

    Parameters
    ----------
    archive : Path
        PyNN's source archive.
    simulators : str
        Names such as ``"nest"``, or of variants.
    only : str
        A file of the scenarios, or a test in it. Default: all.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scenarios = unpack(archive, folder, *simulators)
        outcomes = folder / "outcomes.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--color=no"]
        command += [f"--rootdir={scenarios.parent}", "-c", os.devnull, "-p", "pynn.plugin"]
        command += [f"--simulators={','.join(simulators)}", f"--outcomes={outcomes}"]
        paths = filter(None, (str(TESTS), os.environ.get("PYTHONPATH")))
        done = subprocess.run(
            [*command, str(scenarios / only)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "MPLBACKEND": "agg"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60 * MINUTES,
        )
        if not outcomes.exists():
            raise RuntimeError(done.stdout)
        found: dict[str, dict[str, Outcome]] = {simulator: {} for simulator in simulators}
        for node, outcome, text in json.loads(outcomes.read_text(encoding="utf-8")):
            test, _, simulator = node.rpartition("/")[2].removesuffix("]").partition("[")
            found[simulator][test] = Outcome(outcome, text)
        return found


def main(arguments: list[str]) -> None:
    """Print each outcome, and how many there are of each kind."""
    only = next((item for item in arguments if ".py" in item), "")
    with tempfile.TemporaryDirectory() as folder:
        archive = find_archive(Path(folder))
        if archive is None:
            sys.exit(f"PyNN {VERSION}: no source archive; set NEUROCHIP_PYNN_SDIST to its path")
        found = run(archive, *([item for item in arguments if item != only] or CHIP), only=only)
    for simulator, tests in found.items():
        for test, (outcome, text) in tests.items():
            print(f"{simulator} {test} {outcome} {' '.join(text.split())}")
        print(f"{simulator}: {dict(Counter(item.outcome for item in tests.values()))}")


if __name__ == "__main__":
    main(sys.argv[1:])
