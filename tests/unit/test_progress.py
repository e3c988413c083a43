"""Progress bars: text on a terminal, a widget in a notebook, and nothing for a short run."""

from __future__ import annotations

import sys
import types
from typing import ClassVar

import pytest
from tqdm import notebook as widgets

from neurochip._support import progress
from neurochip._support.progress import hidden_bars, in_notebook, progress_bar


@pytest.fixture
def kernel(monkeypatch):
    """Stand in for the kernel of a notebook."""
    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))


@pytest.fixture
def impatient(monkeypatch):
    """Let every run take long."""
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)


class Widget(widgets.tqdm):
    """A bar of a notebook that notes what it is told, without a front end."""

    made: ClassVar[list] = []

    def __init__(self, **options):
        self.told, self.closed = [options.get("initial", 0)], False
        Widget.made.append(self)

    def update(self, n=1):
        self.told.append(n)

    def close(self):
        self.closed = True

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        pass


@pytest.fixture
def widget(monkeypatch):
    """Let notebooks make bars without a front end."""
    monkeypatch.setattr(widgets, "tqdm", Widget)
    monkeypatch.setattr(widgets, "IProgress", object)
    monkeypatch.setattr(Widget, "made", [])
    return Widget


def test_a_script_is_no_notebook():
    assert not in_notebook()


def test_ipython_on_a_terminal_is_no_notebook(monkeypatch):
    for shell in (None, types.SimpleNamespace()):
        ipython = types.SimpleNamespace(get_ipython=lambda shell=shell: shell)
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        assert not in_notebook()


@pytest.mark.usefixtures("kernel", "impatient")
def test_a_long_run_in_a_notebook_shows_a_widget(widget, capsys):
    with progress_bar(10, "reference", done=2) as bar:
        bar.update(3)
        bar.update(5)
    (made,) = widget.made
    assert made.told == [2, 3, 5]
    assert made.closed
    assert made.monitor_interval == 0
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("kernel")
def test_a_short_run_in_a_notebook_makes_no_widget_since_the_notebook_would_keep_it(widget):
    with progress_bar(10, "reference") as bar:
        bar.update(10)
    assert widget.made == []


@pytest.mark.usefixtures("kernel", "impatient")
def test_a_bar_counts_what_was_done_before_it_was_made(widget, monkeypatch):
    with progress_bar(10, "reference") as bar:
        monkeypatch.setattr(progress, "_PATIENCE", 1e9)
        bar.update(4)
        assert widget.made == []
        monkeypatch.setattr(progress, "_PATIENCE", 0.0)
        bar.update(2)
    assert widget.made[0].told == [0, 6]


@pytest.mark.usefixtures("kernel")
def test_a_bar_that_is_asked_for_appears_at_once(widget):
    with progress_bar(10, "reference", True):
        assert len(widget.made) == 1


@pytest.mark.usefixtures("kernel", "impatient")
def test_a_notebook_without_ipywidgets_shows_text(monkeypatch, capsys):
    monkeypatch.setattr(widgets, "IProgress", None)
    with progress_bar(10, "reference") as bar:
        bar.update(10)
    assert "reference: 100%" in capsys.readouterr().err


@pytest.mark.usefixtures("impatient")
def test_a_long_run_on_a_terminal_shows_text(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_bar(10, "reference") as bar:
        bar.update(10)
    assert "reference: 100%" in capsys.readouterr().err


@pytest.mark.usefixtures("kernel", "impatient")
def test_false_shows_nothing(widget, capsys):
    with progress_bar(10, "reference", False) as bar:
        bar.update(10)
    assert widget.made == []
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("impatient")
def test_bars_are_hidden_in_a_block_unless_they_are_asked_for(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with hidden_bars(), progress_bar(3, "run") as bar:
        bar.update(3)
    assert capsys.readouterr().err == ""
    with hidden_bars(), progress_bar(3, "run", True) as bar:
        bar.update(3)
    assert "run" in capsys.readouterr().err
    with progress_bar(3, "run") as bar:  # after the block
        bar.update(3)
    assert "run" in capsys.readouterr().err
