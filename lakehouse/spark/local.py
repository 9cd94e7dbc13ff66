"""Rows that Python holds, as a frame."""

from collections.abc import Iterable, Mapping
from inspect import signature
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType


def local_frame(
    spark: SparkSession, rows: Iterable[Mapping[str, Any]], schema: StructType | str
) -> DataFrame:
    """A frame of few rows that is part of the plan itself: no job and no worker reads it.

    `schema`: a struct or its DDL. Times must carry a zone.
    """
    struct = StructType.fromDDL(schema) if isinstance(schema, str) else schema
    assert isinstance(struct, StructType)
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=arrow_schema(struct))
    return spark.createDataFrame(table)


def arrow_schema(struct: StructType) -> pa.Schema:
    """The Arrow schema of a Spark schema, times in UTC."""
    if "timezone" in signature(to_arrow_schema).parameters:
        return to_arrow_schema(struct, timezone="UTC")
    return to_arrow_schema(struct)  # Spark 4.1, of EMR Serverless, knows no other zone
