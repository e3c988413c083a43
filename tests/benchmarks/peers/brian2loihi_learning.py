"""Plastic synapses in brian2-loihi 0.5.2: a worker as in ``learning.py``.

It needs Python 3.11 or older with ``brian2-loihi==0.5.2``, ``brian2==2.6.0``, ``numpy==1.23.5`` and
Cython. The spikes of both sides are given; the code is compiled before the first run.
"""

# ruff: noqa: T201

from __future__ import annotations

import sys
import time

import brian2 as b2
import brian2_loihi as bl
import numpy as np


def main(path):
    with np.load(path) as given:
        n_steps, size = int(given["n_steps"]), int(given["size"])
        sides = [(given[f"ids_{side}"], given[f"steps_{side}"]) for side in ("pre", "post")]
    b2.prefs.codegen.target = "cython"
    net = bl.LoihiNetwork()
    (ids, steps), spikes = sides[0], np.zeros((n_steps, size))
    source = b2.SpikeGeneratorGroup(size, ids, steps * b2.ms, period=n_steps * b2.ms)
    spikes[sides[1][1], sides[1][0]] = 1.0
    # Synapses need targets that have a current; these spike when they are told to.
    told = b2.TimedArray(spikes, dt=1 * b2.ms)
    cells = b2.NeuronGroup(
        size,
        "I : 1",
        threshold=f"told(t % ({n_steps} * ms), i) > 0",
        namespace={"told": told},
    )
    synapses = bl.LoihiSynapses(
        source,
        cells,
        dw="2^-1*y0*x1 - 2^-1*x0*y1",
        imp_x1=16, tau_x1=20, imp_y1=16, tau_y1=20,
        sign_mode=bl.synapse_sign_mode.EXCITATORY,
    )  # fmt: skip
    synapses.connect()
    synapses.w = 128
    net.add(source, cells, synapses)
    net.run(1)  # compiled
    for _ in sys.stdin:
        began = time.perf_counter()
        net.run(n_steps)
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
