"""The LIF neuron of the core, and the same neuron as a program: the same integers."""

from __future__ import annotations

import dataclasses

import numpy as np
import oracle
from conformance.random_images import random_case
from program_interpreter import interpret

from neurochip.image.lif_group import lif_group

CASES = 150


class Programmed(oracle.Rules):
    """The oracle, whose neurons run the program ``lif`` on the interpreter."""

    def __init__(self, group):
        self.rows, names = group.program.rows, list(group.program.parameters)
        self.parameters = [
            dict(zip(names, column, strict=True)) for column in group.parameters.T.tolist()
        ]
        self.of = {}

    def update(self, cell, arriving, to_current, to_membrane):
        number = self.of.setdefault(id(cell), len(self.of))  # cells are updated in their order
        a = self.accumulate(cell, arriving)
        registers = {"u": cell.u, "v": cell.v, "held": cell.held, "a": a}
        registers |= self.parameters[number]
        payload, _ = interpret(self.rows, registers)
        cell.u, cell.v, cell.held = registers["u"], registers["v"], registers["held"]
        return payload == 1, []


def plain_cases(n, seed):
    """Random cases without noise, of the first-generation chip, of others, and of every rule."""
    rng = np.random.default_rng(seed)
    return [dataclasses.replace(random_case(rng, budget=600), noise=None) for _ in range(n)]


def test_the_program_lif_gives_the_integers_of_the_oracle():
    for case in plain_cases(CASES, 1):
        image = case.image()
        ids = np.arange(case.size, dtype=np.int32)
        programmed = Programmed(lif_group(image.compartments, ids, case.chip.core))
        found, right = case.run_oracle(programmed), case.run_oracle()
        assert found.spikes == right.spikes
        assert found.u == right.u
        assert found.v == right.v
