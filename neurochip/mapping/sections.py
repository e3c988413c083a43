"""A mapping and its costs as sections of a page: resources, traffic and energy."""

from __future__ import annotations

from .._display.notebook import Description, describes
from .._display.sections import Block, Paragraph, Picture, Section, Table
from .estimate import EnergyEstimate
from .plots import mapping_figure
from .report import MappingReport

__all__ = ["energy_section", "mapping_section"]


def mapping_section(report: MappingReport) -> Section:
    """Return the resources of the cores and the traffic between them, with their figure."""
    mean, largest = report.traffic.link_load
    east_west, north_south = report.traffic.hop_counts
    payloads = [("between cores, with a payload", f"{report.traffic.payloads_between_cores:.4g}")]
    if not report.traffic.payloads.any():
        payloads = []
    rows = []
    for name, used in report.usage.items():
        share = report.utilisation(name)
        fullest = int(share.argmax())
        rows.append(
            (
                name.replace("_", " "),
                f"{report.limits[name][fullest]:,}",
                f"{used[fullest]:,}",
                f"{used.mean():,.1f}",
                f"{share[fullest]:.1%}",
            )
        )
    blocks: list[Block] = [
        *(Paragraph(f"Does not fit: {sentence}", warning=True) for sentence in report.broken),
        Table(("resource of a core", "limit", "largest", "mean", "fullest core"), rows),
        Picture(mapping_figure(report), "Cores on the mesh, their resources, and their traffic."),
        Table(
            ("traffic per step", "messages"),
            [
                ("between cores", f"{report.traffic.between_cores:.4g}"),
                ("between chips", f"{report.traffic.between_chips:.4g}"),
                *payloads,
                ("from inputs", f"{report.traffic.from_outside.sum():.4g}"),
                ("hops east-west", f"{east_west:.4g}"),
                ("hops north-south", f"{north_south:.4g}"),
                ("load of a link, mean", f"{mean:.4g}"),
                ("load of a link, largest", f"{largest:.4g}"),
            ],
            f"Rates: {report.activity}.",
        ),
        *(Paragraph(f"No published figure: {note}.") for note in report.notes),
    ]
    return Section("Mapping", blocks)


def energy_section(estimate: EnergyEstimate) -> Section:
    """Return the energy of each kind of operation, and the time of a step."""
    rows = [
        (
            name.replace("_", " "),
            f"{joule:.3g} J",
            f"{joule / estimate.total:.0%}" if estimate.total else "-",
        )
        for name, joule in estimate.energy.items()
    ]
    sentences = [Paragraph(line.strip()) for line in str(estimate).splitlines()[1:]]
    table = Table(("operation", "energy", "share"), rows, f"Costs: {estimate.table.source}")
    return Section(f"Energy by {estimate.table.name}", [*sentences, table])


@describes(MappingReport)
def describe_mapping(report: MappingReport) -> Description:
    """Describe a mapping by its cores and its traffic."""
    return Description(str(report).splitlines()[0] + ".", [mapping_section(report)])


@describes(EnergyEstimate)
def describe_energy(estimate: EnergyEstimate) -> Description:
    """Describe an estimate by its energy and its time."""
    return Description(str(estimate).splitlines()[0] + ".", [energy_section(estimate)])
