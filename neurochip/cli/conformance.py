"""``neurochip conformance``: run golden vectors on the emulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .._support.text import counted
from ..errors import ImageError, NeurochipError
from ._options import result_options, threads_option
from ._paths import INPUT
from ._statuses import Status
from ._terminal import result, say

__all__ = ["conformance_command"]


@click.command("conformance", short_help="Run golden vectors on the emulator.")
@click.argument("folder", type=INPUT)
@click.option(
    "--preset",
    type=click.Choice(["loihi", "lava", "nengo-loihi", "brian2loihi"]),
    default="loihi",
    show_default=True,
    help="Chip to emulate. The preset of an open emulator is compared with the outputs of that "
    "emulator. Vectors of neuron programs run on loihi2, and learning runs on the engine of their "
    "emulator, whatever the preset.",
)
@threads_option
@result_options
def conformance_command(folder: str, preset: str, threads: int | None) -> None:
    """Run every golden vector (.npz) in FOLDER and compare each recorded value.

    A vector holds registers of the core's own neurons, a neuron program with its parameters, or a
    learning rule with the spikes and draws of a recorded run. Prints one line for each class of
    vectors or each program vector, and a total. If anything
    differs, prints the first difference of each vector and exits with status 1.
    """
    from ..conformance import holds_learning, holds_program

    paths = sorted(Path(folder).glob("*.npz"))
    if not paths:
        raise ImageError(f"{folder}: no golden vectors; pass a folder with .npz files.")
    of_programs = [path for path in paths if holds_program(path)]
    of_learning = [path for path in paths if path not in of_programs and holds_learning(path)]
    of_registers = [path for path in paths if path not in (*of_programs, *of_learning)]
    classes, left_out, failures = (
        _run_registers(of_registers, preset, threads) if of_registers else ({}, 0, [])
    )
    programs, wrong = _run_programs(of_programs, threads) if of_programs else ({}, [])
    learning, different = _run_learning(of_learning) if of_learning else ({}, [])
    failures += wrong + different
    for failure in failures:
        say(f"Different: {failure}")
    found = {"classes": classes, "programs": programs, "learning": learning}
    rest = {"left_out": left_out, "differences": failures}
    result("conformance", {"preset": preset, **found, **rest})
    if failures:
        raise SystemExit(Status.FAILED_CHECK)


def _run_registers(
    paths: list[Path], preset: str, threads: int | None
) -> tuple[dict[str, dict[str, int]], int, list[str]]:
    """Run vectors of registers; return the counts of each class, those left out, and failures."""
    from ..chip.presets import PRESETS
    from ..conformance import PEERS, VECTOR_CHIP, check_case, load_case

    peer = next((key for key, name in PEERS.items() if name == preset), None)
    refractory = VECTOR_CHIP.core.refractory_max
    chip = PRESETS[preset].what_if(name=preset, refractory_max=refractory)
    passed: dict[str, int] = {}
    total: dict[str, int] = {}
    left_out, only_spikes, failures = 0, 0, []
    for path in paths:
        case = load_case(path)
        if peer is not None and case.statuses[peer].startswith("unsupported"):
            left_out += 1
            continue
        try:
            difference = check_case(case, chip, peer=peer, threads=threads)
        except ImageError as problem:
            raise ImageError(f"{path}: {problem}") from None
        only_spikes += case.u is None
        total[case.case_class] = total.get(case.case_class, 0) + 1
        passed[case.case_class] = passed.get(case.case_class, 0) + (difference is None)
        if difference is not None:
            failures.append(f"{case.name}: {difference}")
    for name, count in total.items():
        say(f"{name:28} {passed[name]:3} of {count:3} equal")
    omitted = f"; {left_out} cannot be expressed in {preset}" if left_out else ""
    if only_spikes:
        omitted += f"; {only_spikes} of them hold only spikes"
    say(
        f"{preset}: {sum(passed.values())} of {sum(total.values())} vectors equal in every u, v "
        f"and spike{omitted}"
    )
    classes = {name: {"equal": passed[name], "vectors": count} for name, count in total.items()}
    return classes, left_out, failures


def _run_programs(
    paths: list[Path], threads: int | None
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Run vectors of neuron programs; return what was compared for each, and failures."""
    from ..chip.presets import LOIHI2
    from ..conformance import check_program_case, load_program_case

    rows: dict[str, dict[str, Any]] = {}
    failures = []
    for path in paths:
        case = load_program_case(path)
        try:
            found = check_program_case(case, threads=threads)
        except NeurochipError as problem:
            raise ImageError(f"{path}: {problem}") from None
        numbers = {"values": found.values, "wrong": found.wrong}
        rows[case.name] = {"program": case.program, "source": case.source, **numbers}
        say(f"{case.name:30} {found.values:10,} values {found.wrong:9,} wrong")
        if found.first is not None:
            failures.append(f"{case.name}: {found.first}")
    equal = sum(not row["wrong"] for row in rows.values())
    say(
        f"{LOIHI2.name}: {equal} of {len(rows)} vectors of neuron programs equal in every recorded "
        "value"
    )
    for source in sorted({row["source"].partition(",")[0] for row in rows.values()}):
        mine = [row for row in rows.values() if row["source"].partition(",")[0] == source]
        values, wrong = (sum(row[key] for row in mine) for key in ("values", "wrong"))
        say(f"from {source}: {counted(len(mine), 'vector')}, {values:,} values, {wrong:,} wrong")
    return rows, failures


def _run_learning(paths: list[Path]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Run recorded learning runs; return what was compared of each emulator, and failures."""
    from ..conformance import check_learning_case, load_learning_case

    classes: dict[tuple[str, str], list[bool]] = {}
    peers: dict[str, dict[str, Any]] = {}
    failures = []
    for path in paths:
        case = load_learning_case(path)
        try:
            found = check_learning_case(case)
        except NeurochipError as problem:
            raise ImageError(f"{path}: {problem}") from None
        classes.setdefault((case.peer, case.case_class), []).append(found.first is None)
        row = peers.setdefault(case.peer, {"runs": 0, "equal": 0, "values": 0, "wrong": 0})
        row["runs"] += 1
        row["equal"] += found.first is None
        row["values"] += found.values
        row["wrong"] += found.wrong
        if found.first is not None:
            failures.append(f"{case.name}: {found.first}")
    for (peer, name), equal in classes.items():
        say(f"{peer:12} {name:18} {sum(equal):3} of {len(equal):3} equal")
    for peer, row in peers.items():
        say(
            f"{peer}: {row['equal']} of {row['runs']} learning runs equal in every trace, weight, "
            f"tag and delay ({row['values']:,} values)"
        )
    return peers, failures
