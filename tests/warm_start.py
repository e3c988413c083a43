"""Runs usual commands after ``neurochip warm-up``, and lists those that needed another kernel.

It is a script, because a process asks for a kernel only once.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from command_line import succeed

from neurochip import SpikeInput, Stimulus
from neurochip._kernels.notice import NOTICE

LINES = """
from neurochip import LIF, LOIHI, Network, PoissonInput, Population
from neurochip import all_to_all, fixed_probability, one_to_one

source = PoissonInput("source", 10, rate=1300.0)
cells = Population("cells", 10, LIF({lif}))
connections = [one_to_one(source, cells, weight={weight}), *{more}]
network = Network(
    inputs=[source], populations=[cells], connections=connections, delivery="{delivery}"
)
"""
RECURRENT = "[fixed_probability(cells, cells, 0.5, weight=0.1, delay=3.0, seed=1)]"
MODELS = {
    "feed_forward.py": {"lif": "tau_m=10.0, tau_refrac=5.0"},
    "current.py": {"lif": "tau_syn=5.0", "weight": 0.1},
    "currents.py": {"lif": "tau_syn_E=5.0, tau_syn_I=8.0", "weight": 0.1},
    "recurrent.py": {"lif": "", "more": RECURRENT},
    "graph.py": {"lif": "", "delivery": "before_threshold"},
}
COMMANDS = {
    "run": ("--record", "v", "--record", "u", "--threads", "2", "--duration", "20"),
    "compare": ("--duration", "20"),
    "validate": ("--duration", "20", "--seeds", "2"),
    "map": ("--duration", "20", "--placement", "greedy", "--costs", "davies-2018"),
    "sweep": ("--duration", "10", "--workers", "1", "--vary", "core.decay_bits=11,12"),
    "bits": ("--duration", "10", "--workers", "1", "--seeds", "2", "--widths", "8"),
}
SUFFIXES = {"run": ".npz", "compare": "", "map": ""}


def main() -> None:
    """Print each command and model that needed a kernel that the warm-up did not have."""
    os.chdir(tempfile.mkdtemp())
    succeed("warm-up")
    Stimulus(20.0, (SpikeInput("source", 10, [0, 3], [1.0, 2.0]),)).save("spikes.npz")
    for name, parts in MODELS.items():
        given = {"weight": 1.5, "more": "[]", "delivery": "after_threshold", **parts}
        Path(name).write_text(LINES.format(**given))
        for command, options in COMMANDS.items():
            before = NOTICE.compiled + NOTICE.loaded
            for spikes in ((), ("--input", "spikes.npz")) if command == "run" else ((),):
                output = f"{Path(name).stem}_{command}{SUFFIXES.get(command, '.html')}"
                succeed(command, name, "--dt", "0.5", *options, *spikes, "-o", output)
            if NOTICE.compiled + NOTICE.loaded > before:
                sys.stdout.write(f"{command} {name}\n")


if __name__ == "__main__":
    main()
