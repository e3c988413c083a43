"""Reads abstract code as a map: the value of each variable after it, in terms of those before it.

The statements are executed one after the other on symbols instead of numbers. The result does not
depend on how a script is written: two codes that do the same have the same map, whatever the names
and the order of their statements, and whether they compute in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sympy
from brian2.core.variables import Subexpression
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str

from .refusal import refusal
from .values import statements

__all__ = ["Effect", "effect_of", "expression_of", "shown", "symbol_of", "target_name"]

_POST = "_post"


@dataclass(frozen=True)
class Effect:
    """The effect of abstract code.

    Parameters
    ----------
    where : str
        Name of the code, such as ``"on_pre"``.
    values : dict of str to sympy expression
        Each variable that is written, as a function of all variables before the code. Variables of
        the target have the ending ``_post``.
    lines : dict of str to str
        The last statement that writes each of them.
    """

    where: str
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)

    def after(self, name: str) -> Any:
        """Return the value of a variable after the code."""
        return self.values.get(name, symbol_of(name))

    def change(self, name: str) -> Any:
        """Return what the code adds to a variable; 0 if it does not write it."""
        return self.after(name) - symbol_of(name)

    def line(self, name: str) -> str:
        """Return the last statement that writes a variable, with the name of the code."""
        return f"{self.where}: {self.lines[name]!r}"


def effect_of(owner: Any, where: str, codes: Iterable[str]) -> Effect:
    """Execute abstract code on symbols.

    Parameters
    ----------
    owner : brian2.Synapses
        Object whose variables the code may name.
    where : str
        Name of the code for messages.
    codes : iterable of str
        Codes that Brian2 executes one after the other.

    Raises
    ------
    FrontendError
        If a statement has no value as an expression, such as a product with a comparison.
    """
    effect = Effect(where)
    for code in codes:
        for variable, operation, expression in statements(code):
            line = f"{variable} {operation} {expression}"
            name = target_name(owner, variable)
            try:
                value = expression_of(owner, expression, effect.values)
                before = effect.after(name)
                effect.values[name] = _apply(operation, before, value)
            except (SyntaxError, TypeError, ValueError, KeyError):
                raise refusal(
                    owner,
                    f"{where}: {line!r} cannot be read as a formula",
                    "What works: +, -, *, / and clip of variables and constants.",
                ) from None
            effect.lines[name] = line
    return effect


def expression_of(owner: Any, code: str, values: dict[str, Any] | None = None) -> Any:
    """Return an expression with the subexpressions of ``owner`` and given values substituted.

    Parameters
    ----------
    owner : brian2.Synapses
        Object whose variables the code may name.
    code : str
        The expression.
    values : dict of str to sympy expression, optional
        Values of variables, by their names in an :class:`Effect`.
    """
    written: Any = sympy.sympify(str_to_sympy(code, owner.variables))
    inside = {}
    for symbol in written.free_symbols:
        name = target_name(owner, symbol.name)
        variable = owner.variables.get(symbol.name)
        if isinstance(variable, Subexpression) and variable.owner.name == owner.name:
            inside[symbol] = expression_of(owner, variable.expr, values)
        else:
            inside[symbol] = (values or {}).get(name, symbol_of(name))
    return written.xreplace(inside)


def symbol_of(name: str) -> Any:
    """Return the symbol that Brian2 uses for a name."""
    if name in ("t", "dt"):
        return sympy.Symbol(name, real=True, positive=True)
    return sympy.Symbol(name, real=True)


def target_name(owner: Any, name: str) -> str:
    """Return one name for a variable of the target, which Brian2 knows with and without _post."""
    if owner.variables.indices.get(name) == "_postsynaptic_idx" and name != "j":
        return str(owner.variables[name].name) + _POST
    return name


def shown(expression: Any) -> str:
    """Return an expression as Brian2 writes it."""
    return str(sympy_to_str(expression)).replace("(_placeholder_arg)", "()")  # of rand()


def _apply(operation: str, before: Any, value: Any) -> Any:
    """Return a variable after a statement; ``operation`` is ``"="``, ``"+="`` or another."""
    if operation == "+=":
        return before + value
    if operation == "-=":
        return before - value
    if operation == "*=":
        return before * value
    return before / value if operation == "/=" else value
