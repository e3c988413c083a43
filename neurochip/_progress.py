"""Progress of long runs, for the one who waits at a terminal."""

from __future__ import annotations

from tqdm import tqdm

__all__ = ["progress_bar"]

_PATIENCE = 2.0  # s: a run that is over before that shows nothing


def progress_bar(
    total: int, label: str, progress: bool | None = None, unit: str = "step", done: int = 0
) -> tqdm[None]:
    """Return a bar that counts steps, or other units, on stderr, for a ``with`` block.

    Parameters
    ----------
    total : int
        Steps of the whole run.
    label : str
        Stands before the bar.
    progress : bool, optional
        True shows it at once and False never. Default: where stderr is a terminal, once the run
        has taken two seconds.
    unit : str
        What is counted.
    done : int
        How many an earlier run has done.
    """
    return tqdm(
        total=total,
        initial=done,
        desc=label,
        unit=unit,
        unit_scale=True,
        dynamic_ncols=True,
        disable=None if progress is None else not progress,
        delay=_PATIENCE if progress is None else 0.0,
    )
