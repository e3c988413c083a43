"""One object of each class that results have, for tests of how they show themselves."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

import neurochip as nc
from neurochip.learning import LearningRule, Trace

PAIR_RULE = LearningRule("2^-4*x1*y0 - 2^-4*x0*y1", x1=Trace(16, 10), y1=Trace(16, 10))
_NODE = nc.NodeRow("lif", "LIF", (2, 3), 6, 24, 0, "runs", "stores no v_reset", ("value",))
_LAYER = nc.LayerRow("dense_0", (3,), 3, 12, 12, "LIF", True)


@functools.cache
def network(name: str = "cells") -> nc.Network:
    """Return a small network, whose population has a name."""
    source = nc.PoissonInput("source", 20, rate=300.0)
    cells = nc.Population(name, 4, nc.LIF(tau_m=10.0, tau_refrac=2.0))
    link = nc.fixed_indegree(source, cells, 10, weight=nc.Uniform(1.0, 2.0), seed=1)
    return nc.Network(inputs=[source], populations=[cells], connections=[link])


def learned(name: str) -> nc.LearningComparison:
    """Return a comparison of a connection that learns, whose name is that of its source."""
    rule = nc.STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.1, a_minus=0.1, w_max=2.0)
    source, cells = nc.PoissonInput(name, 20, rate=300.0), nc.Population("learners", 4, nc.LIF())
    link = nc.all_to_all(source, cells, weight=1.0, plasticity=rule, name=name)
    model = nc.Network(inputs=[source], populations=[cells], connections=[link])
    image = nc.compile_network(model, dt=1.0)
    return nc.compare_learning(model, image, nc.draw_stimulus(model, 50.0, seed=1), seeds=2)


@functools.cache
def objects(name: str = "cells") -> dict[str, Any]:
    """Return one object of every class that a notebook shows, by the name of the class."""
    model = network(name)
    judgement = nc.judge(model, dt=0.5, duration=100.0)
    image, stimulus = judgement.image, nc.draw_stimulus(model, 100.0, seed=1)
    comparison = judgement.comparison
    sides = [[run] * 2 for run in (judgement.reference, judgement.chip)]
    found = [
        *(model, judgement, image, image.report, judgement.chip, comparison),
        *(comparison.populations[name], nc.LOIHI.what_if(delay_max=20), nc.LOIHI.core),
        nc.rate_equivalence(comparison.populations[name], tolerance=0.1),
        nc.compare_activity(*sides, name, tolerance=0.1),
        nc.attribute(model, stimulus, image=image),
        nc.attribute_rule(PAIR_RULE, *np.ones((2, 30, 2), dtype=bool), [[8, 8]] * 2, seeds=2),
        learned(name),
        nc.map_network(model, dt=0.5, stimulus=stimulus, costs=nc.DAVIES_2018),
        nc.map_image(image),
        nc.estimate_energy(image, judgement.chip, nc.DAVIES_2018),
        nc.calibrate(model, image, stimulus, rounds=2),
        nc.choose_dt(model, candidates=[0.5, 1.0]),
        nc.explain_fit(model),
        nc.sweep(model, {"core.delay_max": [1, 2]}, duration=50.0, dt=0.5, workers=1),
        nc.bits(model, widths=[4, 8], dt=0.5, duration=50.0, seeds=2),
        nc.validate(model, dt=0.5, duration=50.0, attribution=False),
        nc.classify(model, [stimulus], [0], dt=0.5),
        nc.attribute_accuracy(model, [stimulus], [0], dt=0.5),
        nc.PROGRAMS["sigma_delta"](nc.LOIHI2.core),
        nc.NirDescription("graph.nir", (_NODE,), {"dt": "the step of the simulator"}),
        nc.NetxDescription("trained.net", (_LAYER,), "layer 0 has no weights"),
    ]
    return {type(item).__name__: item for item in found}


def parts(value: Any, seen: dict[int, Any] | None = None) -> Iterator[Any]:
    """Yield a value and all that its fields hold, down to arrays and numbers."""
    seen = {} if seen is None else seen
    if id(value) in seen:
        return
    seen[id(value)] = value
    yield value
    inner: list[Any] = []
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        inner = [getattr(value, item.name, None) for item in dataclasses.fields(value)]
    elif isinstance(value, Mapping):
        inner = list(value.values())
    elif isinstance(value, (list, tuple)):
        inner = list(value)
    for item in inner:
        yield from parts(item, seen)
