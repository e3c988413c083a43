"""Names of others: seen as they are, and different as files."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_names import ODD_NAMES

from neurochip import Population
from neurochip._support.json_text import as_json
from neurochip._support.names import cut, file_stems, visible
from neurochip.errors import NetworkError

ANY_TEXT = st.text(st.characters(exclude_categories=[]))  # halves of surrogate pairs, too


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cells", "cells"),
        ("Zellen für α-Wellen, 日本", "Zellen für α-Wellen, 日本"),
        ("$x$ <b> \\n", "$x$ <b> \\n"),
        ("red\x1b[31m", "red\\x1b[31m"),
        ("two\nlines\r\n", "two\\nlines\\r\\n"),
        ("a\x00b\x7f", "a\\x00b\\x7f"),
        ("\u202eabc\u200b", "\\u202eabc\\u200b"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_cannot_be_printed_is_written_as_python_writes_it(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_line_breaks_stay_where_they_are_wanted() -> None:
    assert visible("a\n\x1bb\n", keep="\n") == "a\n\\x1bb\n"


@given(ANY_TEXT)
def test_what_is_shown_can_be_printed_and_stays_as_it_is(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert visible(shown) == shown
    assert shown.encode().decode() == shown
    assert (shown == text) == text.isprintable()


def test_a_text_that_is_cut_ends_with_a_sign_of_it() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"


def test_plain_names_are_names_of_files() -> None:
    names = ["L2-3 e", "cells", "a.b", "größe", "_x", "x+1"]
    assert list(file_stems(names).items()) == [(name, name) for name in names]


def test_names_that_would_be_the_same_file_get_numbers() -> None:
    assert file_stems(["a/b", "a_b", "A_B", "a:b"]) == {
        "a_b": "a_b",
        "A_B": "A_B-2",
        "a/b": "a_b-3",
        "a:b": "a_b-4",
    }


@given(st.lists(st.one_of(st.sampled_from(ODD_NAMES), ANY_TEXT.filter(bool)), unique=True))
def test_every_name_is_another_file_in_the_same_folder(names: list[str]) -> None:
    stems = file_stems(names)
    assert set(stems) == set(names)
    assert len({stem.casefold() for stem in stems.values()}) == len(names)
    for stem in stems.values():
        assert stem.isprintable()
        assert 0 < len(stem.encode()) < 150
        assert not set(stem) & set('/\\:*?"<>|\0')
        assert not stem.startswith(".")
        assert unicodedata.is_normalized("NFC", stem)


@given(st.dictionaries(ANY_TEXT, ANY_TEXT))
def test_json_holds_every_text_and_shows_nothing_that_a_terminal_obeys(data: dict) -> None:
    written = as_json(data).decode()
    assert json.loads(written) == data
    assert all(line.isprintable() for line in written.split("\n"))


def test_json_refuses_what_it_cannot_hold() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json({"x": float("nan")})


def test_half_of_a_surrogate_pair_is_no_name() -> None:
    with pytest.raises(NetworkError) as caught:
        Population("a\ud800", 1)
    assert str(caught.value) == (
        "population: name = 'a\\ud800'; allowed: text that files can store, without unpaired "
        "surrogates."
    )
