"""Past days are as if lived, tables made anew are the same, and any order gives one history."""

import re
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stamina

from lakehouse.errors import BadInput, TableError
from lakehouse.landing import LandingZone
from lakehouse.tables import TABLES, Table
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.bronze import TABLES as BRONZE
from lakehouse.tables.gold import FEATURES, FORECAST_ERRORS, FORECASTS, QUANTILES, RUNS
from lakehouse.tables.silver import OBSERVATIONS
from lakehouse.tables.silver import TABLES as SILVER
from lakehouse.time import parse_utc
from spark_jobs.rebuild import FROM_FILES, FROM_SILVER
from tests.worlds import World, origin_of, short_catalogue

DAYS = ("2024-10-18", "2024-10-19", "2024-10-20")
FIRST, SECOND, THIRD = map(origin_of, DAYS)
BEFORE, AFTER = FIRST - timedelta(hours=1), THIRD + timedelta(hours=1)


def rows(world: World, table: Table, run_kind: str, *columns: str) -> dict[Any, Any]:
    """Content of one run kind, by the key without it."""
    key = [name for name in table.key if name != "run_kind"]
    return {
        tuple(row[name] for name in key): tuple(row[name] for name in columns)
        for row in world.rows(table, run_kind=run_kind)
    }


@pytest.fixture(scope="module")
def lived(two_days_on: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Three days lived one by one."""
    world = two_days_on.copy(tmp_path_factory.mktemp("lived") / "lakehouse")
    world.live("daily", report=False)
    return world


@pytest.fixture(scope="module")
def backfilled(trained: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The same three days slept through, then collected and replayed at once."""
    world = trained.copy(tmp_path_factory.mktemp("backfilled") / "lakehouse")
    world.clock().move_to(AFTER)
    world.live("backfill", first=BEFORE, last=AFTER, forecast=True)
    return world


def test_backfilled_forecasts_are_those_that_a_live_run_made(
    backfilled: World, lived: World
) -> None:
    live = rows(lived, FORECASTS, "live", *QUANTILES, "forecast_source", "unit")
    replayed = rows(backfilled, FORECASTS, "replay", *QUANTILES, "forecast_source", "unit")
    assert {key[1] for key in live} == {FIRST, SECOND, THIRD}
    assert len(live) > 500
    assert replayed == live
    assert not rows(backfilled, FORECASTS, "live", "q50")


def test_backfilled_forecasts_saw_what_a_live_run_saw(backfilled: World, lived: World) -> None:
    assert backfilled.content(FEATURES) == lived.content(FEATURES)


def test_backfilled_days_are_scored_as_live_days_were(backfilled: World, lived: World) -> None:
    sums = ("n", "sum_abs", "sum_pinball", "n_in_80", "sum_truth")
    live = rows(lived, FORECAST_ERRORS, "live", *sums)
    replayed = rows(backfilled, FORECAST_ERRORS, "replay", *sums)
    assert live
    assert {key: replayed[key] for key in live} == live


def test_a_backfill_again_asks_nothing_and_changes_nothing(
    backfilled: World, tmp_path: Path
) -> None:
    world = backfilled.copy(tmp_path / "lakehouse")
    done = world.live("backfill", first=BEFORE, last=AFTER, forecast=True)
    assert done["backfill"].rows_in == 0
    assert world.checksums() == backfilled.checksums()


def test_a_time_that_is_not_past_is_refused_in_a_sentence(trained: World) -> None:
    with pytest.raises(BadInput, match=r"ends 2024-10-21T.* after the clock .* 2024-10-17T22:00"):
        trained.live("backfill", first=BEFORE, last=AFTER + timedelta(days=1))


ORDERS = (
    [("2024-08-20", "2024-10-05"), ("2024-09-20", "2024-10-17")],
    [("2024-09-20", "2024-10-17"), ("2024-08-20", "2024-10-05")],
    [("2024-10-01", "2024-10-17"), ("2024-08-20", "2024-09-10"), ("2024-09-05", "2024-10-02")],
)


def collected(folder: Path, spans: list[tuple[str, str]]) -> World:
    """A new world, and backfills in it, one after the other."""
    folder.mkdir()
    world = World(folder / "lakehouse", {"GRIDCAST_CATALOGUE": str(short_catalogue(folder))})
    for first, last in spans:
        world.live("backfill", first=day(first), last=day(last))
    return world


def day(text: str) -> datetime:
    return parse_utc(f"{text}T00:00Z")


@pytest.mark.usefixtures("trained")  # its Prefect server
def test_overlapping_backfills_in_any_order_give_one_history(tmp_path: Path) -> None:
    made = [collected(tmp_path / str(i), spans) for i, spans in enumerate(ORDERS)]
    first, *others = (world.checksums((*BRONZE, *SILVER)) for world in made)
    assert made[0].arrow.count(OBSERVATIONS) > 5000
    assert others == [first] * len(others)
    for world in made:
        requests = [row["request"] for row in world.rows(LANDINGS)]
        assert len(requests) == len(set(requests))


def rebuilt(world: World, folder: Path, layer: str) -> World:
    again = world.copy(folder / "lakehouse")
    again.live("rebuild", layer=layer)
    return again


def test_silver_made_anew_from_the_files_is_the_silver_that_grew(
    two_days_on: World, tmp_path: Path
) -> None:
    again = rebuilt(two_days_on, tmp_path, "silver")
    assert again.checksums() == two_days_on.checksums()
    for table in FROM_FILES:
        commits = again.arrow.version(table) - two_days_on.arrow.version(table)
        assert commits == (1 if again.arrow.count(table) else 0)
    assert again.live("build").landing_ids == []


def test_gold_made_anew_from_silver_is_the_gold_that_grew(
    two_days_on: World, tmp_path: Path
) -> None:
    """Two live days, a report, and a replay of the first day."""
    world = two_days_on.copy(tmp_path / "grown" / "lakehouse")
    world.live("daily", as_of=FIRST)
    again = rebuilt(world, tmp_path, "gold")
    assert again.checksums() == world.checksums()
    for table in FROM_SILVER:
        assert again.arrow.version(table) == world.arrow.version(table) + 1
    assert "not what was issued" not in again.last_run("rebuild")["reason"]


def test_gold_made_anew_sees_of_each_day_what_had_been_fetched_then(
    one_day_on: World, tmp_path: Path
) -> None:
    """On the second day the energy source is down: what it owes comes a day late."""
    nobody = "http://127.0.0.1:9"  # the discard port of this machine
    folder = tmp_path / "grown" / "lakehouse"
    deaf = one_day_on.copy(folder, GRIDCAST_ENERGI_DATA_SERVICE=nobody)
    with stamina.set_testing(True, attempts=1):
        deaf.live("daily", report=False)
    world = replace(deaf, variables=one_day_on.variables)
    world.live("daily", report=False)
    again = rebuilt(world, tmp_path, "gold")
    assert again.checksums() == world.checksums()


class KilledError(BaseException):
    """Nothing handles it: the process might be gone."""


@pytest.mark.parametrize(("layer", "swapped"), [("silver", 3), ("gold", 2)])
def test_a_rebuild_that_is_killed_is_completed_by_the_next(
    two_days_on: World, tmp_path: Path, layer: str, swapped: int
) -> None:
    from lakehouse.spark.tables import SparkTables

    world = two_days_on.copy(tmp_path / "lakehouse")
    done: list[str] = []
    overwrite = SparkTables.overwrite

    def fatal(self: Any, table: Table, frame: Any) -> None:
        if len(done) == swapped:
            raise KilledError(table.name)
        done.append(table.name)
        overwrite(self, table, frame)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SparkTables, "overwrite", fatal)
        with pytest.raises(KilledError):
            world.live("rebuild", layer=layer)
    assert world.checksums() == two_days_on.checksums()
    world.live("rebuild", layer=layer)
    assert world.checksums() == two_days_on.checksums()
    assert not list(world.folder.glob("staging*"))


