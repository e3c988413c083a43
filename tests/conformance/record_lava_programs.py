"""Record golden vectors of neuron programs from the fixed-point models of Lava.

    python tests/conformance/record_lava_programs.py FOLDER

It needs Python 3.10 and lava-nc 0.10.0 (``pip install lava-nc==0.10.0``), and nothing of neurochip:
Lava is the only author of every expected value. For each model it draws random parameters and
inputs, runs Lava's own processes, and writes one ``.npz`` with the runs side by side: neurons
``N * r`` to ``N * (r + 1) - 1`` belong to run ``r``. Run ``r`` of model ``name`` draws from
``numpy.random.default_rng([SEED, model, r])``, so each run can be repeated alone.

A file holds the inputs as Lava's neurons receive them, which is in units of a mantissa, and
parameters under the names of the neuron program that they belong to.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.graded.process import GradedReluVec, GradedVec, NormVecDelay
from lava.proc.io.sink import Read
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source
from lava.proc.lif.process import LIF, LIFReset, TernaryLIF
from lava.proc.prodneuron.process import ProdNeuron
from lava.proc.rf.process import RF
from lava.proc.rf_iz.process import RF_IZ
from lava.proc.sdn.process import ActivationMode, Delta, Sigma, SigmaDelta

SEED = 20261130
RUNS = 8
NEURONS = 8
STEPS = 60
SOURCE = "lava-nc 0.10.0, fixed-point model of {}"


def sparse(rng, bits, density=0.4):
    """Inputs of (neurons, steps): most are 0, the others have up to ``bits`` bits."""
    high = 1 << int(rng.integers(1, bits + 1))
    values = rng.integers(-high, high, (NEURONS, STEPS))
    return np.where(rng.random((NEURONS, STEPS)) < density, values, 0)


def decay(rng):
    """Decay register of 12 bits: both ends, long and short time constants."""
    return int(rng.choice([0, 1, 4095, rng.integers(0, 4096), rng.integers(0, 400)]))


def lif_registers(rng):
    return {
        "du": decay(rng),
        "dv": decay(rng),
        "bias_mant": rng.integers(-4096, 4096, NEURONS) * int(rng.integers(0, 2)),
        "bias_exp": int(rng.integers(0, 8)),
    }


def lif_parameters(registers):
    return {
        "keep_u": 4096 - registers["du"] - 1,
        "keep_v": 4096 - registers["dv"],
        "bias": registers["bias_mant"] << registers["bias_exp"],
        "vmin": -(2**23) + 1,
        "vmax": 2**23 - 1,
    }


def lif(rng):
    registers = lif_registers(rng) | {"vth": int(2 ** rng.uniform(0, 16.9))}
    parameters = lif_parameters(registers)
    parameters |= {"threshold": registers["vth"] << 6, "refractory": 1}
    return registers, parameters, [sparse(rng, 13)], {}


def lif_periodic(rng):
    registers, parameters, inputs, _ = lif(rng)
    period = int(rng.integers(1, 20))
    offset = int(rng.integers(0, period))
    registers |= {"reset_interval": period, "reset_offset": offset}
    # Lava counts steps from 1.
    return registers, parameters, inputs, {"interval": period, "offset": (offset - 1) % period}


def ternary(rng):
    registers = lif_registers(rng)
    registers["vth_hi"] = int(2 ** rng.uniform(0, 16.9))
    registers["vth_lo"] = -int(2 ** rng.uniform(0, 16.9))
    parameters = lif_parameters(registers)
    parameters["threshold_high"] = registers["vth_hi"] << 6
    parameters["threshold_low"] = registers["vth_lo"] << 6
    return registers, parameters, [sparse(rng, 13)], {}


def coding(rng):
    spike_exp, state_exp = int(rng.integers(0, 7)), int(rng.integers(0, 7))
    vth = int(rng.integers(0, 1 << int(rng.integers(1, 8))))
    registers = {"vth": vth, "spike_exp": spike_exp, "state_exp": state_exp}
    shift = spike_exp + state_exp
    return registers, {"threshold": vth << shift, "state_exponent": state_exp}, shift


def delta(rng):
    registers, parameters, shift = coding(rng)
    # The level that is encoded wanders, as the values of a sensor do.
    level = np.cumsum(sparse(rng, 23 - shift - 4), axis=1)
    level = np.clip(level, -(2 ** (22 - shift)), 2 ** (22 - shift) - 1)
    return registers, parameters | {"input_exponent": shift}, [level], {}


def sigma_delta(rng):
    registers, parameters, shift = coding(rng)
    bias = rng.integers(-64, 64, NEURONS)
    registers |= {"bias": bias, "act_mode": ActivationMode.RELU}
    return registers, parameters | {"bias": bias << shift}, [sparse(rng, 17)], {}


def sigma_delta_identity(rng):
    registers, parameters, inputs, more = sigma_delta(rng)
    return registers | {"act_mode": ActivationMode.UNIT}, parameters, inputs, more


def sigma(rng):
    return {}, {}, [sparse(rng, 17)], {}


def resonator(rng):
    exponent = int(rng.integers(0, 8))
    registers = {
        "period": float(rng.uniform(2.5, 40)),
        "alpha": float(rng.choice([0.0, rng.uniform(0, 0.3)])),
        "state_exp": exponent,
        "decay_bits": 12,
        "vth": int(2 ** rng.uniform(0, 12)),
    }
    keep = (1 - registers["alpha"]) * 4096
    angle = 2 * np.pi / registers["period"]
    parameters = {
        "keep_cos": int(np.int32(keep * np.cos(angle))),
        "keep_sin": int(np.int32(keep * np.sin(angle))),
        "threshold": registers["vth"] << exponent,
        "input_exponent": exponent,
    }
    return registers, parameters, [sparse(rng, 15), sparse(rng, 15)], {}


def graded_vector(rng):
    vth = int(2 ** rng.uniform(0, 18)) - 1
    return {"vth": vth}, {"threshold": vth}, [sparse(rng, 22)], {}


def product(rng):
    bits = int(rng.integers(0, 9))
    vth = int(2 ** rng.uniform(0, 12)) - 1
    parameters = {"threshold": vth, "exponent": bits}
    return {"vth": vth, "exp": bits}, parameters, [sparse(rng, 11, 0.8), sparse(rng, 12, 0.8)], {}


def product_of_last(rng):
    vth = int(2 ** rng.uniform(0, 12)) - 1
    return {"vth": vth}, {"threshold": vth}, [sparse(rng, 11, 0.8), sparse(rng, 12, 0.8)], {}


U_V = {"u": "u", "v": "v"}
CODED = {"act": "act", "residue": "residue"}
COMPLEX = {"real": "re", "imag": "im"}
A, AB, RE_IM = (["a_in"], ["a_in1", "a_in2"], ["a_real_in", "a_imag_in"])
# name of the file: program, process, its ports, its variables and the registers that they are, and
# the draw of registers, parameters, inputs and periodic reset
MODELS = {
    "lif": ("lif", LIF, A, U_V, lif),
    "lif_periodic": ("lif", LIFReset, A, U_V, lif_periodic),
    "ternary": ("ternary", TernaryLIF, A, U_V, ternary),
    "delta": ("delta", Delta, A, CODED, delta),
    "sigma_delta": ("sigma_delta", SigmaDelta, A, {"sigma": "sigma"} | CODED, sigma_delta),
    "sigma_delta_identity": (
        "sigma_delta_identity", SigmaDelta, A, {"sigma": "sigma"} | CODED, sigma_delta_identity
    ),
    "sigma": ("sigma", Sigma, A, {"sigma": "sigma"}, sigma),
    "resonate_and_fire": ("resonate_and_fire", RF, RE_IM, COMPLEX, resonator),
    "rf_izhikevich": ("rf_izhikevich", RF_IZ, RE_IM, COMPLEX, resonator),
    "graded_vector": ("graded_vector", GradedVec, A, {}, graded_vector),
    "graded_relu": ("graded_relu", GradedReluVec, A, {}, graded_vector),
    "graded_product": ("graded_product", ProdNeuron, AB, {}, product),
    "graded_product_of_last": (
        "graded_product_of_last", NormVecDelay, AB, {"v": "last"}, product_of_last
    ),
}  # fmt: skip


def run(process, ports, variables, registers, inputs):
    """Run one population in Lava; return its variables and output as (steps, neurons)."""
    cells = process(shape=(NEURONS,), **registers)
    for port, data in zip(ports, inputs, strict=True):
        Source(data=data.astype(np.int32)).s_out.connect(getattr(cells, port))
    sink = Sink(shape=(NEURONS,), buffer=STEPS)
    cells.s_out.connect(sink.a_in)
    readers = {}
    for variable in variables:
        readers[variable] = Read(buffer=STEPS)
        readers[variable].connect_var(getattr(cells, variable))
    cells.run(condition=RunSteps(num_steps=STEPS), run_cfg=Loihi2SimCfg(select_tag="fixed_pt"))
    found = {"payload": sink.data.get().T}
    found |= {variables[name]: reader.data.get().T for name, reader in readers.items()}
    cells.stop()
    return {name: values.astype(np.int64) for name, values in found.items()}


def record(name, folder):
    """Record all runs of a model and write them as one file."""
    program, process, ports, variables, draw = MODELS[name]
    columns: dict[str, list] = {}
    for index in range(RUNS):
        rng = np.random.default_rng([SEED, list(MODELS).index(name), index])
        registers, parameters, inputs, reset = draw(rng)
        expected = run(process, ports, variables, registers, inputs)
        row = {f"parameter_{key}": np.full(NEURONS, value) for key, value in parameters.items()}
        row |= {f"reset_{key}": np.full(NEURONS, value) for key, value in reset.items()}
        row |= {f"input_{port}": data.T for port, data in enumerate(inputs)}
        row |= {f"expected_{key}": values for key, values in expected.items()}
        row["run"] = np.full(NEURONS, index)
        for key, value in row.items():
            columns.setdefault(key, []).append(value)
    arrays = {key: smallest(np.concatenate(values, axis=-1)) for key, values in columns.items()}
    np.savez_compressed(
        Path(folder) / f"lava_{name}.npz",
        program=program,
        source=SOURCE.format(process.__name__),
        seed=[SEED, list(MODELS).index(name)],
        **arrays,
    )
    silent = (arrays["expected_payload"] == 0).mean()
    print(f"{name:24} {RUNS} runs, {100 - 100 * silent:.0f} % of the outputs are not 0")


def smallest(values):
    """The values in the narrowest type that holds them."""
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= values.min() and values.max() <= np.iinfo(kind).max:
            return values.astype(kind)
    raise ValueError("a value has more than 32 bits")


if __name__ == "__main__":
    for model in MODELS:
        record(model, sys.argv[1])
