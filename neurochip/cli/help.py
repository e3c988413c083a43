"""``neurochip help``: what ``--help`` prints, of neurochip or of one command."""

from __future__ import annotations

import click

from ._terminal import say

__all__ = ["help_command"]


@click.command("help", short_help="Print the help of a command.")
@click.argument("command", required=False)
@click.pass_context
def help_command(context: click.Context, command: str | None) -> None:
    """Print the help of neurochip, or of COMMAND."""
    top = context.find_root()
    if command is None:
        say(top.get_help())
        return
    assert isinstance(top.command, click.Group)
    found = top.command.get_command(top, command)
    if found is None:
        known = ", ".join(top.command.list_commands(top))
        context.fail(f"No such command {command!r}; there are {known}.")
    say(click.Context(found, info_name=command, parent=top).get_help())
