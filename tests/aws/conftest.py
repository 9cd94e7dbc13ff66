"""A Spark session with the jars for S3, and an S3 of this machine: `make test-aws`."""

from collections.abc import Iterator

import pytest

from lakehouse.places import Place, place
from lakehouse.settings import Settings, load_settings
from tests.s3 import entered, new_bucket, served


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Jars of 650 MB, and a session that no other test can share."""
    for item in items:
        if "tests/aws/" in item.nodeid:
            item.add_marker(pytest.mark.aws)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables by which processes find the S3; this one has them, too."""
    with served(tmp_path_factory.mktemp("s3")) as variables, entered(variables):
        yield variables


@pytest.fixture(scope="session")
def settings(s3: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The sample profile with a lakehouse on S3."""
    here = tmp_path_factory.mktemp("here")
    bucket = place(f"s3://{new_bucket()}")
    return load_settings("sample", lakehouse=bucket, machine_folder=here, spark_jvm_options="")


@pytest.fixture
def lakehouse(s3: dict[str, str]) -> Place:
    """An empty place of its own."""
    return place(f"s3://{new_bucket()}/here")
