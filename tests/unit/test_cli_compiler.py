"""What the commands that compile ask the compiler for: the same options everywhere."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from click import Context
from command_line import fail, succeed, unfolded

from compiler import OPTIONS, choose_dt, compile_network
from neurochip.cli import main
from neurochip.image.files import load_image

MODEL = """
from neurochip import LIF, Network, PoissonInput, Population, Uniform, one_to_one

source = PoissonInput("source", 10, rate=1300.0)
cells = Population("cells", 10, LIF(tau_m=10.0))
weights = one_to_one(source, cells, weight=Uniform(0.5, 2.0), seed=1)
network = Network(inputs=[source], populations=[cells], connections=[weights])
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model in an empty current folder, so that files have short names in messages."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    counts = np.random.default_rng(1).integers(0, 3, (2, 20, 10), dtype=np.uint8)
    np.savez("data.npz", inputs=counts, labels=[0, 1])
    return Path("model.py")


COMPILING = {
    "compile": (),
    "compare": ("--duration", "10"),
    "validate": ("--duration", "10", "--no-attribution"),
    "map": (),
    "attribute": ("--duration", "10"),
    "classify": ("--data", "data.npz"),
    "sweep": ("--duration", "10", "--workers", "1", "--vary", "seed=1"),
}


@pytest.mark.parametrize("command", COMPILING)
def test_every_command_that_compiles_takes_every_option_of_the_compiler(command: str) -> None:
    options = {
        param.name: param.get_default(Context(main.commands[command]))
        for param in main.commands[command].params
    }
    for name, option in OPTIONS.items():
        assert options[name] == option.default
    assert options["dt"] == "0.1"


@pytest.mark.slow
@pytest.mark.parametrize("command", COMPILING)
def test_dt_auto_takes_the_best_step(model: Path, command: str) -> None:
    said = succeed(command, model, "--dt", "auto", *COMPILING[command])
    if command == "sweep":
        (row,) = [json.loads(line) for line in Path("sweep.jsonl").read_text().splitlines()[1:]]
        assert row["problem"] is None
        return
    names = runpy.run_path(str(model))
    choice = choose_dt(names["network"])
    assert unfolded(said)[0] == (
        f"dt = {choice.dt:g} ms: the expected error of the rates is "
        f"{100 * choice.best.total:+.2g} % (time grid {100 * choice.best.grid:+.2g} %, registers "
        f"{100 * choice.best.registers:+.2g} %), the best of 20 steps from 0.05 to 1 ms"
    )
    if command in ("compile", "compare"):
        assert f"Compiled for loihi at dt = {choice.dt:g} ms" in said


def compiled(model: Path, *options: str) -> str:
    """Digest of the image that the command writes."""
    succeed("compile", model, *options)
    return load_image("image.npz").digest()


@pytest.mark.parametrize("rule", OPTIONS["weight_rounding"].choices)
def test_weights_are_rounded_as_asked(model: Path, rule: str) -> None:
    network = runpy.run_path(str(model))["network"]
    image = compile_network(network, weight_rounding=rule, weight_seed=3)
    assert compiled(model, "--weight-rounding", rule, "--weight-seed", "3") == image.digest()


@pytest.mark.parametrize("gain", OPTIONS["gain"].choices)
def test_the_gain_is_kept_that_was_asked_for(model: Path, gain: str) -> None:
    network = runpy.run_path(str(model))["network"]
    assert compiled(model, "--gain", gain) == compile_network(network, gain=gain).digest()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--weight-rounding", "up"),
            "Invalid value for '--weight-rounding': 'up' is not one of 'auto', 'nearest', "
            "'floor', 'stochastic', 'moments'.",
        ),
        (
            ("--weight-seed", "-1"),
            "Invalid value for '--weight-seed': '-1' is not an integer of at least 0.",
        ),
    ],
)
@pytest.mark.parametrize("command", [name for name in COMPILING if name != "sweep"])
def test_what_the_compiler_does_not_take_is_named(
    model: Path, command: str, arguments: tuple[str, ...], message: str
) -> None:
    assert fail(command, model, *arguments, *COMPILING[command]) == message


def test_a_graph_has_no_best_step(model: Path) -> None:
    Path("graph.nir").write_bytes(b"")
    assert fail("compile", "graph.nir", "--dt", "auto") == (
        "--dt auto is not for NIR graphs (.nir), whose meaning depends on the step: pass the "
        "step of the simulator that the graph comes from."
    )
