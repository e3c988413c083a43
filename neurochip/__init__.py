"""Describe spiking networks, compile them for a Loihi-like chip, emulate them, compare with float.

All public names are attributes of this module: ``import neurochip as nc``, or
``from neurochip import LIF, Network, compile_network``. A name is loaded from its home module on
first use, so importing this module loads none of the libraries that the home modules need.
"""

from importlib import import_module
from typing import Any

from ._support.shadowing import check_compiler

# Home module of each public name. __init__.pyi lists the same names for type checkers.
_HOMES = {
    "compiler": (
        "CompileOptions",
        "DtCandidate",
        "DtChoice",
        "FitReport",
        "FitRow",
        "choose_dt",
        "compile_network",
        "explain_fit",
    ),
    "neurochip._support.plotting": ("new_figure",),
    "neurochip.attribution": (
        "Attribution",
        "LearningAttribution",
        "LearningEffect",
        "LearningTotal",
        "MetricTotal",
        "SourceEffect",
        "attribute",
        "attribute_learning",
        "attribute_rule",
        "plot_attribution",
        "plot_learning_attribution",
    ),
    "neurochip.chip.fixedpoint": ("Overflow", "Rounding"),
    "neurochip.chip.presets": (
        "BRIAN2LOIHI",
        "LAVA",
        "LOIHI2",
        "NENGO_LOIHI",
        "PACKING_RULES",
        "PRESETS",
        "SYSTEMS",
    ),
    "neurochip.chip.registers": ("SignMode", "SynapseFormat"),
    "neurochip.chip.spec": ("LOIHI", "ChipSpec", "CoreSpec", "MeshSpec"),
    "neurochip.classification": (
        "DECODERS",
        "AccuracyAttribution",
        "ChipAccuracy",
        "Classification",
        "InferenceCost",
        "Paired",
        "RegisterEffect",
        "Unfit",
        "attribute_accuracy",
        "classify",
        "plot_accuracy",
        "read_samples",
    ),
    "neurochip.emulator": ("Emulator",),
    "neurochip.errors": (
        "AnalysisError",
        "ChipOverflowError",
        "ChipOverflowWarning",
        "CompileError",
        "EmulatorError",
        "FileError",
        "FitError",
        "FrontendError",
        "ImageError",
        "LearningError",
        "MissingExtraError",
        "NetworkError",
        "NeurochipError",
        "NeurochipWarning",
        "ProgramError",
        "RecordingError",
        "SpecError",
        "StimulusError",
        "SweepError",
        "UnitWarning",
    ),
    "neurochip.frontends.netx": (
        "LayerRow",
        "NetxDescription",
        "NetxLayer",
        "NetxModel",
        "NetxNeuron",
        "inspect_netx",
        "read_netx",
        "read_netx_float",
    ),
    "neurochip.frontends.nir": (
        "CONVENTIONS",
        "Convention",
        "NirDescription",
        "NirModel",
        "NodeRow",
        "inspect_nir",
        "read_nir",
        "write_nir",
    ),
    "neurochip.image": (
        "ChipImage",
        "Compartments",
        "Convolution",
        "GivenTrace",
        "InputSymbol",
        "Learning",
        "MomentGain",
        "Noise",
        "PeriodicReset",
        "Plasticity",
        "PopulationSymbol",
        "PowerGain",
        "ProgramGroup",
        "ReceptorSymbol",
        "Symbols",
        "SynapseGroup",
        "SynapseSymbol",
    ),
    "neurochip.image.files": ("load_image", "save_image"),
    "neurochip.image.program": ("Synapses", "program"),
    "neurochip.image.report": ("CompileReport",),
    "neurochip.image.report_rows": ("RateRow", "ReportRow", "ScaleRow"),
    "neurochip.image.text": ("dump_image",),
    "neurochip.image.weights": ("stored_weights",),
    "neurochip.learned": (
        "ConnectionLearning",
        "LearningComparison",
        "LearningWindow",
        "MeanWeights",
        "WeightError",
        "compare_learning",
        "plot_learned_weights",
        "plot_learning_window",
        "plot_mean_weight",
    ),
    "neurochip.mapping": (
        "COST_TABLES",
        "DAVIES_2018",
        "SANA_FE",
        "Activity",
        "Cost",
        "CostTable",
        "EnergyEstimate",
        "MappingReport",
        "Traffic",
        "core_usage",
        "estimate_energy",
        "fill_cores",
        "map_image",
        "mapping_figure",
        "plot_mesh",
        "plot_traffic",
        "plot_utilisation",
    ),
    "neurochip.network": (
        "LIF",
        "STDP",
        "Connection",
        "ConstantCurrent",
        "ConvolutionShape",
        "LogNormal",
        "Network",
        "Normal",
        "PoissonInput",
        "Population",
        "GradedSpikes",
        "Reward",
        "RewardModulation",
        "SpikeCounts",
        "SpikeInput",
        "StepCurrent",
        "Triplet",
        "Uniform",
        "Waveform",
        "all_to_all",
        "convolution",
        "fixed_indegree",
        "fixed_outdegree",
        "fixed_probability",
        "fixed_total_number",
        "from_arrays",
        "one_to_one",
        "with_relays",
    ),
    "neurochip.precision": ("BitsAnswer", "WidthResult", "bits", "plot_bits"),
    "neurochip.programs": (
        "OPERATIONS",
        "PROGRAMS",
        "NeuronProgram",
        "Operation",
        "simulate_program",
    ),
    "neurochip.recording": (
        *("Origin", "Probe", "Recording", "Trace"),
        *("WeightProbe", "WeightTrace"),
    ),
    "neurochip.reference": ("Reference", "simulate_reference", "simulate_twins"),
    "neurochip.report": (
        "Judgement",
        "MappedNetwork",
        "Report",
        "bits_report",
        "classification_report",
        "judge",
        "map_network",
        "sweep_report",
        "validate",
        "validation_report",
    ),
    "neurochip.spike_files": ("from_neo", "read_spikes", "to_neo", "write_spikes"),
    "neurochip.stimulus": ("Stimulus", "draw_stimulus", "with_stimulus"),
    "neurochip.sweeps": (
        "Band",
        "PointRun",
        "Sweep",
        "bands",
        "plot_sweep",
        "read_sweep",
        "sweep",
    ),
    "neurochip.tuning": ("Calibration", "Trim", "calibrate", "measure_dt", "plot_dt_choice"),
    "neurochip.validation": (
        "TRAIN_DISTANCES",
        "ActivityComparison",
        "Answer",
        "Comparison",
        "Conclusion",
        "DistributionComparison",
        "Equivalence",
        "ErrorSplit",
        "NoiseFloor",
        "PopulationComparison",
        "RateError",
        "Verdict",
        "compare",
        "compare_activity",
        "comparison_figure",
        "equivalence",
        "membrane_figure",
        "plot_raster",
        "plot_rate_errors",
        "plot_rates",
        "plot_traces",
        "plot_weights",
        "rate_equivalence",
        "train_distances",
    ),
    "neurochip.version": ("__version__",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}
# Home modules that import the compiler.
_COMPILING = {
    "compiler",
    "neurochip.attribution",
    "neurochip.classification",
    "neurochip.precision",
    "neurochip.report",
    "neurochip.sweeps",
    "neurochip.tuning",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    """Load a public name from its home module."""
    if name not in _HOME:
        raise AttributeError(f"module 'neurochip' has no attribute {name!r}{_near(name)}")
    home = _HOME[name]
    if home in _COMPILING:
        check_compiler()
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    """Return the public names and the dunder names, without submodules and private imports."""
    own = [name for name in globals() if name.startswith("__") and name.endswith("__")]
    return sorted({*__all__, *own})


def _near(name: str) -> str:
    """Return the question "Did you mean" if a public name is similar, otherwise an empty text."""
    from difflib import get_close_matches

    found = get_close_matches(name, _HOME, n=1, cutoff=0.75)
    return f". Did you mean: {found[0]!r}?" if found else ""
