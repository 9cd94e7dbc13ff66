"""What a request holds: the rows of `models.samples.COLUMNS`, as JSON."""

import math
from datetime import datetime
from typing import Any

import pandas as pd
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Numbers = list[float | None]


class SampleRow(BaseModel):
    """One series at one forecast origin; null is not known.

    The past grid has 24 hours of each of the past days that the model reads, in the series'
    intervals; weather is hourly there. Lists about the target day are as long as target_time.
    """

    model_config = ConfigDict(extra="forbid")

    series_id: str
    timezone: str = Field(description="IANA name")
    forecast_origin: AwareDatetime
    past_start: AwareDatetime = Field(description="Start of the past grid's first interval")
    past_value: Numbers = Field(description="Unit of the series")
    past_temperature_2m: Numbers = Field(description="Degrees Celsius")
    past_precipitation: Numbers = Field(description="mm")
    past_cloud_cover: Numbers = Field(description="Per cent")
    past_wind_speed_10m: Numbers = Field(description="m/s")
    target_time: list[AwareDatetime] = Field(description="Starts of the target day's intervals")
    local_hour: Numbers
    weekday: Numbers = Field(description="0 is Monday")
    day_of_year: Numbers
    is_holiday: Numbers = Field(description="0 or 1")
    temperature_2m: Numbers = Field(description="Degrees Celsius, as forecast")
    precipitation: Numbers = Field(description="mm, as forecast")
    cloud_cover: Numbers = Field(description="Per cent, as forecast")
    wind_speed_10m: Numbers = Field(description="m/s, as forecast")
    covariates: list[str] = Field([], description="Names of what else is known in advance")
    past_covariates: Numbers = Field([], description="One name's values after the other's")
    target_covariates: Numbers = Field([], description="One name's values after the other's")


class Asked(BaseModel):
    """A request: samples of one series group."""

    model_config = ConfigDict(extra="forbid")

    samples: list[SampleRow] = Field(min_length=1, max_length=1000)


class Forecast(BaseModel):
    """One target interval of one series, in its unit; null where the model has no answer."""

    series_id: str
    forecast_origin: datetime
    valid_time: datetime
    q05: float | None
    q10: float | None
    q25: float | None
    q50: float | None
    q75: float | None
    q90: float | None
    q95: float | None


class Answer(BaseModel):
    """What a champion says, and who it is."""

    series_group: str
    model_name: str
    model_version: str
    forecasts: list[Forecast]


def to_frame(asked: Asked) -> pd.DataFrame:
    """The rows as `models.samples.from_rows` reads them; what is not known is NaN there."""
    return pd.DataFrame([_row(sample) for sample in asked.samples])


def _row(sample: SampleRow) -> dict[str, Any]:
    return {
        name: value if name in ("target_time", "covariates") else _numbers(value)
        for name, value in sample
    }


def _numbers(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [math.nan if number is None else number for number in value]


def to_forecasts(rows: pd.DataFrame) -> list[Forecast]:
    """Forecasts from the long rows of `models.quantiles.to_rows`."""
    known = rows.astype(object).where(rows.notna(), None)
    return [Forecast.model_validate(row) for row in known.to_dict("records")]
