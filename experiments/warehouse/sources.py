"""Where the rows are: a warehouse and the tables in it, by the names that its owner gave them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from ibis.backends import BaseBackend
    from ibis.expr.types import Table

FILES = (".parquet", ".csv")
INSTALL = "Needs ibis: install the extra `warehouse`."


class BadSource(ValueError):
    """What was said about a warehouse cannot be used; `field` names the place."""

    def __init__(self, field: str, message: str):
        super().__init__(f"{field}: {message}")
        self.field, self.message = field, message


@dataclass(frozen=True, slots=True)
class Exposures:
    """A table with a row for each time that a unit met an experiment.

    `attributes` are columns by the name that a slice has. Only rows with these values in columns
    `where` are read.
    """

    table: str
    unit: str
    variation: str
    time: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """A table with a row for each thing that a unit did; without `value` each counts as 1."""

    table: str
    unit: str
    time: str
    value: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Units:
    """A table with one row for each unit, whose values of metrics were worked out before.

    `time` is when it met the experiment first; without it there is nothing by day. `values` are
    columns by the key of a metric.
    """

    table: str
    variation: str
    values: Mapping[str, str]
    time: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Either units, or exposures and, by the name of their source, outcomes."""

    exposures: Exposures | None = None
    outcomes: Mapping[str, Outcomes] = field(default_factory=dict)
    units: Units | None = None


def read(text: str) -> Warehouse:
    """A warehouse as it stands in a TOML file. Raises `BadSource`."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSource("file", f"is not TOML: {error}") from error
    if unknown := sorted(said.keys() - {"exposures", "outcomes", "units"}):
        raise BadSource(unknown[0], "is not known; there are units, or exposures and outcomes")
    if "units" in said:
        if len(said) > 1:
            raise BadSource("units", "stand for exposures and outcomes; give one or the other")
        return Warehouse(units=_made(Units, said["units"], "units"))
    outcomes = said.get("outcomes", {})
    if not isinstance(outcomes, dict) or not outcomes:
        raise BadSource("outcomes", "needs a table for each source, such as [outcomes.purchase]")
    return Warehouse(
        _made(Exposures, said.get("exposures"), "exposures"),
        {name: _made(Outcomes, one, f"outcomes.{name}") for name, one in outcomes.items()},
    )


def _made(shape: type[Any], said: Any, where: str) -> Any:
    if not isinstance(said, dict):
        raise BadSource(where, "is missing")
    fields = shape.__dataclass_fields__
    if unknown := sorted(said.keys() - fields.keys()):
        raise BadSource(f"{where}.{unknown[0]}", f"is not known; there are {', '.join(fields)}")
    for name in fields:
        mapping = name in ("attributes", "where", "values")
        if name not in said:
            if fields[name].default is MISSING and fields[name].default_factory is MISSING:
                raise BadSource(f"{where}.{name}", "is required")
        elif not isinstance(said[name], dict if mapping else str):
            raise BadSource(f"{where}.{name}", "must be a table" if mapping else "must be a text")
    return shape(**said)


def connect(url: str) -> BaseBackend:
    """A warehouse by its address: ``duckdb://``, with the path of a file if need be, or PostgreSQL.

    Every time without a zone is taken for UTC. Raises `BadSource`.
    """
    try:
        import ibis
    except ImportError as error:
        raise BadSource("warehouse", INSTALL) from error
    scheme = urlsplit(url).scheme
    if scheme == "duckdb":
        backend: BaseBackend = ibis.duckdb.connect(url.removeprefix("duckdb://") or ":memory:")
        backend.raw_sql("SET TimeZone = 'UTC'")  # type: ignore[attr-defined]
        return backend
    if scheme in ("postgres", "postgresql"):
        parts = conninfo_to_dict(url)
        backend = ibis.postgres.connect(database=parts.pop("dbname", None), **parts)
        # No question leaves a transaction open that would keep the owner from changing a table.
        backend.con.autocommit = True
        backend.raw_sql("SET TIME ZONE 'UTC'")  # type: ignore[attr-defined]
        return backend
    raise BadSource("warehouse", "must begin with duckdb:// or postgresql://")


def table(backend: BaseBackend, name: str, where: str) -> Table:
    """A table by its name, perhaps with its schema, or the files of a pattern in DuckDB.

    Raises `BadSource` when there is none.
    """
    try:
        if name.endswith(FILES) and backend.name == "duckdb":
            read_file = backend.read_csv if name.endswith(".csv") else backend.read_parquet
            return read_file(name)
        schema, _, bare = name.rpartition(".")
        return backend.table(bare, database=schema or None)
    except Exception as error:
        raise BadSource(f"{where}.table", f"{name} cannot be read: {_first_line(error)}") from error


def column(rows: Table, name: str, where: str) -> Any:
    """A column. Raises `BadSource` that lists the ones there are."""
    if name not in rows.columns:
        raise BadSource(where, f"there is no column {name!r}; there are {', '.join(rows.columns)}")
    return rows[name]


def restricted(rows: Table, values: Mapping[str, Any], where: str) -> Table:
    """The rows with these values. Raises `BadSource`."""
    for name, value in values.items():
        rows = rows.filter(column(rows, name, f"{where}.where") == value)
    return rows


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
