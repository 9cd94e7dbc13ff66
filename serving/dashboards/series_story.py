"""What the page of forecasts asks about one series, and the few figures that it says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from lakehouse.time import DAY, day_start, iso, target_day
from serving.dashboards.asking import Api
from serving.dashboards.forecast_figures import Seen
from serving.dashboards.monitoring_figures import NAIVE

LOOK_BACK = timedelta(days=14)
_ANSWERS = ("champion", "fallback")


@dataclass(frozen=True)
class Series:
    """One series of the catalogue."""

    series_id: str
    series_group: str
    description: str
    unit: str
    kind: str
    zone: ZoneInfo
    minutes: int
    location_id: str | None

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> "Series":
        """From a row of /v1/series."""
        told = {n: row[n] for n in ("series_id", "series_group", "description", "unit", "kind")}
        zone, minutes = ZoneInfo(row["timezone"]), int(row["resolution_minutes"])
        return cls(**told, zone=zone, minutes=minutes, location_id=row["location_id"] or None)

    def target(self, origin: datetime) -> tuple[datetime, datetime]:
        """The local day that an origin forecasts, as instants: 23, 24 or 25 hours apart."""
        day = target_day(origin, self.zone)
        return day_start(day, self.zone), day_start(day + DAY, self.zone)


def origins_of(api: Api, series: Series) -> list[datetime]:
    """The origins of the newest four weeks at which somebody answered, ascending."""
    rows = api.rows("origins", {"series_id": series.series_id})
    answered = rows[rows["forecast_source"].isin(_ANSWERS)]
    return [time.to_pydatetime() for time in sorted(answered["forecast_origin"].unique())]


def forecast_question(series: Series, origin: datetime) -> dict[str, Any]:
    """What to ask /v1/forecasts for one forecast."""
    return {"series_id": series.series_id, "origin": iso(origin)}


def seen_at(api: Api, series: Series, origin: datetime) -> Seen:
    """A forecast, two weeks of what was known then, and what became known since."""
    begin, end = origin - LOOK_BACK, series.target(origin)[1]
    about = {"series_id": series.series_id, "from": iso(begin), "to": iso(end)}
    forecast = api.rows("forecasts", forecast_question(series, origin))
    issued = api.rows("forecasts", about | {"as_of": iso(origin)})
    known = api.rows("observations", about | {"as_of": iso(origin)})
    now = api.rows("observations", about)
    return Seen(
        origin=origin,
        minutes=series.minutes,
        forecast=forecast,
        known=known,
        later=now[now["available_at"] > pd.Timestamp(origin)],
        earlier=issued[issued["forecast_origin"] < pd.Timestamp(origin)],
    )


def weather_at(api: Api, series: Series, origin: datetime) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Weather of the target day: as forecast and known at the origin, and as it was."""
    begin, end = series.target(origin)
    about = {"location_id": series.location_id, "from": iso(begin), "to": iso(end)}
    forecast = api.rows("weather", about | {"as_of": iso(origin)})
    return forecast, api.rows("weather", about | {"source": "observed"})


def answered_days(api: Api, series: Series) -> pd.DataFrame:
    """The error of each scored day, of the champion, else of who stood in for it."""
    rows = api.rows("performance", {"series_id": series.series_id, "by": "target_day"})
    answers = rows[rows["forecast_source"].isin(_ANSWERS)]
    order = ["forecast_source", "is_naive"]  # champion, else who stood in, else seasonal naive
    answers = answers.assign(is_naive=answers["model_name"] == NAIVE).sort_values(order)
    return answers.drop_duplicates("target_day").drop(columns="is_naive")


def figure_text(value: float, unit: str = "") -> str:
    """A figure with as many digits as a person wants to read: 27,873 kWh; 84.2; 0.135."""
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 3
    return f"{value:,.{digits}f} {unit}".rstrip()


def day_total(forecast: pd.DataFrame, kind: str) -> tuple[str, float]:
    """What a day comes to by the median: energy sums up, prices and power average."""
    medians: Sequence[float] = list(forecast["q50"])
    if kind == "energy":
        return "Sum of the day", sum(medians)
    return "Mean of the day", sum(medians) / len(medians)
