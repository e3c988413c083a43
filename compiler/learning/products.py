"""The rule of a plastic connection as a sum of products, in real numbers.

A chip sees a presynaptic event when its source spikes, a network when the spike arrives, a delay of
d later. So x decays for d less until a postsynaptic spike comes, and y for d more until the
presynaptic one does: a factor ``exp(d / tau_plus)`` and ``exp(-d / tau_minus)`` of their products.
Only pairs closer than d come in the other order on the chip.

A chip sums all products of a step, with traces that hold the spikes of both sides in this step. In
a network one side is first. Without a delay that is the presynaptic one: y must not hold the spike
of this step. With a delay the spike arrives later: x must not hold it. A trace with a time constant
of 0 holds just this spike, so the same product with that trace is taken back.

A change at every presynaptic spike is read from such a trace of its own side, whose impulse makes
its size fine; if that trace has another task, it is a product without traces.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from neurochip.network import STDP

__all__ = ["NOW", "Product", "products_of"]

NOW = {"y1": "y3", "x1": "x2"}
"""Maps the first trace of each side to the trace that holds only the spike of this step."""


@dataclass(frozen=True)
class Product:
    """A term of a rule in real numbers, with traces that a spike increases by 1.

    Parameters
    ----------
    amplitude : str
        Field of the STDP, or of its triplet, that it has.
    event : str
        ``"x0"`` or ``"y0"``: it acts at spikes of this side.
    size : float, mV or nA
        Its factor, with its sign.
    trace : str
        Trace of the other side; for a change by presynaptic spikes alone, x2 with a time constant
        of 0, or empty.
    second : str
        Second trace of its own side, which is read without the spike of this step; may be empty.
    soft : str
        ``"w"`` if it is also multiplied by ``w / w_max``, ``"room"`` if by ``(w_max - w) / w_max``,
        otherwise empty.
    """

    amplitude: str
    event: str
    size: float
    trace: str
    second: str = ""
    soft: str = ""

    @property
    def traces(self) -> tuple[str, ...]:
        """All traces of the product."""
        return tuple(name for name in (self.trace, self.second) if name)


def products_of(stdp: STDP, delay: float) -> tuple[Product, ...]:
    """Return the products of a rule: depression, coincidences, potentiation, presynaptic spikes.

    ``delay`` (ms) is that of a presynaptic event in the network after the one on the chip.
    """
    depression = list(_side(stdp, "minus", math.exp(-delay / stdp.tau_minus)))
    potentiation = list(_side(stdp, "plus", math.exp(delay / stdp.tau_plus)))
    late = potentiation if delay else depression
    back = [replace(item, size=-item.size, trace=NOW[item.trace]) for item in late]
    free = not delay and not (stdp.triplet is not None and stdp.triplet.a3_minus)
    alone = [Product("a_pre", "x0", stdp.a_pre, "x2" if free else "")] if stdp.a_pre else []
    return (*depression, *back, *potentiation, *alone)


def _side(stdp: STDP, side: str, factor: float) -> Iterator[Product]:
    minus = side == "minus"
    event, trace, second = ("x0", "y1", "x2") if minus else ("y0", "x1", "y2")
    soft = "" if stdp.bounds == "hard" else "w" if minus else "room"
    sign = -factor if minus else factor
    for name, owner, slow in ((f"a_{side}", stdp, ""), (f"a3_{side}", stdp.triplet, second)):
        if value := getattr(owner, name, 0.0):
            yield Product(name, event, sign * value, trace, slow, soft)
