"""The tags of synapses that learn, in the memory of a core.

nengo-loihi 1.1.0, which ran on the chip, counts the tag of a synapse like its weight and its delay.
Where a core keeps rules and traces is not published, and they are not counted.
"""

from __future__ import annotations

from ..learning import LearningRule

__all__ = ["tag_bits_of"]


def tag_bits_of(rule: LearningRule | None) -> int:
    """Return the bits of the tag of a synapse: those of its range, or 0 if its rule has no tag.

    The chip can store tags of several widths (nengo-loihi: a code of 2 bits); of how many bits is
    not published.
    """
    if rule is None or rule.spec.tag_limits is None or not (rule.dt or "t" in rule.used):
        return 0
    low, high = rule.spec.tag_limits
    return 1 + max((-low - 1).bit_length(), high.bit_length())
