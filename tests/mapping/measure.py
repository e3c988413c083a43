"""Tables of docs/explanation/mapping.md. From the root of the source tree:

python tests/mapping/measure.py quality     strategies on four networks: minutes
python tests/mapping/measure.py bound       the least possible on the layered network: a minute
python tests/mapping/measure.py scale       100,000 neurons and 1e7 synapses: minutes
python tests/mapping/measure.py energy      estimates against published measurements: seconds
python tests/mapping/measure.py kernels     PilotNet with and without shared kernels: a minute
"""

from __future__ import annotations

import bisect
import functools
import itertools
import sys
import time

import numpy as np
from networks import NETWORKS, sheet

from compiler import CompileOptions, compile_network
from compiler.pipeline import translate
from neurochip import (
    LIF,
    LOIHI,
    LOIHI2,
    PROGRAMS,
    ChipImage,
    ChipSpec,
    Convolution,
    Network,
    PoissonInput,
    Population,
    ProgramGroup,
    SignMode,
    SynapseFormat,
    Synapses,
    all_to_all,
    draw_stimulus,
    fill_cores,
    fixed_indegree,
    fixed_probability,
    program,
)
from neurochip.chip.presets import SYSTEMS
from neurochip.emulator import Emulator
from neurochip.mapping import DAVIES_2018, SANA_FE, Activity, estimate_energy, map_image
from neurochip.packing.budget import Filler

CELL = LIF(tau_m=20.0, v_rest=-70.0, v_reset=-70.0, v_thresh=-55.0, tau_refrac=2.0)
STRATEGIES = ("sequential", "greedy", "hypergraph", "best")


def quality(names: tuple[str, ...] = tuple(NETWORKS)) -> None:
    """Print the spikes between cores in a run of 500 ms, for every network and strategy."""
    print("network        strategy    cores  cut/step  against  hop cost  fullest link  seconds")
    for name in names:
        network = NETWORKS[name]()
        stimulus = draw_stimulus(network, 500.0, seed=1)
        first = compile_network(network, LOIHI, dt=1.0)
        run = Emulator(first).run(stimulus)
        base = None
        for strategy in STRATEGIES:
            begin = time.perf_counter()
            image = compile_network(network, LOIHI, dt=1.0, placement=strategy, activity=run)
            seconds = time.perf_counter() - begin
            traffic = map_image(image, Activity.measured(image, run, stimulus)).traffic
            base = base or traffic.between_cores
            print(
                f"{name:14} {strategy:11} {image.n_cores:5} {traffic.between_cores:9.2f}  "
                f"{traffic.between_cores / base - 1:+6.0%} {traffic.cost:9.1f} "
                f"{traffic.link_load[1]:13.2f} {seconds:8.1f}",
                flush=True,
            )


def bound() -> None:
    """Fewest spikes between cores that any placement of the layered network can have.

    Neurons of a layer are alike but for their rates. One core is too small for the 256 of the
    second layer. On three or more, each neuron of the first sends two messages or more. On two
    cores, A and B, it sends two, or one if it is on either: what counts is how many of the most
    active fit there, beside how many of the second layer. Of these, only those on the core of the
    outputs send nothing; if outputs are apart, none. All splits are counted.
    """
    network = NETWORKS["layered"]()
    stimulus = draw_stimulus(network, 500.0, seed=1)
    run = Emulator(compile_network(network, LOIHI, dt=1.0)).run(stimulus)
    wiring = translate(network, LOIHI, 1.0, CompileOptions()).workload().wiring
    filler = Filler(wiring, LOIHI.core)
    one, two, out = (p.size for p in network.populations)

    def fit(*sizes: int) -> bool:
        starts = (0, one, one + two)
        members = np.concatenate([np.arange(a, a + n) for a, n in zip(starts, sizes, strict=True)])
        filling = filler.fill(members, np.zeros(len(members), dtype=bool))
        return filling.failed < 0 and filling.n_cores == 1

    @functools.cache
    def room(seconds: int, outputs: int) -> int:
        """Return how many first-layer neurons fit beside others; -1 if these do not fit."""
        return bisect.bisect_left(range(one), True, key=lambda n: not fit(n, seconds, outputs)) - 1

    assert room(two, 0) < 0
    first, second = (np.sort(run.counts(name) / run.n_steps)[::-1] for name in ("h1", "h2"))
    found = [(2 * first.sum(), "on three cores or more")]
    for a in range(1, two):
        for outputs in (out, 0):
            rooms = room(a, outputs), room(two - a, 0)
            if min(rooms) >= 0:
                sent = 2 * first.sum() - first[: sum(rooms)].sum()
                sent += second[a if outputs else 0 :].sum()
                where = f"on two, {a} of it with the outputs" if outputs else "apart from them"
                found.append((sent, where))
    least, where = min(found)
    print(f"layered: at least {least:.2f} messages a step between cores, layer 2 {where}")


