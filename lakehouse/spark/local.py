"""Rows that Python holds, as a frame."""

from collections.abc import Iterable, Mapping
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
    arrow = to_arrow_schema(struct, timezone="UTC")
    return spark.createDataFrame(pa.Table.from_pylist([dict(row) for row in rows], schema=arrow))
