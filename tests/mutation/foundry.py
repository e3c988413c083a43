"""Runs tests against a module of the product in which a few characters are changed.

As a script it is a server: it loads the modules that all tests need, reads one job per line, and
runs each job in a fork. In the fork an import hook replaces the text of the changed module: no file
is written, and all other modules are loaded as usual. Kernels run as plain Python, because
compiling one takes ten seconds and would leave a wrong kernel in the cache.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.machinery
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["ROOT", "Foundry", "Outcome"]

ROOT = Path(__file__).parents[2]
SECONDS = 120  # a changed loop may never end
LOADED_ONCE = ("numba", "numpy", "pytest", "hypothesis", "scipy.stats", "brian2", "nir")
OPTIONS = (
    "-q",
    "-pno:cacheprovider",
    "--tb=no",
    "--assert=plain",  # to tell two long lists apart takes longer than most of these tests
    # Integer scalars of NumPy warn when they wrap, which some kernels mean them to do.
    "-Wignore:overflow encountered:RuntimeWarning",
    # A kernel computes both sides of a choice: a register without a width is divided by infinity.
    "-Wignore:invalid value encountered in scalar divide:RuntimeWarning",
    # Brian2 opens its log again in a fork, without closing that of its parent.
    "-Wignore::pytest.PytestUnraisableExceptionWarning",
)


@dataclass(frozen=True)
class Outcome:
    """Result of a run of tests.

    ``status`` is pytest's exit status, None if the run had to be stopped. ``failed`` has what each
    test that failed raised, and ``broken`` those of them that raised something else than an
    assertion or an error that the product raises on purpose, or did not come as far as their call.
    """

    status: int | None
    failed: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


class Foundry:
    """Context manager that starts and ends the server."""

    def __enter__(self):
        self._server = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__],
            cwd=ROOT,
            env={
                **os.environ,
                "NUMBA_DISABLE_JIT": "1",
                "NUMBA_NUM_THREADS": "1",  # in plain Python they would wait for each other
                "OPENBLAS_NUM_THREADS": "1",  # a fork has no other threads
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTEST_ADDOPTS": "",  # may name options of plugins
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *exception):
        self._server.stdin.close()
        self._server.wait(SECONDS)
        self._server.stdout.close()

    def run(self, tests, module="", text=""):
        """Run tests, with ``text`` as the source of ``module`` if it is given."""
        self._server.stdin.write(json.dumps([tests, module, text]) + "\n")
        self._server.stdin.flush()
        return Outcome(*json.loads(self._server.stdout.readline()))


# ------------------------------------------------------------------------------- in the server


class Changed(importlib.machinery.SourceFileLoader):
    """Loads a module from a given text instead of its file."""

    def __init__(self, name, path, text):
        super().__init__(name, path)
        self._text = text

    def get_code(self, fullname):
        return compile(self._text, self.path, "exec")


class Finder:
    """Finds the changed module before the other finders."""

    def __init__(self, module, text):
        self._module, self._text = module, text

    def find_spec(self, name, path=None, target=None):
        if name != self._module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        spec.loader = Changed(name, spec.origin, self._text)
        return spec


class Failures:
    """A pytest plugin that records failed tests and their exceptions."""

    def __init__(self):
        self.failed, self.broken = {}, []

    def pytest_exception_interact(self, node, call, report):
        import pytest

        from neurochip.errors import NeurochipError

        meant = (AssertionError, NeurochipError, pytest.fail.Exception)
        self.failed[node.nodeid] = call.excinfo.exconly()[:500]
        if report.when != "call" or not isinstance(call.excinfo.value, meant):
            self.broken.append(node.nodeid)


def run_tests(tests, module, text):
    """Run tests in this process, which has not loaded the product yet."""
    import pytest

    if module:
        sys.meta_path.insert(0, Finder(module, text))
    failures = Failures()
    status = pytest.main([*OPTIONS, *tests], plugins=[failures])
    return [int(status), failures.failed, failures.broken]


def run_in_fork(job):
    """Return the outcome of a job as a line; that of a process that was stopped has no status."""
    begin, end = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        try:
            os.write(end, json.dumps(run_tests(*job)).encode())
        finally:
            os._exit(0)
    os.close(end)
    with open(begin) as answer:  # noqa: PTH123 - a pipe has no path
        line = answer.read()
    os.waitpid(child, 0)
    return line or json.dumps([None])


def find_without_shrinking():
    """Let property tests fail with the first example that they find: nobody reads a smaller one."""
    from hypothesis import Phase, settings

    settings.register_profile("found", phases=(Phase.explicit, Phase.generate))
    settings.load_profile("found")


def serve():
    """Run jobs until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the output of tests is not an answer
    for name in LOADED_ONCE:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    find_without_shrinking()
    gc.freeze()  # pytest collects garbage as it ends; to scan all of this takes half of a job
    for line in sys.stdin:
        print(run_in_fork(json.loads(line)), file=answers, flush=True)


if __name__ == "__main__":
    serve()
