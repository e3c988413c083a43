"""Where compiled kernels are kept."""

import numba
import pytest

from neurochip import _jit


@pytest.fixture
def cache_folder(monkeypatch, tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    return lambda: _jit._cache_folder.__wrapped__(package)


def test_kernels_lie_in_the_users_cache_and_not_beside_their_sources(
    cache_folder, monkeypatch, tmp_path
):
    """pip removes only what it installed: a folder that is left hides an editable install."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder().parent == tmp_path / "neurochip"


def test_kernels_lie_beside_their_sources_where_the_users_cache_cannot_be_made(
    cache_folder, monkeypatch, tmp_path
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache_folder().parent == tmp_path / "package" / "__pycache__"


def test_numbas_own_setting_comes_first(cache_folder, monkeypatch, tmp_path):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    assert cache_folder().parent == tmp_path / "neurochip"
