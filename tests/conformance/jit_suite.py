"""Digests of a few runs; as a script, with kernels as plain Python where JIT is off.

``NUMBA_DISABLE_JIT=1 PYTHONPATH=tests python tests/conformance/jit_suite.py`` prints them.
"""

from __future__ import annotations

import hashlib
import json
import sys

import numba
import numpy as np
import oracle
from conformance.images import THREADS
from conformance.load import VECTORS, load_case
from conformance.random_images import RandomCase, random_case

import compiler
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    Uniform,
    draw_stimulus,
    fixed_probability,
)
from neurochip.conformance import run_case
from neurochip.emulator import Emulator
from neurochip.recording import Recording
from neurochip.reference import simulate_reference

__all__ = ["suite"]

VECTOR_NAMES = (
    "000_pop_base_0",
    "010_pop_wlossy_0",
    "015_pop_vsat_0",
    "018_pop_uovf_0",
    "021_pop_qovf_0",
    "027_pop_refr_2",
    "030_pop_delay_0",
    "034_pop_noise_0",
    "042_pop_ubias_0",
)
RANDOM_IMAGES = 25


def digest(recording: Recording) -> str:
    """SHA-256 over all spikes and traces, and the counters."""
    summary = hashlib.sha256(repr(sorted(recording.counters.items())).encode())
    for name in recording.populations:
        for array in (recording.steps[name], recording.ids[name]):
            summary.update(np.ascontiguousarray(array, dtype=np.int64).tobytes())
    for key in sorted(recording.traces):
        values = recording.traces[key].values
        summary.update(f"{key} {values.dtype} {values.shape}".encode() + values.tobytes())
    return summary.hexdigest()


def suite() -> dict[str, str]:
    """Run vectors, random images, an image of several blocks, and a network both ways."""
    found = {}
    for name in VECTOR_NAMES:
        case = load_case(VECTORS / f"public_{name}.npz")
        found[name] = digest(run_case(case, threads=1))
    cases = {
        f"image {k}": random_case(np.random.default_rng([41, k]), budget=200)
        for k in range(RANDOM_IMAGES)
    }
    cases["blocks"] = several_blocks()
    for name, drawn in cases.items():
        # Two threads also without JIT, where the parallel loop is an ordinary one.
        emulator = Emulator(
            drawn.image(), threads=THREADS[-1] if name == "blocks" else 1, warn=False
        )
        recording = emulator.run_steps(
            drawn.n_steps, *drawn.emulator_inputs(), noise=drawn.draws, record=["u", "v"]
        )
        found[name] = digest(recording)
    network = small_network()
    stimulus = draw_stimulus(network, 50.0, 3)
    record = ["v"]
    found["reference"] = digest(simulate_reference(network, stimulus, 0.5, record=record))
    image = compiler.compile_network(network, LOIHI, dt=0.5)
    found["network"] = digest(Emulator(image, threads=1, warn=False).run(stimulus, record=record))
    return found


def several_blocks() -> RandomCase:
    """Return an image with delays of 62 steps (1,024 compartments per block), noise, dense rows."""
    rng = np.random.default_rng(42)
    size, steps = 1500, 5
    dense = [(0, target, int(rng.integers(0, 128)) * 2, 1) for target in range(size)]
    sparse = [
        (int(pre), int(target), int(mantissa) * 2, int(delay))
        for pre, target, mantissa, delay in zip(
            rng.integers(0, size, 3000),
            rng.integers(0, size, 3000),
            rng.integers(-100, 100, 3000),
            rng.choice([0, 1, 2, 62], 3000),
            strict=True,
        )
    ]
    return RandomCase(
        chip=LOIHI,
        core_size=1024,
        n_inputs=1,
        n_steps=steps,
        registers={
            "decay_u": rng.integers(0, 4096, size).tolist(),
            "decay_v": rng.integers(0, 4096, size).tolist(),
            "threshold_mantissa": rng.integers(0, 300, size).tolist(),
            "bias_mantissa": rng.integers(-500, 3000, size).tolist(),
            "refractory": rng.integers(1, 5, size).tolist(),
            "v_init": rng.integers(-5000, 5000, size).tolist(),
        },
        formats=[("input", 2, 8, oracle.EXCITATORY), ("neuron", 3, 8, oracle.MIXED)],
        synapses=[dense, sparse],
        inputs=[(0, 0), (2, 0)],
        noise=oracle.Noise(11, 0, 1, rng.integers(0, 2, size).tolist(), seed=2**63 - 99),
    )


def small_network() -> Network:
    """Poisson input, delta synapses and currents, delays, a refractory period."""
    membrane = {"tau_m": 10.0, "v_rest": -70.0, "v_reset": -65.0, "v_thresh": -50.0}
    source = PoissonInput("source", 10, rate=200.0)
    kicked = Population("kicked", 12, LIF(**membrane, tau_refrac=2.0))
    driven = Population("driven", 8, LIF(**membrane, tau_refrac=1.0, tau_syn=5.0, cm=1.0))

    def connect(pre, post, low, high, seed, delay=0.0):
        weight = Uniform(low, high)
        return fixed_probability(pre, post, 0.5, weight=weight, delay=delay, seed=seed)

    return Network(
        inputs=[source],
        populations=[kicked, driven],
        connections=[
            connect(source, kicked, 2.0, 6.0, 1),
            connect(kicked, driven, 1.0, 3.0, 2, delay=1.5),
            connect(driven, kicked, -3.0, 3.0, 3, delay=4.0),
        ],
    )


if __name__ == "__main__":
    json.dump({"jit": not numba.config.DISABLE_JIT, "digests": suite()}, sys.stdout)
