"""What the report is made from: scalars and small frames, checked at the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd

from lakehouse.errors import BadInput

QUANTILES = ("q05", "q10", "q25", "q50", "q75", "q90", "q95")

COLUMNS: dict[str, tuple[str, ...]] = {
    "accuracy": (
        *("series_id", "series_group", "unit", "model_name", "forecast_source", "days", "n"),
        *("mae", "pinball", "coverage_80", "skill", "naive_mae", "naive_pinball"),
    ),
    "daily_errors": ("series_id", "model_name", "target_day", "mae"),
    "forecasts": ("series_id", "unit", "valid_time", *QUANTILES, "truth", "naive"),
    "drift": (
        *("data_set", "series_group", "day", "feature"),
        *("strength", "verdict", "reason", "persistence"),
    ),
    "quality": ("data_set", "owner", "feature", "day", "verdict", "faults", "reason"),
    "incidents": ("kind", "about", "at", "reason"),
    "quarantine": ("rule", "table", "data_set", "records", "example_reason"),
    "gaps": ("series_id", "gaps"),
    "freshness": ("series_id", "newest_event_time", "newest_available_at"),
    "tables": ("table", "rows"),
    "champions": ("series_group", "model_name", "model_version", "decided_at", "reason"),
}
_INSTANTS = {
    "forecasts": ("valid_time",),
    "freshness": ("newest_event_time", "newest_available_at"),
    "champions": ("decided_at",),
    "incidents": ("at",),
}
_KEYS = {
    "forecasts": ["series_id", "valid_time"],
    "daily_errors": ["series_id", "model_name", "target_day"],
    "drift": ["data_set", "series_group", "day", "feature"],
    "quality": ["data_set", "owner", "feature", "day"],
}


def nothing() -> pd.DataFrame:
    """An empty frame."""
    return pd.DataFrame()


@dataclass(frozen=True)
class Letterhead:
    """What stands at the top of every report.

    title: heading; profile: name of the profile (sample, live, aws); as_of: aware instant whose
        knowledge is reported; timezone: IANA name for display.
    simulated: sentences saying what is simulated in the data.

    Raises BadInput for a naive instant or an unknown zone.
    """

    title: str
    profile: str
    as_of: datetime
    timezone: str
    simulated: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check what every section relies on."""
        if self.as_of.tzinfo is None:
            raise BadInput(f"Expected as_of with a time zone, got {self.as_of}. Pass it in UTC.")
        self.zone  # noqa: B018  an unknown zone must fail here, not in a picture

    @property
    def zone(self) -> ZoneInfo:
        """The time zone for display."""
        try:
            return ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise BadInput(
                f"Expected an IANA time zone such as 'Europe/Copenhagen', got {self.timezone!r}. "
                "Correct it in the catalogue."
            ) from error


@dataclass(frozen=True)
class ReportContent(Letterhead):
    """Everything a report says. Any frame may be empty; others need the columns of COLUMNS.

    accuracy: one row per series, model and source. days: local target days scored; n: values
        scored; mae, pinball, naive_mae, naive_pinball: in `unit`, pinball averaged over the
        quantiles; coverage_80: share of truths in q10..q90; skill: 1 - mae / naive_mae.
    daily_errors: mae in the series' unit per model and local day; models whose name contains
        'naive' are drawn as the reference.
    forecasts: one row per series and valid_time (aware): quantiles, truth (NaN where not known)
        and seasonal naive, in `unit`; the newest days.
    drift: one row per data set, group, local day and feature, newest days; strength: greatest
        effect over its threshold, NaN where there was none; persistence: days.
    quality: one row per series or place, feature and local day; faults: a list of names.
    incidents: what needs a person; at: aware, when it was found.
    quarantine: records refused per rule and data set, with the reason of one of them.
    gaps: missing values per series. freshness: aware instants. tables: row counts.
    champions: the models in charge; decided_at: aware.

    Raises BadInput for a missing column, a naive instant, a repeated key or an unknown zone.
    """

    accuracy: pd.DataFrame = field(default_factory=nothing)
    daily_errors: pd.DataFrame = field(default_factory=nothing)
    forecasts: pd.DataFrame = field(default_factory=nothing)
    drift: pd.DataFrame = field(default_factory=nothing)
    quality: pd.DataFrame = field(default_factory=nothing)
    incidents: pd.DataFrame = field(default_factory=nothing)
    quarantine: pd.DataFrame = field(default_factory=nothing)
    gaps: pd.DataFrame = field(default_factory=nothing)
    freshness: pd.DataFrame = field(default_factory=nothing)
    tables: pd.DataFrame = field(default_factory=nothing)
    champions: pd.DataFrame = field(default_factory=nothing)

    def __post_init__(self) -> None:
        """Check what the sections and pictures rely on."""
        super().__post_init__()
        for name, columns in COLUMNS.items():
            check(name, getattr(self, name), columns, _INSTANTS.get(name, ()), _KEYS.get(name, ()))


def check(
    name: str,
    frame: pd.DataFrame,
    columns: Sequence[str],
    instants: Sequence[str] = (),
    key: Sequence[str] = (),
) -> None:
    """Raises BadInput where a frame that is not empty lacks columns, has instants without a zone,
    or several rows of a key."""
    if frame.empty:
        return
    lacking = [column for column in columns if column not in frame.columns]
    if lacking:
        raise BadInput(
            f"The report's frame '{name}' lacks columns {lacking}; it has {list(frame.columns)}. "
            "Select the columns of monitoring.content.COLUMNS."
        )
    for column in instants:
        if not isinstance(frame[column].dtype, pd.DatetimeTZDtype):
            raise BadInput(
                f"Expected {name}.{column} with a time zone, got {frame[column].dtype}. "
                "Spark's toPandas drops it: localize to UTC, or read with toArrow."
            )
    if key and frame.duplicated(list(key)).any():
        repeated = frame.loc[frame.duplicated(list(key)), list(key)].iloc[0].to_dict()
        raise BadInput(
            f"Expected one row per {list(key)} in the report's frame '{name}', "
            f"got several for {repeated}. Choose one model, origin or revision per row."
        )
