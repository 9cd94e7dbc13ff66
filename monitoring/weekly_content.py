"""What the weekly report is made from: one week, and the weeks that it is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from monitoring import content
from monitoring.content import Letterhead, check, nothing

COLUMNS: dict[str, tuple[str, ...]] = {
    "accuracy": (
        *("series_id", "series_group", "unit", "model_name", "forecast_source", "first_day"),
        *("last_day", "mae", "naive_mae", "skill", "before_mae", "before_skill", "before_days"),
    ),
    "daily_errors": content.COLUMNS["daily_errors"],
    "intervals": ("series_group", "n", "coverage_80", "coverage_90", "before_80", "before_90"),
    "answers": ("series_group", "expected", "origins", "by_champion", "by_stand_in", "by_naive"),
    "incidents": content.COLUMNS["incidents"],
    "happened": ("kind", "about", "opened_at", "ended_at", "reason"),
    "decisions": ("series_group", "decided_at", "in_charge", "what", "decided_by", "reason"),
    "drift": content.COLUMNS["drift"],
    "quarantine": (*content.COLUMNS["quarantine"], "before"),
    "weather": ("location_id", "variable", "unit", "lead_day", "n", "mae", "bias", "before_mae"),
    "arrivals": ("series_id", "due", "late", "missing", "longest_hours"),
}
_INSTANTS = {
    "incidents": ("at",),
    "happened": ("opened_at", "ended_at"),
    "decisions": ("decided_at",),
}
_KEYS = {
    "accuracy": ("series_id", "model_name", "forecast_source"),
    "daily_errors": ("series_id", "model_name", "target_day"),
    "drift": ("data_set", "series_group", "day", "feature"),
}


@dataclass(frozen=True)
class WeeklyContent(Letterhead):
    """Everything a weekly report says. Any frame may be empty; others need the columns of COLUMNS.

    first_day, last_day: the seven local days before the moment.
    accuracy: per series, model and source, of the newest seven days that have met their truth
        (first_day to last_day): mae and naive_mae in `unit`, skill: 1 - mae / naive_mae; before_*:
        the same model on the scored days of the four weeks before those.
    daily_errors: mae per series, model and local day of those five weeks.
    intervals: of what answered, the shares of truths in q10..q90 and q05..q95, those weeks.
    answers: expected: origins of the week; origins: those with a forecast; by_*: series answered.
    incidents: what is open now; happened: what opened, ended or was told in the week (aware; NaT).
    decisions: who was put in charge or set aside in the week; in_charge: from then on.
    drift: verdicts of the newest seven judged days of each data set and group.
    quarantine: records refused in the week; before: in the week before.
    weather: error of the newest seven days of actual weather by day of lead; before_mae: of the
        four weeks before. arrivals: values usually known within the week: due, come later than the
        grace allows, not come; longest_hours: the longest that one was late.

    Raises BadInput as ReportContent does.
    """

    first_day: date = date.min
    last_day: date = date.min
    accuracy: pd.DataFrame = field(default_factory=nothing)
    daily_errors: pd.DataFrame = field(default_factory=nothing)
    intervals: pd.DataFrame = field(default_factory=nothing)
    answers: pd.DataFrame = field(default_factory=nothing)
    incidents: pd.DataFrame = field(default_factory=nothing)
    happened: pd.DataFrame = field(default_factory=nothing)
    decisions: pd.DataFrame = field(default_factory=nothing)
    drift: pd.DataFrame = field(default_factory=nothing)
    quarantine: pd.DataFrame = field(default_factory=nothing)
    weather: pd.DataFrame = field(default_factory=nothing)
    arrivals: pd.DataFrame = field(default_factory=nothing)

    def __post_init__(self) -> None:
        """Check what the sections and pictures rely on."""
        super().__post_init__()
        for name, columns in COLUMNS.items():
            check(name, getattr(self, name), columns, _INSTANTS.get(name, ()), _KEYS.get(name, ()))
