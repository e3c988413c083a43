"""An extension of Griffe: public names as they are at run time, with docstrings in Markdown.

Griffe reads the source. It cannot see that a name is loaded on first use, nor that a decorator adds
options to a signature and its docstring. Docstrings have the roles of Sphinx, which Markdown lacks.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

import griffe

import neurochip

_STARRED = (griffe.ParameterKind.var_positional, griffe.ParameterKind.var_keyword)
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
        """Take the parameters that a decorator wrote into the signature of a function."""
        value = _running(func)
        if hasattr(value, "__signature__"):
            written = [item for item in func.parameters if item.kind not in _STARRED]
            func.parameters = griffe.Parameters(*written, *_parameters(value)[len(written) :])

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Give a class the constructor that Python makes from its fields."""
        value = _running(cls)
        if hasattr(value, "_fields") or dataclasses.is_dataclass(value):
            read = {item.name: item for item in cls.parameters}
            found = [
                item if _is_private(read.get(item.name)) else read[item.name]
                for item in _parameters(value)
            ]
            parameters = griffe.Parameters(*found)
            made = griffe.Function("__init__", parameters=parameters, parent=cls)
            cls.set_member("__init__", made)

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Take the docstring that Python has, with Markdown instead of roles."""
        if obj.docstring is not None:
            value = _running(obj)
            text = obj.docstring.value if value is None else inspect.getdoc(value) or ""
            obj.docstring.value = markdown(text)


def _running(obj: griffe.Object) -> Any:
    """Return the public class or function that an object of the source defines, or None."""
    value = getattr(neurochip, obj.name) if obj.name in neurochip.__all__ else None
    defined = inspect.isclass(value) or inspect.isfunction(value)
    return value if defined and obj.path == f"{value.__module__}.{value.__qualname__}" else None


def markdown(text: str) -> str:
    """Return a docstring with links to public names and Markdown's marks of code."""

    def linked(match: re.Match[str]) -> str:
        *_, owner, name = ["", *match[1].split(".")]
        public = name if name in neurochip.__all__ else f"{owner}.{name}"
        if public.partition(".")[0] not in neurochip.__all__:
            return f"`{name}`"
        return f"[`{public}`][neurochip.{public}]"

    return _ROLE.sub(linked, text).replace("``", "`")


def _is_private(parameter: griffe.Parameter | None) -> bool:
    """Return whether the source lacks a parameter, or its default is a call of a private name."""
    return parameter is None or str(parameter.default).startswith("_")


def _parameters(function: Any) -> list[griffe.Parameter]:
    """Return the parameters that Python has for a function or a constructor."""
    return [
        griffe.Parameter(
            item.name,
            kind=griffe.ParameterKind[item.kind.name.lower()],
            annotation=_text(item.annotation),
            default=None if item.default is item.empty else repr(item.default),
        )
        for item in inspect.signature(function).parameters.values()
    ]


def _text(annotation: Any) -> str | None:
    """Return an annotation as in the source; named tuples hold it in a reference."""
    if annotation is inspect.Parameter.empty:
        return None
    return str(getattr(annotation, "__forward_arg__", annotation))
