"""Drift is found when it is there, rarely when it is not, and never crashes a day."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from lakehouse.errors import BadInput
from monitoring.drift import Drift, DriftSettings, compare, persistence
from monitoring.profiles import merge, profile

Draw = Callable[[np.random.Generator, int], npt.NDArray[np.float64]]
DAY, MONTH = 24, 28 * 24


def one(target: object, reference: object) -> Drift:
    """The finding for a single feature, compared under the default settings."""
    (found,) = compare(
        profile(pd.DataFrame({"x": target})), profile(pd.DataFrame({"x": reference}))
    )
    return found


def normal(rng: np.random.Generator, n: int) -> npt.NDArray[np.float64]:
    return rng.normal(size=n)


def skewed(rng: np.random.Generator, n: int) -> npt.NDArray[np.float64]:
    return rng.lognormal(size=n)


def often_zero(rng: np.random.Generator, n: int) -> npt.NDArray[np.float64]:
    return np.where(rng.random(n) < 0.7, 0.0, rng.exponential(size=n))


def weather(rng: np.random.Generator, n: int) -> npt.NDArray[np.float64]:
    """Hourly values with a memory of 33 hours and a daily cycle."""
    noise = rng.normal(size=n) * math.sqrt(1 - 0.97**2)
    noise[0] = rng.normal()
    for at in range(1, n):
        noise[at] += 0.97 * noise[at - 1]
    noise += np.sin(np.arange(n) * 2 * np.pi / 24)
    return noise


def share_in_drift(draw: Draw, target: int, reference: int, shift: float) -> float:
    """Share of 200 seeded draws in drift; all draws are columns of one frame, so it is fast."""
    rng = np.random.default_rng(11)
    drawn = np.array([draw(rng, reference + target) for _ in range(200)]).T
    drawn[reference:] += shift * drawn.std(axis=0)
    names = [f"draw_{at}" for at in range(200)]
    found = compare(
        profile(pd.DataFrame(drawn[reference:], columns=names)),
        profile(pd.DataFrame(drawn[:reference], columns=names)),
    )
    return float(np.mean([drift.verdict == "drift" for drift in found]))


@pytest.mark.parametrize("draw", [normal, skewed, often_zero])
def test_an_unchanged_distribution_is_rarely_called_drift(draw: Draw) -> None:
    assert share_in_drift(draw, DAY, MONTH, shift=0) < 0.05


@pytest.mark.parametrize("draw", [normal, skewed, often_zero])
def test_a_shift_of_two_standard_deviations_is_nearly_always_found(draw: Draw) -> None:
    assert share_in_drift(draw, DAY, MONTH, shift=2) > 0.95


def test_a_week_of_weather_is_calm_where_a_day_of_it_is_not() -> None:
    assert share_in_drift(weather, 7 * DAY, 2 * MONTH, shift=0) < 0.06
    assert share_in_drift(weather, 7 * DAY, 2 * MONTH, shift=2) > 0.95
    assert share_in_drift(weather, DAY, MONTH, shift=0) > 0.2


def test_a_change_of_spread_alone_is_found() -> None:
    rng = np.random.default_rng(3)
    assert one(5 * normal(rng, 168), normal(rng, MONTH)).verdict == "drift"


ALL_NULL = [np.nan] * DAY
REFERENCE = list(np.linspace(0, 1, MONTH))


@pytest.mark.parametrize(
    ("target", "reference", "verdict", "reason"),
    [
        ([7.0] * DAY, [7.0] * MONTH, "ok", "constant"),
        ([8.0] * DAY, [7.0] * MONTH, "drift", "left_constant"),
        ([6.0] * DAY, [7.0] * MONTH, "drift", "left_constant"),
        ([0.5] * DAY, REFERENCE, "drift", "moved"),
        (ALL_NULL, REFERENCE, "drift", "more_missing"),
        (ALL_NULL, [np.nan] * MONTH, "too_little_data", "few_reference_values"),
        (REFERENCE[:DAY], [np.nan] * MONTH, "too_little_data", "few_reference_values"),
        (REFERENCE[::28] + [np.nan] * 10, REFERENCE, "drift", "more_missing"),
        (REFERENCE[::28], REFERENCE, "ok", "same"),
        (REFERENCE[::29][:23], REFERENCE, "ok", "same"),
        (REFERENCE[::100], REFERENCE, "too_little_data", "few_values"),
        ([], REFERENCE, "too_little_data", "few_values"),
        (REFERENCE[::28], REFERENCE[::10], "too_little_data", "few_reference_values"),
        ([0.0] * DAY, [0.0] * 620 + [1.0] * 52, "ok", "same"),
        ([1.0] * DAY, [0.0] * 620 + [1.0] * 52, "drift", "moved"),
    ],
)
def test_every_state_of_a_feature_has_a_name(
    target: list[float], reference: list[float], verdict: str, reason: str
) -> None:
    found = one(np.array(target, dtype=float), np.array(reference, dtype=float))
    assert (found.verdict, found.reason) == (verdict, reason)


def test_a_feature_that_one_side_lacks_is_named_and_does_not_stop_the_others() -> None:
    rng = np.random.default_rng(5)
    old = profile(pd.DataFrame({"kept": normal(rng, MONTH), "gone": normal(rng, MONTH)}))
    new = profile(pd.DataFrame({"kept": normal(rng, DAY), "new": normal(rng, DAY)}))
    found = {drift.feature: drift for drift in compare(new, old)}
    assert found["gone"].reason == "absent_from_target"
    assert found["new"].reason == "absent_from_reference"
    assert found["gone"].verdict == found["new"].verdict == "too_little_data"
    assert found["kept"].verdict == "ok"


def test_a_finding_tells_rows_and_missing_shares_of_both_sides() -> None:
    found = one([1.0] * 18 + [None] * 6, list(range(90)) + [np.nan] * 10)
    assert (found.rows, found.reference_rows) == (24, 100)
    assert found.missing_share == pytest.approx(0.25)
    assert found.reference_missing_share == pytest.approx(0.1)


def test_the_distance_is_that_of_the_definition() -> None:
    """Two shares of the reference, of which the target has all in one: sqrt(1 - sqrt(1/2))."""
    settings = DriftSettings(bins=2)
    (found,) = compare(
        profile(pd.DataFrame({"x": [9.0] * 30})),
        profile(pd.DataFrame({"x": np.arange(10.0).repeat(10)})),
        settings,
    )
    assert found.distance == pytest.approx(math.sqrt(1 - math.sqrt(0.5)), abs=1e-9)


def test_the_distance_does_not_depend_on_how_the_reference_was_cut_into_days() -> None:
    rng = np.random.default_rng(8)
    reference = pd.DataFrame({"x": normal(rng, MONTH)})
    days = merge([profile(part) for _, part in reference.groupby(np.arange(MONTH) // 24)])
    target = profile(pd.DataFrame({"x": normal(rng, DAY)}))
    assert compare(target, days) == compare(target, profile(reference))


@pytest.mark.parametrize(
    ("verdicts", "days"),
    [
        ([], 0),
        (["drift"], 1),
        (["drift", "drift", "ok"], 0),
        (["drift", "ok", "drift", "drift"], 2),
        (["drift", "too_little_data", "drift"], 1),
        (["drift", "too_little_data"], 0),
    ],
)
def test_persistence_counts_the_days_in_drift_up_to_the_newest(
    verdicts: list[str], days: int
) -> None:
    assert persistence(verdicts) == days


def test_an_unknown_verdict_is_refused() -> None:
    with pytest.raises(BadInput, match="DRIFTED"):
        persistence(["ok", "DRIFTED"])


@pytest.mark.parametrize("wrong", [{"threshold": 0.0}, {"bins": 1}, {"missing_rise": 2.0}])
def test_settings_that_cannot_judge_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="drift settings"):
        DriftSettings(**wrong)  # type: ignore[arg-type]
