"""Files: whatever clock and signs they are written with, their values end as vintages in UTC."""

import csv
import gzip
import io
from collections import Counter
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.landing import file_response
from lakehouse.tables.bronze import LANDINGS, QUARANTINE
from lakehouse.tables.silver import COVARIATES, OBSERVATIONS
from lakehouse.time import HOUR
from tests.small_lakehouse import SmallLakehouse, utc
from tests.spark_jobs.town import FETCHED, LATE, one_series

DAY_OF_25 = utc("2024-10-26 22:00")
OWN = {
    "name": "own",
    "source": "file",
    "time_column": "time",
    "value_column": "load",
    "unit": "MWh",
    "timezone": "Europe/Copenhagen",
    "publication": LATE,
}
OWN_SERIES = {"data_set": "own", "unit": "MWh"}


def land_file(small: SmallLakehouse, folder: Path, body: bytes, name: str = "own.csv") -> None:
    file = folder / name
    file.write_bytes(body)
    response = file_response(file, "file", "own", [""], FETCHED, (utc("1970-01-01 00:00"), FETCHED))
    small.arrow.insert_new(LANDINGS, [small.zone.write(response, "test")])


def table_of(rows: list[tuple[str, str]], delimiter: str = ";") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([("time", "load"), *rows])
    return text.getvalue().encode("utf-8-sig")


def values(small: SmallLakehouse) -> list[tuple[datetime, float]]:
    return [(row["event_time"], row["value"]) for row in small.rows(OBSERVATIONS)]


def clock_day_of_25() -> list[str]:
    return [f"2024-10-27 {h:02}:00" for h in (0, 1, 2, 2, *range(3, 24))]


@pytest.mark.parametrize("backwards", [False, True])
def test_the_repeated_hour_of_a_wall_clock_is_told_apart_by_its_place(
    small: SmallLakehouse, tmp_path: Path, backwards: bool
) -> None:
    rows = [(clock, f"{i},5") for i, clock in enumerate(clock_day_of_25())]
    land_file(small, tmp_path, table_of(rows[::-1] if backwards else rows))
    small.build(one_series(OWN_SERIES, own=OWN))
    assert values(small) == [(DAY_OF_25 + i * HOUR, i + 0.5) for i in range(25)]


def test_an_hour_the_clock_skipped_or_gives_once_of_two_is_refused(
    small: SmallLakehouse, tmp_path: Path
) -> None:
    rows = [
        ("2024-03-31 01:00", "1"), ("2024-03-31 02:00", "2"), ("2024-03-31 03:00", "3"),
        ("2024-10-27 01:00", "4"), ("2024-10-27 02:00", "5"), ("2024-10-27 03:00", "6"),
    ]  # fmt: skip
    land_file(small, tmp_path, table_of(rows))
    small.build(one_series(OWN_SERIES, own=OWN))
    assert [value for _, value in values(small)] == [1, 3, 4, 6]
    refused = {row["record_index"]: row for row in small.rows(QUARANTINE)}
    assert {i: row["rule"] for i, row in refused.items()} == {
        1: "local_time_exists",
        4: "local_time_told_apart",
    }
    assert "offset such as +01:00" in refused[1]["reason"]


def test_a_fixed_offset_has_24_hours_on_the_days_of_the_change(
    small: SmallLakehouse, tmp_path: Path
) -> None:
    rows = [(f"2024-03-31 {h:02}:00", str(h)) for h in range(24)]
    land_file(small, tmp_path, table_of(rows))
    small.build(one_series(OWN_SERIES, own=OWN | {"timezone": "+01:00"}))
    assert values(small) == [(utc("2024-03-30 23:00") + h * HOUR, h) for h in range(24)]


def test_a_file_s_gaps_are_gaps_its_repeats_repeats_and_its_damage_is_refused(
    small: SmallLakehouse, tmp_path: Path
) -> None:
    rows = [
        ("2024-06-01T00:00", "1,5"), ("2024-06-01T00:00", "1,5"),
        ("2024-06-01T01:00", "-"), ("2024-06-01T02:00", ""), ("2024-06-01T03:00", "n/e"),
        ("2024-06-01T04:00", "810.219.971"), ("30/04/2023", "1,0"), ("2024-06-01T05:00", "-2,25"),
    ]  # fmt: skip
    land_file(small, tmp_path, gzip.compress(table_of(rows)), "own.csv.gz")
    built = small.build(one_series(OWN_SERIES, own=OWN))
    assert [value for _, value in values(small)] == [1.5, -2.25]
    rules = Counter(row["rule"] for row in small.rows(QUARANTINE))
    assert rules == {"value_is_a_number": 1, "time_is_readable": 1}
    assert (built.written["repeats"], built.written["gaps"]) == (1, 3)


def test_parquet_with_zoned_times_is_read_as_it_is(small: SmallLakehouse, tmp_path: Path) -> None:
    times = pa.array([utc("2024-06-01 00:00"), utc("2024-06-01 01:00")], pa.timestamp("us", "UTC"))
    file = io.BytesIO()
    pq.write_table(pa.table({"time": times, "load": [1.25, None]}), file)
    land_file(small, tmp_path, file.getvalue(), "own.parquet")
    built = small.build(one_series(OWN_SERIES, own=OWN))
    assert values(small) == [(utc("2024-06-01 00:00"), 1.25)]
    assert built.written["gaps"] == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"PAR1 but no more", "not Parquet that can be read whole"),
        (b"time;load;load\n1;2;3\n", "more than once"),
        (b"time;load\n", "no record"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(
    small: SmallLakehouse, tmp_path: Path, body: bytes, told: str
) -> None:
    land_file(small, tmp_path, body)
    small.build(one_series(OWN_SERIES, own=OWN))
    refusals = small.rows(QUARANTINE)
    assert [row["record_index"] for row in refusals] == [-1]
    assert told in refusals[0]["reason"]


def test_known_columns_become_covariates_known_the_day_before(
    small: SmallLakehouse, tmp_path: Path
) -> None:
    known = {"rule": "day_before", "at": "08:00", "timezone": "Europe/Copenhagen"}
    data_set = OWN | {
        "known_columns": ["wind"],
        "known_publication": known | {"basis": "assumed"},
    }
    lines = ("2024-06-01T12:00,1,20", "2024-06-01T13:00,2,-", "2024-06-01T14:00,3,x",
             "2024-06-01T15:00,y,x")  # fmt: skip
    body = "\n".join(("time,load,wind", *lines)).encode()
    land_file(small, tmp_path, body)
    small.build(one_series(OWN_SERIES, own=data_set))
    assert [value for _, value in values(small)] == [1, 2, 3]
    [row] = small.rows(COVARIATES)
    assert (row["name"], row["event_time"], row["value"]) == ("wind", utc("2024-06-01 10:00"), 20)
    assert row["available_at"] == utc("2024-05-31 06:00")
    refused = small.rows(QUARANTINE)
    assert [(row["table"], row["record_index"]) for row in refused] == [
        (COVARIATES.name, 2),
        (COVARIATES.name, 3),
        (OBSERVATIONS.name, 3),
    ]
    assert {row["rule"] for row in refused} == {"value_is_a_number"}
