"""One server for all tests of what it answers; a lakehouse of its own for what changes one."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lakehouse.arrow import ArrowTables
from tests.serving.api.world import fill, serving, settings_of


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a lakehouse with the small world in it, which no test changes."""
    folder = tmp_path_factory.mktemp("served") / "lakehouse"
    fill(ArrowTables(folder))
    return folder


@pytest.fixture(scope="session")
def api(filled: Path) -> Iterator[httpx.Client]:
    with serving(settings_of(filled)) as client:
        yield client