def test_a_damaged_body_stops_a_rebuild_before_anything_changes(
    trained: World, tmp_path: Path
) -> None:
    world = trained.copy(tmp_path / "lakehouse")
    row = world.rows(LANDINGS)[0]
    LandingZone(world.folder / "landing").path(row["body_path"]).write_bytes(b"{}")
    before = world.arrow.versions(FROM_FILES)
    with pytest.raises(TableError, match=r"1 are not: .*expected sha256 .* Nothing was changed"):
        world.live("rebuild", layer="silver")
    assert world.arrow.versions(FROM_FILES) == before


def test_a_forecast_that_cannot_be_made_again_stops_a_rebuild(
    one_day_on: World, tmp_path: Path
) -> None:
    world = one_day_on.copy(tmp_path / "lakehouse")
    shutil.rmtree(world.folder / "models" / "day_ahead_price")
    sentence = r"48 could not be made, first dk1.price.day_ahead .* Nothing was changed"
    with pytest.raises(TableError, match=sentence):
        world.live("rebuild", layer="gold")
    assert world.checksums() == one_day_on.checksums()


def test_maintenance_changes_no_content_and_the_day_goes_on(
    two_days_on: World, lived: World, tmp_path: Path
) -> None:
    world = two_days_on.copy(tmp_path / "lakehouse")
    world.live("maintain")
    assert world.checksums() == two_days_on.checksums()
    files = {t: world.arrow.open(t).file_uris() for t in TABLES if t is not RUNS}
    world.live("maintain")
    assert {t: world.arrow.open(t).file_uris() for t in TABLES if t is not RUNS} == files
    world.live("daily", report=False)
    assert world.checksums() == lived.checksums()


