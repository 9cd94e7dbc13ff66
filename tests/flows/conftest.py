"""Worlds that the tests of the flows share: trained, one day on, two days on."""

from dataclasses import replace

import pytest
import stamina

from lakehouse.catalogue import Catalogue
from sources.emulator.server import running
from tests.worlds import NOBODY, World, collected_world, trained_world, world_one_day_on


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


@pytest.fixture(scope="session")
def collected(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A past time, collected in one undisturbed backfill. Do not live in it."""
    return collected_world(pytestconfig, tmp_path_factory)


@pytest.fixture(scope="session")
def troubled(one_day_on: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """On the second day prices answer 500, consumption an HTML page, actual weather is torn, and
    the single runs are not there. Do not live in it."""
    world = one_day_on.copy(tmp_path_factory.mktemp("troubled") / "lakehouse")
    faults = (
        "500:data_set=Elspotprices",
        "html:data_set=ConsumptionIndustry",
        "truncated:data_set=archive",
    )
    with world.entered() as settings:
        clock = world.clock()
    with running(settings, clock, faults) as played, stamina.set_testing(True, attempts=2):
        variables = {
            "GRIDCAST_ENERGI_DATA_SERVICE": played.energi_data_service,
            "GRIDCAST_OPEN_METEO_ARCHIVE": played.open_meteo_archive,
            "GRIDCAST_OPEN_METEO_SINGLE_RUNS": NOBODY,
        }
        troubled = replace(world, variables=world.variables | variables)
        troubled.live("daily", report=False)
    return troubled


@pytest.fixture(scope="session")
def healed(troubled: World, one_day_on: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The third day, with every source back, and its report. Do not live in it."""
    world = troubled.copy(tmp_path_factory.mktemp("healed") / "lakehouse")
    world = replace(world, variables=one_day_on.variables)
    world.live("daily")
    return world
