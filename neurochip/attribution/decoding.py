"""An image read back against the network that it was made from: what its registers say, in LSB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from compiler.neurons.decays import round_decays
from compiler.neurons.drive import operating_points
from compiler.neurons.gains import GainRule
from compiler.options import NEED_DRIVE, CompileOptions
from compiler.synapses.projections import Projection, project

from ..chip.fixedpoint import Overflow
from ..chip.registers import (
    decode_bias,
    decode_threshold,
    decode_voltage_limits,
    decode_weights,
    effective_decay,
)
from ..errors import ImageError
from ..image import ChipImage, PopulationSymbol, SynapseGroup
from ..network import Network, Population
from ..recurrence import IdealPopulation, ideal_population
from ..typing import Float64Array, Int32Array, Int64Array
from .kernels import Rules

__all__ = ["DecodedPopulation", "decode_populations", "decode_rules", "with_decoded_weights"]


@dataclass(frozen=True, kw_only=True, eq=False)
class DecodedPopulation:
    """Registers of the neurons of a population; arrays of shape (size,), in LSB.

    Parameters
    ----------
    lsb_per_mv : ndarray of float64
        The scale.
    keep_v, threshold, bias, v_init : ndarray of float64
        Of the compartment that holds v.
    keep_u : tuple of ndarray of float64
        One for each receptor, as those of the ideal population.
    u_init : tuple of ndarray of float64
        Current of each receptor before the first step.
    refractory : ndarray of int64
        Register.
    v_low, v_high : ndarray of float64
        Limits of v.
    rule : PowerGain or MomentGain
        How the weights, and the level where v settles, followed the rounded decays.
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
    rule: GainRule

    def gains(self, ideal: IdealPopulation, *, decay_v: bool, decay_u: bool) -> list[Float64Array]:
        """Return mV per weight unit of each receptor, if only these decays are rounded."""
        return self.rule.gains(ideal, *self._kept(ideal, decay_v, decay_u))

    def level(self, ideal: IdealPopulation, *, decay_v: bool, decay_u: bool) -> Float64Array:
        """Return where v should settle above the origin, in mV, if only these are rounded."""
        shift = self.rule.shift(ideal, *self._kept(ideal, decay_v, decay_u))
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
        If the image has no symbols, or those of another network.
    """
    symbols = image.symbols
    if symbols is None:
        raise ImageError("attribution: this image has no symbols; use the image as compiled.")
    found = [(item.name, len(item.compartments)) for item in symbols.populations]
    if found != [(item.name, item.size) for item in network.populations]:
        listed = ", ".join(f"{name!r} ({size})" for name, size in found)
        raise ImageError(
            f"attribution: the image holds populations {listed}; pass the network that it was "
            "compiled from."
        )
    options = CompileOptions(**image.report.options)
    points = operating_points(network) if options.gain in NEED_DRIVE else {}
    decoded = {}
    for population, item in zip(network.populations, symbols.populations, strict=True):
        ideal = ideal_population(network, population, symbols.dt)
        point = points.get(population.name)
        decays = round_decays(ideal, image.chip, symbols.dt, options, point)
        decoded[item.name] = _decode(population, item, image, decays.rule)
    return decoded


def _decode(
    population: Population, symbol: PopulationSymbol, image: ChipImage, rule: GainRule
) -> DecodedPopulation:
    core, registers, own = image.chip.core, image.compartments, symbol.compartments
    # The child of a neuron with two currents is the compartment before its own.
    members = [own - 1, own] if population.model.two_currents else [own]

    def keep(which: str, at: Int32Array) -> Float64Array:
        offset = getattr(registers, f"{which}_offset")[at]
        decay = effective_decay(getattr(registers, which)[at], offset)
        return np.asarray(1 - decay / core.decay_scale, dtype=np.float64)

    low, high = decode_voltage_limits(
        registers.vmin_exponent[own], registers.vmax_exponent[own], core
    )
    bias = decode_bias(registers.bias_mantissa[own], registers.bias_exponent[own])
    return DecodedPopulation(
        lsb_per_mv=1 / symbol.mv_per_lsb,
        keep_v=keep("decay_v", own),
        keep_u=tuple(keep("decay_u", at) for at in members),
        threshold=decode_threshold(registers.threshold_mantissa[own], core).astype(np.float64),
        bias=bias.astype(np.float64),
        v_init=registers.v_init[own].astype(np.float64),
        u_init=tuple(registers.u_init[at].astype(np.float64) for at in members),
        refractory=registers.refractory[own].astype(np.int64),
        v_low=low.astype(np.float64),
        v_high=high.astype(np.float64),
        rule=rule,
    )


def decode_rules(image: ChipImage, *, truncates: bool, overflows: bool) -> Rules:
    """Return the arithmetic of the chip, or float64's where a switch is off."""
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
    """Return the network with the integer weight of every synapse in place of its weight.

    Raises
    ------
    ImageError
        If the synapses of the image are not those of the network.
    """
    projections = project(network)
    if len(projections) != len(image.synapses):
        raise ImageError(
            f"attribution: the image has {len(image.synapses)} groups of synapses and the network "
            f"makes {len(projections)}; pass the network that it was compiled from."
        )
    weights = {item.name: np.zeros(item.n_synapses) for item in network.connections}
    for item, group in zip(projections, image.synapses, strict=True):
        whole = next(c for c in network.connections if c.name == item.connection.name)
        # Of a connection in two parts, zero weights go with the positive ones.
        part = ... if item.sign == 0 else (np.asarray(whole.weight) < 0) == (item.sign < 0)
        weights[whole.name][part] = _weights_of(item, group, network, image)
    connections = [replace(item, weight=weights[item.name]) for item in network.connections]
    return replace(network, connections=connections)


def _weights_of(
    item: Projection, group: SynapseGroup, network: Network, image: ChipImage
) -> Float64Array:
    """Integer weights of a projection in its own order: the image may number its sources anew."""
    assert image.symbols is not None
    connection, core = item.connection, image.chip.core
    compartments = {entry.name: entry.compartments for entry in image.symbols.populations}
    if isinstance(connection.source, Population):
        rows = compartments[connection.source.name].astype(np.int64)
    else:
        names = [entry.name for entry in network.spike_inputs]
        sizes = [entry.size for entry in network.spike_inputs]
        rows = np.arange(connection.source.size) + sum(sizes[: names.index(connection.source.name)])
    counts = np.diff(group.indptr)[rows]
    matches = np.array_equal(counts, np.diff(connection.indptr))
    if matches:
        begin = np.repeat(group.indptr[rows] - connection.indptr[:-1], counts)
        places = begin + np.arange(connection.n_synapses)
        targets = compartments[connection.target.name][connection.post]
        child = len(group.target) and connection.target.model.two_currents and item.receptor == 0
        matches = np.array_equal(group.target[places], targets - bool(child))
    if not matches:
        raise ImageError(
            f"attribution: the synapses of connection {connection.name!r} are not those of the "
            "image; pass the network that it was compiled from."
        )
    decoded = decode_weights(group.mantissa[places], group.format, core)
    return np.asarray(decoded, dtype=np.float64)
