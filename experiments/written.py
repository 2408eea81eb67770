"""A report in Markdown: what was asked, whether it may be read, what was seen, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.analysis import Comparison, Report, as_percent, signed
from experiments.models import ExperimentRow
from experiments.state import Part

PARTS = {
    Part.PRIMARY: "Decides",
    Part.GUARDRAIL: "Must not get worse",
    Part.SECONDARY: "For learning",
}


def as_markdown(row: ExperimentRow, report: Report) -> str:
    """The whole report."""
    return "\n".join(_lines(row, report)) + "\n"


def _lines(row: ExperimentRow, report: Report) -> Iterator[str]:
    design = row.design
    yield f"# {escaped(row.title)}"
    yield ""
    yield f"Experiment `{row.key}`, phase {row.phase}, {row.status}. Flag `{row.flag}` in {row.environment}."
    yield ""
    yield f"**{escaped(report.verdict.sentence)}**"
    yield ""
    yield f"> {escaped(design['hypothesis'])}"
    yield ""
    yield (
        f"{report.units:,} of {report.planned:,} units; alpha {design['alpha']:g}, power"
        f" {design['power']:g}, smallest effect worth having {as_percent(design['smallest_effect'])}."
    )
    if row.changed_in_run:
        yield ""
        yield "The design was changed after there were data."
    yield ""
    yield "## May these results be read?"
    yield ""
    for check in report.checks:
        yield f"- {check.name}: {check.state}; {escaped(check.sentence)}"
    for part, title in PARTS.items():
        yield from _table(title, report.of(part))
    for one in report.slices:
        yield from _table(f"{one.name} by {one.attribute}: {one.sentence}", one.rows)
    for warning in report.warnings:
        yield f"- {escaped(warning)}"
    yield from _end(row)


def _table(title: str, rows: list[Comparison]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield f"## {escaped(title)}"
    yield ""
    yield "| Metric | Arm | Units | Control | Treatment | Effect | Interval | Reading |"
    yield "|---|---|---|---|---|---|---|---|"
    for one in rows:
        name = f"{one.name}, {one.slice}" if one.slice else one.name
        yield (
            f"| {escaped(name)} | {escaped(one.variation)} | {one.n_control:,} and {one.n:,} |"
            f" {value_text(one.control, one)} | {value_text(one.treatment, one)} |"
            f" {effect_text(one)} | {interval_text(one)} | {escaped(reading_text(one))} |"
        )


def _end(row: ExperimentRow) -> Iterator[str]:
    if row.stop:
        yield ""
        yield "## How it ended"
        yield ""
        yield f"Stopped for {row.stop['cause']}: {escaped(row.stop['reason'])}"
        if row.observed_at:
            yield f"Everybody was seen on the default after {row.observation['seconds']:.1f} s."
    if row.decision:
        said = row.decision
        what = escaped(f"{said['decision']} {said['variation']}".strip())
        yield ""
        yield f"Decided: **{what}**. {escaped(said['reason'])}"


def value_text(value: float, one: Comparison) -> str:
    """A metric's value in one arm."""
    if value != value:
        return "not known"
    if one.aggregation == "conversion":
        return f"{value * 100:.2f} %"
    unit = f" {escaped(one.unit)}" if one.unit else ""
    return f"{value:,.4g}{unit}"


def effect_text(one: Comparison) -> str:
    """The effect as a share of the control."""
    return "not known" if one.effect is None else as_percent(one.effect)


def interval_text(one: Comparison) -> str:
    """Its interval."""
    if one.lo is None or one.hi is None:
        return "none"
    only = ", one look" if one.is_fixed else ""
    return f"{signed(one.lo)} … {signed(one.hi)}{only}"


def reading_text(one: Comparison) -> str:
    """The reading with what stands behind it."""
    return f"{one.reading}, {one.sentence}" if one.sentence else one.reading


def escaped(text: str) -> str:
    """Text that says what it says and formats nothing."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|" else c for c in text).replace("\n", " ")
