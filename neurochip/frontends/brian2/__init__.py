"""Brian2 scripts on the emulated chip.

``set_device("neurochip")`` after importing this module runs an unchanged script;
:func:`from_brian2` gives its network to the rest of neurochip, and :func:`compare` runs it on both
sides.
"""

from ..._support.shadowing import check_compiler
from ...errors import MissingExtraError

try:
    import brian2 as _brian2  # noqa: F401 - only to see whether it can be imported
except (ImportError, AttributeError) as problem:  # an old Brian2 with a new NumPy: AttributeError
    raise MissingExtraError(
        f"neurochip.frontends.brian2: Brian2 cannot be imported ({problem}). It is an extra: "
        'pip install "neurochip[brian2]", which also chooses a NumPy that it works with.'
    ) from None
else:
    check_compiler()

from .compare import compare
from .device import NeurochipDevice
from .importing import Imported, from_brian2, recorded_stimulus

__all__ = ["Imported", "NeurochipDevice", "compare", "from_brian2", "recorded_stimulus"]
