"""The weekly report: how the week went, beside seasonal naive and beside the four weeks before."""

from __future__ import annotations

from monitoring import wording
from monitoring.pictures import Picture, daily_errors, drift_map
from monitoring.report import Report, compose
from monitoring.sections import in_order
from monitoring.sparklines import drawn_of, sparklines
from monitoring.watch_sections import drift_sentence, incidents_section, incidents_sentence
from monitoring.weekly_content import WeeklyContent
from monitoring.weekly_scores import (
    accuracy_section,
    accuracy_sentence,
    answers_section,
    answers_sentence,
    decisions_section,
    intervals_section,
)
from monitoring.weekly_watch import (
    arrivals_section,
    arrivals_sentence,
    drift_section,
    errors_section,
    happened_section,
    happened_sentence,
    quarantine_section,
    weather_section,
)

_DAYS = 35


def build(content: WeeklyContent) -> Report:
    """Render the weekly report: a pure function of the content, as the daily one is."""
    lines = sparklines(content.daily_errors, in_order(content.accuracy), _DAYS)
    parts = [
        incidents_section(content),
        accuracy_section(content, lines),
        errors_section(content),
        intervals_section(content),
        answers_section(content),
        happened_section(content),
        decisions_section(content),
        drift_section(content),
        arrivals_section(content),
        quarantine_section(content),
        weather_section(content),
    ]
    return compose(content, headline(content), parts, _pictures(content) | drawn_of(lines))


def headline(content: WeeklyContent) -> list[str]:
    """The week in a few sentences."""
    refused = 0 if content.quarantine.empty else int(content.quarantine["records"].sum())
    said = [
        f"The week from {wording.days(content.first_day, content.last_day)}.",
        incidents_sentence(content.incidents),
        happened_sentence(content.happened),
        accuracy_sentence(content.accuracy),
        answers_sentence(content.answers),
        drift_sentence(content.drift),
        arrivals_sentence(content.arrivals),
        f"{wording.things(refused, 'record')} refused and kept in quarantine." if refused else "",
    ]
    return [sentence for sentence in said if sentence]


def _pictures(content: WeeklyContent) -> dict[str, Picture]:
    """Error by day of what was in charge, and the drift of the week."""
    drawn = {}
    errors = content.daily_errors
    if not errors.empty and not content.accuracy.empty:
        in_charge = content.accuracy[content.accuracy["forecast_source"] == "champion"]
        shown = set(zip(in_charge["series_id"], in_charge["model_name"], strict=True))
        pairs = zip(errors["series_id"], errors["model_name"], strict=True)
        kept = errors[["naive" in pair[1] or pair in shown for pair in pairs]]
        units = dict(zip(content.accuracy["series_id"], content.accuracy["unit"], strict=True))
        if not kept.empty:
            order = list(dict.fromkeys(content.accuracy["series_id"]))
            drawn["daily_errors"] = daily_errors(kept, units, order)
    if not content.drift.empty and content.drift["strength"].notna().any():
        drawn["drift"] = drift_map(content.drift)
    return drawn
