"""Loops over the lanes of a batch of synapses: products, sums, roundings.

``lanes`` is one array of rows, a row for each quantity (:class:`Lane`), of int32 where a rule's
numbers fit and of int64 otherwise. The loops have no branches, so they are vector loops, and take
the ``chunks`` of lanes that a batch fills. Lanes without a synapse hold numbers of earlier batches;
they are neither counted nor stored.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels.hashing import hashed_number
from .._kernels.instructions import shifted
from .._kernels.jit import inline_kernel, inner_kernel
from .lanes import CHUNK, DRAW, EARLY, FRESH, LIVE, NUMBER, PLACE, PRODUCT, SUM, VALUE
from .terms import FRACTION_BITS

__all__ = [
    "add_clipped",
    "add_early",
    "add_wrapped",
    "chunks_of",
    "draw_lanes",
    "fill",
    "limit",
    "load",
    "load_at",
    "load_next",
    "move_away",
    "multiply",
    "multiply_sign",
    "round_magnitude",
    "round_up",
    "scale",
    "set_product",
    "shift",
    "start_sum",
    "take_draws",
    "wrap_product",
    "wrapped32",
]

MOST_FRACTION = (1 << FRACTION_BITS) - 1


@inline_kernel
def chunks_of(n: Any) -> Any:
    """Return the chunks of ``n`` lanes."""
    return (np.uint64(n) + (CHUNK - np.uint64(1))) // CHUNK


@inline_kernel
def fill(lanes: Any, chunks: Any, row: Any, value: Any) -> None:
    """Set a row to one value."""
    for lane in range(chunks * CHUNK):
        lanes[lane + row] = value


@inline_kernel
def load_next(lanes: Any, table: Any, first: Any, n: Any) -> None:
    """Set VALUE to ``n`` entries of a table from ``first`` on."""
    for lane in range(np.uint64(n)):
        lanes[lane + VALUE] = table[np.uint64(first) + lane]


@inline_kernel
def load(lanes: Any, table: Any, first: Any, owner: Any, n: Any) -> None:
    """Set VALUE to ``table[first + owner]``, with a row of owners."""
    for lane in range(np.uint64(n)):
        lanes[lane + VALUE] = table[np.uint64(first + lanes[lane + owner])]


@inner_kernel
def load_at(lanes: Any, table: Any, first: Any, owner: Any, at: Any, size: Any, n: Any) -> None:
    """Set VALUE to ``table[first + at * size + owner]``, with a row of owners and one of times."""
    for lane in range(np.uint64(n)):
        place = lanes[lane + at] * size + lanes[lane + owner]
        lanes[lane + VALUE] = table[np.uint64(first + place)]


@inline_kernel
def set_product(lanes: Any, chunks: Any, row: Any, constant: Any, low: Any, high: Any) -> None:
    """Set PRODUCT to a row plus a constant, which is clipped."""
    cast = lanes.dtype.type
    c, least, most = cast(constant), cast(low), cast(high)
    for lane in range(chunks * CHUNK):
        lanes[lane + PRODUCT] = min(max(cast(lanes[lane + row] + c), least), most)


@inline_kernel
def multiply(lanes: Any, chunks: Any, row: Any, constant: Any, low: Any, high: Any) -> None:
    """Multiply PRODUCT by a row plus a constant, which is clipped."""
    cast = lanes.dtype.type
    c, least, most = cast(constant), cast(low), cast(high)
    for lane in range(chunks * CHUNK):
        factor = min(max(cast(lanes[lane + row] + c), least), most)
        lanes[lane + PRODUCT] = lanes[lane + PRODUCT] * factor


@inner_kernel
def multiply_sign(lanes: Any, chunks: Any, row: Any, constant: Any) -> None:
    """Multiply PRODUCT by the sign of a row plus a constant."""
    cast = lanes.dtype.type
    c = cast(constant)
    for lane in range(chunks * CHUNK):
        factor = cast(lanes[lane + row] + c)
        lanes[lane + PRODUCT] = lanes[lane + PRODUCT] * (cast(factor > 0) - cast(factor < 0))


@inner_kernel
def wrap_product(lanes: Any, chunks: Any) -> None:
    """Wrap PRODUCT into 32 bits in two's complement."""
    for lane in range(chunks * CHUNK):
        lanes[lane + PRODUCT] = wrapped32(lanes[lane + PRODUCT])


