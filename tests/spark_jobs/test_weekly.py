"""The weekly report tells of one week, by what was known then, and goes out once on a Monday."""

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from lakehouse.catalogue import Catalogue
from lakehouse.settings import Settings
from lakehouse.tables.bronze import QUARANTINE
from lakehouse.tables.gold import (
    FORECAST_ERRORS,
    FORECASTS,
    INCIDENTS,
    OUTBOX,
    PROMOTIONS,
    RUNS,
)
from lakehouse.tables.silver import OBSERVATIONS, WEATHER_FORECASTS, WEATHER_OBSERVATIONS
from lakehouse.time import DAY, HOUR
from spark_jobs import weekly
from spark_jobs.weekly_events import arrivals, decisions, happened, refused
from spark_jobs.weekly_scores import scores
from tests.small_lakehouse import SmallLakehouse, utc
from tests.spark_jobs.world import town_catalogue

MONDAY = utc("2024-11-04 08:30")
LAST = date(2024, 11, 3)
WEEK = (utc("2024-10-27 23:00"), MONDAY)
CHAMPION = {"forecast_source": "champion", "model_name": "lstm"}
NAIVE = {"forecast_source": "fallback", "model_name": "seasonal_naive"}


def error(days_ago: int, mae: float, **about: Any) -> dict[str, Any]:
    known = {"truth_as_of": MONDAY - DAY} | about
    day = LAST - days_ago * DAY
    return FORECAST_ERRORS.row(
        series_id="town.load", series_group="load", run_kind="live", target_day=day, unit="kWh",
        n=24, sum_abs=24 * mae, n_in_80=18, n_in_90=24, **known,
    )  # fmt: skip


def told(small: SmallLakehouse) -> pd.DataFrame:
    return scores(small.arrow, LAST, MONDAY).accuracy


def test_the_newest_scored_week_stands_beside_naive_and_the_four_weeks_before(
    small: SmallLakehouse,
) -> None:
    """The truth is known nine days late: the week that is told of is the newest that has it."""
    rows = [error(age, 8.0 if age < 16 else 9.0, **CHAMPION) for age in range(9, 60)]
    rows += [error(age, 10.0, **NAIVE) for age in range(9, 60)]
    small.arrow.append(FORECAST_ERRORS, rows)
    [row] = told(small).to_dict("records")
    assert (row["first_day"], row["last_day"]) == (date(2024, 10, 19), date(2024, 10, 25))
    assert (row["mae"], row["naive_mae"], row["skill"]) == pytest.approx((8.0, 10.0, 0.2))
    assert (row["before_mae"], row["before_skill"]) == pytest.approx((9.0, 0.1))
    assert row["before_days"] == 28
    found = scores(small.arrow, LAST, MONDAY)
    assert len(found.daily_errors) == 2 * 35
    [intervals] = found.intervals.to_dict("records")
    assert (intervals["n"], intervals["coverage_80"], intervals["coverage_90"]) == (168, 0.75, 1.0)


def test_only_what_was_known_at_the_moment_is_told(small: SmallLakehouse) -> None:
    later = {"truth_as_of": MONDAY + HOUR}
    rows = [error(9, 8.0, **CHAMPION), error(9, 10.0, **NAIVE)]
    rows += [error(9, 99.0, **CHAMPION, **later), error(8, 1.0, **CHAMPION, **later)]
    small.arrow.append(FORECAST_ERRORS, rows)
    [row] = told(small).to_dict("records")
    assert (row["mae"], row["last_day"]) == (8.0, date(2024, 10, 25))
    assert pd.isna(row["before_mae"])


