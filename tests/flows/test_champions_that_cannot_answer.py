"""A group whose model is gone is answered by the fallback, told of, and stops no other group."""

import shutil

import pytest

from lakehouse.catalogue import Catalogue
from lakehouse.tables.gold import FORECASTS
from tests.worlds import World, origin_of

SECOND = origin_of("2024-10-19")
GONE = "consumption_household"


@pytest.fixture(scope="module")
def bereft(one_day_on: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The second origin is served while the models of one group are gone."""
    world = one_day_on.copy(tmp_path_factory.mktemp("bereft") / "lakehouse")
    shutil.rmtree(world.folder / "models" / GONE)
    world.clock().move_to(SECOND)
    world.live("forecast")
    return world


def sources(world: World, group: str) -> set[str]:
    rows = world.rows(FORECASTS, forecast_origin=SECOND, series_group=group)
    return {row["forecast_source"] for row in rows}


def test_the_fallback_answers_where_the_champion_is_gone(bereft: World) -> None:
    assert sources(bereft, GONE) == {"fallback"}


def test_the_reason_stands_in_the_table_of_runs(bereft: World) -> None:
    run = bereft.last_run("forecast")
    assert run["status"] == "ok"
    assert run["reason"].startswith(f"The fallback answers. {GONE}: ")


def test_the_other_groups_are_answered_by_their_champions(
    bereft: World, catalogue: Catalogue
) -> None:
    for group in set(catalogue.groups) - {GONE}:
        assert sources(bereft, group) == {"champion", "fallback"}
