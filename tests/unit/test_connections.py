"""Connections: who reaches whom, with which weight, and every way to ask for the impossible."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip import (
    LIF,
    Connection,
    LogNormal,
    Normal,
    PoissonInput,
    Population,
    SpikeInput,
    Uniform,
    all_to_all,
    fixed_indegree,
    fixed_outdegree,
    fixed_probability,
    fixed_total_number,
    from_arrays,
    one_to_one,
)
from neurochip.errors import NetworkError

DEVIATIONS = 5  # allowed standard deviations of a count
A, B = Population("a", 40), Population("b", 60)
SOURCE = PoissonInput("source", 40, 1.0)
RANDOM = [
    (fixed_probability, 0.3),
    (fixed_indegree, 12),
    (fixed_outdegree, 12),
]


def exactly(message):
    return f"^{re.escape(message)}$"


def pairs(connection):
    return list(zip(connection.pre.tolist(), connection.post.tolist(), strict=True))


def is_sorted_rows(connection):
    assert connection.indptr.dtype == np.int64
    assert connection.post.dtype == np.int32
    assert connection.indptr[0] == 0
    assert connection.indptr[-1] == connection.n_synapses
    assert connection.indptr.shape == (connection.source.size + 1,)
    assert (np.diff(connection.indptr) >= 0).all()
    assert not connection.indptr.flags.writeable
    assert not connection.post.flags.writeable


def test_one_to_one_joins_equal_numbers():
    connection = one_to_one(SOURCE, A, weight=1.5, delay=2)
    is_sorted_rows(connection)
    assert pairs(connection) == [(i, i) for i in range(40)]
    assert (connection.name, connection.weight, connection.delay) == ("source->a", 1.5, 2.0)


def test_one_to_one_takes_a_weight_and_a_delay_per_pair():
    connection = one_to_one(SOURCE, A, weight=np.arange(40), delay=list(range(40)))
    assert connection.weight.tolist() == connection.delay.tolist() == list(range(40))
    assert connection.weight.dtype == np.float64


def test_all_to_all_joins_every_pair():
    connection = all_to_all(A, B, weight=1.0)
    is_sorted_rows(connection)
    assert pairs(connection) == [(i, j) for i in range(40) for j in range(60)]


def test_all_to_all_takes_matrices_by_source_and_target():
    weight = np.arange(2400.0).reshape(40, 60)
    connection = all_to_all(A, B, weight=weight, delay=weight / 10)
    for k in (0, 59, 60, 1234):
        assert connection.weight[k] == weight[connection.pre[k], connection.post[k]]
    assert connection.delay.tolist() == (weight / 10).ravel().tolist()


def test_all_to_all_leaves_out_the_diagonal_of_a_population_and_its_matrix():
    weight = np.arange(1600.0).reshape(40, 40)
    np.fill_diagonal(weight, np.nan)
    connection = all_to_all(A, A, weight=weight, allow_self_connections=False)
    is_sorted_rows(connection)
    assert pairs(connection) == [(i, j) for i in range(40) for j in range(40) if i != j]
    assert connection.weight.tolist() == weight[~np.isnan(weight)].tolist()


def test_self_connections_of_different_populations_are_just_connections():
    assert all_to_all(SOURCE, A, weight=1.0, allow_self_connections=False).n_synapses == 1600


def test_a_population_of_one_has_no_other_to_connect_to():
    one = Population("one", 1)
    assert all_to_all(one, one, weight=1.0, allow_self_connections=False).n_synapses == 0
    for rule, degree in ((fixed_probability, 1.0), (fixed_indegree, 0), (fixed_outdegree, 0)):
        connection = rule(one, one, degree, weight=1.0, seed=1, allow_self_connections=False)
        is_sorted_rows(connection)
        assert connection.n_synapses == 0


@pytest.mark.parametrize("probability", [0.001, 0.1, 0.5, 0.93])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fixed_probability_joins_that_share_of_the_pairs(probability, seed):
    big = Population("big", 500)
    connection = fixed_probability(big, big, probability, weight=1.0, seed=seed)
    is_sorted_rows(connection)
    pool = 500 * 500
    spread = math.sqrt(pool * probability * (1 - probability))
    assert abs(connection.n_synapses - pool * probability) < DEVIATIONS * spread
    assert len(set(pairs(connection))) == connection.n_synapses


def test_fixed_probability_favours_no_source_and_no_target():
    source, target = Population("s", 300), Population("t", 400)
    connection = fixed_probability(source, target, 0.2, weight=1.0, seed=7)
    for counts, n in (
        (np.bincount(connection.pre, minlength=300), 400),
        (np.bincount(connection.post, minlength=400), 300),
    ):
        deviation = np.abs(counts - n * 0.2) / math.sqrt(n * 0.2 * 0.8)
        assert deviation.max() < DEVIATIONS
        assert counts.std() == pytest.approx(math.sqrt(n * 0.2 * 0.8), rel=0.2)


def test_the_ends_of_probability_are_nothing_and_everything():
    assert fixed_probability(A, B, 0, weight=1.0, seed=1).n_synapses == 0
    assert pairs(fixed_probability(A, B, 1, weight=1.0, seed=1)) == pairs(
        all_to_all(A, B, weight=1.0)
    )
    assert fixed_probability(A, B, 1e-18, weight=1.0, seed=1).n_synapses == 0
    assert fixed_probability(A, B, 5e-324, weight=1.0, seed=1).n_synapses == 0


@pytest.mark.parametrize("degree", [0, 1, 7, 20, 21, 39, 40])
def test_fixed_indegree_gives_every_target_so_many_different_sources(degree):
    connection = fixed_indegree(A, B, degree, weight=1.0, seed=3)
    is_sorted_rows(connection)
    assert np.bincount(connection.post, minlength=60).tolist() == [degree] * 60
    assert len(set(pairs(connection))) == connection.n_synapses


@pytest.mark.parametrize("degree", [0, 1, 7, 30, 31, 59, 60])
def test_fixed_outdegree_gives_every_source_so_many_different_targets(degree):
    connection = fixed_outdegree(A, B, degree, weight=1.0, seed=3)
    is_sorted_rows(connection)
    assert np.bincount(connection.pre, minlength=40).tolist() == [degree] * 40
    assert len(set(pairs(connection))) == connection.n_synapses


@pytest.mark.parametrize("degree", [5, 35])
def test_a_fixed_degree_favours_nobody(degree):
    source, target = Population("s", 40), Population("t", 4000)
    counts = np.bincount(fixed_indegree(source, target, degree, weight=1.0, seed=5).pre)
    p = degree / 40
    deviation = np.abs(counts - 4000 * p) / math.sqrt(4000 * p * (1 - p))
    assert deviation.max() < DEVIATIONS


@pytest.mark.parametrize("number", [0, 1, 2400, 100_000])
def test_fixed_total_number_makes_exactly_so_many_synapses(number):
    connection = fixed_total_number(A, B, number, weight=1.0, seed=3)
    is_sorted_rows(connection)
    assert connection.n_synapses == number
    assert pairs(connection) == sorted(pairs(connection))


@pytest.mark.parametrize("allowed", [True, False])
def test_fixed_total_number_draws_each_pair_independently_of_the_others(allowed):
    n, number = 40, 160_000
    connection = fixed_total_number(
        A, A, number, weight=1.0, seed=5, allow_self_connections=allowed
    )
    counts = np.bincount(connection.pre * n + connection.post, minlength=n * n).reshape(n, n)
    own = np.eye(n, dtype=bool)
    assert (counts[own].sum() > 0) == allowed
    counts = counts.ravel() if allowed else counts[~own]
    p = 1 / counts.size
    deviation = np.abs(counts - number * p) / math.sqrt(number * p * (1 - p))
    assert deviation.max() < DEVIATIONS
    # Independent draws: the counts are multinomial, so chi-squared is about their number.
    chi_squared = ((counts - number * p) ** 2).sum() / (number * p)
    assert abs(chi_squared - counts.size) < DEVIATIONS * math.sqrt(2 * counts.size)


def test_a_total_number_has_self_connections_and_pairs_with_several_synapses():
    connection = fixed_total_number(A, A, 1600, weight=1.0, seed=2)
    assert any(i == j for i, j in pairs(connection))
    # Of 1,600 pairs the share (1 - 1/1600)**1600 = 1/e remains without a synapse.
    assert len(set(pairs(connection))) / 1600 == pytest.approx(1 - math.exp(-1), abs=0.05)


def test_a_total_number_beyond_any_memory_or_below_0_is_refused():
    for n in (-1, 2.0, True, "3"):
        message = f"connection 'a->b': n = {n!r}; allowed: an integer of at least 0."
        refused(message, fixed_total_number, A, B, n, seed=1)
    message = f"connection 'a->b': n = {2**40 + 1}; allowed: 0 to {2**40}."
    refused(message, fixed_total_number, A, B, 2**40 + 1, seed=1)
    message = "connection 'a->b': fixed_total_number draws at random; pass seed=... (an integer)."
    refused(message, fixed_total_number, A, B, 3)


def test_a_total_number_needs_a_pair_to_connect():
    one = Population("one", 1)
    options = {"seed": 1, "allow_self_connections": False}
    assert fixed_total_number(one, one, 0, weight=1.0, **options).n_synapses == 0
    message = (
        "connection 'one->one': n = 3; allowed: 0, since 'one' has one neuron and no "
        "self-connections."
    )
    refused(message, fixed_total_number, one, one, 3, **options)


@pytest.mark.parametrize(("rule", "amount"), [*RANDOM, (fixed_indegree, 39), (fixed_outdegree, 39)])
def test_self_connections_can_be_left_out(rule, amount):
    connection = rule(A, A, amount, weight=1.0, seed=2, allow_self_connections=False)
    assert all(i != j for i, j in pairs(connection))
    assert len(set(pairs(connection))) == connection.n_synapses > 0
    with_self = rule(A, A, amount, weight=1.0, seed=2)
    assert any(i == j for i, j in pairs(with_self))


@pytest.mark.parametrize(("rule", "amount"), [*RANDOM, (fixed_total_number, 480)])
def test_a_seed_gives_the_same_connection_again(rule, amount):
    rules = {"weight": Normal(1.0, 0.1), "delay": Uniform(0, 5)}
    assert rule(A, B, amount, seed=11, **rules) == rule(A, B, amount, seed=11, **rules)
    assert rule(A, B, amount, seed=11, **rules) != rule(A, B, amount, seed=12, **rules)


@pytest.mark.parametrize(("rule", "amount"), [*RANDOM, (fixed_total_number, 480)])
def test_one_seed_gives_independent_streams_to_different_names(rule, amount):
    def drawn(source=A, target=B, name=None):
        return pairs(rule(source, target, amount, weight=1.0, seed=1, name=name))

    other_target = Population("other", 60)
    variants = [drawn(), drawn(name="x"), drawn(SOURCE), drawn(target=other_target)]
    for i, first in enumerate(variants):
        for second in variants[i + 1 :]:
            # Two independent draws share about p of their pairs: p is 0.2 or 0.3 here.
            shared = len(set(first) & set(second)) / len(first)
            assert shared < 0.5


def test_weights_and_delays_are_drawn_independently():
    connection = all_to_all(A, B, weight=Uniform(0, 1), delay=Uniform(0, 1), seed=4)
    correlation = np.corrcoef(connection.weight, connection.delay)[0, 1]
    assert abs(correlation) < DEVIATIONS / math.sqrt(2400)
    assert connection.weight.shape == connection.delay.shape == (2400,)


def test_a_drawn_weight_may_be_inhibitory_and_log_normal():
    connection = all_to_all(A, B, weight=LogNormal(0, 0.3, scale=-1.0), seed=4)
    assert connection.weight.max() < 0


def test_arrays_are_sorted_by_source_and_keep_what_belongs_together():
    connection = from_arrays(
        SOURCE, A, [3, 0, 3, 1], [5, 6, 4, 7], weight=[0.1, 0.2, 0.3, 0.4], delay=[1, 2, 3, 4]
    )
    is_sorted_rows(connection)
    assert pairs(connection) == [(0, 6), (1, 7), (3, 5), (3, 4)]
    assert connection.weight.tolist() == [0.2, 0.4, 0.1, 0.3]
    assert connection.delay.tolist() == [2.0, 4.0, 1.0, 3.0]


@given(
    st.integers(1, 8),
    st.integers(1, 8),
    st.lists(
        st.tuples(st.integers(0, 7), st.integers(0, 7), st.floats(-5, 5), st.floats(0.1, 5)),
        max_size=30,
    ),
)
def test_no_synapse_is_lost_or_mixed_up_by_sorting(sources, targets, rows):
    rows = [(pre % sources, post % targets, weight, delay) for pre, post, weight, delay in rows]
    pre, post, weight, delay = (
        (list(column) for column in zip(*rows, strict=True))
        if rows
        else (
            [],
            [],
            [],
            [],
        )
    )
    connection = from_arrays(
        PoissonInput("s", sources, 1.0),
        Population("t", targets),
        np.array(pre, dtype=int),
        np.array(post, dtype=int),
        weight=np.array(weight, dtype=float),
        delay=np.array(delay, dtype=float),
    )
    is_sorted_rows(connection)
    kept = zip(
        connection.pre.tolist(),
        connection.post.tolist(),
        connection.weight.tolist(),
        connection.delay.tolist(),
        strict=True,
    )
    assert Counter(kept) == Counter(rows)


def test_arrays_may_be_empty():
    connection = from_arrays(SOURCE, A, [], [], weight=[], delay=[])
    is_sorted_rows(connection)
    assert connection.n_synapses == 0
    assert connection.weight.shape == (0,)
    rule = from_arrays(SOURCE, A, [], [], weight=Uniform(0, 1), seed=1)
    assert rule.weight.shape == (0,)


def test_given_arrays_are_copied():
    weight = np.ones(40)
    connection = one_to_one(SOURCE, A, weight=weight)
    weight[:] = 7
    assert connection.weight.tolist() == [1.0] * 40
    assert not connection.weight.flags.writeable


def refused(message, call, *arguments, **options):
    with pytest.raises(NetworkError, match=exactly(message)):
        call(*arguments, **{"weight": 1.0, **options})


def test_ends_of_the_wrong_kind_are_refused():
    refused(
        "connection: source = 'a'; allowed: a Population, PoissonInput or SpikeInput.",
        one_to_one,
        "a",
        A,
    )
    refused(f"connection: target = {SOURCE!r}; allowed: a Population.", one_to_one, A, SOURCE)


def test_a_connection_needs_a_name_with_something_in_it():
    refused("connection: name = ''; allowed: a non-empty string.", one_to_one, A, A, name="")


@pytest.mark.parametrize("seed", [-1, 1.5, True, "x"])
def test_a_seed_that_is_no_count_is_refused(seed):
    message = f"connection 'a->b': seed = {seed!r}; allowed: an integer of at least 0."
    refused(message, all_to_all, A, B, seed=seed)


def test_one_to_one_between_different_sizes_is_refused():
    message = "connection 'a->b': one_to_one needs equal sizes, but 'a' has 40 and 'b' has 60."
    refused(message, one_to_one, A, B)


@pytest.mark.parametrize(("rule", "amount"), RANDOM)
def test_a_random_rule_without_a_seed_is_refused(rule, amount):
    message = f"connection 'a->b': {rule.__name__} draws at random; pass seed=... (an integer)."
    refused(message, rule, A, B, amount)


def test_random_weights_without_a_seed_are_refused():
    refused(
        "connection 'mine': weight = Uniform(low=0, high=1) draws at random; pass seed=... (an "
        "integer).",
        all_to_all,
        A,
        B,
        weight=Uniform(0, 1),
        name="mine",
    )
    refused(
        "connection 'a->b': delay = Uniform(low=0, high=1) draws at random; pass seed=... (an "
        "integer).",
        all_to_all,
        A,
        B,
        delay=Uniform(0, 1),
    )


@pytest.mark.parametrize("probability", [-0.1, 1.01, math.nan, math.inf, "half", None, True, [0.1]])
def test_a_probability_outside_0_to_1_is_refused(probability):
    message = f"connection 'a->b': probability = {probability!r}; allowed: a number from 0 to 1."
    refused(message, fixed_probability, A, B, probability, seed=1)


@pytest.mark.parametrize(
    ("rule", "what", "most", "offers"),
    [(fixed_indegree, "indegree", 40, "a"), (fixed_outdegree, "outdegree", 60, "b")],
)
def test_a_degree_out_of_range_is_refused(rule, what, most, offers):
    for degree in (-1, most + 1):
        message = (
            f"connection 'a->b': {what} = {degree}; allowed: 0 to {most}, the number of different "
            f"neurons that {offers!r} offers."
        )
        refused(message, rule, A, B, degree, seed=1)
    for degree in (2.0, True, "3"):
        message = f"connection 'a->b': {what} = {degree!r}; allowed: an integer of at least 0."
        refused(message, rule, A, B, degree, seed=1)
    message = (
        f"connection 'a->a': {what} = 40; allowed: 0 to 39, the number of different neurons that "
        "'a' offers."
    )
    refused(message, rule, A, A, 40, seed=1, allow_self_connections=False)


def test_a_weight_is_measured_in_what_the_target_takes():
    message = "connection 'source->a': weight = nan mV; allowed: a finite number."
    refused(message, one_to_one, SOURCE, A, weight=math.nan)
    current = Population("c", 40, LIF(tau_syn=5.0))
    message = "connection 'source->c': weight = inf nA; allowed: a finite number."
    refused(message, one_to_one, SOURCE, current, weight=math.inf)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"weight": None},
            "weight = None; allowed: a number or one number per synapse, in mV.",
        ),
        (
            {"weight": "strong"},
            "weight = 'strong'; allowed: a number or one number per synapse, in mV.",
        ),
        (
            {"weight": [[1.0], [1.0, 2.0]]},
            "weight = [[1.0], [1.0, 2.0]]; allowed: a number or one number per synapse, in mV.",
        ),
        (
            {"weight": [1.0, 2.0]},
            "weight has shape (2,); allowed: a number, a rule (Uniform, Normal, LogNormal), or an "
            "array of shape (40,).",
        ),
        ({"weight": [math.inf] * 40}, "weight[0] = inf mV; allowed: a finite number."),
        ({"delay": -0.1}, "delay = -0.1 ms; allowed: a finite number of at least 0 ms."),
        (
            {"delay": [0.0, -1.0] * 20},
            "delay[1] = -1 ms; allowed: a finite number of at least 0 ms.",
        ),
        ({"delay": math.nan}, "delay = nan ms; allowed: a finite number of at least 0 ms."),
        (
            {"delay": np.zeros((2, 20))},
            "delay has shape (2, 20); allowed: a number, a rule (Uniform, Normal, LogNormal), or "
            "an array of shape (40,).",
        ),
        (
            {"delay": Uniform(-2, -2), "seed": 1},
            "delay[0] = -2 ms; allowed: a finite number of at least 0 ms.",
        ),
    ],
)
def test_a_weight_or_delay_that_cannot_be_is_refused(options, message):
    refused(f"connection 'source->a': {message}", one_to_one, SOURCE, A, **options)


@pytest.mark.parametrize(("rule", "amount"), RANDOM)
def test_given_arrays_for_random_pairs_are_refused(rule, amount):
    message = (
        "connection 'a->b': weight has shape (3,); allowed: a number, a rule (Uniform, Normal, "
        "LogNormal)."
    )
    refused(message, rule, A, B, amount, seed=1, weight=[1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("pre", "post", "message"),
    [
        (
            [0, 1],
            [0],
            "pre has shape (2,) and post (1,); allowed: two one-dimensional arrays of equal "
            "length, one entry per synapse.",
        ),
        (
            [[0]],
            [[0]],
            "pre has shape (1, 1) and post (1, 1); allowed: two one-dimensional arrays of equal "
            "length, one entry per synapse.",
        ),
        (
            [[0], [0, 1]],
            [0, 1],
            "pre or post is a nested list; allowed: two one-dimensional arrays of equal length, "
            "one entry per synapse.",
        ),
        ([0.5], [0], "pre is of type float64; allowed: integers."),
        ([0], [1.0], "post is of type float64; allowed: integers."),
        ([0, 40], [0, 0], "pre[1] = 40; allowed: 0 to 39."),
        ([-1], [0], "pre[0] = -1; allowed: 0 to 39."),
        ([0], [60], "post[0] = 60; allowed: 0 to 59."),
    ],
)
def test_explicit_pairs_that_cannot_be_are_refused(pre, post, message):
    refused(f"connection 'a->b': {message}", from_arrays, A, B, pre, post)


def test_one_weight_per_synapse_is_asked_of_explicit_pairs():
    message = (
        "connection 'a->b': weight has shape (3,); allowed: a number, a rule (Uniform, Normal, "
        "LogNormal), or an array of shape (2,)."
    )
    refused(message, from_arrays, A, B, [0, 1], [0, 1], weight=[1.0, 2.0, 3.0])


def test_given_spikes_are_a_source_like_any_other():
    given = SpikeInput("given", 40, [], [])
    assert one_to_one(given, A, weight=1.0).source is given


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"post": [0, 60]}, "connection 'c': post[1] = 60; allowed: 0 to 59."),
        ({"post": [0.0, 1.0]}, "connection 'c': post is of type float64; allowed: integers."),
        (
            {"weight": [1.0]},
            "connection 'c': weight has 1 values; allowed: one, or 2 (one per synapse).",
        ),
        (
            {"delay": -1.0},
            "connection 'c': delay = -1 ms; allowed: a finite number of at least 0 ms.",
        ),
        ({"name": None}, "connection: name = None; allowed: a non-empty string."),
    ],
)
def test_a_connection_made_by_hand_is_checked(changes, message):
    rows = np.repeat([0, 2], [1, A.size])
    fields = {"name": "c", "source": A, "target": B, "indptr": rows, "post": [0, 1]}
    assert Connection(**fields, weight=1.0, delay=0.0).pre.tolist() == [0, 0]
    refused(message, Connection, **{**fields, "weight": 1.0, "delay": 0.0, **changes})


@pytest.mark.parametrize("indptr", [[0, 2], [1] * 40 + [2], [0, 3, *[2] * 39], np.zeros((41, 1))])
def test_rows_of_a_connection_never_fall(indptr):
    with pytest.raises(NetworkError, match=r"^connection 'c': indptr ") as caught:
        Connection("c", A, B, np.array(indptr, dtype=int), [0, 1], 1.0, 0.0)
    assert str(caught.value).endswith(
        "allowed: 41 numbers that never decrease, from 0 to 2, the number of synapses."
    )


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        (all_to_all, {}),
        (fixed_probability, {"probability": 0.9, "seed": 1}),
        (fixed_indegree, {"indegree": 2**21, "seed": 1}),
        (fixed_outdegree, {"outdegree": 2**21, "seed": 1}),
    ],
)
def test_more_synapses_than_any_memory_holds_are_refused(rule, options):
    large = Population("large", 2**21)
    message = r"^connection 'large->large': about .*e\+12 synapses; allowed: at most 10995116277"
    with pytest.raises(NetworkError, match=message):
        rule(large, large, weight=1.0, **options)


def test_synapses_that_this_memory_does_not_hold_are_refused(monkeypatch):
    def full(*shape):
        raise MemoryError("Unable to allocate 4.00 TiB")

    monkeypatch.setattr("neurochip.network.topology.all_pairs", full)
    message = (
        "connection 'a->b': its synapses do not fit into memory (Unable to allocate 4.00 TiB); "
        "connect fewer."
    )
    refused(message, all_to_all, A, B)
