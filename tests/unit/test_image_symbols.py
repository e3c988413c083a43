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
from neurochip.image import InputSymbol, PopulationSymbol
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
    return compile_network(network, dt=0.1)


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
            {"compartments": np.empty(0, np.int32)},
            "symbols of 'first': size = 0; allowed: an integer of at least 1.",
        ),
        (
            {"compartments": np.arange(4)},
            "symbols of 'first': compartments is of type int64; allowed: a one-dimensional array "
            "of int32.",
        ),
    ],
)
def test_a_population_that_means_nothing_is_refused(image, changes, message):
    refused(lambda: dataclasses.replace(image.symbols.populations[0], **changes), message)


@pytest.mark.parametrize("size", [0, -5, 1.5, True, None, "4"])
def test_an_input_without_sources_is_refused(size):
    message = f"symbols of 'x': size = {size!r}; allowed: an integer of at least 1."
    refused(lambda: InputSymbol("x", size), message)


def test_every_neuron_has_a_compartment_of_its_own(image):
    first, second = image.symbols.populations

    def with_compartments(item, *ids):
        moved = dataclasses.replace(item, compartments=np.array(ids, dtype=np.int32))
        both = [moved if own is item else own for own in (first, second)]
        symbols = dataclasses.replace(image.symbols, populations=both)
        return dataclasses.replace(image, symbols=symbols)

    message = "symbols: compartment 1 is that of two neurons; allowed: one of its own for each."
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
    {"symbols.0.mv_per_lsb": np.full(4, 3.7)},
    {"symbols.0.v_reset": np.zeros(4)},
    {"symbols.0.compartments": np.array([1, 0, 2, 3], dtype=np.int32)},
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
            lambda s: s["report"]["rows"][0]["asked"].update(low="x"),
            "span: low = 'x'; allowed: a number",
        ),
        (
            lambda s: s["report"].update(scales=[]),
            "report: population 'first' has no scale",
        ),
    ],
)
@pytest.mark.parametrize("version", [1, 2])
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
