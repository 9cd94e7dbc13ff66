"""What one day promises: its two moments, its tables, and that doing it again changes nothing."""

from datetime import timedelta
from pathlib import Path

import pytest

from gridcast.day_picture import DAY, TRAIN
from lakehouse.catalogue import Catalogue
from lakehouse.errors import BadInput
from lakehouse.tables import TABLES, VIEWS
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.gold import CALIBRATION, FORECASTS, OUTBOX, QUANTILES, RUNS
from lakehouse.time import parse_utc
from tests.worlds import World, origin_of

FIRST, SECOND = origin_of("2024-10-18"), origin_of("2024-10-19")


def test_a_daily_ingests_a_quarter_of_an_hour_before_the_origin_it_serves(
    one_day_on: World,
) -> None:
    daily = one_day_on.last_run("daily")
    of_the_day = {
        row["step"]: row["as_of"] for row in one_day_on.rows(RUNS, run_id=daily["run_id"])
    }
    assert of_the_day == {
        "ingest": FIRST - timedelta(minutes=15),
        "build": FIRST,
        "watch": FIRST,
        "forecast": FIRST,
        "evaluate": FIRST,
        "alert": FIRST,
        "daily": FIRST,
    }
    assert one_day_on.clock().now() == FIRST


def test_the_next_daily_serves_the_next_origin(two_days_on: World) -> None:
    assert two_days_on.clock().now() == SECOND
    assert {row["forecast_origin"] for row in two_days_on.rows(FORECASTS)} == {FIRST, SECOND}


def test_every_series_has_champion_challenger_and_fallback_for_every_hour_of_tomorrow(
    two_days_on: World, catalogue: Catalogue
) -> None:
    hours: dict[tuple[str, str], int] = {}
    for row in two_days_on.rows(FORECASTS, forecast_origin=SECOND, run_kind="live"):
        key = row["series_id"], row["forecast_source"]
        hours[key] = hours.get(key, 0) + 1
    many = {"champion": 1, "challenger": 3, "fallback": 1}
    assert hours == {
        (name, source): 24 * many[source] for name in catalogue.series for source in many
    }


def test_every_table_and_view_answers_by_its_name(two_days_on: World) -> None:
    from flows.run import new_run

    with two_days_on.entered():
        tables = new_run(None, None).tables
        tables.register()
        counts = {
            item.name: tables.spark.sql(f"SELECT count(*) FROM {item.name}").first()[0]
            for item in (*TABLES, *VIEWS)
        }
    empty = [name for name, count in counts.items() if not count]
    # Actual weather comes five days late: none of these days has met it.
    assert empty == [
        "bronze.quarantine",
        "silver.covariates",
        "gold.retraining",
        "gold.weather_and_error",
        "gold.gaps",
    ]


def test_the_picture_of_a_day_shows_what_its_steps_wrote(two_days_on: World) -> None:
    drawn = {step.name: {table.name for table in step.tables} for step in (*DAY, TRAIN)}
    wrote: dict[str, set[str]] = {}
    for row in two_days_on.rows(RUNS):
        written = {name for name, count in dict(row["detail"]).items() if count != "0"}
        wrote.setdefault(row["step"], set()).update(written & {table.name for table in TABLES})
    assert {step: wrote[step] - drawn[step] for step in drawn} == {step: set() for step in drawn}
    assert wrote["forecast"] == drawn["forecast"]


@pytest.fixture(scope="module")
def replayed(two_days_on: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two days on, and the first day replayed once."""
    world = two_days_on.copy(tmp_path_factory.mktemp("replayed") / "lakehouse")
    world.live("daily", as_of=FIRST)
    return world


def test_a_daily_of_the_same_past_moment_twice_changes_no_content(
    replayed: World, two_days_on: World
) -> None:
    """The first replay of a day adds its forecasts and nothing else; the second adds nothing."""
    before, once = two_days_on.checksums(), replayed.checksums()
    changed = {name for name in before if before[name] != once[name]}
    assert changed == {CALIBRATION.name, FORECASTS.name}
    replayed.live("daily", as_of=FIRST)
    assert replayed.checksums() == once


def test_a_replay_says_what_was_said_live(replayed: World) -> None:
    def said(run_kind: str) -> set[tuple[object, ...]]:
        columns = ("series_id", "valid_time", "model_name", "model_version", *QUANTILES)
        rows = replayed.rows(FORECASTS, forecast_origin=FIRST, run_kind=run_kind)
        return {tuple(row[name] for name in columns) for row in rows}

    assert said("replay")
    assert said("replay") == said("live")


def test_a_replay_moves_no_clock_asks_no_source_and_mails_nobody(
    replayed: World, two_days_on: World
) -> None:
    assert replayed.clock().now() == SECOND
    assert replayed.content(LANDINGS) == two_days_on.content(LANDINGS)
    assert replayed.content(OUTBOX) == two_days_on.content(OUTBOX)
    assert sorted(p.name for p in (replayed.folder / "outbox").rglob("*.eml")) == sorted(
        p.name for p in (two_days_on.folder / "outbox").rglob("*.eml")
    )
    assert replayed.last_run("daily")["run_kind"] == "replay"


def test_a_daily_as_of_the_clock_twice_changes_no_content(
    two_days_on: World, tmp_path: Path
) -> None:
    """As of now the sources are asked: the second time they say what they said before."""
    world = two_days_on.copy(tmp_path / "lakehouse")
    world.live("daily", as_of=SECOND)
    once = world.checksums()
    world.live("daily", as_of=SECOND)
    assert world.checksums() == once


def test_a_second_ingest_at_the_same_clock_lands_nothing(trained: World, tmp_path: Path) -> None:
    world = trained.copy(tmp_path / "lakehouse")
    assert world.live("ingest").written == {LANDINGS.name: 0}
    assert world.content(LANDINGS) == trained.content(LANDINGS)


def test_a_moment_after_the_clock_is_refused_in_a_sentence(trained: World) -> None:
    sentence = "as_of 2024-12-24T00:00:00Z lies after the clock of profile 'sample', 2024-10-17T22"
    with pytest.raises(BadInput, match=sentence):
        trained.live("daily", as_of=parse_utc("2024-12-24T00:00:00Z"))


def test_a_moment_without_an_offset_is_refused_in_a_sentence(trained: World) -> None:
    naive = FIRST.replace(tzinfo=None)
    with pytest.raises(BadInput, match=r"Expected as_of with an offset, got 2024-10-18T07:30:00\."):
        trained.live("daily", as_of=naive)
