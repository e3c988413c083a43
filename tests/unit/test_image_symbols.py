"""What the integers meant: checked when it is made, in memory as in a file, and never changed."""

from __future__ import annotations

import dataclasses
import json
import math
import re

import numpy as np
import pytest

from compiler import compile_network
from neurochip import LIF, Network, Population, SpikeInput, one_to_one
from neurochip._support.npz import write_npz
from neurochip.errors import ImageError
from neurochip.image import (
    InputSymbol,
    MomentGain,
    PopulationSymbol,
    PowerGain,
    ReceptorSymbol,
    SynapseSymbol,
)
from neurochip.image.files import load_image, save_image


@pytest.fixture(scope="module")
def image():
    source = SpikeInput("source", 4, [0, 1], [1.0, 2.0])
    first, second = Population("first", 4, LIF()), Population("second", 2, LIF())
    network = Network(
        inputs=[source],
        populations=[first, second],
        connections=[one_to_one(source, first, weight=20.0)],
    )
    return compile_network(network, dt=0.1, gain="dc")


@pytest.fixture(scope="module")
def pairs():
    """Neurons with two currents under a rule of moments, and some without a leak."""
    source = SpikeInput("source", 3, [0, 1], [1.0, 2.0])
    cells = Population("cells", 3, LIF(tau_syn_E=5.0, tau_syn_I=8.0))
    still = Population("still", 2, LIF(tau_m=math.inf, v_rest=-65.0, v_reset=-65.0))
    network = Network(
        inputs=[source],
        populations=[cells, still],
        connections=[
            one_to_one(source, cells, weight=[1.0, -1.0, 0.0], name="both"),
            one_to_one(cells, cells, weight=-0.5, name="down"),
        ],
    )
    return compile_network(network, dt=0.1, gain="mean_and_variance")


def refused(call, message):
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        call()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(
            ({"dt": dt}, f"dt = {dt!r} ms; allowed: a number above 0.")
            for dt in (0, -1.0, math.nan, math.inf, None, "0.1", True, [0.1])
        ),
        ({"dt": 0.2}, "dt = 0.2 ms; allowed: 0.1 ms, that of the report."),
        *(
            ({"input_lead": lead}, f"input_lead = {lead!r}; allowed: an integer of at least 0.")
            for lead in (-1, None, "x", 1.5, True)
        ),
        ({"input_lead": 2}, "input_lead = 2; allowed: 0 to 1."),
        ({"report": {}}, "report = {}; allowed: a CompileReport."),
        ({"inputs": 3}, "inputs = 3; allowed: a tuple of InputSymbol."),
        (
            {"populations": [InputSymbol("x", 1)]},
            "populations holds InputSymbol(name='x', size=1); allowed: PopulationSymbol.",
        ),
        (
            {"inputs": [InputSymbol("x", 1), InputSymbol("x", 3)]},
            "the name 'x' is used twice; names of inputs and populations must be unique.",
        ),
        (
            {"inputs": [InputSymbol("first", 4)]},
            "the name 'first' is used twice; names of inputs and populations must be unique.",
        ),
        ({"synapses": 3}, "synapses = 3; allowed: a tuple of SynapseSymbol."),
        (
            {"synapses": [InputSymbol("x", 1)]},
            "synapses holds InputSymbol(name='x', size=1); allowed: SynapseSymbol.",
        ),
    ],
)
def test_symbols_that_mean_nothing_are_refused(image, changes, message):
    refused(lambda: dataclasses.replace(image.symbols, **changes), f"symbols: {message}")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "population symbol: name = ''; allowed: a non-empty string."),
        ({"name": []}, "population symbol: name = []; allowed: a non-empty string."),
        *(
            (
                {"mv_per_lsb": np.array([1.0, 1.0, value, 1.0])},
                f"symbols of 'first': mv_per_lsb[2] = {value:g}; allowed: a finite number above 0.",
            )
            for value in (0.0, -1.0, math.nan, math.inf)
        ),
        *(
            (
                {name: np.array([0.0, value, 0.0, 0.0])},
                f"symbols of 'first': {name}[1] = {value:g}; allowed: a finite number.",
            )
            for name in ("origin", "v_reset")
            for value in (math.nan, -math.inf)
        ),
        (
            {"compartment_ids": np.empty(0, np.int32)},
            "symbols of 'first': size = 0; allowed: an integer of at least 1.",
        ),
        (
            {"compartment_ids": np.arange(4)},
            "symbols of 'first': compartment_ids is of type int64; allowed: a one-dimensional "
            "array of int32.",
        ),
        (
            {"child_ids": np.arange(4, dtype=np.int32)},
            "symbols of 'first': child_ids has shape (4,); allowed: a one-dimensional array of "
            "int32 with 0 values.",
        ),
        ({"receptors": None}, "symbols of 'first': receptors = None; allowed: a list."),
        (
            {"receptors": [1]},
            "symbols of 'first': receptors holds 1; allowed: ReceptorSymbol.",
        ),
        ({"receptors": ()}, "symbols of 'first': 0 receptors; allowed: 1 or 2."),
        (
            {"receptors": [ReceptorSymbol(name="", gain=np.ones(3))]},
            "symbols of 'first': gain of receptor '' has shape (3,); allowed: a one-dimensional "
            "array of float64 with 4 values.",
        ),
        (
            {
                "receptors": [ReceptorSymbol(name="", gain=np.ones(4))] * 2,
                "child_ids": np.arange(3, dtype=np.int32),
            },
            "symbols of 'first': child_ids has shape (3,); allowed: a one-dimensional array of "
            "int32 with 4 values.",
        ),
        (
            {"reset": "zero"},
            "symbols of 'first': reset = 'zero'; allowed: 'value', 'subtract', "
            "'subtract_and_raise'.",
        ),
        (
            {"spikes_per_step": 2},
            "symbols of 'first': spikes_per_step = 2; allowed: 'one', 'many'.",
        ),
        (
            {"gain_rule": "dc"},
            "symbols of 'first': gain_rule = 'dc'; allowed: a PowerGain(...) or MomentGain(...).",
        ),
        (
            {"gain_rule": MomentGain((np.ones(4), np.ones(4)))},
            "symbols of 'first': gain_rule has 2 charges; allowed: 1, one for each receptor.",
        ),
        (
            {"gain_rule": MomentGain((np.ones(3),))},
            "symbols of 'first': charge 0 of gain_rule has shape (3,); allowed: a one-dimensional "
            "array of float64 with 4 values.",
        ),
    ],
)
def test_a_population_that_means_nothing_is_refused(image, changes, message):
    refused(lambda: dataclasses.replace(image.symbols.populations[0], **changes), message)


