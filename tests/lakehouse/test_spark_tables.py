"""Through Spark a key is inserted once, changes are one commit, and contracts are checked."""

from datetime import timedelta

import pytest
from pyspark.sql import functions as F

from lakehouse import migrated
from lakehouse.errors import TableError
from lakehouse.migrations import columns, held, marked
from lakehouse.spark.tables import literal
from lakehouse.tables.contract import Table
from lakehouse.tables.gold import CALIBRATION
from lakehouse.tables.silver import OBSERVATIONS
from tests.small_lakehouse import SmallLakehouse, utc

HOUR = utc("2024-10-18 00:00")


def row(series_id: str, value: float) -> dict[str, object]:
    return OBSERVATIONS.row(series_id=series_id, event_time=HOUR, value=value)


def values(small: SmallLakehouse) -> dict[str, float]:
    return {found["series_id"]: found["value"] for found in small.rows(OBSERVATIONS)}


def test_a_key_is_inserted_once_and_what_is_there_stays(small: SmallLakehouse) -> None:
    first = small.frame(OBSERVATIONS, [row("a", 1.0)])
    second = small.frame(OBSERVATIONS, [row("a", 2.0), row("b", 2.0)])
    assert small.tables.insert_new(OBSERVATIONS, first) == 1
    assert small.tables.insert_new(OBSERVATIONS, second) == 1
    assert small.tables.insert_new(OBSERVATIONS, second) == 0
    assert values(small) == {"a": 1.0, "b": 2.0}


def test_a_key_given_twice_is_an_error_and_nothing_is_written(small: SmallLakehouse) -> None:
    twice = small.frame(OBSERVATIONS, [row("a", 1.0), row("a", 2.0)])
    with pytest.raises(TableError, match=r"one row per key .* 1 of 2 rows repeat a key"):
        small.tables.insert_new(OBSERVATIONS, twice)
    assert values(small) == {}


def test_keys_are_replaced_in_one_commit(small: SmallLakehouse) -> None:
    small.append(OBSERVATIONS, [row("a", 1.0), row("b", 1.0), row("c", 1.0)])
    before = small.arrow.version(OBSERVATIONS)
    small.tables.replace_keys(
        OBSERVATIONS,
        small.frame(OBSERVATIONS, [row("b", 2.0), row("d", 2.0)]),
        small.frame(OBSERVATIONS, [row("c", 1.0)]),
    )
    assert values(small) == {"a": 1.0, "b": 2.0, "d": 2.0}
    assert small.arrow.version(OBSERVATIONS) == before + 1


def test_a_table_that_lacks_columns_is_named_with_them(small: SmallLakehouse) -> None:
    wider = Table(
        OBSERVATIONS.name,
        OBSERVATIONS.meaning,
        (*OBSERVATIONS.columns, type(OBSERVATIONS.columns[0])("quality", "string", "x")),
        OBSERVATIONS.key,
    )
    with pytest.raises(TableError, match=r"silver.observations lacks columns \['quality'\]"):
        small.tables.read(wider)


def test_staged_rows_are_nobody_s_until_they_are_taken_in(small: SmallLakehouse) -> None:
    rows = [
        row("a", 1.0),
        row("b", 2.0) | {"event_time": HOUR + timedelta(microseconds=1)},
        row("b", 3.0),
    ]
    staged = small.tables.stage(OBSERVATIONS, small.frame(OBSERVATIONS, rows))
    assert (staged.count(), staged.distinct(["series_id"]), values(small)) == (3, 2, {})
    assert staged.commit() == 3
    assert small.arrow.count(OBSERVATIONS) == small.tables.read(OBSERVATIONS).count() == 3
    # What the log says of their times hides no row from either reader.
    late = [("event_time", ">", HOUR)]
    assert small.arrow.count(OBSERVATIONS, late) == 1
    assert small.tables.read(OBSERVATIONS).where(f"event_time > {literal(HOUR)}").count() == 1


def test_staged_rows_can_be_given_up(small: SmallLakehouse) -> None:
    staged = small.tables.stage(OBSERVATIONS, small.frame(OBSERVATIONS, [row("a", 1.0)]))
    staged.discard()
    assert values(small) == {}
    assert list(small.arrow.path(OBSERVATIONS).rglob("*.parquet")) == []


def test_staged_rows_that_lack_a_value_are_not_taken_in(small: SmallLakehouse) -> None:
    frame = small.frame(OBSERVATIONS, [row("a", 1.0)]).withColumn("unit", F.expr("string(NULL)"))
    staged = small.tables.stage(OBSERVATIONS, frame)
    with pytest.raises(TableError, match=r"Expected a value of 'unit' in every row"):
        staged.commit()
    assert values(small) == {}


def test_the_number_of_a_contract_outlives_what_spark_writes(small: SmallLakehouse) -> None:
    rows = small.frame(CALIBRATION, [CALIBRATION.row()])
    small.tables.append(CALIBRATION, rows)
    small.tables.overwrite(CALIBRATION, rows)
    small.tables.replace_keys(CALIBRATION, rows, rows.limit(0))
    found = columns(small.arrow.open(CALIBRATION))
    assert found.equals(marked(found, 2), check_metadata=True)
    assert held(CALIBRATION.name, found) == 2


def test_a_table_of_another_contract_is_not_read(small: SmallLakehouse) -> None:
    (step,) = migrated.plan(small.arrow, 1, [CALIBRATION])
    migrated.apply(small.arrow, step)
    with pytest.raises(TableError, match=r"contract 2, found contract 1: an older version"):
        small.tables.read(CALIBRATION)
