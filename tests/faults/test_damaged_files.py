"""Files that rot or are torn: what is whole is kept, and the next step is told."""

from pathlib import Path
from typing import Any

import pytest

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.damage import reading, told
from lakehouse.errors import TableError
from lakehouse.spark.tables import SparkTables
from lakehouse.tables import Table
from lakehouse.tables.bronze import LANDINGS, QUARANTINE
from lakehouse.tables.gold import RUNS
from lakehouse.tables.silver import OBSERVATIONS
from spark_jobs import rebuild
from spark_jobs.damaged_bodies import RULE
from tests.small_lakehouse import SmallLakehouse, utc

WINDOW = (utc("2024-10-01 00:00"), utc("2024-10-01 02:00"))


def land_prices(small: SmallLakehouse, hour: int, *values: float) -> Path:
    """A landed body of the prices of DK1 from an hour on; returns its file."""
    records = [
        {"HourUTC": f"2024-10-01T{hour + i:02}:00:00", "PriceArea": "DK1", "SpotPriceEUR": value}
        for i, value in enumerate(values)
    ]
    fetched_at = utc(f"2024-10-02 {hour:02}:00")
    row = small.land("Elspotprices", {"records": records}, fetched_at, WINDOW, ["DK1", "DK2"])
    return small.zone.path(row["body_path"])


def prices(small: SmallLakehouse) -> list[float]:
    rows = small.rows(OBSERVATIONS)
    return [row["value"] for row in rows if row["series_id"] == "dk1.price.day_ahead"]


def flip_a_digit(body: Path) -> None:
    body.write_bytes(body.read_bytes().replace(b"20.5", b"29.5"))


@pytest.mark.parametrize("damage", [flip_a_digit, Path.unlink])
def test_a_landed_body_that_rots_is_refused_alone_and_taken_in_when_it_is_back(
    small: SmallLakehouse, catalogue: Catalogue, damage: Any, tmp_path: Path
) -> None:
    """It is still JSON: without a look at its checksum a wrong price would be an observation."""
    land_prices(small, 0, 10.5)
    rotten = land_prices(small, 1, 20.5)
    whole = rotten.read_bytes()
    damage(rotten)
    small.build(catalogue)
    assert prices(small) == [10.5]
    [refusal] = small.rows(QUARANTINE)
    assert refusal["rule"] == RULE
    assert rotten.name in refusal["reason"]
    assert (
        "Or restore the file from a copy, then run 'gridcast rebuild silver'." in refusal["reason"]
    )
    rotten.write_bytes(whole)
    rebuild.silver(small.tables, small.arrow, small.zone, catalogue, tmp_path / "staging")
    assert prices(small) == [10.5, 20.5]
    assert small.rows(QUARANTINE) == []


@pytest.fixture
def arrow(tmp_path: Path) -> ArrowTables:
    """Three runs, in a commit and a file each."""
    tables = ArrowTables(tmp_path)
    tables.create_missing([RUNS])
    for number in range(3):
        tables.append(RUNS, [RUNS.row(run_id=str(number))])
    return tables


def files(arrow: ArrowTables, table: Table) -> list[Path]:
    return sorted(arrow.path(table).glob("*.parquet"))


def commits(arrow: ArrowTables, table: Table) -> list[Path]:
    return sorted((arrow.path(table) / "_delta_log").glob("*.json"))


def tear(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def rot(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:-40] + bytes(byte ^ 255 for byte in content[-40:-8]) + content[-8:])


DAMAGED = "Expected whole files of gold.runs; {} is damaged or gone. Restore it from a copy, or "


@pytest.mark.parametrize("damage", [tear, rot, Path.unlink])
def test_a_damaged_parquet_file_is_named_and_nothing_is_written(
    arrow: ArrowTables, damage: Any
) -> None:
    damaged = files(arrow, RUNS)[0]
    damage(damaged)
    before = arrow.version(RUNS)
    for read in (arrow.rows, lambda table: arrow.insert_new(table, [table.row(run_id="3")])):
        with pytest.raises(TableError) as found:
            read(RUNS)
        assert str(found.value).startswith(DAMAGED.format(damaged))
    assert arrow.version(RUNS) == before


