"""The tables of wrong lines follow the product. That each is noticed is shown in tests/mutation."""

from collections import Counter

from mutation.tables import MUTANTS, changed


def test_the_line_of_every_mutant_is_in_its_file_once():
    for mutant in MUTANTS:
        assert changed(mutant)


def test_no_two_mutants_have_the_same_name():
    assert [name for name, n in Counter(mutant.wrong for mutant in MUTANTS).items() if n > 1] == []