@inline_kernel
def wrapped32(value: Any) -> Any:
    """Wrap a number into 32 bits in two's complement."""
    return ((value + np.int64(1 << 31)) & np.int64((1 << 32) - 1)) - np.int64(1 << 31)


@inner_kernel
def scale(lanes: Any, chunks: Any, coefficient: Any) -> None:
    """Multiply PRODUCT by a number."""
    cast = lanes.dtype.type
    for lane in range(chunks * CHUNK):
        lanes[lane + PRODUCT] = lanes[lane + PRODUCT] * cast(coefficient)


@inner_kernel
def shift(lanes: Any, chunks: Any, right: Any, left: Any) -> None:
    """Shift PRODUCT right, then left."""
    cast = lanes.dtype.type
    for lane in range(chunks * CHUNK):
        lanes[lane + PRODUCT] = shifted(lanes[lane + PRODUCT], cast(right), cast(left))


@inline_kernel
def start_sum(lanes: Any, chunks: Any, row: Any) -> None:
    """Begin SUM with a variable, in units of an accumulator."""
    cast = lanes.dtype.type
    for lane in range(chunks * CHUNK):
        lanes[lane + SUM] = lanes[lane + row] << cast(FRACTION_BITS)


@inline_kernel
def change_of(lanes: Any, lane: Any, coefficient: Any, right: Any, left: Any) -> Any:
    """Return PRODUCT with its coefficient, shifted right, then left."""
    cast = lanes.dtype.type
    product = cast(lanes[lane + PRODUCT] * cast(coefficient))
    return shifted(product, cast(right), cast(left))


@inner_kernel
def add_early(lanes: Any, chunks: Any, coefficient: Any, right: Any, left: Any) -> None:
    """Add a term to EARLY, which has no limits."""
    for lane in range(chunks * CHUNK):
        lanes[lane + EARLY] += change_of(lanes, lane, coefficient, right, left)


@inline_kernel
def add_clipped(
    lanes: Any, chunks: Any, coefficient: Any, right: Any, left: Any, low: Any, high: Any
) -> Any:
    """Add a term to SUM, both clipped; return how often a live one was beyond."""
    cast = lanes.dtype.type
    least, most, beyond = cast(low), cast(high), cast(0)
    for lane in range(chunks * CHUNK):
        change = change_of(lanes, lane, coefficient, right, left)
        kept = min(max(change, least), most)
        total = cast(lanes[lane + SUM] + kept)
        last = min(max(total, least), most)
        lanes[lane + SUM] = last
        beyond = cast(
            beyond + (lanes[lane + LIVE] & cast(cast(kept != change) + cast(last != total)))
        )
    return beyond


@inner_kernel
def add_wrapped(
    lanes: Any, chunks: Any, coefficient: Any, right: Any, left: Any, low: Any, high: Any
) -> Any:
    """Add a term to SUM, both wrapped; return how often a live one was beyond."""
    cast = lanes.dtype.type
    least, most, beyond = cast(low), cast(high), cast(0)
    mask = cast(most - least)
    for lane in range(chunks * CHUNK):
        change = change_of(lanes, lane, coefficient, right, left)
        kept = cast(cast(cast(change - least) & mask) + least)
        total = cast(lanes[lane + SUM] + kept)
        last = cast(cast(cast(total - least) & mask) + least)
        lanes[lane + SUM] = last
        beyond = cast(
            beyond + (lanes[lane + LIVE] & cast(cast(kept != change) + cast(last != total)))
        )
    return beyond


@inner_kernel
def take_draws(lanes: Any, draws: Any, row: Any, bits: Any, n: Any) -> None:
    """Set DRAW to the leading bits of given draws, which all synapses may share."""
    own = draws.shape[2] > 1
    for lane in range(np.uint64(n)):
        place = lanes[lane + PLACE] if own else 0
        random = np.uint64(draws[row, 0, np.uint64(place)])
        lanes[lane + DRAW] = random >> np.uint64(32 - bits)


