"""``neurochip attribute``: split the error of the chip into its sources."""

from __future__ import annotations

import click

from ._numbers import COUNT
from ._options import duration_option, model_options, result_options, seed_option
from ._request import Request
from ._terminal import result, say

__all__ = ["attribute_command"]


@click.command("attribute", short_help="Which register causes the error of MODEL.")
@model_options()
@duration_option
@seed_option
@click.option(
    "--substeps",
    type=COUNT,
    default=None,
    help="Fine steps of the ideal in a step of the chip. 1: the time grid is no error. Default: "
    "10; 1 for a NIR graph, which is defined on its steps.",
)
@click.option(
    "--shapley",
    is_flag=True,
    help="Also compute the mean effect over all orders of the sources, with up to 64 more runs.",
)
@result_options
def attribute_command(
    request: Request, duration: float, seed: int, substeps: int | None, shapley: bool
) -> None:
    """Split the difference between MODEL on the chip and in float64 into its sources.

    Every register, rule of the arithmetic and part of the time grid is rounded alone, and left out
    once, in about 20 float runs. If synapses of MODEL learn, the error of their weights is split
    instead.
    """
    from ..attribution import attribute, attribute_learning
    from ..stimulus import draw_stimulus

    found = request.subject()
    stimulus = draw_stimulus(found.network, found.duration or duration, seed)
    if found.network.learns:
        if substeps is not None:
            raise click.UsageError(
                "--substeps is no option for a model that learns: its ideal is float64 on the "
                "steps of the chip."
            )
        split = attribute_learning(
            found.network, stimulus, found.chip, found.dt, shapley=shapley, **request.options
        )
        say(split)
        facts = {"chip": found.chip.name, "dt": found.dt, "rows": []}
        result("attribute", {**facts, "learning": split.to_dict()})
        return
    parts = attribute(
        found.network,
        stimulus,
        found.chip,
        found.dt,
        substeps=substeps,
        shapley=shapley,
        **request.options,
    )
    say(parts)
    facts = {"chip": parts.chip, "dt": parts.dt, "rows": parts.rows()}
    result("attribute", {**facts, "learning": None})