def scale(strategies: tuple[str, ...] = STRATEGIES) -> None:
    """Print the times of compiling, placing and reporting a large network."""
    network, chip = sheet(), SYSTEMS["nahuku-32"]
    print(f"{sum(p.size for p in network.populations)} neurons", end=", ")
    print(f"{sum(c.n_synapses for c in network.connections)} synapses, on {chip.name}")
    for strategy in strategies:
        begin = time.perf_counter()
        image = compile_network(network, chip, dt=1.0, placement=strategy)
        compiled = time.perf_counter()
        report = map_image(image)
        str(report)
        done = time.perf_counter()
        print(
            f"{strategy:11} compile and place {compiled - begin:6.1f} s, report "
            f"{done - compiled:5.1f} s; {report.n_cores} cores on {report.n_chips} chips, "
            f"{report.traffic.between_cores:.1f} messages a step between cores",
            flush=True,
        )


def _sequential_mnist(second: bool) -> Network:
    """80 relays, 240 recurrent neurons, 10 outputs; perhaps 100 second compartments.

    Weights are not published: random ones, at some 12 Hz.
    """
    rng = np.random.default_rng(0)
    inputs = PoissonInput("inputs", 80, rate=25.0)
    relay, recurrent = Population("relay", 80, CELL), Population("recurrent", 240, CELL)
    out, adaptation = Population("out", 10, CELL), Population("adaptation", 100, CELL)
    return Network(
        inputs=[inputs],
        populations=[relay, recurrent, out, *([adaptation] if second else [])],
        connections=[
            fixed_indegree(inputs, relay, 1, weight=20.0, seed=1),
            all_to_all(relay, recurrent, weight=rng.normal(0.3, 1.5, (80, 240))),
            fixed_probability(recurrent, recurrent, 0.5, weight=-0.1, seed=1),
            all_to_all(recurrent, out, weight=rng.normal(0, 0.5, (240, 10))),
        ],
    )


def energy() -> None:
    """Print estimates and published measurements, if these have enough detail to repeat."""
    for second in (False, True):
        network = _sequential_mnist(second)
        stimulus = draw_stimulus(network, 840.0, seed=1)
        image = compile_network(network, LOIHI, dt=1.0)
        run = Emulator(image).run(stimulus)
        print(
            f"sequential MNIST: {image.n_cores} core, {image.n_compartments} compartments, mean "
            f"rate {run.rates('recurrent').mean():.0f} Hz; measured 26.4 nJ and 16.65 us a step"
        )
        for table in (DAVIES_2018, SANA_FE):
            estimate = estimate_energy(image, run, table, stimulus)
            print(
                f"  {table.name:12} {estimate.per_step * 1e9:6.1f} nJ a step, ratio "
                f"{estimate.per_step / 26.4e-9:.2f}; step time {estimate.step_time * 1e6:.2f} us, "
                f"ratio {estimate.step_time / 16.65e-6:.2f}"
            )
    # Keyword spotting: one more branch of ten layers of 256 (abr/power_benchmarks, models.py). The
    # steps of an inference are not published: the ratio is given for several numbers of them.
    rng = np.random.default_rng(0)
    signal = PoissonInput("signal", 256, rate=50.0)
    layers = [Population(f"layer{k}", 256, CELL) for k in range(10)]
    network = Network(
        inputs=[signal],
        populations=layers,
        connections=[
            all_to_all(a, b, weight=rng.normal(0.1, 0.5, (256, 256)))
            for a, b in zip([signal, *layers], layers, strict=False)
        ],
    )
    stimulus = draw_stimulus(network, 500.0, seed=1)
    image = compile_network(network, LOIHI, dt=1.0)
    run = Emulator(image).run(stimulus)
    rate = np.mean([run.rates(p.name).mean() for p in layers])
    print(
        f"keyword spotting, one branch of ten layers of 256: {image.n_cores} cores, mean rate "
        f"{rate:.0f} Hz; measured about 17 uJ an inference"
    )
    for table in (DAVIES_2018, SANA_FE):
        estimate = estimate_energy(image, run, table, stimulus)
        ratios = ", ".join(f"{n} steps {n * estimate.per_step / 17e-6:.2f}" for n in (10, 30, 100))
        print(
            f"  {table.name:12} {estimate.per_step * 1e9:6.1f} nJ a step; ratio if an inference "
            f"takes {ratios}"
        )


