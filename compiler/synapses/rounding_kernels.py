"""Kernel that rounds weights up or down, so that the sum onto each neuron is kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip._kernels.jit import kernel

__all__ = ["carry"]


@kernel
def carry(steps: Any, post: Any, carried: Any, out: Any) -> None:
    """Write whole steps to ``out``; ``carried`` keeps what is left of each target, up to 1/2."""
    for i in range(len(post)):
        wanted = steps[i] + carried[post[i]]
        whole = np.floor(wanted + 0.5)
        carried[post[i]] = wanted - whole
        out[i] = np.int64(whole)
