"""The report on one network on one chip, and the call that judges the network for it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from .._display.notebook import Description, describes
from .._display.sections import Block, Paragraph, Picture, Section, Table
from .._support.progress import progress_bar
from .._support.provenance import versions
from .._support.ranges import FRACTION
from .._support.values import instance, integer, items, real, shown, switch
from ..attribution import Attribution, LearningAttribution, attribute, attribute_learning
from ..attribution.sections import attribution_section, learning_attribution_section
from ..chip.spec import LOIHI, ChipSpec
from ..emulator import Emulator
from ..errors import AnalysisError, ChipOverflowWarning
from ..image.sections import compilation_section
from ..learned import LearningComparison, compare_learning
from ..learned.sections import learning_section
from ..network import Network
from ..reference import simulate_reference
from ..stimulus import draw_stimulus
from ..validation import (
    ActivityComparison,
    Equivalence,
    compare_activity,
    rate_equivalence,
)
from ..validation.answer import answer, lead, worst_first
from ..validation.sections import activity_section, comparison_sections
from .document import Report
from .judgement import MOST_SEED, Judgement, judge

__all__ = ["validate", "validation_report"]

_TOLERANCE = 0.05  # of the activity over several seeds
_DRAWN = 6  # populations with figures; the tables have all


def validate(
    network: Network,
    chip: ChipSpec = LOIHI,
    dt: float | str | None = None,
    *,
    duration: float = 1000.0,
    seed: int | Sequence[int] = 1,
    tolerance: float | None = None,
    attribution: bool = True,
    **options: Any,
) -> Report:
    """Compile a network, compare the chip with float64, and return one report.

    The network is run on the chip and in float64 with the same input. Rates, spikes and v are
    compared. The error is split into those of the time step and of the registers, and into its
    sources. If synapses learn, their weights are compared, too (:func:`compare_learning`), and the
    error of the weights is split instead (:func:`attribute_learning`). The command ``neurochip
    validate`` calls this function.

    Parameters
    ----------
    network : Network
        Network to compile.
    chip : ChipSpec
        The chip. Default: the first-generation chip.
    dt : float or "auto", ms, optional
        Time step of the chip, as for :func:`compile_network`.
    duration : float, ms, default 1000
        Length of the runs.
    seed : int or sequence of int, default 1
        Seed of the input. Several different seeds add the difference of the mean rates over seeds,
        and tests of the distributions of activity; to call them different takes at least 7. The
        rest of the report uses the first seed.
    tolerance : float, optional
        Largest acceptable difference in mean rate as a fraction (0.01 = 1 %), above 0 and at
        most 1; adds an equivalence test. Also the tolerance of the tests over several seeds, which
        is 5 % by default.
    attribution : bool, default True
        Split the error into its sources, which takes about 20 more float runs.
    **options
        Further options of :func:`judge`: ``fine_dt``, ``twins``, and those of
        :func:`compile_network`.

    Returns
    -------
    Report
        ``report.lead`` is the result in one sentence; ``report.write("report.html")`` writes the
        page and a JSON file with the numbers.

    Raises
    ------
    AnalysisError
        If an argument is not allowed, or the error cannot be split into its sources.
    CompileError
        If the network does not fit the chip.
    StimulusError
        If the duration or a step is not allowed.

    Examples
    --------
    >>> from neurochip import LIF, Network, Population, SpikeInput, one_to_one, validate
    >>> source, cells = SpikeInput("source", 1, [0, 0], [1.0, 2.0]), Population("cells", 1, LIF())
    >>> network = Network(inputs=[source], populations=[cells],
    ...                   connections=[one_to_one(source, cells, weight=1.5)])
    >>> validate(network, dt=1.0, duration=10.0, attribution=False).answers[0].verdict.value
    'silent'
    """
    instance("validate", "network", network, Network, "a Network", error=AnalysisError)
    instance("validate", "chip", chip, ChipSpec, "a ChipSpec", error=AnalysisError)
    seeds = _seeds(seed)
    if tolerance is not None:
        tolerance = real("validate", "tolerance", tolerance, within=FRACTION, error=AnalysisError)
    attribution = switch("validate", "attribution", attribution, error=AnalysisError)
    found = judge(network, chip, dt, duration=duration, seed=seeds[0], **options)
    return validation_report(
        found,
        tolerance=tolerance,
        attribution=_attribution(found, duration, seeds[0]) if attribution else None,
        learning=_learning(found, duration, seeds[0]),
        activity=_compare_seeds(found, duration, seeds, tolerance or _TOLERANCE),
    )


def validation_report(
    judgement: Judgement,
    *,
    tolerance: float | None = None,
    attribution: Attribution | LearningAttribution | None = None,
    activity: Sequence[ActivityComparison] = (),
    learning: LearningComparison | None = None,
) -> Report:
    """Return a report on a network on a chip.

    Parameters
    ----------
    judgement : Judgement
        The network, its image, both runs and their comparison.
    tolerance : float, optional
        Largest acceptable difference in mean rate (0.01 = 1 %); adds an equivalence test.
    attribution : Attribution or LearningAttribution, optional
        Attribution of the same run, or of what its synapses learned; adds the effect of each source
        of error.
    activity : sequence of ActivityComparison
        Comparisons of populations over several seeds; add their differences to the answers.
    learning : LearningComparison, optional
        Comparison of learned weights; adds what each connection learned.

    Returns
    -------
    Report
        ``report.write("report.html")`` writes the page and a JSON file beside it.
        ``dataclasses.replace(report, title=...)`` gives it another title.
    """
    image, comparison = judgement.image, judgement.comparison
    assert image.report is not None  # Judgement checks this
    items = list(comparison.populations.values())
    tests: dict[str, Equivalence] = {}
    if tolerance is not None:
        tests = {item.name: rate_equivalence(item, tolerance=tolerance) for item in items}
    over_seeds = {item.population: item.quantities["rate"].mean for item in activity}
    answers = worst_first(
        answer(item, comparison.dt, comparison.fine_dt, over_seeds.get(item.name)) for item in items
    )
    split = attribution if isinstance(attribution, LearningAttribution) else None
    sections = [
        *comparison_sections(comparison, answers, tests),
        Section("Figures", _figures(judgement)),
        *([learning_section(learning)] if learning is not None else []),
        *_split(attribution),
        *([activity_section(activity)] if activity else []),
        compilation_section(image.report),
    ]
    origin = {
        "image digest": image.digest(),
        "chip": image.chip.name,
        "dt (ms)": comparison.dt,
        "duration (ms)": comparison.duration,
        "fine_dt (ms)": comparison.fine_dt,
        "seed of the input": judgement.seed,
        "network": repr(judgement.network),
        **versions(),
    }
    sections.append(
        Section(
            "Provenance", [Table((), [(k, str(v)) for k, v in origin.items() if v is not None])]
        )
    )
    return Report(
        title=f"Validation on {image.chip.name}",
        lead="\n".join(
            [item.lead for item in (learning, split) if item is not None] + lead(answers)
        ),
        answers=answers,
        sections=sections,
        data={
            "provenance": origin,
            "comparison": {
                **comparison.to_dict(),
                "answers": {item.population: item.to_dict() for item in answers},
            },
            "equivalence": {name: test.to_dict() for name, test in tests.items()},
            "attribution": attribution.rows() if isinstance(attribution, Attribution) else None,
            "learning": None if learning is None else learning.to_dict(),
            "learning_attribution": None if split is None else split.to_dict(),
            "activity": [item.to_dict() for item in activity],
            "compile_report": image.report.to_dict(),
        },
    )


@describes(Judgement)
def describe_judgement(judgement: Judgement) -> Description:
    """Describe a judgement by its comparison and its compile report, without figures."""
    answers = judgement.comparison.answers
    sections = comparison_sections(judgement.comparison, answers)
    sections.append(compilation_section(judgement.image.report))
    return Description("\n".join(lead(answers)), sections)


def _figures(judgement: Judgement) -> list[Block]:
    runs = judgement.reference, judgement.chip
    blocks: list[Block] = []
    for population in judgement.network.populations[:_DRAWN]:
        name = population.name
        figure = judgement.comparison_figure(name)
        caption = f"{name}: spikes, v, rates and rate errors of reference and chip."
        blocks.append(Picture(figure, caption))
        if all((name, "v") in run.traces for run in runs):
            figure = judgement.membrane_figure(name)
            blocks.append(Picture(figure, f"{name}: raster and v of both runs."))
    left = len(judgement.network.populations) - _DRAWN
    if left > 0:
        blocks.append(Paragraph(f"{left} more populations are in the tables and in the JSON."))
    return blocks


def _seeds(seed: Any) -> list[int]:
    allowed = "an integer from 0 to 2**128 - 1, or a list of different ones"
    several = isinstance(seed, Sequence) and not isinstance(seed, str)
    given = items("validate", "seed", seed, allowed, error=AnalysisError) if several else (seed,)
    found = [
        integer(
            *("validate", "seed", item),
            at_least=0,
            at_most=MOST_SEED,
            allowed=allowed,
            error=AnalysisError,
        )
        for item in given
    ]
    if not found or len(set(found)) < len(found):
        raise AnalysisError(f"validate: seed = {shown(seed)}; allowed: {allowed}.")
    return found


def _split(attribution: Attribution | LearningAttribution | None) -> list[Section]:
    if isinstance(attribution, LearningAttribution):
        return [learning_attribution_section(attribution)]
    return [] if attribution is None else [attribution_section(attribution)]


def _learning(judgement: Judgement, duration: float, seed: int) -> LearningComparison | None:
    if not judgement.network.learns:
        return None
    stimulus = draw_stimulus(judgement.network, duration, seed)
    return compare_learning(judgement.network, judgement.image, stimulus)


def _attribution(
    judgement: Judgement, duration: float, seed: int
) -> Attribution | LearningAttribution:
    stimulus = draw_stimulus(judgement.network, duration, seed)
    if judgement.network.learns:
        return attribute_learning(judgement.network, stimulus, image=judgement.image)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ChipOverflowWarning)  # of a run that judge has made, too
        no_finer_grid = judgement.comparison.fine_dt is None
        options: dict[str, Any] = {"substeps": 1} if no_finer_grid else {}
        return attribute(judgement.network, stimulus, image=judgement.image, **options)


def _compare_seeds(
    judgement: Judgement, duration: float, seeds: Sequence[int], tolerance: float
) -> list[ActivityComparison]:
    """Run all seeds on both sides, and compare the activity of each population.

    Return an empty list for a single seed.
    """
    if len(seeds) < 2:
        return []
    network, dt = judgement.network, judgement.reference.dt
    stimuli = [draw_stimulus(network, duration, seed) for seed in seeds[1:]]
    references = [judgement.reference]  # of the first seed
    with progress_bar(len(stimuli), "seeds", unit="run") as bar:
        for stimulus in stimuli:
            references.append(simulate_reference(network, stimulus, dt, progress=False))
            bar.update()
    others = Emulator(judgement.image, warn=False).run_batch(stimuli)  # judge has warned
    chips = [judgement.chip, *others]
    return [
        compare_activity(references, chips, population.name, tolerance=tolerance)
        for population in network.populations
    ]
