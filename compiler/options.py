"""The options of the compiler, each defined once.

The fields of :class:`CompileOptions` are the table of options. The checks, the signature and the
docstring of ``compile_network``, the command line, the axes of a sweep and the pages of docs/ are
generated from it: to add an option, add one field.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from neurochip._support.foreign import nearest
from neurochip._support.ranges import Range
from neurochip._support.values import choice, integer, real
from neurochip.errors import CompileError

__all__ = ["OPTIONS", "CompileOptions", "Option", "chosen", "takes_options"]

_WIDTH = 100  # columns of a docstring
_STARRED = re.compile(r"^\*\*options\n(?:    .*\n?)+", re.MULTILINE)
_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Option:
    """An option of the compiler.

    Parameters
    ----------
    name : str
        Name of the keyword argument. The command line adds ``--`` and writes ``-`` for ``_``.
    default : str, int, float or None
        Default value. None is allowed only if it is the default.
    summary : str
        One-line description, shown by the command line's help.
    details : str
        Further description, shown after the summary in docstrings.
    choices : tuple of str
        Allowed words; empty if the option is a number.
    word : str
        Word that is allowed instead of a number; empty if there is none.
    at_least : float
        Smallest allowed number.
    unit : str
        Unit of the number; empty if it has none.
    """

    name: str
    default: Any
    summary: str
    details: str = ""
    choices: tuple[str, ...] = ()
    word: str = ""
    at_least: float = 0
    unit: str = ""

    @property
    def kind(self) -> type:
        """Type of the values: str, int or float, besides the ``word``."""
        if self.word:
            return float
        return str if self.choices else type(self.default)

    @property
    def annotation(self) -> str:
        """Type of the values for a signature."""
        also = " | str" if self.word else " | None" if self.default is None else ""
        return f"{self.kind.__name__}{also}"

    @property
    def allowed(self) -> str:
        """Description of the allowed numbers, and of the word."""
        return f"at least {self.at_least:g}" + (f", or {self.word!r}" if self.word else "")

    def checked(self, value: Any) -> Any:
        """Check a value and return it as a str, int or float (or None).

        Raises
        ------
        CompileError
            If the value is not allowed.
        """
        if self.choices:
            words = (*self.choices, None) if self.default is None else self.choices
            return choice("options", self.name, value, words, error=CompileError)
        if self.word and isinstance(value, str) and value == self.word:
            return self.word
        if self.kind is int:
            least = int(self.at_least)
            return integer("options", self.name, value, at_least=least, error=CompileError)
        return real(
            "options",
            self.name,
            value,
            self.unit,
            Range(at_least=self.at_least),
            allowed=self.allowed,
            error=CompileError,
        )

    @property
    def entry(self) -> str:
        """Entry of the option in the Parameters section of a docstring, in numpydoc form."""
        if self.choices:
            kind = f"{{{', '.join(map(repr, self.choices))}}}"
        else:
            unit = f", {self.unit}" if self.unit else ""
            kind = f"{self.kind.__name__}{unit}, {self.allowed}"
        optional = ", optional" if self.default is None else ""
        text = textwrap.fill(
            f"{self.summary} {self.details}".rstrip(),
            _WIDTH,
            initial_indent="    ",
            subsequent_indent="    ",
            break_on_hyphens=False,
        )
        return f"{self.name} : {kind}{optional}\n{text}"


def _words(annotation: Any) -> tuple[str, ...]:
    """Return the words of a ``Literal``, also if it is one of several types; else none."""
    for item in (annotation, *get_args(annotation)):
        if get_origin(item) is Literal:
            return get_args(item)
    return ()


def _option(default: str | float | None, summary: str, details: str = "", **limits: Any) -> Any:
    """Return the dataclass field of an option; name and type of the option are the field's."""
    return field(default=default, metadata={"summary": summary, "details": details, **limits})


