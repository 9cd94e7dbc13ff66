"""Past days are as if lived, tables made anew are the same, and any order gives one history."""

import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse.errors import BadInput, TableError
from lakehouse.landing import LandingZone
from lakehouse.tables import TABLES, Table
from lakehouse.tables.bronze import LANDINGS, QUARANTINE
from lakehouse.tables.bronze import TABLES as BRONZE
from lakehouse.tables.gold import FEATURES, FORECAST_ERRORS, FORECASTS, QUANTILES, RUNS
from lakehouse.tables.silver import OBSERVATIONS
from lakehouse.tables.silver import TABLES as SILVER
from lakehouse.time import parse_utc
from spark_jobs.rebuild import FROM_FILES, FROM_SILVER
from tests.worlds import World, new_world, origin_of

FIRST, SECOND = map(origin_of, ("2024-10-18", "2024-10-19"))
BEFORE, AFTER = FIRST - timedelta(hours=1), SECOND + timedelta(hours=1)


def rows(world: World, table: Table, run_kind: str, *columns: str) -> dict[Any, Any]:
    """Content of one run kind, by the key without it."""
    key = [name for name in table.key if name != "run_kind"]
    return {
        tuple(row[name] for name in key): tuple(row[name] for name in columns)
        for row in world.rows(table, run_kind=run_kind)
    }


@pytest.fixture(scope="module")
def backfilled(trained: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two days slept through, then collected and replayed at once."""
    world = trained.copy(tmp_path_factory.mktemp("backfilled") / "lakehouse")
    world.clock().move_to(AFTER)
    world.live("backfill", first=BEFORE, last=AFTER, forecast=True)
    return world


def test_backfilled_forecasts_are_those_that_a_live_run_made(
    backfilled: World, two_days_on: World
) -> None:
    live = rows(two_days_on, FORECASTS, "live", *QUANTILES, "forecast_source", "unit")
    replayed = rows(backfilled, FORECASTS, "replay", *QUANTILES, "forecast_source", "unit")
    assert {key[1] for key in live} == {FIRST, SECOND}
    assert len(live) > 500
    assert replayed == live
    assert not rows(backfilled, FORECASTS, "live", "q50")


def test_backfilled_forecasts_saw_what_a_live_run_saw(
    backfilled: World, two_days_on: World
) -> None:
    assert backfilled.content(FEATURES) == two_days_on.content(FEATURES)


def test_backfilled_days_are_scored_as_live_days_were(
    backfilled: World, two_days_on: World
) -> None:
    sums = ("n", "sum_abs", "sum_pinball", "n_in_80", "sum_truth")
    live = rows(two_days_on, FORECAST_ERRORS, "live", *sums)
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
    with pytest.raises(BadInput, match=r"ends 2024-10-20T.* after the clock .* 2024-10-17T22:00"):
        trained.live("backfill", first=BEFORE, last=AFTER + timedelta(days=1))


def test_overlapping_backfills_in_any_order_give_one_history(
    collected: World, tmp_path: Path
) -> None:
    world = new_world(tmp_path / "piecemeal")
    for first, last in (
        ("2024-10-01", "2024-10-17"),
        ("2024-09-10", "2024-09-20"),
        ("2024-09-17", "2024-10-02"),
    ):
        world.live("backfill", first=day(first), last=day(last))
    both = (*BRONZE, *SILVER)
    assert world.arrow.count(OBSERVATIONS) > 5000
    assert world.checksums(both) == collected.checksums(both)
    for one in (world, collected):
        requests = [row["request"] for row in one.rows(LANDINGS)]
        assert len(requests) == len(set(requests))


def day(text: str) -> datetime:
    return parse_utc(f"{text}T00:00Z")


@pytest.fixture(scope="module")
def grown(healed: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Three live days, most sources down on the second; a report; the first day replayed."""
    world = healed.copy(tmp_path_factory.mktemp("grown") / "lakehouse")
    world.live("daily", as_of=FIRST)
    assert world.arrow.count(QUARANTINE)
    return world


class KilledError(BaseException):
    """Nothing handles it: the process might be gone."""


def killed_after(swapped: int, world: World, layer: str) -> list[Table]:
    """A rebuild that dies after so many tables were swapped in; returns those."""
    from lakehouse.spark.tables import SparkTables

    done: list[Table] = []
    overwrite = SparkTables.overwrite

    def fatal(self: Any, table: Table, frame: Any) -> None:
        if len(done) == swapped:
            raise KilledError(table.name)
        done.append(table)
        overwrite(self, table, frame)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SparkTables, "overwrite", fatal)
        with pytest.raises(KilledError):
            world.live("rebuild", layer=layer)
    return done


@pytest.mark.parametrize(
    ("layer", "tables", "swapped"), [("silver", FROM_FILES, 3), ("gold", FROM_SILVER, 2)]
)
def test_a_layer_made_anew_is_the_one_that_grew_even_where_the_first_try_was_killed(
    grown: World, tmp_path: Path, layer: str, tables: tuple[Table, ...], swapped: int
) -> None:
    """Gold sees of each day what had been fetched then: what a source owed came a day late."""
    world = grown.copy(tmp_path / "lakehouse")
    done = killed_after(swapped, world, layer)
    assert world.checksums() == grown.checksums()
    world.live("rebuild", layer=layer)
    assert world.checksums() == grown.checksums()
    assert "not what was issued" not in world.last_run("rebuild")["reason"]
    assert not list(world.folder.glob("staging*"))
    for table in tables:
        commits = world.arrow.version(table) - grown.arrow.version(table)
        assert commits == (1 + (table in done) if world.arrow.count(table) else 0), table.name
    assert world.live("build").landing_ids == []


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
    sentence = r"192 could not be made, first dk1.price.day_ahead .* Nothing was changed"
    with pytest.raises(TableError, match=sentence):
        world.live("rebuild", layer="gold")
    assert world.checksums() == one_day_on.checksums()


def test_maintenance_changes_no_content_and_the_day_goes_on(
    one_day_on: World, two_days_on: World, tmp_path: Path
) -> None:
    world = one_day_on.copy(tmp_path / "lakehouse")
    world.live("maintain")
    assert world.checksums() == one_day_on.checksums()
    files = {t: world.arrow.open(t).file_uris() for t in TABLES if t is not RUNS}
    world.live("maintain")
    assert {t: world.arrow.open(t).file_uris() for t in TABLES if t is not RUNS} == files
    world.live("daily")
    assert world.checksums() == two_days_on.checksums()


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
