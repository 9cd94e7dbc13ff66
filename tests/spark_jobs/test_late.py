"""What does not come by its usual time and grace is told, by what is silent, until it comes."""

from datetime import datetime, timedelta

import pytest

from lakehouse.catalogue import Catalogue
from lakehouse.tables.gold import RUNS
from lakehouse.tables.silver import OBSERVATIONS, WEATHER_FORECASTS, WEATHER_OBSERVATIONS
from lakehouse.time import DAY, HOUR
from spark_jobs.late import awaited, late
from tests.small_lakehouse import SmallLakehouse, utc

NOW = utc("2024-10-25 07:30")  # 09:30 in Copenhagen
HOUSEHOLD, BUSINESS = "dk1.consumption.household.851", "dk2.consumption.business.329"
#: Whole hours after which a value usually is known: nine days, and a day of grace.
DUE = NOW.replace(minute=0) - 10 * DAY


def came(small: SmallLakehouse, series_id: str, until: datetime, at: datetime = NOW) -> None:
    """The last two hours before a moment became known."""
    rows = [
        OBSERVATIONS.row(
            series_id=series_id, event_time=until - back * HOUR, available_at=at, value=1.0,
            resolution_minutes=60,
        )
        for back in (1, 2)
    ]  # fmt: skip
    small.arrow.append(OBSERVATIONS, rows)


def told(
    small: SmallLakehouse, catalogue: Catalogue, at: datetime = NOW, open_now: tuple[str, ...] = ()
) -> list[str]:
    found = late(awaited(small.arrow, catalogue, at), {("late", name) for name in open_now})
    return sorted(condition.about for condition in found)


def test_within_its_grace_nothing_is_late_and_an_hour_later_it_is(
    small: SmallLakehouse, catalogue: Catalogue
) -> None:
    came(small, HOUSEHOLD, DUE)
    came(small, BUSINESS, NOW)
    assert told(small, catalogue) == []
    assert told(small, catalogue, NOW + HOUR) == [HOUSEHOLD]
    came(small, HOUSEHOLD, DUE + HOUR, at=NOW + HOUR)
    assert told(small, catalogue, NOW + HOUR) == []


@pytest.mark.parametrize(("hours_ago", "late_ones"), [(2, []), (26, [HOUSEHOLD])])
def test_what_nobody_has_asked_for_since_it_was_due_is_not_late_for_a_day(
    small: SmallLakehouse, catalogue: Catalogue, hours_ago: int, late_ones: list[str]
) -> None:
    came(small, HOUSEHOLD, DUE)
    came(small, BUSINESS, NOW)
    now = NOW + 2 * HOUR
    ran = {"step": "ingest", "run_kind": "live", "status": "failed"}
    small.arrow.append(RUNS, [RUNS.row(as_of=now - hours_ago * HOUR, **ran)])
    assert told(small, catalogue, now) == late_ones


def test_a_series_that_never_had_a_value_is_not_awaited(
    small: SmallLakehouse, catalogue: Catalogue
) -> None:
    came(small, HOUSEHOLD, NOW)
    assert told(small, catalogue, NOW) == []


def test_without_places_no_weather_is_awaited(small: SmallLakehouse, catalogue: Catalogue) -> None:
    came(small, HOUSEHOLD, NOW)
    nowhere = {
        name: series.model_copy(update={"location_id": None})
        for name, series in catalogue.series.items()
    }
    placeless = catalogue.model_copy(update={"series": nowhere, "locations": {}})
    small.arrow.append(WEATHER_FORECASTS, [WEATHER_FORECASTS.row(available_at=NOW)])
    assert told(small, placeless) == []


def test_one_that_has_been_silent_for_months_is_still_late(
    small: SmallLakehouse, catalogue: Catalogue
) -> None:
    came(small, HOUSEHOLD, DUE - 100 * DAY)
    came(small, BUSINESS, NOW)
    assert told(small, catalogue) == [HOUSEHOLD]


def test_a_data_set_that_is_silent_is_told_as_one(
    small: SmallLakehouse, catalogue: Catalogue
) -> None:
    for series_id in (HOUSEHOLD, BUSINESS):
        came(small, series_id, DUE - 3 * DAY)
    assert told(small, catalogue) == ["ConsumptionIndustry"]
    # An incident of one of them that was open stays: its own data have not come either.
    assert told(small, catalogue, open_now=(HOUSEHOLD,)) == ["ConsumptionIndustry", HOUSEHOLD]


@pytest.mark.parametrize(("at", "late_ones"), [
    ("2024-10-24 16:44", []), ("2024-10-24 16:45", ["dk1.price.day_ahead"]),
])  # fmt: skip
def test_prices_are_late_six_hours_after_the_auction(
    small: SmallLakehouse, catalogue: Catalogue, at: str, late_ones: list[str]
) -> None:
    """The auction of the 24th is known at 12:45 in Copenhagen, 10:45 UTC."""
    came(small, "dk1.price.day_ahead", utc("2024-10-24 22:00"), at=NOW - 2 * DAY)
    came(small, "dk2.price.day_ahead", utc("2024-10-25 22:00"), at=NOW - 2 * DAY)
    assert told(small, catalogue, utc(at)) == late_ones


def test_weather_is_late_by_place(small: SmallLakehouse, catalogue: Catalogue) -> None:
    for place, until in (("aarhus", NOW - 6 * DAY - 2 * HOUR), ("malmo", NOW - 5 * DAY)):
        rows = [
            WEATHER_OBSERVATIONS.row(
                location_id=place, variable="temperature_2m", available_at=NOW, value=1.0,
                event_time=until.replace(minute=0) - HOUR,
            )
        ]  # fmt: skip
        small.arrow.append(WEATHER_OBSERVATIONS, rows)
    runs = [("aarhus", NOW - timedelta(hours=7, minutes=30)), ("malmo", NOW - 3 * DAY)]
    small.arrow.append(
        WEATHER_FORECASTS,
        [WEATHER_FORECASTS.row(location_id=p, issue_time=t, available_at=NOW) for p, t in runs],
    )
    assert told(small, catalogue) == ["aarhus weather", "malmo weather forecasts"]
