"""Round weights and delays of a projection to integers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurochip.chip.spec import ChipSpec
from neurochip.errors import FitError
from neurochip.network import Connection
from neurochip.recurrence import delay_steps
from neurochip.typing import Float64Array, Int16Array, Int64Array, UInt8Array

from ..learning.scale import plastic_grid
from ..neurons.decays import Decays
from ..neurons.weights import chunks, scaled_weights
from ..options import CompileOptions
from .formats import Grid, choose_format, mantissas, sign_mode_of
from .projections import Projection
from .rounding import CARRIED, carry_errors, draws_for, round_steps, rule_for
from .sharing import shared_kernel

__all__ = ["ConnectionRegisters", "round_connection", "rounded_delays"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ConnectionRegisters:
    """Registers of the synapses of a projection.

    Parameters
    ----------
    projection : Projection
        The synapses in physical units, and the receptor that they drive.
    rule : str
        Rule by which the weights are rounded.
    grid : Grid
        Synapse format and the weights that it can express.
    weights_of : callable
        Returns the weights of a chunk of synapses in LSB, before rounding.
    options : CompileOptions
        Options of the compilation.
    delay : ndarray of uint8, shape (n_synapses,) or (0,)
        Delays in steps; empty if all are 0.
    shares_kernels : bool
        Whether the chip stores the kernel of a convolution once.
    """

    projection: Projection
    rule: str
    grid: Grid
    weights_of: Callable[[slice], Float64Array]
    options: CompileOptions
    delay: UInt8Array
    shares_kernels: bool

    @cached_property
    def mantissa(self) -> Int16Array:
        """Weight mantissas, int16 of shape (n_synapses,).

        They are rounded when they are first asked for: the placement, which takes the most memory,
        does without them.
        """
        connection, rule = self.connection, self.rule
        rng = draws_for(connection.name, self.options)
        carried = np.zeros(connection.target.size)
        rounded = np.empty(connection.n_synapses, dtype=np.int16)
        for part in _parts(connection, rule):
            steps, post = self.weights_of(part) / self.grid.step, connection.post[part]
            whole = (
                carry_errors(steps, post, carried)
                if rule == CARRIED
                else round_steps(steps, post, rule, rng)
            )
            rounded[part] = mantissas(whole, self.grid)
        return rounded

    @cached_property
    def kernel(self) -> Int16Array | None:
        """Mantissas of the kernel that all synapses share, or None if they share none."""
        if not self.shares_kernels:
            return None
        return shared_kernel(self.connection, self.mantissa, self.delay)

    @property
    def connection(self) -> Connection:
        """The synapses in physical units."""
        return self.projection.connection

    @property
    def max_delay(self) -> int:
        """Longest delay in steps."""
        return int(self.delay.max()) if self.delay.size else 0


def rounded_delays(connection: Connection, chip: ChipSpec, dt: float) -> Int64Array:
    """Return the delays in steps, one for all synapses or one for each.

    Raises
    ------
    FitError
        If a delay exceeds the longest delay of the chip.
    """
    steps = delay_steps(connection.delay, dt)
    longest = int(steps.max()) if connection.n_synapses else 0
    if longest > chip.core.delay_max:
        delay = float(np.max(connection.delay))
        raise FitError(
            f"connection {connection.name!r}: a delay of {delay:g} ms is {longest} steps of "
            f"{dt:g} ms; allowed: at most {chip.core.delay_max} steps "
            f"({chip.core.delay_max * dt:g} ms). Lengthen dt or shorten the delay."
        )
    return steps


def round_connection(
    projection: Projection,
    decays: Decays,
    lsb_per_mv: Float64Array,
    chip: ChipSpec,
    dt: float,
    options: CompileOptions,
) -> ConnectionRegisters:
    """Round weights and delays; ``decays`` and scales are those of the target population.

    Raises
    ------
    FitError
        If a delay exceeds the longest delay of the chip.
    """
    connection = projection.connection
    gain = decays.receptors[projection.receptor].gain
    n = connection.n_synapses
    steps = rounded_delays(connection, chip, dt)
    longest = int(steps.max()) if n else 0
    rule = rule_for(connection, lsb_per_mv, options)
    weights_of = scaled_weights(connection, gain, lsb_per_mv)
    parts = _parts(connection, rule)
    extremes = np.empty((len(parts), 2))
    for row, part in zip(extremes, parts, strict=True):
        weights = weights_of(part)
        row[:] = weights.min(), weights.max()
    largest = float(np.abs(extremes).max(initial=0.0))
    chosen = choose_format(largest, sign_mode_of(extremes), chip.core)
    if connection.plasticity is not None:
        top = connection.plasticity.w_max * float((gain * lsb_per_mv).max())
        chosen = plastic_grid(connection, top, chip.core)
    delays = np.broadcast_to(steps, (n,)) if longest and n else np.empty(0)
    return ConnectionRegisters(
        projection=projection,
        rule=rule,
        grid=chosen,
        weights_of=weights_of,
        options=options,
        delay=np.ascontiguousarray(delays, dtype=np.uint8),
        shares_kernels=chip.core.kernels_shared,
    )


def _parts(connection: Connection, rule: str) -> list[slice]:
    """Return the chunks of synapses that are rounded together."""
    n = connection.n_synapses
    # The rule "moments" sums over targets, so it needs all synapses at once.
    return chunks(n, n if rule == "moments" else None)
