"""The benchmark networks in Lava 0.10.0, bit-accurate CPU models: a worker as in ``peers.py``.

It needs Python 3.10 with ``lava-nc==0.10.0``. A run is one call of ``run`` with the processes
already built, spikes written into a ring buffer of the size of the run.
"""

# ruff: noqa: T201

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path

import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi1SimCfg
from lava.proc.dense.process import Dense
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source
from lava.proc.lif.process import LIF
from lava.proc.sparse.process import Sparse
from scipy.sparse import csr_matrix

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import workloads as w


class Model:
    """A network of Lava processes, and the buffer for its spikes."""

    def __init__(self, workload, spikes):
        self.n_steps = workload.n_steps
        recurrent = workload.kind == "recurrent"
        size = workload.neurons if recurrent else workload.out_degree
        net = w.recurrent(size, workload.out_degree) if recurrent else w.feedforward(workload)
        self.lif = LIF(
            shape=(size,),
            du=w.DECAY_U - 1,  # its models add one
            dv=w.DECAY_V,
            vth=w.THRESHOLD,
            bias_mant=net.bias if recurrent else 0,
            v=net.v_init if recurrent else 0,
        )
        if recurrent:
            shape = (size, size)
            by_source = csr_matrix((net.mantissa.astype(np.int32), net.target, net.indptr), shape)
            link = Sparse(weights=by_source.T.tocsr(), num_message_bits=1)
            self.lif.s_out.connect(link.s_in)
        else:
            link = Dense(weights=net.mantissa.T.astype(np.int32))
            given = np.zeros((workload.neurons, self.n_steps), dtype=np.int32)
            given[spikes["sources"], spikes["steps"]] = 1
            # A process receives messages of the same step, and synapses hold them for one step.
            self.source = Source(data=given)
            self.source.s_out.connect(link.s_in)
        link.a_out.connect(self.lif.a_in)
        self.sink = Sink(shape=(size,), buffer=self.n_steps)
        self.lif.s_out.connect(self.sink.a_in)
        self.lif.create_runtime(run_cfg=Loihi1SimCfg(select_tag="fixed_pt"))

    def run(self):
        begin = time.perf_counter()
        self.lif.run(condition=RunSteps(num_steps=self.n_steps))
        return time.perf_counter() - begin

    def raster(self):
        """Return steps and neurons of all spikes, ordered by step and neuron."""
        return [part.astype(np.int32) for part in np.nonzero(self.sink.data.get().T)]

    def stop(self):
        self.lif.stop()


def say(**answer):
    print(json.dumps(answer), flush=True)


def main():
    name, _, path = sys.argv[1:]
    workload = w.WORKLOADS[name]
    if workload.kind == "notebook":
        say(unavailable="it takes no physical units")
        return
    spikes = np.load(path)
    say(ready=True, version="0.10.0")
    for _ in sys.stdin:
        model = Model(workload, spikes)
        seconds = model.run()
        steps, ids = model.raster()
        model.stop()
        raster = hashlib.sha256(steps.tobytes() + ids.tobytes()).hexdigest()
        say(seconds=seconds, n_spikes=len(ids), raster=raster)


if __name__ == "__main__":
    main()
