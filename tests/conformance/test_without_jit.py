"""Compiled kernels give what the same lines give as plain Python."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from conformance import jit_suite

pytestmark = pytest.mark.slow

TESTS = Path(jit_suite.__file__).parent.parent


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="JIT is off here as well")
@pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.0.0",
    reason="before NumPy 2 an unsigned and a Python integer made a float, in plain Python only",
)
def test_runs_without_jit_give_the_same_digests():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(TESTS / "conformance" / "jit_suite.py")],
        # Integer scalars of NumPy warn when they wrap, which is what they are meant to do here.
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    plain = json.loads(done.stdout)
    assert plain["jit"] is False
    assert plain["digests"] == jit_suite.suite()
    assert len(plain["digests"]) > 30
