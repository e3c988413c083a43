"""Projections of PyNN: the same synapses as on other back ends, without an object for each."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pyNN", reason="PyNN is not installed: neurochip[pynn]")
import pyNN.mock as plain
from pyNN.connectors import Connector
from pyNN.core import IndexBasedExpression
from pyNN.errors import ConnectionError as Refused
from pyNN.errors import InvalidDimensionsError, NonExistentParameterError
from pyNN.random import NumpyRNG, RandomDistribution

from neurochip.errors import FrontendError


class Nearest(IndexBasedExpression):
    """A probability or a weight that falls with the distance of two indices."""

    def __call__(self, i, j):
        return 1.0 / (1.0 + abs(i - j))


def uniform(seed):
    return RandomDistribution("uniform", (0.1, 1.0), rng=NumpyRNG(seed))


LIST = [(0, 1, 0.5, 1.0), (4, 0, 0.25, 0.3), (2, 1, 1.5, 0.7), (0, 1, 0.1, 2.0), (2, 0, 0.0, 0.1)]
MASK = np.random.default_rng(7).random((6, 5)) < 0.4


CONNECTORS = {
    "all to all": lambda sim, rng: sim.AllToAllConnector(),
    "all to all others": lambda sim, rng: sim.AllToAllConnector(allow_self_connections=False),
    "one to one": lambda sim, rng: sim.OneToOneConnector(),
    "probability": lambda sim, rng: sim.FixedProbabilityConnector(0.4, rng=rng),
    "probability once": lambda sim, rng: sim.FixedProbabilityConnector(
        0.6, allow_self_connections="NoMutual", rng=rng
    ),
    "distance": lambda sim, rng: sim.DistanceDependentProbabilityConnector("exp(-d/2)", rng=rng),
    "index": lambda sim, rng: sim.IndexBasedProbabilityConnector(Nearest(), rng=rng),
    "displacement": lambda sim, rng: sim.DisplacementDependentProbabilityConnector(
        lambda d: np.exp(-abs(d[0])), rng=rng
    ),
    "in": lambda sim, rng: sim.FixedNumberPreConnector(3, rng=rng),
    "in one": lambda sim, rng: sim.FixedNumberPreConnector(1, rng=rng),
    "in, again": lambda sim, rng: sim.FixedNumberPreConnector(7, with_replacement=True, rng=rng),
    "in, others": lambda sim, rng: sim.FixedNumberPreConnector(
        7, allow_self_connections=False, rng=rng
    ),
    "in, random": lambda sim, rng: sim.FixedNumberPreConnector(
        RandomDistribution("uniform_int", (1, 4), rng=rng), rng=rng
    ),
    "out": lambda sim, rng: sim.FixedNumberPostConnector(3, rng=rng),
    "out, again": lambda sim, rng: sim.FixedNumberPostConnector(7, with_replacement=True, rng=rng),
    "in all": lambda sim, rng: sim.FixedTotalNumberConnector(40, rng=rng),
    "list": lambda sim, rng: sim.FromListConnector(LIST),
    "pairs": lambda sim, rng: sim.FromListConnector([entry[:2] for entry in LIST]),
    "weights": lambda sim, rng: sim.FromListConnector(
        [entry[:3] for entry in LIST], column_names=["weight"]
    ),
    "no list": lambda sim, rng: sim.FromListConnector([]),
}

SYNAPSES = {
    "numbers": lambda: {"weight": 0.5, "delay": 0.4},
    "random": lambda: {"weight": uniform(1), "delay": uniform(2)},
    "distances": lambda: {"weight": "0.1 + 0.2*d", "delay": lambda d: 0.1 + d},
    "indices": lambda: {"weight": Nearest(), "delay": 0.1},
}


def listed(sim, names, ends, connector, synapses):
    """Return sorted tuples of all synapses, and what the generator of the connector draws next."""
    sim.setup(timestep=0.1)
    pre = sim.Population(6, sim.IF_curr_exp(), label="pre")
    post = pre if ends == "itself" else sim.Population(5, sim.IF_curr_exp(), label="post")
    rng = NumpyRNG(3)
    projection = sim.Projection(
        pre,
        post,
        CONNECTORS[connector](sim, rng),
        sim.StaticSynapse(**SYNAPSES[synapses]()),
        receptor_type="excitatory",
    )
    ends = ("presynaptic_index", "postsynaptic_index")
    found = [each.as_tuple(*ends, *names) for each in projection.connections]
    return sorted((int(i), int(j), float(w), float(d)) for i, j, w, d in found), rng.next(2)


LISTS = ("list", "pairs", "weights", "no list")  # PyNN evaluates no expression of indices there


@pytest.mark.parametrize(
    ("connector", "synapses"),
    [
        (connector, synapses)
        for connector in CONNECTORS
        for synapses in SYNAPSES
        if connector not in LISTS or synapses in {"numbers", "random"}
    ],
)
def test_each_connector_makes_the_synapses_that_pynns_own_code_makes(sim, connector, synapses):
    for ends in ("itself",) if "once" in connector else ("itself", "other"):
        own = listed(sim, ("weight", "delay"), ends, connector, synapses)
        expected = listed(plain, ("WEIGHT", "DELAY"), ends, connector, synapses)
        assert own[0] == expected[0]
        assert own[1].tolist() == expected[1].tolist()
        assert own[0] or connector == "no list"


def cells(sim, size=3, label="cells"):
    return sim.Population(size, sim.IF_curr_exp(), label=label)


def connected(sim, connector=None, **synapses):
    """Connect three neurons with two others."""
    sim.setup(timestep=0.1)
    pre, post = cells(sim, 3, "a"), cells(sim, 2, "b")
    synapse = sim.StaticSynapse(**{"weight": 0.5, "delay": 0.2, **synapses})
    return sim.Projection(pre, post, connector or sim.AllToAllConnector(), synapse)


def test_an_array_connector_and_a_clone_take_their_pattern(sim):
    sim.setup()
    pre, post = cells(sim, 6), cells(sim, 5)
    first = sim.Projection(pre, post, sim.ArrayConnector(MASK), sim.StaticSynapse(weight=0.5))
    again = sim.Projection(pre, post, sim.CloneConnector(first), sim.StaticSynapse(weight=0.1))
    for projection in (first, again):
        assert np.array_equal(~np.isnan(projection.get("weight", "array")), MASK)


def test_a_file_gives_back_what_was_saved(sim, tmp_path):
    sim.setup()
    pre, post = cells(sim, 6), cells(sim, 5)
    first = sim.Projection(
        pre,
        post,
        sim.FixedProbabilityConnector(0.5, rng=NumpyRNG(1)),
        sim.StaticSynapse(weight=uniform(4), delay=uniform(5)),
    )
    first.save("all", str(tmp_path / "synapses.txt"))
    again = sim.Projection(pre, post, sim.FromFileConnector(str(tmp_path / "synapses.txt")))
    names = ["weight", "delay"]
    assert first.get(names, "list") == again.get(names, "list")


def test_views_and_assemblies_are_ends_in_their_own_order(sim):
    sim.setup()
    a, b = cells(sim, 4, "a"), cells(sim, 3, "b")
    view, assembly = a[[3, 1]], b + a
    synapse = sim.StaticSynapse(weight=0.5)
    projection = sim.Projection(view, assembly, sim.AllToAllConnector(False), synapse)
    pairs = [pair[:2] for pair in projection.get("weight", "list")]
    own = [(0, 4), (1, 6)]  # a[1] and a[3] in the assembly
    assert pairs == [(i, j) for i in range(2) for j in range(7) if (i, j) not in own]
    first = projection[0]
    assert (first.presynaptic_cell, first.postsynaptic_cell) == (a[1], b[0])


def test_distances_and_progress_work_with_assemblies(sim):
    sim.setup()
    a, b = cells(sim, 3, "a"), cells(sim, 4, "b")
    progress = []
    projection = sim.Projection(
        a + b, b + a, sim.AllToAllConnector(callback=progress.append), sim.StaticSynapse(weight="d")
    )
    places = np.array([0, 1, 2, 0, 1, 2, 3])
    assert projection.receptor_type == "excitatory"
    distances = abs(places[:, None] - np.array([0, 1, 2, 3, 0, 1, 2]))
    assert np.array_equal(projection.get("weight", "array"), distances)
    assert len(progress) == 7


def test_a_synapse_type_of_another_simulator_is_refused(sim):
    sim.setup()
    with pytest.raises(TypeError) as refused:
        sim.Projection(
            cells(sim),
            cells(sim),
            sim.AllToAllConnector(),
            plain.StaticSynapse(weight=0.1, delay=1.0),
        )
    assert str(refused.value) == (
        "Projection: synapse_type = StaticSynapse(<parameters>) of pyNN.mock.standardmodels; "
        "allowed: StaticSynapse(...) or STDPMechanism(...) of this simulator."
    )


def test_spike_sources_are_no_targets(sim):
    sim.setup()
    cell, source = cells(sim), sim.Population(2, sim.SpikeSourceArray(), label="source")
    for target, name in ((source, "source"), (cell + source, "both")):
        target.label = name
        with pytest.raises(Refused) as refused:
            sim.Projection(cell, target, sim.AllToAllConnector())
        assert str(refused.value) == (
            f"Projection onto {name!r}: 'source' are spike sources, which receive no spikes; "
            "allowed: neurons."
        )


@pytest.mark.parametrize("weight", [np.ones(6), np.ones((2, 3)), [1.0, 2.0]])
def test_an_array_that_is_not_one_of_all_pairs_is_refused(sim, weight):
    with pytest.raises(Refused) as refused:
        connected(sim, weight=weight)
    assert str(refused.value) == (
        f"Projection from 'a' to 'b': weight of shape {np.shape(weight)}; allowed: a number, an "
        "array of shape (3, 2), a RandomDistribution or an expression of distances."
    )


def test_a_connector_without_code_is_refused_with_what_works(sim):
    with pytest.raises(NotImplementedError) as refused:
        connected(sim, sim.SmallWorldConnector(2.0, 0.1))
    assert str(refused.value) == (
        "Projection: PyNN has no code for SmallWorldConnector. What works: "
        'DistanceDependentProbabilityConnector("d < degree").'
    )


def test_an_expression_for_the_synapses_of_a_list_is_refused(sim):
    with pytest.raises(Refused) as refused:
        connected(sim, sim.FromListConnector([(0, 1), (2, 1)]), weight="0.1*d")
    assert str(refused.value) == (
        "projection 'a→b': a list of connections, and an expression for weight; allowed: a column "
        "of the list for weight, or set(weight=...) afterwards."
    )


class OnePair(Connector):
    """Names cells instead of indices, as PyNN's CSAConnector does."""

    def connect(self, projection):
        source, target = projection.pre[0], projection.post[1]
        projection._convergent_connect([source], target, weight=0.25, delay=0.3)


