"""An extension of Griffe: public names as they are at run time, with docstrings in Markdown.

Griffe reads the source. It cannot see that a name is loaded on first use, nor that a decorator adds
options to a signature and its docstring. Docstrings have the roles of Sphinx, which Markdown lacks.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import griffe

import neurochip

_ROLE = re.compile(r":\w+:`~?([\w.]+)`")


class RunningNames(griffe.Extension):
    """Replace what the source says of public names by what Python says of them."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Point public names to their definitions; write docstrings as Markdown."""
        if pkg.path == "neurochip":
            for name in neurochip.__all__:
                value = getattr(neurochip, name)
                if inspect.isclass(value) or inspect.isfunction(value):
                    target = f"{value.__module__}.{value.__qualname__}"
                    pkg.set_member(name, griffe.Alias(name, target, parent=pkg))

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """Take signature and docstring of a function whose decorator wrote them."""
        value = getattr(neurochip, func.name, None) if func.name in neurochip.__all__ else None
        if hasattr(value, "__signature__") and func.path.startswith(value.__module__):
            func.parameters = _parameters(value)
            func.docstring.value = inspect.getdoc(value)

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Give a named tuple the constructor that Python makes from its fields."""
        value = getattr(neurochip, cls.name, None) if cls.name in neurochip.__all__ else None
        if hasattr(value, "_fields") and cls.path.startswith(value.__module__):
            made = griffe.Function("__init__", parameters=_parameters(value), parent=cls)
            cls.set_member("__init__", made)

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Turn roles and code of a docstring into Markdown."""
        if obj.docstring is not None:
            obj.docstring.value = markdown(obj.docstring.value)


def markdown(text: str) -> str:
    """Return a docstring with links to public names and Markdown's marks of code."""

    def linked(match: re.Match[str]) -> str:
        *_, owner, name = ["", *match[1].split(".")]
        public = name if name in neurochip.__all__ else f"{owner}.{name}"
        if public.partition(".")[0] not in neurochip.__all__:
            return f"`{name}`"
        return f"[`{public}`][neurochip.{public}]"

    return _ROLE.sub(linked, text).replace("``", "`")


def _parameters(function: Any) -> griffe.Parameters:
    return griffe.Parameters(
        *(
            griffe.Parameter(
                item.name,
                kind=griffe.ParameterKind[item.kind.name.lower()],
                annotation=None if item.annotation is item.empty else str(item.annotation),
                default=None if item.default is item.empty else repr(item.default),
            )
            for item in inspect.signature(function).parameters.values()
        )
    )
