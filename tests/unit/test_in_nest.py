"""Networks that NEST cannot run as they are; NEST itself is not needed to refuse them."""

from __future__ import annotations

import importlib
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from neurochip import LIF, STDP, Network, Population, SpikeInput, Stimulus, all_to_all
from neurochip.errors import FrontendError

RULES = {"delivery": "before_threshold", "refractory": "after_spike"}
CURRENT = LIF(tau_syn=5.0)
RULE = STDP(20.0, 20.0, 0.1, 0.1, 1.0)
NEURONS = (
    "allowed: neurons with a leak, exact integration, a reset to v_reset and no v_min, which "
    "NEST's are."
)


def network(model=CURRENT, rules=RULES, **synapses):
    source, cells = SpikeInput("source", 2, [0], [1.0]), Population("cells", 3, model)
    links = [all_to_all(source, cells, weight=0.5, name="links", **synapses)]
    return Network(inputs=[source], populations=[cells], connections=links, **rules)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            network(rules={}),
            "delivery = 'after_threshold' and refractory = 'from_spike'; allowed: "
            "'before_threshold' and 'after_spike', its only rules.",
        ),
        (
            network(LIF(integration="euler")),
            f"population 'cells': integration = 'euler'; {NEURONS}",
        ),
        (network(LIF(reset="subtract")), f"population 'cells': reset = 'subtract'; {NEURONS}"),
        (network(LIF(v_min=-70.0)), f"population 'cells': v_min = -70.0; {NEURONS}"),
        (network(LIF(tau_m=np.inf)), f"population 'cells': tau_m = inf; {NEURONS}"),
        (
            network(receptor="v"),
            "connection 'links': receptor = 'v' of neurons with a current; allowed: synapses that "
            "drive the current.",
        ),
        (
            network(plasticity=RULE),
            "connection 'links' learns; allowed: connections without plasticity. Compare with "
            "reference='float'.",
        ),
    ],
)
def test_what_nest_cannot_run_is_refused(asked, message, monkeypatch):
    monkeypatch.setitem(sys.modules, "nest", SimpleNamespace())
    monkeypatch.delitem(sys.modules, "neurochip.frontends.in_nest", raising=False)
    in_nest = importlib.import_module("neurochip.frontends.in_nest")
    with pytest.raises(FrontendError) as refused:
        in_nest.InNest(asked, Stimulus(2.0, asked.inputs), 0.1)
    assert str(refused.value) == f"NEST: {message}"
    monkeypatch.delitem(sys.modules, "neurochip.frontends.in_nest")
