"""Put the compartments of an image on cores in their order, within all limits of a core.

The compiler places networks in better orders. Images that are read from files or written by hand
have no expected rates to place them by.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from .._support.values import instance
from ..errors import FitError, ImageError
from ..image import ChipImage
from ..typing import Int64Array
from .axons import add_axons
from .budget import Filler, limits_of
from .filling import Filling
from .wiring import Wiring, delay_limit, wiring_of

__all__ = ["fill_cores"]

_AXONS = ("input_axons", "output_axons")


def fill_cores(image: ChipImage) -> ChipImage:
    """Return an image with the same compartments, on as many cores as their limits require.

    The compartments keep their numbers; core k is at site k. Cores with too many axons are divided.

    Parameters
    ----------
    image : ChipImage
        Image with any division into cores.

    Raises
    ------
    ImageError
        If ``image`` is not a ChipImage.
    FitError
        If a compartment exceeds a limit of a core alone, or the chip has too few cores.
    """
    instance("fill_cores", "image", image, ChipImage, "a ChipImage", error=ImageError)
    chip, wiring = image.chip, wiring_of(image)
    population = wiring.population.astype(np.int64)
    # A parent stays with its child, the compartment before it.
    first = np.flatnonzero(image.compartments.join == 0)
    pairs = np.append(first, image.n_compartments)
    wiring = dataclasses.replace(wiring, neuron_ptr=pairs, population=wiring.population[first])
    filler = Filler(wiring, chip.core)
    filling = filler.fill(np.arange(len(first)), np.zeros(len(first), dtype=np.bool_))
    if filling.failed >= 0:
        raise FitError(_alone(image, int(first[filling.failed]), filling))
    while True:
        if filling.n_cores > chip.total_cores:
            raise FitError(
                f"image: needs {filling.n_cores} cores; chip {chip.name!r} has {chip.total_cores}. "
                f"Use a larger chip, such as chip.what_if(cores={filling.n_cores})."
            )
        ends = pairs[filling.core_ptr]
        over = _crowded(image, filling, wiring, ends, population)
        if not over.size:
            return dataclasses.replace(image, core_ptr=ends, core_sites=None)
        sizes = np.diff(filling.core_ptr)[over]
        if sizes.min() == 1:
            core = int(over[np.argmin(sizes)])
            raise FitError(
                f"image: compartment {ends[core]} alone needs more axons than a core has; allowed: "
                f"{chip.core.input_axons} in, {chip.core.output_axons} out. Connect it to fewer "
                "sources and cores, or use a chip that has more with chip.what_if(...)."
            )
        filling = filler.divide(filling, over, sizes // 2)


def _crowded(
    image: ChipImage,
    filling: Filling,
    wiring: Wiring,
    ends: Int64Array,
    population: Int64Array,
) -> Int64Array:
    """Return the cores with too many axons, which are known only when all cores are filled."""
    core = image.chip.core
    core_of = np.repeat(np.arange(filling.n_cores), np.diff(ends))
    chip_of = np.arange(filling.n_cores) // image.chip.cores
    usage = add_axons(filling, wiring, core_of, population, core, chip_of)
    return np.flatnonzero(
        np.max([usage[name] - getattr(core, name) for name in _AXONS], axis=0) > 0
    )


def _alone(image: ChipImage, compartment: int, filling: Filling) -> str:
    core = image.chip.core
    limits = limits_of(core)
    limits["compartments"] = int(delay_limit(core, filling.usage["delay_bits"])[0])
    used = {name: int(filling.usage[name][0]) for name in limits if name in filling.usage}
    name = next(name for name, value in used.items() if value > limits[name])
    return (
        f"image: compartment {compartment} alone needs {used[name]} {name.replace('_', ' ')} of a "
        f"core; allowed: {limits[name]}. Reduce its in-degree or its state, or use a chip that has "
        "more with chip.what_if(...)."
    )
