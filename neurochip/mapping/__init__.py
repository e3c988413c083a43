"""Mapping of a network onto a chip: resources of each core, and messages between cores.

``map_image(image, Activity.measured(image, run, stimulus))`` returns a :class:`MappingReport`.
"""

from ..packing.budget import core_usage
from ..packing.flows import Traffic
from ..packing.placing import fill_cores
from . import sections as sections  # describes the results for notebooks
from .activity import Activity
from .costs import COST_TABLES, DAVIES_2018, SANA_FE, Cost, CostTable
from .energy import estimate_energy
from .estimate import EnergyEstimate
from .plots import mapping_figure, plot_mesh, plot_traffic, plot_utilisation
from .report import MappingReport, map_image

__all__ = [
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
]
