"""Maintenance rewrites files and never content; what has nothing to gain is left alone."""

import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ageing import age
from lakehouse.arrow import ArrowTables
from lakehouse.tables import TABLES, Table
from lakehouse.tables.gold import FEATURES, PROMOTIONS
from lakehouse.time import DAY
from spark_jobs import maintain
from tests.small_lakehouse import SmallLakehouse, forget_logs, utc

START = utc("2024-10-18 07:30")


@pytest.fixture
def arrow(tmp_path: Path) -> ArrowTables:
    """Twelve commits each to a clustered table and to another, in no order of time."""
    tables = ArrowTables(tmp_path)
    tables.create_missing(TABLES)
    for i in (7, 2, 9, 4, 11, 0, 5, 10, 1, 8, 3, 6):
        origin = START + i * DAY
        known = {"covariates": {"load": float(i)}, "temperature_2m": None}
        tables.append(FEATURES, [FEATURES.row(forecast_origin=origin, **known)])
        tables.append(PROMOTIONS, [PROMOTIONS.row(decided_at=origin)])
    return tables


def content(arrow: ArrowTables, table: Table) -> list[str]:
    return sorted(str(row) for row in arrow.rows(table))


def files(arrow: ArrowTables, table: Table) -> list[str]:
    return sorted(Path(uri).name for uri in arrow.open(table).file_uris())


def versions(arrow: ArrowTables) -> dict[str, Any]:
    return {table.name: (arrow.version(table), files(arrow, table)) for table in TABLES}


def test_many_small_files_become_one_and_the_content_stays(arrow: ArrowTables) -> None:
    before = {table: content(arrow, table) for table in TABLES}
    done = {each.table: each for each in maintain.run(arrow, TABLES)}
    for table in (FEATURES, PROMOTIONS):
        assert (done[table.name].files_before, done[table.name].files_after) == (12, 1)
    assert {table: content(arrow, table) for table in TABLES} == before


def test_a_second_run_rewrites_nothing(arrow: ArrowTables) -> None:
    maintain.run(arrow, TABLES)
    once = versions(arrow)
    done = maintain.run(arrow, TABLES)
    assert versions(arrow) == once
    assert not any(each.is_changed for each in done)


def test_rows_lie_in_the_order_that_the_contract_clusters_by(arrow: ArrowTables) -> None:
    maintain.run(arrow, TABLES)
    origins = [row["forecast_origin"] for row in arrow.rows(FEATURES, ["forecast_origin"])]
    assert origins == sorted(origins)


def test_what_is_whole_is_never_written_again(
    arrow: ArrowTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A week's upkeep costs what the week brought, and not all that there is."""
    arrow.append(FEATURES, [FEATURES.row(series_id=str(i**3)) for i in range(9999)])
    maintain.run(arrow, [FEATURES])
    [whole] = arrow.open(FEATURES).get_add_actions(flatten=True).column("size_bytes").to_pylist()
    [kept] = files(arrow, FEATURES)
    monkeypatch.setattr(maintain, "_WHOLE_FILE_BYTES", whole)
    monkeypatch.setattr(maintain, "_CLUSTERED_BYTES", whole)
    for i in range(20, 26):
        arrow.append(FEATURES, [FEATURES.row(forecast_origin=START + i * DAY)])
    before = content(arrow, FEATURES)
    [done] = maintain.run(arrow, [FEATURES])
    assert kept in files(arrow, FEATURES)
    assert (done.files_before, done.files_after) == (7, 2)
    assert content(arrow, FEATURES) == before
    once = versions(arrow)
    maintain.run(arrow, [FEATURES])
    assert versions(arrow) == once


def test_versions_within_the_retention_stay_readable(arrow: ArrowTables) -> None:
    """Lineage names versions: the files of yesterday's are there after any number of runs."""
    old = arrow.open(FEATURES)
    maintain.run(arrow, TABLES)
    maintain.run(arrow, TABLES)
    assert old.to_pyarrow_table().num_rows == 12
    newest = arrow.open(FEATURES)
    newest.load_as_version(5)
    assert newest.to_pyarrow_table().num_rows == 5


def test_what_a_killed_write_left_behind_goes_once_it_is_old(arrow: ArrowTables) -> None:
    young, old = (arrow.path(FEATURES) / "staged" / f"{n}.parquet" for n in ("young", "old"))
    for file in (young, old):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"half")
    os.utime(old, (0, 0))
    before = content(arrow, FEATURES)
    maintain.run(arrow, TABLES)
    assert (young.exists(), old.exists()) == (True, False)
    assert content(arrow, FEATURES) == before


def test_no_checksum_outlives_what_it_is_about(small: SmallLakehouse) -> None:
    """Spark and Hadoop keep four of them for every commit; in 400 days they would be thousands."""
    for i in range(12):
        row = FEATURES.row(forecast_origin=START + i * DAY)
        if i < 3:
            small.append(FEATURES, [row])
        else:
            small.arrow.append(FEATURES, [row])
    before = content(small.arrow, FEATURES)
    folder = small.folder / FEATURES.folder
    assert len(list(folder.rglob("*.crc"))) >= 12
    for _ in range(2):  # what is compacted goes when it has been out of use for the retention
        age(small.folder, 40 * DAY)
        maintain.run(small.arrow, [FEATURES])
    assert list(folder.rglob("*.crc")) == []
    assert content(small.arrow, FEATURES) == before
    # Spark finds its way, too.
    forget_logs(small.tables.spark)
    small.append(FEATURES, [FEATURES.row(forecast_origin=START + 12 * DAY)])
    assert small.tables.read(FEATURES).count() == 13
