"""Small rows are appended without Spark, once per key."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.arrow import ArrowTables, schema
from lakehouse.errors import TableError
from lakehouse.tables import TABLES
from lakehouse.tables.gold import PROMOTIONS, RUNS
from lakehouse.tables.silver import LOCATIONS, OBSERVATIONS
from tests.small_lakehouse import utc


@pytest.fixture
def arrow(tmp_path: Path) -> ArrowTables:
    tables = ArrowTables(tmp_path)
    tables.create_missing(TABLES)
    return tables


def test_creating_again_keeps_what_is_there(arrow: ArrowTables) -> None:
    arrow.append(LOCATIONS, [LOCATIONS.row(location_id="a")])
    arrow.create_missing(TABLES)
    assert arrow.count(LOCATIONS) == 1
    assert arrow.versions([LOCATIONS, RUNS]) == {"silver.locations": "1", "gold.runs": "0"}


def test_a_key_is_inserted_once_and_the_first_row_wins(arrow: ArrowTables) -> None:
    rows = [LOCATIONS.row(location_id=i, name=n) for i, n in (("a", "1"), ("b", "1"), ("a", "2"))]
    assert arrow.insert_new(LOCATIONS, rows) == 2
    version = arrow.version(LOCATIONS)
    assert arrow.insert_new(LOCATIONS, rows) == 0
    assert arrow.insert_new(LOCATIONS, []) == 0
    assert arrow.version(LOCATIONS) == version
    found = {row["location_id"]: row["name"] for row in arrow.rows(LOCATIONS)}
    assert found == {"a": "1", "b": "1"}


def test_a_table_made_when_its_columns_were_worded_otherwise_takes_rows(
    arrow: ArrowTables,
) -> None:
    columns = tuple(replace(column, meaning=f"{column.meaning}, once") for column in RUNS.columns)
    older = replace(RUNS, name="gold.older", columns=columns)
    arrow.create_missing([older])
    arrow.append(replace(RUNS, name="gold.older"), [RUNS.row(run_id="1", step="build")])
    assert arrow.count(older) == 1
    told = arrow.open(older).schema().to_arrow().field("run_id").metadata
    assert b"once" in told[b"comment"]


def test_keys_of_several_columns_are_compared_whole(arrow: ArrowTables) -> None:
    row = PROMOTIONS.row(series_group="a")
    assert arrow.insert_new(PROMOTIONS, [row]) == 1
    assert arrow.insert_new(PROMOTIONS, [row, row | {"series_group": "b"}]) == 1


def test_rows_are_filtered_and_cut_to_columns(arrow: ArrowTables) -> None:
    arrow.append(RUNS, [RUNS.row(run_id=i, step=s) for i, s in (("1", "build"), ("2", "train"))])
    assert arrow.rows(RUNS, ["run_id"], [("step", "=", "train")]) == [{"run_id": "2"}]
    assert arrow.rows(RUNS, ["run_id"], [("step", "in", ["train", "tidy"])]) == [{"run_id": "2"}]
    assert arrow.rows(RUNS, ["run_id"], [("step", "in", [])]) == []
    assert arrow.count(RUNS, [[("step", "in", []), ("run_id", "=", "1")]]) == 0


def test_a_table_that_is_not_there_is_named_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"Expected the Delta table gold.runs at .*gridcast demo"):
        ArrowTables(tmp_path).rows(RUNS)


def test_a_table_of_an_older_version_is_named_with_what_it_lacks(tmp_path: Path) -> None:
    now = RUNS
    older = replace(now, columns=tuple(c for c in now.columns if c.name != "quarantined"))
    arrow = ArrowTables(tmp_path)
    arrow.create_missing([older])
    assert arrow.rows(now, ["run_id"]) == []
    with pytest.raises(
        TableError, match=r"gold.runs lacks columns \['quarantined'\]: it was made before"
    ):
        arrow.rows(now, ["quarantined"])


def test_insert_new_looks_for_keys_among_rows_of_the_same_times(arrow: ArrowTables) -> None:
    first, second = (PROMOTIONS.row(decided_at=utc(f"2024-10-{day} 07:30")) for day in (11, 12))
    assert arrow.insert_new(PROMOTIONS, [first]) == 1
    assert arrow.insert_new(PROMOTIONS, [second]) == 1
    assert arrow.insert_new(PROMOTIONS, [first, second]) == 0


@pytest.mark.parametrize(
    "condition",
    [
        ("series_id", "=", "a"),
        ("series_id", "in", ["a"]),
        ("value", ">", 1.5),
        ("resolution_minutes", "=", 30),
        ("unit", "=", "a unit of more letters than the log keeps"),
        ("event_time", "<", utc("2024-10-18 00:30")),
    ],
    ids=lambda condition: condition[0],
)
def test_rows_of_an_adopted_file_are_found_by_any_column(
    arrow: ArrowTables, condition: tuple[str, str, Any]
) -> None:
    unit = "a unit of more letters than the log keeps"
    rows = [
        OBSERVATIONS.row(series_id="a", event_time=utc("2024-10-18 00:00"), value=2.0,
                         resolution_minutes=30, unit=unit),
        OBSERVATIONS.row(series_id="b", event_time=utc("2024-10-18 01:00"), value=1.0,
                         resolution_minutes=60, unit="b"),
    ]  # fmt: skip
    file = arrow.path(OBSERVATIONS) / "adopted.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=schema(OBSERVATIONS)), file)
    arrow.adopt(OBSERVATIONS, [file])
    assert [row["series_id"] for row in arrow.rows(OBSERVATIONS, filters=[condition])] == ["a"]
