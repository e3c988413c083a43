"""Builds the chip image of a lava-dl network: its integers become registers, nothing is rounded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...chip.registers import SignMode, SynapseFormat
from ...chip.spec import ChipSpec, CoreSpec
from ...errors import FrontendError
from ...image import ChipImage, Convolution, PeriodicReset, ProgramGroup
from ...image.program import Synapses, program
from ...packing.placing import fill_cores
from ...programs import PROGRAMS, NeuronProgram
from ...typing import Int32Array
from .layer import NetxLayer, NetxNeuron

__all__ = ["build_image", "graded_parameters"]

_BITS = 8  # of a weight
_SHIFT = 6  # of weights, thresholds and biases (lava-dl writes mantissas)
_SPIKE_EXPONENT = 6  # of messages between graded neurons: fractional bits
_STATE_EXPONENT = 6  # of the state of graded neurons: further fractional bits


def build_image(
    layers: Sequence[NetxLayer],
    chip: ChipSpec,
    resets: tuple[int, int] | None,
    *,
    within_limits: bool,
) -> tuple[ChipImage, dict[str, Int32Array]]:
    """Return the image of a network, and the compartments of each layer with neurons.

    Parameters
    ----------
    layers : sequence of NetxLayer
        All layers, in order.
    chip : ChipSpec
        The chip.
    resets : (interval, offset) or None
        How often the state of each layer is reset, and the first step for the first layer.
    within_limits : bool
        Whether cores are filled within all limits, or only those of compartments and delays.

    Raises
    ------
    FrontendError
        If the chip has other registers than lava-dl assumes.
    ImageError, FitError
        If the network does not fit the chip.
    """
    _check_core(chip)
    parts = _Parts(chip.core)
    for layer in layers:
        parts.add(layer)
    image = program(
        chip,
        parts.registers(),
        parts.synapses,
        n_inputs=parts.n_inputs,
        n_compartments=parts.size,
        programs=tuple(parts.programs),
        resets=() if resets is None else tuple(parts.resets(*resets)),
        convolutions=tuple(parts.convolutions),
    )
    return fill_cores(image) if within_limits else image, parts.compartments


@dataclass
class _Parts:
    """The parts of an image, layer by layer."""

    core: CoreSpec
    n_inputs: int = 0
    size: int = 0
    compartments: dict[str, Int32Array] = field(default_factory=dict)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    synapses: list[Synapses] = field(default_factory=list)
    programs: list[ProgramGroup] = field(default_factory=list)
    convolutions: list[Convolution] = field(default_factory=list)
    sources: str = "inputs"  # of the next layer
    source_ids: Int32Array = field(default_factory=lambda: np.empty(0, np.int32))
    delays: Any = 0  # of the spikes of each source

    def add(self, layer: NetxLayer) -> None:
        """Add the neurons of a layer, and the synapses from the layer before."""
        neuron = layer.neuron
        if not (self.n_inputs or self.size) and (neuron is None or layer.weight is not None):
            self._open_inputs(math.prod(layer.input_shape))
        if neuron is None:
            return
        ids = np.arange(self.size, self.size + layer.n_neurons, dtype=np.int32)
        self.size += layer.n_neurons
        self.compartments[layer.name] = ids
        if neuron.model == "lif":
            self._add_lif(neuron)
        else:
            self._add_program(neuron, ids)
        if layer.weight is not None:
            self._connect(layer, ids)
        elif neuron.model == "delta":  # the values of an input arrive as payloads of weight 1
            self._open_inputs(layer.n_neurons)
            form = SynapseFormat(0, _BITS, SignMode.EXCITATORY)
            self._add_synapses(self.source_ids, ids, np.ones(len(ids)), form)
        self.sources, self.source_ids, self.delays = "compartments", ids, neuron.delay
        if layer.weight_rec is not None:
            self._add_dense(layer.weight_rec, ids)

    def registers(self) -> Mapping[str, Any]:
        """Return the registers of all compartments by name; none if all neurons are programs."""
        return {name: np.concatenate(parts) for name, parts in self.columns.items()}

    def resets(self, interval: int, offset: int) -> list[PeriodicReset]:
        """Return the resets: each layer one step after the layer before, as its input is."""
        return [
            PeriodicReset(ids, interval, (offset + depth) % interval)
            for depth, ids in enumerate(self.compartments.values())
        ]

    def _open_inputs(self, size: int) -> None:
        self.n_inputs = size
        self.source_ids = np.arange(size, dtype=np.int32)

    def _add_lif(self, neuron: NetxNeuron) -> None:
        for name, values in {
            # The chip adds the offset to the register (lava: du is iDecay - 1, dv is vDecay).
            "decay_u": np.maximum(neuron.decay_u - 1, 0),
            "decay_u_offset": neuron.decay_u > 0,
            "decay_v": np.minimum(neuron.decay_v, self.core.decay.maximum),
            "decay_v_offset": neuron.decay_v > self.core.decay.maximum,
            "threshold_mantissa": neuron.threshold,
            "bias_mantissa": neuron.bias,
            "bias_exponent": np.full(len(neuron.bias), _SHIFT),
        }.items():
            self.columns.setdefault(name, []).append(values.astype(np.int64))

    def _add_program(self, neuron: NetxNeuron, ids: Int32Array) -> None:
        model = PROGRAMS[neuron.model](self.core)
        parameters = graded_parameters(neuron, model)
        self.programs.append(ProgramGroup.fill(model, ids, parameters=parameters))

    def _connect(self, layer: NetxLayer, ids: Int32Array) -> None:
        assert layer.weight is not None
        if layer.kind != "conv":
            self._add_dense(layer.weight, ids)
            return
        mantissa, form = _stored(layer.weight)
        delays = np.unique(self.delays)
        item = Convolution(
            source=self.sources,
            sources=self.source_ids,
            targets=ids,
            source_shape=layer.input_shape,  # type: ignore[arg-type]
            target_shape=layer.shape,  # type: ignore[arg-type]
            kernel=mantissa,
            format=form,
            stride=layer.stride,
            padding=layer.padding,
            dilation=layer.dilation,
            groups=layer.groups,
            delay=int(delays[0]),
        )
        if len(delays) == 1:
            self.convolutions.append(item)
            return
        # Sources with delays of their own cannot share a kernel, so their synapses are listed.
        group = item.unrolled(int(self.source_ids.max()) + 1)
        of_source = np.zeros(len(group.indptr) - 1, dtype=np.int64)
        of_source[self.source_ids] = self.delays
        pre = np.repeat(np.arange(len(of_source)), np.diff(group.indptr))
        self._add_synapses(pre, group.target, group.mantissa, form, of_source[pre])

    def _add_dense(self, weight: Any, ids: Int32Array) -> None:
        mantissa, form = _stored(weight)
        post, pre = np.nonzero(mantissa)
        delays = np.broadcast_to(self.delays, self.source_ids.shape)
        self._add_synapses(self.source_ids[pre], ids[post], mantissa[post, pre], form, delays[pre])

    def _add_synapses(
        self, pre: Any, target: Any, mantissa: Any, form: SynapseFormat, delay: Any = 0
    ) -> None:
        self.synapses.append(
            Synapses(
                self.sources,
                pre=pre,
                target=target,
                mantissa=np.asarray(mantissa, dtype=np.int64),
                sign_mode=form.sign_mode,
                exponent=form.weight_exponent,
                bits=form.weight_bits,
                delay=delay,
            )
        )


def graded_parameters(neuron: NetxNeuron, model: NeuronProgram) -> dict[str, Any]:
    """Return the parameters of the program of graded neurons, by name."""
    scale, ones = _SPIKE_EXPONENT + _STATE_EXPONENT, np.ones(len(neuron.threshold), np.int64)
    given = {
        "threshold": neuron.threshold.astype(np.int64) << scale,
        "bias": neuron.bias.astype(np.int64) << scale,
        "state_exponent": _STATE_EXPONENT * ones,
        "input_exponent": scale * ones,
    }
    return {name: given[name] for name in model.parameters}


def _stored(weight: Any) -> tuple[Any, SynapseFormat]:
    """Return the mantissas of weights and their format, which hold them exactly.

    Mixed weights have a step of 2: odd ones are doubled, with an exponent that halves them.
    """
    exponent = 0
    mode = SignMode.EXCITATORY if weight.min() >= 0 else SignMode.INHIBITORY
    if weight.min() < 0 < weight.max():
        mode = SignMode.MIXED
        if (weight % 2).any():
            weight, exponent = weight * 2, exponent - 1
    return np.ascontiguousarray(weight, dtype=np.int16), SynapseFormat(exponent, _BITS, mode)


def _check_core(chip: ChipSpec) -> None:
    """Check that the registers of a chip mean what lava-dl's importer assumes."""
    core = chip.core
    wanted = {"decay_bits": 12, "weight_shift": _SHIFT, "threshold_shift": _SHIFT}
    for name, value in wanted.items():
        if getattr(core, name) != value:
            raise FrontendError(
                f"netx: chip {chip.name!r} has {name} = {getattr(core, name)}; allowed: {value}, "
                "for which lava-dl wrote the integers of the file."
            )
