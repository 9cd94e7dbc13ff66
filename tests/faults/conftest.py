"""Worlds to kill things in."""

import pytest

from tests.worlds import World, collected_world, trained_world, world_one_day_on


@pytest.fixture(scope="session")
def trained(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A trained world at the start of the sample clock. Copy it; do not live in it."""
    return trained_world(pytestconfig, tmp_path_factory)


@pytest.fixture(scope="session")
def one_day_on(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The trained world after one undisturbed `daily`. Copy it; do not live in it."""
    return world_one_day_on(pytestconfig, tmp_path_factory)


@pytest.fixture(scope="session")
def collected(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A past time, collected in one undisturbed backfill. Do not live in it."""
    return collected_world(pytestconfig, tmp_path_factory)
