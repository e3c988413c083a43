"""Where compiled kernels are kept, and what happens where they cannot be read or written."""

import ast
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numba
import numpy as np
import pytest

from neurochip import _kernel_cache
from neurochip._jit import kernel

ROOT = Path(__file__).parents[2]
JIT = not numba.config.DISABLE_JIT
needs_jit = pytest.mark.skipif(not JIT, reason="kernels are plain Python here")


@pytest.fixture
def cache_folder(monkeypatch, tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    return lambda: _kernel_cache._cache_folder.__wrapped__(package)


@pytest.fixture
def compiled_sum(monkeypatch, tmp_path):
    """Compiles one kernel that keeps its files in a folder, and returns it with the folder."""
    folder = tmp_path / "kernels"
    folder.mkdir()
    monkeypatch.setattr(_kernel_cache, "_cache_folder", lambda _: folder)
    monkeypatch.setattr(_kernel_cache, "_warnings", set())

    def compile_again():
        return kernel(total_of), folder

    return compile_again


def total_of(values):
    total = 0
    for value in values:
        total += value
    return total


def run(function):
    return function(np.arange(5))


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


def test_where_no_folder_can_be_written_kernels_are_compiled_with_a_warning(
    cache_folder, monkeypatch, tmp_path
):
    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_kernel_cache, "_warnings", set())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(Path, "mkdir", forbidden)
    expected = (
        f"compiled kernels cannot be kept in {tmp_path / 'cache' / 'neurochip'} (it cannot be "
        "written), so every start compiles them again. Set NUMBA_CACHE_DIR to a folder that can be "
        "written."
    )
    with pytest.warns(UserWarning, match=re.escape(expected)):
        assert cache_folder() is None


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="users have no number here")
def test_a_user_without_a_home_directory_has_a_folder_all_the_same(
    cache_folder, monkeypatch, tmp_path
):
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 2**31 - 5)  # a number that no user has
    assert cache_folder().parent == tmp_path / "package" / "__pycache__"


@needs_jit
def test_a_second_start_reads_the_kernel_from_disk(compiled_sum):
    function, _ = compiled_sum()
    run(function)
    again, _ = compiled_sum()
    assert run(again) == 10
    assert sum(again.stats.cache_hits.values()) == 1


@needs_jit
@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize(
    "damage",
    [lambda b: b"", lambda b: b[: len(b) // 2], lambda b: b[:-9] + bytes(9)],
)
def test_a_damaged_file_is_compiled_again_and_replaced(compiled_sum, suffix, damage):
    function, folder = compiled_sum()
    run(function)
    (file,) = folder.rglob(f"*.{suffix}")
    file.write_bytes(damage(file.read_bytes()))
    again, _ = compiled_sum()
    assert run(again) == 10
    assert sum(again.stats.cache_hits.values()) == 0
    third, _ = compiled_sum()
    assert run(third) == 10
    assert sum(third.stats.cache_hits.values()) == 1


@needs_jit
def test_a_file_of_another_variant_is_not_taken(compiled_sum):
    """Two processes that compile at once may give two variants one name."""
    function, folder = compiled_sum()
    run(function)
    (of_int,) = folder.rglob("*.nbc")
    function(np.arange(5.0))
    (of_float,) = {*folder.rglob("*.nbc")} - {of_int}
    of_int.write_bytes(of_float.read_bytes())
    again, _ = compiled_sum()
    assert run(again) == 10
    assert sum(again.stats.cache_hits.values()) == 0


@needs_jit
def test_a_folder_that_cannot_be_written_costs_one_warning(compiled_sum, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_kernel_cache._CheckedFiles, "_save_data", full)
    function, folder = compiled_sum()
    with pytest.warns(UserWarning, match="compiled kernels") as caught:
        assert run(function) == 10
    assert [str(item.message) for item in caught] == [
        f"compiled kernels cannot be kept in {folder.parent} (No space left on device), so every "
        "start compiles them again. Set NUMBA_CACHE_DIR to a folder that can be written."
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert function(np.arange(5.0)) == 10


def test_what_kernels_import_from_the_top_of_the_package_is_in_the_digest():
    """A change of a shared kernel or constant must start a new folder, of a message none."""
    without_kernels = {"errors", "typing", "hardware", "image", "registers", "_values"}
    missing = {}
    for path in [*(ROOT / "neurochip").rglob("*.py"), *(ROOT / "compiler").rglob("*.py")]:
        tree = ast.parse(path.read_text())
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        depth = len(path.relative_to(ROOT / "neurochip").parts) if "neurochip" in path.parts else 0
        top = {
            (node.module or "").removeprefix("neurochip.")
            for node in imports
            if (depth and node.level == depth) or (node.module or "").startswith("neurochip.")
        }
        if "_jit" not in top or path.name in _kernel_cache.SHARED:
            continue
        unknown = {f"{name}.py" for name in top if name and name not in without_kernels}
        if unknown - {*_kernel_cache.SHARED}:
            missing[str(path)] = unknown
    assert not missing


@pytest.mark.skipif(sys.platform != "linux", reason="user namespaces are a feature of Linux")
def test_the_emulator_can_be_imported_by_a_user_without_an_entry_in_passwd(tmp_path):
    name = ["unshare", "--user", "--map-user=12345"]
    try:
        subprocess.run([*name, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no user namespaces here")
    environment = {k: v for k, v in os.environ.items() if k not in {"HOME", "XDG_CACHE_HOME"}}
    subprocess.run(
        [*name, sys.executable, "-c", "import neurochip.emulator"], env=environment, check=True
    )
