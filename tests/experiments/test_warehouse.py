"""Rows that stay in a warehouse come to the same sums as rows that are sent to us."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from eventlog.core import Refused
from experiments import queries
from experiments.models import Bin, Cell, Exposure, ExposureCount, Outcome, UnitValue
from experiments.queries import Sums
from experiments.warehouse.aggregation import Asked, Rows
from experiments.warehouse.pulling import pull
from experiments.warehouse.sources import BadSource, Warehouse, connect, read
from tests.experiments.studies import define, start
from tests.experiments.test_sums import METRICS, take

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLES = """
[exposures]
table = "{met}"
unit = "user_id"
variation = "arm"
time = "seen_at"
attributes = {{country = "land"}}
where = {{test = "exp"}}

[outcomes.purchase]
table = "{done}"
unit = "user_id"
time = "happened_at"
value = "amount"
where = {{what = "purchase"}}

[outcomes.visit]
table = "{done}"
unit = "user_id"
time = "happened_at"
where = {{what = "visit"}}
"""
ARMS = ("a", "b")


def world(seed: int, units: int = 120) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Who met what when, and what they did: some twice, some in both arms, some before."""
    made = random.Random(seed)
    met, done = [], []
    for number in range(units):
        arm, land = made.choice(ARMS), made.choice(["FI", "SE"])
        at = START + timedelta(minutes=made.randrange(4_000))
        met.append(("exp", f"u{number}", arm, at, land))
        if made.random() < 0.2:
            met.append(("exp", f"u{number}", arm, at + timedelta(hours=2), "NO"))
        if made.random() < 0.1:
            other = ARMS[arm == "a"]
            met.append(("exp", f"u{number}", other, at + timedelta(hours=1), land))
        met.append(("another", f"u{number}", "c", at, land))
        for what in ("purchase", "visit"):
            for _ in range(made.randrange(4)):
                hours = made.uniform(-24 * 9, 24 * 3)
                value = round(1e8 + made.gauss(0, 3), 2) if what == "purchase" else 1.0
                done.append((f"u{number}", what, at + timedelta(hours=hours), value))
    done.append(("stranger", "purchase", START, 1.0))
    columns = ["test", "user_id", "arm", "seen_at", "land"]
    return (
        pd.DataFrame(met, columns=columns).sample(frac=1, random_state=seed),
        pd.DataFrame(done, columns=["user_id", "what", "happened_at", "amount"]),
    )


@pytest.fixture
def running(db: None) -> None:
    """A running experiment with a metric of each kind; the caps are about sums as they come."""
    metrics = {key: dict(one) for key, one in METRICS.items()}
    metrics["capped"] = {"aggregation": "sum", "source": "purchase", "cap": "150000000"}
    start("exp", define(metrics), slices=["country"])


def sent(met: pd.DataFrame, done: pd.DataFrame) -> None:
    """The same rows on the doors."""
    mine = met[met.test == "exp"].sort_values("seen_at")
    take(
        [
            {
                "kind": "exposure",
                "experiment": "exp",
                "phase": "1",
                "unit": row.user_id,
                "variation": row.arm,
                "time": row.seen_at.isoformat(),
                "attributes": {"country": row.land},
            }
            for row in mine.itertuples()
        ]
    )
    take(
        [
            {
                "kind": "outcome",
                "source": row.what,
                "unit": row.user_id,
                "time": row.happened_at.isoformat(),
                "value": row.amount,
                "id": str(number),
            }
            for number, row in enumerate(done.itertuples())
        ]
    )


def forget() -> None:
    for model in (Exposure, ExposureCount, Outcome, UnitValue, Cell, Bin):
        model.objects.all().delete()


