"""Read the text of a learning rule, in the syntax of Lava or of Brian2Loihi.

::

    rule     = ["dw" "="] ["-"] term {("+" | "-") term}
    term     = part {"*" part}
    part     = literal | event | variable | "(" variable constant ")" | sgn "(" ... ")"
    literal  = integer | "2^" integer | "(" ["-"] literal ")"
    event    = x0 | y0 | u0 ... u9
    variable = x1 | x2 | y1 | y2 | y3 | w | d | t          (wgt, dly, tag)

``(c - v)`` is read as ``-(v - c)``. Integers multiply to the mantissa, powers of two add to the
exponent; an even mantissa that is too large is halved, as Lava does with a magnitude of 8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn

from .._support.values import shown
from ..chip.learning_spec import LearningSpec
from ..errors import LearningError
from .terms import FRACTION_BITS, VARIABLES, WIDEST, Factor, Term

__all__ = ["parse"]

_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z_]\w*)|(?P<number>\d+(?:\.\d*)?|\.\d+)|(?P<mark>\S))")
_SYNONYMS = {"wgt": "w", "dly": "d", "tag": "t"}
_EVENTS = ("x0", "y0")
_SIGNS = ("sgn", "sign")
_ALLOWED = "x0, x1, x2, y0 to y3, w, d, t, u0 to u9, sgn(...)"
_NO_VARIABLE = {
    "r0": "Reward is a trace that is given, y1 to y3.",
    "r1": "Reward is a trace that is given, y1 to y3.",
    "u": "Write u0 for every epoch, u1 for every second one.",
}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: int


def parse(target: str, text: object, spec: LearningSpec) -> tuple[Term, ...]:
    """Return the terms of a rule.

    Parameters
    ----------
    target : str
        What the rule changes: ``"w"``, ``"d"`` or ``"t"``.
    text : str
        The rule.
    spec : LearningSpec
        The engine, for the ranges of its numbers.

    Raises
    ------
    LearningError
        If the text is not a rule, or the engine cannot hold it. The message says where and why.
    """
    if not isinstance(text, str):
        raise LearningError(
            f"rule d{target} = {shown(text)}; allowed: a text such as '2^-1*x0*y1'."
        )
    return _Reader(target, text, spec).rule()


class _Reader:
    def __init__(self, target: str, text: str, spec: LearningSpec) -> None:
        self.text, self.spec, self.target = text, spec, target
        self.owner = f"rule d{target} = {text!r}"
        self.tokens = [
            _Token(match.lastgroup or "", match[match.lastgroup or 0], match.start(match.lastgroup))
            for match in _TOKEN.finditer(text)
            if match.lastgroup
        ]
        self.at = 0

    def fail(self, problem: str, token: _Token | None = None) -> NoReturn:
        where = "" if token is None else f" at character {token.place + 1}"
        raise LearningError(f"{self.owner}: {problem.replace('@', where, 1)}")

    def peek(self) -> _Token:
        if self.at < len(self.tokens):
            return self.tokens[self.at]
        return _Token("end", "", len(self.text))

    def take(self) -> _Token:
        token = self.peek()
        self.at += 1
        return token

    def took(self, *marks: str) -> str:
        if self.peek().kind == "mark" and self.peek().text in marks:
            return self.take().text
        return ""

    def rule(self) -> tuple[Term, ...]:
        if len(self.tokens) > 1 and self.tokens[1].text == "=":
            name = self.take().text
            if _SYNONYMS.get(name[1:], name[1:]) != self.target or name[0] != "d":
                self.fail(f"begins with {name!r}; allowed: 'd{self.target}' or nothing.")
            self.take()
        if self.peek().kind == "end":
            self.fail("has no term. A rule is a sum such as '2^-1*x1*y0 - 2^-1*x0*y1'.")
        terms = [self.term(self.took("+", "-"))]
        while self.peek().kind != "end":
            sign = self.took("+", "-")
            if not sign:
                self.unexpected("'+', '-' or '*'")
            terms.append(self.term(sign))
        if self.spec.one_u and len({term.k for term in terms} - {None}) > 1:
            self.fail(
                f"has u terms with different k; the engine {self.spec.name!r} has one k for all. "
                "Use the same u in all terms."
            )
        return tuple(terms)

    def unexpected(self, expected: str) -> NoReturn:
        token = self.peek()
        if token.text == "/":
            self.fail("'/'@; allowed: '*'. Multiply by a power of two, such as 2^-1.", token)
        if token.kind == "end":
            self.fail(f"ends where {expected} should follow.")
        self.fail(f"{token.text!r}@; expected {expected}.", token)

    def term(self, sign: str) -> Term:
        begin = self.peek()
        mantissa, exponent = -1 if sign == "-" else 1, 0
        events: list[str] = []
        factors: list[Factor] = []
        periods: list[int] = []
        while True:
            if self.coefficient():
                number, power = self.literal()
                mantissa, exponent = mantissa * number, exponent + power
            else:
                mantissa *= self.part(events, periods, factors)
            if not self.took("*"):
                break
        words = self.text[begin.place : self.peek().place].strip()
        return self.checked(words, mantissa, exponent, events, periods, factors)

    def coefficient(self) -> bool:
        """Return whether a literal comes, also in brackets."""
        ahead = self.at
        while ahead < len(self.tokens) and self.tokens[ahead].text == "(":
            ahead += 1
        if ahead > self.at and self.tokens[ahead : ahead + 1] and self.tokens[ahead].text in "+-":
            ahead += 1
        if ahead >= len(self.tokens) or self.tokens[ahead].kind != "number":
            return False
        if ahead == self.at:
            return True
        closing = ahead + 1
        while closing < len(self.tokens) and self.tokens[closing].text != ")":
            if self.tokens[closing].kind == "name":
                return False  # (c - v)
            closing += 1
        return True

    def literal(self) -> tuple[int, int]:
        """Return an integer and a power of two."""
        if self.took("("):
            minus = self.took("+", "-") == "-"
            number, power = self.literal()
            while self.took("*"):
                more, further = self.literal()
                number, power = number * more, power + further
            if not self.took(")"):
                self.unexpected("')'")
            return (-number if minus else number), power
        token = self.take()
        number = self.whole(token)
        if not self.took("^"):
            return number, 0
        if number != 2:
            self.fail(f"{number}^@; allowed: powers of 2.", token)
        bracket = self.took("(")
        minus = self.took("+", "-") == "-"
        if self.peek().kind != "number":
            self.unexpected("an integer exponent")
        power = self.whole(self.take())
        if bracket and not self.took(")"):
            self.unexpected("')'")
        return 1, -power if minus else power

    def whole(self, token: _Token) -> int:
        if "." not in token.text:
            return int(token.text)
        if not token.text.strip("0."):
            self.fail(f"{token.text}@ is not an integer; write 0.", token)
        return self.fraction(token)

    def fraction(self, token: _Token) -> NoReturn:
        number = Fraction(token.text if token.text[0] != "." else f"0{token.text}")
        near = self.near(number)
        exact = "write" if near[0] * Fraction(2) ** near[1] == number else "the nearest is"
        text = f"{near[0]}*2^{near[1]}" if near[0] != 1 else f"2^{near[1]}"
        self.fail(f"{token.text}@ is not an integer; {exact} {text}.", token)

    def near(self, number: Fraction) -> tuple[int, int]:
        """Return the mantissa (1 to 7) and the exponent of the nearest coefficient."""
        pairs = [(m, e) for e in range(-7, 9) for m in (1, 3, 5, 7)]
        return min(pairs, key=lambda pair: abs(pair[0] * Fraction(2) ** pair[1] - number))

    def part(self, events: list[str], periods: list[int], factors: list[Factor]) -> int:
        """Read an event or a factor into the lists, and return the sign that it leaves."""
        token = self.peek()
        if token.kind == "name" and token.text in _SIGNS:
            self.take()
            if not self.took("("):
                self.unexpected("'('")
            factor, minus = self.inner(sign=True)
            factors.append(factor)
            return minus
        if self.took("("):
            factor, minus = self.inner(sign=False)
            factors.append(factor)
            return minus
        if token.kind != "name":
            self.unexpected("a number or a variable")
        self.take()
        if re.fullmatch(r"u\d+", token.text):
            if not re.fullmatch(r"u\d", token.text):
                self.fail(f"{token.text}@; allowed: u0 to u9.", token)
            periods.append(int(token.text[1]))
        elif token.text in _EVENTS:
            events.append(token.text)
        else:
            factors.append(Factor(self.variable(token)))
        return 1

    def variable(self, token: _Token) -> str:
        name = _SYNONYMS.get(token.text, token.text)
        if name not in VARIABLES:
            why = _NO_VARIABLE.get(name, "")
            self.fail(f"{token.text!r}@ is no variable; allowed: {_ALLOWED}. {why}".rstrip(), token)
        return name

    def inner(self, *, sign: bool) -> tuple[Factor, int]:
        """Read ``v``, ``v + c`` or ``c - v`` up to the closing bracket."""
        names: list[tuple[str, int]] = []
        constant, minus = 0, self.took("+", "-")
        while True:
            token = self.take()
            step = -1 if minus == "-" else 1
            if token.kind == "number":
                constant += step * self.whole(token)
            elif token.kind == "name":
                names.append((self.variable(token), step))
            else:
                self.at -= 1
                self.unexpected("a variable or an integer")
            if self.took(")"):
                break
            minus = self.took("+", "-")
            if not minus:
                self.unexpected("'+', '-' or ')'")
        if len(names) != 1:
            self.fail(f"a bracket holds {len(names)} variables; allowed: one and a constant.")
        (name, direction) = names[0]
        low, high = self.spec.constant_limits
        if not low <= constant <= high:
            self.fail(
                f"constant {constant} of {name}; allowed: {low} to {high}, which is 8 bits and a "
                "sign."
            )
        if abs(constant) >= WIDEST:
            self.fail(f"constant {constant} of {name}; allowed: magnitudes below {WIDEST}.")
        return Factor(name, constant * direction, sign), direction

    def checked(
        self,
        words: str,
        mantissa: int,
        exponent: int,
        events: list[str],
        periods: list[int],
        factors: list[Factor],
    ) -> Term:
        if len(periods) > 1:
            self.fail(f"term {words!r} has two factors u; allowed: one. Keep the rarer one.")
        if not events and not periods:
            self.fail(
                f"term {words!r} has no event; each term needs x0 (a pre-synaptic spike), y0 (a "
                "post-synaptic one) or u0 to u9 (time)."
            )
        # With u, a term acts at the end of the epoch; a spike is then a factor of 0 or 1.
        dependency = "u" if periods else events.pop(0)
        while dependency in events:  # x0*x0 is x0
            events.remove(dependency)
        low, high = self.spec.mantissa_limits
        even, halvings = mantissa, 0
        while abs(even) > high and even % 2 == 0:
            even, halvings = even // 2, halvings + 1
        if not low <= even <= high:
            near, power = self.near(Fraction(abs(mantissa)))
            self.fail(
                f"term {words!r} has the mantissa {mantissa}; allowed: {low} to {high}, times a "
                f"power of two. The nearest is {'-' if mantissa < 0 else ''}{near}*2^{power}."
            )
        if abs(even) >= WIDEST:
            self.fail(f"term {words!r} has the mantissa {mantissa}; allowed: below {WIDEST}.")
        exponent = exponent + halvings if even else 0  # 0 is 0 times any power of two
        least, most = self.spec.exponent_limits
        if not least <= exponent <= most:
            self.fail(f"term {words!r} has the exponent {exponent}; allowed: {least} to {most}.")
        spikes = tuple(Factor(event) for event in dict.fromkeys(events))
        term = Term(
            dependency, even, exponent, (*spikes, *factors), periods[0] if periods else None
        )
        top = 1 << (self.spec.product_bits - 1)
        if not self.spec.product_wraps and term.most(self.spec) >= top:
            self.fail(
                f"term {words!r} can reach a product of {term.most(self.spec):,}; allowed: below "
                f"{top:,} ({self.spec.product_bits} bits). Use fewer factors or a smaller mantissa."
            )
        if not self.spec.product_wraps and term.reach(self.spec) >= WIDEST:
            self.fail(
                f"term {words!r} can reach a change of {term.reach(self.spec) >> FRACTION_BITS:,}; "
                f"allowed: below {WIDEST >> FRACTION_BITS:,}. Use fewer factors or a smaller "
                "coefficient."
            )
        return term
