"""One server for all tests of what it answers; a lakehouse of its own for what changes one."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.serving.api.world import serving, settings_of


@pytest.fixture(scope="session")
def api(filled: Path) -> Iterator[httpx.Client]:
    with serving(settings_of(filled)) as client:
        yield client
