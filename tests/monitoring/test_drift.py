"""Drift is found when it is there, rarely when it is not, and every state has a name."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from lakehouse.errors import BadInput
from monitoring.columns import Column, columns, together
from monitoring.drift import Days, Drift, DriftSettings, Weeks, judge
from monitoring.effects import hellinger
from monitoring.profiles import profile
from monitoring.reference import ReferenceSettings, days_of

DAY, ONE = date(2024, 10, 20), timedelta(days=1)
HOURS = np.arange(24)
SETTINGS = DriftSettings()
Floats = npt.NDArray[np.float64]


def day_columns(values: Floats) -> dict[str, Column]:
    return columns(profile(pd.DataFrame({"x": values})))


def two_years() -> dict[date, Floats]:
    """A series with a daily shape and weather that lasts for days; winter lifts it."""
    rng, weather = np.random.default_rng(1), 0.0
    days = {}
    for back in range(800, -1, -1):
        day = DAY - back * ONE
        weather = 0.8 * weather + rng.normal()
        season = 15 * np.cos(2 * np.pi * day.timetuple().tm_yday / 365.25)
        days[day] = 20 + season + weather + 3 * np.sin(HOURS / 24 * 2 * np.pi) + rng.normal(size=24)
    return days


def profiled(days: dict[date, Floats]) -> dict[date, dict[str, Column]]:
    return {day: day_columns(values) for day, values in days.items()}


@pytest.fixture(scope="module")
def calm() -> dict[date, dict[str, Column]]:
    return profiled(two_years())


def found(days: Days, day: date = DAY, before: int = 0) -> Drift:
    return judge(Weeks(days, SETTINGS.least_days), day, "x", before, SETTINGS)


def last_week(held: dict[date, dict[str, Column]], values: Floats) -> Days:
    return held | dict.fromkeys(days_of([DAY]), day_columns(values))


def test_the_reference_is_the_same_weekdays_around_the_date_and_just_before() -> None:
    settings = ReferenceSettings(past_years=2, weeks_around=1, weeks_before=2)
    ends = settings.past(DAY) + settings.before(DAY)
    assert {end.weekday() for end in ends} == {DAY.weekday()}
    assert settings.before(DAY) == [date(2024, 10, 6), date(2024, 10, 13)]
    assert settings.past(DAY)[3:] == [date(2023, 10, 15), date(2023, 10, 22), date(2023, 10, 29)]
    assert days_of([DAY]) == [DAY - back * ONE for back in range(6, -1, -1)]


def test_a_change_of_season_is_no_drift(calm: dict[date, dict[str, Column]]) -> None:
    weeks = Weeks(calm, SETTINGS.least_days)
    judged = [judge(weeks, DAY - back * ONE, "x", 0, SETTINGS) for back in range(0, 360, 9)]
    assert {one.verdict for one in judged} == {"stable"}


def test_a_shift_is_watched_first_and_drift_after_days_in_a_row(
    calm: dict[date, dict[str, Column]],
) -> None:
    shifted = day_columns(60 + 3 * np.sin(HOURS))
    days = calm | dict.fromkeys(days_of([DAY + 3 * ONE]), shifted)
    before, verdicts = 0, []
    for after in range(4):
        one = found(days, DAY + after * ONE, before)
        before = one.persistence
        verdicts.append(one.verdict)
    assert verdicts == ["watch", "watch", "drift", "drift"]
    assert found(calm).persistence == 0


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (20 + 30 + HOURS / 4, "location"),
        (30 + 40 * np.sin(HOURS), "spread"),
    ],
)
def test_what_moved_is_named(
    calm: dict[date, dict[str, Column]], values: Floats, reason: str
) -> None:
    one = found(last_week(calm, values))
    assert (one.verdict, one.reason) == ("watch", reason)
    assert one.effects is not None
    assert SETTINGS.strength(one.effects) >= 1


def test_a_shape_that_changed_alone_is_named() -> None:
    """Two values in the place of a normal distribution of the same middle and spread."""
    rng = np.random.default_rng(6)
    ends = [DAY, *SETTINGS.reference.past(DAY), *SETTINGS.reference.before(DAY)]
    held = profiled({day: rng.normal(size=24) for day in days_of(ends)})
    assert found(held).reason == "same"
    assert found(last_week(held, np.where(HOURS % 2 == 0, 0.75, -0.75))).reason == "shape"


ALWAYS = [DAY - back * ONE for back in range(800)]


def test_a_constant_stays_stable_and_leaving_it_is_told() -> None:
    held = dict.fromkeys(ALWAYS, day_columns(np.full(24, 7.0)))
    assert (found(held).verdict, found(held).reason) == ("stable", "constant")
    left = found(last_week(held, np.full(24, 8.0)))
    assert (left.verdict, left.reason) == ("watch", "left_constant")


def test_a_young_series_has_no_reference_and_a_week_of_few_days_is_not_judged() -> None:
    days = dict.fromkeys(ALWAYS, day_columns(np.full(24, 7.0)))
    young = {day: days[day] for day in ALWAYS[:200]}
    assert (found(young).verdict, found(young).reason) == ("no_reference", "no_past_year")
    few = {day: days[day] for day in (*ALWAYS[:3], *ALWAYS[20:])}
    assert (found(few).verdict, found(few).reason) == ("not_judged", "few_days")


def test_a_feature_without_any_value_is_not_judged(calm: dict[date, dict[str, Column]]) -> None:
    one = found(last_week(calm, np.full(24, np.nan)), before=5)
    assert (one.verdict, one.reason, one.persistence) == ("not_judged", "no_values", 0)
    assert one.missing_share == 1


def test_an_unreadable_profile_is_told_while_it_is_in_the_week(
    calm: dict[date, dict[str, Column]],
) -> None:
    one = found(calm | {DAY - 2 * ONE: None})
    assert (one.verdict, one.reason) == ("not_judged", "unreadable_profile")
    assert found(calm | {DAY - 16 * ONE: None}).verdict == "stable"


def test_columns_of_days_together_are_the_column_of_all_rows() -> None:
    first, second = np.sin(HOURS), np.append(HOURS / 7, np.nan)
    both = together([day_columns(first)["x"], day_columns(second)["x"]])
    whole = day_columns(np.concatenate([first, second]))["x"]
    assert both.readable() == pytest.approx(whole.readable())
    assert both.readable()["mean"] == pytest.approx(np.nanmean([*first, *second]))
    assert both.readable()["stddev"] == pytest.approx(np.nanstd([*first, *second]))
    assert both.readable()["missing"] == 1


def test_the_distance_is_that_of_the_definition() -> None:
    """Two equal shares, of which the other has all in one: sqrt(1 - sqrt(1/2))."""
    told = hellinger(np.array([0.0, 30.0]), np.array([50.0, 50.0]))
    assert float(told) == pytest.approx(np.sqrt(1 - np.sqrt(0.5)))


@pytest.mark.parametrize("wrong", [{"location": 0.0}, {"bins": 1}, {"least_days": 8}])
def test_settings_that_cannot_judge_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="drift settings"):
        DriftSettings(**wrong)  # type: ignore[arg-type]
