"""Networks and functions that worker processes import by name."""

from __future__ import annotations

import os
import time

from neurochip import (
    LIF,
    Network,
    PoissonInput,
    Population,
    Uniform,
    fixed_probability,
    one_to_one,
)
from neurochip.chip.presets import PRESETS

BUILT: list[object] = []
GAIN = 1.0


def cells(tau_m=10.0, tau_refrac=5.0, size=20):
    """Return twenty driven neurons; record the call."""
    BUILT.append(tau_m)
    lif = LIF(tau_m=tau_m, v_rest=-70.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=tau_refrac)
    source, neurons = PoissonInput("source", size, rate=1300.0), Population("cells", size, lif)
    return Network(
        inputs=[source],
        populations=[neurons],
        connections=[one_to_one(source, neurons, weight=Uniform(1.3, 1.7), seed=1)],
    )


def recurrent(size=40):
    """Return driven neurons that excite and inhibit each other."""
    lif = LIF(tau_m=10.0, v_rest=-65.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=2.0)
    source, neurons = PoissonInput("source", size, rate=900.0), Population("cells", size, lif)
    others = fixed_probability(neurons, neurons, 0.3, weight=Uniform(-5.0, 5.0), delay=1.0, seed=2)
    inputs = one_to_one(source, neurons, weight=2.0)
    return Network(inputs=[source], populations=[neurons], connections=[inputs, others])


def gained(seed):
    """Return a network that depends on a variable of this module."""
    return cells(tau_m=10.0 * GAIN)


def preset(preset):
    """Return a chip by its name."""
    return PRESETS[preset]


def slow(run):
    """Run long enough to be killed in the middle."""
    time.sleep(0.03)
    return {"cores": run.image.n_cores}


def dying(run):
    """End the process silently, like a process killed for lack of memory."""
    os._exit(1)


def weight_error(run):
    """Return a number of the compile report, and an undefined one."""
    row = run.image.report.row("source->cells", "weight")
    return {"weight_error": abs(row.relative_error), "undefined": float("nan")}


def leaving(run):
    """Stop at one seed with an exception that is not an Exception."""
    if run.point["seed"] == 3:
        raise SystemExit(4)
    return {"cores": run.image.n_cores}


def interrupted(run):
    """Raise KeyboardInterrupt at one seed, as if the worker got Ctrl-C."""
    if run.point["seed"] == 3:
        raise KeyboardInterrupt
    return {"cores": run.image.n_cores}
