"""Chip images on disk and as text."""

from __future__ import annotations

import dataclasses
import json
import re

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
    fixed_probability,
    one_to_one,
)
from neurochip._support.npz import write_npz
from neurochip.chip.registers import SignMode, SynapseFormat
from neurochip.errors import ImageError
from neurochip.image import ChipImage, Compartments, SynapseGroup
from neurochip.image.files import load_image, save_image
from neurochip.image.text import dump_image


def exactly(message):
    return f"^{re.escape(message)}$"


@pytest.fixture(scope="module")
def compiled():
    """Two populations, recurrence, delays, all signs; sizes as numpy integers."""
    source = PoissonInput("source", np.int64(20), rate=20.0)
    a = Population("a", np.int64(30), LIF(tau_m=10.0, tau_syn=5.0, v_rest=-70.0))
    b = Population("b", 15, LIF(tau_refrac=2.0, v_thresh=np.linspace(-52, -48, 15)))
    network = Network(
        inputs=[source],
        populations=[a, b],
        connections=[
            fixed_probability(source, a, 0.5, weight=0.2, seed=1),
            fixed_probability(a, b, 0.5, weight=Uniform(-1, 1), delay=Uniform(0, 5), seed=1),
            one_to_one(b, b, weight=-0.5),
        ],
    )
    return compile_network(network, LOIHI.what_if(name="small cores", compartments=40), dt=0.5)


def manual(n=4, synapses=1, **registers):
    """An image without symbols whose every number is chosen here."""
    form = SynapseFormat(-2, 8, SignMode.MIXED)
    columns = {"pre": 0, "target": 0, "mantissa": 0, "delay": 0}
    columns = {name: np.arange(synapses) % 4 for name in columns}
    group = SynapseGroup.from_coo("compartments", n, form, **columns)
    return ChipImage(
        chip=LOIHI,
        core_ptr=np.array([0, n]),
        compartments=Compartments.fill(LOIHI.core, n, **registers),
        n_inputs=3,
        synapses=(group,),
    )


def header_of(path):
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files if not name.startswith("neurochip_")}
    return arrays, json.loads(str(arrays["header"]))


def rewrite(path, arrays, header=None, version=1):
    """Write an edited image: an older one without a checksum, or one whose checksum is right."""
    if header is not None:
        arrays = {**arrays, "header": np.array(json.dumps(header))}
    write_npz(path, "chip image", version, arrays)


def test_a_file_gives_back_an_equal_image_with_its_symbols(compiled, tmp_path):
    path = save_image(compiled, tmp_path / "image")
    assert path == tmp_path / "image.npz"
    loaded = load_image(path)
    assert loaded == compiled
    assert loaded.symbols == compiled.symbols
    assert loaded.digest() == compiled.digest()
    assert str(loaded.report) == str(compiled.report)


def test_a_file_gives_back_an_equal_image_without_symbols(compiled, tmp_path):
    bare = compiled.without_symbols()
    loaded = load_image(save_image(bare, tmp_path / "bare.npz"))
    assert loaded == bare
    assert loaded.symbols is None
    assert loaded.digest() == compiled.digest()
    assert load_image(save_image(manual(), tmp_path / "manual.npz")) == manual()


def test_a_chip_of_numpy_integers_is_saved(tmp_path):
    chip = LOIHI.what_if(refractory_max=np.int64(60), cores=np.int64(4))
    image = dataclasses.replace(manual(), chip=chip)
    assert load_image(save_image(image, tmp_path / "image")) == image


def test_saving_twice_gives_files_that_load_equal(compiled, tmp_path):
    first = load_image(save_image(compiled, tmp_path / "a"))
    again = load_image(save_image(first, tmp_path / "a"))
    assert again == compiled
    assert [item.name for item in tmp_path.iterdir()] == ["a.npz"]


def test_an_interrupted_save_leaves_the_old_image(compiled, tmp_path, monkeypatch):
    path = save_image(compiled, tmp_path / "image")

    def fail(file, array, **options):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np.lib.format, "write_array", fail)
    with pytest.raises(KeyboardInterrupt):
        save_image(manual(), path)
    assert load_image(path) == compiled
    assert [item.name for item in tmp_path.iterdir()] == ["image.npz"]


