"""One Spark session for each process of the run, and an empty lakehouse folder for every test."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from pyspark.sql import SparkSession

from lakehouse.catalogue import Catalogue
from lakehouse.settings import Settings, load_settings
from lakehouse.spark.session import spark_session
from tests.small_lakehouse import SmallLakehouse, forget_logs

# A deadline judges how busy the machine is.
hypothesis.settings.register_profile("gridcast", deadline=None)
hypothesis.settings.load_profile("gridcast")


#: Fixtures that are made once per process and take minutes: all tests of one go to one process.
_WORLDS = {"trained": "worlds", "one_day_on": "worlds", "collected": "collected"}


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What two processes share out among them (pytest-xdist): files, and the tests of a world."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        world = next((group for name, group in _WORLDS.items() if name in names), None)
        item.add_marker(pytest.mark.xdist_group(world or item.location[0]))


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The sample profile with a folder of its own; trainings are as short as can be."""
    folder = tmp_path_factory.mktemp("lakehouse")
    return load_settings("sample", lakehouse=folder, train_epochs=1, spark_jvm_options="")


@pytest.fixture(scope="session")
def catalogue(settings: Settings) -> Catalogue:
    """The catalogue of the sample profile."""
    return settings.read_catalogue()


@pytest.fixture(scope="session")
def spark(settings: Settings) -> SparkSession:
    return spark_session(settings)


@pytest.fixture
def small(spark: SparkSession, tmp_path: Path) -> Iterator[SmallLakehouse]:
    """A lakehouse folder with all tables, empty."""
    yield SmallLakehouse.create(spark, tmp_path / "lakehouse")
    forget_logs(spark)
