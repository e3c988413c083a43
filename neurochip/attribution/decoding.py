"""Decode the registers of an image, in LSB, for the network that it was compiled from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..chip.fixedpoint import Overflow
from ..chip.registers import (
    decode_bias,
    decode_threshold,
    decode_voltage_limits,
    decode_weights,
    kept_fraction,
)
from ..errors import ImageError
from ..image import ChipImage, PopulationSymbol, SynapseGroup, SynapseSymbol
from ..image.gains import GainRule
from ..network import Connection, Network, Population
from ..recurrence import IdealPopulation
from ..typing import Float64Array, Int32Array, Int64Array
from .kernels import Rules

__all__ = ["DecodedPopulation", "decode_populations", "decode_rules", "with_decoded_weights"]


@dataclass(frozen=True, kw_only=True, eq=False)
class DecodedPopulation:
    """Decoded registers of the neurons of a population; arrays of shape (size,), in LSB.

    Parameters
    ----------
    lsb_per_mv : ndarray of float64
        LSB per mV of each neuron.
    keep_v, threshold, bias, v_init : ndarray of float64
        Registers of the compartment that holds v; ``keep_v`` is the fraction that a step keeps.
    keep_u : tuple of ndarray of float64
        Fraction of the current that a step keeps, for each receptor of the ideal population.
    u_init : tuple of ndarray of float64
        Current of each receptor before the first step.
    refractory : ndarray of int64
        Refractory register.
    v_low, v_high : ndarray of float64
        Limits of v.
    compiled : tuple of ndarray of float64
        LSB per weight unit of each receptor, by which the compiler multiplied the weights.
    rule : PowerGain or MomentGain
        Rule by which the weights and the steady level of v followed the rounded decays.
    """

    lsb_per_mv: Float64Array
    keep_v: Float64Array
    keep_u: tuple[Float64Array, ...]
    threshold: Float64Array
    bias: Float64Array
    v_init: Float64Array
    u_init: tuple[Float64Array, ...]
    refractory: Int64Array
    v_low: Float64Array
    v_high: Float64Array
    compiled: tuple[Float64Array, ...]
    rule: GainRule

    def gains(self, ideal: IdealPopulation, *, decay_v: bool, decay_u: bool) -> list[Float64Array]:
        """Return mV per weight unit of each receptor, if only these decays are rounded."""
        gains, _ = self.rule.follow(ideal, *self._kept(ideal, decay_v, decay_u))
        return gains

    def level(self, ideal: IdealPopulation, *, decay_v: bool, decay_u: bool) -> Float64Array:
        """Return the steady level of v above the origin (mV), if only these decays are rounded."""
        _, shift = self.rule.follow(ideal, *self._kept(ideal, decay_v, decay_u))
        return np.asarray(ideal.v_inf + shift - ideal.origin)

    def _kept(
        self, ideal: IdealPopulation, decay_v: bool, decay_u: bool
    ) -> tuple[Float64Array, Sequence[Float64Array]]:
        exact = [item.keep_u for item in ideal.receptors]
        return self.keep_v if decay_v else ideal.keep_v, self.keep_u if decay_u else exact


def decode_populations(network: Network, image: ChipImage) -> dict[str, DecodedPopulation]:
    """Read the registers of all populations, in the order of the network.

    Raises
    ------
    ImageError
        If the image has no symbols, or was compiled from another network.
    """
    symbols = image.symbols
    if symbols is None:
        raise ImageError("attribution: this image has no symbols; use the image as compiled.")
    found = [(item.name, len(item.compartment_ids)) for item in symbols.populations]
    if found != [(item.name, item.size) for item in network.populations]:
        listed = ", ".join(f"{name!r} ({size})" for name, size in found)
        raise ImageError(
            f"attribution: the image holds populations {listed}; pass the network that it was "
            "compiled from."
        )
    return {item.name: _decode(item, image) for item in symbols.populations}


def _decode(symbol: PopulationSymbol, image: ChipImage) -> DecodedPopulation:
    core, registers, own = image.chip.core, image.compartments, symbol.compartment_ids
    lsb_per_mv = 1 / symbol.mv_per_lsb

    def keep(which: str, at: Int32Array) -> Float64Array:
        offset = getattr(registers, f"{which}_offset")[at]
        return kept_fraction(getattr(registers, which)[at], offset, core)

    low, high = decode_voltage_limits(
        registers.vmin_exponent[own], registers.vmax_exponent[own], core
    )
    bias = decode_bias(registers.bias_mantissa[own], registers.bias_exponent[own])
    return DecodedPopulation(
        lsb_per_mv=lsb_per_mv,
        keep_v=keep("decay_v", own),
        keep_u=tuple(keep("decay_u", at) for at in symbol.currents),
        threshold=decode_threshold(registers.threshold_mantissa[own], core).astype(np.float64),
        bias=bias.astype(np.float64),
        v_init=registers.v_init[own].astype(np.float64),
        u_init=tuple(registers.u_init[at].astype(np.float64) for at in symbol.currents),
        refractory=registers.refractory[own].astype(np.int64),
        v_low=low.astype(np.float64),
        v_high=high.astype(np.float64),
        compiled=tuple(item.gain * lsb_per_mv for item in symbol.receptors),
        rule=symbol.gain_rule,
    )


def decode_rules(image: ChipImage, *, truncates: bool, overflows: bool) -> Rules:
    """Return the arithmetic of the chip, or that of float64 where a switch is off."""
    core = image.chip.core

    def half(bits: int, rule: Overflow) -> float:
        return np.inf if rule is Overflow.NONE else float(1 << (bits - 1))

    return Rules(
        truncates=truncates,
        overflows=overflows,
        accumulator=half(core.accumulator_bits, core.accumulator_overflow),
        current=half(core.state_bits, core.current_overflow),
        input=half(core.state_bits, core.input_overflow),
        accumulator_up=core.accumulator_overflow is Overflow.WRAP_UP,
        current_up=core.current_overflow is Overflow.WRAP_UP,
        input_up=core.input_overflow is Overflow.WRAP_UP,
    )


def with_decoded_weights(network: Network, image: ChipImage) -> Network:
    """Return the network with each weight replaced by the integer weight in the image.

    Raises
    ------
    ImageError
        If the image was compiled from another network.
    """
    assert image.symbols is not None
    found = sorted({item.connection for item in image.symbols.synapses})
    if found != sorted(item.name for item in network.connections):
        raise ImageError(
            f"attribution: the image holds connections {', '.join(map(repr, found))}; pass the "
            "network that it was compiled from."
        )
    weights = {item.name: np.zeros(item.n_synapses) for item in network.connections}
    by_name = {item.name: item for item in network.connections}
    for origin, group in zip(image.symbols.synapses, image.synapses, strict=True):
        whole = by_name[origin.connection]
        part = _part(whole, origin.sign)
        weights[whole.name][part] = _weights_of(whole, part, origin, group, network, image)
    connections = [replace(item, weight=weights[item.name]) for item in network.connections]
    return replace(network, connections=connections)


def _part(connection: Connection, sign: int) -> Any:
    """Return a mask of the synapses of a sign, all for sign 0; weights of 0 count as positive."""
    inhibitory = np.broadcast_to(np.asarray(connection.weight) < 0, connection.post.shape)
    return np.ones_like(inhibitory) if sign == 0 else inhibitory == (sign < 0)


def _weights_of(
    connection: Connection,
    part: Any,
    origin: SynapseSymbol,
    group: SynapseGroup,
    network: Network,
    image: ChipImage,
) -> Float64Array:
    """Return integer weights in the network's order; the image may have renumbered sources."""
    assert image.symbols is not None
    symbols = {entry.name: entry for entry in image.symbols.populations}
    if isinstance(connection.source, Population):
        rows = symbols[connection.source.name].compartment_ids.astype(np.int64)
    else:
        names = [entry.name for entry in network.spike_inputs]
        sizes = [entry.size for entry in network.spike_inputs]
        rows = np.arange(connection.source.size) + sum(sizes[: names.index(connection.source.name)])
    before = np.concatenate([[0], np.cumsum(part)])[connection.indptr]
    counts = np.diff(group.indptr)[rows]
    matches = origin.target == connection.target.name and np.array_equal(counts, np.diff(before))
    if matches:
        begin = np.repeat(group.indptr[rows] - before[:-1], counts)
        places = begin + np.arange(before[-1])
        targets = symbols[origin.target].currents[origin.receptor]
        matches = np.array_equal(group.target[places], targets[connection.post[part]])
    if not matches:
        raise ImageError(
            f"attribution: the synapses of connection {connection.name!r} are not those of the "
            "image; pass the network that it was compiled from."
        )
    decoded = decode_weights(group.mantissa[places], group.format, image.chip.core)
    return np.asarray(decoded, dtype=np.float64)
