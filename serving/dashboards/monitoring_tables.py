"""Tables of the page of monitoring, times in a zone that their heads name."""

from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

_TEXT, _NUMBER = st.column_config.TextColumn, st.column_config.NumberColumn
_LINK = st.column_config.LinkColumn


def in_zone(times: "pd.Series[pd.Timestamp]", zone: ZoneInfo) -> "pd.Series[str]":
    """UTC instants as local times to the minute; empty where there is none."""
    local = times.dt.tz_convert(zone)
    return local.dt.strftime("%Y-%m-%d %H:%M").fillna("")


def runs_table(runs: pd.DataFrame) -> None:
    """The newest run of each step."""
    rows = runs.sort_values("started_at", ascending=False)
    rows["started_at"] = in_zone(pd.to_datetime(rows["started_at"], utc=True), ZoneInfo("UTC"))
    st.dataframe(
        rows[["step", "status", "started_at", "seconds", "run_kind", "reason"]],
        hide_index=True,
        column_config={
            "step": _TEXT("Newest run of"),
            "status": _TEXT("Ended"),
            "started_at": _TEXT("Started (machine time, UTC)"),
            "seconds": _NUMBER("Took [s]", format="%.1f"),
            "run_kind": _TEXT("Kind"),
            "reason": _TEXT("What happened", width="large"),
        },
        alt="The newest run of each step",
    )


def quarantine_table(rows: pd.DataFrame, zone: ZoneInfo) -> None:
    """Refused records by rule, the most first."""
    told = rows.sort_values("n", ascending=False)
    told["last_fetched_at"] = in_zone(told["last_fetched_at"], zone)
    st.dataframe(
        told[["data_set", "rule", "n", "last_fetched_at", "reason"]],
        hide_index=True,
        column_config={
            "data_set": _TEXT("Data set"),
            "rule": _TEXT("Rule"),
            "n": _NUMBER("Records"),
            "last_fetched_at": _TEXT(f"Newest ({zone.key})"),
            "reason": _TEXT("Why the newest was refused", width="large"),
        },
        alt="Refused records by rule",
    )


def decisions_table(rows: pd.DataFrame, zone: ZoneInfo) -> None:
    """Promotions, the newest first."""
    told = rows[::-1].copy()
    told["decided_at"] = in_zone(told["decided_at"], zone)
    told["promoted"] = told["promoted"].map({True: "yes", False: "no"})
    st.dataframe(
        told[["decided_at", "series_group", "candidate_model", "promoted", "champion_model",
              "pinball_ratio", "decided_by", "reason"]],
        hide_index=True,
        column_config={
            "decided_at": _TEXT(f"Decided ({zone.key})"),
            "series_group": _TEXT("Group"),
            "candidate_model": _TEXT("Candidate"),
            "promoted": _TEXT("Promoted"),
            "champion_model": _TEXT("Then in charge"),
            "pinball_ratio": _NUMBER("Loss ratio", format="%.2f", help="Candidate's pinball loss "
                                     "over that of whom it was compared with"),
            "decided_by": _TEXT("Decided by"),
            "reason": _TEXT("Evidence", width="large"),
        },
        alt="Promotions",
    )  # fmt: skip


def trainings_table(rows: pd.DataFrame, zone: ZoneInfo, mlflow: str) -> None:
    """Training runs, the newest first, with links to MLflow's page of each."""
    told = rows[::-1].copy()
    told["as_of"] = in_zone(told["as_of"], zone)
    told["run"] = [f"{mlflow}/#/runs/{run}" if run else None for run in told["mlflow_run_id"]]
    st.dataframe(
        told[["as_of", "series_group", "model_name", "status", "mae", "pinball", "samples",
              "seconds", "run", "reason"]],
        hide_index=True,
        column_config={
            "as_of": _TEXT(f"As of ({zone.key})"),
            "series_group": _TEXT("Group"),
            "model_name": _TEXT("Model"),
            "status": _TEXT("Ended"),
            "mae": _NUMBER("MAE ratio", format="%.2f", help="On held-out days, over naive's"),
            "pinball": _NUMBER("Loss ratio", format="%.2f", help="Likewise of the pinball loss"),
            "samples": _NUMBER("Series-days"),
            "seconds": _NUMBER("Took [s]", format="%.0f"),
            "run": _LINK("MLflow", display_text="open"),
            "reason": _TEXT("What happened", width="large"),
        },
        alt="Training runs",
    )  # fmt: skip


def reports_table(rows: pd.DataFrame, zone: ZoneInfo, address: str) -> None:
    """Reports, the newest first, with links to the pages that the API gives."""
    told = rows.assign(
        as_of=in_zone(rows["as_of"], zone),
        kib=rows["bytes"] / 1024,
        page=address + rows["path"],
    )
    st.dataframe(
        told[["as_of", "kib", "page"]],
        hide_index=True,
        column_config={
            "as_of": _TEXT(f"As of ({zone.key})"),
            "kib": _NUMBER("Size [KiB]", format="%.0f"),
            "page": _LINK("Report", display_text="open"),
        },
        alt="Archive of reports",
    )