def test_a_downloaded_file_lands_as_it_is_once(trained: World, tmp_path: Path) -> None:
    """The export of an hour that the sources gave otherwise: a correction, by hand."""
    world = trained.copy(tmp_path / "lakehouse")
    world.clock().move_to(BEFORE)
    file = tmp_path / "prices.csv"
    file.write_text(
        "HourUTC;HourDK;PriceArea;SpotPriceEUR\n"
        "2024-10-01T10:00:00;2024-10-01T12:00:00;DK1;12345,5\n"
        "2024-10-01T11:00:00;2024-10-01T13:00:00;DK1;-0,5\n"
    )
    done = world.live("land", file=str(file), data_set="Elspotprices")
    told = (
        r"prices.csv landed as Elspotprices, 2024-10-01T10:00:00Z to 2024-10-01T12:00:00Z, of DK1"
    )
    assert re.search(told, done["backfill"].sentences[0])
    [row] = [row for row in world.rows(LANDINGS) if row["request"] == "/file/prices.csv"]
    assert LandingZone(world.folder / "landing").path(row["body_path"]).read_bytes() == (
        file.read_bytes()
    )
    values = {
        row["value"] for row in world.rows(OBSERVATIONS, event_time=parse_utc("2024-10-01T10:00Z"))
        if row["series_id"] == "dk1.price.day_ahead"
    }  # fmt: skip
    assert values == {34.959999, 12345.5}
    before = world.checksums()
    again = world.live("land", file=str(file), data_set="Elspotprices")
    assert again["backfill"].written[LANDINGS.name] == 0
    assert world.checksums() == before


@pytest.mark.parametrize(
    ("data_set", "content", "sentence"),
    [
        (
            "Moon",
            "a;b\n1;2\n",
            r"Unknown data set 'Moon'\. The catalogue has \['ConsumptionIndustry'",
        ),
        ("Elspotprices", "", "is empty"),
    ],
)
def test_a_file_that_cannot_land_is_refused_in_a_sentence(
    trained: World, tmp_path: Path, data_set: str, content: str, sentence: str
) -> None:
    world = trained.copy(tmp_path / "lakehouse")
    (tmp_path / "x.csv").write_text(content)
    with pytest.raises(BadInput, match=sentence):
        world.live("land", file=str(tmp_path / "x.csv"), data_set=data_set)
    assert world.content(LANDINGS) == trained.content(LANDINGS)
