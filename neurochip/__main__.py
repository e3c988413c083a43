"""``python -m neurochip`` is the command ``neurochip``."""

from .cli import main

main(prog_name="neurochip")
