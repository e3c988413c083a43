"""Which sources meet which targets in a convolution, along one of its dimensions."""

from __future__ import annotations

import numpy as np

from ..typing import Int64Array

__all__ = ["meetings"]


def meetings(
    size: int, out: int, taps: int, stride: int, padding: int, dilation: int
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Return target, entry of the kernel and source of each connection along a dimension.

    A target at t meets the source at ``t stride - padding + k dilation`` with entry k of the
    kernel, if the source exists (a cross-correlation, as in torch).

    Parameters
    ----------
    size, out, taps : int
        Number of sources, of targets, and of entries of the kernel along this dimension.
    stride, padding, dilation : int
        Of the convolution, along this dimension.
    """
    target, tap = (part.ravel() for part in np.indices((out, taps)))
    source = target * stride - padding + tap * dilation
    inside = (source >= 0) & (source < size)
    return target[inside], tap[inside], source[inside]
