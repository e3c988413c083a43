"""``neurochip demo``: the silent network of the original notebook, and a variant that spikes."""

from __future__ import annotations

from pathlib import Path

import click

from ..network import LIF, Network, PoissonInput, Population, Uniform, one_to_one
from ._figures import figure_options, write_judgement
from ._options import quiet_option, seed_option
from ._paths import OutputFolder
from ._step import STEP, Step
from ._terminal import say, wrote

__all__ = ["demo_command", "driven_network", "notebook_network"]

_NEURONS = 100
_RATE = 1300.0  # Hz; drives the neurons to about 35 Hz (with the notebook's 20 Hz: 0 Hz)


def _network(rate: float, weight: float | Uniform) -> Network:
    lif = LIF(tau_m=10.0, v_rest=-70.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=5.0)
    source = PoissonInput("source", _NEURONS, rate=rate)
    neurons = Population("neurons", _NEURONS, lif)
    connection = one_to_one(source, neurons, weight=weight, seed=1)
    return Network(inputs=[source], populations=[neurons], connections=[connection])


def notebook_network() -> Network:
    """Return 100 LIF neurons, each with one 20 Hz Poisson source of 1.5 mV.

    They never fire: the mean depolarisation is 20 Hz x 10 ms x 1.5 mV = 0.3 mV, and the threshold
    lies 20 mV above rest.
    """
    return _network(20.0, 1.5)


def driven_network() -> Network:
    """Return the same neurons with sources of 1,300 Hz and weights spread from 1.3 to 1.7 mV."""
    return _network(_RATE, Uniform(1.3, 1.7))


@click.command("demo", short_help="Compare two built-in networks.")
@click.option(
    "-o",
    "--output",
    type=OutputFolder(),
    default="neurochip-demo",
    show_default=True,
    help="Folder for figures and numbers.",
)
@figure_options
@click.option(
    "--dt",
    type=STEP,
    default="0.1",
    show_default=True,
    help="Step in ms, or with a unit (0.1ms, 1e-4s).",
)
@seed_option
@quiet_option
def demo_command(output: str, dt: Step, seed: int) -> None:
    """Compare chip and float64 on the notebook's network (silent) and on a driven variant."""
    from ..report import judge

    stories = {
        "notebook": (
            notebook_network(),
            "100 LIF neurons, one 20 Hz Poisson source of 1.5 mV each, 1 s. They never fire: the "
            "mean depolarisation is 0.3 mV and the threshold lies 20 mV above rest.",
        ),
        "driven": (
            driven_network(),
            f"The same neurons with sources of {_RATE:g} Hz and weights from 1.3 to 1.7 mV, 1 s.",
        ),
    }
    for name, (network, story) in stories.items():
        say(f"{name}: {story}")
        judgement = judge(network, dt=dt.ms(), seed=seed)
        say(f"\n{judgement.comparison}\n\n{judgement.image.report}\n")
        wrote(write_judgement(judgement, Path(output), prefix=f"{name}_"))
        say()
