"""The steps of a run, from its duration and what is left of its stimulus."""

from __future__ import annotations

from .._support.grid import is_later
from .._support.ranges import POSITIVE
from .._support.values import real
from ..errors import StimulusError
from ..network.plausible import check_part
from ..stimulus import Stimulus, count_steps

__all__ = ["steps_of_run"]


def steps_of_run(stimulus: Stimulus, dt: float, duration: float | None, step: int) -> int:
    """Return the steps of a run from ``step`` on, of ``duration`` ms or to the end of the stimulus.

    Raises
    ------
    StimulusError
        If there are none, or more than the stimulus has left.
    """
    left = stimulus.duration - step * dt
    if duration is None:
        n_steps = count_steps(stimulus.duration, dt) - step
    else:
        duration = real("run", "duration", duration, "ms", POSITIVE, error=StimulusError)
        n_steps = count_steps(duration, dt)
    if n_steps < 1 or is_later((step + n_steps) * dt, stimulus.duration, dt):
        what = "the duration of the stimulus" if step == 0 else "what is left of the stimulus"
        raise StimulusError(
            f"run: duration = {n_steps * dt:g} ms; allowed: at most {max(left, 0):g} ms, {what}."
        )
    if step == 0:
        check_part(stimulus.duration, n_steps * dt)
    return n_steps
