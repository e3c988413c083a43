"""Decode the registers of an image, in LSB, for the network that it was compiled from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..chip.fixedpoint import Overflow, Rounding, round_to_integer
from ..chip.registers import kept_fraction
from ..chip.spec import CoreSpec
from ..errors import ImageError
from ..image import ChipImage, DriveSymbol, PopulationSymbol
from ..image.gains import GainRule
from ..image.neurons import DecodedNeurons, decode_neurons
from ..network import Network
from ..recurrence import IdealPopulation, ideal_population
from ..typing import Float64Array
from .tables import Rules

__all__ = ["DecodedPopulation", "decode_populations", "decode_rules"]


@dataclass(frozen=True, kw_only=True, eq=False)
class DecodedPopulation:
    """Decoded registers of the neurons of a population; arrays of shape (size,), in LSB.

    Parameters
    ----------
    lsb_per_mv : ndarray of float64
        LSB per mV of each neuron.
    registers : DecodedNeurons
        Registers of the neurons.
    chosen_v, chosen_u : ndarray of float64, tuple of ndarray of float64
        Fractions that the registers as compiled keep. They differ from those of ``registers`` if a
        decay register was edited after the compilation: weights and bias follow the registers as
        compiled.
    compiled : tuple of ndarray of float64
        LSB per weight unit of each receptor, by which the compiler multiplied the weights.
    rule : PowerGain or MomentGain
        Rule by which the weights and the steady level of v followed the rounded decays.
    correction : ndarray of float64
        Part of the bias that makes up for truncation.
    drive : DriveSymbol or None
        How the bias follows currents that change in steps.
    """

    lsb_per_mv: Float64Array
    registers: DecodedNeurons
    chosen_v: Float64Array
    chosen_u: tuple[Float64Array, ...]
    compiled: tuple[Float64Array, ...]
    rule: GainRule
    correction: Float64Array
    drive: DriveSymbol | None

    def gains(self, ideal: IdealPopulation, *, decay_v: bool, decay_u: bool) -> list[Float64Array]:
        """Return mV per weight unit of each receptor, if only these decays are rounded."""
        if decay_v and decay_u:
            return [gain / self.lsb_per_mv for gain in self.compiled]
        gains, _ = self.rule.follow(ideal, *self._chosen(ideal, decay_v, decay_u))
        return gains

    def level(self, ideal: IdealPopulation, *, decay_v: bool, decay_u: bool) -> Float64Array:
        """Return the steady level of v above the origin (mV), if only these decays are rounded."""
        _, shift = self.rule.follow(ideal, *self._chosen(ideal, decay_v, decay_u))
        return np.asarray(ideal.v_inf + shift - ideal.origin)

    def _chosen(
        self, ideal: IdealPopulation, decay_v: bool, decay_u: bool
    ) -> tuple[Float64Array, Sequence[Float64Array]]:
        exact = [item.keep_u for item in ideal.receptors]
        return self.chosen_v if decay_v else ideal.keep_v, self.chosen_u if decay_u else exact


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
    return {
        item.name: _decode(item, image, ideal_population(network, population, symbols.dt))
        for item, population in zip(symbols.populations, network.populations, strict=True)
    }


def _decode(
    symbol: PopulationSymbol, image: ChipImage, ideal: IdealPopulation
) -> DecodedPopulation:
    core, own = image.chip.core, symbol.compartment_ids
    lsb_per_mv = 1 / symbol.mv_per_lsb
    found = decode_neurons(image, symbol)
    chosen_v, chosen_u = _as_compiled(symbol, ideal, found.keep_v, found.keep_u, core)
    return DecodedPopulation(
        lsb_per_mv=lsb_per_mv,
        registers=found,
        chosen_v=chosen_v,
        chosen_u=chosen_u,
        compiled=tuple(item.gain * lsb_per_mv for item in symbol.receptors),
        rule=symbol.gain_rule,
        correction=np.zeros(len(own)) if symbol.bias_correction is None else symbol.bias_correction,
        drive=symbol.drive,
    )


def _as_compiled(
    symbol: PopulationSymbol,
    ideal: IdealPopulation,
    keep_v: Float64Array,
    keep_u: tuple[Float64Array, ...],
    core: CoreSpec,
) -> tuple[Float64Array, tuple[Float64Array, ...]]:
    """Return the fractions that the decay registers kept when the gains were chosen.

    These are the fractions of the registers, unless they contradict the gains in the symbols: then
    a register was edited, and the compiler had rounded the exact decays to nearest.
    """
    gains, _ = symbol.gain_rule.follow(ideal, keep_v, keep_u)
    same = np.ones(len(keep_v), dtype=bool)
    for gain, receptor in zip(gains, symbol.receptors, strict=True):
        same &= np.isclose(gain, receptor.gain, rtol=1e-9, atol=0.0)
    kept_v = keep_v
    if ideal.population.model.leaky:
        kept_v = np.where(same, keep_v, _nearest(ideal.keep_v, core.decay_v_offset, core))
    kept_u = (
        np.where(same, kept, _nearest(item.keep_u, core.decay_u_offset, core))
        for kept, item in zip(keep_u, ideal.receptors, strict=True)
    )
    return kept_v, tuple(kept_u)


def _nearest(keep: Float64Array, offset: int, core: CoreSpec) -> Float64Array:
    """Return the fraction nearest to ``keep`` that a decay register can express."""
    decay = round_to_integer(core.decay_scale * (1 - keep), Rounding.NEAREST) - offset
    return kept_fraction(np.clip(decay, core.decay.minimum, core.decay.maximum), offset, core)


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
