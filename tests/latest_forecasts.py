"""Forecasts of four hours, and which of each the rule of gold.forecast_latest takes."""

from datetime import datetime, timedelta
from typing import Any

from lakehouse.tables.gold import FORECASTS
from lakehouse.time import parse_utc

ORIGIN = parse_utc("2024-10-25T07:30Z")
_HOURS = [parse_utc(f"2024-10-26T0{i}:00Z") for i in range(4)]


def _row(
    origin: datetime, place: int, source: str, kind: str, number: float, model: str = "lstm"
) -> dict[str, Any]:
    return FORECASTS.row(
        series_id="dk1.price.day_ahead", forecast_origin=origin, valid_time=_HOURS[place],
        run_kind=kind, forecast_source=source, model_name=model, q50=number,
    )  # fmt: skip


def rows() -> list[dict[str, Any]]:
    """Rows of gold.forecasts, live and replayed."""
    first, second = ORIGIN, ORIGIN + timedelta(hours=1)
    return [
        _row(first, 0, "champion", "live", 1.0),
        _row(first, 1, "fallback", "live", 2.0),
        _row(first, 1, "champion", "live", 3.0),
        _row(first, 1, "challenger", "live", 4.0),
        _row(first, 2, "champion", "live", 5.0),
        _row(second, 2, "fallback", "live", 6.0),
        _row(first, 3, "fallback", "live", 6.5, "seasonal_naive"),
        _row(first, 3, "fallback", "live", 7.0),
        _row(second, 3, "champion", "replay", 8.0),
        _row(second, 3, "challenger", "live", 9.0),
    ]


#: q50 of the live rows to use, hour by hour.
TO_USE = [1.0, 3.0, 6.0, 7.0]
