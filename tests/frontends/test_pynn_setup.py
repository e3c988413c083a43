"""Options of PyNN's setup, and the ways in which scripts find the back end."""

from __future__ import annotations

import importlib
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neurochip import LOIHI
from neurochip.errors import FrontendError

SCRIPT = """
from pyNN.utility import get_simulator
sim, options = get_simulator(("benchmark", "an argument of the script"))
sim.setup(timestep=0.1, threads=1, verbosity="error")
cells = sim.Population(1, sim.IF_curr_exp(i_offset=1.0))
cells.record("spikes")
sim.run(50.0)
print(sim.__name__, options.benchmark, sum(cells.get_spike_counts().values()))
sim.end()
"""


def test_an_unknown_option_is_refused_with_those_that_are_allowed(sim):
    with pytest.raises(FrontendError) as refused:
        sim.setup(timestep=0.1, headrom=2.0)
    text = str(refused.value)
    assert text.startswith(
        "setup: headrom = 2.0; allowed: timestep, min_delay, max_delay, chip, rng_seed, "
        "conductances, gain, headroom, "
    )
    assert text.endswith("t_flush, useSystemSim, use_cvode, verbosity.")


def test_options_of_other_simulators_have_no_effect_and_the_log_says_so(sim, caplog):
    with caplog.at_level(logging.INFO, "PyNN"):
        assert sim.setup(timestep=0.1, spike_precision="on_grid", rng_seeds=[1, 2]) == 0
    assert [record.message for record in caplog.records] == [
        "setup: spike_precision = 'on_grid' has no effect on the chip.",
        "setup: rng_seeds = [1, 2] has no effect on the chip.",
    ]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"timestep": 0.0}, "setup: timestep = 0.0 ms; allowed: a number above 0."),
        ({"min_delay": np.nan}, "setup: min_delay = nan ms; allowed: a number above 0."),
        ({"rng_seed": -1}, "setup: rng_seed = -1; allowed: at least 0."),
        ({"chip": "loihi"}, "setup: chip = 'loihi'; allowed: a ChipSpec such as LOIHI."),
        (
            {"conductances": True},
            "setup: conductances = True; allowed: 'driving_force', which multiplies weights by the "
            "driving force halfway between rest and threshold, or None.",
        ),
    ],
)
def test_a_value_that_is_not_allowed_is_refused(sim, option, message):
    with pytest.raises(FrontendError) as refused:
        sim.setup(**option)
    assert str(refused.value) == message


def test_a_setup_that_is_refused_leaves_the_simulation_as_it_was(sim):
    sim.setup(timestep=0.1)
    cells = sim.Population(1, sim.IF_curr_exp(i_offset=1.0))
    cells.record("spikes")
    with pytest.raises(FrontendError):
        sim.setup(timestep=0.5, chip="loihi")
    assert sim.run(50.0) == 50.0
    assert (sim.get_time_step(), cells.get_spike_counts()) == (0.1, {cells[0]: 1})


def test_a_script_may_ask_what_it_has_set(sim):
    sim.setup(timestep=0.5, min_delay=1.0, max_delay=8.0)
    assert (sim.get_time_step(), sim.get_current_time()) == (0.5, 0.0)
    assert (sim.get_min_delay(), sim.get_max_delay()) == (1.0, 8.0)
    assert (sim.rank(), sim.num_processes()) == (0, 1)


def test_the_delays_that_the_chip_allows_are_the_default(sim):
    sim.setup(timestep=0.5)
    assert (sim.get_min_delay(), sim.get_max_delay()) == (0.5, LOIHI.core.delay_max * 0.5)


def test_a_new_setup_forgets_the_objects_before(sim):
    sim.setup()
    sim.Population(1, sim.IF_curr_exp(), label="cells")
    sim.run(1.0)
    sim.setup()
    assert sim.simulator.state.populations == []
    assert sim.get_current_time() == 0.0
    again = sim.Population(1, sim.IF_curr_exp(), label="cells")
    assert (again.key, int(again.first_id)) == ("cells", 0)


