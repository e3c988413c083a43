"""Deliberately wrong lines of the product: does the test that should notice one notice it?

Each row of the tables changes one line of the product and names a test. With the change, that test
must fail, by an assertion or by an error that the product raises on purpose; without it, it must
pass. So a rule of the product that no test holds cannot be in a table, and what is in a table stays
tested.
"""

from __future__ import annotations

import importlib.util
import os

import pytest
from mutation.foundry import Foundry
from mutation.tables import MUTANTS, changed

pytestmark = [
    pytest.mark.slow,  # so that -m "not slow" leaves them out, too
    pytest.mark.thorough,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="tests run in forks"),
]


def missing(mutant):
    """The package that the witness of a mutant needs and that is not installed, or None."""
    modules = {"brian2": "brian2", "nir": "nir", "pynn": "pyNN"}
    needs = [module for name, module in modules.items() if name in mutant.file]
    return next((name for name in needs if importlib.util.find_spec(name) is None), None)


@pytest.fixture(scope="module")
def foundry():
    with Foundry() as running:
        yield running


@pytest.mark.parametrize("file", dict.fromkeys(m.witness.split("::")[0] for m in MUTANTS))
def test_the_witnesses_of_a_file_pass_on_the_product_as_it_is(file, foundry):
    asked = [m.witness for m in MUTANTS if m.witness.startswith(f"{file}::") and not missing(m)]
    if not asked:
        pytest.skip("a package that they need is not installed")
    outcome = foundry.run(list(dict.fromkeys(asked)))
    assert (outcome.status, outcome.failed) == (0, {})


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.wrong)
def test_a_wrong_line_is_noticed(mutant, foundry):
    if missing(mutant):
        pytest.skip(f"{missing(mutant)} is not installed")
    module = mutant.file.removesuffix(".py").replace("/", ".")
    outcome = foundry.run(["-x", mutant.witness], module, changed(mutant))
    assert outcome.status == 1, f"{mutant.witness} does not notice it: {outcome}"
    assert not outcome.broken, f"the changed line broke the program instead: {outcome.failed}"
    (failed,) = outcome.failed
    assert failed.split("[")[0] == mutant.witness.split("[")[0]
