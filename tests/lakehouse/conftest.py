"""The tables under their names, once per module: to name them takes longer than to ask them."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from lakehouse.places import Place, place
from tests.s3 import entered, new_bucket, served
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


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables by which processes find an S3 of this machine."""
    with served(tmp_path_factory.mktemp("s3")) as variables:
        yield variables


@pytest.fixture
def s3(s3_server: dict[str, str]) -> Iterator[None]:
    """This process finds it, for one test: others use AWS's clients, too."""
    with entered(s3_server):
        yield


@pytest.fixture
def on_s3(s3: None) -> Place:
    """An empty place in a bucket of its own."""
    return place(f"s3://{new_bucket()}/here")
