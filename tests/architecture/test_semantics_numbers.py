"""A search for "semantics 5.2" finds a rule of the core in the package, and in the slow model."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/core-semantics.md").read_text(encoding="utf-8")
MARK = re.compile(r"semantics (\d(?:\.\d)?)")
RULES = re.findall(r"^##+ (\d(?:\.\d)?)\.? ", PAGE, re.MULTILINE)


def marks(*paths):
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return {number for text in texts for number in MARK.findall(text)}


PACKAGE = marks(*(ROOT / "neurochip").rglob("*.py"))
ORACLE = marks(ROOT / "tests/oracle.py", ROOT / "tests/learning_oracle.py")


@pytest.mark.parametrize("where", [PACKAGE, ORACLE], ids=["package", "slow model"])
def test_every_rule_of_a_step_is_found_by_its_number(where):
    wanted = {"4", "7", *(number for number in RULES if number.startswith("5."))}
    assert len(wanted) == 10
    assert wanted - where == set()


def test_every_number_is_a_section_of_the_page():
    assert (PACKAGE | ORACLE) - set(RULES) == set()
