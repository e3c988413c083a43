"""Learning rules: how texts are read and printed, and what is wrong with those that are refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurochip.errors import LearningError
from neurochip.learning import LEARNING_PRESETS, LearningRule, Trace

EVERY = {name: Trace(16, 10) for name in ("x1", "x2", "y1", "y2", "y3")}


def rule(dw, **options):
    return LearningRule(dw, **{**EVERY, **options})


def on(peer, dw, **options):
    return rule(dw, spec=LEARNING_PRESETS[peer], **options)


def refused(make):
    with pytest.raises(LearningError) as caught:
        make()
    return str(caught.value)


READ = [
    ("2^-1*x1*y0 - 2^-1*x0*y1", "dw = 2^-1*y0*x1 - 2^-1*x0*y1"),
    ("dw = 2^-1*x1*y0", "dw = 2^-1*y0*x1"),
    ("dwgt = x0*wgt", "dw = x0*w"),
    ("2*3*x0", "dw = 6*x0"),
    ("(-2)*x0*y1", "dw = -2*x0*y1"),
    ("-(2^-3)*x0", "dw = -2^-3*x0"),
    ("(2*2^-3)*y0", "dw = 2*2^-3*y0"),
    ("8*x0", "dw = 4*2^1*x0"),
    ("-8*2^4*x0", "dw = -4*2^5*x0"),
    ("10*y0*x1", "dw = 5*2^1*y0*x1"),
    ("y0*(255-w)", "dw = -y0*(w-255)"),
    ("y0*sign(w)", "dw = y0*sgn(w)"),
    ("y0*sgn(3 - w)", "dw = -y0*sgn(w-3)"),
    ("3*x0*y0", "dw = 3*x0*y0"),
    ("x1*u3*y0", "dw = u3*y0*x1"),
    ("-x0", "dw = -x0"),
]


@pytest.mark.parametrize(("text", "read"), READ)
def test_a_text_is_printed_as_it_was_read(text, read):
    assert str(rule(text)).splitlines()[0] == read


def test_reading_what_was_printed_gives_the_same_terms():
    for text, read in READ:
        assert rule(read).terms == rule(text).terms


WRONG = [
    ("u10*w", "u10 at character 1; allowed: u0 to u9."),
    (
        "9*y0*x1",
        "term '9*y0*x1' has the mantissa 9; allowed: -8 to 7, times a power of two. The nearest is "
        "5*2^1.",
    ),
    ("2^9*x0", "term '2^9*x0' has the exponent 9; allowed: -7 to 8."),
    ("2^-8*x0", "term '2^-8*x0' has the exponent -8; allowed: -7 to 8."),
    ("y0*(w-256)", "constant -256 of w; allowed: -255 to 255, which is 8 bits and a sign."),
    ("u1*u2*w", "term 'u1*u2*w' has two factors u; allowed: one. Keep the rarer one."),
    ("0.5*y0*x1", "0.5 at character 1 is not an integer; write 2^-1."),
    ("1.5*y0*x1", "1.5 at character 1 is not an integer; write 3*2^-1."),
    ("0.3*y0*x1", "0.3 at character 1 is not an integer; the nearest is 5*2^-4."),
    ("0.5*", "0.5 at character 1 is not an integer; write 2^-1."),
    ("2*", "ends where a number or a variable should follow."),
    ("dw =", "has no term. A rule is a sum such as '2^-1*x1*y0 - 2^-1*x0*y1'."),
    ("", "has no term. A rule is a sum such as '2^-1*x1*y0 - 2^-1*x0*y1'."),
    ("dt = x0", "begins with 'dt'; allowed: 'dw' or nothing."),
    (
        "x1*2",
        "term 'x1*2' has no event; each term needs x0 (a pre-synaptic spike), y0 (a post-synaptic "
        "one) or u0 to u9 (time).",
    ),
    ("x0/2", "'/' at character 3; allowed: '*'. Multiply by a power of two, such as 2^-1."),
    ("3^2*x0", "3^ at character 1; allowed: powers of 2."),
    (
        "r0*x0",
        "'r0' at character 1 is no variable; allowed: x0, x1, x2, y0 to y3, w, d, t, u0 to u9, "
        "sgn(...). Reward is a trace that is given, y1 to y3.",
    ),
    (
        "u*w",
        "'u' at character 1 is no variable; allowed: x0, x1, x2, y0 to y3, w, d, t, u0 to u9, "
        "sgn(...). Write u0 for every epoch, u1 for every second one.",
    ),
    ("x0 y0", "'y0' at character 4; expected '+', '-' or '*'."),
    ("y0*(x1+x2)", "a bracket holds 2 variables; allowed: one and a constant."),
    ("y0*(3)*(x1+", "ends where a variable or an integer should follow."),
    ("sgn(w", "ends where '+', '-' or ')' should follow."),
    ("$", "'$' at character 1; expected a number or a variable."),
    (
        "y0*x1*x2*y1*y2*w",
        "term 'y0*x1*x2*y1*y2*w' can reach a product of 137,438,953,472; allowed: below "
        "2,147,483,648 (32 bits). Use fewer factors or a smaller mantissa.",
    ),
]


@pytest.mark.parametrize(("text", "problem"), WRONG)
def test_a_mistake_is_named_with_what_is_allowed(text, problem):
    assert refused(lambda: rule(text)) == f"rule dw = {text!r}: {problem}"


def test_what_one_emulator_refuses_another_reads():
    assert str(on("brian2loihi", "9*y0*x1")).startswith("dw = 9*y0*x1")
    assert str(on("lava", "y0*(w-300)")).startswith("dw = y0*(w-300)")
    assert refused(lambda: on("lava", "u1*w + u2*w")) == (
        "rule dw = 'u1*w + u2*w': has u terms with different k; the engine 'lava' has one k for "
        "all. Use the same u in all terms."
    )
    assert str(rule("u1*w + u2*w")).startswith("dw = u1*w + u2*w")
    assert "one k for all rules" in refused(lambda: on("lava", "u1*w", dt="u2*t"))


def test_a_change_beyond_64_bits_is_refused_where_it_had_turned_its_sign():
    text = "2^9*x0*x1*x1*x1*x1*x1*x1"
    assert str(on("brian2loihi", text)).startswith(f"dw = {text}")
    assert refused(lambda: on("brian2loihi", f"{text}*x1")) == (
        f"rule dw = '{text}*x1': term '{text}*x1' can reach a change of 288,230,376,151,711,744; "
        "allowed: below 36,028,797,018,963,968. Use fewer factors or a smaller coefficient."
    )


@pytest.mark.parametrize("constant", [1 << 62, (1 << 63) - 1, 10**20])
def test_a_constant_beyond_64_bits_is_refused_also_where_an_engine_has_no_limit(constant):
    text = f"x0*sgn(w+{constant})"
    assert refused(lambda: on("lava", text)) == (
        f"rule dw = '{text}': constant {constant} of w; allowed: magnitudes below "
        "4611686018427387904."
    )


def test_numbers_of_a_rule_that_the_engine_cannot_hold_are_refused():
    assert refused(lambda: rule("x0", epoch=64)) == "learning rule: epoch = 64; allowed: 1 to 63."
    assert refused(lambda: rule(None)) == (
        "learning rule: no dw, dt or dd; allowed: at least one text."
    )
    assert refused(lambda: rule("x0", dd="x0")) == (
        "learning rule: dd = 'x0'; the engine 'published' does not learn delays. Leave it out."
    )
    assert refused(lambda: LearningRule("y0*x1")) == (
        "learning rule: uses x1, which has no trace. Pass x1=Trace(impulse, tau)."
    )
    assert refused(lambda: rule(3)) == ("rule dw = 3; allowed: a text such as '2^-1*x0*y1'.")


def test_traces_that_the_engine_cannot_hold_are_refused():
    assert refused(lambda: rule("x0", x1=Trace(128, 10))) == (
        "trace x1: impulse = 128; allowed: 0 to 127 and a fraction."
    )
    assert refused(lambda: rule("x0", x1=Trace(1.3, 10))) == (
        "trace x1: impulse = 1.3; allowed on published: multiples of 1/128, the nearest is "
        "1.296875."
    )
    assert refused(lambda: on("brian2loihi", "x0", x1=Trace(1.5, 10))) == (
        "trace x1: impulse = 1.5; allowed on brian2loihi: integers, the nearest is 2.0."
    )
    assert refused(lambda: on("brian2loihi", "x0", x1=Trace(1, 2.5))) == (
        "trace x1: tau = 2.5; allowed on brian2loihi: integers of at least 1, since the decay is "
        "1 - 1/tau."
    )
    assert refused(lambda: Trace(16, -1)) == (
        "trace: tau = -1; allowed: a number of steps of at least 0; math.inf does not decay."
    )


def test_a_term_is_shown_in_weight_steps_with_the_bits_that_its_product_loses():
    shown = str(rule("2^-1*y0*x1 - 7*2^-2*x0*y1*y2 + 2^-3*u0*(w-255)")).splitlines()
    assert shown[1:] == [
        "  2^-1*y0*x1: 8 weight steps where x1 = 16",
        "  -7*2^-2*x0*y1*y2: -56 weight steps where y1 = 16, y2 = 16 (the product loses 3 bits: "
        "1/8 of its text)",
        "  2^-3*u0*(w-255): 0.125 weight steps where (w-255) = 1",
    ]


def test_the_window_has_the_sign_of_the_text():
    distance, change = rule("2^-1*x1*y0 - 2^-2*x0*y1", y1=Trace(16, 20)).window(reach=3)
    expected = [
        *(-4 * math.exp(-d / 20) for d in (3, 2, 1)),
        8 - 4,  # in one step both sides see the other's impulse
        *(8 * math.exp(-d / 10) for d in (1, 2, 3)),
    ]
    assert distance.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    np.testing.assert_allclose(change, expected, rtol=1e-14)


def test_the_window_of_a_rule_with_a_reward_is_refused():
    assert refused(lambda: LearningRule("y0*x1*y2", x1=Trace(16, 10)).window()) == (
        "window: the rule uses y2, which a run is given; allowed: rules whose traces all come from "
        "spikes."
    )


def test_a_third_factor_is_a_trace_that_the_rule_does_not_have():
    reward = LearningRule("2^-6*u0*t*y2", dt="y0*x1", x1=Trace(16, 10))
    assert reward.given == ("y2",)
