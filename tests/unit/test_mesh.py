"""Sites, hops, chip borders and the load of links."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip import LOIHI
from neurochip.chip.mesh import MeshSpec, Sites, link_loads
from neurochip.errors import SpecError


def at(sites, cores=128, **mesh):
    return Sites.of(np.array(sites), cores, MeshSpec(**mesh))


def test_four_cores_share_a_tile_and_eight_tiles_are_a_row():
    sites = at([0, 3, 4, 31, 32, 127])
    assert sites.x.tolist() == [0, 0, 1, 7, 0, 7]
    assert sites.y.tolist() == [0, 0, 0, 0, 1, 3]
    assert sites.chip.tolist() == [0] * 6


def test_chips_lie_side_by_side_and_then_in_rows():
    sites = at([128, 256, 384], chip_columns=2)
    assert sites.chip.tolist() == [1, 2, 3]
    assert sites.x.tolist() == [8, 0, 8]
    assert sites.y.tolist() == [0, 4, 4]


def test_hops_are_counted_by_axis():
    sites = at([0, 127])
    east_west, north_south = sites.hops(np.array([0]), np.array([1]))
    assert (east_west.tolist(), north_south.tolist()) == ([7], [3])


def test_a_message_goes_along_its_row_first():
    sites = at([0, 4 * (8 + 2)])  # tile (0, 0) and tile (2, 1)
    east_west, north_south = link_loads(
        sites, np.array([0, 1]), np.array([1, 0]), np.array([3.0, 1])
    )
    assert east_west[0].tolist() == [[3, 3], [0, 0]]  # there: along row 0, up column 2
    assert north_south[0].tolist() == [[0, 0, 3]]
    assert east_west[1].tolist() == [[0, 0], [1, 1]]  # back: along row 1, down column 0
    assert north_south[1].tolist() == [[1, 0, 0]]


def test_the_loads_of_all_links_add_up_to_all_hops():
    rng = np.random.default_rng(1)
    sites = at(rng.permutation(512)[:40], chip_columns=2)
    a, b = rng.integers(0, 40, (2, 300))
    messages = rng.uniform(0, 5, 300)
    east_west, north_south = link_loads(sites, a, b, messages)
    hops = sites.hops(a, b)
    assert np.isclose(east_west.sum(), messages @ hops[0])
    assert np.isclose(north_south.sum(), messages @ hops[1])


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"cores_per_tile": 0}, "mesh: cores_per_tile = 0; allowed: an integer of at least 1."),
        ({"tile_columns": 2.5}, "mesh: tile_columns = 2.5; allowed: an integer of at least 1."),
        ({"cost_east_west": -1}, "mesh: cost_east_west = -1; allowed: a number of at least 0."),
    ],
)
def test_an_impossible_mesh_is_refused(changes, text):
    with pytest.raises(SpecError) as caught:
        MeshSpec(**changes)
    assert str(caught.value) == text


def test_a_system_has_the_cores_of_all_its_chips():
    chip = LOIHI.what_if(chips=3)
    assert (chip.name, chip.total_cores) == ("loihi (chips=3)", 384)
    with pytest.raises(SpecError, match=r"^chip 'loihi': chips = 0; allowed: at least 1\.$"):
        LOIHI.what_if(name="loihi", chips=0)
    with pytest.raises(
        SpecError, match=r"^chip 'loihi': mesh = 8; allowed: a MeshSpec\(\.\.\.\)\.$"
    ):
        LOIHI.what_if(name="loihi", mesh=8)
