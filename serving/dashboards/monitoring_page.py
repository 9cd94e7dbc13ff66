"""The page of monitoring: is it fresh, is it good, has anything changed, who is in charge."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from serving.dashboards.asking import Api, Unanswered
from serving.dashboards.local_axis import moment
from serving.dashboards.monitoring_figures import (
    band_figure,
    coverage_figure,
    drift_figure,
    quality_figure,
)
from serving.dashboards.monitoring_tables import (
    decisions_table,
    quarantine_table,
    reports_table,
    runs_table,
    trainings_table,
)
from serving.dashboards.panels import current_look, draw, figures, missing, panel, stale

_DAILY = "gridcast run daily"


def monitoring_page(api: Api, mlflow: str) -> None:
    """Draw the page. Raises Unanswered where the API does not answer at all."""
    st.title("Monitoring", anchor=False)
    state = api.state()
    for what in state["missing"]:
        st.warning(what)
    catalogue = api.rows("series")
    if catalogue.empty:
        missing("There are no series yet.", "make demo")
        return
    zone = ZoneInfo(catalogue["timezone"].mode().iloc[0])
    _freshness(state, zone)
    _incidents(api, zone)
    group = st.selectbox(
        "Group", sorted(set(catalogue["series_group"])), key="watched", bind="query-params",
        filter_mode=None, help="Series that share one model",
    )  # fmt: skip
    champion = _champion(api, group)
    left, right = st.columns(2)
    with left:
        _accuracy(api, group, champion)
    with right:
        _calibration(api, group, champion)
    _drift(api, group)
    _quality(api)
    _quarantine(api, zone)
    _decisions(api, zone)
    _trainings(api, zone, mlflow)
    _reports(api, zone)


def _freshness(state: dict[str, Any], zone: ZoneInfo) -> None:
    with panel("Freshness", "By the clock of the profile, which in the sample stands still."):
        origin, known = (_time(state[name]) for name in
                         ("newest_forecast_origin", "newest_available_at"))  # fmt: skip
        hours = state["hours_since_newest_origin"]
        figures(
            [
                (f"Clock ({zone.key})", _when(_time(state["clock"]), zone), None),
                ("Newest forecast origin", _when(origin, zone),
                 None if hours is None else f"{hours:.1f} hours ago"),
                ("Newest value known", _when(known, zone), None),
            ]
        )  # fmt: skip
        stale("The newest forecast", hours or 0.0)
        if state["last_runs"]:
            runs_table(pd.DataFrame(state["last_runs"]))
        else:
            missing("Nothing has run yet.", _DAILY)


def _incidents(api: Api, zone: ZoneInfo) -> None:
    with panel("Open incidents", "What needs a person now."):
        rows = api.rows("incidents", {"state": "open"})
        if rows.empty:
            st.success("None is open.", icon=":material/check:")
            return
        for row in rows.sort_values("opened_at", ascending=False).to_dict("records"):
            since = moment(row["opened_at"], zone)
            st.error(f"**{row['kind']}** `{row['about']}` since {since}: {row['reason']}")


def _champion(api: Api, group: str) -> str | None:
    """Who is in charge of a group; None where nobody has been decided on, or cannot be asked."""
    try:
        rows = api.rows("promotions", {"group": group})
    except Unanswered:
        return None
    return str(rows["champion_model"].iloc[-1]) if len(rows) else None


def _accuracy(api: Api, group: str, champion: str | None) -> None:
    about = "Error over seasonal naive's on the same hours, newest 90 days: below 1 is better."
    with panel("Accuracy by hour of the day", about):
        rows = api.rows("performance", {"group": group, "by": "horizon_band"})
        if rows.empty:
            missing("No forecast of this group has met its truth yet.", _DAILY)
            return
        alt = f"Error of each model of {group} over seasonal naive's, by block of six hours"
        draw(band_figure(rows, champion, current_look()), "bands", alt)


def _calibration(api: Api, group: str, champion: str | None) -> None:
    about = "How many truths lay within the intervals, newest 90 days."
    with panel("Calibration", about):
        rows = api.rows("performance", {"group": group})
        if rows.empty:
            missing("No forecast of this group has met its truth yet.", _DAILY)
            return
        alt = f"Share of truths within the 80 and 90 % intervals, by model of {group}"
        draw(coverage_figure(rows, champion, current_look()), "coverage", alt)


def _drift(api: Api, group: str) -> None:
    about = "Whether the week up to a day is like weeks of the same season, by feature."
    with panel("Drift", about):
        rows = api.rows("drift", {"group": group})
        if rows.empty:
            missing("Nothing of this group has been judged yet.", "gridcast monitor")
            return
        draw(drift_figure(rows, current_look()), "drift", f"Drift of {group} by day and feature")


def _quality(api: Api) -> None:
    about = "Whether each day of a series, or of a place's weather, is fit to be learnt from."
    with panel("Data quality", about):
        rows = api.rows("quality")
        if rows.empty:
            missing("No day has been judged yet.", "gridcast monitor")
            return
        draw(quality_figure(rows, current_look()), "quality", "Verdicts by day and series")
        told = ["day", "owner", "feature", "reason"]
        faults = rows[rows["verdict"] == "fault"].drop_duplicates(told)
        for row in faults.sort_values("day", ascending=False).head(5).to_dict("records"):
            about = (
                row["owner"] if row["feature"] == "value" else f"{row['owner']} {row['feature']}"
            )
            st.markdown(f"**{row['day']:%d %b}** `{about}` {row['reason']}")


def _quarantine(api: Api, zone: ZoneInfo) -> None:
    with panel("Quarantine", "Records that were refused, by the rule that they broke."):
        rows = api.rows("quarantine")
        if rows.empty:
            st.success("Nothing has been refused.", icon=":material/check:")
            return
        quarantine_table(rows, zone)


def _decisions(api: Api, zone: ZoneInfo) -> None:
    with panel("Promotions", "Who was put in charge, or was not, and why. The newest first."):
        rows = api.rows("promotions")
        if rows.empty:
            missing("Nothing has been decided yet.", "gridcast run train")
            return
        decisions_table(rows, zone)


def _trainings(api: Api, zone: ZoneInfo, mlflow: str) -> None:
    about = f"The newest first. Links lead to MLflow at {mlflow}, which `gridcast up` starts."
    with panel("Training runs", about):
        rows = api.rows("training_runs")
        if rows.empty:
            missing("Nothing has been trained yet.", "gridcast run train")
            return
        trainings_table(rows, zone, mlflow)


def _reports(api: Api, zone: ZoneInfo) -> None:
    with panel("Reports", "The archive of the daily reports, the newest first."):
        rows = api.rows("reports")
        if rows.empty:
            missing("No report has been written yet.", "gridcast run monitor")
            return
        reports_table(rows, zone, api.address)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _when(time: datetime | None, zone: ZoneInfo) -> str:
    return "none yet" if time is None else moment(time, zone).split(" (")[0]
