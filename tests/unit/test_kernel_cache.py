"""Where compiled kernels are kept, and what happens where they cannot be read or written."""

import builtins
import datetime
import importlib
import importlib.util
import inspect
import io
import itertools
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

from neurochip._kernels import cache, compiling, key, tuples
from neurochip._kernels.jit import inner_kernel, kernel
from neurochip._kernels.key import key_of
from neurochip._kernels.notice import MESSAGE, NOTICE, Notice
from neurochip.emulator.programmed.generate import function_of

ROOT = Path(__file__).parents[2]
JIT = not numba.config.DISABLE_JIT
needs_jit = pytest.mark.skipif(not JIT, reason="kernels are plain Python here")


@pytest.fixture
def cache_folder(monkeypatch, tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    return lambda: cache._cache_folder.__wrapped__(package)


@pytest.fixture
def compiled_sum(monkeypatch, tmp_path):
    """Compiles one kernel that keeps its files in a folder, and returns it with the folder."""
    folder = tmp_path / "kernels"
    folder.mkdir()
    monkeypatch.setattr(cache, "_cache_folder", lambda _: folder)
    monkeypatch.setattr(cache, "_warnings", set())

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
    assert cache_folder() == tmp_path / "neurochip"


def test_kernels_lie_beside_their_sources_where_the_users_cache_cannot_be_made(
    cache_folder, monkeypatch, tmp_path
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache_folder() == tmp_path / "package" / "__pycache__"


def test_numbas_own_setting_comes_first(cache_folder, monkeypatch, tmp_path):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    assert cache_folder() == tmp_path / "neurochip"


def test_where_no_folder_can_be_written_kernels_are_compiled_with_a_warning(
    cache_folder, monkeypatch, tmp_path
):
    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(cache, "_warnings", set())
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
    assert cache_folder() == tmp_path / "package" / "__pycache__"


@needs_jit
def test_a_second_start_reads_the_kernel_from_disk(compiled_sum):
    function, _ = compiled_sum()
    run(function)
    again, _ = compiled_sum()
    assert run(again) == 10
    assert sum(again.stats.cache_hits.values()) == 1


@needs_jit
def test_a_kernel_from_disk_runs_without_what_numba_loads_to_compile_one(tmp_path):
    (tmp_path / "summed.py").write_text(
        "from neurochip._kernels.jit import kernel\n@kernel\n" + inspect.getsource(total_of)
    )
    script = (
        "import sys, numpy, summed\n"
        "print(summed.total_of(numpy.arange(5)), 'numba.np.arraymath' in sys.modules)"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": path}
    environment.pop("NUMBA_CACHE_DIR", None)
    printed = [
        subprocess.run(
            [sys.executable, "-c", script],
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
        for _ in range(2)
    ]
    assert printed == ["10 True\n", "10 False\n"]


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

    monkeypatch.setattr(cache._CheckedFiles, "_save_data", full)
    function, folder = compiled_sum()
    with pytest.warns(UserWarning, match="compiled kernels") as caught:
        assert run(function) == 10
    assert [str(item.message) for item in caught] == [
        f"compiled kernels cannot be kept in {folder} (No space left on device), so every "
        "start compiles them again. Set NUMBA_CACHE_DIR to a folder that can be written."
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert function(np.arange(5.0)) == 10


NUMBERS = itertools.count()
FACTOR = "FACTOR = 3\n"
INNER = """
from neurochip._kernels.jit import inline_kernel, kernel

@kernel
def inner(value):
    return 2 * value
"""
OUTER = """
from neurochip._kernels.jit import kernel
from {folder}.inner import inner
from {folder}.constants import FACTOR

@kernel
def outer(value):
    'Return a multiple.'
    return FACTOR * inner(value)
"""


@pytest.fixture
def package(monkeypatch, tmp_path):
    """Writes two kernels and a constant in three files; the outer kernel's file never changes."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_cache_folder", cache._cache_folder.__wrapped__)
    monkeypatch.syspath_prepend(tmp_path)

    def outer_of(inner=INNER, constants=FACTOR, outer=OUTER):
        folder = f"written_{next(NUMBERS)}"  # each time elsewhere
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "inner.py").write_text(inner)
        (tmp_path / folder / "constants.py").write_text(constants)
        (tmp_path / "outer.py").write_text(outer.format(folder=folder))
        spec = importlib.util.spec_from_file_location("outer", tmp_path / "outer.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.outer

    return outer_of


@needs_jit
def test_a_kernel_that_moved_to_another_folder_is_read_and_once_changed_there_compiled_again(
    package,
):
    assert package()(5) == 30
    moved = package()
    assert moved(5) == 30
    assert sum(moved.stats.cache_hits.values()) == 1
    changed = package(inner=INNER.replace("2 *", "7 *"))
    assert changed(5) == 105
    assert sum(changed.stats.cache_hits.values()) == 0


@needs_jit
@pytest.mark.parametrize(
    "change",
    [
        {"constants": "FACTOR = 4"},
        {"constants": "FACTOR = 3.0"},
        {"constants": "from neurochip._kernels.jit import kernel as FACTOR"},
        {"inner": INNER.replace("@kernel", "@inline_kernel")},
    ],
)
def test_what_a_kernel_refers_to_is_in_its_key(package, change):
    assert key_of(package()) != key_of(package(**change))


@needs_jit
@pytest.mark.parametrize("decorate", [kernel, inner_kernel])
@pytest.mark.parametrize("module", [compiling, tuples])
def test_how_kernels_are_compiled_is_in_their_keys(decorate, module, monkeypatch, tmp_path):
    """Code of another version of the compiler in one process ended it: LLVM joins it by name."""
    changed = tmp_path / "changed.py"
    changed.write_bytes(Path(module.__file__).read_bytes() + b"# Changed.")
    before = key_of(decorate(total_of))
    monkeypatch.setattr(module, "__file__", str(changed))
    key._source_of.cache_clear()
    try:
        assert key_of(decorate(total_of)) != before
    finally:
        key._source_of.cache_clear()


@needs_jit
def test_the_docstring_and_the_place_of_a_kernel_are_not_in_its_key(package):
    described = OUTER.replace("Return a multiple.", "Return something.").replace("@", "\n\n@")
    assert key_of(package()) == key_of(package(outer=described))


@needs_jit
def test_a_kernel_that_refers_to_something_that_can_change_unnoticed_is_refused(package):
    message = (
        "kernel 'outer' refers to a list, whose changes would not be noticed: allowed are kernels, "
        "numbers, strings, tuples, functions and classes"
    )
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        package(constants="FACTOR = [3]")(5)


@needs_jit
def test_a_kernel_that_is_defined_later_in_the_file_is_in_the_key(package):
    later = """
from neurochip._kernels.jit import kernel

@kernel
def inner(value):
    return doubled(value)

@kernel
def doubled(value):
    return 2 * value
"""
    first, second = package(inner=later), package(inner=later.replace("2 *", "7 *"))
    assert (first(5), second(5)) == (30, 105)


@needs_jit
def test_a_kernel_that_reads_an_attribute_with_its_own_name_or_that_of_its_caller_has_a_key(
    package,
):
    attributes = """
from neurochip._kernels.jit import kernel

@kernel
def inner(value):
    return 2 * value.inner + value.within

@kernel
def within(value):
    return inner(value) + value.within
"""
    changed = attributes.replace("2 *", "7 *")
    outer = OUTER.replace("inner import inner", "inner import within").replace("inner(", "within(")
    keys = {key_of(package(inner=inner, outer=outer)) for inner in (attributes, changed)}
    assert len(keys) == 2


@needs_jit
@pytest.mark.parametrize("decorator", ["@inline_kernel", "@inner_kernel"])
def test_a_kernel_without_code_for_python_is_called_by_kernels_and_refuses_python(
    package, decorator
):
    inner = INNER.replace("inline_kernel, kernel", decorator[1:]).replace("@kernel", decorator)
    outer = package(inner=inner)
    called = outer.py_func.__globals__["inner"]
    message = "'inner' is called by kernels only; a function with @kernel may call it."
    for _ in range(2):  # before and after it is compiled
        with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
            called(5)
        assert outer(5) == 30


@needs_jit
@pytest.mark.parametrize("decorator", ["@inline_kernel", "@inner_kernel"])
def test_a_new_caller_takes_over_kernels_that_are_read_from_disk(package, decorator):
    inner = """
from neurochip._kernels.jit import DECORATOR, kernel

@DECORATOR
def doubled(value):
    return 2 * value

@DECORATOR
def inner(value):
    return doubled(value) + 1
""".replace("DECORATOR", decorator[1:])
    assert package(inner=inner)(5) == 33
    caller = package(inner=inner, outer=OUTER.replace("return ", "return 1 + "))
    before = NOTICE.compiled, NOTICE.loaded
    assert caller(5) == 34
    assert (NOTICE.compiled - before[0], NOTICE.loaded - before[1]) == (1, 1)


@needs_jit
def test_every_kernel_of_the_project_has_a_key():
    seen = 0
    for path in [*(ROOT / "neurochip").rglob("*.py"), *(ROOT / "compiler").rglob("*.py")]:
        if "kernel\n" in path.read_text(encoding="utf-8") and path.name != "__init__.py":
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for value in vars(importlib.import_module(name)).values():
                if isinstance(value, Dispatcher):
                    assert re.fullmatch("[0-9a-f]{64}", key_of(value))
                    seen += 1
    assert seen > 100


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


# --- the message of the first compilation ---------------------------------------------------------


@needs_jit
def test_the_first_kernel_that_is_compiled_is_told_once_and_loaded_ones_are_not(
    compiled_sum, monkeypatch
):
    said = []
    monkeypatch.setattr(cache, "NOTICE", Notice(said.append))
    function, _ = compiled_sum()
    run(function)
    function(np.arange(5.0))
    assert (cache.NOTICE.compiled, cache.NOTICE.loaded) == (2, 0)
    assert said == ["Compiling kernels, once per installation (up to about a minute)"]
    monkeypatch.setattr(cache, "NOTICE", Notice(said.append))
    run(compiled_sum()[0])
    assert (cache.NOTICE.compiled, cache.NOTICE.loaded) == (0, 1)
    assert len(said) == 1


class Stream(io.StringIO):
    def __init__(self, terminal):
        super().__init__()
        self.isatty = lambda: terminal


@pytest.mark.parametrize("terminal", [True, False])
def test_a_script_says_so_on_a_terminal_only(monkeypatch, terminal):
    monkeypatch.setattr(sys, "stderr", Stream(terminal))
    Notice().count(loaded=False)
    assert sys.stderr.getvalue() == (f"{MESSAGE}\n" if terminal else "")


def test_workers_and_processes_without_an_error_stream_say_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Stream(True))
    monkeypatch.setattr("multiprocessing.parent_process", lambda: "a process")
    Notice().count(loaded=False)
    assert sys.stderr.getvalue() == ""
    monkeypatch.setattr(sys, "stderr", None)
    Notice().count(loaded=False)


@needs_jit
def test_of_generated_code_only_itself_is_kept(compiled_sum, monkeypatch):
    _, folder = compiled_sum()
    # Libraries put such objects among Python's own names; they cannot be written to a file.
    monkeypatch.setattr(builtins, "of_a_library", datetime.datetime_CAPI, raising=False)
    generated = kernel(function_of("def written(number): return np.int64(number) + 1", np=np))
    assert generated(41) == 42
    assert list(folder.glob("*.nbc"))