@pytest.mark.parametrize("size", [0, -5, 1.5, True, None, "4"])
def test_an_input_without_sources_is_refused(size):
    message = f"symbols of 'x': size = {size!r}; allowed: an integer of at least 1."
    refused(lambda: InputSymbol("x", size), message)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: ReceptorSymbol(name=None, gain=np.ones(2)),
            "receptor symbol: name = None; allowed: a text.",
        ),
        *(
            (
                lambda value=value: ReceptorSymbol(name="", gain=np.array([1.0, value])),
                f"symbols of receptor '': gain[1] = {value:g}; allowed: a finite number above 0.",
            )
            for value in (0.0, math.nan, math.inf)
        ),
        *(
            (
                lambda value=value: PowerGain(1.0, value),
                f"gain rule: u = {value!r}; allowed: a number from 0 to 1.",
            )
            for value in (-0.5, 2, math.nan, None, "1")
        ),
        (lambda: PowerGain(True, 1.0), "gain rule: v = True; allowed: a number from 0 to 1."),
        (lambda: MomentGain(1), "gain rule: charge = 1; allowed: an array for each receptor."),
        (
            lambda: MomentGain((np.ones(2),), lift=math.nan),
            "gain rule: lift = nan; allowed: a finite number.",
        ),
        (
            lambda: MomentGain((np.ones(2, dtype=np.int32),)),
            "gain rule: charge 0 is of type int32; allowed: a one-dimensional array of float64.",
        ),
        (
            lambda: MomentGain((np.ones(2), np.array([1.0, math.nan]))),
            "gain rule: charge 1 holds nan; allowed: finite numbers.",
        ),
        (
            lambda: SynapseSymbol("", "cells", 0),
            "synapse symbol: name = ''; allowed: a non-empty string.",
        ),
        (
            lambda: SynapseSymbol("x", 3, 0),
            "target of connection 'x': name = 3; allowed: a non-empty string.",
        ),
        (
            lambda: SynapseSymbol("x", "cells", -1),
            "symbols of connection 'x': receptor = -1; allowed: an integer of at least 0.",
        ),
        (
            lambda: SynapseSymbol("x", "cells", 0, 2),
            "symbols of connection 'x': sign = 2; allowed: -1 to 1.",
        ),
    ],
)
def test_a_decision_that_means_nothing_is_refused(make, message):
    refused(make, message)