@pytest.fixture(params=["DuckDB over Parquet", "PostgreSQL"])
def warehouse(
    request: pytest.FixtureRequest, tmp_path: Path, owner: psycopg.Connection[Any]
) -> Iterator[tuple[Any, str, Any]]:
    """A way to put frames there, the text that names the tables, and the connection."""
    if request.param != "PostgreSQL":
        met, done = tmp_path / "met.parquet", tmp_path / "done.parquet"

        def keep(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
            for frame, path in zip(frames, (met, done), strict=True):
                frame.to_parquet(path)

        yield keep, TABLES.format(met=met, done=done), connect("duckdb://")
        return
    owner.execute("SET lock_timeout = '5s'")
    owner.execute("DROP SCHEMA IF EXISTS shop CASCADE")
    owner.execute("CREATE SCHEMA shop")
    parts = connection.settings_dict
    asked = {"host": parts["HOST"], "port": parts["PORT"], "password": parts["PASSWORD"]}
    address = f"postgresql://{parts['USER']}@/{parts['NAME']}?{urlencode(asked)}"
    backend = connect(address)

    def load(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
        shapes = (
            "met (test text, user_id text, arm text, seen_at timestamptz, land text)",
            "done (user_id text, what text, happened_at timestamptz, amount double precision)",
        )
        for frame, shape in zip(frames, shapes, strict=True):
            name = shape.partition(" ")[0]
            owner.execute(f"DROP TABLE IF EXISTS shop.{name}")
            owner.execute(f"CREATE TABLE shop.{shape}")
            with owner.cursor().copy(f"COPY shop.{name} FROM STDIN") as copy:
                for row in frame.itertuples(index=False):
                    copy.write_row(row)
            owner.execute(f"ANALYZE shop.{name}")

    yield load, TABLES.format(met="shop.met", done="shop.done"), backend
    backend.disconnect()
    owner.execute("DROP SCHEMA shop CASCADE")


def assert_same(found: dict[str, Sums], expected: dict[str, Sums]) -> None:
    assert found.keys() == expected.keys()
    for metric, sums in expected.items():
        groups = [(found[metric].all, sums.all)]
        groups += [(found[metric].by_slice[key], arms) for key, arms in sums.by_slice.items()]
        groups += [(found[metric].by_day[key], arms) for key, arms in sums.by_day.items()]
        for mine, theirs in groups:
            assert mine.keys() == theirs.keys()
            for arm, moments in theirs.items():
                for name in ("x", "y"):
                    one, other = getattr(mine[arm], name), getattr(moments, name)
                    assert one.n == other.n
                    assert one.mean == pytest.approx(other.mean, rel=1e-12, abs=1e-9), metric
                    assert one.m2 == pytest.approx(other.m2, rel=1e-9, abs=1e-4), metric


@pytest.mark.usefixtures("running")
def test_pulled_rows_come_to_the_same_as_sent_ones(warehouse: Any) -> None:
    keep, text, backend = warehouse
    met, done = world(3)
    sent(met, done)
    sums, bins = queries.sums_of("exp", 1), queries.bins_of("exp", 1)
    units = queries.units_of("exp", 1)
    assert sum(several for _, several in units.values()) > 3
    forget()
    keep((met, done))
    rows = Rows(backend, read(text))
    at = START + timedelta(days=30)
    first = pull("exp", rows, at)
    assert first.units == 120
    assert_same(queries.sums_of("exp", 1), sums)
    assert queries.bins_of("exp", 1) == bins
    assert queries.units_of("exp", 1) == units
    assert pull("exp", rows, at) == first
    assert_same(queries.sums_of("exp", 1), sums)


@pytest.mark.usefixtures("running")
def test_times_without_a_zone_are_in_utc(tmp_path: Path) -> None:
    text = TABLES.format(met=tmp_path / "met.parquet", done=tmp_path / "done.parquet")
    found = []
    for zone in ("UTC", None, "Asia/Tokyo"):
        met, done = world(8)
        for frame, name in ((met, "seen_at"), (done, "happened_at")):
            frame[name] = frame[name].dt.tz_convert(zone)
        met.to_parquet(tmp_path / "met.parquet")
        done.to_parquet(tmp_path / "done.parquet")
        pull("exp", Rows(connect("duckdb://"), read(text)), START)
        found.append(queries.sums_of("exp", 1))
    assert_same(found[1], found[0])
    assert_same(found[2], found[0])


@pytest.mark.usefixtures("running")
def test_what_comes_late_is_in_the_next_pull(warehouse: Any) -> None:
    keep, text, backend = warehouse
    met, done = world(4)
    keep((met, done.head(50)))
    pull("exp", Rows(backend, read(text)), START)
    before = queries.sums_of("exp", 1)["purchases"].all["a"].x.mean
    keep((met, done))
    pull("exp", Rows(backend, read(text)), START)
    after = queries.sums_of("exp", 1)["purchases"].all["a"].x.mean
    assert after > before


def test_variances_beside_a_large_mean_are_right(warehouse: Any) -> None:
    keep, text, backend = warehouse
    chance = np.random.default_rng(1)
    values = 1e8 + chance.normal(0, 1, 2_000)
    met = pd.DataFrame(
        {
            "test": "exp",
            "user_id": [f"u{n}" for n in range(2_000)],
            "arm": "a",
            "seen_at": START,
            "land": "FI",
        }
    )
    done = pd.DataFrame(
        {
            "user_id": met.user_id,
            "what": "purchase",
            "happened_at": START + timedelta(minutes=1),
            "amount": values,
        }
    )
    keep((met, done))
    (found,) = Rows(backend, read(text)).moments(Asked("m", "sum", "purchase"))
    assert found.n == 2_000
    assert found.xx / 2_000 == pytest.approx(np.var(values), rel=1e-6)


@pytest.mark.usefixtures("running")
def test_an_experiment_whose_units_are_sent_is_not_pulled(tmp_path: Path) -> None:
    met, done = world(5, 10)
    sent(met, done)
    before = list(Cell.objects.order_by("pk").values())
    met.to_parquet(tmp_path / "met.parquet")
    done.to_parquet(tmp_path / "done.parquet")
    text = TABLES.format(met=tmp_path / "met.parquet", done=tmp_path / "done.parquet")
    with pytest.raises(Refused, match="sent to us"):
        pull("exp", Rows(connect("duckdb://"), read(text)), START)
    assert list(Cell.objects.order_by("pk").values()) == before


UNITS = """
[units]
table = "{met}"
variation = "arm"
time = "seen_at"
attributes = {{country = "land"}}
values = {{spent = "amount", orders = "orders"}}
"""


@pytest.mark.django_db
def test_units_whose_values_are_known_need_no_join(tmp_path: Path) -> None:
    metrics = {
        "spent": {"aggregation": "sum", "source": "purchase", "cap": "20"},
        "orders": {"aggregation": "count", "source": "purchase"},
    }
    start("exp", define(metrics), slices=["country"])
    chance = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "arm": chance.choice(ARMS, 500),
            "seen_at": START,
            "land": chance.choice(["FI", "SE"], 500),
            "amount": chance.gamma(2, 5, 500),
            "orders": chance.poisson(1, 500),
        }
    )
    frame.to_parquet(tmp_path / "met.parquet")
    text = UNITS.format(met=tmp_path / "met.parquet")
    pulled = pull("exp", Rows(connect("duckdb://"), read(text)), START)
    assert pulled.units == 500
    for arm, mine in frame.groupby("arm"):
        found = queries.sums_of("exp", 1)["spent"].all[str(arm)].x
        capped = mine.amount.clip(upper=20)
        assert (found.n, found.mean) == (len(mine), pytest.approx(capped.mean()))
        assert found.m2 == pytest.approx(capped.var(ddof=0) * len(mine))
    assert set(queries.sums_of("exp", 1)["orders"].by_slice) == {"country=FI", "country=SE"}