def test_a_connector_may_name_cells_instead_of_indices(sim):
    sim.setup()
    a, b = cells(sim, 4, "a"), cells(sim, 3, "b")
    projection = sim.Projection(a[2:4], b[1:3] + a, OnePair(), sim.StaticSynapse())
    assert projection.get(["weight", "delay"], "list") == [(0, 1, 0.25, 0.3)]
    assert projection[0].presynaptic_cell == a[2]
    assert projection[0].postsynaptic_cell == b[2]


def test_the_receptor_is_chosen_by_the_sign_of_the_weight(sim):
    assert connected(sim).receptor_type == "excitatory"
    assert connected(sim, weight=-0.5).receptor_type == "inhibitory"


@pytest.mark.parametrize(
    ("receptor", "weight", "text"),
    [
        ("excitatory", -0.5, "weight = -0.5; allowed: at least 0 onto the receptor 'excitatory'."),
        ("inhibitory", 0.5, "weight = 0.5; allowed: at most 0 onto the receptor 'inhibitory'."),
        (
            "excitatory",
            RandomDistribution("uniform", (-1.0, -0.9), rng=NumpyRNG(1)),
            "weight = -0.958298; allowed: at least 0 onto the receptor 'excitatory'.",
        ),
        ("excitatory", np.nan, "weight = nan; allowed: at least 0 onto the receptor 'excitatory'."),
    ],
)
def test_a_weight_with_the_wrong_sign_is_refused(sim, receptor, weight, text):
    sim.setup()
    a, b = cells(sim, 3, "a"), cells(sim, 2, "b")
    with pytest.raises(Refused) as refused:
        sim.Projection(
            a,
            b,
            sim.AllToAllConnector(),
            sim.StaticSynapse(weight=weight),
            receptor_type=receptor,
        )
    assert str(refused.value) == f"projection 'a→b': {text}"
    assert sim.simulator.state.projections == []


