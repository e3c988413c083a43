"""The plain interpreter gives every value of every golden vector of a neuron program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conformance.program_arrays import run_program
from program_interpreter import interpret

from neurochip import LOIHI2
from neurochip.programs import PROGRAMS

VECTORS = sorted((Path(__file__).parent / "programs").glob("*.npz"))
FEW = 40  # neurons for the interpreter on plain integers


def parts(path):
    """Program, inputs, parameters, reset and expected values of a vector."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = dict(stored)
    program = PROGRAMS[str(arrays["program"])](LOIHI2.core, *arrays.get("options", []))
    shift = LOIHI2.core.weight_shift
    inputs = [arrays[key].astype(int) << shift for key in ("input_0", "input_1") if key in arrays]
    reset = [arrays[key] for key in ("reset_interval", "reset_offset") if key in arrays]
    parameters, expected = (
        {key.removeprefix(kind): arrays[key] for key in arrays if key.startswith(kind)}
        for kind in ("parameter_", "expected_")
    )
    return program, inputs, parameters, reset or None, expected


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_an_interpreter_on_arrays_gives_every_value(path):
    program, inputs, parameters, reset, expected = parts(path)
    assert set(parameters) == set(program.parameters)
    found = run_program(program, inputs, parameters, reset)
    assert {name: int((found[name] != values).sum()) for name, values in expected.items()} == (
        dict.fromkeys(expected, 0)
    )


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_the_interpreter_on_plain_integers_gives_the_values_of_some_neurons(path):
    program, inputs, parameters, reset, expected = parts(path)
    steps, neurons = inputs[0].shape
    for neuron in range(0, neurons, max(1, neurons // FEW)):
        start = dict.fromkeys(program.state, 0)
        registers = start | {name: int(each[neuron]) for name, each in parameters.items()}
        for step in range(steps):
            if reset and step % int(reset[0][neuron]) == int(reset[1][neuron]):
                registers |= start
            arrived = [int(each[step, neuron]) for each in inputs]
            registers |= dict(zip(program.inputs, arrived, strict=True))
            payload, _ = interpret(program.rows, registers)
            found = registers | {"payload": payload}
            wanted = {name: int(values[step, neuron]) for name, values in expected.items()}
            assert {name: found[name] for name in wanted} == wanted, (neuron, step)


def test_there_are_more_than_100_runs_of_others_and_all_networks_of_lava_dl():
    runs = values = 0
    for path in VECTORS:
        with np.load(path, allow_pickle=False) as stored:
            runs += len(np.unique(stored["run"])) if "run" in stored else 0
            values += sum(stored[key].size for key in stored if key.startswith("expected_"))
    assert (len(VECTORS), runs, values) == (29, 120, 534_173)
