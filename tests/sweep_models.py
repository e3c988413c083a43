"""Networks and functions that worker processes import by name."""

from __future__ import annotations

import os
import time

from neurochip import LIF, Network, PoissonInput, Population, Uniform, one_to_one
from neurochip.chip.presets import PRESETS

BUILT: list[object] = []
GAIN = 1.0


def cells(tau_m=10.0, tau_refrac=5.0, size=20):
    """Twenty driven neurons; calls are noted."""
    BUILT.append(tau_m)
    lif = LIF(tau_m=tau_m, v_rest=-70.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=tau_refrac)
    source, neurons = PoissonInput("source", size, rate=1300.0), Population("cells", size, lif)
    return Network(
        inputs=[source],
        populations=[neurons],
        connections=[one_to_one(source, neurons, weight=Uniform(1.3, 1.7), seed=1)],
    )


def gained(seed):
    """A network that depends on a variable of this module."""
    return cells(tau_m=10.0 * GAIN)


def preset(preset):
    """A chip by its name."""
    return PRESETS[preset]


def slow(run):
    """Take long enough that a run can be killed in its middle."""
    time.sleep(0.03)
    return {"cores": run.image.n_cores}


def dying(run):
    """End the process without a word, as one that ran out of memory."""
    os._exit(1)


def weight_error(run):
    """A number of the compile report, and one that is undefined."""
    row = run.image.report.row("source->cells", "weight")
    return {"weight_error": abs(row.relative_error), "undefined": float("nan")}


def leaving(run):
    """Fail at one seed, in a way that is no error."""
    if run.point["seed"] == 3:
        raise SystemExit(4)
    return {"cores": run.image.n_cores}


def interrupted(run):
    """Behave as if Ctrl-C had reached the worker at one seed."""
    if run.point["seed"] == 3:
        raise KeyboardInterrupt
    return {"cores": run.image.n_cores}
