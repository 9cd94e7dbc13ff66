"""For a model that is gone another answers; it is told of, and stops no other group."""

import shutil

import pytest

from lakehouse.catalogue import Catalogue
from lakehouse.tables.gold import FORECASTS
from models.trained import BLEND, LIGHTGBM, LINEAR, LSTM
from tests.worlds import World, origin_of

SECOND = origin_of("2024-10-19")
GONE = "consumption_household"
CHAMPION_GONE = "day_ahead_price"


@pytest.fixture(scope="module")
def bereft(one_day_on: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The second origin is served while the models of one group, and the champion of another, are
    gone."""
    world = one_day_on.copy(tmp_path_factory.mktemp("bereft") / "lakehouse")
    shutil.rmtree(world.folder / "models" / GONE)
    shutil.rmtree(world.folder / "models" / CHAMPION_GONE / LSTM)
    world.clock().move_to(SECOND)
    world.live("forecast")
    return world


def sources(world: World, group: str) -> set[tuple[str, str]]:
    rows = world.rows(FORECASTS, forecast_origin=SECOND, series_group=group)
    return {(row["forecast_source"], row["model_name"]) for row in rows}


NAIVE = ("fallback", "seasonal_naive")


def test_seasonal_naive_answers_where_every_model_is_gone(bereft: World) -> None:
    assert sources(bereft, GONE) == {NAIVE}


def test_the_linear_model_stands_in_for_a_champion_that_is_gone(bereft: World) -> None:
    others = {("challenger", LIGHTGBM), ("challenger", BLEND)}
    assert sources(bereft, CHAMPION_GONE) == {("fallback", LINEAR), NAIVE, *others}


def test_the_reason_stands_in_the_table_of_runs(bereft: World) -> None:
    run = bereft.last_run("forecast")
    assert run["status"] == "ok"
    assert f"The fallback answers. {GONE}: {LSTM} " in run["reason"]
    assert f"The fallback answers. {CHAMPION_GONE}: {LSTM} " in run["reason"]
    assert f"A challenger is silent. {GONE}: {LINEAR} " not in run["reason"]


def test_the_other_groups_are_answered_by_their_champions(
    bereft: World, catalogue: Catalogue
) -> None:
    for group in set(catalogue.groups) - {GONE, CHAMPION_GONE}:
        others = {("challenger", kind) for kind in (LINEAR, LIGHTGBM, BLEND)}
        assert sources(bereft, group) == {("champion", LSTM), NAIVE, *others}
