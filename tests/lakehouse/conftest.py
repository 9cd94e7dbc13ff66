"""The tables under their names, once per module: to name them takes longer than to ask them."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from tests.small_lakehouse import SmallLakehouse, forget_logs


@pytest.fixture(scope="module")
def named(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SmallLakehouse]:
    """All tables, empty, with the names under which Spark SQL knows them."""
    made = SmallLakehouse.create(spark, tmp_path_factory.mktemp("named") / "lakehouse")
    made.register()
    yield made
    forget_logs(spark)
