"""One declaration per table; the row builder, schemas and merge condition follow from it."""

import re

import pytest
from pyspark.sql import SparkSession

from lakehouse.arrow import schema
from lakehouse.errors import BadInput
from lakehouse.spark.tables import struct_type
from lakehouse.tables import TABLES, Table, table
from lakehouse.tables.gold import FORECASTS
from lakehouse.tables.silver import OBSERVATIONS


@pytest.mark.parametrize("contract", TABLES, ids=lambda contract: contract.name)
def test_every_contract_makes_sense(contract: Table) -> None:
    columns = contract.column_names
    assert len(set(columns)) == len(columns)
    assert set(contract.key) | set(contract.cluster_by) <= set(columns)
    assert all(not c.nullable for c in contract.columns if c.name in contract.key)
    assert all(c.meaning for c in contract.columns)
    assert set(contract.content_columns) <= set(columns)
    assert schema(contract).names == columns
    assert re.fullmatch(r"(bronze|silver|gold)\.[a-z_]+", contract.name)
    assert table(contract.name) is contract


def test_spark_and_arrow_agree_on_every_table(spark: SparkSession) -> None:
    for contract in TABLES:
        row = contract.row()
        frame = spark.createDataFrame([row], struct_type(contract))
        assert frame.columns == contract.column_names
        nullable = [field.nullable for field in frame.schema]
        assert nullable == [field.nullable for field in schema(contract)]


def test_a_row_needs_only_the_columns_it_is_about() -> None:
    row = FORECASTS.row(series_id="dk1", q50=3.0)
    assert (row["series_id"], row["q50"], row["q05"], row["history_end"]) == ("dk1", 3.0, 0.0, None)
    assert list(row) == FORECASTS.column_names


def test_a_row_of_unknown_columns_is_refused() -> None:
    with pytest.raises(BadInput, match=r"silver.observations has no columns \['valu'\]"):
        OBSERVATIONS.row(valu=1.0)


def test_the_merge_condition_is_equality_of_the_key_safe_for_nulls() -> None:
    assert OBSERVATIONS.merge_condition() == (
        "t.series_id <=> s.series_id AND t.event_time <=> s.event_time "
        "AND t.available_at <=> s.available_at"
    )


def test_an_unknown_table_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInput, match=r"Unknown table 'gold.forecast'. Known: .*gold.forecasts"):
        table("gold.forecast")
