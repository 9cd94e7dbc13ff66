"""The simulated forecasts: errors of the stated size, smooth, shared by consecutive runs."""

import numpy as np
import pytest

from lakehouse.catalogue import WEATHER_VARIABLES
from sources.emulator.vintages import SIZES, Hours, Values, forecast

FIRST = 473_352  # 2024-01-01T00Z in hours since 1970
RUNS: Hours = FIRST + 6 * np.arange(1200)


def runs_of(variable: str, actual: float, leads: Hours) -> Values:
    """(run, lead) forecasts of a constant truth."""
    run_hours = np.repeat(RUNS, len(leads))
    valid_hours: Hours = run_hours + np.tile(leads, len(RUNS))
    values = forecast(np.full(len(run_hours), actual), "aarhus", variable, run_hours, valid_hours)
    return values.reshape(len(RUNS), len(leads))


@pytest.mark.parametrize(("lead", "size"), [(0, 0.4), (36, 1.1), (72, 1.8)])
def test_temperature_errors_have_the_stated_size(lead: int, size: float) -> None:
    errors = runs_of("temperature_2m", 10.0, np.array([lead])) - 10.0
    assert errors.std() == pytest.approx(size, rel=0.25)
    assert abs(errors.mean()) < 0.3 * size


@pytest.mark.parametrize("variable", WEATHER_VARIABLES)
def test_errors_grow_with_lead_time(variable: str) -> None:
    actual = {"cloud_cover": 50.0, "precipitation": 2.0}.get(variable, 8.0)
    off = np.abs(runs_of(variable, actual, np.arange(72)) - actual)
    means = [off[:, first : first + 12].mean() for first in range(0, 72, 12)]
    assert means == sorted(means)


@pytest.mark.parametrize("variable", WEATHER_VARIABLES)
def test_values_stay_physical(variable: str) -> None:
    for actual in (0.0, 100.0 if variable == "cloud_cover" else 0.2):
        values = runs_of(variable, actual, np.arange(72))
        assert values.min() >= SIZES[variable].lowest
        assert values.max() <= SIZES[variable].highest
        assert np.array_equal(values, values.round(SIZES[variable].decimals))


def test_errors_last_along_a_run_and_a_newer_run_shares_them() -> None:
    errors = runs_of("temperature_2m", 10.0, np.arange(72)) - 10.0
    along = np.corrcoef(errors[:, 30], errors[:, 31])[0, 1]
    apart = np.corrcoef(errors[:, 30], errors[:, 60])[0, 1]
    older, newer = errors[:-1, 36], errors[1:, 30]  # the same valid times, one run later
    assert along > 0.95
    assert abs(apart) < 0.3
    assert np.corrcoef(older, newer)[0, 1] > 0.8
    assert newer.std() < older.std()


def test_it_rains_in_forecasts_of_dry_hours_but_rarely() -> None:
    wet = (runs_of("precipitation", 0.0, np.arange(72)) > 0).mean()
    assert 0.01 < wet < 0.15


def test_places_and_variables_err_independently() -> None:
    hours = FIRST + np.arange(2000)
    zero = np.full(len(hours), 20.0)
    a = forecast(zero, "aarhus", "temperature_2m", hours - 24, hours)
    b = forecast(zero, "malmo", "temperature_2m", hours - 24, hours)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.3


def test_a_value_depends_on_nothing_but_its_own_question() -> None:
    valid = FIRST + np.arange(72)
    run = np.full(72, FIRST)
    whole = forecast(np.full(72, 10.0), "malmo", "temperature_2m", run, valid)
    for i in (0, 17, 71):
        alone = forecast(np.array([10.0]), "malmo", "temperature_2m", run[:1], valid[i : i + 1])
        assert alone[0] == whole[i]


def test_a_missing_actual_value_stays_missing() -> None:
    hours = FIRST + np.arange(3)
    values = forecast(np.array([1.0, np.nan, 1.0]), "malmo", "precipitation", hours, hours)
    assert np.isnan(values).tolist() == [False, True, False]


def test_the_rule_gives_these_values_on_every_machine() -> None:
    """Pinned: a change here is a change of every simulated forecast."""
    hours = FIRST + np.arange(0, 72, 12)
    run = np.full(len(hours), FIRST)
    found = {
        name: forecast(np.full(len(hours), 5.0), "aarhus", name, run, hours).tolist()
        for name in WEATHER_VARIABLES
    }
    assert found == {
        "temperature_2m": [4.3, 4.4, 5.7, 5.3, 6.1, 6.8],
        "precipitation": [2.5, 7.3, 3.3, 11.4, 10.4, 0.7],
        "cloud_cover": [8.0, 10.0, 0.0, 1.0, 29.0, 0.0],
        "wind_speed_10m": [5.36, 5.79, 6.23, 6.35, 7.86, 3.82],
    }
