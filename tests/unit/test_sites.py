"""The curve along which cores are laid on the mesh."""

from __future__ import annotations

import numpy as np
import pytest

from compiler.placement.sites import _curve
from neurochip import LOIHI
from neurochip.chip.mesh import Sites


@pytest.mark.parametrize("chips", [1, 2, 4])
def test_the_curve_goes_from_tile_to_neighbour(chips):
    chip = LOIHI.what_if(chips=chips)
    curve = _curve(chips * chip.cores, chip)
    assert sorted(curve.tolist()) == list(range(chips * chip.cores))
    at = Sites.of(curve, chip.cores, chip.mesh)
    hops = np.abs(np.diff(at.x)) + np.abs(np.diff(at.y))
    within = np.arange(1, len(curve)) % chip.cores != 0
    assert hops[within].max() <= 1
