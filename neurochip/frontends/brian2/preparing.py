"""Prepares the objects of a network for a run on the chip, without generating their code.

Brian2 prepares a run by checking each object and generating its code, which for a state updater
with the method ``exact`` takes seconds. On the chip only a few inputs run code of Brian2
(``inputs.py``), and these generate it themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from brian2.groups.group import CodeRunner

__all__ = ["prepare"]


def prepare(net: Any, namespace: Mapping[str, Any]) -> None:
    """Let Brian2 make all its checks before a run of a network, such as those of units.

    Parameters
    ----------
    net : brian2.Network
        Network that is about to run.
    namespace : dict
        Names of the caller of ``run``.

    Raises
    ------
    BrianObjectException
        From Brian2, if an object is not ready to run.
    """
    with _without_code(net):
        net.before_run(namespace)


@contextmanager
def _without_code(net: Any) -> Iterator[None]:
    """Let the objects of a network generate no code within the block."""
    runners = [obj for obj in net.sorted_objects if isinstance(obj, CodeRunner)]
    for runner in runners:
        runner.create_code_objects = lambda run_namespace: None  # noqa: ARG005 - Brian2's name
    try:
        yield
    finally:
        for runner in runners:
            del runner.create_code_objects
