"""Files that were damaged, edited or made up: one message, or what was written; nothing else."""

from __future__ import annotations

import pytest
from damaged_files import KINDS, count

pytestmark = pytest.mark.slow

NEEDS_H5PY = 'needs the extra: pip install "neurochip[sonata]"'


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_damage_is_refused_in_words_or_changes_nothing(tmp_path, kind):
    """One in eleven of what ``python tests/damaged_files.py`` does to each kind of file."""
    if kind.name.endswith("SONATA"):
        pytest.importorskip("h5py", reason=NEEDS_H5PY)
    found, faults = count(kind, tmp_path, stride=11)
    assert faults == []
    assert found["refused"] >= 9
    assert found["tried"] == found["refused"] + found["unchanged"] + found["other content"]
    if kind.checked:
        assert found["other content"] == 0