def test_a_file_that_is_no_image_is_refused(tmp_path):
    path = tmp_path / "image.npz"
    message = f"{path}: no such file; pass the path of a chip image (.npz)."
    with pytest.raises(ImageError, match=exactly(message)):
        load_image(path)
    path.write_text("chip image")
    message = (
        f"{path}: not a chip image; it was not written by neurochip. Pass the path of a chip image "
        "(.npz)."
    )
    with pytest.raises(ImageError, match=exactly(message)):
        load_image(path)
    write_npz(path, "chip image", 4, {})
    message = f"{path}: chip image format 4; this neurochip reads up to 3. Upgrade neurochip."
    with pytest.raises(ImageError, match=exactly(message)):
        load_image(path)
    write_npz(path, "recording", 1, {})
    message = f"{path}: holds a recording; pass the path of a chip image (.npz)."
    with pytest.raises(ImageError, match=exactly(message)):
        load_image(path)


def test_a_truncated_image_is_refused(compiled, tmp_path):
    path = save_image(compiled, tmp_path / "image")
    content = path.read_bytes()
    message = (
        f"{path}: damaged or not a chip image (File is not a zip file); compile the network again."
    )
    for part in (0.01, 0.5, 0.99):
        path.write_bytes(content[: int(part * len(content))])
        with pytest.raises(ImageError, match=exactly(message)):
            load_image(path)


def test_an_image_with_a_damaged_byte_is_refused(compiled, tmp_path):
    path = save_image(compiled, tmp_path / "image")
    content = bytearray(path.read_bytes())
    middle = content.index(b"compartments.decay_v.npy") + 100  # within compressed integers
    content[middle] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ImageError) as error:
        load_image(path)
    assert str(error.value).startswith(f"{path}: a damaged chip image (")
    assert str(error.value).endswith("); compile the network again.")


def edited_arrays():
    zero_decay = {"compartments.decay_v": np.full(4, 7, dtype=np.int32)}
    target = {"synapses.0.target": np.array([3], dtype=np.int32)}
    return [zero_decay, target, {"synapses.0.mantissa": np.array([5], dtype=np.int16)}]


@pytest.mark.parametrize("changes", edited_arrays())
def test_an_image_whose_integers_were_edited_is_refused(tmp_path, changes):
    path = save_image(manual(), tmp_path / "image")
    arrays, _ = header_of(path)
    rewrite(path, {**arrays, **changes})
    message = (
        f"{path}: a damaged chip image (the integers do not match its digest); compile the network "
        "again."
    )
    with pytest.raises(ImageError, match=exactly(message)):
        load_image(path)


def test_an_image_whose_header_was_edited_is_refused(tmp_path):
    path = save_image(manual(), tmp_path / "image")
    arrays, header = header_of(path)
    header["chip"]["core"]["delay_max"] = 61
    rewrite(path, arrays, header)
    message = (
        f"{path}: a damaged chip image (the integers do not match its digest); compile the network "
        "again."
    )
    with pytest.raises(ImageError, match=exactly(message)):
        load_image(path)


def without(header, key):
    return {name: value for name, value in header.items() if name != key}


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda header: without(header, "digest"), "'digest' is missing"),
        (lambda header: without(header, "chip"), "'chip' is missing"),
        (lambda header: [header], "list indices must be integers or slices, not str"),
        (
            lambda header: {**header, "n_inputs": -1},
            "image: n_inputs = -1; allowed: an integer of at least 0",
        ),
        (
            lambda header: {
                **header,
                "chip": {**header["chip"], "core": {**header["chip"]["core"], "decay_bits": 99}},
            },
            "core: decay_bits = 99; allowed: 1 to 15",
        ),
        (
            lambda header: {**header, "synapses": [{**header["synapses"][0], "sign_mode": 9}]},
            "9 is not a valid SignMode",
        ),
        (
            lambda header: {**header, "synapses": [*header["synapses"], *header["synapses"]]},
            "'synapses.1.indptr' is missing",
        ),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(tmp_path, edit, reason):
    path = save_image(manual(), tmp_path / "image")
    arrays, header = header_of(path)
    rewrite(path, arrays, edit(header))
    message = f"{path}: a damaged chip image ({reason}); compile the network again."
    with pytest.raises(ImageError, match=exactly(message)):
        load_image(path)


def test_registers_out_of_range_in_a_file_are_refused(tmp_path):
    path = save_image(manual(), tmp_path / "image")
    arrays, _ = header_of(path)
    arrays["compartments.refractory"] = np.full(4, 64, dtype=np.int32)
    rewrite(path, arrays)
    message = (
        f"{path}: a damaged chip image (register refractory: compartment 0 holds 64; allowed: 1 to "
        "63); compile the network again."
    )
    with pytest.raises(ImageError, match=exactly(message)):
        load_image(path)


