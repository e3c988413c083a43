"""What a run did, counted by hand from its spikes, times what that costs."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict

import numpy as np
import pytest

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    Network,
    PoissonInput,
    Population,
    Uniform,
    draw_stimulus,
    fixed_indegree,
    fixed_probability,
)
from neurochip.chip.spec import MeshSpec
from neurochip.emulator import Emulator
from neurochip.errors import RecordingError, SpecError
from neurochip.mapping import (
    COST_TABLES,
    DAVIES_2018,
    SANA_FE,
    Activity,
    CostTable,
    estimate_energy,
    map_image,
)

UNIT = CostTable(
    name="unit",
    source="made up",
    update_inactive=(1, 10),
    update_active=(3, 17),
    synaptic_event=(5, 2),
    spike=(7, 30),
    message_out=(11, 5),
    message_in=(13, 3),
    tile=(17, 1),
    hop_east_west=(19, 4),
    hop_north_south=(23, 6),
    barrier=((1, 100.0), (32, 600.0)),
    barrier_chips=((256, 9000.0),),
    static=(0.5, 2.0),
)


@pytest.fixture(scope="module")
def case():
    """Cells on many cores of three chips, with delays, and what drives them."""
    cell = LIF(tau_m=10.0, v_thresh=-55.0)
    source, cells = PoissonInput("in", 20, rate=400.0), Population("cells", 60, cell)
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[
            fixed_indegree(source, cells, 5, weight=3.0, seed=1),
            fixed_probability(
                cells, cells, 0.1, weight=Uniform(0, 2), delay=Uniform(0, 6.0), seed=2
            ),
        ],
    )
    chip = LOIHI.what_if(compartments=7, cores=4, chips=3, mesh=MeshSpec(chip_columns=2))
    image = compile_network(network, chip, 1.0, placement="greedy")
    stimulus = draw_stimulus(network, 80.0, seed=1)
    emulator = Emulator(image)
    emulator.run(stimulus, duration=20.0)
    run = emulator.run(stimulus, duration=60.0)  # goes on where the first ended
    assert run.first_step == 20
    return image, stimulus, run


def count_by_hand(image, stimulus, run):
    core_of = np.searchsorted(image.core_ptr, np.arange(image.n_compartments), side="right") - 1
    synapses = defaultdict(list)
    for group in image.synapses:
        first = 0 if group.source == "compartments" else image.n_compartments
        for row in range(len(group.indptr) - 1):
            for k in range(group.indptr[row], group.indptr[row + 1]):
                delay = int(group.delay[k]) if group.delay.size else 0
                synapses[first + row].append((int(group.target[k]), delay))
    steps, sources = stimulus.binned(1.0, [(i.name, i.size) for i in image.symbols.inputs])
    spikes = [
        (int(t), image.n_compartments + int(s))
        for t, s in zip(steps, sources, strict=True)
        if 20 <= t < 80
    ]
    at = image.symbols.populations[0].compartment_ids
    spikes += [
        (int(t), int(at[i])) for t, i in zip(run.steps["cells"], run.ids["cells"], strict=True)
    ]
    counts, active = Counter(), set()
    sites = map_image(image).traffic.sites
    busy = defaultdict(float)
    for step, source in spikes:
        reached = {int(core_of[t]) for t, _ in synapses[source]}
        inside = source < image.n_compartments
        counts["synaptic_events"] += len(synapses[source])
        counts["messages_in"] += len(reached)
        for target, delay in synapses[source]:
            active.add((step + 1 + delay, target))
            busy[step, int(core_of[target])] += 2
        for core in reached:
            busy[step, core] += 3
        if inside:
            own = int(core_of[source])
            active.add((step, source))
            counts["spikes"] += 1
            counts["messages"] += len(reached)
            busy[step, own] += 30 + 5 * len(reached)
            for core in reached:
                east_west = abs(int(sites.x[own] - sites.x[core]))
                north_south = abs(int(sites.y[own] - sites.y[core]))
                counts["hops_east_west"] += east_west
                counts["hops_north_south"] += north_south
                counts["messages_within_tile"] += east_west + north_south == 0
    active = {(step, c) for step, c in active if 20 <= step < 80}
    counts["updates_active"] = len(active)
    counts["updates_inactive"] = 60 * image.n_compartments - len(active)
    counts["barriers"] = 60
    for step, c in active:
        busy[step, int(core_of[c])] += 7
    sizes = np.diff(image.core_ptr)
    slowest = [max(10 * sizes[k] + busy[t, k] for k in range(image.n_cores)) for t in range(20, 80)]
    return counts, slowest


def test_every_operation_of_a_run_is_counted(case):
    estimate = estimate_energy(case[0], case[2], UNIT, case[1])
    counts, slowest = count_by_hand(*case)
    assert dict(estimate.counts) == dict(counts)
    assert min(counts.values()) > 0
    fixed = estimate.mesh_time + estimate.barrier_time
    assert np.allclose(estimate.step_times - fixed, 1e-9 * np.array(slowest), rtol=1e-9)


def test_energy_is_counts_times_costs_and_static_power_is_apart(case):
    image, stimulus, run = case
    estimate = estimate_energy(image, run, UNIT, stimulus)
    c = estimate.counts
    expected = (
        c["updates_inactive"] * 1 + c["updates_active"] * 3 + c["synaptic_events"] * 5
        + c["spikes"] * 7 + c["messages"] * 11 + c["messages_in"] * 13
        + c["messages_within_tile"] * 17 + c["hops_east_west"] * 19 + c["hops_north_south"] * 23
    )  # fmt: skip
    assert estimate.total == pytest.approx(1e-12 * expected)
    assert estimate.per_step == pytest.approx(estimate.total / 60)
    assert estimate.per_event == pytest.approx(estimate.total / c["synaptic_events"])
    assert estimate.n_chips == 3
    seconds = estimate.step_times.sum()
    assert estimate.static_energy == pytest.approx((1.5 * seconds, 6.0 * seconds))
    assert estimate.barrier_time == pytest.approx(9e-6)


def test_mesh_time_is_that_of_the_fullest_link_and_of_the_longest_way(case):
    image, stimulus, run = case
    traffic = map_image(image, Activity.measured(image, run, stimulus)).traffic
    east_west, north_south = traffic.links
    queue = max(4 * east_west.max(initial=0), 6 * north_south.max(initial=0))
    way = (4 * traffic.hops[0] + 6 * traffic.hops[1])[traffic.messages > 0].max()
    estimate = estimate_energy(image, run, UNIT, stimulus)
    assert estimate.mesh_time == pytest.approx(1e-9 * (queue + 1 + way))


def test_an_estimate_says_so_and_names_its_table(case):
    image, stimulus, run = case
    for table in COST_TABLES.values():
        estimate = estimate_energy(image, run, table, stimulus)
        text = str(estimate)
        assert text.startswith(f"Estimate with the table {table.name!r} over 60 steps on ")
        assert "static energy, very uncertain and not included" in text
        data = estimate.to_dict()
        assert data["estimate"] is True
        assert (data["table"], data["source"]) == (table.name, table.source)
        assert data["total_joule"] == pytest.approx(sum(data["energy_joule"].values()))


def test_without_the_stimulus_the_events_of_inputs_are_missing(case):
    image, stimulus, run = case
    whole = estimate_energy(image, run, DAVIES_2018, stimulus).counts
    part = estimate_energy(image, run, DAVIES_2018).counts
    assert part["synaptic_events"] < whole["synaptic_events"]
    assert part["messages"] == whole["messages"]


def test_counts_do_not_need_symbols(case):
    image, _, run = case
    bare = image.without_symbols()
    compartments = image.symbols.populations[0].compartment_ids
    order = np.lexsort((compartments[run.ids["cells"]], run.steps["cells"]))
    raw = dataclasses.replace(
        run,
        populations={"compartments": image.n_compartments},
        steps={"compartments": run.steps["cells"][order]},
        ids={"compartments": compartments[run.ids["cells"]][order]},
    )
    assert (
        estimate_energy(bare, raw, DAVIES_2018).counts
        == estimate_energy(image, run, DAVIES_2018).counts
    )


def test_a_recording_of_something_else_is_refused(case):
    image, stimulus, run = case
    other = dataclasses.replace(run, populations={"cells": 61})
    with pytest.raises(RecordingError) as caught:
        estimate_energy(image, other, DAVIES_2018)
    assert str(caught.value) == (
        "recording: has 61 neurons of 'cells'; allowed: a run of this image, with 60."
    )
    silent = {"compartments": np.empty(0, dtype=np.int32)}
    sizes = {"compartments": image.n_compartments}
    bare = dataclasses.replace(run, populations=sizes, steps=silent, ids=silent)
    with pytest.raises(RecordingError, match=r"^traffic: the image has no symbols; omit the"):
        estimate_energy(image.without_symbols(), bare, DAVIES_2018, stimulus)


# ------------------------------------------------------------------------------------- the tables


def test_the_tables_hold_what_their_sources_say():
    """Davies et al. 2018, Table 2, and arch/loihi.yaml of SANA-FE 2.2.9."""
    assert DAVIES_2018.synaptic_event == (23.6, 3.5)
    assert DAVIES_2018.update_inactive == (52.0, 5.3)
    assert DAVIES_2018.update_active == (81.0, 8.4)
    assert DAVIES_2018.tile == (1.7, 2.1)
    assert DAVIES_2018.hop_east_west == (3.0, 4.1)
    assert DAVIES_2018.hop_north_south == (4.0, 6.5)
    assert [DAVIES_2018.barrier_time(n, 1) for n in (1, 32)] == pytest.approx([113.0, 465.0])
    assert SANA_FE.synaptic_event == (33.6, 4.7)
    assert SANA_FE.message_out == (111.0, 5.1)
    assert SANA_FE.hop_north_south == (4.2, 6.5)


def test_barriers_are_interpolated_between_what_was_published():
    middle = DAVIES_2018.barrier_time(6, 1)
    assert 113.0 < middle < 465.0
    assert DAVIES_2018.barrier_time(64, 1) == 465.0
    assert DAVIES_2018.barrier_time(64, 2) == 14_300.0
    assert DAVIES_2018.barrier_time(64, 768) == 16_200.0


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"spike": (1, -2)},
            "cost table 'unit': spike = (1, -2); allowed: two numbers of at least 0.",
        ),
        ({"name": " "}, "cost table: name = ' '; allowed: a non-empty string."),
        (
            {"barrier": ((2, 1.0), (1, 2.0))},
            "cost table 'unit': barrier = ((2, 1.0), (1, 2.0)); allowed: pairs of (number, ns), "
            "numbers rising from at least 1.",
        ),
        ({"barrier": ()}, "cost table 'unit': barrier = (); allowed: at least one pair."),
        (
            {"static": (0.1, float("nan"))},
            "cost table 'unit': static = (0.1, nan); allowed: two numbers of at least 0.",
        ),
    ],
)
def test_an_impossible_table_is_refused(changes, text):
    with pytest.raises(SpecError) as caught:
        dataclasses.replace(UNIT, **changes)
    assert str(caught.value) == text
