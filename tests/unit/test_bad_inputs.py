"""What means nothing is refused with one message, whatever it is and wherever it is given."""

from __future__ import annotations

import bad_inputs
import pytest
from bad_input_calls import calls

import neurochip

pytestmark = pytest.mark.slow

MODULES = (  # homes of public names
    "neurochip.chip.spec",
    "neurochip.network",
    "neurochip.stimulus",
    "neurochip.recording",
    "neurochip.image.program",
    "neurochip.programs",
    "neurochip.emulator",
    "neurochip.reference",
    "neurochip.validation",
    "neurochip.learned",
    "neurochip.attribution",
    "neurochip.tuning",
    "neurochip.mapping",
    "compiler",
)
RESULTS = {  # made by the functions of the table, and enumerations
    *("ActivityComparison", "Answer", "Attribution", "Calibration", "Comparison", "Conclusion"),
    *("DistributionComparison", "DtCandidate", "DtChoice", "EnergyEstimate", "Equivalence"),
    *("ErrorSplit", "FitReport", "FitRow", "MappingReport", "MetricTotal"),
    *("PopulationComparison", "RateError", "SignMode", "SourceEffect", "Traffic", "Trim"),
    *("LearningAttribution", "LearningEffect", "LearningTotal"),
    *("ConnectionLearning", "LearningComparison", "LearningWindow", "MeanWeights", "WeightError"),
    *("NoiseFloor", "Origin", "Verdict"),
    "Option",  # of the table of options; CompileOptions checks values by it
    "Operation",  # a row of OPERATIONS
    "Cost",  # a pair; CostTable checks it
}


@pytest.fixture(scope="module")
def table():
    return calls()


def test_every_public_function_and_class_stands_in_the_table(table):
    listed = {call.name.split(".")[0] for call in table}
    for home in MODULES:
        for name in neurochip._HOMES[home]:
            if callable(getattr(neurochip, name)):
                assert name in listed | RESULTS, f"{home}.{name}"


def test_every_call_of_the_table_is_right(table):
    for call in table:
        if not call.name.startswith("Recording with"):  # which is nothing without its part
            call()


def test_what_an_argument_may_well_be_is_accepted(table):
    for call in table:
        for argument, fine in call.fine.items():
            for name in sorted(fine):
                found = bad_inputs.outcome(call, argument, name)
                assert found.startswith("accepted"), f"{call.name}({argument}={name}): {found}"


def test_what_means_nothing_is_answered_by_one_clear_message(table):
    lines, others = bad_inputs.table(table)
    assert others == []
    tried = int(lines[-1].split()[1])
    assert tried >= 500
    assert len(lines) == 2 + len(bad_inputs.VALUES)
