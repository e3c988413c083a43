"""Print the lowest versions that pyproject.toml allows, as constraints for pip.

    python .ci/lowest.py > lowest.txt && pip install -c lowest.txt -e ".[test]"

Every ``package>=1.2; marker`` becomes ``package==1.2; marker``.
"""

from __future__ import annotations

import re
import sys
import tomllib
from itertools import chain
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
LOWER = re.compile(r"([\w.-]+)>=([\w.]+)(.*)")
# A package that the lowest versions need may be too new for them. Matplotlib before 3.10.8 calls
# functions that pyparsing 3.3 warns of, and warnings are errors in the tests.
OTHERS = ("pyparsing<3.3",)

project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
requirements = chain(project["dependencies"], *project["optional-dependencies"].values())
lowest = {f"{found[1]}=={found[2]}{found[3]}" for found in map(LOWER.match, requirements) if found}
sys.stdout.write("\n".join([*sorted(lowest), *OTHERS]) + "\n")
