"""A network that holds for one step takes it, and refuses other steps with one message."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from command_line import fail, succeed

from neurochip import (
    LIF,
    LOIHI,
    Emulator,
    Network,
    PoissonInput,
    Population,
    Reference,
    attribute,
    bits,
    calibrate,
    choose_dt,
    classify,
    compile_network,
    draw_stimulus,
    explain_fit,
    judge,
    map_network,
    measure_dt,
    one_to_one,
    simulate_reference,
    sweep,
    validate,
    write_nir,
)
from neurochip.errors import (
    AnalysisError,
    CompileError,
    NetworkError,
    StimulusError,
    SweepError,
)

SHORT = {"duration": 20.0}


def read_for(dt):
    """A network of a layer, as if it had been read from a graph for steps of dt."""
    source = PoissonInput("source", 3, 200.0)
    cells = Population("cells", 3, LIF(v_rest=0.0, v_reset=0.0, v_thresh=1.0, integration="euler"))
    synapses = one_to_one(source, cells, weight=0.6)
    return Network(populations=[cells], inputs=[source], connections=[synapses], dt=dt)


NETWORK = read_for(0.25)
STIMULUS = draw_stimulus(NETWORK, 20.0, 1)
MESSAGE = (
    "{owner}: dt = {asked}, but the network was made for steps of 0.25 ms, and its kicks or "
    "relays hold for no others; omit dt, or make it for another step."
)


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_every_run_takes_the_step_of_the_network():
    image = compile_network(NETWORK)
    assert image.symbols.dt == 0.25
    assert Reference(NETWORK).dt == 0.25
    assert simulate_reference(NETWORK, STIMULUS).dt == 0.25
    assert attribute(NETWORK, STIMULUS).fine_dt == 0.25
    assert calibrate(NETWORK, image, STIMULUS, rounds=1).fine_dt == 0.25
    assert judge(NETWORK, **SHORT).comparison.fine_dt is None
    assert validate(NETWORK, **SHORT).data["provenance"]["dt (ms)"] == 0.25
    assert map_network(NETWORK).image.symbols.dt == 0.25
    assert explain_fit(NETWORK).fits
    found = sweep(NETWORK, {"seed": [1]}, workers=1, **SHORT)
    assert found.header["fixed"]["dt"] == 0.25
    assert bits(NETWORK, widths=[8], seeds=2, **SHORT).dt == 0.25
    counts = np.ones((2, 8, 3), dtype=int)
    assert classify(NETWORK, counts, [0, 1], chip=LOIHI).n_samples == 2


def test_the_same_step_may_be_said():
    assert compile_network(NETWORK, dt=0.25 * (1 + 1e-12)) == compile_network(NETWORK)


@pytest.mark.parametrize(
    ("call", "owner", "error"),
    [
        (lambda dt: compile_network(NETWORK, dt=dt), "compile", CompileError),
        (lambda dt: explain_fit(NETWORK, dt=dt), "compile", CompileError),
        (lambda dt: map_network(NETWORK, dt=dt), "compile", CompileError),
        (lambda dt: judge(NETWORK, dt=dt), "compile", CompileError),
        (lambda dt: validate(NETWORK, dt=dt), "compile", CompileError),
        (lambda dt: attribute(NETWORK, STIMULUS, dt=dt), "compile", CompileError),
        (lambda dt: simulate_reference(NETWORK, STIMULUS, dt), "run", StimulusError),
        (lambda dt: Reference(NETWORK, dt), "run", StimulusError),
        (lambda dt: Reference(read_for(None), dt).reprogram(NETWORK), "run", NetworkError),
        (lambda dt: bits(NETWORK, dt=dt), "bits", AnalysisError),
        (lambda dt: sweep(NETWORK, {"seed": [1]}, dt=dt, **SHORT), "sweep", SweepError),
        (lambda dt: sweep(NETWORK, {"dt": [0.25, dt]}, **SHORT), "sweep", SweepError),
        (
            lambda dt: sweep(NETWORK, {"seed": [1]}, fine_dt=dt, **SHORT),
            "sweep, fine_dt",
            SweepError,
        ),
        (lambda dt: judge(NETWORK, fine_dt=dt), "run", StimulusError),
        (lambda dt: classify(NETWORK, np.ones((1, 8, 3)), [0], dt=dt), "classify", AnalysisError),
        (lambda dt: measure_dt(NETWORK, STIMULUS, fine_dt=dt), "run", StimulusError),
    ],
)
def test_another_step_is_refused(call, owner, error):
    with pytest.raises(error, match=f"^{re.escape(MESSAGE.format(owner=owner, asked='0.1 ms'))}$"):
        call(0.1)


@pytest.mark.parametrize(
    "call", [lambda: choose_dt(NETWORK), lambda: compile_network(NETWORK, dt="auto")]
)
def test_there_is_no_step_to_choose(call):
    text = MESSAGE.format(owner="compile", asked="'auto'")
    with pytest.raises(CompileError, match=f"^{re.escape(text)}$"):
        call()


def test_a_function_of_a_sweep_may_read_a_network_for_each_step():
    found = sweep(read_for, {"dt": [0.25, 0.5]}, workers=1, **SHORT)
    assert [row["problem"] for row in found.rows] == [None, None]
    made = sweep(lambda: NETWORK, {"seed": [1]}, workers=1, **SHORT)
    assert made.header["fixed"]["dt"] == 0.25


def test_networks_of_a_sweep_that_hold_for_several_steps_need_dt_as_an_axis():
    def network(fineness):
        return read_for(0.5 / fineness)

    text = (
        "sweep: the networks hold for steps of 0.25, 0.5 ms; allowed: one step for all, or dt as "
        "an axis."
    )
    with pytest.raises(SweepError, match=f"^{re.escape(text)}$"):
        sweep(network, {"fineness": [1, 2]}, workers=1, **SHORT)


def test_a_step_that_is_missing_is_asked_for():
    with pytest.raises(StimulusError, match=r"^run: dt is missing; allowed: a step in ms, such as"):
        simulate_reference(read_for(None), STIMULUS)


@pytest.mark.parametrize("dt", [0.0, -1.0, np.nan, "0.1", True])
def test_a_step_is_a_number_above_0(dt):
    with pytest.raises(NetworkError, match=r"^network: dt = .*; allowed: "):
        read_for(dt)


def test_a_graph_of_a_network_with_a_step_needs_none(tmp_path):
    pytest.importorskip("nir")
    from neurochip import read_nir

    path = write_nir(NETWORK, tmp_path / "a.nir", kick="stored")
    assert read_nir(path, 2.5e-4).network.dt == 0.25


def test_a_model_file_may_define_a_network_with_a_step():
    Path("model.py").write_text(
        "from neurochip import LIF, Network, Population\n"
        "cells = Population('cells', 2, LIF(i_offset=1.0))\n"
        "network = Network(populations=[cells], dt=0.25)\n"
    )
    assert "0 to 20 ms in steps of 0.25 ms" in succeed("run", "model.py", "--duration", "20")
    assert "dt = 0.1 ms, but the network was made for steps of 0.25 ms" in fail(
        "compile", "model.py", "--dt", "0.1"
    )
    succeed("sweep", "model.py", "--vary", "seed=1:2", "--duration", "20", "--workers", "1")


def test_the_emulator_runs_in_the_step_of_the_network():
    assert Emulator(compile_network(NETWORK)).run(STIMULUS).dt == 0.25
