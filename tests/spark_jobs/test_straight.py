"""A large batch in which nothing is wrong goes straight in, and all is as if it had not."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.catalogue import Catalogue
from lakehouse.spark.staged import Staged
from lakehouse.tables import Table
from lakehouse.tables.bronze import ENERGY_RECORDS, LANDINGS, QUARANTINE
from lakehouse.tables.silver import OBSERVATIONS
from lakehouse.time import DAY, HOUR
from spark_jobs import bronze, straight
from tests.small_lakehouse import SmallLakehouse, forget_logs, utc

START, FETCHED = utc("2023-01-01 00:00"), utc("2024-06-01 00:00")
DAYS = 4
AREAS = ("DK1", "DK2")
TABLES = (ENERGY_RECORDS, OBSERVATIONS, QUARANTINE)

Record = dict[str, Any]


@pytest.fixture
def live(catalogue: Catalogue) -> Catalogue:
    """The catalogue with prices whose usual publication is assumed: who asked first matters."""
    prices = catalogue.data_sets["Elspotprices"]
    assumed = tuple(p.model_copy(update={"basis": "assumed"}) for p in prices.publication)
    changed = prices.model_copy(update={"publication": assumed})
    return catalogue.model_copy(
        update={"data_sets": catalogue.data_sets | {"Elspotprices": changed}}
    )


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch counts as a large one."""
    monkeypatch.setattr(bronze, "_BULK_BYTES", 0)


@pytest.fixture
def other(spark: SparkSession, tmp_path: Path) -> Iterator[SmallLakehouse]:
    yield SmallLakehouse.create(spark, tmp_path / "other")
    forget_logs(spark)


def prices(first: datetime, last: datetime) -> list[Record]:
    """Prices as the service gives them: a value is a function of its area and hour."""
    hours = int((last - first) / HOUR)
    return [
        {
            "HourUTC": f"{time:%Y-%m-%dT%H:%M:%S}",
            "HourDK": f"{time + HOUR:%Y-%m-%dT%H:%M:%S}",
            "PriceArea": area,
            "SpotPriceEUR": round(((time - START) / HOUR * 7.25) % 90 - 5 + (area == "DK2"), 3),
            "Note": 'größer, "so": {1}',
        }
        for time in (first + i * HOUR for i in range(hours))
        for area in AREAS
    ]


def window(number: int) -> tuple[datetime, datetime]:
    return START + number * DAYS * DAY, START + (number + 1) * DAYS * DAY


def land(
    small: SmallLakehouse,
    number: int,
    records: Sequence[Record] | str,
    fetched_at: datetime = FETCHED,
    **how: Any,
) -> dict[str, Any]:
    """An answer to the window of a number."""
    body = records if isinstance(records, str) else json.dumps({"total": 1, "records": records})
    return small.land("Elspotprices", body, fetched_at, window(number), AREAS, **how)


def land_clean(small: SmallLakehouse) -> None:
    """Two windows that meet; one value is a gap."""
    for number in (0, 1):
        records = prices(*window(number))
        records[10]["SpotPriceEUR"] = None
        land(small, number, records)


def land_overlapping(small: SmallLakehouse) -> None:
    """Answers that reach three hours beyond their windows, fetched one after the other."""
    for number in (0, 1, 2):
        first, last = window(number)
        records = prices(first - 3 * HOUR, last + 3 * HOUR)
        land(small, number, records, FETCHED + number * HOUR)


def take_in(small: SmallLakehouse, catalogue: Catalogue) -> dict[str, int]:
    manifest = small.arrow.rows(LANDINGS)
    with small.tables.in_bulk():
        return straight.take_in(
            small.tables, small.arrow, small.zone, catalogue, manifest, manifest
        )


def content(small: SmallLakehouse, *tables: Table) -> dict[str, list[dict[str, Any]]]:
    return {table.name: small.rows(table) for table in tables or TABLES}


@pytest.mark.parametrize("landing", [land_clean, land_overlapping])
def test_the_straight_way_gives_what_the_careful_way_gives(
    small: SmallLakehouse,
    other: SmallLakehouse,
    live: Catalogue,
    monkeypatch: pytest.MonkeyPatch,
    landing: Callable[[SmallLakehouse], None],
) -> None:
    landing(other)
    careful = other.build(live)
    monkeypatch.setattr(bronze, "_BULK_BYTES", 0)
    landing(small)
    written = take_in(small, live)
    assert set(written) == {ENERGY_RECORDS.name, OBSERVATIONS.name, "gaps", "repeats"}
    assert content(small) == content(other)
    counted = {name: count for name, count in careful.written.items() if name in written}
    assert written == counted
    # Spark reads them alike, whatever it looks into first.
    found = small.tables.read(OBSERVATIONS).where("event_time >= '2023-01-03'").count()
    assert found == sum(
        r["event_time"] >= utc("2023-01-03 00:00") for r in small.rows(OBSERVATIONS)
    )


