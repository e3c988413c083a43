"""Read the compile report as text and as data.

Question: which register causes the error of a parameter?
Answer: for each parameter the report gives the requested value, the registers, the value that they
stand for, and the error. Here a membrane time constant of 30 ms at a step of 0.1 ms becomes 14 in
4096, which stands for 29.2 ms. At a step of 1 ms its error is below 0.3 %, but a delay of 1.5 ms is
no longer a whole number of steps. At both steps five of 20,000 weights are too small for the common
exponent and become 0.

    python examples/02_read_the_report.py [folder for report.json]
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from pathlib import Path

from neurochip import (
    LIF,
    LOIHI,
    Network,
    Normal,
    PoissonInput,
    Population,
    compile_network,
    fixed_indegree,
)


def describe() -> Network:
    """Return 200 slow neurons with current synapses and spread weights."""
    lif = LIF(tau_m=30.0, v_rest=-70.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=2.0, tau_syn=5.0)
    source = PoissonInput("source", 400, rate=10.0)
    cells = Population("cells", 200, lif)
    weights = Normal(0.12, 0.05, low=0.0)  # nA
    return Network(
        inputs=[source],
        populations=[cells],
        connections=[fixed_indegree(source, cells, 100, weight=weights, delay=1.5, seed=3)],
    )


def main(folder: Path) -> None:
    """Compile at two time steps; print the largest errors, the warnings and the report."""
    network = describe()
    for dt in (0.1, 1.0):
        report = compile_network(network, LOIHI, dt=dt).report
        print(f"dt = {dt:g} ms")
        known = [row for row in report.rows if math.isfinite(row.relative_error)]
        for row in sorted(known, key=lambda row: -abs(row.relative_error))[:4]:
            registers = ", ".join(f"{name} {span}" for name, span in row.registers.items())
            print(f"  {row.owner} {row.parameter}: {registers}: {100 * row.relative_error:+.3f} %")
        for warning in report.warnings:
            print(f"  Warning: {warning}")
        print()
    print(report)
    target = folder / "report.json"
    target.write_text(json.dumps(report.to_dict(), indent=2))
    print(f"\nWrote {target.name}, {len(report.rows)} rows")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?")
    place = Path(parser.parse_args().folder or tempfile.mkdtemp(prefix="neurochip-"))
    place.mkdir(parents=True, exist_ok=True)
    main(place)
