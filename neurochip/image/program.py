"""Build a checked :class:`~neurochip.image.ChipImage` from integers, without compiler and units.

``docs/reference/core-semantics.md`` describes each register.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.brief import brief
from .._support.csr import starts_of
from .._support.values import (
    MOST_IDS,
    choice,
    instance,
    instances,
    integer,
    integers,
    items,
    shown,
    switch,
)
from ..chip.registers import SignMode, SynapseFormat, decode_weights, mantissa_range, sum_shift
from ..chip.spec import ChipSpec, CoreSpec
from ..errors import ImageError
from ..typing import Int16Array, Int64Array
from .chip_image import ChipImage
from .convolution import Convolution
from .learning import Learning, Plasticity
from .parts import Compartments, Noise, SynapseGroup, whole_numbers
from .program_group import PeriodicReset, ProgramGroup

__all__ = ["Noise", "SignMode", "Synapses", "program"]

_SOURCES = ("inputs", "compartments")


@dataclass(frozen=True, eq=False)
class Synapses:
    """Synapses of one format and one kind of source, one entry per synapse, in any order.

    The ranges below are those of the first-generation chip. :func:`program` checks the values
    against the ranges of its chip.

    Parameters
    ----------
    source : str
        ``"inputs"`` (axons from outside) or ``"compartments"``.
    pre : array_like of int, shape (n_synapses,)
        Source: 0 to ``n_inputs - 1``, or 0 to the number of compartments - 1.
    target : int or array_like of int, shape (n_synapses,)
        Compartment: 0 to the number of compartments - 1.
    mantissa : int or array_like of int, shape (n_synapses,)
        Weight mantissa: -256 to 255 if mixed, 0 to 255 if excitatory, -255 to 0 if inhibitory. The
        step is ``2**(8 - bits)``, or twice that if mixed.
    sign_mode : SignMode or int
        1 (mixed), 2 (excitatory) or 3 (inhibitory).
    exponent : int
        -8 to 7. The weight is ``mantissa * 2**(6 + exponent)``.
    bits : int, optional
        Stored bits of the mantissa: 0 to 6, or 8. Default: all mantissa bits of the chip.
    delay : int or array_like of int, shape (n_synapses,)
        0 to 62 steps, in addition to the one step that every spike takes.
    receptor : int
        Accumulator of the targets: 0, or 1 if they run programs with two inputs.

    Raises
    ------
    ImageError
        If ``source`` is not allowed.
    """

    source: str
    pre: Any
    target: Any
    mantissa: Any
    sign_mode: SignMode | int
    exponent: int = 0
    bits: int | None = None
    delay: Any = 0
    receptor: int = 0

    __repr__ = brief

    def __post_init__(self) -> None:
        allowed = "'inputs' or 'compartments'"
        choice("synapses", "source", self.source, _SOURCES, allowed=allowed, error=ImageError)


def program(
    chip: ChipSpec,
    compartments: Compartments | Mapping[str, Any],
    synapses: Iterable[Synapses] = (),
    *,
    n_inputs: int = 0,
    n_compartments: int | None = None,
    cores: Sequence[int] | None = None,
    noise: Noise | None = None,
    programs: Iterable[ProgramGroup] = (),
    resets: Iterable[PeriodicReset] = (),
    convolutions: Iterable[Convolution] = (),
    learning: Learning | None = None,
    truncate: bool = False,
) -> ChipImage:
    """Build an image from integers, without the compiler; run it with ``Emulator.run_steps``.

    The ranges below are those of the first-generation chip; for other chips see their ``CoreSpec``.
    The limits on synaptic memory, axons, profiles and formats of a core are not checked; only the
    compiler checks them.

    Parameters
    ----------
    chip : ChipSpec
        The chip, such as ``LOIHI`` or a preset.
    compartments : mapping of str to int or array_like of int, or Compartments
        Registers by name, each a number or one value per compartment. Omitted registers have the
        default in brackets:

        - ``decay_u`` [4095], ``decay_v`` [0]: 0 to 4095
        - ``decay_u_offset`` [1], ``decay_v_offset`` [0]: 0 or 1, added to the decay
        - ``threshold_mantissa`` [100]: 0 to 131071, times 2**6
        - ``bias_mantissa`` [0]: -4096 to 4095; ``bias_exponent`` [0]: 0 to 7
        - ``refractory`` [1]: 1 to 63
        - ``vmin_exponent`` [23]: 0 to 23; ``vmax_exponent`` [7]: 0 to 7
        - ``v_init`` [0]: -8388607 to 8388607, within vmin and vmax
        - ``u_init`` [0]: -8388607 to 8388607
    synapses : iterable of Synapses
        Synapse lists, each with one format. List k becomes synapse group k of the image.
    n_inputs : int
        Number of input axons, which are sources outside the chip.
    n_compartments : int, optional
        Number of compartments. Default: the length of the register arrays, or 1 if all registers
        are numbers.
    cores : sequence of int, optional
        Number of compartments of each core, in order. Default: cores are filled one after the
        other, each up to its limit.
    noise : Noise, optional
        Noise registers. Default: no noise.
    programs : iterable of ProgramGroup
        Compartments that run a program, on a chip with programmable cores. They take no registers.
    resets : iterable of PeriodicReset
        Compartments whose state is reset periodically.
    convolutions : iterable of Convolution
        Synapses that share the weights of a kernel.
    learning : Learning, optional
        Synapse lists that learn, by their place in ``synapses``. Tags and numbers of synapses are
        in the order of their list, and a synapse without a number has its place in it.
    truncate : bool
        Accept mantissas that their format cannot represent: with bits that it does not store, with
        bits that a negative exponent shifts out, or with a weight beyond its limit. The chip's
        rules then round or clip them. Default: raise an error.

    Returns
    -------
    ChipImage
        Image without symbols: names, units and time step are unknown.

    Raises
    ------
    ImageError
        If a value does not fit its register, an index is out of range, lengths differ, a weight
        cannot be represented, or a core holds too many compartments for its longest delay.

    Examples
    --------
    >>> from neurochip import LOIHI
    >>> kick = Synapses("inputs", pre=[0], target=[1], mantissa=[10], sign_mode=SignMode.EXCITATORY)
    >>> program(LOIHI, {"threshold_mantissa": [25, 30]}, [kick], n_inputs=1).n_compartments
    2
    """
    instance("program", "chip", chip, ChipSpec, "a ChipSpec, such as LOIHI", error=ImageError)
    truncate = switch("program", "truncate", truncate, error=ImageError)
    n_inputs = integer(
        "program", "n_inputs", n_inputs, at_least=0, at_most=MOST_IDS, error=ImageError
    )
    registers = _registers(chip, compartments, n_compartments)
    lists = items("program", "synapses", synapses, "a list of Synapses(...)", error=ImageError)
    sizes = {"inputs": n_inputs, "compartments": len(registers)}
    groups = tuple(_group(index, item, sizes, chip.core) for index, item in enumerate(lists))
    shared = instances("program", "convolutions", convolutions, Convolution, error=ImageError)
    delays = _longest_delays((*groups, *shared), len(registers))
    core_ptr = _fill_cores(chip.core, delays) if cores is None else _stack(cores, len(registers))
    image = ChipImage(
        chip=chip,
        core_ptr=core_ptr,
        compartments=registers,
        n_inputs=n_inputs,
        synapses=groups,
        noise=noise,
        programs=programs,  # type: ignore[arg-type]  # the image makes a tuple of it
        resets=resets,  # type: ignore[arg-type]
        convolutions=shared,
        learning=None if learning is None else _sorted(learning, lists),
    )
    _check_delays(chip.core, delays, core_ptr)
    if not truncate:
        for index, (item, group) in enumerate(zip(lists, groups, strict=True)):
            _check_represented(index, item, group.format, chip.core)
        for index, kernel in enumerate(shared):
            _check_kernel(index, kernel, chip.core)
    return image


def _registers(
    chip: ChipSpec, compartments: Compartments | Mapping[str, Any], size: int | None
) -> Compartments:
    if size is not None:
        size = integer("program", "n_compartments", size, at_least=1, error=ImageError)
    if isinstance(compartments, Compartments):
        if size not in {None, len(compartments)}:
            raise ImageError(
                f"program: n_compartments = {size}, but the Compartments are {len(compartments)}; "
                "omit n_compartments."
            )
        return compartments
    if not isinstance(compartments, Mapping):
        raise ImageError(
            f"program: compartments = {shown(compartments)}; allowed: a mapping of registers, or "
            "Compartments."
        )
    given = {
        str(name): whole_numbers("compartments", str(name), values)
        for name, values in compartments.items()
    }
    if size is None:
        lengths = [len(values) for values in given.values() if values.ndim]
        size = integer(
            "program", "n_compartments", max(lengths, default=1), at_least=1, error=ImageError
        )
    cores = -(-size // chip.core.compartments)
    if cores > chip.total_cores:
        raise ImageError(
            f"image: {shown(cores)} cores; allowed: at most {chip.total_cores}, as chip "
            f"{chip.name!r} has."
        )
    return Compartments.fill(chip.core, size, **given)


def _group(index: int, item: Any, sizes: Mapping[str, int], core: CoreSpec) -> SynapseGroup:
    if not isinstance(item, Synapses):
        raise ImageError(
            f"program: synapse list {index} = {shown(item)}; allowed: a Synapses(...)."
        )
    bits = core.weight_mantissa_bits if item.bits is None else item.bits
    try:
        return SynapseGroup.from_coo(
            item.source,
            sizes[item.source],
            SynapseFormat(item.exponent, bits, item.sign_mode),  # type: ignore[arg-type]
            pre=item.pre,
            target=item.target,
            mantissa=item.mantissa,
            delay=item.delay,
            receptor=item.receptor,
        )
    except ImageError as problem:  # its message does not name the list
        raise ImageError(f"synapse group {index}: {problem}") from None


def _sorted(learning: Learning, lists: Sequence[Synapses]) -> Learning:
    """Return learning with tags and numbers in the order of synapse groups, which is by source."""
    instance("program", "learning", learning, Learning, "a Learning(...)", error=ImageError)
    groups = [
        item if item.synapses >= len(lists) else _by_source(item, lists[item.synapses])
        for item in learning.groups  # the image refuses a list that does not exist
    ]
    return dataclasses.replace(learning, groups=tuple(groups))


def _by_source(item: Plasticity, synapses: Synapses) -> Plasticity:
    n = np.size(synapses.pre)
    order = np.argsort(synapses.pre, kind="stable")
    number = item.numbers(n)
    return dataclasses.replace(  # the image refuses other lengths than n
        item,
        tag=item.tag[order] if len(item.tag) == n else item.tag,
        number=number[order] if len(number) == n else number,
    )


def _longest_delays(parts: Iterable[SynapseGroup | Convolution], size: int) -> Int64Array:
    """Return the longest delay of all synapses onto each compartment."""
    longest = np.zeros(size, dtype=np.int64)
    for part in parts:
        if part.max_delay:
            targets = part.targets if isinstance(part, Convolution) else part.target
            known = (targets >= 0) & (targets < size)  # check_image refuses the others
            delays = np.broadcast_to(part.delay, targets.shape)[known]
            np.maximum.at(longest, targets[known], delays)
    return longest


def _room(core: CoreSpec, delay: int) -> int:
    """Return the number of compartments that fit a core with this longest delay."""
    return min(core.compartments, core.accumulator_slots >> delay.bit_length())


def _fill_cores(core: CoreSpec, delays: Int64Array) -> Int64Array:
    """Return core pointers, filling each core until the next compartment would not fit."""
    starts, longest = [0], 0
    for compartment, delay in enumerate(delays.tolist()):
        longest = max(longest, delay)
        held = compartment - starts[-1]
        if held and held >= _room(core, longest):
            starts.append(compartment)
            longest = delay
    return np.array([*starts, len(delays)], dtype=np.int64)


def _stack(cores: Sequence[int], size: int) -> Int64Array:
    """Return core pointers for cores of the given sizes."""
    allowed = f"sizes of at least 1 that add up to {size}, the number of compartments"
    sizes = integers("program", "cores", cores, allowed=allowed, error=ImageError)
    if sizes.ndim != 1 or not sizes.size or sizes.min() < 1 or sum(sizes.tolist()) != size:
        raise ImageError(f"program: cores = {shown(cores)}; allowed: {allowed}.")
    return starts_of(sizes)


def _check_delays(core: CoreSpec, delays: Int64Array, core_ptr: Int64Array) -> None:
    for index, longest in enumerate(np.maximum.reduceat(delays, core_ptr[:-1]).tolist()):
        held, room = int(core_ptr[index + 1] - core_ptr[index]), _room(core, longest)
        if held > room:
            raise ImageError(
                f"image: core {index} holds {held} compartments and a delay of {longest} steps, "
                f"which takes {longest.bit_length()} bits; allowed: at most {room} compartments. "
                "Use smaller cores or shorter delays."
            )


def _check_represented(index: int, item: Synapses, form: SynapseFormat, core: CoreSpec) -> None:
    """Raise if a decoded weight is not exactly mantissa << shift << exponent."""
    given = np.broadcast_to(np.asarray(item.mantissa, dtype=np.int64), np.shape(item.pre))
    first, text = _lost(given, form, core)
    if text:
        target = np.broadcast_to(item.target, given.shape)[first]
        raise ImageError(
            f"synapse group {index}: synapse {first} ({item.source[:-1]} "
            f"{np.asarray(item.pre)[first]} to compartment {target}) has {text}"
        )


def _check_kernel(index: int, item: Convolution, core: CoreSpec) -> None:
    """Raise if a weight of a kernel is not exactly mantissa << shift << exponent."""
    first, text = _lost(item.kernel.ravel(), item.format, core)
    if text:
        where = tuple(map(int, np.unravel_index(first, item.kernel.shape)))
        raise ImageError(f"convolution {index}: kernel{list(where)} has {text}")


def _lost(given: Int16Array | Int64Array, form: SynapseFormat, core: CoreSpec) -> tuple[int, str]:
    """Return the first mantissa whose weight is not exact, and what to do; or no text."""
    low, high = mantissa_range(form.sign_mode, core)
    possible = np.arange(low, high + 1)
    exponent = form.weight_exponent + sum_shift(form, core)
    scale = max(0, -exponent)
    weights = decode_weights(possible, form, core).astype(np.int64) << scale
    exact = weights == (possible << core.weight_shift) << (exponent + scale)
    lost = ~exact[given - low]
    if not lost.any():
        return 0, ""
    first = int(np.argmax(lost))
    mantissa = int(given[first])
    below, above = possible[exact & (possible < mantissa)], possible[exact & (possible > mantissa)]
    nearest = " and ".join(str(value) for value in (*below[-1:], *above[:1]))
    return first, (
        f"mantissa {mantissa}, which {form.weight_bits} bits, "
        f"{form.sign_mode.name.lower()}, with exponent {form.weight_exponent} cannot represent; "
        f"nearest: {nearest}. Round it, or pass truncate=True to let the chip cut it."
    )