@pytest.mark.parametrize(
    ("limits", "delay", "allowed"),
    [
        ({}, 0.04, "0.1 ms (min_delay) or longer"),
        ({}, 0.0, "0.1 ms (min_delay) or longer"),
        ({"min_delay": 0.5}, 0.4, "0.5 ms (min_delay) or longer"),
        ({"min_delay": 0.2, "max_delay": 1.0}, 1.05, "0.2 ms (min_delay) to 1 ms (max_delay)"),
    ],
)
def test_a_delay_beyond_the_limits_is_refused_as_nest_does(sim, limits, delay, allowed):
    sim.setup(timestep=0.1, **limits)
    a, b = cells(sim, 3, "a"), cells(sim, 2, "b")
    with pytest.raises(Refused) as refused:
        sim.Projection(a, b, sim.AllToAllConnector(), sim.StaticSynapse(delay=delay))
    assert str(refused.value) == f"projection 'a→b': delay = {delay:g}; allowed: {allowed}."


def test_delays_come_back_as_asked_and_act_on_the_grid_as_those_of_nest(sim):
    projection = connected(sim, delay=0.15)
    assert projection.get("delay", "list", with_address=False) == [0.15] * 6
    assert projection.get("stored_delay", "list", with_address=False) == [0.2] * 6
    projection.set(delay=[0.05, 0.07, 0.1, 0.14, 0.25, 0.34])
    stored = projection.get("stored_delay", "list", with_address=False)
    assert stored == pytest.approx([0.1, 0.1, 0.1, 0.1, 0.3, 0.3], abs=1e-15)
    assert np.array_equal(projection.synapses()[3], stored)


