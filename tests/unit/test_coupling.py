"""How the neurons of a population depend on each other, known from the connections."""

from __future__ import annotations

import numpy as np
import pytest

from compiler import compile_network
from neurochip import (
    Network,
    PoissonInput,
    Population,
    all_to_all,
    fixed_probability,
    from_arrays,
    load_image,
    one_to_one,
    save_image,
)
from neurochip.network import coupling

SOURCE = PoissonInput("source", 6, rate=20.0)
A, B, C = (Population(name, 6) for name in "abc")


def coupling_of(*connections, populations=(A, B, C)):
    network = Network(inputs=[SOURCE], populations=populations, connections=connections)
    return tuple(network.couplings.values())


def one_way(source, target, pairs):
    pre, post = np.array(pairs).T
    return from_arrays(source, target, pre, post, weight=1.0)


def test_neurons_with_sources_of_their_own_are_independent():
    assert coupling_of(one_to_one(SOURCE, A, weight=1.0)) == ("independent",) * 3
    chain = [one_to_one(pre, post, weight=1.0) for pre, post in ((SOURCE, A), (A, B), (B, C))]
    assert coupling_of(*chain) == ("independent",) * 3


def test_a_source_of_two_neurons_is_shared_input():
    shared = fixed_probability(SOURCE, A, 0.5, weight=1.0, seed=1)
    assert coupling_of(shared) == ("shared input", "independent", "independent")
    assert coupling_of(one_way(SOURCE, A, [(0, 2), (0, 3)]))[0] == "shared input"


def test_two_synapses_onto_one_neuron_share_nothing():
    assert coupling_of(one_way(SOURCE, A, [(0, 2), (0, 2), (1, 3), (4, 3)]))[0] == "independent"


def test_sources_are_followed_over_other_populations():
    halves = one_way(SOURCE, A, [(0, 0), (0, 1)])
    own = one_to_one(A, B, weight=1.0)
    assert coupling_of(halves, own) == ("shared input", "shared input", "independent")
    # Each source reaches one neuron of a, which reaches two of b.
    fans = one_way(A, B, [(0, 0), (0, 1)])
    assert coupling_of(one_to_one(SOURCE, A, weight=1.0), fans)[1] == "shared input"
    # The neurons of a share a source; b sees only one of them.
    assert coupling_of(halves, one_way(A, B, [(0, 0)]))[1] == "independent"


def test_two_connections_of_a_source_count_together():
    straight, shifted = ([(i, (i + by) % 6) for i in range(6)] for by in (0, 1))
    both = (one_way(SOURCE, A, straight), one_way(SOURCE, A, shifted))
    assert coupling_of(both[0])[0] == coupling_of(both[1])[0] == "independent"
    assert coupling_of(*both)[0] == "shared input"
    # The same over a detour: source -> c straight and source -> b -> c shifted.
    detour = (
        one_to_one(SOURCE, C, weight=1.0),
        one_to_one(SOURCE, B, weight=1.0),
        one_way(B, C, shifted),
    )
    assert coupling_of(*detour) == ("independent", "independent", "shared input")


def test_a_population_on_a_cycle_or_downstream_of_one_is_recurrent():
    lone = all_to_all(A, A, weight=1.0)
    assert coupling_of(lone) == ("recurrent", "independent", "independent")
    loop = (one_to_one(A, B, weight=1.0), one_to_one(B, A, weight=1.0))
    assert coupling_of(*loop) == ("recurrent", "recurrent", "independent")
    readout = one_to_one(B, C, weight=1.0)
    assert coupling_of(*loop, readout) == ("recurrent",) * 3
    assert coupling_of(lone, one_to_one(B, A, weight=1.0)) == (
        "recurrent",
        "independent",
        "independent",
    )


def test_a_neuron_that_drives_only_itself_is_on_no_cycle():
    assert coupling_of(one_to_one(A, A, weight=-1.0))[0] == "independent"
    assert coupling_of(one_way(A, A, [(0, 1)]))[0] == "recurrent"


def test_the_pieces_of_a_long_connection_are_followed_alike(monkeypatch):
    monkeypatch.setattr(coupling, "_CHUNK", 4)
    assert coupling_of(one_to_one(SOURCE, A, weight=1.0))[0] == "independent"
    assert coupling_of(one_way(SOURCE, A, [(i, i) for i in range(6)] + [(5, 0)]))[0] == (
        "shared input"
    )


@pytest.mark.parametrize("stored", [False, True])
def test_an_image_keeps_the_couplings_of_its_network(tmp_path, stored):
    wires = [one_to_one(A, B, weight=1.0), all_to_all(C, C, weight=0.1)]
    image = compile_network(Network(populations=[A, B, C], connections=wires), dt=1.0)
    if stored:
        image = load_image(save_image(image, tmp_path / "image"))
    found = {item.name: item.coupling for item in image.symbols.populations}
    assert found == {"a": "independent", "b": "independent", "c": "recurrent"}
