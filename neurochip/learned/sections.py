"""A comparison of learning as sections of a page."""

from __future__ import annotations

import math

from .._display.notebook import Description, describes
from .._display.sections import Block, Paragraph, Picture, Section, Table
from .._support.plotting import letter_panels, new_figure
from .._support.text import fixed, percent
from .comparison import ConnectionLearning, LearningComparison
from .metrics import WeightError
from .plots import plot_learned_weights, plot_learning_window, plot_mean_weight

__all__ = ["learning_section"]


def learning_section(comparison: LearningComparison) -> Section:
    """Return what each connection learned: errors in both loops, and three figures."""
    blocks: list[Block] = [
        Paragraph(
            f"Weights at the end, in weight steps, over {comparison.seeds} seeds of the draws of "
            "the chip. Open loop: the spikes of float forced on the learning engine of the chip. "
            "Closed loop: the chip with its own spikes. A chip that is as near to float as two of "
            "its seeds are to each other learns the same."
        )
    ]
    for item in comparison.connections.values():
        blocks += _connection(item)
    return Section("Learning", blocks)


def _connection(item: ConnectionLearning) -> list[Block]:
    header = (
        *(item.name, "RMS from float", "RMS between seeds", "mean", "correlation", "earth mover's"),
        *("between seeds", "KS", "at a limit", "cosine", "strongest tenth"),
    )
    rows = [
        ("open loop", *_cells(item.open_loop)),
        ("closed loop", *_cells(item.closed_loop)),
    ]
    beyond = ", ".join(f"{name} {count:,.0f}" for name, count in item.saturated.items())
    note = (
        f"{item.synapses:,} synapses, {item.events:,.0f} plastic events; the weights of float "
        f"changed by {item.learned:.2f} steps (RMS) of {item.step:.3g} {item.unit}, and "
        f"{percent(item.closed_loop.at_limits[0], '', 1)} of them are at a limit. Beyond their "
        f"limits on the chip: {beyond}. Strongest tenth: of the weights onto a neuron, the "
        "fraction that is so in both."
    )
    figure = new_figure("page", 60.0)
    axes = figure.subplots(1, 3)
    plot_learned_weights(axes[0], item)
    plot_mean_weight(axes[1], item)
    plot_learning_window(axes[2], item)
    letter_panels(axes)
    caption = (
        f"{item.name}: distribution of the learned weights, mean weight in time (band: all seeds), "
        "and change by one pair of spikes (band: 95 % of the pairs)."
    )
    return [Table(header, rows, note), Picture(figure, caption)]


def _cells(error: WeightError) -> tuple[str, ...]:
    return (
        f"{error.error:.2f}",
        f"{error.spread:.2f}",
        f"{error.bias:+.2f}",
        fixed(error.correlation),
        f"{error.distance:.2f}",
        "-" if math.isnan(error.floor) else f"{error.floor:.2f}",
        fixed(error.ks),
        percent(error.at_limits[1], "", 1),
        fixed(error.cosine),
        percent(error.overlap, "", 1),
    )


@describes(LearningComparison)
def describe_learning(comparison: LearningComparison) -> Description:
    """Describe a comparison of learning by its answers."""
    return Description(comparison.lead, [learning_section(comparison)])
