"""Neuron programs: small tables of integer operations that say what a neuron does in a step."""

from .library import PROGRAMS
from .operations import OPERATIONS, Operation
from .program import NeuronProgram

__all__ = ["OPERATIONS", "PROGRAMS", "NeuronProgram", "Operation"]
