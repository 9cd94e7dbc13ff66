"""One day on which almost every source fails in its own way, and the day after."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import stamina

from lakehouse.catalogue import Catalogue
from lakehouse.errors import SourceError
from lakehouse.tables.bronze import LANDINGS, QUARANTINE
from lakehouse.tables.gold import FORECAST_ERRORS, FORECASTS, RUNS
from lakehouse.tables.silver import OBSERVATIONS, WEATHER_FORECASTS, WEATHER_OBSERVATIONS
from sources.emulator.faulty import PAGE
from sources.emulator.server import running
from tests.worlds import World, origin_of

SECOND = origin_of("2024-10-19")
#: At the discard port of this machine nothing listens.
NOBODY = "http://127.0.0.1:9"


@dataclass(frozen=True)
class TroubledDay:
    """The world after it, and what its steps said."""

    world: World
    outcomes: dict[str, Any]


@pytest.fixture(autouse=True, scope="module")
def _impatient() -> Iterator[None]:
    """Ask twice and do not wait in between."""
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.fixture(scope="module")
def troubled(one_day_on: World, tmp_path_factory: pytest.TempPathFactory) -> TroubledDay:
    """Prices answer 500, consumption an HTML page, actual weather is torn, runs are not there."""
    world = one_day_on.copy(tmp_path_factory.mktemp("troubled") / "lakehouse")
    faults = (
        "500:data_set=Elspotprices",
        "html:data_set=ConsumptionIndustry",
        "truncated:data_set=archive",
    )
    with world.entered() as settings:
        clock = world.clock()
    with running(settings, clock, faults) as played:
        variables = {
            "GRIDCAST_ENERGI_DATA_SERVICE": played.energi_data_service,
            "GRIDCAST_OPEN_METEO_ARCHIVE": played.open_meteo_archive,
            "GRIDCAST_OPEN_METEO_SINGLE_RUNS": NOBODY,
        }
        troubled = replace(world, variables=world.variables | variables)
        return TroubledDay(troubled, troubled.live("daily", report=False))


def refusals(day: TroubledDay) -> dict[str, dict[str, Any]]:
    return {row["data_set"]: row for row in day.world.rows(QUARANTINE)}


def test_an_answer_500_is_told_with_its_request(troubled: TroubledDay) -> None:
    told = troubled.world.last_run("ingest")
    assert told["status"] == "ok"
    assert "energi_data_service Elspotprices for DK1, DK2" in told["reason"]
    assert "expected 200, got 500 (Internal Server Error), asked 2 times" in told["reason"]


def test_a_source_that_is_not_there_is_told_with_its_request(troubled: TroubledDay) -> None:
    reason = troubled.world.last_run("ingest")["reason"]
    assert "open_meteo single_runs for aarhus, malmo" in reason
    assert "no answer, asked 2 times" in reason


def test_a_page_instead_of_records_is_quarantined_with_its_request(troubled: TroubledDay) -> None:
    row = refusals(troubled)["ConsumptionIndustry"]
    assert row["rule"] == "content_type_json"
    assert (
        'content type "text/html; charset=utf-8" for /dataset/ConsumptionIndustry?start='
        in row["reason"]
    )
    assert row["record"] == PAGE.decode()


def test_a_torn_body_is_quarantined_with_its_request(troubled: TroubledDay) -> None:
    row = refusals(troubled)["archive"]
    assert row["rule"] == "whole_json"
    assert "The body of /v1/archive?latitude=" in row["reason"]


def test_the_sources_that_work_still_land(troubled: TroubledDay, one_day_on: World) -> None:
    count = troubled.world.arrow.count
    assert count(WEATHER_FORECASTS) > one_day_on.arrow.count(WEATHER_FORECASTS)
    assert count(OBSERVATIONS) == one_day_on.arrow.count(OBSERVATIONS)


def test_every_series_is_forecast_by_what_is_known(
    troubled: TroubledDay, catalogue: Catalogue
) -> None:
    issued = troubled.world.rows(FORECASTS, forecast_origin=SECOND)
    assert {row["series_id"] for row in issued} == set(catalogue.series)
    assert troubled.world.last_run("daily")["status"] == "ok"


def test_the_failures_stand_in_the_row_of_the_day(troubled: TroubledDay) -> None:
    reason = troubled.world.last_run("daily")["reason"]
    assert "got 500" in reason
    assert "2 records or bodies were refused: see bronze.quarantine." in reason


@pytest.fixture(scope="module")
def healed(troubled: TroubledDay, one_day_on: World) -> World:
    """The third day, with every source back; it lives on in the troubled world."""
    world = replace(troubled.world, variables=one_day_on.variables)
    world.live("daily", report=False)
    return world


def test_what_the_sources_owed_comes_on_the_next_day(healed: World, two_days_on: World) -> None:
    """Values, event times and publication times; only `recorded_at` tells of the trouble."""
    for table in (OBSERVATIONS, WEATHER_OBSERVATIONS):
        columns = [
            name for name in table.content_columns if name not in ("recorded_at", "landing_id")
        ]
        assert rows(two_days_on, table, columns) <= rows(healed, table, columns)


def test_a_truth_that_came_late_is_scored_all_the_same(healed: World, two_days_on: World) -> None:
    """The prices of 19 October were published on the 18th and fetched on the 20th."""
    columns = ["series_id", "model_name", "target_day", "horizon_band", "truth_as_of", "sum_abs"]
    scored = rows(two_days_on, FORECAST_ERRORS, columns)
    assert scored
    assert scored <= rows(healed, FORECAST_ERRORS, columns)


def test_where_no_source_answers_the_run_fails_with_every_reason(
    one_day_on: World, tmp_path: Path
) -> None:
    from flows import steps
    from flows.run import new_run

    everywhere = ("ENERGI_DATA_SERVICE", "OPEN_METEO_FORECAST", "OPEN_METEO_ARCHIVE",
                  "OPEN_METEO_SINGLE_RUNS")  # fmt: skip
    down = {f"GRIDCAST_{name}": NOBODY for name in everywhere}
    world = one_day_on.copy(tmp_path / "lakehouse", **down)
    with world.entered(), pytest.raises(SourceError, match=r"^No source answered\. "):
        steps.ingest.fn(new_run(None, None))
    assert world.last_run("ingest")["status"] == "failed"
    assert world.content(LANDINGS) == one_day_on.content(LANDINGS)
    assert [row["step"] for row in world.rows(RUNS, status="failed")] == ["ingest"]


def rows(world: World, table: Any, columns: list[str]) -> set[tuple[Any, ...]]:
    return {tuple(row[name] for name in columns) for row in world.rows(table)}
