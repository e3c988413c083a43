"""The command line, ``neurochip COMMAND``. This file only dispatches; each command has a file."""

from __future__ import annotations

import click

from ..version import __version__
from ._failures import Commands
from .attribute import attribute_command
from .bits import bits_command
from .classify import classify_command
from .compare import compare_command
from .compile import compile_command
from .conformance import conformance_command
from .demo import demo_command
from .help import help_command
from .info import info_command
from .inspect import inspect_command
from .map import map_command
from .run import run_command
from .sweep import sweep_command
from .validate import validate_command
from .warm_up import warm_up_command

__all__ = ["main"]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="neurochip")
def main() -> None:
    """Show what a Loihi-like chip does to a spiking network.

    A MODEL is a Python file (.py), a NIR graph (.nir) or a network of lava-dl (.net). A Python file
    defines `network`, a neurochip Network, and may define `chip`, the ChipSpec to compile for. A
    graph needs --dt, and trained networks need --input to run. An IMAGE (.npz) is a compiled MODEL.
    """


main.add_command(demo_command)
main.add_command(compile_command)
main.add_command(run_command)
main.add_command(compare_command)
main.add_command(validate_command)
main.add_command(sweep_command)
main.add_command(bits_command)
main.add_command(attribute_command)
main.add_command(classify_command)
main.add_command(map_command)
main.add_command(info_command)
main.add_command(inspect_command)
main.add_command(conformance_command)
main.add_command(warm_up_command)
main.add_command(help_command)