# The layers of lava-dl's PilotNet (tutorials/lava/lib/dl/netx/pilotnet_sdnn/benchmark.ipynb).
_LAYERS = ((3, 66, 200), (24, 32, 99), (36, 15, 49), (48, 7, 24), (64, 4, 22), (64, 2, 20))
_STRIDES = ((2, 2), (2, 2), (2, 2), (2, 1), (1, 1))
_DENSE = (2560, 100, 50, 10, 1)


def pilotnet(chip: ChipSpec) -> ChipImage:
    """Return lava-dl's PilotNet with sigma-delta neurons and any weights."""
    starts = np.cumsum([0, *(np.prod(shape) for shape in _LAYERS[1:])])
    shapes = itertools.pairwise(_LAYERS)
    layers = [
        Convolution(
            source="compartments" if k else "inputs",
            sources=np.arange(np.prod(here), dtype=np.int32) + np.int32(starts[k - 1] * (k > 0)),
            targets=np.arange(starts[k], starts[k + 1], dtype=np.int32),
            source_shape=here,
            target_shape=there,
            kernel=np.full((there[0], here[0], 3, 3), 2, dtype=np.int16),
            format=SynapseFormat(0, 8, SignMode.MIXED),
            stride=_STRIDES[k],
            padding=(1, 0) if k == 3 else (0, 0),
        )
        for k, (here, there) in enumerate(shapes)
    ]
    dense, first = [], starts[-2]
    for size, onto in itertools.pairwise(_DENSE):
        pre = np.repeat(first + np.arange(size), onto)
        target = np.tile(first + size + np.arange(onto), size)
        dense.append(Synapses("compartments", pre, target, 2, SignMode.MIXED))
        first += size
    values = {"bias": 0, "threshold": 640, "state_exponent": 6}
    neurons = PROGRAMS["sigma_delta"](LOIHI2.core)
    group = ProgramGroup.fill(neurons, np.arange(first + 1), parameters=values)
    n_inputs = int(np.prod(_LAYERS[0]))
    size = int(first) + 1
    return program(
        chip,
        {},
        dense,
        n_inputs=n_inputs,
        n_compartments=size,
        programs=[group],
        convolutions=layers,
    )


def kernels() -> None:
    """Print the cores of PilotNet with kernels that a core stores once, and without."""
    chips = {"once": LOIHI2, "one by one": LOIHI2.what_if(kernels_shared=False, cores=2000)}
    for name, chip in chips.items():
        image = pilotnet(chip)
        if chip is LOIHI2:
            weights = sum(item.kernel.size for item in image.convolutions)
            weights += sum(item.n_synapses for item in image.synapses)
            print(
                f"{image.n_compartments} neurons, {image.n_synapses} synapses, {weights} weights; "
                "placed by lava-dl's notebook on 61 cores"
            )
        begin = time.perf_counter()
        usage = map_image(fill_cores(image)).usage
        print(
            f"{name:10}  {len(usage['compartments']):4} cores, {usage['synaptic_words'].sum():9} "
            f"synaptic words, {time.perf_counter() - begin:5.1f} s"
        )


if __name__ == "__main__":
    commands = {
        "quality": quality,
        "bound": bound,
        "scale": scale,
        "energy": energy,
        "kernels": kernels,
    }
    chosen = sys.argv[1] if len(sys.argv) > 1 else ""
    if chosen not in commands:
        raise SystemExit(__doc__)
    options = tuple(sys.argv[2:])
    commands[chosen](options) if options else commands[chosen]()
