"""``neurochip conformance``: run golden vectors on the emulator."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import ImageError
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
    "emulator.",
)
@threads_option
@result_options
def conformance_command(folder: str, preset: str, threads: int | None) -> None:
    """Run every golden vector (.npz) in FOLDER and compare each recorded u, v and spike.

    Prints one line for each class of vectors and a total. If anything differs, prints the first
    difference of each vector and exits with status 1.
    """
    from ..chip.presets import PRESETS
    from ..conformance import PEERS, VECTOR_CHIP, check_case, load_case

    paths = sorted(Path(folder).glob("*.npz"))
    if not paths:
        raise ImageError(f"{folder}: no golden vectors; pass a folder with .npz files.")
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
    for failure in failures:
        say(f"Different: {failure}")
    classes = {name: {"equal": passed[name], "vectors": count} for name, count in total.items()}
    rest = {"left_out": left_out, "differences": failures}
    result("conformance", {"preset": preset, "classes": classes, **rest})
    if failures:
        raise SystemExit(Status.FAILED_CHECK)
