"""Print digests of images, runs and answers of the installed neurochip, to compare environments.

    cd EMPTY_FOLDER && python PROJECT/.ci/digests.py

The answer of ``neurochip validate`` on the model of README.md must be the one that README.md shows.
Files are digested by their unpacked content, since compressed bytes depend on the zlib of a Python.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import neurochip as nc

README = Path(__file__).parents[1] / "README.md"
CELL = {"v_rest": -65.0, "v_reset": -65.0, "v_thresh": -50.0, "tau_refrac": 2.0}


def recurrent(plasticity: nc.STDP | None = None) -> nc.Network:
    """Return 200 neurons with two synaptic time constants and delays; inputs may learn."""
    source = nc.PoissonInput("source", 200, rate=15.0)
    cells = nc.Population("cells", 200, nc.LIF(tau_m=20.0, tau_syn_E=5.0, tau_syn_I=10.0, **CELL))
    return nc.Network(
        inputs=[source],
        populations=[cells],
        connections=[
            nc.fixed_probability(
                source, cells, 0.2, weight=nc.Uniform(0.2, 0.4), seed=1, plasticity=plasticity
            ),
            nc.fixed_probability(cells, cells, 0.1, weight=0.05, delay=1.5, seed=2),
            nc.fixed_probability(cells, cells, 0.1, weight=-0.1, delay=1.5, seed=3),
        ],
    )


def digest_file(path: Path) -> str:
    """Return a digest of the names and the content of the files in an archive."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            digest.update(name.encode() + archive.read(name))
    return digest.hexdigest()


def show(name: str, network: nc.Network) -> None:
    """Compile, save and run a network; print what must be alike everywhere."""
    image = nc.compile_network(network, dt=0.1)
    stimulus = nc.draw_stimulus(network, duration=300.0, seed=1)
    chip = nc.Emulator(image, progress=False).run(stimulus, record=["v"])
    reference = nc.simulate_reference(network, stimulus, dt=0.1)
    nc.save_image(image, f"{name}.npz")
    chip.save(f"{name}-run.npz")
    print(f"{name}: image {digest_file(Path(f'{name}.npz'))}")
    print(f"{name}: run   {digest_file(Path(f'{name}-run.npz'))}")
    print(f"{name}: {chip.n_spikes} spikes on the chip, {reference.n_spikes} in float64")


def main() -> None:
    """Print all digests."""
    home = Path(nc.__file__).resolve()
    if not home.is_relative_to(Path(sys.prefix).resolve()):
        raise SystemExit(f"{home} is not the installed neurochip of {sys.prefix}.")
    text = README.read_text(encoding="utf-8")
    model = re.search(r"^```python\n(# model\.py\n.*?)^```$", text, re.MULTILINE | re.DOTALL)[1]
    Path("model.py").write_text(model, encoding="utf-8")
    command = re.search(r"^neurochip (validate .*)$", text, re.MULTILINE)[1]
    answer = subprocess.run(
        [sys.executable, "-m", "neurochip", *command.split()],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    if f"```output\n{answer}```" not in text:
        raise SystemExit(f"neurochip {command} differs from README.md:\n{answer}")
    print(answer, end="")
    namespace: dict[str, nc.Network] = {}
    exec(model, namespace)
    show("readme", namespace["network"])
    show("recurrent", recurrent())
    rule = nc.STDP(tau_plus=20.0, tau_minus=20.0, a_plus=0.02, a_minus=0.02, w_max=1.0)
    show("learning", recurrent(rule))


if __name__ == "__main__":
    main()
