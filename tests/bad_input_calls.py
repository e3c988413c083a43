"""A valid call of every public function and class, for ``bad_inputs``.

Each call names the arguments that are replaced: ``never`` holds arguments for which no value of the
table is valid; other arguments are given by name, with the values that are valid for them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import neurochip as nc
from compiler import CompileOptions, choose_dt, compile_network, explain_fit
from neurochip import (
    attribution,
    learning,
    mapping,
    precision,
    recording,
    stimulus,
    tuning,
    validation,
)
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.emulator import Emulator
from neurochip.image import ChipImage, Compartments, SynapseGroup
from neurochip.image import program as programming
from neurochip.learning import LearningRule, Trace
from neurochip.reference import Reference, simulate_reference

Names = frozenset[str]


def _names(*names: str) -> Names:
    return frozenset(names)


# Valid values of an argument, as names in the table of values.
NONE = _names("None")
SWITCH = _names("True", "np.True_")
TEXT = _names("text", "digits", "np.str_")
LABEL = TEXT | {"empty text"}
EMPTY = _names("[]", "empty array")
NO_ITEMS = EMPTY | {"dict"}
SEED = _names("0", "10**30", "10**5000")
REAL = _names("-1", "0", "0.5", "1.5", "1e300", "10**30")
NOT_NEGATIVE = REAL - {"-1"}
POSITIVE = NOT_NEGATIVE - {"0"}
FRACTION = _names("0.5")
# Arrays, too; NumPy has no array of integers beyond 64 bits.
PAIR = _names("beyond int64")
REALS = REAL - {"10**30"}
NOT_NEGATIVES = REALS - {"-1"}
POSITIVES = NOT_NEGATIVES - {"0"}


_SHORTS = np.zeros(2, dtype=np.int16)


@dataclass(frozen=True)
class Call:
    """A valid call, and the values of the table that are valid for each of its arguments."""

    name: str
    function: Callable[..., Any]
    arguments: dict[str, Any]
    fine: dict[str, Names]

    def __call__(self, **changes):
        """Call with some arguments replaced."""
        return self.function(**{**self.arguments, **changes})


def _call(name: str, function: Any, arguments: Any = (), never: str = "", /, **fine: Names) -> Call:
    nothing = dict.fromkeys(never.split(), frozenset())
    return Call(name, function, dict(arguments), {**nothing, **fine})


@functools.cache
def calls() -> list[Call]:
    """Return all calls. The network and its runs are built once."""
    return [
        *_neurons(),
        *_connections(),
        *_inputs_and_recordings(),
        *_chips(),
        *_images(),
        *_programs(),
        *_learning(),
        *_stages(),
        *_judging(),
        *_mapping(),
        *_figures(),
    ]


class _Learner(NamedTuple):
    network: Any
    image: Any
    stimulus: Any
    compared: Any


@functools.cache
def _learner() -> _Learner:
    """Return a small network that learns, and its comparison."""
    source, cells = nc.PoissonInput("source", 3, rate=200.0), nc.Population("cells", 3, nc.LIF())
    rule = nc.STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.1, a_minus=0.1, w_max=2.0)
    link = nc.all_to_all(source, cells, weight=1.0, plasticity=rule)
    network = nc.Network(inputs=[source], populations=[cells], connections=[link])
    image, drawn = compile_network(network, dt=1.0), nc.draw_stimulus(network, 10.0, seed=1)
    return _Learner(network, image, drawn, nc.compare_learning(network, image, drawn, seeds=2))


@functools.cache
def _small() -> dict[str, Any]:
    """Return a small network, its image and its runs."""
    source = nc.PoissonInput("source", 3, rate=200.0)
    given = nc.SpikeInput("given", 2, [0, 1], [1.0, 2.0])
    cells = nc.Population("cells", 3, nc.LIF(tau_m=10.0))
    links = [nc.one_to_one(source, cells, weight=20.0), nc.all_to_all(given, cells, weight=1.0)]
    network = nc.Network(inputs=[source, given], populations=[cells], connections=links)
    drawn = nc.draw_stimulus(network, 10.0, seed=1)
    image = compile_network(network, dt=1.0)
    chip = Emulator(image, threads=1).run(drawn, record=["v"])
    float64 = simulate_reference(network, drawn, 1.0, record=["v"], threads=1)
    compared = validation.compare(float64, chip)
    return {
        "source": source,
        "cells": cells,
        "network": network,
        "stimulus": drawn,
        "image": image,
        "chip": chip,
        "reference": float64,
        "comparison": compared,
    }


def _neurons() -> list[Call]:
    network, cells = _small()["network"], _small()["cells"]
    return [
        _call(
            "LIF",
            nc.LIF,
            {"tau_syn": 2.0},
            "v_reset integration reset spikes_per_step",
            tau_m=POSITIVES | PAIR | {"inf"},
            v_rest=REALS | PAIR,
            v_thresh=REALS | PAIR | {"inf"},
            tau_refrac=NOT_NEGATIVES | PAIR,
            cm=POSITIVES | PAIR,
            i_offset=REALS | PAIR,
            tau_syn=POSITIVES | PAIR | NONE,
            v_init=REALS | PAIR | NONE,
            v_min=NONE,
            i_syn_init=REALS | PAIR,
            i_syn_init_E=_names("0"),
            i_syn_init_I=_names("0"),
        ),
        _call(
            "LIF of two currents",
            nc.LIF,
            {"tau_syn_E": 2.0, "tau_syn_I": 3.0},
            tau_syn_E=POSITIVES | PAIR,
            tau_syn_I=POSITIVES | PAIR,
        ),
        _call("Population", nc.Population, {"name": "p", "size": 2}, "size model", name=TEXT),
        _call(
            "ConstantCurrent",
            nc.ConstantCurrent,
            {"target": cells, "amplitude": 1.0},
            "target",
            amplitude=REALS,
        ),
        _call(
            "StepCurrent",
            nc.StepCurrent,
            {"target": cells, "times": [1.0, 2.0], "amplitudes": [1.0, 2.0]},
            "target times amplitudes",
            amplitudes=PAIR,
        ),
        _call(
            "Waveform",
            nc.Waveform,
            {"population": "p", "size": 3, "times": [1.0, 2.0], "amplitudes": [1.0, 2.0]},
            "size times amplitudes",
            population=TEXT,
            amplitudes=PAIR,
        ),
        _call(
            "Network",
            nc.Network,
            {"populations": [cells]},
            "populations delivery refractory",
            inputs=NO_ITEMS,
            connections=NO_ITEMS,
        ),
        _call(
            "with_relays", nc.with_relays, {"network": network, "dt": 1.0}, "network", dt=POSITIVE
        ),
        _call("Network.population", network.population, {"name": "cells"}, "name"),
        _call("Network.current", network.current, {"population": cells}, "population"),
        _call("Population.parameter", cells.parameter, {"name": "tau_m"}, "name"),
    ]


def _connections() -> list[Call]:
    ends = {"source": _small()["source"], "target": _small()["cells"], "weight": 1.0, "delay": 1.0}
    rule = {
        "weight": REALS,
        "delay": NOT_NEGATIVES,
        "name": TEXT | NONE,
        "seed": SEED | NONE,
        "plasticity": NONE,
    }
    drawn = {**rule, "seed": SEED, "allow_self_connections": SWITCH}
    seeded = {**ends, "seed": 1}
    stored = {"indptr": np.array([0, 1, 1, 2]), "post": np.array([0, 1], dtype=np.int32)}
    bounds = {"low": -1e301, "high": 1e301}
    times = {"tau_plus": 20.0, "tau_minus": 20.0}
    return [
        _call(
            "Uniform",
            nc.Uniform,
            {"low": 0.0, "high": 2.0},
            low=_names("-1", "0", "0.5", "1.5"),
            high=NOT_NEGATIVE,
        ),
        _call(
            "Normal",
            nc.Normal,
            {"mean": 1.0, "std": 1.0, **bounds},
            mean=REAL,
            std=NOT_NEGATIVE,
            low=_names("-inf", "-1", "0", "0.5", "1.5"),
            high=REAL | {"inf"},
        ),
        _call(
            "LogNormal",
            nc.LogNormal,
            {"mu": 0.0, "sigma": 1.0},
            mu=REAL,
            sigma=NOT_NEGATIVE,
            scale=REAL,
        ),
        _call("one_to_one", nc.one_to_one, ends, "source target", **rule),
        _call(
            "all_to_all",
            nc.all_to_all,
            ends,
            "source target",
            **rule,
            allow_self_connections=SWITCH,
        ),
        _call(
            "fixed_probability",
            nc.fixed_probability,
            {**seeded, "probability": 0.5},
            "source target",
            **drawn,
            probability=_names("0", "0.5"),
        ),
        _call(
            "fixed_indegree",
            nc.fixed_indegree,
            {**seeded, "indegree": 1},
            "source target",
            **drawn,
            indegree=_names("0"),
        ),
        _call(
            "fixed_outdegree",
            nc.fixed_outdegree,
            {**seeded, "outdegree": 1},
            "source target",
            **drawn,
            outdegree=_names("0"),
        ),
        _call(
            "fixed_total_number",
            nc.fixed_total_number,
            {**seeded, "n": 3},
            "source target",
            **drawn,
            n=_names("0"),
        ),
        _call(
            "from_arrays",
            nc.from_arrays,
            {**ends, "pre": [0, 1], "post": [1, 2]},
            "source target pre post",
            **{**rule, "weight": REALS | PAIR, "delay": NOT_NEGATIVES | PAIR},
        ),
        _call(
            "Connection",
            nc.Connection,
            {**ends, **stored, "name": "c"},
            "source target indptr post",
            name=TEXT,
            weight=REALS | PAIR,
            delay=NOT_NEGATIVES | PAIR,
            plasticity=NONE,
        ),
        _call(
            "STDP",
            nc.STDP,
            {**times, "a_plus": 0.1, "a_minus": 0.1, "w_max": 1.0},
            "bounds",
            **dict.fromkeys(times, POSITIVE),
            **dict.fromkeys(("a_plus", "a_minus"), REAL),
            w_max=POSITIVE,
            triplet=NONE,
            reward=NONE,
        ),
        _call(
            "Triplet",
            nc.Triplet,
            {"tau_x": 1.0, "tau_y": 1.0, "a3_plus": 0.1, "a3_minus": 0.1},
            tau_x=POSITIVE,
            tau_y=POSITIVE,
            a3_plus=REAL,
            a3_minus=REAL,
        ),
        _call(
            "Reward",
            nc.Reward,
            {"times": [1.0, 2.0], "values": [1.0, 2.0]},
            "times",
            values=PAIR | {"matrix"},
        ),
        _call(
            "RewardModulation",
            nc.RewardModulation,
            {"reward": nc.Reward([1.0], [1.0]), "tau_eligibility": 1.0, "interval": 1.0},
            "reward",
            tau_eligibility=POSITIVE,
            interval=POSITIVE,
        ),
    ]


def _recording_with(part: str, values: Any = None) -> Any:
    """Return a recording with another value for a population in one of its fields."""
    whole: dict[str, Any] = {
        "populations": {"p": 2},
        "steps": {"p": np.array([0, 1])},
        "ids": {"p": np.array([0, 1])},
        "traces": {},
        "counters": {},
    }
    whole[part] = {("p", "v") if part == "traces" else "p": values}
    return nc.Recording(label="a", dt=1.0, first_step=0, n_steps=3, **whole)


def _inputs_and_recordings() -> list[Call]:
    spikes = {"p": np.array([0, 1])}
    parts = {"populations": {"p": 2}, "steps": spikes, "ids": spikes}
    drawn, chip = _small()["stimulus"], _small()["chip"]
    inputs = [("source", 3), ("given", 2)]
    ask = {"population": "cells"}
    return [
        _call(
            "PoissonInput",
            nc.PoissonInput,
            {"name": "p", "size": 2, "rate": 1.0},
            "size",
            name=TEXT,
            rate=NOT_NEGATIVES | PAIR,
        ),
        _call(
            "SpikeInput",
            nc.SpikeInput,
            {"name": "p", "size": 2, "ids": [0, 1], "times": [1.0, 2.0]},
            "size ids",
            name=TEXT,
            times=PAIR,
        ),
        _call(
            "SpikeInput.from_trains",
            nc.SpikeInput.from_trains,
            {"name": "p", "trains": [[1.0], []]},
            name=TEXT,
            trains=PAIR | {"[[]]", "ragged", "matrix", "generator"},
        ),
        _call(
            "SpikeCounts",
            nc.SpikeCounts,
            {"name": "p", "counts": [[0, 2]], "dt": 0.5, "first_step": 0},
            "counts",
            name=TEXT,
            dt=POSITIVE,
            first_step=_names("0"),
        ),
        _call(
            "GradedSpikes",
            nc.GradedSpikes,
            {"name": "p", "payloads": [[0, -2]], "dt": 0.5, "first_step": 0},
            "payloads",
            name=TEXT,
            dt=POSITIVE,
            first_step=_names("0"),
        ),
        _call(
            "Stimulus",
            nc.Stimulus,
            {"duration": 1.0},
            duration=POSITIVE,
            trains=NO_ITEMS,
            currents=NO_ITEMS,
        ),
        _call(
            "Stimulus.binned",
            drawn.binned,
            {"dt": 1.0, "inputs": inputs},
            "inputs",
            dt=POSITIVE,
            ordered=SWITCH,
            first=SEED,
            stop=SEED | NONE,
        ),
        _call("Stimulus.trains_for", drawn.trains_for, {"inputs": inputs}, "inputs"),
        _call(
            "draw_stimulus",
            nc.draw_stimulus,
            {"network": _small()["network"], "duration": 10.0, "seed": 1},
            "network",
            duration=_names("0.5", "1.5"),
            seed=SEED,
        ),
        _call(
            "with_stimulus",
            nc.with_stimulus,
            {"network": _small()["network"], "stimulus": drawn},
            "network stimulus",
        ),
        _call(
            "count_steps",
            stimulus.count_steps,
            {"duration": 3.0, "dt": 1.5},
            duration=_names("1.5"),
            dt=_names("0.5", "1.5"),
        ),
        _call(
            "Probe",
            nc.Probe,
            {"variable": "v", "ids": [0]},
            variable=LABEL,
            population=LABEL | NONE,
            ids=EMPTY | PAIR | NONE,
        ),
        _call(
            "resolve_probes",
            recording.resolve_probes,
            {"record": ["v"], "populations": {"p": 2}, "variables": ("v",)},
            record=NO_ITEMS,
        ),
        _call(
            "WeightProbe",
            nc.WeightProbe,
            {"connection": "a", "synapses": [0], "every": 2, "variable": "w"},
            connection=LABEL | _names("0"),
            synapses=EMPTY | PAIR | NONE,
        ),
        _call(
            "WeightTrace",
            nc.WeightTrace,
            {
                "synapses": [0, 1],
                "steps": [1, 3, 5],
                "values": np.zeros((3, 2)),
                "unit": "weight",
                "dt": 1.0,
            },
            synapses=PAIR,
            unit=LABEL,
            dt=POSITIVE,
        ),
        _call(
            "Trace",
            recording.Trace,
            {"ids": [0, 1], "values": np.zeros((3, 2)), "unit": "mV", "dt": 1.0},
            ids=PAIR,
            values=_names("matrix"),
            unit=LABEL,
            dt=POSITIVE,
            first_step=_names("0"),
        ),
        _call(
            "Recording",
            nc.Recording,
            {"label": "a", "dt": 1.0, "first_step": 0, "n_steps": 3, **parts},
            "n_steps populations steps ids",
            label=LABEL,
            dt=POSITIVE,
            first_step=_names("0"),
            traces=_names("dict"),
            counters=_names("dict"),
        ),
        *(
            _call(f"Recording with {part}", _recording_with, {"part": part}, "values")
            for part in ("populations", "steps", "ids", "payloads", "traces")
        ),
        _call("Recording with counters", _recording_with, {"part": "counters"}, values=SEED),
        _call("Recording.times", chip.times, ask, "population"),
        _call("Recording.counts", chip.counts, ask, "population"),
        _call("Recording.rates", chip.rates, ask, "population"),
        _call("Recording.trace", chip.trace, ask, "population variable"),
        _call("Recording.spike_trains", chip.spike_trains, ask, "population"),
        _call("Recording.to_pandas", chip.to_pandas, {}, variable=NONE),
        _call("Recording.to_xarray", chip.to_xarray, {}, population=NONE),
    ]


def _chips() -> list[Call]:
    return [
        _call("ChipSpec", nc.ChipSpec, {"name": "chip"}, "cores core chips mesh", name=TEXT),
        _call(
            "ChipSpec.what_if",
            nc.LOIHI.what_if,
            {},
            "decay_bits weight_rounding",
            name=TEXT | NONE,
            cores=NONE,
            chips=NONE,
            mesh=NONE,
            weight_clips=SWITCH,
        ),
        _call(
            "CoreSpec",
            nc.CoreSpec,
            {},
            "compartments decay_bits state_bits weight_shift refractory_max synaptic_words "
            "skip_bits_min voltage_overflow weight_rounding",
            delay_max=_names("0"),
            weight_exponent_min=_names("-1", "0"),
            run_base=SWITCH,
        ),
        _call(
            "MeshSpec",
            nc.MeshSpec,
            {},
            "cores_per_tile tile_columns chip_columns",
            cost_east_west=NOT_NEGATIVE,
            cost_north_south=NOT_NEGATIVE,
        ),
    ]


def _images() -> list[Call]:
    zero, signed = _names("0"), _names("-1", "0")
    registers = {
        "decay_u": zero,
        "decay_v": zero,
        "decay_u_offset": zero,
        "threshold_mantissa": zero,
        "bias_mantissa": signed,
        "bias_exponent": zero,
        "refractory": frozenset(),
        "vmin_exponent": zero,
        "v_init": signed,
        "u_init": signed,
        "join": zero,
    }
    lists = {"source": "inputs", "pre": [0, 1], "target": [0, 1], "mantissa": [10, 20]}
    core, form = nc.CoreSpec(), SynapseFormat(0, 8, SignMode.EXCITATORY)

    def with_registers(**values):
        return programming.program(nc.LOIHI, values)

    def with_noise(enabled):
        noise = programming.Noise(enabled, 7)
        return programming.program(nc.LOIHI, {}, n_compartments=2, noise=noise)

    def with_synapses(**changes):
        item = programming.Synapses(**{**lists, "sign_mode": 2, **changes})
        return programming.program(nc.LOIHI, {}, [item], n_inputs=2, n_compartments=2)

    return [
        _call("registers of program", with_registers, {}, **registers),
        _call(
            "Synapses",
            with_synapses,
            {},
            "source pre sign_mode",
            target=zero,
            mantissa=zero,
            exponent=signed,
            bits=NONE,
            delay=zero,
        ),
        _call(
            "program",
            programming.program,
            {"chip": nc.LOIHI, "compartments": {}, "n_compartments": 2},
            "chip",
            compartments=_names("dict"),
            synapses=NO_ITEMS,
            n_inputs=zero,
            n_compartments=NONE,
            cores=NONE,
            noise=NONE,
            learning=NONE,
            truncate=SWITCH,
        ),
        _call(
            "Noise",
            programming.Noise,
            {"enabled": np.zeros(2, dtype=np.int32), "exponent": 7},
            exponent=zero,
            mantissa_offset=signed,
            at_membrane=SWITCH,
            seed=zero,
        ),
        _call(
            "Noise of program",
            with_noise,
            {"enabled": np.zeros(2, dtype=np.int32)},
            "enabled",
        ),
        _call(
            "SynapseFormat",
            SynapseFormat,
            {"weight_exponent": 0, "weight_bits": 8, "sign_mode": SignMode.MIXED},
            "sign_mode",
            weight_exponent=SEED | {"-1"},
            weight_bits=SEED | {"-1"},
        ),
        _call(
            "Compartments.fill",
            Compartments.fill,
            {"core": core, "size": 2},
            "core size",
            decay_v=signed,
        ),
        _call(
            "SynapseGroup.from_coo",
            SynapseGroup.from_coo,
            {**lists, "n_sources": 2, "synapse_format": form},
            "source n_sources synapse_format pre",
            target=signed,
            mantissa=signed,
            delay=zero,
        ),
        _call(
            "ChipImage",
            ChipImage,
            {
                "chip": nc.LOIHI,
                "core_ptr": np.array([0, 2]),
                "compartments": Compartments.fill(core, 2),
                "n_inputs": 0,
            },
            "chip core_ptr compartments",
            n_inputs=zero,
            synapses=NO_ITEMS,
            noise=NONE,
            symbols=NONE,
            core_sites=NONE,
            programs=NO_ITEMS,
            resets=NO_ITEMS,
            convolutions=NO_ITEMS,
        ),
    ]


def _programs() -> list[Call]:
    zero, signed = _names("0"), _names("-1", "0")
    ids = np.array([0, 1], dtype=np.int32)
    rows = [("v", "add", "v", "k"), ("v", "sat", "v", 24)]
    declared = {"name": "x", "state": {"v": 24}, "parameters": {"k": (0, 3)}, "rows": rows}
    program = nc.NeuronProgram(**declared)

    def with_operand(operand):
        return nc.NeuronProgram(name="x", rows=[("t", "mov", operand)])

    def with_values(state, parameter):
        values = {"state": {"v": state}, "parameters": {"k": parameter}}
        return nc.ProgramGroup.fill(program, ids, **values)

    return [
        _call(
            "NeuronProgram",
            nc.NeuronProgram,
            declared,
            "inputs state parameters rows",
            name=TEXT,
            payload_bits=zero,
        ),
        _call(
            "simulate_program",
            nc.simulate_program,
            {"program": program, "inputs": [[1.0, 2.0]], "parameters": {"k": 1}},
            "program parameters",
            inputs=_names("[[]]", "matrix"),
            state=_names("dict", "None"),
        ),
        _call("operand", with_operand, {"operand": 1}, operand=signed),
        _call(
            "ProgramGroup",
            nc.ProgramGroup,
            {
                "program": program,
                "compartments": ids,
                "state": np.zeros((1, 2), dtype=np.int32),
                "parameters": np.zeros((1, 2), dtype=np.int32),
            },
            "program compartments state parameters",
        ),
        _call(
            "ProgramGroup.fill",
            nc.ProgramGroup.fill,
            {"program": program, "compartments": ids, "parameters": {"k": 0}},
            "program compartments parameters",
            state=_names("dict"),
        ),
        _call(
            "values of it", with_values, {"state": 0, "parameter": 0}, state=signed, parameter=zero
        ),
        _call(
            "PeriodicReset",
            nc.PeriodicReset,
            {"compartments": ids, "interval": 2},
            "compartments interval",
            offset=zero,
        ),
        _call(
            "convolution",
            nc.convolution,
            {
                "source": nc.PoissonInput("in", 2, 10.0),
                "target": nc.Population("out", 2, nc.LIF(tau_m=20.0)),
                "kernel": np.ones((1, 1, 1, 1)),
                "source_shape": (1, 1, 2),
            },
            "source target kernel source_shape stride dilation groups",
            padding=zero,
            delay=NOT_NEGATIVE,
            name=TEXT | NONE,
            receptor=NONE,
        ),
        _call(
            "ConvolutionShape",
            nc.ConvolutionShape,
            {"source_shape": (1, 1, 2), "target_shape": (1, 1, 2), "kernel_shape": (1, 1, 1, 1)},
            "source_shape target_shape kernel_shape stride dilation groups",
            padding=zero,
        ),
        _call(
            "Convolution",
            nc.Convolution,
            {
                "source": "inputs",
                "sources": ids,
                "targets": ids,
                "source_shape": (1, 1, 2),
                "target_shape": (1, 1, 2),
                "kernel": np.ones((1, 1, 1, 1), dtype=np.int16),
                "format": SynapseFormat(0, 8, SignMode.EXCITATORY),
            },
            "source sources targets source_shape target_shape kernel format stride dilation groups",
            padding=zero,
            delay=zero,
            receptor=zero,
        ),
    ]


def _learning() -> list[Call]:
    zero = _names("0")
    traces = {"x1": learning.Trace(16, 10), "y1": learning.Trace(16, 10)}
    rule = learning.LearningRule("x1*y0", **traces)
    synapses = nc.Synapses("inputs", [0, 1], [0, 0], 4, SignMode.EXCITATORY)

    def learns(**changes):
        part = nc.Learning(**{"groups": [nc.Plasticity(0, rule)], **changes})
        return nc.program(nc.LOIHI, {}, [synapses], n_inputs=2, learning=part)

    def learns_by(**changes):
        return learns(groups=[nc.Plasticity(0, rule, **changes)])

    def given(**changes):
        values = {"group": 0, "variable": "y2", "steps": np.arange(2), "values": _SHORTS}
        return learns(rewards=[nc.GivenTrace(**{**values, **changes})])

    def on(engine):
        return nc.LOIHI.what_if(learning=engine)

    return [
        _call(
            "Trace",
            learning.Trace,
            {"impulse": 16.0, "tau": 10.0},
            impulse=REAL,
            tau=NOT_NEGATIVE | _names("inf"),
        ),
        _call(
            "LearningRule",
            learning.LearningRule,
            {"dw": "x1*y0", **traces},
            "dw x1 epoch spec",
            dt=NONE,
            dd=NONE,
            y1=NONE,
            x2=NONE,
            first_epoch=zero | NONE,
        ),
        _call(
            "Learning",
            learns,
            {"groups": [nc.Plasticity(0, rule)]},
            "groups numbers",
            seed=zero,
            rewards=NO_ITEMS,
        ),
        _call("Plasticity", nc.Plasticity, {"synapses": 0, "rule": rule}, "rule", synapses=zero),
        _call(
            "tags and numbers",
            learns_by,
            {"tag": _SHORTS, "number": np.arange(2, dtype=np.int32)},
            "tag number",
        ),
        _call("GivenTrace", given, {"group": 0}, "variable steps values", group=zero),
        _call("CoreSpec.learning", on, {"engine": "lava"}, engine=NONE),
    ]


def _stages() -> list[Call]:
    network, drawn, image = (_small()[name] for name in ("network", "stimulus", "image"))
    raw = Emulator(image.without_symbols(), threads=1, progress=False)
    options = {
        "headroom": POSITIVE - {"0.5"},
        "assumed_rate": NOT_NEGATIVE,
        "weight_seed": SEED,
        "placement_seed": SEED,
        "sites": NONE,
    }
    asked = {"network": network, "dt": 1.0}
    dt = _names("0.5", "1.5") | NONE

    def run(**changes):
        emulator = Emulator(image, threads=1, progress=False)
        return emulator.run(**{"stimulus": drawn, **changes})

    def run_reference(**changes):
        reference = Reference(network, 1.0, threads=1, progress=False)
        return reference.run(**{"stimulus": drawn, **changes})

    def run_reference_batch(**changes):
        reference = Reference(network, 1.0, threads=1, progress=False)
        return reference.run_batch(**{"stimuli": [drawn, drawn], **changes})

    def run_batch(**changes):
        emulator = Emulator(image, threads=1, progress=False)
        return emulator.run_batch(**{"stimuli": [drawn, drawn], **changes})

    reward = nc.RewardModulation(nc.Reward([1.0], [0.5]), 10.0, 1.0)
    rule = nc.STDP(20.0, 20.0, 0.01, 0.01, 1.0, reward=reward)
    given = network.inputs[1]
    learn = nc.all_to_all(given, network.populations[0], weight=0.5, plasticity=rule, name="learn")
    learning = nc.Network(inputs=[given], populations=network.populations, connections=[learn])
    learns = Reference(learning, 1.0)
    learner = Emulator(compile_network(learning, dt=1.0), threads=1, progress=False)

    def run_steps(**changes):
        raw.reset()
        return raw.run_steps(**{"n_steps": 2, **changes})

    return [
        _call("CompileOptions", CompileOptions, {}, "gain weight_rounding placement", **options),
        _call(
            "compile_network",
            compile_network,
            asked,
            "network chip gain weight_rounding placement",
            **options,
            dt=dt,
            activity=NONE,
        ),
        _call(
            "choose_dt",
            choose_dt,
            {"network": network, "bounds": (0.5, 1.0)},
            "network chip bounds",
            candidates=NONE | PAIR,
            options=NONE,
            activity=NONE,
        ),
        _call("explain_fit", explain_fit, asked, "network chip", dt=dt, activity=NONE),
        _call(
            "Emulator",
            Emulator,
            {"image": image},
            "image",
            strict=SWITCH,
            threads=NONE,
            progress=SWITCH | NONE,
        ),
        _call("Emulator.run", run, {}, "stimulus", duration=NONE, record=NO_ITEMS),
        _call(
            "Emulator.set_v",
            Emulator(image).set_v,
            {"population": "cells", "ids": [0, 1], "v": [-60.0, -61.0]},
            "population ids v",
        ),
        _call("Emulator.reprogram", Emulator(image).reprogram, {"image": image}, "image"),
        _call(
            "Emulator.run_batch",
            run_batch,
            {},
            "",
            stimuli=NO_ITEMS,
            duration=NONE,
            record=NO_ITEMS,
            noise_seeds=NONE,
            threads=NONE,
        ),
        _call(
            "Emulator.run_steps",
            run_steps,
            {"steps": [0, 1], "sources": [0, 1]},
            "n_steps sources",
            steps=PAIR,
            record=NO_ITEMS,
            noise=NONE,
            writes=NONE,
            given=NONE | _names("dict"),
            draws=NONE | _names("dict"),
        ),
        _call(
            "Emulator.weights",
            learner.weights,
            {"connection": "learn"},
            connection=_names("0"),
            raw=SWITCH,
        ),
        _call("Emulator.tags", learner.tags, {"connection": 0}, connection=_names("0")),
        _call("Emulator.traces", learner.traces, {"connection": 0}, connection=_names("0")),
        _call(
            "Emulator.set_weights",
            learner.set_weights,
            {"connection": "learn", "weights": 0.5},
            connection=_names("0"),
            weights=_names("0", "0.5"),
        ),
        _call(
            "Emulator.set_reward",
            learner.set_reward,
            {"connection": "learn", "value": 0.25},
            connection=_names("0"),
            value=_names("0", "0.5"),
        ),
        _call(
            "Reference",
            Reference,
            {"network": network, "dt": 1.0},
            "network",
            dt=POSITIVE,
            threads=NONE,
            progress=NONE | SWITCH,
            learning_order=_names(),
        ),
        _call("Reference.weights", learns.weights, {"connection": "learn"}, "connection"),
        _call(
            "Reference.set_weights",
            learns.set_weights,
            {"connection": "learn", "weights": 0.5},
            "connection",
            weights=_names("0", "0.5"),
        ),
        _call(
            "Reference.set_reward",
            learns.set_reward,
            {"connection": "learn", "value": 0.5},
            "connection",
            value=REALS,
        ),
        _call("Reference.run", run_reference, {}, "stimulus", duration=NONE, record=NO_ITEMS),
        _call(
            "Reference.run_batch",
            run_reference_batch,
            {},
            "",
            stimuli=NO_ITEMS,
            duration=NONE,
            record=NO_ITEMS,
            threads=NONE,
        ),
        _call(
            "Reference.set_v",
            Reference(network, 1.0).set_v,
            {"population": "cells", "ids": [0, 1], "v": [-60.0, -61.0]},
            "population ids",
            v=PAIR,
        ),
        _call(
            "Reference.reprogram",
            Reference(network, 1.0).reprogram,
            {"network": network},
            "network",
        ),
        _call(
            "simulate_reference",
            simulate_reference,
            {"network": network, "stimulus": drawn, "dt": 1.0, "progress": False},
            "network stimulus",
            dt=FRACTION,  # divides the duration
            record=NO_ITEMS,
            duration=NONE,
            threads=NONE,
            progress=NONE | SWITCH,
        ),
    ]


def _judging() -> list[Call]:
    network, drawn, image = (_small()[name] for name in ("network", "stimulus", "image"))
    compared = _small()["comparison"]
    runs = {name: _small()[name] for name in ("reference", "chip")}
    several = {name: [run] * 2 for name, run in runs.items()}
    return [
        _call(
            "compare",
            validation.compare,
            runs,
            "reference chip",
            fine=NONE,
            twins=NO_ITEMS,
            network=NONE,
            min_spikes=SEED - {"0"},
            window=NOT_NEGATIVE,
        ),
        _call("Comparison.population", compared.population, {"name": "cells"}, "name"),
        _call(
            "compare_activity",
            validation.compare_activity,
            {**several, "population": "cells", "tolerance": 0.2},
            "reference chip population",
            tolerance=FRACTION,
            bin_width=_names("1.5"),
        ),
        _call(
            "equivalence",
            validation.equivalence,
            {"reference": [1.0, 2.0], "chip": [1.0, 2.0], "tolerance": 0.1},
            reference=PAIR,
            chip=PAIR,
            tolerance=FRACTION,
            relative=SWITCH,
        ),
        _call(
            "rate_equivalence",
            validation.rate_equivalence,
            {"item": compared.population("cells"), "tolerance": 0.1},
            "item",
            tolerance=FRACTION,
        ),
        _call(
            "train_distances",
            validation.train_distances,
            {**runs, "population": "cells", "distance": "van_rossum"},
            "reference chip population distance",
        ),
        _call(
            "attribute",
            attribution.attribute,
            {"network": network, "stimulus": drawn, "image": image, "progress": False},
            "network stimulus",
            substeps=NONE,
            image=NONE,
            window=NOT_NEGATIVE,
            v_neurons=SEED - {"0"},
            shapley=SWITCH,
        ),
        _call(
            "attribute_learning",
            attribution.attribute_learning,
            {
                "network": _learner().network,
                "stimulus": _learner().stimulus,
                "image": _learner().image,
                "progress": False,
            },
            "network stimulus seeds",
            min_events=SEED - {"0"},
            shapley=SWITCH,
        ),
        _call(
            "compare_learning",
            nc.compare_learning,
            {
                "network": _learner().network,
                "image": _learner().image,
                "stimulus": _learner().stimulus,
                "progress": False,
            },
            "network image stimulus seeds",
            min_events=SEED - {"0"},
        ),
        _call(
            "LearningComparison.connection",
            _learner().compared.connection,
            {"name": "source->cells"},
            "name",
        ),
        *(
            _call(
                plot.__name__,
                plot,
                {"ax": _ax(), "learned": _learner().compared.connection("source->cells")},
                "learned",
            )
            for plot in (nc.plot_learned_weights, nc.plot_mean_weight, nc.plot_learning_window)
        ),
        _call(
            "attribute_rule",
            attribution.attribute_rule,
            {
                "rule": LearningRule("x1*y0", x1=Trace(16, 10)),
                "pre": [[1], [0]],
                "post": [[0], [1]],
                "weights": [[0]],
                "progress": False,
            },
            "rule pre post weights sign_mode bounds learning_order seeds",
            sources=NONE,
            targets=NONE,
            weight_bits=_names(),
            tags=NONE,
            given=NONE | {"dict"},
            min_events=SEED - {"0"},
            shapley=SWITCH,
        ),
        _call(
            "Judgement",
            nc.Judgement,
            {**{name: _small()[name] for name in ("network", "image", "comparison")}, **runs},
            "network image reference chip comparison",
            seed=_names("None", "0", "10**30"),
        ),
        _call(
            "judge",
            nc.judge,
            {"network": network, "dt": 1.0, "duration": 10.0},
            "network chip",
            dt=FRACTION | NONE,
            seed=_names("0", "10**30"),
            fine_dt=_names("None", "0", "0.5"),
            twins=_names("0"),
        ),
        _call(
            "simulate_twins",
            nc.simulate_twins,
            {"network": network, "stimulus": drawn, "reference": runs["reference"]},
            "network stimulus reference twins",
            seed=SEED,
            progress=SWITCH | NONE,
        ),
        _call(
            "validate",
            nc.validate,
            {"network": network, "dt": 1.0, "duration": 10.0, "attribution": False},
            "network chip",
            seed=_names("0", "10**30", "[10**30]"),
            tolerance=NONE | FRACTION,
            attribution=SWITCH,
        ),
        _call(
            "measure_dt",
            tuning.measure_dt,
            {"network": network, "stimulus": drawn, "candidates": (1.0,), "progress": False},
            "network stimulus chip",
            candidates=PAIR,
            fine_dt=NONE | FRACTION,
            options=NONE,
        ),
        _call(
            "calibrate",
            tuning.calibrate,
            {"network": network, "image": image, "stimuli": drawn, "progress": False},
            "network image stimuli registers rounds",
            substeps=NONE,
            fresh=NONE,
            tolerance=_names("0", "0.5"),
        ),
    ]


def _mapping() -> list[Call]:
    image, chip = _small()["image"], _small()["chip"]
    costs = dict.fromkeys(("update_inactive", "update_active", "synaptic_event"), (1.0, 1.0))
    pair = PAIR | {"generator"}
    run = {"image": image, "recording": chip}
    report = mapping.map_image(image)
    return [
        _call("map_image", mapping.map_image, {"image": image}, "image", activity=NONE),
        _call(
            "stored_weights",
            nc.stored_weights,
            {"network": _small()["network"], "image": image},
            "network image",
        ),
        _call("fill_cores", mapping.fill_cores, {"image": image}, "image"),
        _call("core_usage", mapping.core_usage, {"image": image}, "image"),
        _call(
            "MappingReport.utilisation",
            report.utilisation,
            {"resource": "compartments"},
            "resource",
        ),
        _call(
            "Activity",
            mapping.Activity,
            {"compartments": np.ones(3), "inputs": np.ones(5), "label": "x"},
            compartments=EMPTY | PAIR,
            inputs=EMPTY | PAIR,
            label=LABEL,
        ),
        _call(
            "Activity.uniform",
            mapping.Activity.uniform,
            {"image": image},
            "image",
            rate=NOT_NEGATIVE,
        ),
        _call(
            "Activity.measured", mapping.Activity.measured, run, "image recording", stimulus=NONE
        ),
        _call(
            "CostTable",
            mapping.CostTable,
            {"name": "t", "source": "s", **costs},
            "barrier",
            name=TEXT,
            source=TEXT,
            update_inactive=pair,
            synaptic_event=pair,
            static=pair,
            barrier_chips=NO_ITEMS,
        ),
        _call(
            "estimate_energy",
            mapping.estimate_energy,
            {**run, "table": mapping.DAVIES_2018},
            "image recording table",
            stimulus=NONE,
        ),
    ]


def _ax():
    return Figure().subplots()


def _figures() -> list[Call]:
    compared = _small()["comparison"]
    runs = {name: _small()[name] for name in ("reference", "chip")}
    report = mapping.map_image(_small()["image"])
    drawn = {"ax": _ax(), **runs, "population": "cells"}
    network, stimulus = _small()["network"], _small()["stimulus"]
    steps = choose_dt(network, bounds=(0.5, 1.0))
    sources = attribution.attribute(network, stimulus, image=_small()["image"], progress=False)
    study = {"network": network, "dt": 0.5, "duration": 5.0, "seeds": 2, "widths": [8]}
    few = precision.bits(**study)
    asked = {"population": "cells", "metric": "rate"}
    rule = LearningRule("x1*y0", x1=Trace(16, 10))
    learned = attribution.attribute_rule(rule, [[1]], [[1]], [[0]], progress=False)
    of_all = {"ax": _ax(), "comparison": compared, "population": "cells"}
    return [
        _call(
            "plot_raster",
            validation.plot_raster,
            drawn,
            "reference population",
            chip=NONE,
            ids=_names("0") | NONE,
        ),
        _call(
            "plot_traces",
            validation.plot_traces,
            {**drawn, "ids": [0, 1]},
            "reference population",
            chip=NONE,
            ids=_names("0"),
            threshold=REALS | NONE | {"inf", "-inf"},
            offset=REAL | NONE,
        ),
        _call(
            "plot_weights",
            nc.plot_weights,
            {"ax": _ax(), "trace": nc.WeightTrace([0], [1], np.ones((1, 1)), "mV", 1.0)},
            "trace",
        ),
        _call("plot_rates", validation.plot_rates, of_all, "comparison population"),
        _call("plot_rate_errors", validation.plot_rate_errors, of_all, "comparison population"),
        _call(
            "membrane_figure",
            validation.membrane_figure,
            {"recordings": list(runs.values()), "population": "cells", "width": "column"},
            "recordings population width",
        ),
        _call(
            "comparison_figure",
            validation.comparison_figure,
            {"comparison": compared, **runs, "population": "cells", "width": "column"},
            "comparison reference chip population width",
        ),
        _call(
            "plot_mesh",
            mapping.plot_mesh,
            {"ax": _ax(), "report": report},
            "report values",
        ),
        _call(
            "plot_traffic",
            mapping.plot_traffic,
            {"ax": _ax(), "report": report},
            "report",
        ),
        _call(
            "plot_utilisation",
            mapping.plot_utilisation,
            {"ax": _ax(), "report": report},
            "report",
        ),
        _call(
            "mapping_figure",
            mapping.mapping_figure,
            {"report": report, "width": "column"},
            "report width",
        ),
        _call("new_figure", nc.new_figure, {"width": "page"}, "width", height=NONE),
        _call(
            "plot_bits",
            precision.plot_bits,
            {"ax": _ax(), "answer": few},
            "answer",
        ),
        _call(
            "bits",
            precision.bits,
            {**study, "register": "weight_mantissa_bits", "chip": nc.LOIHI},
            "network register chip",
            dt=POSITIVE - {"1.5"} | NONE,
            duration=_names("0.5", "1.5"),
            tolerance=_names("0.5"),
            seed=_names("0", "10**30"),
        ),
        _call(
            "plot_dt_choice",
            tuning.plot_dt_choice,
            {"ax": _ax(), "choice": steps},
            "choice",
        ),
        _call(
            "plot_attribution",
            attribution.plot_attribution,
            {"ax": _ax(), "attribution": sources},
            "attribution metric",
            population=NONE,
        ),
        _call(
            "plot_learning_attribution",
            attribution.plot_learning_attribution,
            {"ax": _ax(), "attribution": learned},
            "attribution",
            connection=NONE,
        ),
        *(
            _call(f"LearningAttribution.{method.__name__}", method, arguments, " ".join(arguments))
            for method, arguments in (
                (learned.effects_on, {"connection": "synapses"}),
                (learned.total, {"connection": "synapses"}),
                (learned.effect, {"connection": "synapses", "source": "limits"}),
            )
        ),
        *(
            _call(f"Attribution.{method.__name__}", method, arguments, " ".join(arguments))
            for method, arguments in (
                (sources.effects_on, asked),
                (sources.total, asked),
                (sources.effect, {**asked, "source": "weights"}),
                (sources.of_neurons, {**asked, "source": "weights"}),
            )
        ),
    ]