def test_the_symbols_say_what_the_compiler_decided(pairs):
    cells, still = pairs.symbols.populations
    assert cells.child_ids.tolist() == [0, 2, 4]
    assert [item.name for item in cells.receptors] == ["tau_syn_I", "tau_syn_E"]
    assert [part.tolist() for part in cells.currents] == [[0, 2, 4], [1, 3, 5]]
    assert len(cells.gain_rule.charge) == 2
    assert still.child_ids.tolist() == []
    assert [item.name for item in still.receptors] == [""]
    assert [part.tolist() for part in still.currents] == [[6, 7]]
    assert still.gain_rule == PowerGain(0.0, 1.0)
    assert pairs.symbols.synapses == (
        SynapseSymbol("both", "cells", 1, 1),
        SynapseSymbol("both", "cells", 0, -1),
        SynapseSymbol("down", "cells", 0),
    )
    for origin, group in zip(pairs.symbols.synapses, pairs.synapses, strict=True):
        assert set(group.target) <= set(cells.currents[origin.receptor])


def test_children_and_groups_are_those_of_the_image(pairs):
    cells, still = pairs.symbols.populations

    def with_symbols(**changes):
        return dataclasses.replace(pairs, symbols=dataclasses.replace(pairs.symbols, **changes))

    def with_children(*ids):
        moved = dataclasses.replace(cells, child_ids=np.array(ids, dtype=np.int32))
        return with_symbols(populations=(moved, still))

    refused(
        lambda: with_children(0, 4, 2),
        "symbols of 'cells': child_ids[1] = 4; allowed: the child of compartment 3, which is "
        "the neuron's own.",
    )
    refused(
        with_children,
        "symbols of 'cells': compartment 1 has one input, and its neuron two receptors; allowed: "
        "child_ids, or a program with two inputs.",
    )
    single = dataclasses.replace(
        pairs.compartments, join=np.zeros(pairs.n_compartments, dtype=np.int32)
    )
    refused(
        lambda: dataclasses.replace(pairs, compartments=single),
        "symbols of 'cells': child_ids[0] = 0; allowed: the child of compartment 1, which is "
        "the neuron's own.",
    )
    child = dataclasses.replace(still, compartment_ids=np.array([6, 4], dtype=np.int32))
    refused(
        lambda: with_symbols(populations=(cells, child)),
        "symbols: compartment 4 belongs to two neurons; allowed: each compartment belongs to one "
        "neuron.",
    )
    refused(
        lambda: with_symbols(synapses=pairs.symbols.synapses[1:]),
        "symbols: 2 synapse symbols; allowed: 3, one for each synapse group of the image.",
    )
    for target, receptor in (("cells", 2), ("still", 1), ("nobody", 0)):
        wrong = SynapseSymbol("both", target, receptor)
        refused(
            lambda wrong=wrong: with_symbols(synapses=[wrong] * 3),
            f"symbols of connection 'both': receptor {receptor} of {target!r}; allowed: a receptor "
            "of one of the populations.",
        )


def test_a_file_gives_back_what_the_compiler_decided(pairs, tmp_path):
    assert load_image(save_image(pairs, tmp_path / "image")) == pairs


def test_registers_become_mv(image):
    item = image.symbols.populations[0]
    scale, origin = np.array([0.5, 1.0, 2.0, 4.0]), np.array([-65.0, -64.0, -63.0, -62.0])
    item = dataclasses.replace(item, mv_per_lsb=scale, origin=origin)
    assert item.to_mv(np.array([1, 2, 3, 4])).tolist() == [0.5, 2.0, 6.0, 16.0]
    assert item.potential(np.array([1, 2, 3, 4])).tolist() == [-64.5, -62.0, -57.0, -46.0]
    some = np.array([3, 0])
    assert item.to_mv(np.array([[1, 1], [2, 4]]), some).tolist() == [[4.0, 0.5], [8.0, 2.0]]
    assert item.potential(np.array([[1, 1]]), some).tolist() == [[-58.0, -64.5]]


def test_every_neuron_has_a_compartment_of_its_own(image):
    first, second = image.symbols.populations

    def with_compartments(item, *ids):
        moved = dataclasses.replace(item, compartment_ids=np.array(ids, dtype=np.int32))
        both = [moved if own is item else own for own in (first, second)]
        symbols = dataclasses.replace(image.symbols, populations=both)
        return dataclasses.replace(image, symbols=symbols)

    message = (
        "symbols: compartment 1 belongs to two neurons; allowed: each compartment belongs to one "
        "neuron."
    )
    refused(lambda: with_compartments(first, 0, 1, 2, 1), message)
    refused(lambda: with_compartments(second, 4, 1), message)
    message = "symbols of 'second': a compartment is 6; allowed: 0 to 5."
    refused(lambda: with_compartments(second, 4, 6), message)
    assert with_compartments(second, 5, 4).n_compartments == 6


def test_symbols_cannot_be_written_to(image):
    with pytest.raises(ValueError, match="read-only"):
        image.symbols.populations[0].mv_per_lsb[0] = 1.0


