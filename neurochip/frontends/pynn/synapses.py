"""Synapse models."""

from __future__ import annotations

from pyNN.standardmodels import build_translations, synapses

from . import simulator

__all__ = ["StaticSynapse"]


class StaticSynapse(synapses.StaticSynapse):
    """Synapses with a constant weight and delay."""

    translations = build_translations(("weight", "weight"), ("delay", "delay"))

    def _get_minimum_delay(self) -> float:
        return simulator.state.min_delay
