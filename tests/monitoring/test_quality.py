"""Each fault of a day has a name, a healthy day has none, and a young series is told apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from monitoring.climatology import EARLIER_DAYS, usual
from monitoring.kinds import ENERGY, PRICE, WEATHER
from monitoring.quality import Day, Kind, Quality, QualitySettings, judge
from monitoring.swapped import swapped

Floats = npt.NDArray[np.float64]
SETTINGS = QualitySettings()
HOURS = np.arange(24)


def weeks(seed: int = 2) -> Floats:
    """(59, 24) days of consumption: low at night, two peaks, quieter weekends, some noise."""
    rng = np.random.default_rng(seed)
    shape = 60 + 25 * np.exp(-((HOURS - 8) ** 2) / 8) + 40 * np.exp(-((HOURS - 18) ** 2) / 10)
    days = np.array([shape * (0.9 if day % 7 > 4 else 1) for day in range(EARLIER_DAYS + 3)])
    return days * rng.normal(1, 0.02, size=days.shape)


def found(values: Floats, kind: Kind = ENERGY, **about: float | str) -> Quality:
    held = int((~np.isnan(values[-1])).sum())
    day = Day(values=values, expected=24, held=held, minutes=60, usual_minutes=60)
    return judge(replace(day, **about), kind, SETTINGS)  # type: ignore[arg-type]


def with_last(change: npt.ArrayLike, days: int = 1) -> Floats:
    values = weeks()
    values[-days:] = change
    return values


def test_a_healthy_day_has_no_fault() -> None:
    quality = found(weeks())
    assert (quality.verdict, quality.faults) == ("ok", ())
    assert quality.factor == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize(
    ("values", "fault", "told"),
    [
        (with_last(weeks()[-1] * 1000), "unit", "a unit smaller by 1000"),
        (with_last(weeks()[-1] / 1000), "unit", "a unit larger by 1000"),
        (with_last(np.full(24, 66.0)), "flat", "did not change for 24 h"),
        (with_last(np.where(HOURS < 12, np.nan, weeks()[-1])), "missing", "50% of the day's"),
        (with_last(np.roll(weeks()[-3:], 1), days=3), "shifted", "1 h late"),
        (with_last(np.roll(weeks()[-3:], -1), days=3), "shifted", "1 h early"),
    ],
)
def test_a_fault_has_a_name_and_a_sentence(values: Floats, fault: str, told: str) -> None:
    quality = found(values)
    assert quality.verdict == "fault"
    assert quality.faults == (fault,)
    assert told in quality.reasons[0]


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        (with_last(weeks()[-14:] * 1000, days=14), "unit"),
        (with_last(np.full((14, 24), 66.0), days=14), "flat"),
        (with_last(np.roll(weeks()[-14:], 1), days=14), "shifted"),
    ],
)
def test_a_fault_that_lasts_is_still_told_after_two_weeks(values: Floats, fault: str) -> None:
    assert found(values).faults == (fault,)


def test_what_was_not_whole_in_time_or_came_in_longer_intervals_is_a_fault() -> None:
    half = with_last(np.where(HOURS < 12, np.nan, weeks()[-1]))
    assert found(half, stale_hours=25.0).faults == ("stale", "missing")
    assert found(weeks(), stale_hours=25.0).faults == ()
    assert found(weeks(), minutes=60, usual_minutes=15).faults == ("resolution",)
    assert found(weeks(), minutes=15, usual_minutes=60).faults == ()


def test_a_day_without_any_value_is_missing_and_nothing_else() -> None:
    assert found(with_last(np.full(24, np.nan))).faults == ("missing",)


def test_a_constant_series_and_one_that_rests_at_its_limit_are_no_frozen_sensors() -> None:
    constant = np.full((EARLIER_DAYS + 3, 24), 7.0)
    assert found(constant).faults == ()
    rain = np.where(np.arange(24) < 3, weeks() / 100, 0.0)
    rain[-1] = 0.0
    assert found(rain, WEATHER["precipitation"]).faults == ()


def test_the_impossible_is_told_with_its_limits() -> None:
    quality = found(with_last(weeks()[-1] + 200) / 10, WEATHER["cloud_cover"])
    assert quality.faults == ()
    kelvin = found(with_last(weeks()[-1] * 0 + 281.3 + HOURS / 10), WEATHER["temperature_2m"])
    assert "range" in kelvin.faults
    assert "not possible (-90 to 60)" in " ".join(kelvin.reasons)


def test_a_price_that_falls_to_nothing_is_no_other_unit() -> None:
    prices = weeks()
    prices[::3] /= 50
    prices[-1] = 0.02 + HOURS / 1000
    assert found(prices, PRICE).faults == ()


def test_a_young_series_says_that_it_has_no_history() -> None:
    young = weeks()
    young[:-5] = np.nan
    quality = found(young)
    assert (quality.verdict, quality.faults) == ("no_history", ())


def test_exchanged_columns_are_found_and_neighbours_are_left_alone() -> None:
    rng = np.random.default_rng(4)
    steady = np.cumsum(rng.normal(0, 0.2, size=EARLIER_DAYS * 24)) % 12
    restless = np.abs(rng.normal(6, 4, size=EARLIER_DAYS * 24))
    earlier = {"a": steady.reshape(-1, 24), "b": restless.reshape(-1, 24)}
    now = {"a": earlier["a"][-1], "b": earlier["b"][-1], "c": np.full(24, np.nan)}
    earlier["c"] = np.full((EARLIER_DAYS, 24), np.nan)
    assert swapped(now, earlier, SETTINGS.swap_evidence) == {}
    exchanged = now | {"a": now["b"], "b": now["a"]}
    assert swapped(exchanged, earlier, SETTINGS.swap_evidence) == {"a": "b", "b": "a"}


def test_a_residual_is_the_distance_from_the_usual_hour_in_own_spreads() -> None:
    earlier = weeks()[:EARLIER_DAYS]
    before = usual(earlier)
    slots = np.arange(24)
    small = usual(earlier / 1000)
    moved = earlier[0] * 1.2
    assert before.residual(moved, slots) == pytest.approx(small.residual(moved / 1000, slots))
    assert np.median(before.residual(moved, slots)) > 3
    assert np.isnan(usual(np.full((EARLIER_DAYS, 24), np.nan)).residual(moved, slots)).all()