def test_the_default_delay_is_the_shortest_one(sim):
    for limits, shortest in (({}, 0.1), ({"min_delay": 0.5}, 0.5), ({"min_delay": "auto"}, 0.1)):
        sim.setup(timestep=0.1, **limits)
        projection = sim.Projection(cells(sim), cells(sim), sim.OneToOneConnector())
        assert projection.get(["weight", "delay"], "list", with_address=False) == (
            [(0.0, shortest)] * 3
        )


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ((0, 2), "a list of connections with target 2; allowed: whole numbers from 0 to 1."),
        ((-1, 0), "a list of connections with source -1; allowed: whole numbers from 0 to 2."),
        ((0.5, 0), "a list of connections with source 0.5; allowed: whole numbers from 0 to 2."),
    ],
)
def test_a_list_with_a_neuron_that_does_not_exist_is_refused(sim, entry, text):
    with pytest.raises(Refused) as refused:
        connected(sim, sim.FromListConnector([(0, 0), entry]))
    assert str(refused.value) == f"projection 'a→b': {text}"


def test_a_place_on_a_cell_is_refused(sim):
    with pytest.raises(NotImplementedError) as refused:
        connected(sim, sim.AllToAllConnector(location_selector="soma"))
    assert str(refused.value) == (
        "projection 'a→b': location_selector = 'soma'; neurons on the chip are points; allowed: "
        "None."
    )


