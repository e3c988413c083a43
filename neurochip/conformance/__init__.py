"""Conformance check: the emulator repeats recorded runs of other emulators bit for bit."""

from .check import VECTOR_CHIP, Difference, check_case, image_of, run_case
from .learning_check import LearningAgreement, check_learning_case, run_learning_case
from .learning_vectors import LearningCase, holds_learning, load_learning_case
from .program_check import Agreement, check_program_case, program_image_of
from .program_vectors import ProgramCase, holds_program, load_program_case
from .vectors import PEERS, Case, Output, load_case

__all__ = [
    "PEERS",
    "VECTOR_CHIP",
    "Agreement",
    "Case",
    "Difference",
    "LearningAgreement",
    "LearningCase",
    "Output",
    "ProgramCase",
    "check_case",
    "check_learning_case",
    "check_program_case",
    "holds_learning",
    "holds_program",
    "image_of",
    "load_case",
    "load_learning_case",
    "load_program_case",
    "program_image_of",
    "run_case",
    "run_learning_case",
]