def in_files(tmp_path: Path) -> str:
    met, done = world(6, 10)
    met.to_parquet(tmp_path / "met.parquet")
    done.to_parquet(tmp_path / "done.parquet")
    return TABLES.format(met=tmp_path / "met.parquet", done=tmp_path / "done.parquet")


@pytest.mark.usefixtures("running")
def test_the_command_says_what_it_brought(tmp_path: Path, capsys: Any) -> None:
    tables = tmp_path / "tables.toml"
    tables.write_text(in_files(tmp_path))
    call_command("pull_experiment", "exp", tables=tables)
    assert capsys.readouterr().out.startswith("exp, phase 1: 10 units, ")
    with pytest.raises(CommandError, match="no such experiment"):
        call_command("pull_experiment", "nothing", tables=tables)
    with pytest.raises(CommandError, match="No such file"):
        call_command("pull_experiment", "exp", tables=tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('unit = "user_id"', 'unit = "user"', "exposures.unit"),
        ("met.parquet", "not.parquet", "exposures.table"),
        ('land"}', 'country"}', "exposures.attributes.country"),
        ("where = {test", "where = {tests", "exposures.where"),
        ('variation = "arm"\n', "", "exposures.variation"),
        ('variation = "arm"', "variation = 3", "exposures.variation"),
        ("[outcomes.visit]", "[outcomes.visits]", "outcomes.visit"),
        ('value = "amount"', 'values = "amount"', "outcomes.purchase.values"),
        ("[exposures]", "[exposure]", "exposure"),
        ("[exposures]", "[exposures", "file"),
        ("[outcomes.visit]", "[units]", "units"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, old: str, new: str, field: str) -> None:
    text = in_files(tmp_path)
    assert old in text

    def look() -> None:
        rows = Rows(connect("duckdb://"), read(text.replace(old, new)))
        rows.moments(Asked("m", "ratio", "purchase", "visit"))

    with pytest.raises(BadSource) as refused:
        look()
    assert refused.value.field == field


def test_an_address_of_something_else_is_refused() -> None:
    with pytest.raises(BadSource, match="duckdb:// or postgresql://"):
        connect("mysql://shop")


def test_without_outcomes_there_is_nothing_to_read() -> None:
    with pytest.raises(BadSource) as refused:
        read('[exposures]\ntable = "t"\nunit = "u"\nvariation = "v"\ntime = "t"\n')
    assert refused.value.field == "outcomes"
    assert isinstance(read(TABLES.format(met="m", done="d")), Warehouse)
