"""A truth that was public while its source was down is scored when it is fetched at last."""

from datetime import datetime
from itertools import pairwise

from lakehouse.tables.gold import FORECAST_ERRORS, FORECASTS
from lakehouse.tables.silver import OBSERVATIONS, SERIES
from lakehouse.time import HOUR
from spark_jobs import evaluate
from tests.small_lakehouse import SmallLakehouse, utc

PRICE = {"series_id": "dk1.price.day_ahead", "unit": "EUR/MWh"}
FIRST_HOUR = utc("2024-10-18 22:00")
PUBLIC_AT = utc("2024-10-18 10:45")
ORIGINS = [utc(f"2024-10-{day} 07:30") for day in (18, 19, 20, 21, 22)]


def fetched(small: SmallLakehouse, recorded_at: datetime) -> None:
    """The prices of six hours, public on the 18th, arrive."""
    hours = [FIRST_HOUR + i * HOUR for i in range(6)]
    told = PRICE | {
        "available_at": PUBLIC_AT,
        "recorded_at": recorded_at,
        "resolution_minutes": 60,
    }
    small.append(OBSERVATIONS, [OBSERVATIONS.row(event_time=hour, **told) for hour in hours])


def test_days_without_a_source_lose_no_score(small: SmallLakehouse) -> None:
    zone = {"timezone": "Europe/Copenhagen", "resolution_minutes": 60, "kind": "price"}
    small.append(SERIES, [SERIES.row(**PRICE, **zone)])
    hours = [FIRST_HOUR + i * HOUR for i in range(6)]
    issued = PRICE | {"forecast_origin": ORIGINS[0], "run_kind": "live"}
    small.append(FORECASTS, [FORECASTS.row(valid_time=hour, **issued) for hour in hours])
    for before, origin in pairwise(ORIGINS[:-1]):
        assert evaluate.run(small.tables, origin, before, "test") == 0
    fetched(small, ORIGINS[-1])
    assert evaluate.run(small.tables, ORIGINS[-1], ORIGINS[-2], "test") == 1
    assert [row["n"] for row in small.rows(FORECAST_ERRORS)] == [6]
