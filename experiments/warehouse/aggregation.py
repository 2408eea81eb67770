"""Sums of an experiment, worked out where its rows are.

One expression of ibis joins outcomes to each unit's first exposure and brings a unit's value of a
metric to what `experiments.ingest.sums` makes of it: the same windows, caps and covariates, and no
unit that met several variations. What comes back are moments by variation, day and slice.

Variances and covariances are the database's own, which do not subtract sums of squares: DuckDB
follows Welford (Technometrics 4, 1962), PostgreSQL Youngs and Cramer (Technometrics 13, 1971).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from experiments.warehouse.sources import (
    BadSource,
    Exposures,
    Outcomes,
    Units,
    Warehouse,
    column,
    restricted,
    table,
)

if TYPE_CHECKING:
    from ibis.backends import BaseBackend
    from ibis.expr.types import Table

SMALLEST, LOG_GROWTH = 1e-9, 0.019802627296179712  # of the bins of quantiles; ln 1.02
LONGEST_SLICE = 100
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A metric as it is kept for a phase. What happened at `until` or later does not count."""

    metric: str
    aggregation: str
    source: str
    denominator: str = ""
    cap: float | None = None
    window_hours: int = 0
    before_days: int = 0
    slices: tuple[str, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of the units of a variation that were first exposed on a day, of one slice.

    `slice` is ``name=value``, empty for all of them; `xx`, `yy` and `xy` are about the means. The
    day is None where it is not known.
    """

    variation: str
    slice: str
    day: date | None
    n: int
    x: float
    xx: float
    y: float
    yy: float
    xy: float


class Rows:
    """The rows of one experiment in a warehouse. Raises `BadSource` where they cannot be read."""

    def __init__(self, backend: BaseBackend, warehouse: Warehouse):
        self._backend, self._warehouse = backend, warehouse
        if warehouse.exposures is not None:
            self._first = self._first_exposures(warehouse.exposures)
        elif warehouse.units is not None:
            self._first = self._given_units(warehouse.units)

    def units(self) -> dict[str, tuple[int, int]]:
        """Units that met each variation first, and how many of them met several."""
        first = self._first
        found = first.group_by("variation").agg(n=first.count(), several=first.several.sum())
        return {str(row["variation"]): (row["n"], int(row["several"])) for row in _rows(found)}

    def moments(self, asked: Asked) -> list[Moments]:
        """Moments of a metric, by variation, day and slice."""
        units = self._values(asked)
        cuts = [_moments_by(units, None)]
        cuts += [_moments_by(units, name) for name in asked.slices if name in self._attributes()]
        return [_as_moments(row) for cut in cuts for row in _rows(cut)]

    def bins(self, asked: Asked) -> list[tuple[str, int, int]]:
        """Variation, bin and units, for a metric that is a quantile."""
        import ibis

        units = self._values(asked)
        size = units.x.abs()
        steps = ((size / SMALLEST).ln() / LOG_GROWTH).floor() + 1
        number = ibis.ifelse(size < SMALLEST, 0, units.x.sign() * steps).cast("int64")
        cells = units.mutate(bin=number).group_by(["variation", "bin"])
        found = cells.agg(n=lambda rows: rows.count())
        return [(row["variation"], row["bin"], row["n"]) for row in _rows(found)]

    def _attributes(self) -> Iterable[str]:
        said = self._warehouse.exposures or self._warehouse.units
        return said.attributes if said is not None else ()

    def _given_units(self, said: Units) -> Table:
        """The rows of units as they are: nobody is in two variations there."""
        import ibis

        where = "units"
        given = restricted(table(self._backend, said.table, where), said.where, where)
        rows = given.select(
            variation=column(given, said.variation, f"{where}.variation"),
            **({"at": _utc(column(given, said.time, f"{where}.time"))} if said.time else {}),
            several=ibis.literal(0),
            **_attributes_of(given, said.attributes, where),
            **{
                f"value_{key}": column(given, its, f"{where}.values.{key}").cast("float64")
                for key, its in said.values.items()
            },
        )
        rows = rows.filter(rows.variation.notnull())
        return rows.filter(rows["at"].notnull()) if said.time else rows

    def _first_exposures(self, said: Exposures) -> Table:
        """A row for each unit: its variation, when it met it first, and its attributes then."""
        import ibis

        where = "exposures"
        given = restricted(table(self._backend, said.table, where), said.where, where)
        rows = given.select(
            unit=column(given, said.unit, f"{where}.unit").cast("string"),
            variation=column(given, said.variation, f"{where}.variation").cast("string"),
            at=_utc(column(given, said.time, f"{where}.time")),
            **_attributes_of(given, said.attributes, where),
        )
        rows = rows.filter(rows.unit.notnull(), rows.variation.notnull(), rows["at"].notnull())
        whole = ibis.window(group_by=rows.unit)
        in_time = ibis.window(group_by=rows.unit, order_by=[rows["at"], rows.variation])
        marked = rows.mutate(
            place=ibis.row_number().over(in_time),
            several=(rows.variation.min().over(whole) != rows.variation.max().over(whole)).cast(
                "int32"
            ),
        )
        return marked.filter(marked.place == 0).drop("place")

    def _values(self, asked: Asked) -> Table:
        """A row for each unit that counts: variation, day, attributes, and its `x` and `y`."""
        import ibis

        first = self._first.filter(self._first.several == 0)
        if asked.until is not None and "at" in first.columns:
            first = first.filter(first["at"] < ibis.literal(asked.until))
        if self._warehouse.units is not None:
            return self._given_values(asked, first)
        mine = self._done(asked, asked.source, first)
        units = first.left_join(mine, "unit")
        number, total, number_before, total_before = (
            units[name].fill_null(0)
            for name in ("number", "total", "number_before", "total_before")
        )
        if asked.aggregation == "ratio":
            others = self._done(asked, asked.denominator, first)
            others = others.select("unit", other=others.total)
            units = units.drop("unit_right").left_join(others, "unit")
            y = units.other.fill_null(0)
        else:
            y = {
                "mean": number,
                "conversion": (number_before > 0).cast("int32"),
                "count": _capped(number_before, asked.cap),
                "quantile": ibis.literal(0),
            }.get(asked.aggregation, _capped(total_before, asked.cap))
        x = {
            "conversion": (number > 0).cast("int32"),
            "count": _capped(number, asked.cap),
        }.get(asked.aggregation, _capped(total, asked.cap))
        return units.mutate(x=x.cast("float64"), y=y.cast("float64"), day=self._day(units))

    def _given_values(self, asked: Asked, first: Table) -> Table:
        """The values that a table of units has. A covariate or a second sum is not in it."""

        name = f"value_{asked.metric}"
        if name not in first.columns:
            raise BadSource(f"units.values.{asked.metric}", "is needed and is missing")
        if asked.aggregation in ("ratio", "mean"):
            sentence = f"a {asked.aggregation} needs exposures and outcomes"
            raise BadSource(f"units.values.{asked.metric}", sentence)
        given = first.filter(first[name].notnull())
        given = given.mutate(x=_capped(given[name], asked.cap))
        return given.mutate(day=self._day(given)) if "at" in given.columns else given

    def _day(self, rows: Table) -> Any:
        """Days since 1970 in UTC: a number, for a calendar in each row costs more than the rest."""
        import ibis

        seconds: Any = rows["at"].epoch_seconds()
        if self._backend.name == "duckdb":
            # It goes by way of a calendar from a time with a zone to one without.
            count = ibis.udf.scalar.builtin(
                _epoch, name="epoch", signature=((rows["at"].type(),), "float64")
            )
            seconds = count(rows["at"])
        return (seconds / 86_400).floor().cast("int64")

    def _done(self, asked: Asked, source: str, first: Table) -> Table:
        """What each unit did of a source: number and total since its exposure, and before it."""
        import ibis

        said = self._warehouse.outcomes.get(source)
        where = f"outcomes.{source}"
        if said is None:
            raise BadSource(where, f"is needed by the metric {asked.metric} and is missing")
        rows = _outcomes(self._backend, said, where)
        rows = rows.inner_join(first.select("unit", exposed_at=first["at"]), "unit")
        begin = rows.exposed_at - ibis.interval(days=asked.before_days)
        rows = rows.filter(rows.time >= begin)
        if asked.window_hours:
            end = rows.exposed_at + ibis.interval(hours=asked.window_hours)
            rows = rows.filter(rows.time < end)
        if asked.until is not None:
            rows = rows.filter(rows.time < ibis.literal(asked.until))
        is_after = rows.time >= rows.exposed_at
        return rows.group_by("unit").agg(
            number=is_after.cast("int32").sum(),
            total=ibis.ifelse(is_after, rows.value, 0.0).sum(),
            number_before=(~is_after).cast("int32").sum(),
            total_before=ibis.ifelse(is_after, 0.0, rows.value).sum(),
        )


def _attributes_of(given: Table, attributes: Mapping[str, str], where: str) -> dict[str, Any]:
    return {
        f"of_{name}": column(given, its, f"{where}.attributes.{name}").cast("string")
        for name, its in attributes.items()
    }


def _outcomes(backend: BaseBackend, said: Outcomes, where: str) -> Table:
    import ibis

    given = restricted(table(backend, said.table, where), said.where, where)
    value = column(given, said.value, f"{where}.value") if said.value else ibis.literal(1)
    rows = given.select(
        unit=column(given, said.unit, f"{where}.unit").cast("string"),
        time=_utc(column(given, said.time, f"{where}.time")),
        value=value.cast("float64"),
    )
    return rows.filter(rows.unit.notnull(), rows.time.notnull(), rows.value.notnull())


def _moments_by(units: Table, attribute: str | None) -> Table:
    """Moments by variation and day, and by the values of an attribute."""
    import ibis

    by = [name for name in ("variation", "day") if name in units.columns]
    if attribute is not None:
        its = units[f"of_{attribute}"]
        units = units.filter(its.notnull()).mutate(
            slice=ibis.literal(f"{attribute}=") + its.left(LONGEST_SLICE)
        )
        by.append("slice")
    n, x = units.count(), units.x
    found = {"n": n, "x": x.mean(), "xx": x.var(how="pop") * n.cast("float64")}
    if "y" in units.columns:
        y = units.y.cast("float64")
        found["y"] = y.mean()
        found["yy"] = y.var(how="pop") * n.cast("float64")
        found["xy"] = x.cov(y, how="pop") * n.cast("float64")
    return units.group_by(by).agg(**found)


def _capped(value: Any, cap: float | None) -> Any:
    import ibis

    return value.cast("float64") if cap is None else ibis.least(value.cast("float64"), cap)


def _utc(time: Any) -> Any:
    return time.cast("timestamp('UTC')")


def _epoch(at: Any) -> Any:
    """Seconds since 1970, a function of DuckDB."""


def _as_moments(row: dict[str, Any]) -> Moments:
    return Moments(
        variation=str(row["variation"]),
        slice=row.get("slice", ""),
        day=EPOCH + timedelta(days=row["day"]) if "day" in row else None,
        **{name: row.get(name, 0) for name in ("n", "x", "xx", "y", "yy", "xy")},
    )


def _rows(found: Table) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = found.to_pyarrow().to_pylist()
    return made