def test_a_file_of_a_folder_that_one_commit_wrote_is_named_whole(small: SmallLakehouse) -> None:
    staged = small.folder / "gold" / "runs" / "0f3a" / "part-0.parquet"
    fault = OSError("Could not open Parquet input source 'runs/0f3a/part-0.parquet'")
    with pytest.raises(TableError) as found, reading(RUNS, small.folder / "gold" / "runs"):
        raise fault
    assert str(found.value).startswith(DAMAGED.format(staged))
    said = told(ValueError(f"[FAILED_READ_FILE.NO_HINT] Encountered error, file file:{staged}. "))
    assert str(said).startswith(DAMAGED.format(staged))


def test_a_damaged_parquet_file_is_named_when_spark_meets_it(small: SmallLakehouse) -> None:
    small.arrow.append(RUNS, [RUNS.row(run_id="1")])
    [damaged] = files(small.arrow, RUNS)
    tear(damaged)
    with pytest.raises(Exception, match="FAILED_READ_FILE") as found:
        small.tables.read(RUNS).collect()
    assert str(told(found.value)).startswith(DAMAGED.format(damaged))


def empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("damage", [tear, empty])
def test_a_torn_newest_commit_stops_readers_and_writers_until_it_is_gone(
    arrow: ArrowTables, small: SmallLakehouse, damage: Any
) -> None:
    """An empty one would be read as a commit of nothing, and its rows would be gone unnoticed."""
    newest = commits(arrow, RUNS)[-1]
    damage(newest)
    for door in (arrow, SparkTables(small.tables.spark, arrow)):
        with pytest.raises(TableError) as found:
            door.read(RUNS)
        assert f"{newest} is torn" in str(found.value)
        assert f"remove {newest.stem}.* there" in str(found.value)
    with pytest.raises(TableError, match="is torn"):
        arrow.append(RUNS, [RUNS.row(run_id="3")])
    newest.unlink()
    assert sorted(row["run_id"] for row in arrow.rows(RUNS)) == ["0", "1"]
    arrow.append(RUNS, [RUNS.row(run_id="2")])
    assert arrow.count(RUNS) == 3


def test_an_older_torn_commit_is_not_to_be_removed(arrow: ArrowTables) -> None:
    older = commits(arrow, RUNS)[1]
    tear(older)
    with pytest.raises(TableError, match="is torn") as found:
        arrow.count(RUNS)
    assert str(older) in str(found.value)
    assert str(found.value).endswith("Restore it from a copy, for what came after it needs it.")


def test_a_gap_in_the_log_is_told_in_one_sentence(arrow: ArrowTables) -> None:
    commits(arrow, RUNS)[1].unlink()
    with pytest.raises(TableError) as found:
        arrow.rows(RUNS)
    assert str(found.value).startswith("Expected a whole log of gold.runs in ")
    assert str(found.value).endswith("Restore the folder from a copy.")
    assert "\n" not in str(found.value)


def test_a_damaged_table_of_silver_is_made_anew_from_landed_files(
    small: SmallLakehouse, catalogue: Catalogue, tmp_path: Path
) -> None:
    """What the advice says helps."""
    land_prices(small, 0, 10.5)
    small.build(catalogue)
    for file in files(small.arrow, OBSERVATIONS):
        tear(file)
    with pytest.raises(TableError, match="gridcast rebuild silver"):
        small.arrow.rows(OBSERVATIONS)
    rebuild.silver(small.tables, small.arrow, small.zone, catalogue, tmp_path / "staging")
    assert prices(small) == [10.5]
    assert small.arrow.count(LANDINGS) == 1
