"""Random neuron programs: what is proved of each before it runs holds when it runs."""

from __future__ import annotations

import numpy as np
import pytest
from program_interpreter import MEANING
from random_programs import random_program, random_run, run_interpreter, width

from neurochip.programs import OPERATIONS, NeuronProgram

PROGRAMS = 500


@pytest.fixture(scope="module")
def programs():
    rng = np.random.default_rng(22)
    return [random_program(rng) for _ in range(PROGRAMS)]


def test_random_programs_use_every_operation_in_many_ways(programs):
    counts = dict.fromkeys(OPERATIONS, 0)
    for program in programs:
        for row in program.rows:
            counts[row[1]] += 1
    assert min(counts.values()) >= 80
    assert {len(program.inputs) for program in programs} == {1, 2}
    assert {len(program.state) for program in programs} == {0, 1, 2, 3}
    assert {program.payload_bits > 0 for program in programs} == {True, False}


def seen_by_rows(program, run):
    """The lowest and the highest result of each row in a run of the interpreter."""
    seen = [[] for _ in program.rows]
    index = iter(())

    def noting(function):
        def noted(*values):
            result = function(*values)
            seen[next(index)].append(result)
            return result

        return noted

    noticed = {name: noting(function) for name, function in MEANING.items()}
    index = (i for _ in iter(int, 1) for i in range(len(program.rows)))
    run_interpreter(program, *run, noticed)
    return [(min(results), max(results)) for results in seen]


@pytest.mark.parametrize("bits", [22, 31])
def test_no_value_leaves_the_range_of_its_row(programs, bits):
    rng = np.random.default_rng(bits)
    for program in programs:
        run = random_run(program, rng, size=6, n_steps=3, bits=bits)
        ranges = program.ranges(bits)
        for (low, high), (lowest, highest) in zip(ranges, seen_by_rows(program, run), strict=True):
            assert low <= lowest, program
            assert highest <= high, program


def test_state_and_payload_stay_within_their_widths(programs):
    rng = np.random.default_rng(5)
    for program in programs:
        states, payloads, _ = run_interpreter(program, *random_run(program, rng))
        for register, bits in enumerate(program.state.values()):
            low, high = width(bits)
            assert low <= states[:, register].min() <= states[:, register].max() <= high, program
        low, high = width(program.payload_bits) if program.payload_bits else (0, 1)
        assert low <= payloads.min() <= payloads.max() <= high, program


@pytest.mark.parametrize("edge", [(-5, 8), (-9, -4), (3, 7)])
def test_the_ranges_are_reached_by_some_values(edge):
    """Bounds that were merely huge would say nothing: those of each operation are exact here."""
    kinds = {"shift": (1, 3), "divisor": (3, 4), "bits": (4, 4), "c": (0, 1)}
    for name, operation in OPERATIONS.items():
        given = [kinds.get(kind, edge) for kind in operation.operands]
        if "c" not in operation.operands and len(given) > 1 and given[1] == edge:
            given[1] = (edge[0] - 2, edge[1] + 3)
        grids = np.meshgrid(*(np.arange(low, high + 1) for low, high in given), indexing="ij")
        columns = zip(*(grid.ravel().tolist() for grid in grids), strict=True)
        results = [MEANING[name](*values) for values in columns]
        low, high = operation.bounds(*given)
        assert low <= min(results) <= max(results) <= high, name
        if name != "and":
            assert (low, high) == (min(results), max(results)), name


def test_programs_survive_their_integers(programs):
    for program in programs:
        back = NeuronProgram.from_integers(
            program.table,
            program.constants,
            temporaries=program.temporaries,
            name=program.name,
            inputs=program.inputs,
            state=program.state,
            parameters=program.parameters,
            payload_bits=program.payload_bits,
        )
        assert back == program
        assert np.array_equal(back.table, program.table)
