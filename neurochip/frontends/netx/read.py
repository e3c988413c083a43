"""Reads a lava-dl network as a chip image."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..._support.npz import as_path
from ..._support.values import instance, integer, integers, switch
from ...chip.presets import LOIHI2
from ...chip.spec import ChipSpec
from ...errors import FrontendError
from .build import build_image
from .file import read_file
from .keys import MOST_NEURONS
from .layer import Shape
from .layers import read_layers
from .model import NetxModel

__all__ = ["check_shape", "read_netx"]

_OWNER = "netx"


def read_netx(
    path: str | os.PathLike[str],
    *,
    chip: ChipSpec = LOIHI2,
    input_shape: Sequence[int] | None = None,
    reset_interval: int | None = None,
    reset_offset: int = 0,
    within_limits: bool = True,
) -> NetxModel:
    """Read a network of lava-dl (``.net``), whose integers become the registers of a chip.

    Nothing is quantised, scaled or clipped: what a chip would hold otherwise is refused with the
    layer, the key and the value.

    Parameters
    ----------
    path : path
        The file that ``export_hdf5`` of lava-dl wrote.
    chip : ChipSpec
        The chip. Networks of LIF neurons also run on ``LOIHI``, unless they are reset or too large.
    input_shape : sequence of int, optional
        Shape of a frame, (channels, rows, columns), if the first layer is a convolution and the
        file has no input layer.
    reset_interval : int, optional
        Steps between two resets of the state of LIF layers, as for ``hdf5.Network`` of lava-dl:
        the steps of a frame and one more for each frame that a network classifies on its own.
        Default: no resets.
    reset_offset : int
        Step of the first reset of the first layer; each further layer is reset one step later, when
        its input has that age.
    within_limits : bool
        Fill cores within all of their limits, such as memory and axons. False fills them by
        compartments and delays only, which is quick; runs are the same, but estimates of traffic
        and energy are those of cores that may be too full.

    Returns
    -------
    NetxModel
        Image, layers by name, and methods that run frames.

    Raises
    ------
    FrontendError
        If the file is damaged, or has a property that the chip does not have.
    ImageError, FitError
        If the network does not fit the chip.
    MissingExtraError
        If h5py is not installed.

    Examples
    --------
    >>> model = read_netx("trained.net")  # doctest: +SKIP
    >>> model.values(model.run(spikes)).sum(axis=0)  # doctest: +SKIP
    """
    allowed = "a ChipSpec, such as LOIHI2"
    instance(_OWNER, "chip", chip, ChipSpec, allowed, error=FrontendError)
    interval = reset_interval
    if interval is not None:
        interval = integer(
            _OWNER, "reset_interval", interval, at_least=1, at_most=1 << 30, error=FrontendError
        )
    offset = integer(
        _OWNER, "reset_offset", reset_offset, at_least=0, at_most=1 << 30, error=FrontendError
    )
    if interval is None and offset:
        raise FrontendError(
            f"{_OWNER}: reset_offset = {offset} without reset_interval; pass both, or neither."
        )
    file = as_path(path, FrontendError)
    layers = read_layers(read_file(file), check_shape(input_shape))
    graded = next((item for item in layers if item.neuron and item.neuron.model != "lif"), None)
    if graded is not None and interval is not None:
        raise FrontendError(
            f"{file}: layer {graded.index} ({graded.kind}) has neurons of the type SDNN, which "
            "lava-dl does not reset; omit reset_interval."
        )
    limited = switch(_OWNER, "within_limits", within_limits, error=FrontendError)
    resets = None if interval is None else (interval, offset)
    image, compartments = build_image(layers, chip, resets, within_limits=limited)
    return NetxModel(
        image=image,
        layers=tuple(layers),
        compartments=compartments,
        reset_interval=interval,
    )


def check_shape(given: Sequence[int] | None) -> Shape | None:
    """Return the shape of a frame that a user gave, or raise a FrontendError."""
    if given is None:
        return None
    found = integers(_OWNER, "input_shape", given, low=1, high=MOST_NEURONS, error=FrontendError)
    if found.ndim != 1 or not 1 <= len(found) <= 3:
        raise FrontendError(
            f"{_OWNER}: input_shape = {given}; allowed: (channels, rows, columns), or (inputs,)."
        )
    return tuple(found.tolist())
