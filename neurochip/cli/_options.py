"""The options that several commands share, each in one place."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from compiler import OPTIONS, Option

from ._chips import CHIPS
from ._numbers import (
    COUNT,
    MILLISECONDS,
    MILLISECONDS_OR_NONE,
    POSITIVE,
    REAL,
    REAL_OR_MIRRORED,
    SEED,
    at_least,
)
from ._paths import INPUT, OutputFile
from ._request import Request
from ._step import STEP_OR_AUTO
from ._terminal import be_quiet, print_json

__all__ = [
    "COMPILING",
    "duration_option",
    "fine_option",
    "model_options",
    "page_option",
    "quiet_option",
    "result_options",
    "seed_option",
    "threads_option",
    "workers_option",
]

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

# Options of a MODEL; their values become one request.
_STEP = click.option(
    "--dt",
    type=STEP_OR_AUTO,
    default="0.1",
    show_default=True,
    help="Step in ms, or with a unit (0.1ms, 1e-4s). auto: the step with the smallest expected "
    "error. Of a NIR graph: required, in s unless a unit is given.",
)
_CHIP = click.option(
    "--chip",
    type=click.Choice(list(CHIPS)),
    metavar="NAME",
    help=f"Chip or system to compile for: {', '.join(CHIPS)}. Default: that of MODEL, or loihi.",
)
_SET = click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Change a field of the chip: core.weight_mantissa_bits=6, cores=64 (repeatable).",
)
_INPUT = click.option(
    "--input",
    "spikes",
    type=INPUT,
    metavar="SPIKES",
    help="Input spikes: .npz, .h5 (SONATA), .nix or .mat. Default: drawn for the inputs of MODEL; "
    "a NIR graph has none.",
)
_READING: dict[str, dict[str, Any]] = {
    "convention": {"help": "NIR only: simulator that the graph comes from. Default: norse."},
    "reset": {
        "help": "NIR only: 'value' if a spike sets v to v_reset, stored or 0; 'subtract' if it "
        "subtracts the threshold from v; 'subtract_and_raise' as snnTorch does without a delay."
    },
    "v_reset": {
        "type": REAL,
        "help": "NIR only: implies --reset value; v_reset of nodes that store none. Default: 0.",
    },
    "reset_delay": {
        "is_flag": True,
        "default": None,
        "help": "NIR only: the reset acts in the step after the spike (snnTorch's default).",
    },
    "spikes_per_step": {
        "help": "NIR only: 'many' if a neuron may spike several times in a step (sinabs); implies "
        "--reset subtract. Default: one."
    },
    "v_min": {
        "type": REAL_OR_MIRRORED,
        "help": "NIR only: lowest v, or -v_threshold for that of each neuron (sinabs, IF nodes).",
    },
    "input_rate": {
        "type": POSITIVE,
        "help": "NIR only, without --input: expected rate of the inputs in Hz. Default: 100.",
    },
}

COMPILING = ("dt", "chip", "changes", *OPTIONS, *_READING)
"""Parameters that say how to compile a MODEL."""

# Options of a run.
duration_option = click.option(
    "--duration",
    type=MILLISECONDS,
    default=1000.0,
    show_default=True,
    help="Length of the run in ms. With --input: default that of the spikes.",
)
seed_option = click.option(
    "--seed", type=SEED, default=1, show_default=True, help="Seed of the Poisson inputs."
)
threads_option = click.option(
    "--threads",
    type=COUNT,
    default=None,
    help="Largest number of threads. Default: chosen by the size of the image.",
)
workers_option = click.option(
    "--workers", type=COUNT, default=None, help="Number of processes. Default: one per CPU."
)

# Options of the output.
quiet_option = click.option(
    "--quiet",
    "-q",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, given: be_quiet(ctx) if given else None,
    help="Print nothing but warnings and errors; show no progress bar.",
)
_JSON = click.option(
    "--json",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, given: print_json(ctx) if given else None,
    help="Print the result as JSON, and nothing else on standard output.",
)


def model_options(
    name: str = "model", shown: str = "MODEL", *, samples: bool = False
) -> _Decorator:
    """Return a decorator that adds MODEL and all options to compile it, as one ``request``.

    Parameters
    ----------
    name, shown : str
        Name of the argument, and its name in the help; a command may also take another file.
    samples : bool
        Whether the command takes its input as samples, so that it has no ``--input``.
    """

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def gathered(**given: Any) -> Any:
            reading = {key: given.pop(key) for key in _READING}
            request = Request(
                model=given.pop(name),
                options={key: given.pop(key) for key in OPTIONS},
                reading={key: value for key, value in reading.items() if value is not None},
                spikes=None if samples else given.pop("spikes"),
                **{key: given.pop(key) for key in ("dt", "chip", "changes")},
            )
            return command(request=request, **given)

        options: list[_Decorator] = [_STEP, _CHIP, _SET, *([] if samples else [_INPUT])]
        options += map(_as_click, OPTIONS.values())
        options += [
            click.option(f"--{key.replace('_', '-')}", **parts) for key, parts in _READING.items()
        ]
        argument: _Decorator = click.argument(name, type=INPUT, metavar=shown)
        made: Callable[..., Any] = gathered
        for part in (*reversed(options), argument):
            made = part(made)
        return made

    return add


def result_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--json`` and ``--quiet``."""
    return _JSON(quiet_option(command))


def page_option(default: str, beside: str) -> _Decorator:
    """Return the option for the page of a report; ``beside`` names the files next to it."""
    return click.option(
        "-o",
        "--output",
        type=OutputFile(".html", ".htm"),
        default=default,
        show_default=True,
        help=f"Page to write; {beside} next to it.",
    )


def fine_option(otherwise: str, *, omits: bool) -> _Decorator:
    """Return the option for a fine reference.

    ``otherwise`` describes its default in the help; ``omits`` allows 0, without such a run.
    """
    text = (
        "Step in ms of a second, finer float run that separates the error of the time step from "
        f"that of the registers. Default: {otherwise}."
    )
    kind = MILLISECONDS_OR_NONE if omits else MILLISECONDS
    return click.option("--fine-dt", type=kind, default=None, help=text)


def _as_click(option: Option) -> _Decorator:
    numbers = at_least(option.kind, option.at_least, option.word)
    unit = f" In {option.unit}." if option.unit else ""
    return click.option(
        f"--{option.name.replace('_', '-')}",
        type=click.Choice(option.choices) if option.choices else numbers,
        default=option.default,
        show_default=option.default is not None,
        help=f"{option.summary}{unit}",
    )