def test_cells_of_an_earlier_setup_are_not_taken_for_those_that_have_their_numbers_now(sim):
    sim.setup()
    old = sim.Population(2, sim.IF_curr_exp(), label="cells")
    link = sim.Projection(old, old, sim.AllToAllConnector(), sim.StaticSynapse(weight=1.0))
    old.record("spikes")
    sim.setup()
    cells = sim.Population(2, sim.IF_curr_exp(), label="cells")
    cells.record("spikes")
    sim.run(1.0)
    for use, kind in (
        (lambda: sim.Projection(old, cells, sim.OneToOneConnector()), "Population"),
        (lambda: sim.Projection(cells, cells + old, sim.AllToAllConnector()), "Population"),
        (lambda: sim.DCSource().inject_into(old[:1]), "PopulationView"),
        (lambda: sim.DCSource().inject_into([old[0]]), "Population"),
        (lambda: old.record("v"), "Population"),
        (old.get_data, "Population"),
        (old.get_spike_counts, "Population"),
        (lambda: old.set(tau_m=10.0), "Population"),
        (lambda: old.initialize(v=-60.0), "Population"),
        (lambda: link.get("stored_weight", "list"), "Population"),
        (lambda: link.set(weight=2.0), "Population"),
        (lambda: setattr(link[0], "weight", 2.0), "Population"),
    ):
        with pytest.raises(FrontendError) as refused:
            use()
        label = "view of 'cells' with size 1" if kind == "PopulationView" else "cells"
        assert str(refused.value) == (
            f"{kind} {label!r} was made before the last setup(), which forgot it; allowed: "
            "populations made since. Make it again."
        )


def test_a_current_source_begins_anew_with_a_new_setup(sim):
    sim.setup(timestep=0.1)
    sim.run(10.0)
    source = sim.DCSource(amplitude=0.5)
    sim.setup(timestep=0.1)
    cells = sim.Population(1, sim.IF_curr_exp())
    source.inject_into(cells)
    source.record()
    sim.run(1.0)
    assert (source.get_data().magnitude == 0.5).all()


def test_options_reach_the_compiler_and_the_emulator(sim):
    chip = LOIHI.what_if(name="short delays", delay_max=6)
    sim.setup(chip=chip, gain="dc", strict=True, threads=1)
    sim.Population(1, sim.IF_curr_exp())
    sim.run(1.0)
    state = sim.simulator.state
    assert state.image.chip.name == "short delays"
    assert "gain=dc" in str(state.image.report)
    assert state.session.emulator.strict


def test_more_threads_than_the_machine_has_are_as_many_as_it_has(sim, caplog):
    with caplog.at_level(logging.INFO, "PyNN"):
        sim.setup(threads=100_000)
    most = sim.simulator.state.emulator_options["threads"]
    assert [record.message for record in caplog.records] == [
        f"setup: threads = 100000; this machine has {most}, which run."
    ]
    sim.Population(1, sim.IF_curr_exp())
    assert sim.run(1.0) == 1.0


def test_pynn_finds_the_back_end_by_its_name(sim):
    assert importlib.import_module("pyNN.neurochip") is sim
    assert sim.__name__ == "pyNN.neurochip"
    import pyNN.neurochip as other

    assert other is sim
    missing = [name for name in sim.__all__ if not hasattr(sim, name)]
    assert missing == []


@pytest.mark.slow
def test_a_script_without_setup_has_the_defaults(sim):
    del sim
    program = (
        "import neurochip.frontends.pynn as sim\n"
        "sim.Population(1, sim.IF_curr_exp())\n"
        "print(sim.run(1.0), sim.get_time_step())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["1.0", "0.1"]


@pytest.mark.slow
def test_a_script_that_asks_for_its_simulator_runs_unchanged(sim, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, "-m", "neurochip.frontends.pynn", str(script), "neurochip", "CUBA"]
    root = Path(__file__).parents[2]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    assert run.stdout.splitlines()[-1].startswith("pyNN.neurochip CUBA ")


def test_a_script_that_does_not_exist_is_refused(sim):
    main = importlib.import_module("neurochip.frontends.pynn.__main__").main
    with pytest.raises(SystemExit) as refused:
        main(["missing.py"])
    assert str(refused.value) == (
        "usage: python -m neurochip.frontends.pynn SCRIPT [ARGUMENTS]; the script given is "
        "'missing.py', allowed: a file."
    )
