"""Description of a network in physical units, independent of any chip."""

from . import sections as sections  # describes the results for notebooks
from .connections import (
    Connection,
    all_to_all,
    convolution,
    fixed_indegree,
    fixed_outdegree,
    fixed_probability,
    fixed_total_number,
    from_arrays,
    one_to_one,
)
from .counts import SpikeCounts
from .graded import GradedSpikes
from .inputs import ConstantCurrent, PoissonInput, SpikeInput
from .kernel import ConvolutionShape
from .network import Network
from .neurons import LIF, Population
from .plasticity import STDP, Reward, RewardModulation, Triplet
from .relays import with_relays
from .rules import LogNormal, Normal, Uniform
from .step_current import StepCurrent, Waveform

__all__ = [
    "LIF",
    "STDP",
    "Connection",
    "ConstantCurrent",
    "ConvolutionShape",
    "GradedSpikes",
    "LogNormal",
    "Network",
    "Normal",
    "PoissonInput",
    "Population",
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
]
