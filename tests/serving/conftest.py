"""One small lakehouse for all tests of what serves it."""

from pathlib import Path

import pytest

from tests.serving.api.world import filled_folder


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a lakehouse with the small world in it, which no test changes."""
    return filled_folder(tmp_path_factory.mktemp("served") / "lakehouse")
