"""Neuron programs: small tables of integer operations that say what a neuron does in a step."""

from . import sections as sections  # describes the results for notebooks
from .library import PROGRAMS
from .operations import OPERATIONS, Operation
from .program import NeuronProgram
from .real import simulate_program

__all__ = ["OPERATIONS", "PROGRAMS", "NeuronProgram", "Operation", "simulate_program"]
