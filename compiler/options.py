"""What a user may decide about a compilation, each option spelt once.

The fields of :class:`CompileOptions` are the table of options. The checks, the signature and the
docstring of ``compile_network``, the command line, the axes of a sweep and the pages of docs/ are
made from it: a new option is one new field.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from neurochip._support.ranges import Range
from neurochip._support.values import choice, integer, real
from neurochip.errors import CompileError

__all__ = ["NEED_DRIVE", "OPTIONS", "CompileOptions", "Option", "chosen", "takes_options"]

NEED_DRIVE = ("mean_and_variance", "auto")
"""Gains that depend on the expected input."""

_WIDTH = 100  # columns of a docstring
_STARRED = re.compile(r"^\*\*options\n(?:    .*\n?)+", re.MULTILINE)
_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Option:
    """An option of the compiler.

    Parameters
    ----------
    name : str
        Of the keyword argument; on the command line with ``--``, and ``-`` for ``_``.
    default : str, int, float or None
        Its value unless given. None is allowed where it is the default.
    summary : str
        What it decides, in one sentence.
    details : str
        What else there is to know.
    choices : tuple of str
        The words that are allowed; none if the option is a number.
    at_least : float
        The smallest number that is allowed.
    unit : str
        Of the number, if it has one.
    """

    name: str
    default: Any
    summary: str
    details: str = ""
    choices: tuple[str, ...] = ()
    at_least: float = 0
    unit: str = ""

    @property
    def kind(self) -> type:
        """The type of its values: str, int or float."""
        return str if self.choices else type(self.default)

    def checked(self, value: Any) -> Any:
        """Return a value as a str, an int or a float (or None).

        Raises
        ------
        CompileError
            If it is not allowed.
        """
        if self.choices:
            words = (*self.choices, None) if self.default is None else self.choices
            return choice("options", self.name, value, words, error=CompileError)
        if self.kind is int:
            least = int(self.at_least)
            return integer("options", self.name, value, at_least=least, error=CompileError)
        return real(
            "options",
            self.name,
            value,
            self.unit,
            Range(at_least=self.at_least),
            allowed=f"at least {self.at_least:g}",
            error=CompileError,
        )

    @property
    def entry(self) -> str:
        """What a docstring says of it, in the form of numpydoc."""
        if self.choices:
            kind = f"{{{', '.join(map(repr, self.choices))}}}"
        else:
            unit = f", {self.unit}" if self.unit else ""
            kind = f"{self.kind.__name__}{unit}, at least {self.at_least:g}"
        optional = ", optional" if self.default is None else ""
        text = textwrap.fill(
            f"{self.summary} {self.details}".rstrip(),
            _WIDTH,
            initial_indent="    ",
            subsequent_indent="    ",
            break_on_hyphens=False,
        )
        return f"{self.name} : {kind}{optional}\n{text}"


def _option(default: str | float | None, summary: str, details: str = "", **limits: Any) -> Any:
    """Field of an option; its name and its type are those of the field."""
    return field(default=default, metadata={"summary": summary, "details": details, **limits})


@dataclass(frozen=True, kw_only=True)
class CompileOptions:
    """Choices that the registers leave open."""

    gain: str = _option(
        "dc",
        "What survives the rounding of a decay register.",
        '``"dc"`` scales the weights so that a steady input gives the same mean v; ``"impulse"`` '
        "keeps the weights, so that one spike gives the same jump. The resting level is kept "
        "either way. As a rule the first is better for neurons that are driven by fluctuations, "
        'the second far above threshold. ``"mean_and_variance"`` scales the weights so that v '
        "varies as much as it should, and moves the resting level so that the mean is right under "
        'the input that is expected: under another one it is not. ``"auto"`` takes for each '
        "population the point between the first two at which its expected rate is kept, and where "
        "there is none, the best of the three. Both take inputs as independent Poisson trains; "
        "the report says what they did.",
        choices=("dc", "impulse", "mean_and_variance", "auto"),
    )
    headroom: float = _option(
        1.25,
        "Wanted distance of expected peaks from overflow, as a factor.",
        "The peaks are those of accumulator, u and v: expected means exceeded once in 1e9 steps, "
        "if sources are independent.",
        at_least=1,
    )
    assumed_rate: float = _option(
        100.0,
        "Rate assumed for every neuron where peaks and traffic are estimated.",
        "Given spike trains count with their own mean.",
        unit="Hz",
    )
    weight_rounding: str = _option(
        "nearest",
        "How weights are rounded to steps of their register.",
        '``"nearest"`` rounds each weight to the nearest step; ``"floor"`` drops the fraction of '
        'its magnitude; ``"stochastic"`` rounds up with a probability equal to the fraction; '
        '``"moments"`` rounds each weight up or down so that the sum of the weights onto each '
        "neuron and the sum of their squares are kept, and with them mean and variance of its "
        "input where the sources of a connection fire at one rate.",
        choices=("nearest", "floor", "stochastic", "moments"),
    )
    weight_seed: int = _option(0, "Seed of the weight roundings stochastic and moments.")
    placement: str = _option(
        "sequential",
        "How neurons are put on cores.",
        '``"sequential"`` keeps the order of the network; ``"greedy"`` grows a core from the '
        'neurons that share most with it; ``"hypergraph"`` cuts the network into balanced blocks '
        'with the library of the extra ``mapping``; ``"best"`` tries all three and takes the one '
        "with the fewest spikes between cores.",
        choices=("sequential", "greedy", "hypergraph", "best"),
    )
    sites: str = _option(
        None,  # becomes one of the choices
        "How cores are put on the mesh; by default in order where neurons are, else by search.",
        '``"in_order"`` puts core k at site k; ``"curve"`` lays cores that exchange much one '
        'after the other along a space-filling curve; ``"search"`` goes on from there, and moves '
        "cores as long as that saves hops.",
        choices=("in_order", "curve", "search"),
    )
    placement_seed: int = _option(0, "Seed of placements and of the search for sites.")

    def __post_init__(self) -> None:
        for option in OPTIONS.values():
            object.__setattr__(self, option.name, option.checked(getattr(self, option.name)))
        if self.sites is None:
            sites = "in_order" if self.placement == "sequential" else "search"
            object.__setattr__(self, "sites", sites)


OPTIONS: Mapping[str, Option] = MappingProxyType(
    {
        item.name: Option(name=item.name, default=item.default, **item.metadata)
        for item in dataclasses.fields(CompileOptions)
    }
)
"""All options of the compiler by name, in the order of :class:`CompileOptions`."""

_ENTRIES = "\n".join(option.entry for option in OPTIONS.values())
CompileOptions.__doc__ = f"{CompileOptions.__doc__}\n\nParameters\n----------\n{_ENTRIES}\n"


def chosen(options: Mapping[str, Any]) -> CompileOptions:
    """Return options that were given by name.

    Raises
    ------
    CompileError
        If there is no option of a name, or a value is not allowed.
    """
    for name in options:
        if name not in OPTIONS:
            near = difflib.get_close_matches(name, OPTIONS, n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise CompileError(
                f"options: no option {name!r}; allowed: {', '.join(OPTIONS)}.{meant}"
            )
    return CompileOptions(**options)


def takes_options(function: _Function) -> _Function:
    """Write all options into signature and docstring of a function that takes ``**options``."""
    signature = inspect.signature(function)
    *own, _ = signature.parameters.values()
    given = [
        inspect.Parameter(
            option.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=option.default,
            annotation=option.kind.__name__ + (" | None" if option.default is None else ""),
        )
        for option in OPTIONS.values()
    ]
    text = _STARRED.sub(lambda _: f"{_ENTRIES}\n", inspect.cleandoc(function.__doc__ or ""))
    function.__signature__ = signature.replace(parameters=[*own, *given])  # type: ignore[attr-defined]
    function.__doc__ = text
    return function
