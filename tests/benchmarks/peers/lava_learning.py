"""Plastic synapses in Lava 0.10.0, bit-accurate CPU models: a worker as in ``learning.py``.

It needs Python 3.10 with ``lava-nc==0.10.0``. The spikes of both sides are given; all processes are
built before the first run.
"""

# ruff: noqa: T201

from __future__ import annotations

import sys
import time

import numpy as np
from lava.magma.core.learning.learning_rule import Loihi2FLearningRule
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.dense.process import LearningDense
from lava.proc.io.source import RingBuffer as Source

RULE = {"x1_impulse": 16, "x1_tau": 20, "y1_impulse": 16, "y1_tau": 20, "t_epoch": 1}


def main(path):
    with np.load(path) as given:
        n_steps, size = int(given["n_steps"]), int(given["size"])
        sides = [(given[f"steps_{side}"], given[f"ids_{side}"]) for side in ("pre", "post")]
    sources = []
    for steps, ids in sides:
        spikes = np.zeros((size, n_steps), dtype=np.int32)
        spikes[ids, steps] = 1
        sources.append(Source(data=spikes))
    dense = LearningDense(
        weights=np.full((size, size), 128),
        learning_rule=Loihi2FLearningRule(dw="2^-1*y0*x1 - 2^-1*x0*y1", **RULE),
    )
    sources[0].s_out.connect(dense.s_in)
    sources[1].s_out.connect(dense.s_in_bap)
    config = Loihi2SimCfg(select_tag="fixed_pt")
    dense.run(condition=RunSteps(num_steps=1), run_cfg=config)  # built
    for _ in sys.stdin:
        began = time.perf_counter()
        dense.run(condition=RunSteps(num_steps=n_steps), run_cfg=config)
        print(time.perf_counter() - began, flush=True)
    dense.stop()


if __name__ == "__main__":
    main(sys.argv[1])
