"""Small PyNN populations that tests record from, and what they recorded."""

from __future__ import annotations

import numpy as np

DRIVEN = {"tau_m": 20.0, "i_offset": 0.9, "tau_syn_E": 3.0, "tau_syn_I": 8.0}


def cells_of(sim, size=5, **parameters):
    """Neurons that spike by themselves, each at its own times."""
    cells = sim.Population(size, sim.IF_curr_exp(**{**DRIVEN, **parameters}), label="cells")
    cells.initialize(v=np.linspace(-65.0, -51.0, size))
    return cells


def driven(sim, times=((3.0, 9.0), (4.5, 20.0)), **parameters):
    """Two sources, excitatory and inhibitory, on two neurons that do not spike."""
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[list(each) for each in times]))
    cells = cells_of(sim, 2, i_offset=0.0, **parameters)
    for index, weight in ((0, 0.5), (1, -0.25)):
        receptor = "excitatory" if weight > 0 else "inhibitory"
        sim.Projection(
            source[index : index + 1],
            cells,
            sim.AllToAllConnector(),
            sim.StaticSynapse(weight=weight, delay=1.0),
            receptor_type=receptor,
        )
    return source, cells


def segment_of(cells, *variables, **options):
    return cells.get_data(*variables, **options).segments[-1]


def signal(cells, name, **options):
    (found,) = segment_of(cells, **options).filter(name=name)
    return found


def trains(cells, **options):
    return [each.magnitude for each in segment_of(cells, "spikes", **options).spiketrains]
