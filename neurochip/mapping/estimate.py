"""The estimated energy and time of a run: numbers and text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._support.brief import line
from .._support.text import counted, si
from ..typing import Float64Array
from .costs import CostTable

__all__ = ["EnergyEstimate"]


@dataclass(frozen=True, eq=False)
class EnergyEstimate:
    """Estimated energy and time of a run, by one table of costs.

    Parameters
    ----------
    table : CostTable
        Costs of the operations.
    dt : float, ms
        Time step of the model.
    n_steps, n_cores, n_chips : int
        Steps of the run, and the cores and chips in use.
    counts : dict of str to int
        Operations of the whole run: ``updates_inactive``, ``updates_active``, ``synaptic_events``,
        ``spikes``, ``messages`` (sent by neurons, also to their own core), ``messages_in``
        (received by cores, also from inputs), ``messages_within_tile``, ``hops_east_west``,
        ``hops_north_south``, ``barriers``. If neurons run programs, also ``program_updates``, and
        of the synaptic events and messages those that carry a payload, ``graded_events`` and
        ``payloads``. If synapses learn, also ``learning_updates``: of a synapse in an epoch with a
        spike, or at a time, that changes it.
    energy : dict of str to float, J
        Dynamic energy of the whole run by kind of operation.
    step_times : ndarray of float64, shape (n_steps,), s
        Estimated time of each step: slowest core, mesh and barrier.
    mesh_time, barrier_time : float, s
        Parts of each step time for mesh and barrier; equal in all steps.
    unpriced : tuple of str
        Names of counts whose cost is not published, so that neither energy nor time includes them.
    notes : tuple of str
        Sentences on what the estimate leaves out or assumes.
    """

    table: CostTable
    dt: float
    n_steps: int
    n_cores: int
    n_chips: int
    counts: Mapping[str, int]
    energy: Mapping[str, float]
    step_times: Float64Array
    mesh_time: float
    barrier_time: float
    unpriced: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """Dynamic energy of the run in J, without static power."""
        return sum(self.energy.values())

    @property
    def per_step(self) -> float:
        """Mean dynamic energy of a step in J."""
        return self.total / self.n_steps

    @property
    def per_event(self) -> float:
        """Total dynamic energy per synaptic event in J; NaN without events."""
        events = self.counts["synaptic_events"]
        return self.total / events if events else float("nan")

    @property
    def step_time(self) -> float:
        """Mean time of a step in s."""
        return float(self.step_times.mean())

    @property
    def static_energy(self) -> tuple[float, float]:
        """Lowest and highest static energy of the run in J; not part of any sum."""
        seconds = float(self.step_times.sum()) * self.n_chips
        return self.table.static[0] * seconds, self.table.static[1] * seconds

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as plain lists and dicts, ready for JSON."""
        return {
            "estimate": True,
            "table": self.table.name,
            "source": self.table.source,
            "dt_ms": self.dt,
            "steps": self.n_steps,
            "cores": self.n_cores,
            "chips": self.n_chips,
            "counts": dict(self.counts),
            "energy_joule": dict(self.energy),
            "total_joule": self.total,
            "static_joule": list(self.static_energy),
            "step_time_second": self.step_time,
            "mesh_time_second": self.mesh_time,
            "barrier_time_second": self.barrier_time,
            "unpriced": list(self.unpriced),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        low, high = self.static_energy
        core = self.step_time - self.mesh_time - self.barrier_time
        terms = ", ".join(
            f"{name.replace('_', ' ')} {value / self.total:.0%}"
            for name, value in sorted(self.energy.items(), key=lambda item: -item[1])
            if value >= 0.005 * self.total and value > 0
        )
        per_event = f"{si(self.per_event)}J per synaptic event"
        faster = f"{self.dt * 1e-3 / self.step_time:.3g}" if self.step_time else "inf"
        least = most = ""
        if self.unpriced:
            least, most, per_event = "at least ", "at most ", "- per synaptic event"
        elif not self.counts["synaptic_events"]:
            per_event = "- per synaptic event"
        return "\n".join(
            [
                f"Estimate with the table {self.table.name!r} over {counted(self.n_steps, 'step')} "
                f"on {counted(self.n_cores, 'core')}, {counted(self.n_chips, 'chip')}",
                f"  dynamic energy {least}{si(self.total)}J: {si(self.per_step)}J per step, "
                f"{per_event}",
                f"  shares: {terms or '-'}",
                f"  step time {least}{si(self.step_time)}s: slowest core {si(core)}s, mesh "
                f"{si(self.mesh_time)}s, barrier {si(self.barrier_time)}s",
                f"    {most}{faster} times as fast as model time",
                f"  static energy, very uncertain and not included: {si(low)}J to {si(high)}J",
                *(f"  {note}" for note in self.notes),
            ]
        )

    def __repr__(self) -> str:
        least = "at least " if self.unpriced else ""
        return line(
            self,
            self.table.name,
            f"{least}{si(self.total)}J",
            f"{si(self.per_step)}J per step",
            f"{si(self.step_time)}s per step",
        )