def test_a_model_that_was_put_in_charge_is_compared_with_its_days_beside_the_other(
    small: SmallLakehouse,
) -> None:
    rows = [error(age, 8.0, **CHAMPION, model_version="2") for age in range(7)]
    tried = {"model_name": "lstm", "forecast_source": "challenger", "model_version": "2"}
    rows += [error(age, 7.0, **tried) for age in range(7, 14)]
    rows += [error(age, 10.0, **NAIVE) for age in range(14)]
    small.arrow.append(FORECAST_ERRORS, rows)
    [row] = told(small).to_dict("records")
    assert (row["forecast_source"], row["before_mae"], row["before_days"]) == ("champion", 7.0, 7)


def test_incidents_and_decisions_of_the_week_alone_are_told(small: SmallLakehouse) -> None:
    def event(name: str, what: str, days: int) -> dict[str, Any]:
        at = MONDAY - days * DAY
        return INCIDENTS.row(incident_id=name, event=what, kind="late", about=name, at=at)

    events = [("old", "opened", 20), ("old", "ended", 10), ("a", "opened", 9), ("a", "ended", 2)]
    small.arrow.append(INCIDENTS, [event(*one) for one in [*events, ("b", "opened", 1)]])
    frame = happened(small.arrow, WEEK).set_index("about")
    assert sorted(frame.index) == ["a", "b"]
    assert pd.isna(frame.loc["a", "opened_at"]) and frame.loc["a", "ended_at"] == MONDAY - 2 * DAY
    assert pd.isna(frame.loc["b", "ended_at"])

    def decided(model: str, days: int) -> dict[str, Any]:
        return PROMOTIONS.row(
            series_group="load", decided_at=MONDAY - days * DAY, champion_model=model,
            champion_version="1", reason="x",
        )  # fmt: skip

    held = [decided(*one) for one in (("lstm", 20), ("lstm", 5), ("seasonal_naive", 3))]
    small.arrow.append(PROMOTIONS, held)
    [row] = decisions(small.arrow, WEEK).to_dict("records")
    assert (row["what"], row["in_charge"]) == ("set aside", "seasonal_naive 1")


def test_refusals_are_counted_by_rule_beside_those_of_the_week_before(
    small: SmallLakehouse,
) -> None:
    rows = [
        QUARANTINE.row(
            rule=rule, table="silver.observations", data_set="Load", record_index=number,
            fetched_at=MONDAY - days * DAY,
        )
        for number, (rule, days) in enumerate([("a", 1), ("a", 2), ("a", 8), ("b", 9), ("a", 40)])
    ]  # fmt: skip
    small.arrow.append(QUARANTINE, rows)
    [row] = refused(small.arrow, WEEK).to_dict("records")
    assert (row["rule"], row["records"], row["before"]) == ("a", 2, 1)


def test_what_was_due_in_the_week_is_counted_as_it_came(small: SmallLakehouse) -> None:
    """Of the load's hours, nine days late by rule, two came 30 h late and three not at all."""
    first = WEEK[0] - 9 * DAY
    hours = [first + n * HOUR for n in range(round((MONDAY - WEEK[0]) / HOUR))]
    rows = [
        OBSERVATIONS.row(
            series_id="town.load", event_time=at, value=1.0, resolution_minutes=60,
            available_at=at + 9 * DAY + HOUR + (30 * HOUR if number in (4, 5) else timedelta(0)),
        )
        for number, at in enumerate(hours[:-1])
        if number not in (10, 11, 12)
    ]  # fmt: skip
    small.arrow.append(OBSERVATIONS, rows)
    frame = arrivals(small.arrow, town_catalogue(), WEEK).set_index("series_id")
    row = frame.loc["town.load"]
    assert (row["late"], row["missing"], row["longest_hours"]) == (2, 3, 30.0)
    assert row["due"] == 7 * 24 + 9
    assert (frame.loc["town.price", "due"], frame.loc["town.price", "missing"]) == (168, 168)


