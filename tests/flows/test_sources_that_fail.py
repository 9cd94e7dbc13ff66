"""One day on which almost every source fails in its own way, and the day after."""

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
from tests.worlds import NOBODY, World, origin_of

SECOND = origin_of("2024-10-19")


def refusals(day: World) -> dict[str, dict[str, Any]]:
    return {row["data_set"]: row for row in day.rows(QUARANTINE)}


def test_an_answer_500_is_told_with_its_request(troubled: World) -> None:
    told = troubled.last_run("ingest")
    assert told["status"] == "ok"
    assert "energi_data_service Elspotprices for DK1, DK2" in told["reason"]
    assert "expected 200, got 500 (Internal Server Error), asked 2 times" in told["reason"]


def test_a_source_that_is_not_there_is_told_with_its_request(troubled: World) -> None:
    reason = troubled.last_run("ingest")["reason"]
    assert "open_meteo single_runs for aarhus, malmo" in reason
    assert "no answer, asked 2 times" in reason


def test_a_page_instead_of_records_is_quarantined_with_its_request(troubled: World) -> None:
    row = refusals(troubled)["ConsumptionIndustry"]
    assert row["rule"] == "content_type_json"
    assert (
        'content type "text/html; charset=utf-8" for /dataset/ConsumptionIndustry?start='
        in row["reason"]
    )
    assert row["record"] == PAGE.decode()


def test_a_torn_body_is_quarantined_with_its_request(troubled: World) -> None:
    row = refusals(troubled)["archive"]
    assert row["rule"] == "whole_json"
    assert "The body of /v1/archive?latitude=" in row["reason"]


def test_the_sources_that_work_still_land(troubled: World, one_day_on: World) -> None:
    count = troubled.arrow.count
    assert count(WEATHER_FORECASTS) > one_day_on.arrow.count(WEATHER_FORECASTS)
    assert count(OBSERVATIONS) == one_day_on.arrow.count(OBSERVATIONS)


def test_every_series_is_forecast_by_what_is_known(troubled: World, catalogue: Catalogue) -> None:
    issued = troubled.rows(FORECASTS, forecast_origin=SECOND)
    assert {row["series_id"] for row in issued} == set(catalogue.series)
    assert troubled.last_run("daily")["status"] == "ok"


def test_the_failures_stand_in_the_row_of_the_day(troubled: World) -> None:
    reason = troubled.last_run("daily")["reason"]
    assert "got 500" in reason
    assert "2 records or bodies were refused: see bronze.quarantine." in reason


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
    with (
        world.entered(),
        stamina.set_testing(True, attempts=2),
        pytest.raises(SourceError, match=r"^No source answered\. "),
    ):
        steps.ingest(new_run(None, None))
    assert world.last_run("ingest")["status"] == "failed"
    assert world.content(LANDINGS) == one_day_on.content(LANDINGS)
    assert [row["step"] for row in world.rows(RUNS, status="failed")] == ["ingest"]


def rows(world: World, table: Any, columns: list[str]) -> set[tuple[Any, ...]]:
    return {tuple(row[name] for name in columns) for row in world.rows(table)}
