"""Read a NIR graph as the simulators that write such graphs run it.

Question: does a NIR graph spike on the chip at the same steps as in the simulator that wrote it?
Answer: yes, if it is read in the convention of that simulator, which the file does not store. The
neuron of the NIR paper (tau 2.5 ms, threshold 0.1, steps of 0.1 ms) spikes at steps 460, 510, 710
and 760 in Norse, snnTorch and Nengo, and one step later in Lava and on Loihi 2, which use one step
for the input. The float64 reference and the emulated chip do the same. If an input spike is read as
a Dirac pulse of area 1, as in the equations, or as a jump of 1, as stored, each of the 34 input
spikes is far above the threshold.

Without an argument the script writes the graph of paper/01_lif/lif_norse.nir in
github.com/neuromorphs/NIR. With the path of that file as argument, it reads the file.

    python examples/10_nir_graph.py
    python examples/10_nir_graph.py lif_norse.nir
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import nir
import numpy as np

from neurochip import Emulator, compile_network, read_nir, simulate_reference

DT = 1e-4  # s
INPUT_STEPS = 10 * np.r_[6, 22, 27, 31, 32, 35, 37, 40, 41, 43:54, 67:79, 84, 85]
WAYS = (
    {"convention": "norse"},
    {"convention": "snntorch"},
    {"convention": "nengo"},
    {"convention": "lava"},
    {"convention": "norse", "kick": "stored"},
    {"convention": "exact"},
)


def write_graph(path: Path) -> None:
    """Write the neuron of the first task of the NIR paper."""
    one = np.ones(1)
    neuron = nir.LIF(
        tau=0.0025 * one, r=one, v_leak=0 * one, v_threshold=0.1 * one, v_reset=0 * one
    )
    nir.write(path, nir.NIRGraph.from_list(nir.Affine(np.ones((1, 1)), 0 * one), neuron))


def show(path: Path) -> None:
    """Run the graph in every convention, with the input of the NIR paper."""
    counts = np.zeros((1000, 1), dtype=int)
    counts[INPUT_STEPS] = 1
    print(f"{len(INPUT_STEPS)} input spikes in {len(counts)} steps of {1e3 * DT:g} ms")
    for way in WAYS:
        model = read_nir(path, DT, v_reset=0.0, **way)  # old NIR files store no reset
        stimulus, (name,) = model.stimulus(counts), model.outputs
        image = compile_network(model.network)
        chip = Emulator(image).run(stimulus)
        reference = simulate_reference(model.network, stimulus)
        jump = float(model.network.connections[0].weight[0])
        steps = chip.steps[name].tolist()
        shown = f"steps {steps}" if len(steps) < 10 else f"{len(steps)} spikes"
        same = np.array_equal(chip.steps[name], reference.steps[name])
        told = ", ".join(f"{key} {value}" for key, value in way.items())
        print(f"{told:28} jump {jump:8.4g}: {shown}; reference {'the same' if same else 'differs'}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("graph", nargs="?")
    given = parser.parse_args().graph
    if given:
        show(Path(given))
    else:
        with tempfile.TemporaryDirectory() as folder:
            graph = Path(folder) / "graph.nir"
            write_graph(graph)
            show(graph)
