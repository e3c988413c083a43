"""Neuron programs: small tables of integer operations that say what a neuron does in a step."""

from .library import PROGRAMS
from .operations import OPERATIONS, Operation
from .program import NeuronProgram
from .real import simulate_program

__all__ = ["OPERATIONS", "PROGRAMS", "NeuronProgram", "Operation", "simulate_program"]
