"""Worlds that the tests of the flows share: trained, one day on, two days on."""

import pytest

from lakehouse.catalogue import Catalogue
from tests.worlds import World, trained_world, world_one_day_on


@pytest.fixture(scope="session")
def trained(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A trained world at the start of the sample clock. Copy it; do not live in it."""
    return trained_world(pytestconfig, tmp_path_factory)


@pytest.fixture(scope="session")
def catalogue(trained: World) -> Catalogue:
    with trained.entered() as settings:
        return settings.read_catalogue()


@pytest.fixture(scope="session")
def one_day_on(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The trained world after one undisturbed `daily`. Copy it; do not live in it."""
    return world_one_day_on(pytestconfig, tmp_path_factory)


@pytest.fixture(scope="session")
def two_days_on(one_day_on: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """After two undisturbed dailies, the second with a report. Copy it; do not live in it."""
    world = one_day_on.copy(tmp_path_factory.mktemp("two-days-on") / "lakehouse")
    world.live("daily")
    return world