# --- reading and writing ----------------------------------------------------------------------


def test_values_are_listed_by_source_and_target_with_or_without_addresses(sim):
    projection = connected(sim, weight=np.arange(6.0).reshape(3, 2))
    assert projection.get("weight", "list")[:3] == [(0, 0, 0.0), (0, 1, 1.0), (1, 0, 2.0)]
    assert projection.get("weight", "list", with_address=False) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert projection.get(["delay", "weight"], "list", with_address=False)[-1] == (0.2, 5.0)
    weights, delays = projection.get(["weight", "delay"], "array")
    assert weights.tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    assert delays.tolist() == [[0.2, 0.2]] * 3


@pytest.mark.parametrize(
    ("several", "expected"),
    [("first", 1.0), ("last", 2.0), ("sum", 7.0), ("min", 1.0), ("max", 4.0), (None, 7.0)],
)
def test_several_synapses_of_a_pair_become_one_value_of_an_array(sim, several, expected):
    entries = [(1, 0, 1.0, 0.1), (0, 1, 8.0, 0.1), (1, 0, 4.0, 0.1), (1, 0, 2.0, 0.1)]
    projection = connected(sim, sim.FromListConnector(entries))
    how = {} if several is None else {"multiple_synapses": several}
    weights = projection.get("weight", "array", **how)
    assert np.array_equal(
        weights, [[np.nan, 8.0], [expected, np.nan], [np.nan, np.nan]], equal_nan=True
    )


