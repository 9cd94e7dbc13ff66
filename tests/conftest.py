"""One Spark session for each process of the run, and an empty lakehouse folder for every test."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from pyspark.sql import SparkSession
from xdist.scheduler import LoadScopeScheduling

from lakehouse.catalogue import Catalogue
from lakehouse.settings import PROJECT, Settings, load_settings
from lakehouse.spark.session import spark_session
from tests.small_lakehouse import SmallLakehouse, forget_logs

# A deadline judges how busy the machine is.
hypothesis.settings.register_profile("gridcast", deadline=None)
hypothesis.settings.load_profile("gridcast")


#: How a test asks for one of the flows' worlds, which are made once per process and take minutes.
_WORLD = re.compile(r"\b(trained|one_day_on|two_days_on): World")


@cache
def _process_of(file: str) -> str:
    """Tests of a file go to one process, and so do all files whose tests live in the worlds."""
    return "worlds" if _WORLD.search((PROJECT / file).read_text()) else file


class _ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """It asks of every test when it is handed out, and again when it is done."""

    def _split_scope(self, nodeid: str) -> str:
        return _process_of(nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """How several processes share the tests out among them. The marks that pytest-xdist has for it
    go unseen: version 3.8.0 writes them where pytest 9.2 does not look."""
    return _ByFile(config, log)


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
