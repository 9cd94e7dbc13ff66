"""What can be asked, parameter by parameter. An unknown parameter is an error."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from lakehouse.errors import BadInput
from lakehouse.time import DAY, day_start, parse_utc
from serving.api.problems import wrong_parameter

MOST_ROWS = 100_000
MOST_SERIES = 100
#: How much one question may make the server read: one series for 55 years, 200 for 100 days.
MOST_SERIES_DAYS = 20_000
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
#: In a query string, '+' means a space: the offset of a time that was not escaped.
_LOST_PLUS = re.compile(r"(T[\d:.]+) (\d{2}:?\d{2})$")

Format = Literal["json", "csv", "arrow"]
RunKind = Literal["live", "replay"]
_TIME_EXAMPLES = ["2024-10-26", "2024-10-26T00:00:00Z", "2024-10-26T02:00:00+02:00"]


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _fault(message: str, allowed: Sequence[str] | None = None) -> PydanticCustomError:
    context: dict[str, Any] = {"message": message}
    if allowed is not None:
        context["allowed"] = list(allowed)
    return PydanticCustomError("gridcast", "{message}", context)


def moment(text: str, zone: str) -> datetime:
    """A time with an offset, or the start of a local day of the zone.

    Raises PydanticCustomError for a text that is neither, or lies outside of 1970 to 2199.
    """
    try:
        if _DAY.fullmatch(text):
            instant = day_start(date.fromisoformat(text), ZoneInfo(zone))
        else:
            instant = parse_utc(_LOST_PLUS.sub(r"\1+\2", text))
    except (BadInput, ValueError, OverflowError) as fault:
        raise _fault(str(fault).rstrip("."), _TIME_EXAMPLES) from None
    if not _EARLIEST <= instant < _LATEST:
        raise _fault("Expected a time from 1970 to 2199")
    return instant


class Question(BaseModel):
    """What every path can be asked."""

    model_config = ConfigDict(extra="forbid")

    format: Format | None = Field(None, description="Wins over the Accept header")
    tz: str = Field(
        "UTC",
        description="Zone in which times are written and in which a day begins that is given "
        "as a date",
        examples=["Europe/Copenhagen"],
    )
    limit: int = Field(1000, ge=1, le=MOST_ROWS, description="Rows of a page")
    offset: int = Field(0, ge=0, le=10_000_000, description="Rows before the page")

    @field_validator("tz")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in _zones():
            near = get_close_matches(name, _zones(), 5, 0.5) or ["UTC", "Europe/Copenhagen"]
            raise _fault(f"Expected an IANA time zone, got '{name}'", near)
        return name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.tz)


SeriesIds = Annotated[
    list[str],
    Field(
        max_length=MOST_SERIES,
        description="Series; repeat it for several. All where none is given",
        examples=[["dk1.price.day_ahead"]],
    ),
]
Group = Annotated[
    str | None, Field(description="Series of this group", examples=["day_ahead_price"])
]


class SpanQuestion(Question):
    """Of which time: from is included, to is not."""

    start: str | None = Field(
        None, alias="from", description="First time, included", examples=_TIME_EXAMPLES
    )
    end: str | None = Field(
        None, alias="to", description="Last time, not included", examples=_TIME_EXAMPLES
    )

    @field_validator("start", "end")
    @classmethod
    def _readable(cls, text: str | None, known: ValidationInfo) -> str | None:
        if text is not None:
            moment(text, known.data.get("tz", "UTC"))
        return text

    @property
    def span(self) -> tuple[datetime | None, datetime | None]:
        """The times as instants. Raises Problem where they are out of order."""
        first, last = (None if t is None else moment(t, self.tz) for t in (self.start, self.end))
        if first and last and first >= last:
            raise wrong_parameter("to", self.end, f"Expected a time after 'from' ({self.start}).")
        return first, last


def check_reach(first: datetime, last: datetime, series: int) -> None:
    """Raises Problem where so many series for so long are more than one question may read."""
    days = (last - first) / DAY
    if days * series > MOST_SERIES_DAYS:
        raise wrong_parameter(
            "from",
            first.isoformat(),
            f"Expected at most {MOST_SERIES_DAYS:,} series-days, got {series:,} series for "
            f"{days:,.0f} days. Ask for fewer series or a shorter time, one after the other.",
            [f"at most {MOST_SERIES_DAYS // max(series, 1):,} days for {series:,} series"],
        )


class SeriesQuestion(Question):
    """Which series there are."""

    group: Group = None
    kind: Literal["energy", "price", "power"] | None = Field(
        None, description="energy sums up over intervals, price and power average"
    )


class _Moments(SpanQuestion):
    as_of: str | None = Field(
        None, description="Only what was known then", examples=["2024-10-25T07:30:00Z"]
    )

    @field_validator("as_of", "origin", "recorded_by", check_fields=False)
    @classmethod
    def _moment(cls, text: str | None, known: ValidationInfo) -> str | None:
        if text is not None:
            moment(text, known.data.get("tz", "UTC"))
        return text

    def instant(self, name: Literal["as_of", "origin", "recorded_by"]) -> datetime | None:
        """One of the moments, as an instant."""
        text: str | None = getattr(self, name)
        return None if text is None else moment(text, self.tz)


class ForecastQuestion(_Moments):
    """Which forecasts. With neither as_of nor origin: the latest."""

    series_id: SeriesIds = []
    group: Group = None
    as_of: str | None = Field(
        None,
        description="As they stood then: only origins up to this moment",
        examples=["2024-10-25T07:30:00Z"],
    )
    origin: str | None = Field(
        None, description="Of exactly this forecast origin", examples=["2024-10-25T07:30:00Z"]
    )
    model: str = Field(
        "champion",
        description="champion: who is in charge, else who stands in; all: every model, for one "
        "origin; or the name of a model",
        examples=["champion", "lstm", "seasonal_naive"],
    )
    run_kind: RunKind = Field("live", description="live, or replays of past days")
    values: Literal["quantiles", "point"] = Field(
        "quantiles", description="q05 to q95, or the median as `value`"
    )


class ObservationQuestion(_Moments):
    """Which observed values. By default the newest four weeks, as known now."""

    series_id: SeriesIds = []
    group: Group = None
    recorded_by: str | None = Field(
        None, description="And only what had been fetched by then", examples=_TIME_EXAMPLES[1:]
    )
    vintages: Literal["newest", "all"] = Field(
        "newest", description="The newest known value of each interval, or every one"
    )


class PerformanceQuestion(_Moments):
    """How good forecasts were, by target day. By default the newest 90 days scored."""

    series_id: SeriesIds = []
    group: Group = None
    as_of: str | None = Field(
        None, description="By the truth that was known then", examples=["2024-11-04T08:30:00Z"]
    )
    model: str | None = Field(None, description="Name of a model", examples=["lstm"])
    run_kind: RunKind = "live"
    by: Literal["total", "target_day", "horizon_band"] = Field(
        "total", description="One row over all days, per day, or per block of six local hours"
    )


class CheapestQuestion(_Moments):
    """Which intervals are cheapest, by the latest forecast, one as it stood, or one origin's."""

    series_id: SeriesIds = []
    group: Group = None
    as_of: str | None = Field(
        None, description="By the forecast as it stood then", examples=["2024-10-25T07:30:00Z"]
    )
    origin: str | None = Field(
        None, description="By this forecast origin", examples=["2024-10-25T07:30:00Z"]
    )
    rank: int | None = Field(
        None, ge=1, le=200, description="No more than so many of each local day", examples=[3]
    )