def test_values_are_set_as_numbers_lists_arrays_expressions_and_random_numbers(sim):
    projection = connected(sim)
    for number in (np.float32(0.5), np.array(0.3), 0.3):
        projection.set(weight=number, delay=0.5)
    assert projection.get(["weight", "delay"], "list", with_address=False) == [(0.3, 0.5)] * 6
    projection.set(weight=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert projection.get("weight", "array").tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    projection.set(weight=projection.get("weight", "array") * 2)
    assert projection.get("weight", "array").tolist() == [[2.0, 4.0], [6.0, 8.0], [10.0, 12.0]]
    for distances in ("1 + d", lambda d: 1 + d):
        projection.set(weight=distances)
        assert projection.get("weight", "array").tolist() == [[1.0, 2.0], [2.0, 1.0], [3.0, 2.0]]
    projection.set(weight=uniform(1))
    drawn = NumpyRNG(1).next(6, "uniform", {"low": 0.1, "high": 1.0})
    assert projection.get("weight", "list", with_address=False) == drawn.tolist()


def test_random_numbers_are_drawn_for_all_pairs_as_on_other_back_ends(sim):
    projection = connected(sim, sim.FromListConnector([(2, 1), (0, 1)]))
    projection.set(weight=uniform(1))
    drawn = NumpyRNG(1).next(6, "uniform", {"low": 0.1, "high": 1.0})
    assert projection.get("weight", "list", with_address=False) == drawn[[1, 5]].tolist()


def test_a_list_gives_each_of_several_synapses_its_own_value(sim):
    projection = connected(sim, sim.FromListConnector([(1, 0), (0, 1), (1, 0)]))
    projection.set(weight=[1.0, 2.0, 3.0])
    assert projection.get("weight", "list") == [(0, 1, 1.0), (1, 0, 2.0), (1, 0, 3.0)]


def test_what_cannot_be_set_leaves_all_values_as_they_are(sim):
    projection = connected(sim)
    with pytest.raises(Refused) as refused:
        projection.set(weight=0.1, delay=0.01)
    assert str(refused.value) == (
        "projection 'a→b': delay = 0.01; allowed: 0.1 ms (min_delay) or longer."
    )
    with pytest.raises(InvalidDimensionsError) as wrong:
        projection.set(weight=[1.0, 2.0])
    assert str(wrong.value) == (
        "projection 'a→b': weight has 2 values; allowed: one number, one for each of its 6 "
        "synapses, or an array of shape (3, 2)."
    )
    known = "valid parameters for StaticSynapse are: delay, stored_delay, stored_weight, weight"
    for ask in (lambda: projection.set(U=0.5), lambda: projection.get("U", "list")):
        with pytest.raises(NonExistentParameterError) as missing:
            ask()
        assert str(missing.value) == f"U ({known})"
    assert projection.get(["weight", "delay"], "list", with_address=False) == [(0.5, 0.2)] * 6


def test_formats_that_do_not_exist_are_refused(sim):
    projection = connected(sim)
    with pytest.raises(ValueError, match="'list' or 'array'"):
        projection.get("weight", "tuple")
    with pytest.raises(ValueError, match="'last', 'first', 'sum', 'min', 'max'"):
        projection.get("weight", "array", multiple_synapses="mean")


def test_a_connection_reads_and_writes_its_synapse(sim):
    projection = connected(sim)
    third = list(projection.connections)[2]
    assert third.as_tuple("presynaptic_index", "postsynaptic_index", "weight") == (1, 0, 0.5)
    third.weight, third.delay = 0.0123, 1.0
    assert (third.weight, third.delay) == (0.0123, 1.0)
    assert projection[2].weight == projection[-4].weight == 0.0123
    assert projection.get(["weight", "delay"], "list", with_address=False) == (
        [(0.5, 0.2)] * 2 + [(0.0123, 1.0)] + [(0.5, 0.2)] * 3
    )
    assert repr(third) == "Connection('a→b', 1 -> 0, weight=0.0123)"
    assert [each.presynaptic_index for each in projection[1:4]] == [0, 1, 1]
    assert (third.source, third.target) == (projection.pre[1], projection.post[0])


def test_a_connection_refuses_what_its_projection_refuses(sim):
    connection = connected(sim)[0]
    with pytest.raises(Refused):
        connection.weight = -1.0
    with pytest.raises(AttributeError, match="wieght"):
        connection.wieght = 1.0
    assert not hasattr(connection, "U")
    assert connection.weight == 0.5


def test_a_histogram_counts_the_weights(sim):
    projection = connected(sim, weight=np.arange(6.0).reshape(3, 2))
    with pytest.deprecated_call():
        counts, edges = projection.weightHistogram(nbins=5)
    assert counts.tolist() == [1, 1, 1, 1, 2]
    assert edges.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


# --- on the chip ------------------------------------------------------------------------------


def test_stored_weights_are_known_after_compilation_and_until_a_change(sim):
    projection = connected(sim, weight=uniform(1))
    text = (
        "projection 'a→b': stored_weight is known once the network, as it is now, is compiled for "
        "the chip. Call run(), or compile()."
    )
    with pytest.raises(FrontendError) as early:
        projection.get("stored_weight", "list")
    assert str(early.value) == text
    sim.run(1.0)
    asked, stored = np.array(projection.get(["weight", "stored_weight"], "list")).T[2:]
    assert (abs(asked - stored) < 1.0 / 256).all()
    assert (asked != stored).any()
    projection[0].weight = 0.2
    with pytest.raises(FrontendError):
        projection.get("stored_weight", "list")


def test_stored_weights_have_the_order_of_the_synapses_in_views_and_assemblies(sim):
    sim.setup()
    a, b = cells(sim, 4, "a"), cells(sim, 3, "b")
    weights = np.linspace(0.1, 1.0, 28).reshape(4, 7)
    synapse = sim.StaticSynapse(weight=weights)
    projection = sim.Projection(
        a[2:4] + a[0:2], b + a, sim.AllToAllConnector(), synapse, receptor_type="excitatory"
    )
    sim.run(1.0)
    assert projection.get("stored_weight", "array") == pytest.approx(weights, abs=1.0 / 256)


def test_each_projection_has_a_name_of_its_own(sim):
    sim.setup()
    a, b = cells(sim, 3, "a"), cells(sim, 2, "b")
    keys = [sim.Projection(a, b, sim.AllToAllConnector()).key for _ in range(3)]
    assert keys == ["a→b", "a→b 2", "a→b 3"]
