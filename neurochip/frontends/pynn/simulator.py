"""The state of the simulator, under the names by which PyNN's common classes find it."""

from __future__ import annotations

from typing import Any

from pyNN import common

from ...chip.spec import LOIHI, ChipSpec
from ...errors import FrontendError
from ...image import ChipImage
from ...network import Network
from ...recording import Recording
from ...stimulus import Stimulus

__all__ = ["ID", "State", "name", "state"]

name = "neurochip"


class ID(int, common.IDMixin):
    """A neuron or a source: its number, counted over all populations, and its ``parent``."""


class State(common.control.BaseState):
    """Hold what belongs to the present simulation: time, options, and the objects of the script.

    Attributes
    ----------
    dt : float, ms
        Length of a step.
    step : int
        Index of the next step; ``t`` is its time in ms.
    chip : ChipSpec
        Chip to compile for.
    seed : int
        Seed of the random sources.
    conductances : str or None
        The option ``conductances`` of ``setup``.
    compile_options, emulator_options : dict
        Options of :func:`compiler.compile_network` and :class:`~neurochip.emulator.Emulator`.
    populations, projections, electrodes : list
        All populations and projections in order of creation; an electrode is a tuple (source,
        population, indices).
    recorders : set
        All recorders.
    stale : bool
        Whether the network must be read again before the next run, since :meth:`changed` was
        called.
    runs : Runs
        Runs on the chip.
    store : Store
        What the runs recorded.
    network, image, stimulus, recording, session
        The neurochip Network, the ChipImage with its compile report, the input and the spikes of
        the last run, and the session: None before the first run, or without neurons.
    reference : Recording or None
        The other run of the last comparison.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mpi_rank, self.num_processes = 0, 1
        self.dt = 0.1
        self.chip: ChipSpec = LOIHI
        self.seed = 42
        self.conductances: str | None = None
        self.compile_options: dict[str, Any] = {}
        self.emulator_options: dict[str, Any] = {}
        self.delays: tuple[Any, Any] = ("auto", "auto")
        self.runs: Any = None
        self.store: Any = None
        self.clear()

    @property
    def t(self) -> float:
        """Time in ms, rounded so that it equals the time of a spike in the last step."""
        return round(self.step * self.dt, 9)

    @property
    def min_delay(self) -> float:
        """Shortest delay (ms): as given to ``setup``, or that of all projections, or one step."""
        if self.delays[0] != "auto":
            return float(self.delays[0])
        used = [float(each.column("delay").min()) for each in self.projections if len(each)]
        return min(used, default=self.dt)

    @property
    def max_delay(self) -> float:
        """Longest delay (ms): as given to ``setup``, or the longest of the chip."""
        longest = round(self.chip.core.delay_max * self.dt, 9)
        return longest if self.delays[1] == "auto" else float(self.delays[1])

    @property
    def session(self) -> Any:
        """The session on the chip, or None."""
        return self.runs.session

    @property
    def network(self) -> Network | None:
        """The network of the last run."""
        return self.session and self.session.network  # type: ignore[no-any-return]

    @property
    def image(self) -> ChipImage | None:
        """The image of the last run."""
        return self.session and self.session.image  # type: ignore[no-any-return]

    @property
    def stimulus(self) -> Stimulus | None:
        """The input of the last run."""
        return self.runs.stimulus  # type: ignore[no-any-return]

    @property
    def recording(self) -> Recording | None:
        """The spikes of the last run."""
        return self.runs.recording  # type: ignore[no-any-return]

    @property
    def reference(self) -> Recording | None:
        """The other run of the last comparison."""
        return self.runs.reference  # type: ignore[no-any-return]

    def changed(self) -> None:
        """Read the network again before the next run, since a part of it was changed."""
        self.stale = True

    def check_present(self, cells: Any) -> None:
        """Raise unless cells were made since the last ``setup``, which forgets those before.

        Their numbers and names may be those of other cells now.

        Parameters
        ----------
        cells : Population, PopulationView, Assembly or sequence of ID
            The cells.

        Raises
        ------
        FrontendError
            If a population of theirs was made before.
        """
        parts = [cells] if hasattr(cells, "all_cells") else [cell.parent for cell in cells]
        for population in getattr(cells, "populations", parts):
            if population.recorder not in self.recorders:
                raise FrontendError(
                    f"{type(population).__name__} {population.label!r} was made before the last "
                    "setup(), which forgot it; allowed: populations made since. Make it again."
                )

    def run_until(self, tstop: float) -> None:
        """Run until a time (ms)."""
        self.runs.run_until(tstop)

    def clear(self) -> None:
        """Forget all objects of the script."""
        self.recorders: set[Any] = set()
        self.write_on_end: list[Any] = []
        self.populations: list[Any] = []
        self.projections: list[Any] = []
        self.electrodes: list[Any] = []
        self.id_counter = 0
        self.step = 0
        self.stale = True
        self.segment_counter = -1
        self.runs = self.store = None
        self.reset()

    def reset(self) -> None:
        """Go back to time 0, and begin a new segment; parameters stay as they are."""
        self.running = False
        self.t_start = 0
        self.step = 0
        self.segment_counter += 1
        if self.runs is not None:
            self.runs.reset()
            self.store.clear()


state = State()
