"""Runs Brian2 scripts on the emulated chip.

After this module is imported, ``set_device("neurochip")`` runs an unchanged script on the chip.
:func:`from_brian2` converts Brian2 objects for the rest of neurochip, and :func:`compare` runs a
network both in Brian2 and on the chip.
"""

from ..._support.shadowing import check_compiler
from ...errors import MissingExtraError

try:
    import brian2 as _brian2  # noqa: F401 - only to check that it can be imported
except (ImportError, AttributeError) as problem:  # an old Brian2 with a new NumPy: AttributeError
    raise MissingExtraError(
        f"neurochip.frontends.brian2: Brian2 cannot be imported ({problem}). It is an extra: "
        'pip install "neurochip[brian2]", which also installs a NumPy that it works with.'
    ) from None
else:
    check_compiler()

from .compare import compare
from .device import NeurochipDevice
from .importing import Imported, from_brian2, recorded_stimulus

__all__ = ["Imported", "NeurochipDevice", "compare", "from_brian2", "recorded_stimulus"]
