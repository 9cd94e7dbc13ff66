"""What people ask of the tables by name: as of a moment, what is missing, how late it came."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.errors import BadInput
from lakehouse.spark.query import ask
from lakehouse.tables import FUNCTIONS, TABLES
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.gold import FEATURES, FORECAST_ERRORS, FORECASTS
from lakehouse.tables.silver import (
    COVARIATES,
    DATA_SETS,
    OBSERVATIONS,
    SERIES,
    WEATHER_FORECASTS,
    WEATHER_OBSERVATIONS,
)
from lakehouse.time import DAY, HOUR
from tests.small_lakehouse import SmallLakehouse, utc

START = utc("2024-10-18 00:00")


@pytest.fixture
def small(named: SmallLakehouse) -> Iterator[SmallLakehouse]:
    """The named tables, emptied after the test: to name them takes longer than to ask them."""
    yield named
    for table in TABLES:
        named.arrow.mirror(table, [])


def value(hour: float, known: float, number: float = 1.0, **more: Any) -> dict[str, Any]:
    """A value of the interval `hour` hours after START, known `known` hours after START."""
    times = {
        "event_time": START + timedelta(hours=hour),
        "available_at": START + timedelta(hours=known),
        "recorded_at": START + timedelta(hours=known),
    }
    shape = {"series_id": "a", "value": number, "resolution_minutes": 60}
    return OBSERVATIONS.row(**times | shape | more)


def answer(small: SmallLakehouse, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = small.tables.spark.sql(query).toArrow().to_pylist()
    return rows


def at(hour: float) -> str:
    return f"TIMESTAMP '{(START + timedelta(hours=hour)).isoformat()}'"


def test_an_earlier_answer_is_given_back_and_nothing_of_later(small: SmallLakehouse) -> None:
    """Known at 5 as 1, corrected at 8 to 2, and at 11 back to 1."""
    small.append(OBSERVATIONS, [value(0, 5, 1.0), value(0, 8, 2.0), value(0, 11, 1.0)])
    told = {
        hour: [
            (row["value"], row["available_at"])
            for row in answer(small, f"SELECT * FROM observations_as_of({at(hour)})")
        ]
        for hour in (4.9, 5, 7.9, 8, 10.9, 11, 99)
    }
    first, second, third = ((v, START + h * HOUR) for v, h in ((1.0, 5), (2.0, 8), (1.0, 11)))
    assert told == {
        4.9: [], 5: [first], 7.9: [first], 8: [second], 10.9: [second], 11: [third], 99: [third],
    }  # fmt: skip


def test_what_the_world_knew_is_not_what_we_had_fetched(small: SmallLakehouse) -> None:
    late = {"recorded_at": START + 9 * DAY}
    small.append(OBSERVATIONS, [value(0, 5), value(0, 8, 2.0, **late), value(1, 5, 3.0, **late)])
    world = answer(small, f"SELECT value FROM observations_as_of({at(10)}) ORDER BY value")
    ours = answer(
        small,
        f"SELECT value FROM observations_as_of(as_of => {at(10)}, recorded_by => {at(10)})",
    )
    assert [row["value"] for row in world] == [2.0, 3.0]
    assert [row["value"] for row in ours] == [1.0]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_every_function_answers_and_says_what_it_is_for(
    small: SmallLakehouse, function: Any
) -> None:
    assert answer(small, f"SELECT * FROM {function.name}('2024-10-18T07:30:00Z')") == []
    told = answer(small, f"DESCRIBE FUNCTION EXTENDED {function.name}")
    page = "\n".join(row["function_desc"] for row in told)
    assert function.meaning in page
    assert all(parameter.meaning in page for parameter in function.parameters)


def test_the_other_functions_slice_by_what_was_known(small: SmallLakehouse) -> None:
    known = {"available_at": START + 6 * HOUR, "recorded_at": START + 6 * HOUR}
    small.append(COVARIATES, [COVARIATES.row(**known)])
    place = {"location_id": "x", "valid_time": START + DAY, "variable": "v", "weather_model": "w"}
    small.append(
        WEATHER_FORECASTS,
        [
            WEATHER_FORECASTS.row(issue_time=START + i * HOUR, value=float(i), **place, **known)
            for i in (0, 3)
        ],
    )
    issued = {"run_kind": "live", "forecast_source": "fallback", "valid_time": START + DAY}
    small.append(
        FORECASTS,
        [FORECASTS.row(forecast_origin=START + i * HOUR, q50=float(i), **issued) for i in (6, 9)],
    )
    for name, column, newest in (
        ("covariates_as_of", "value", 0.0),
        ("weather_forecasts_as_of", "value", 3.0),
        ("forecasts_as_of", "q50", 6.0),
    ):
        assert answer(small, f"SELECT * FROM {name}({at(5.9)})") == [], name
        found = answer(small, f"SELECT {column} FROM {name}({at(6)})")
        assert [row[column] for row in found] == [newest], name
    assert answer(small, f"SELECT * FROM forecasts_as_of({at(6)}, kind => 'replay')") == []


def test_a_moment_must_be_given(small: SmallLakehouse) -> None:
    with pytest.raises(BadInput, match="as_of"):
        ask(small.tables, "SELECT * FROM observations_as_of()")


GAPS = "SELECT * FROM gold.gaps ORDER BY series_id, gap_start"


def test_a_gap_has_a_start_an_end_and_a_length(small: SmallLakehouse) -> None:
    small.append(OBSERVATIONS, [value(hour, 99) for hour in (0, 1, 4, 5, 7)])
    small.append(OBSERVATIONS, [value(1, 120, 7.0)])  # a correction is no second value
    small.append(OBSERVATIONS, [value(hour, 99, series_id="whole") for hour in (0, 1, 2)])
    gaps = [(row["gap_start"], row["gap_end"], row["missing"]) for row in answer(small, GAPS)]
    assert gaps == [
        (START + 2 * HOUR, START + 4 * HOUR, 2),
        (START + 6 * HOUR, START + 7 * HOUR, 1),
    ]


def test_a_change_of_resolution_is_no_gap(small: SmallLakehouse) -> None:
    hourly = [value(hour, 99) for hour in (0, 1)]
    quarters = [value(2 + i / 4, 99, resolution_minutes=15) for i in (0, 1, 2, 5)]
    small.append(OBSERVATIONS, [*hourly, *quarters])
    [gap] = answer(small, GAPS)
    assert (gap["gap_start"], gap["missing"]) == (START + timedelta(hours=2.75), 2)


@given(
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from([15, 30, 60])), min_size=2, max_size=12)
)
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
def test_gaps_are_what_the_values_do_not_cover(
    small: SmallLakehouse, steps: list[tuple[int, int]]
) -> None:
    """Against a plain walk over quarters of an hour: the uncovered ones lie in the gaps."""
    small.arrow.mirror(OBSERVATIONS, [])
    hour, rows, covered = 0.0, [], set()
    for skip, minutes in steps:
        rows.append(value(hour, 99, resolution_minutes=minutes))
        covered |= {hour + i / 4 for i in range(minutes // 15)}
        hour += max(minutes / 60, skip / 2)
    small.arrow.append(OBSERVATIONS, rows)
    last = rows[-1]["event_time"]
    quarters = {i / 4 for i in range(int((last - START) / HOUR * 4))}
    uncovered = {START + timedelta(hours=q) for q in quarters - covered}
    told = [
        row["gap_start"] + timedelta(minutes=15 * i)
        for row in answer(small, GAPS)
        for i in range(int((row["gap_end"] - row["gap_start"]) / timedelta(minutes=15)))
    ]
    assert sorted(told) == sorted(uncovered)


def test_only_short_gaps_are_filled_and_the_fill_is_marked(small: SmallLakehouse) -> None:
    """Two hours are missing at 1 and 2; three from 4 on; half an hour in quarters from 8.5 on."""
    hourly = [value(0, 50, 10.0), value(3, 60, 40.0), value(7, 50, 0.0)]
    quarters = [
        value(hour, 50, number, resolution_minutes=15)
        for hour, number in ((8.0, 1.0), (8.25, 1.0), (9.0, 4.0))
    ]
    small.append(OBSERVATIONS, [*hourly, *quarters])
    rows = answer(small, "SELECT * FROM gold.observations_filled ORDER BY event_time")
    filled = [row for row in rows if row["filled_by"]]
    assert len(rows) - len(filled) == 6
    assert {row["filled_by"] for row in filled} == {"line_over_two_hours"}
    assert [((row["event_time"] - START) / HOUR, round(row["value"], 9)) for row in filled] == [
        (1.0, 20.0), (2.0, 30.0), (8.5, 2.0), (8.75, 3.0),
    ]  # fmt: skip
    known = {(row["event_time"] - START) / HOUR: row["available_at"] for row in filled}
    assert known[1.0] == START + 60 * HOUR  # when both neighbours were known
    assert known[8.5] == START + 50 * HOUR
    for one, next_one in pairwise(rows):
        assert one["event_time"] < next_one["event_time"]


def test_delays_are_those_of_first_values_that_were_seen_to_arrive(small: SmallLakehouse) -> None:
    versions: list[tuple[datetime, str, int]] = [
        (utc("1970-01-01 00:00"), "216 h after the interval", 216),
        (utc("2024-01-01 00:00"), "240 h after the interval", 240),
    ]
    small.append(
        DATA_SETS,
        [
            DATA_SETS.row(data_set=name, since=s, publication=told, basis="assumed", delay_hours=h)
            for name in ("Load", "Quiet")
            for s, told, h in versions
        ],
    )
    small.append(LANDINGS, [LANDINGS.row(landing_id="l", data_set="Load")])
    seen = {"landing_id": "l", "available_basis": "observed"}
    small.append(
        OBSERVATIONS, [value(h, h + 1 + delay, **seen) for h, delay in enumerate(range(11))]
    )
    small.append(OBSERVATIONS, [value(0, 500, 9.0, **seen)])  # a correction
    small.append(OBSERVATIONS, [value(20, 500, landing_id="l", available_basis="assumed")])
    rows = answer(small, "SELECT * FROM gold.publication_delays ORDER BY data_set")
    assert [row.pop("data_set") for row in rows] == ["Load", "Quiet"]
    usual = {"publication": "240 h after the interval", "basis": "assumed", "usual_hours": 240.0}
    assert rows[0] == usual | {"n": 11, "median_hours": 5.0, "p90_hours": 9.0}
    assert rows[1] == usual | {"n": 0, "median_hours": None, "p90_hours": None}


def test_who_answered_is_counted_per_group_and_origin(small: SmallLakehouse) -> None:
    issued = {"run_kind": "live", "forecast_origin": START, "series_group": "g"}
    said = [
        ("a", "lstm", "champion"),
        ("a", "linear", "challenger"),
        ("a", "seasonal_naive", "fallback"),
        ("b", "linear", "fallback"),
        ("b", "seasonal_naive", "fallback"),
        ("c", "seasonal_naive", "fallback"),
        ("d", "seasonal_naive", "fallback"),
    ]
    small.append(
        FORECASTS,
        [
            FORECASTS.row(series_id=s, model_name=m, forecast_source=source, **issued)
            for s, m, source in said
        ],
    )
    [row] = answer(small, "SELECT * FROM gold.answers")
    assert (row["series"], row["by_champion"], row["by_stand_in"], row["by_naive"]) == (4, 1, 1, 2)
    assert row["naive_share"] == 0.5


def test_how_wrong_the_weather_was_and_how_the_error_moves_with_it(small: SmallLakehouse) -> None:
    """Three days; the forecast wind is 0, 1 and 2 m/s too high, and the error 10 times as large."""
    small.append(SERIES, [SERIES.row(series_id="a", location_id="x", timezone="UTC")])
    place = {"location_id": "x", "variable": "wind_speed_10m"}
    actual = [
        WEATHER_OBSERVATIONS.row(event_time=START + i * HOUR, value=5.0, **place) for i in range(72)
    ]
    ahead = [
        WEATHER_FORECASTS.row(
            issue_time=START, valid_time=START + i * HOUR, value=5.0 + i // 24, **place
        )
        for i in range(72)
    ]
    features = [
        FEATURES.row(series_id="a", valid_time=START + i * HOUR, wind_speed_10m=5.0 + i // 24)
        for i in range(72)
    ]
    errors = [
        FORECAST_ERRORS.row(
            series_id="a", run_kind="live", forecast_source="champion", model_name="lstm",
            target_day=(START + day * DAY).date(), n=24, sum_abs=24.0 * 10.0 * (day + 1),
        )
        for day in range(3)
    ]  # fmt: skip
    small.append(WEATHER_OBSERVATIONS, actual)
    small.append(WEATHER_FORECASTS, ahead)
    small.append(FEATURES, features)
    small.append(FORECAST_ERRORS, errors)
    lead = answer(small, "SELECT * FROM gold.weather_performance ORDER BY lead_day")
    assert [(row["lead_day"], row["n"], row["mae"], row["bias"]) for row in lead] == [
        (0, 24, 0.0, 0.0), (1, 24, 1.0, 1.0), (2, 24, 2.0, 2.0),
    ]  # fmt: skip
    [row] = answer(small, "SELECT * FROM gold.weather_and_error")
    assert (row["variable"], row["days"], row["weather_mae"]) == ("wind_speed_10m", 3, 1.0)
    assert row["correlation"] == pytest.approx(1.0)
