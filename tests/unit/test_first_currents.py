"""Two synaptic currents that each begin at a value of their own."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip import (
    LIF,
    Emulator,
    Network,
    PoissonInput,
    Population,
    compile_network,
    draw_stimulus,
    simulate_reference,
)

DT = 0.5
TAU_E, TAU_I, CM, REST = 3.0, 8.0, 0.5, -65.0
BEGIN = {"i_syn_init_E": [1.0, -0.4, 0.7, 0.0], "i_syn_init_I": [-0.8, 0.9, 0.6, -0.3]}


def network_of(**begin):
    """Return four neurons without leak and threshold: their v is the charge that arrived."""
    model = LIF(tau_m=np.inf, v_thresh=np.inf, v_rest=REST, cm=CM, **begin)
    source = PoissonInput("source", 1, rate=1.0)
    return Network(inputs=[source], populations=[Population("cells", 4, model)])


def v_of(network, engine):
    stimulus = draw_stimulus(network, 20.0, seed=1)
    if engine == "reference":
        run = simulate_reference(network, stimulus, DT, record=["v"])
    else:
        run = Emulator(compile_network(network, dt=DT), threads=1).run(stimulus, record=["v"])
    return run.trace("cells", "v").values


@pytest.mark.parametrize(("engine", "error"), [("reference", 1e-12), ("chip", 0.01)])
def test_v_is_the_charge_of_both_currents(engine, error):
    network = network_of(tau_syn_E=TAU_E, tau_syn_I=TAU_I, **BEGIN)
    t = DT * (1 + np.arange(40))[:, None]
    charge = sum(
        tau * np.array(BEGIN[name]) * (1 - np.exp(-t / tau))
        for name, tau in (("i_syn_init_E", TAU_E), ("i_syn_init_I", TAU_I))
    )
    v = REST + charge / CM
    assert np.abs(v_of(network, engine) - v).max() < error * np.ptp(v)


def test_two_currents_with_one_time_constant_are_one_with_their_sum():
    both = network_of(tau_syn_E=5.0, tau_syn_I=5.0, **BEGIN)
    total = np.add(*BEGIN.values())
    one = network_of(tau_syn=5.0, i_syn_init=total)
    for engine in ("reference", "chip"):
        assert np.array_equal(v_of(both, engine), v_of(one, engine))
    (row,) = [
        item for item in compile_network(both, dt=DT).report.rows if "i_syn" in item.parameter
    ]
    assert (row.parameter, row.asked.low, row.asked.high) == ("i_syn_init", -0.3, max(total))


def test_the_report_has_a_row_for_each_of_two_currents():
    network = network_of(tau_syn_E=TAU_E, tau_syn_I=TAU_I, **BEGIN)
    report = compile_network(network, dt=DT).report
    for name, values in BEGIN.items():
        row = report.row("cells", name)
        assert (row.unit, row.asked.low, row.asked.high) == ("nA", min(values), max(values))
        assert row.meant.high == pytest.approx(max(values), rel=1e-4)
        assert row.meant.low == pytest.approx(min(values), rel=1e-4)
    rows = [item.parameter for item in report.rows]
    assert [name for name in rows if "i_syn" in name] == ["i_syn_init_I", "i_syn_init_E"]
