"""Another image in a running emulator: what each compartment of it takes over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..chip.registers import kept_fraction
from ..errors import EmulatorError
from ..image import ChipImage, PopulationSymbol
from ..typing import Float64Array, Int32Array

__all__ = ["Inheritance", "check_alike", "inheritance", "no_exchange", "too_late"]


@dataclass(frozen=True, eq=False)
class Inheritance:
    """Rule from the state of each compartment of the old image to that of the new one.

    Parameters
    ----------
    place : ndarray of int32, shape (n_compartments,)
        Compartment of the new image for each compartment of the old one.
    v, u, weight : ndarray of float64, shape (n_compartments,)
        By compartment of the old image: factors from old to new LSB for v, for u, and for the
        weights of spikes in transit.
    shift : ndarray of float64, shape (n_compartments,)
        Added to v after its factor, in new LSB, where v is not held.
    """

    place: Int32Array
    v: Float64Array
    u: Float64Array
    weight: Float64Array
    shift: Float64Array


def inheritance(old: ChipImage, new: ChipImage) -> Inheritance:
    """Return what a new image takes over, matched by the names in the symbols.

    Potentials and synaptic currents keep their physical values, and spikes in transit their
    weights. Without symbols compartments are matched by number, and registers keep their values.

    Raises
    ------
    EmulatorError
        If the images differ in more than the values of registers.
    """
    if any(image.programs or image.resets for image in (old, new)):
        raise no_exchange()
    check_alike(old, new)
    if new.learning is not None:
        raise _refusal("it learns, and the image before did not")
    size = old.n_compartments
    ones = np.ones(size)
    found = Inheritance(
        np.arange(size, dtype=np.int32), ones, ones.copy(), ones.copy(), np.zeros(size)
    )
    if old.symbols is None or new.symbols is None:
        return found
    for before, after in zip(old.symbols.populations, new.symbols.populations, strict=True):
        _follow(found, before, after, old, new)
    return found


def check_alike(old: ChipImage, new: ChipImage) -> None:
    """Raise an EmulatorError if two images differ in more than the values of registers."""
    size = old.n_compartments
    if old.chip.core != new.chip.core:
        raise _refusal("it is for another chip")
    if (size, old.n_inputs) != (new.n_compartments, new.n_inputs):
        raise _refusal(
            f"it has {new.n_compartments} compartments and {new.n_inputs} inputs, instead of "
            f"{size} and {old.n_inputs}"
        )
    if (old.symbols is None) != (new.symbols is None):
        raise _refusal("only one of the two has symbols")
    if old.symbols is None or new.symbols is None:
        return
    if old.symbols.dt != new.symbols.dt:
        raise _refusal(f"its dt is {new.symbols.dt:g} ms, instead of {old.symbols.dt:g} ms")
    if old.symbols.inputs != new.symbols.inputs:
        raise _refusal("its inputs are others")
    shapes = [
        [(item.name, len(item.compartment_ids), len(item.receptors)) for item in part.populations]
        for part in (old.symbols, new.symbols)
    ]
    if shapes[0] != shapes[1]:
        raise _refusal("its populations are others")


def no_exchange() -> EmulatorError:
    """Return the error for images whose programs have registers without a unit, or resets."""
    return EmulatorError(
        "emulator: an image with periodic resets, with other programs, or with programs that it "
        "was not compiled to, cannot be exchanged in a run; allowed: a new Emulator, which starts "
        "at step 0."
    )


def too_late(steps: int, longest: int) -> EmulatorError:
    """Return the error for spikes that arrive after the longest delay of the new image."""
    return EmulatorError(
        f"emulator: spikes are in transit for {steps} steps, and the longest delay of the new "
        f"image is {longest} steps; allowed: another image with delays as long."
    )


def _follow(
    found: Inheritance,
    before: PopulationSymbol,
    after: PopulationSymbol,
    old: ChipImage,
    new: ChipImage,
) -> None:
    own, scale = before.compartment_ids, before.mv_per_lsb / after.mv_per_lsb
    found.v[own] = scale
    found.shift[own] = (before.origin - after.origin) / after.mv_per_lsb
    receptors = zip(before.receptors, after.receptors, strict=True)
    for at, to, (was, is_) in zip(before.currents, after.currents, receptors, strict=True):
        found.place[at] = to
        found.weight[at] = scale * (is_.gain / was.gain)
        keep_old, keep_new = _keep_u(old, at), _keep_u(new, to)
        kept = np.divide(keep_old, keep_new, out=np.ones(len(at)), where=keep_new > 0)
        found.u[at] = found.weight[at] * kept
        if len(before.receptors) > 1 and at is before.child_ids:
            found.v[at] = scale


def _keep_u(image: ChipImage, at: Int32Array) -> Float64Array:
    registers = image.compartments
    return kept_fraction(registers.decay_u[at], registers.decay_u_offset[at], image.chip.core)


def _refusal(reason: str) -> EmulatorError:
    return EmulatorError(
        f"emulator: the image cannot go on from here: {reason}; allowed: an image of the same "
        "populations, inputs, chip and dt, with other values."
    )
