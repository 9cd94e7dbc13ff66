"""A backfill asks each data set by itself, tells how far it is, and lands files with their span."""

import gzip
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import BEGINNING, Catalogue
from lakehouse.landing import LandingZone
from lakehouse.tables import TABLES
from lakehouse.tables.bronze import LANDINGS
from spark_jobs import backfill
from spark_jobs.backfill import Past
from spark_jobs.ingest import Ingested
from tests.small_lakehouse import utc
from tests.spark_jobs.answering import answering
from tests.spark_jobs.world import town_catalogue

NOW = utc("2024-10-18 07:15")
PAST = Past(utc("2023-11-15 00:00"), utc("2024-10-01 00:00"))


@pytest.fixture
def arrow(tmp_path: Path) -> ArrowTables:
    tables = ArrowTables(tmp_path)
    tables.create_missing(TABLES)
    return tables


def run(
    arrow: ArrowTables, tmp_path: Path, *broken: str, past: Past = PAST
) -> tuple[Ingested, list[httpx.Request], list[tuple[int, int, str]]]:
    told: list[tuple[int, int, str]] = []
    with answering(LandingZone(tmp_path / "landing"), broken) as (door, asked):
        done = backfill.run(
            arrow, town_catalogue(), door, past, lambda: NOW, "run", lambda *all: told.append(all)
        )
    return done, asked, told


def test_every_window_lands_and_is_told_of(arrow: ArrowTables, tmp_path: Path) -> None:
    done, asked, told = run(arrow, tmp_path)
    total = 4 * 3 + 323  # quarters of two energy data sets and of weather, and a run a day
    assert done.requests == done.landed == len(asked) == arrow.count(LANDINGS) == total
    assert [number for number, _, _ in told] == list(range(total + 1))
    assert {of for _, of, _ in told} == {total}
    again, asked, _ = run(arrow, tmp_path)
    assert (again.requests, asked) == (0, [])


def test_a_data_set_that_fails_stops_no_other_and_goes_on_next_time(
    arrow: ArrowTables, tmp_path: Path
) -> None:
    done, _, _ = run(arrow, tmp_path, "archive.test")
    assert len(done.problems) == 1
    assert "archive for town, 2023-10-01T00:00:00Z to 2024-01-01" in done.problems[0]
    assert {row["data_set"] for row in arrow.rows(LANDINGS)} == {"Load", "Price", "single_runs"}
    _, asked, _ = run(arrow, tmp_path)
    assert {request.url.host for request in asked} == {"archive.test"}
    assert len(asked) == 4


def test_what_was_killed_before_it_was_noted_is_not_asked_again(
    arrow: ArrowTables, tmp_path: Path
) -> None:
    """Every body is kept by itself at once; the table of the manifest may be behind."""

    class KilledError(BaseException):
        pass

    def fatal(self: Any, table: Any, rows: Any) -> int:
        if rows:
            raise KilledError
        return 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ArrowTables, "insert_new", fatal)
        with pytest.raises(KilledError):
            run(arrow, tmp_path)
    kept = len(LandingZone(tmp_path / "landing").manifest())
    assert kept >= 20
    assert arrow.count(LANDINGS) == 0
    done, asked, _ = run(arrow, tmp_path)
    assert len(asked) == done.requests == 12 + 323 - kept
    assert arrow.count(LANDINGS) == 12 + 323


def test_a_source_that_is_chosen_is_asked_alone(arrow: ArrowTables, tmp_path: Path) -> None:
    chosen = Past(PAST.first, PAST.last, data_sets=("Price",))
    _, asked, _ = run(arrow, tmp_path, past=chosen)
    assert {request.url.path for request in asked} == {"/dataset/Price"}


def with_files(timezone: str) -> Catalogue:
    given = town_catalogue().model_dump()
    given["data_sets"]["Price"] |= {"timezone": timezone}
    more = given["series"]["town.price"] | {"series_id": "other", "source_key": ("other",)}
    given["series"]["other"] = more
    return Catalogue.model_validate(given)


@pytest.mark.parametrize(
    ("timezone", "text", "window", "asked"),
    [
        (
            "UTC",
            "HourUTC;k;v\n2024-10-02T10:00;k;1,5\n2024-10-01T10:00;k;2\n",
            (utc("2024-10-01 10:00"), utc("2024-10-02 11:00")),
            ["k"],
        ),
        (
            "Europe/Copenhagen",
            "HourUTC,k,v\n2024-10-01 00:00,k,1\n2024-10-01 05:00,other,2\n",
            (utc("2024-09-30 22:00"), utc("2024-10-01 04:00")),
            ["k", "other"],
        ),
        (
            "+01:00",
            "HourUTC,k,v\n2024-10-01T00:00,k,1\n",
            (utc("2024-09-30 23:00"), utc("2024-10-01 00:00")),
            ["k"],
        ),
        ("UTC", "HourUTC,k,v\nsoon,nobody,1\n", (BEGINNING, NOW), ["k", "other"]),
    ],
)
def test_a_file_lands_with_the_span_and_the_keys_that_it_holds(
    arrow: ArrowTables,
    tmp_path: Path,
    timezone: str,
    text: str,
    window: tuple[datetime, datetime],
    asked: list[str],
) -> None:
    file = tmp_path / "prices.csv.gz"
    file.write_bytes(gzip.compress(text.encode()))
    zone, catalogue = LandingZone(tmp_path / "landing"), with_files(timezone)
    row = backfill.land_file(arrow, zone, catalogue, file, "Price", NOW, "run")
    assert row
    assert zone.path(row["body_path"]).read_bytes() == file.read_bytes()
    assert (row["window_start"], row["window_end"]) == window
    assert (row["asked"], row["source"]) == (asked, "energi_data_service")
    later = NOW + timedelta(days=1)
    assert backfill.land_file(arrow, zone, catalogue, file, "Price", later, "run") is None
    assert arrow.rows(LANDINGS) == zone.manifest() == [row]
