"""Words and units of the axes and columns of sweeps, as figures show them.

Metrics have theirs in ``METRICS``, options of the compiler in ``OPTIONS`` and fields of a core in
:func:`neurochip.chip.core.field_label`; the rest is here. Parameters of users' functions keep their
names.
"""

from __future__ import annotations

from compiler import OPTIONS

from .._support.labels import Label, words
from ..chip.core import field_label
from ..validation import METRICS
from .axes import CORE
from .records import RESULT_COLUMNS

__all__ = ["axis_label", "column_label"]

_AXES = {"dt": Label("time step", "ms")}

_COLUMNS = {
    "size": Label("neurons"),
    "reference_rate": Label("rate in the reference", "Hz"),
    "chip_rate": Label("rate on the chip", "Hz"),
    "fine_rate": Label("rate in the fine reference", "Hz"),
    "noise_floor": Label("noise floor of the rate", "%"),
    "neuron_noise_floor": Label("noise floor of a neuron's rate", "%"),
    "quantisation_signed": Label("rate error of the registers", "%"),
    "quantisation_absolute": Label("rate error of a neuron, registers", "%"),
    "time_step_signed": Label("rate error of the time step", "%"),
    "time_step_absolute": Label("rate error of a neuron, time step", "%"),
    "total_signed": Label("rate error, total", "%"),
    "total_absolute": Label("rate error of a neuron, total", "%"),
}
_ENDS = {"_low": "_interval", "_high": "_interval"}


def axis_label(name: str) -> Label:
    """Return words and unit of an axis."""
    if name.startswith(CORE):
        return Label(field_label(name.removeprefix(CORE)))
    if name in OPTIONS:
        return Label(words(name), OPTIONS[name].unit)
    return _AXES.get(name, Label(name))


def column_label(name: str) -> Label:
    """Return words and unit of a column of results, or of an axis."""
    if name in _COLUMNS:
        return _COLUMNS[name]
    if name in METRICS:
        return METRICS[name].label
    if name in RESULT_COLUMNS and not name.endswith(tuple(_ENDS)):
        return Label(words(name))
    for end, whole in _ENDS.items():
        metric = METRICS.get(name.removesuffix(end) + whole)
        if name.endswith(end) and metric is not None:
            return Label(f"{metric.label.words}, {end[1:]} end", metric.label.unit)
    return axis_label(name)