def changed(records: list[Record], place: int, **fields: Any) -> list[Record]:
    records[place] |= fields
    return records


def without(records: list[Record], place: int, name: str) -> list[Record]:
    del records[place][name]
    return records


DOUBTS: dict[str, Callable[[list[Record]], list[Record]]] = {
    "two values for one hour": lambda r: [*r, r[0] | {"SpotPriceEUR": 1e3}],
    "a record twice": lambda r: [*r, r[0]],
    "a value that is a word": lambda r: changed(r, 5, SpotPriceEUR="none"),
    "a value that is a text": lambda r: changed(r, 5, SpotPriceEUR="1.5"),
    "a value that is too large": lambda r: changed(r, 5, SpotPriceEUR=1e13),
    "an area of no series": lambda r: changed(r, 5, PriceArea="SE4"),
    "no time": lambda r: changed(r, 5, HourUTC=None),
    "a time off the grid": lambda r: changed(r, 5, HourUTC="2023-01-01T02:20:00"),
    "a field that lacks": lambda r: without(r, 5, "SpotPriceEUR"),
    "an hour out of the window": lambda r: changed(r, 50, HourUTC="2022-12-30T00:00:00"),
}


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("doubt", DOUBTS)
def test_where_a_record_is_in_doubt_silver_is_left_to_the_careful_way(
    small: SmallLakehouse, live: Catalogue, doubt: str
) -> None:
    land(small, 0, DOUBTS[doubt](prices(*window(0))))
    land(small, 1, prices(*window(1)))
    assert set(take_in(small, live)) == {ENERGY_RECORDS.name}
    assert small.rows(OBSERVATIONS) == []
    assert nothing_is_left_staged(small)


WHOLE = json.dumps({"records": prices(*window(0))})


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    ("body", "how"),
    [
        (WHOLE[:-20], {}),
        (f"[{WHOLE}]", {}),
        ("<html>", {}),
        ('{"records": [1]}', {}),
        ('{"records": []}', {}),
        (WHOLE, {"status": 500}),
        (WHOLE, {"content_type": "text/html"}),
    ],
    ids=["truncated", "a list", "HTML", "no objects", "empty", "status 500", "no JSON by its type"],
)
def test_where_a_body_is_in_doubt_all_is_left_to_the_careful_way(
    small: SmallLakehouse, live: Catalogue, body: str, how: dict[str, Any]
) -> None:
    land(small, 0, body, **how)
    land(small, 1, prices(*window(1)))
    assert take_in(small, live) == {}
    assert content(small) == {table.name: [] for table in TABLES}
    assert nothing_is_left_staged(small)


def nothing_is_left_staged(small: SmallLakehouse) -> bool:
    """Whether each Parquet file of the tables is one that they name."""
    tables = (ENERGY_RECORDS, OBSERVATIONS)
    named = {Path(uri) for table in tables for uri in small.arrow.open(table).file_uris()}
    return named == {file for t in tables for file in small.arrow.path(t).rglob("*.parquet")}


@pytest.mark.usefixtures("large")
def test_time_that_somebody_asked_for_before_is_left_to_the_careful_way(
    small: SmallLakehouse, live: Catalogue
) -> None:
    land(small, 0, prices(*window(0)))
    small.build(live)
    land(small, 0, changed(prices(*window(0)), 3, SpotPriceEUR=77.0), FETCHED + DAY)
    small.build(live)
    again = [row for row in small.rows(OBSERVATIONS) if row["recorded_at"] == FETCHED + DAY]
    assert [(row["value"], row["available_basis"]) for row in again] == [(77.0, "observed")]


@pytest.mark.usefixtures("large")
def test_killed_before_silver_had_its_rows_it_ends_as_if_undisturbed(
    small: SmallLakehouse, other: SmallLakehouse, live: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_overlapping(other)
    other.build(live)
    land_overlapping(small)
    commit = Staged.commit

    def killed(staged: Staged) -> int:
        if staged._table is OBSERVATIONS:
            raise KeyboardInterrupt
        return commit(staged)

    monkeypatch.setattr(Staged, "commit", killed)
    with pytest.raises(KeyboardInterrupt):
        small.build(live)
    monkeypatch.setattr(Staged, "commit", commit)
    assert small.arrow.count(ENERGY_RECORDS) and not small.arrow.count(OBSERVATIONS)
    small.build(live)
    assert content(small) == content(other)