def edited(path, target, version=None, header=None, **arrays):
    """Write a file with other arrays and another header; its version and checksum stay."""
    with np.load(path) as stored:
        content = dict(stored)
    if header is not None:
        text = json.loads(str(content["header"]))
        header(text["symbols"])
        content["header"] = np.array(json.dumps(text))
    content |= arrays
    if version is None:
        np.savez(target, **content)
        return target
    kept = {name: value for name, value in content.items() if not name.startswith("neurochip_")}
    return write_npz(target, "chip image", version, kept)


def set_dt(symbols):
    symbols["dt"] = symbols["report"]["dt"] = 0.2


LEGAL = (
    {"header": set_dt},
    {"header": lambda symbols: symbols.update(input_lead=1)},
    {"header": lambda symbols: symbols["populations"].reverse()},
    {"header": lambda symbols: symbols["inputs"][0].__setitem__(0, "other")},
    {"header": lambda symbols: symbols["report"]["rows"].pop()},
    {"header": lambda symbols: symbols["receptors"][0].__setitem__(0, "other")},
    {"header": lambda symbols: symbols["powers"][0].__setitem__(0, 0.5)},
    {"header": lambda symbols: symbols["synapses"][0].__setitem__(0, "other")},
    {"symbols.0.gain.0": np.full(4, 3.7)},
    {"symbols.0.mv_per_lsb": np.full(4, 3.7)},
    {"symbols.0.v_reset": np.zeros(4)},
    {"symbols.0.compartment_ids": np.array([1, 0, 2, 3], dtype=np.int32)},
)


@pytest.mark.parametrize("changes", LEGAL)
def test_a_file_whose_symbols_were_changed_is_refused_even_where_the_values_are_legal(
    image, tmp_path, changes
):
    path = edited(save_image(image, tmp_path / "image"), tmp_path / "edited.npz", **changes)
    message = (
        f"{path}: a damaged chip image (its content does not match its checksum); compile the "
        "network again."
    )
    refused(lambda: load_image(path), message)


@pytest.mark.parametrize("changes", LEGAL)
def test_in_a_file_without_a_checksum_legal_values_are_taken_as_they_are(image, tmp_path, changes):
    path = save_image(image, tmp_path / "image")
    found = load_image(edited(path, tmp_path / "older.npz", version=1, **changes))
    assert found.digest() == image.digest()
    assert found.symbols != image.symbols


def test_a_file_of_before_there_were_checksums_is_read(image, tmp_path):
    path = edited(save_image(image, tmp_path / "image"), tmp_path / "older.npz", version=1)
    assert load_image(path) == image


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (lambda s: s.update(dt=0), "symbols: dt = 0 ms; allowed: a number above 0"),
        (lambda s: s.update(input_lead=9), "symbols: input_lead = 9; allowed: 0 to 1"),
        (
            lambda s: s.update(inputs=[["s", 9], ["t", -5]]),
            "symbols of 't': size = -5; allowed: an integer of at least 1",
        ),
        (
            lambda s: s["receptors"].__setitem__(0, []),
            "symbols of 'first': 0 receptors; allowed: 1 or 2",
        ),
        (
            lambda s: s["powers"].__setitem__(1, [1, 2]),
            "gain rule: u = 2; allowed: a number from 0 to 1",
        ),
        (
            lambda s: s["synapses"][0].__setitem__(2, 1),
            "symbols of connection 'source->first': receptor 1 of 'first'; allowed: a receptor of "
            "one of the populations",
        ),
        (
            lambda s: s["synapses"].pop(),
            "symbols: 0 synapse symbols; allowed: 1, one for each synapse group of the image",
        ),
        (lambda s: s.pop("receptors"), "'receptors' is missing"),
        (
            lambda s: s["report"]["rows"][0]["asked"].update(low="x"),
            "span: low = 'x'; allowed: a number",
        ),
        (
            lambda s: s["report"].update(scales=[]),
            "report: population 'first' has no scale",
        ),
    ],
)
@pytest.mark.parametrize("version", [1, 2, 3])
def test_values_of_a_file_are_checked_whatever_its_version(
    image, tmp_path, version, header, message
):
    path = save_image(image, tmp_path / "image")
    path = edited(path, tmp_path / "edited.npz", version=version, header=header)
    message = f"{path}: a damaged chip image ({message}); compile the network again."
    refused(lambda: load_image(path), message)


def test_only_an_image_is_saved(tmp_path):
    refused(lambda: save_image(None, tmp_path / "x"), "image = None; allowed: a ChipImage.")
    refused(lambda: load_image(None), "path = None; allowed: the name of a file.")


def test_symbols_of_a_population_are_kept_by_content(image):
    item = image.symbols.populations[0]
    fields = {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}
    assert PopulationSymbol(**fields) == item