def test_symbols_that_do_not_belong_to_the_image_are_refused(compiled, tmp_path):
    path = save_image(compiled, tmp_path / "image")
    arrays, header = header_of(path)
    rewrite(path, {**arrays, "symbols.0.origin": np.zeros(3)})
    message = (
        f"{path}: a damaged chip image ('symbols.0.origin' has shape (3,) and type float64, "
        "expected float64 of shape (30,)); compile the network again."
    )
    with pytest.raises(ImageError, match=exactly(message)):
        load_image(path)
    header["symbols"]["report"]["rows"] = [[]]
    rewrite(path, arrays, header)
    with pytest.raises(ImageError, match=r": a damaged chip image \(list indices must be"):
        load_image(path)
    header["symbols"]["report"] = []
    rewrite(path, arrays, header)
    with pytest.raises(ImageError, match=r": a damaged chip image \(list indices must be"):
        load_image(path)


def test_the_text_says_what_the_integers_are():
    image = manual(decay_v=[1, 1, 2, 2], v_init=[0, 0, 0, 5], synapses=5)
    rest = (
        "decay_u_offset 1, decay_v_offset 0, threshold_mantissa 100, bias_mantissa 0, "
        "bias_exponent 0, refractory 1, vmin_exponent 23, vmax_exponent 7"
    )
    assert dump_image(image).splitlines() == [
        f"chip image {image.digest()}",
        "chip loihi: 128 cores of 1024 compartments",
        "1 core, 4 compartments, 3 inputs, 5 synapses, longest delay 3 steps",
        "",
        "compartments (equal neighbours share a line)",
        f"  0..1: decay_u 4095, decay_v 1, {rest}, v_init 0, join 0, u_init 0",
        f"  2..2: decay_u 4095, decay_v 2, {rest}, v_init 0, join 0, u_init 0",
        f"  3..3: decay_u 4095, decay_v 2, {rest}, v_init 5, join 0, u_init 0",
        "",
        "synapse group 0 from compartments: 5 synapses, exponent -2, 8 bits, mixed",
        "  0 -> 0: mantissa 0, delay 0",
        "  0 -> 0: mantissa 0, delay 0",
        "  1 -> 1: mantissa 1, delay 1",
        "  2 -> 2: mantissa 2, delay 2",
        "  3 -> 3: mantissa 3, delay 3",
    ]


def test_long_tables_are_cut_and_say_how_much():
    image = manual(n=30, synapses=31, v_init=np.arange(30))
    lines = dump_image(image).splitlines()
    assert lines.count("  ... 20 more") == 1  # of 30 different compartments
    assert lines.count("  ... 21 more") == 1  # of 31 synapses
    assert lines[-2] == "  1 -> 1: mantissa 1, delay 1"
    exact = dump_image(manual(n=10, synapses=10, v_init=np.arange(10)))
    assert "more" not in exact
    assert exact.count("->") == 10


def test_a_group_without_synapses_has_a_text():
    assert dump_image(manual(synapses=0)).endswith(
        "synapse group 0 from compartments: 0 synapses, exponent -2, 8 bits, mixed"
    )


def test_the_text_of_a_compiled_network_names_its_parts(compiled):
    text = dump_image(compiled)
    assert text.splitlines()[0] == f"chip image {compiled.digest()}"
    assert "dt 0.5 ms" in text
    assert "population 'a': 30 compartments on cores 0 to 0, " in text
    assert "population 'b': 15 compartments on cores 0 to 1, " in text  # 45 in all, 40 a core
    assert "input 'source': 20 sources" in text
    assert "population" not in dump_image(compiled.without_symbols())


def test_a_file_of_before_there_were_joins_has_none(compiled, tmp_path):
    path = save_image(compiled, tmp_path / "image")
    arrays, _ = header_of(path)
    older = {"compartments.join", "compartments.u_init"}
    rewrite(path, {name: value for name, value in arrays.items() if name not in older})
    assert load_image(path) == compiled


def test_the_lead_of_the_input_is_kept_and_older_files_have_none(tmp_path):
    source, cells = PoissonInput("source", 2, rate=9.0), Population("cells", 2, LIF())
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[one_to_one(source, cells, weight=20.0)],
        delivery="before_threshold",
    )
    image = compile_network(network, LOIHI, dt=0.5)
    assert image.symbols.input_lead == 1
    path = save_image(image, tmp_path / "image")
    assert load_image(path) == image
    arrays, header = header_of(path)
    del header["symbols"]["input_lead"]
    rewrite(path, {**arrays, "header": np.array(json.dumps(header))})
    assert load_image(path).symbols.input_lead == 0