class WeatherQuestion(_Moments):
    """Weather of which places and hours. By default the newest week."""

    location_id: list[str] = Field(
        [],
        max_length=MOST_SERIES,
        description="Places, as /v1/series names them; repeat it for several. All where none is "
        "given",
        examples=[["aarhus"]],
    )
    variable: list[str] = Field(
        [],
        max_length=MOST_SERIES,
        description="Variables, as Open-Meteo spells them; all where none is given",
        examples=[["temperature_2m"]],
    )
    source: Literal["forecast", "observed"] = Field(
        "forecast", description="The newest forecast of each hour, or what was observed"
    )
    as_of: str | None = Field(
        None,
        description="As it was known then: of a forecast origin, what the forecast was made from",
        examples=["2024-10-25T07:30:00Z"],
    )


class GroupQuestion(SpanQuestion):
    """Rows of which time, of all groups or of one."""

    group: Group = None


class TrainingQuestion(GroupQuestion):
    """Which trainings, by the moment whose knowledge they used."""

    model_name: str | None = Field(
        None, alias="model", description="Name of a model", examples=["lstm"]
    )
    status: Literal["ok", "skipped", "failed"] | None = Field(None, description="How they ended")


class QualityQuestion(GroupQuestion):
    """Which verdicts on the data of days. By default those of the newest 28 days judged."""

    verdict: Literal["ok", "fault", "no_history"] | None = Field(
        None, description="Only these verdicts"
    )


class IncidentQuestion(SpanQuestion):
    """Which incidents, by when they began."""

    state: Literal["open", "ended", "told"] | None = Field(
        None, description="open, ended, or events that were only told, such as a new champion"
    )


class OriginQuestion(SpanQuestion):
    """Which forecast origins there are. By default those of the newest 28 days."""

    series_id: SeriesIds = []
    group: Group = None
    run_kind: RunKind = "live"
