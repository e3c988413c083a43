"""The learning step with spikes given on both sides: by hand, its draws, and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurochip.chip.registers import SignMode
from neurochip.errors import LearningError
from neurochip.learning import LEARNING_PRESETS, LearningRule, LearningSpec, Trace, learn

# With a tau of inf nothing is rounded, so results are the same for all draws.
PAIR = LearningRule("x1*y0 - 2*x0*y1", x1=Trace(4, math.inf), y1=Trace(3, math.inf))
STDP = LearningRule("2^-1*x1*y0 - 2^-1*x0*y1", x1=Trace(16, 10), y1=Trace(16, 10))
EXCITATORY = SignMode.EXCITATORY


def raster(*steps):
    """One neuron with spikes in the steps that are 1."""
    return np.array(steps)[:, None]


def random_spikes(seed=1, steps=300, n_pre=12, n_post=9):
    rng = np.random.default_rng(seed)
    return rng.random((steps, n_pre)) < 0.1, rng.random((steps, n_post)) < 0.1


def refused(*arguments, **options):
    with pytest.raises(LearningError) as caught:
        learn(*arguments, **options)
    return str(caught.value)


def test_a_pair_of_spikes_changes_the_weight_as_computed_by_hand():
    found = learn(
        PAIR, raster(1, 0, 0, 1), raster(0, 0, 1, 0), [[100]], sign_mode=EXCITATORY,
        record=["w", "x1", "y1"],
    )  # fmt: skip
    assert found.recorded["x1"][:, 0].tolist() == [4, 4, 4, 8]
    assert found.recorded["y1"][:, 0].tolist() == [0, 0, 3, 3]
    assert found.recorded["w"][:, 0, 0].tolist() == [100, 100, 104, 98]
    assert found.weights.tolist() == [[98]]


@pytest.mark.parametrize("joined", [False, True])
@pytest.mark.parametrize(("exponent", "change"), [(-8, 14), (-90, 0)])
def test_an_exponent_below_a_step_of_the_accumulator_shifts_right(joined, exponent, change):
    """7 * 64 * 64 / 256 is 112, and the width of the product takes 3 bits of it."""
    fine = LearningSpec(name="fine", exponent_limits=(-100, 8), shifts_joined=joined)
    rule = LearningRule(f"7*2^{exponent}*x0*x1*x1", x1=Trace(64, math.inf), spec=fine)
    assert learn(rule, raster(1), raster(0), [[0]]).weights.tolist() == [[change]]


@pytest.mark.parametrize(("first", "steps"), [(None, [1, 3]), (0, [0, 2, 4]), (3, [1, 3])])
def test_a_rule_says_with_which_epoch_a_run_begins(first, steps):
    """A term of u1 acts in the epochs that 2 divides."""
    rule = LearningRule("3*u1", first_epoch=first)
    silent = np.zeros((5, 1), dtype=bool)
    found = learn(rule, silent, silent, [[0]], sign_mode=EXCITATORY, record=["w"])
    change = np.diff(found.recorded["w"][:, 0, 0], prepend=0)
    assert np.flatnonzero(change).tolist() == steps


def test_spikes_of_one_step_see_the_impulses_of_each_other():
    found = learn(PAIR, raster(1), raster(1), [[100]], sign_mode=EXCITATORY)
    assert found.weights.tolist() == [[100 + 4 - 2 * 3]]


def test_a_trace_without_time_constant_holds_the_impulse_in_the_step_of_its_spike_only():
    rule = LearningRule("x1*y0", x1=Trace(5, 0))
    found = learn(
        rule, raster(1, 0, 1), raster(0, 1, 1), [[0]], sign_mode=EXCITATORY, record=["x1"]
    )
    assert found.recorded["x1"][:, 0].tolist() == [5, 0, 5]
    assert found.weights.tolist() == [[5]]


def test_in_an_epoch_a_term_sees_the_trace_at_its_own_spike():
    rule = LearningRule("x1*y0", x1=Trace(4, math.inf), epoch=4)
    before = learn(rule, raster(0, 1, 0, 0), raster(0, 0, 1, 0), [[0]], sign_mode=EXCITATORY)
    after = learn(rule, raster(0, 0, 1, 0), raster(0, 1, 0, 0), [[0]], sign_mode=EXCITATORY)
    assert (before.weights[0, 0], after.weights[0, 0]) == (4, 0)


def test_a_second_spike_of_an_epoch_adds_its_impulse_to_the_start_of_the_epoch():
    rule = LearningRule("x1*y0", x1=Trace(4, math.inf), epoch=4)
    found = learn(
        rule, raster(1, 0, 1, 0), raster(0, 1, 0, 0), [[0]], sign_mode=EXCITATORY, record=["x1"]
    )
    assert found.recorded["x1"][:, 0].tolist() == [0, 0, 4, 8]
    assert found.weights.tolist() == [[4]]  # the first spike counts as if before the epoch


def test_terms_of_time_act_in_every_second_to_the_k_th_epoch():
    rule = LearningRule("3*u2", epoch=2)
    none = np.zeros((20, 1), dtype=bool)
    found = learn(rule, none, none, [[0]], sign_mode=EXCITATORY, record=["w"])
    assert np.flatnonzero(np.diff(found.recorded["w"][:, 0, 0])).tolist() == [6, 14]
    assert found.weights.tolist() == [[6]]


def test_weights_stop_at_their_limits_and_that_is_counted():
    rule = LearningRule("7*2^3*x0")
    found = learn(rule, raster(1, 1, 1, 1, 1, 1), raster(*[0] * 6), [[10]], sign_mode=EXCITATORY)
    assert found.weights.tolist() == [[255]]
    assert found.saturated["accumulators"] == 2  # 290 and 311 steps in 16 bits
    down = LearningRule("-7*2^3*x0")
    found = learn(down, raster(1), raster(0), [[10]], sign_mode=SignMode.MIXED)
    assert found.weights.tolist() == [[10 - 56]]


def test_a_reward_for_all_neurons_or_for_each_is_a_factor():
    rule = LearningRule("u0*y2")
    none = np.zeros((2, 2), dtype=bool)
    for each in ([3, -1], [[3, 3], [-1, -1]]):
        found = learn(rule, none, none, [[50, 60], [70, 80]], given={"y2": each},
                      sign_mode=EXCITATORY)  # fmt: skip
        assert found.weights.tolist() == [[52, 62], [72, 82]]


def test_a_seed_gives_the_same_result_again_and_another_seed_another():
    pre, post = random_spikes()
    weights = np.zeros((12, 9), dtype=int)
    first, same, other = (learn(STDP, pre, post, weights, seed=s).weights for s in (3, 3, 4))
    assert (first == same).all()
    assert (first != other).any()


def test_draws_do_not_depend_on_which_synapses_there_are_before_a_neuron_or_after():
    """A trace is the same whatever else the run has: its draw is that of its neuron."""
    pre, post = random_spikes()
    rule = LearningRule("x1*y0*0", x1=Trace(16.5, 10))
    few = learn(rule, pre[:, :5], post, np.zeros((5, 9), dtype=int), record=["x1"])
    many = learn(rule, pre, post, np.zeros((12, 9), dtype=int), record=["x1"])
    assert (few.recorded["x1"] == many.recorded["x1"][:, :5]).all()


def test_synapses_in_any_order_learn_the_same_as_a_matrix():
    pre, post = random_spikes()
    weights = np.random.default_rng(2).integers(-50, 50, (12, 9)) * 2
    whole = learn(STDP, pre, post, weights, seed=5, record=["w"])
    source, target = np.indices(weights.shape).reshape(2, -1)
    order = np.lexsort((target, source))
    mixed = np.random.default_rng(3).permutation(len(order))
    # Rows are walked by source; within a source the order is that of the list.
    listed = mixed[np.lexsort((target[mixed], source[mixed]))]
    found = learn(STDP, pre, post, weights.ravel()[listed], sources=source[listed],
                  targets=target[listed], seed=5, record=["w"])  # fmt: skip
    assert (found.weights == whole.weights.ravel()[listed]).all()
    assert (found.recorded["w"] == whole.recorded["w"].reshape(300, -1)[:, listed]).all()


def test_a_sparse_list_leaves_out_what_it_does_not_hold():
    none = [[False, False]]
    rule = LearningRule("2*x0")
    found = learn(rule, [[True, False]], none, [4, 6, 8], sources=[1, 0, 0], targets=[0, 1, 0],
                  sign_mode=EXCITATORY)  # fmt: skip
    assert found.weights.tolist() == [4, 8, 10]


def test_rounding_is_unbiased():
    """The mean change of many synapses by 1/4 step is 1/4, within five standard errors."""
    rule = LearningRule("2^-2*x0")
    n = 4000
    found = learn(rule, [[True] * n], [[False]], np.zeros((n, 1), dtype=int), sign_mode=EXCITATORY)
    assert abs(found.weights.mean() - 0.25) < 5 * math.sqrt(0.25 * 0.75 / n)


WRONG = [
    ({"pre": [0, 1]}, "pre = [0, 1]; allowed: an array of True and False, or 1 and 0, with steps "
     "as rows and neurons as columns."),
    ({"post": [[1], [0], [1]]}, "pre has 2 steps, post 3; allowed: as many."),
    ({"weights": [[1, 2]]}, "weights have shape (1, 2); allowed: (1, 1), or one axis with sources "
     "and targets."),
    ({"weights": [[1]]}, "a weight is 1; allowed: multiples of 2, which is what this format "
     "stores. Round the weights, or store more bits."),
    ({"weights": [[255]]}, "weights[0] = 255; allowed: -256 to 254."),
    ({"sources": [0]}, "sources without targets, or the reverse; allowed: both."),
    ({"sign_mode": 7}, "sign_mode = 7; allowed: SignMode.MIXED, SignMode.EXCITATORY, "
     "SignMode.INHIBITORY."),
    ({"weight_bits": 1}, "weight_bits = 1; allowed: 2 to 9."),
    ({"seed": -1}, "seed = -1; allowed: an integer of at least 0."),
    ({"record": ["v"]}, "record holds 'v'; allowed: x1, x2, y1, y2, y3, w, d, t."),
    ({"given": {"y1": [1, 1]}}, "given = {'y1': [1, 1]}; allowed: a dict of y2, y3."),
    ({"given": {"y2": [1, 200]}}, "given y2[1] = 200; allowed: -128 to 127."),
    ({"draws": {"z": [1]}}, "draws hold 'z'; allowed: a dict of x, y, x1, x2, y1, y2, y3, "
     "x_impulse, y_impulse, again, synapse."),
    ({"draws": {"x": [0.5, 1.0]}}, "draws x hold 1.0; allowed: [0, 1)."),
    ({"draws": {"x": [0.5]}}, "draws x have shape (1,); allowed: (2,) or (2, 1)."),
    ({"draws": {"x2": [0.5, 0.5]}}, "draws lack x1, which the rule has; allowed: all traces of a "
     "side, or none."),
    ({"tags": [[300]]}, "tags[0] = 300; allowed: -256 to 255."),
]  # fmt: skip


@pytest.mark.parametrize(("change", "problem"), WRONG)
def test_what_is_not_allowed_is_named(change, problem):
    arguments = {"pre": [[1], [0]], "post": [[0], [1]], "weights": [[0]], **change}
    spikes = arguments.pop("pre"), arguments.pop("post"), arguments.pop("weights")
    assert refused(PAIR, *spikes, **arguments) == f"learn: {problem}"


def test_a_reward_that_the_rule_needs_must_be_given():
    assert refused(LearningRule("u0*y2"), [[0]], [[0]], [[0]]) == (
        "learn: the rule uses y2, which has no trace and is not given. Pass given={'y2': values}, "
        "or a Trace to the rule."
    )


def test_an_engine_that_takes_one_spike_an_epoch_refuses_more():
    rule = LearningRule("u0*x1", x1=Trace(4, 10), epoch=2, spec=LEARNING_PRESETS["nengo-loihi"])
    assert refused(rule, raster(0, 0, 1, 1), raster(0, 0, 0, 0), [[0]]) == (
        "learn: pre neuron 0 spikes 2 times in steps 2 to 3; the engine 'nengo-loihi' allows one "
        "spike an epoch. Shorten the epoch."
    )