class Town:
    """A town with forecasts of two origins of the week, and its reports."""

    def __init__(self, small: SmallLakehouse, settings: Settings) -> None:
        self.small = small
        self.catalogue: Catalogue = town_catalogue()
        groups = {"price": ("trading@example.org",)}
        chosen = {"lakehouse": small.folder, "mail_group_recipients": groups}
        self.settings = settings.model_copy(update=chosen)

    def run(self, at: datetime, asked: bool = False) -> bool:
        door = (self.small.tables, self.small.arrow, self.catalogue, self.settings)
        return weekly.run(*door, at, "run", asked=asked) is not None

    def mails(self) -> list[tuple[str, str]]:
        rows = self.small.rows(OUTBOX)
        return sorted((row["recipients"][0], row["subject"]) for row in rows)


@pytest.fixture
def town(small: SmallLakehouse, settings: Settings) -> Town:
    return Town(small, settings)


def test_it_goes_out_once_on_a_monday_to_each_audience(town: Town) -> None:
    assert not town.run(MONDAY - DAY)
    assert town.run(MONDAY)
    once = town.mails()
    assert once == [
        ("operator@localhost", "All well: Gridcast sample, week to 3 Nov 2024"),
        ("trading@example.org", "All well: Gridcast sample price, week to 3 Nov 2024"),
    ]
    assert not town.run(MONDAY + 5 * HOUR)
    assert town.run(MONDAY + 6 * HOUR, asked=True)  # its page is new, its mail is not
    assert town.mails() == once
    assert not town.run(MONDAY + DAY)
    assert town.run(MONDAY + DAY, asked=True)
    assert len(town.mails()) == 4


def test_where_nothing_ran_on_monday_the_next_run_sends_it(town: Town) -> None:
    assert not town.run(MONDAY + 2 * DAY)  # nobody was here before Monday
    row = RUNS.row(run_id="r", step="report", run_kind="live", as_of=MONDAY - 3 * DAY, status="ok")
    town.small.arrow.append(RUNS, [row])
    assert town.run(MONDAY + 2 * DAY)
    assert {subject[-18:] for _, subject in town.mails()} == {"week to 3 Nov 2024"}
    assert not town.run(MONDAY + 3 * DAY)


def test_who_answered_and_how_wrong_the_weather_was_are_told(town: Town) -> None:
    origins = [utc("2024-10-29 08:30"), utc("2024-11-03 08:30"), utc("2024-11-04 08:30")]
    rows = [
        FORECASTS.row(
            series_id="town.load", series_group="load", run_kind="live", forecast_origin=origin,
            valid_time=origin + DAY, **source,
        )
        for origin, source in zip(origins, (CHAMPION, NAIVE, CHAMPION), strict=True)
    ]  # fmt: skip
    town.small.arrow.append(FORECASTS, rows)
    about = {"location_id": "town", "variable": "temperature_2m"}
    hours = [MONDAY.replace(minute=0) - n * HOUR for n in range(1, 24 * 10)]
    actual = [WEATHER_OBSERVATIONS.row(**about, event_time=at, available_at=at) for at in hours]
    given = [
        WEATHER_FORECASTS.row(
            **about, unit="°C", issue_time=at - lead * HOUR, valid_time=at, value=error
        )
        for at in hours
        for lead, error in ((6, 1.0), (30, -2.0))
    ]
    town.small.arrow.append(WEATHER_OBSERVATIONS, [row | {"value": 0.0} for row in actual])
    town.small.arrow.append(WEATHER_FORECASTS, given)
    town.small.register()
    door = (town.small.tables, town.small.arrow, town.catalogue, town.settings)
    told = weekly.content(*door, MONDAY, LAST)
    answers = told.answers.set_index("series_group").loc["load"]
    assert tuple(answers[["expected", "origins", "by_champion", "by_naive"]]) == (7, 2, 1, 1)
    weather = told.weather.sort_values("lead_day")
    assert list(weather["mae"]) == [1.0, 2.0]
    assert list(weather["bias"]) == [1.0, -2.0]
    assert list(weather["n"]) == [168, 168]
    assert list(weather["before_mae"]) == [1.0, 2.0]
