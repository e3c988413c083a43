"""The benchmark networks as chip images, and as networks of the float64 reference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from compiler import compile_network
from neurochip import LIF, LOIHI, Network, PoissonInput, Population, draw_stimulus, one_to_one
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.image import ChipImage, Compartments, SynapseGroup
from neurochip.network.connections import Connection
from neurochip.network.inputs import SpikeInput
from neurochip.stimulus import Stimulus

from . import workloads as w

FORMAT = SynapseFormat(weight_exponent=0, weight_bits=8, sign_mode=SignMode.MIXED)
NO_DELAY = np.empty(0, dtype=np.uint8)
SILENT = np.empty(0, dtype=np.int32)


@dataclass
class Case:
    """One workload in the forms that engines of this project need; each is built on first use."""

    workload: w.Workload

    @cached_property
    def registers(self) -> w.Recurrent | w.Feedforward:
        if self.workload.kind == "feedforward":
            return w.feedforward(self.workload)
        return w.recurrent(self.workload.neurons, self.workload.out_degree)

    @cached_property
    def image(self) -> ChipImage:
        if self.workload.kind == "notebook":
            return compile_network(self.network, LOIHI, dt=w.NOTEBOOK_DT)
        if self.workload.kind == "feedforward":
            return feedforward_image(self.registers)
        return recurrent_image(self.registers)

    @cached_property
    def inputs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return step and source of every input spike."""
        if self.workload.kind == "notebook":
            return self.stimulus.binned(w.NOTEBOOK_DT, [("source", self.workload.neurons)])
        if self.workload.kind == "feedforward":
            return self.registers.steps, self.registers.sources
        return SILENT, SILENT

    @property
    def dt(self) -> float:
        return w.NOTEBOOK_DT if self.workload.kind == "notebook" else 1.0

    @cached_property
    def network(self) -> Network:
        if self.workload.kind == "notebook":
            return _notebook(self.workload)
        return _float_network(self.workload, self.registers)

    @cached_property
    def stimulus(self) -> Stimulus:
        duration = self.workload.n_steps * self.dt
        return draw_stimulus(self.network, duration=duration, seed=w.NOTEBOOK_SEED)


def recurrent_image(registers: w.Recurrent) -> ChipImage:
    """Return W2; the chip has enough cores for all compartments."""
    group = SynapseGroup(
        source="compartments",
        format=FORMAT,
        indptr=registers.indptr,
        target=registers.target,
        mantissa=registers.mantissa,
        delay=NO_DELAY,
    )
    size = len(registers.bias)
    return _image(size, 0, group, bias_mantissa=registers.bias, v_init=registers.v_init)


def feedforward_image(registers: w.Feedforward) -> ChipImage:
    """Return W3 with explicit targets, as for any network; an engine may detect the pattern."""
    n_inputs, size = registers.mantissa.shape
    group = SynapseGroup(
        source="inputs",
        format=FORMAT,
        indptr=np.arange(0, n_inputs * size + 1, size, dtype=np.int64),
        target=np.tile(np.arange(size, dtype=np.int32), n_inputs),
        mantissa=registers.mantissa.ravel(),
        delay=NO_DELAY,
    )
    return _image(size, n_inputs, group)


def _image(size: int, n_inputs: int, group: SynapseGroup, **registers: np.ndarray) -> ChipImage:
    per_core = LOIHI.core.compartments
    core_ptr = np.append(np.arange(0, size, per_core, dtype=np.int64), size)
    n_cores = len(core_ptr) - 1
    compartments = Compartments.fill(
        LOIHI.core,
        size,
        decay_u=w.DECAY_U,
        decay_u_offset=0,
        decay_v=w.DECAY_V,
        decay_v_offset=0,
        threshold_mantissa=w.THRESHOLD,
        **registers,
    )
    return ChipImage(
        chip=LOIHI if n_cores <= LOIHI.cores else LOIHI.what_if(cores=n_cores),
        core_ptr=core_ptr,
        compartments=compartments,
        n_inputs=n_inputs,
        synapses=(group,),
    )


def _notebook(workload: w.Workload) -> Network:
    source = PoissonInput("source", workload.neurons, rate=workload.rate)
    neurons = Population("neurons", workload.neurons, LIF(**w.NOTEBOOK))
    link = one_to_one(source, neurons, weight=w.NOTEBOOK_WEIGHT)
    return Network(inputs=[source], populations=[neurons], connections=[link])


def _float_network(workload: w.Workload, registers: w.Recurrent | w.Feedforward) -> Network:
    """Return the recurrence of the registers without rounding; 1 mV = 1 LSB, steps of 1 ms.

    ``cm`` is chosen so that a current of 1 nA adds 1 mV in a step, so the current equals u.
    """
    keep_u, keep_v = 1 - w.DECAY_U / 4096, 1 - w.DECAY_V / 4096
    tau_m, tau_syn = -1 / math.log(keep_v), -1 / math.log(keep_u)
    resistance = (tau_m - tau_syn) / (tau_syn * (keep_v - keep_u))
    size = workload.neurons if workload.kind == "recurrent" else workload.out_degree
    recurrent = workload.kind == "recurrent"
    offset = registers.bias / (1 - keep_v) / resistance if recurrent else 0.0
    model = LIF(
        tau_m=tau_m,
        cm=tau_m / resistance,
        tau_syn=tau_syn,
        v_rest=0.0,
        v_reset=0.0,
        v_thresh=float(w.UNIT * w.THRESHOLD),
        i_offset=offset,
        v_init=registers.v_init if recurrent else 0.0,
    )
    neurons = Population("neurons", size, model)
    weight = (w.UNIT * registers.mantissa.ravel()).astype(np.float64)
    if recurrent:
        inputs, source = [], neurons
        indptr, post = registers.indptr, registers.target
    else:
        # In the middle of a step, so that rounding never moves a spike to another step.
        times = registers.steps + 0.5
        source = SpikeInput("source", workload.neurons, registers.sources, times)
        inputs = [source]
        indptr = np.arange(0, weight.size + 1, size, dtype=np.int64)
        post = np.tile(np.arange(size, dtype=np.int32), workload.neurons)
    link = Connection("link", source, neurons, indptr, post, weight, 0.0)
    return Network(inputs=inputs, populations=[neurons], connections=[link])