@dataclass(frozen=True, kw_only=True)
class CompileOptions:
    """Options of the compiler."""

    gain: Literal["auto", "dc", "impulse", "mean_and_variance"] = _option(
        "auto",
        "Which property to preserve when a time constant is rounded.",
        '``"auto"`` preserves the expected rate of each population: it interpolates between '
        '``"impulse"`` and ``"dc"``, or, if no interpolation gives the rate, takes '
        '``"mean_and_variance"`` and shifts the resting level further, or the best of the other '
        "three. It predicts rates from the inputs, treated as independent Poisson trains; "
        'where no spikes are expected, it takes ``"dc"``. The compile report shows its choices. '
        '``"dc"`` scales the weights so that a steady input gives the same mean v; ``"impulse"`` '
        "keeps the weights, so that one spike gives the same jump. Both preserve the resting "
        'level. ``"mean_and_variance"`` scales the weights to preserve the variance of v, and '
        "shifts the resting level to preserve its mean for the expected input; for other inputs "
        "the mean is off.",
    )
    headroom: float = _option(
        1.25,
        "Safety margin against overflow (1.25 = 25 %).",
        "It is the ratio of limit to expected peak of accumulator, u and v. The expected peak is "
        "exceeded once in 1e9 steps if the sources are independent; that of v far below the "
        "threshold, on a chip that clips it there, once in 1e3 steps.",
        at_least=1,
    )
    assumed_rate: float | str = _option(
        "auto",
        "Firing rate of the neurons for which headroom is left; auto predicts it.",
        '``"auto"`` is the self-consistent rate of each neuron under the inputs of the network, '
        "and at least 10 Hz. A number holds for every neuron. Inputs count with their own rate. "
        "The rates also guide the placement on cores, and the compile report shows them. A "
        "recording given as ``activity`` replaces them.",
        word="auto",
        unit="Hz",
    )
    weight_rounding: Literal["auto", "nearest", "floor", "stochastic", "moments"] = _option(
        "auto",
        "Rule that rounds weights to steps of their register.",
        '``"auto"`` is ``"nearest"``, unless a connection has one weight and its targets have '
        "scales of their own: then each weight is rounded up or down, so that the sum onto each "
        'neuron is preserved. ``"nearest"`` rounds each weight to the nearest step; ``"floor"`` '
        'rounds toward zero; ``"stochastic"`` rounds up with a probability equal to the fraction; '
        '``"moments"`` rounds each weight up or down so that the sum of the weights onto each '
        "neuron and the sum of their squares are preserved. This preserves mean and variance of "
        "the input if all sources of a connection fire at the same rate.",
    )
    weight_seed: int = _option(0, "Random seed for the rounding rules stochastic and moments.")
    placement: Literal["sequential", "greedy", "hypergraph", "best"] = _option(
        "sequential",
        "Strategy that assigns neurons to cores.",
        '``"sequential"`` keeps the order of the network, or that of the registers of neurons with '
        'more sets of them than a core holds; ``"greedy"`` fills each core with the neurons that '
        "share the most sources and targets with those already on it; "
        '``"hypergraph"`` partitions the network into balanced blocks with the library of the '
        'extra ``mapping``; ``"best"`` tries all three and takes the result with the fewest spikes '
        "between cores.",
    )
    sites: Literal["in_order", "curve", "search"] | None = _option(
        None,  # becomes one of the choices
        "Strategy that assigns cores to sites of the mesh. "
        "Default: in_order with sequential placement, otherwise search.",
        '``"in_order"`` puts core k at site k; ``"curve"`` places cores that exchange many spikes '
        'next to each other on a space-filling curve; ``"search"`` starts from that result and '
        "moves cores as long as this saves hops.",
    )
    placement_seed: int = _option(0, "Random seed for placement and for the search for sites.")

    def __post_init__(self) -> None:
        for option in OPTIONS.values():
            object.__setattr__(self, option.name, option.checked(getattr(self, option.name)))
        if self.sites is None:
            sites = "in_order" if self.placement == "sequential" else "search"
            object.__setattr__(self, "sites", sites)


_TYPES = get_type_hints(CompileOptions)

OPTIONS: Mapping[str, Option] = MappingProxyType(
    {
        item.name: Option(
            name=item.name,
            default=item.default,
            choices=_words(_TYPES[item.name]),
            **item.metadata,
        )
        for item in dataclasses.fields(CompileOptions)
    }
)
"""All options of the compiler by name, in the order of :class:`CompileOptions`."""

_ENTRIES = "\n".join(option.entry for option in OPTIONS.values())
CompileOptions.__doc__ = f"{CompileOptions.__doc__}\n\nParameters\n----------\n{_ENTRIES}\n"


def chosen(options: Mapping[str, Any]) -> CompileOptions:
    """Return options given by name as CompileOptions.

    Raises
    ------
    CompileError
        If a name is unknown, or a value is not allowed.
    """
    for name in options:
        if name not in OPTIONS:
            raise CompileError(
                f"options: no option {name!r}; allowed: {', '.join(OPTIONS)}."
                f"{nearest('options', name, OPTIONS)}"
            )
    return CompileOptions(**options)


def takes_options(function: _Function) -> _Function:
    """Write all options into the signature and docstring of a function with ``**options``."""
    signature = inspect.signature(function)
    *own, _ = signature.parameters.values()
    given = [
        inspect.Parameter(
            option.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=option.default,
            annotation=option.annotation,
        )
        for option in OPTIONS.values()
    ]
    text = _STARRED.sub(lambda _: f"{_ENTRIES}\n", inspect.cleandoc(function.__doc__ or ""))
    function.__signature__ = signature.replace(parameters=[*own, *given])  # type: ignore[attr-defined]
    function.__doc__ = text
    return function