@inline_kernel
def draw_lanes(lanes: Any, chunks: Any, key: Any, bits: Any) -> None:
    """Set DRAW to the leading random bits of the numbers of the synapses."""
    cast = lanes.dtype.type
    right = cast(31 - bits)
    for lane in range(chunks * CHUNK):
        random = hashed_number(lanes[lane + NUMBER], key)
        lanes[lane + DRAW] = shifted(cast(random >> np.uint32(1)), right, cast(0))


@inline_kernel
def round_up(lanes: Any, chunks: Any, least: Any, most: Any, low_bits: Any) -> None:
    """Set FRESH to the clipped SUM in steps of ``2**low_bits``: up if DRAW is below its rest."""
    cast = lanes.dtype.type
    low, high, left = cast(least), cast(most), cast(low_bits)
    right = cast(left + cast(FRACTION_BITS))
    mask = cast((np.int64(1) << np.int64(right)) - 1)
    for lane in range(chunks * CHUNK):
        total = min(max(lanes[lane + SUM], low), high)
        up = cast(lanes[lane + DRAW] < cast(total & mask))
        lanes[lane + FRESH] = shifted(cast(shifted(total, right, cast(0)) + up), cast(0), left)


@inner_kernel
def round_magnitude(lanes: Any, chunks: Any, least: Any, most: Any, low_bits: Any) -> None:
    """Do the same with the magnitude of SUM."""
    cast = lanes.dtype.type
    low, high, left = cast(least), cast(most), cast(low_bits)
    right = cast(left + cast(FRACTION_BITS))
    mask = cast((np.int64(1) << np.int64(right)) - 1)
    for lane in range(chunks * CHUNK):
        total = min(max(lanes[lane + SUM], low), high)
        sign = cast(-cast(total < 0))
        size = cast(cast(total ^ sign) - sign)
        up = cast(lanes[lane + DRAW] < cast(size & mask))
        fresh = shifted(cast(shifted(size, right, cast(0)) + up), cast(0), left)
        lanes[lane + FRESH] = cast(fresh ^ sign) - sign


@inner_kernel
def move_away(lanes: Any, chunks: Any, old: Any, low_bits: Any) -> None:
    """Set FRESH to the old value, moved by the change of SUM: away from zero, then toward zero.

    EARLY is the change that rounds stochastically, by its bits below the precision.
    """
    cast = lanes.dtype.type
    places, most = cast(low_bits), cast(MOST_FRACTION)
    mask = cast((np.int64(1) << low_bits) - 1)
    for lane in range(chunks * CHUNK):
        before, early = lanes[lane + old], lanes[lane + EARLY]
        change = cast(lanes[lane + SUM] - cast(before << cast(FRACTION_BITS)))
        steps = shifted(cast(cast(abs(change) + most) >> cast(FRACTION_BITS)), places, cast(0))
        rest = cast(cast(cast(abs(early) + most) >> cast(FRACTION_BITS)) & mask)
        up = cast(lanes[lane + DRAW] < rest)
        steps = -steps if change < 0 else steps
        steps += up * (cast(early > 0) - cast(early < 0))
        lanes[lane + FRESH] = cast(before + shifted(cast(steps), cast(0), places))


@inline_kernel
def limit(lanes: Any, chunks: Any, old: Any, least: Any, most: Any) -> Any:
    """Clip FRESH, keep the old values where not live; return how many were beyond."""
    cast = lanes.dtype.type
    low, high, beyond = cast(least), cast(most), cast(0)
    for lane in range(chunks * CHUNK):
        fresh, live = lanes[lane + FRESH], lanes[lane + LIVE]
        kept = min(max(fresh, low), high)
        beyond = cast(beyond + (live & cast(kept != fresh)))
        lanes[lane + FRESH] = (kept & live) | (lanes[lane + old] & ~live)
    return beyond
