"""The report's sections about what was seen of the data: drift of weeks, quality of days."""

from __future__ import annotations

import pandas as pd

from monitoring import wording
from monitoring.advice import ADVICE, TITLES
from monitoring.cells import Cell, Section, cells, headings, records
from monitoring.content import ReportContent
from monitoring.weekly_content import WeeklyContent

#: Days whose quality faults are told, newest first.
FAULT_DAYS = 14


def newest_drift(drift: pd.DataFrame) -> pd.DataFrame:
    """The findings of each data set's and group's newest day."""
    newest = drift.groupby(["data_set", "series_group"])["day"].transform("max")
    return drift[drift["day"] == newest]


def drift_sentence(drift: pd.DataFrame) -> str:
    """How many features are in drift, watched or not judged; empty without any."""
    if drift.empty:
        return ""
    newest = newest_drift(drift)
    verdicts = newest["verdict"].value_counts()
    judged = len(newest) - int(verdicts.get("no_reference", 0))
    said = [
        f"{int(verdicts.get('drift', 0))} of {wording.things(judged, 'feature')} in drift on the "
        f"newest day ({wording.day(newest['day'].max())})"
    ]
    if watched := int(verdicts.get("watch", 0)):
        said.append(f"{watched} watched")
    if unclear := int(verdicts.get("not_judged", 0)):
        said.append(f"{unclear} that could not be judged")
    if without := int(verdicts.get("no_reference", 0)):
        said.append(f"{without} more without a past year to compare with")
    return ", ".join(said) + "."


def incidents_sentence(incidents: pd.DataFrame) -> str:
    """How much needs a person."""
    if incidents.empty:
        return "All well: nothing needs a person."
    return f"{wording.things(len(incidents), 'thing')} to look at."


def incidents_section(content: ReportContent | WeeklyContent) -> Section:
    """What needs a person, since when, and what to do."""
    rows = [
        cells(
            row.about,
            Cell(TITLES[str(row.kind)], "bad"),
            wording.moment(row.at, content.zone),
            row.reason,
            ADVICE[str(row.kind)],
        )
        for row in records(content.incidents, ["at", "about"])
    ]
    return Section(
        key="incidents",
        title="What needs a person",
        lead=incidents_sentence(content.incidents),
        empty=incidents_sentence(content.incidents),
        headings=headings("About", "What", "Since", "In words", "What to do"),
        rows=rows,
    )


def drift_section(content: ReportContent) -> Section:
    """Features that are in drift, watched, or could not be judged."""
    drift = content.drift
    told = drift if drift.empty else newest_drift(drift)
    told = told if told.empty else told[~told["verdict"].isin(["stable", "no_reference"])]
    rows = [
        cells(
            row.feature,
            f"{row.series_group} ({row.data_set})",
            wording.ratio(row.strength),
            Cell(str(row.verdict).replace("_", " "), "bad" if row.verdict == "drift" else ""),
            str(row.reason).replace("_", " "),
            f"{wording.count(row.persistence)} d",
        )
        for row in records(told, ["verdict", "data_set", "series_group", "feature"])
    ]
    explained = (
        "The last seven days beside weeks of the same season: those of past years around the same "
        "date, and the weeks just before. Strength is the effect over its threshold: from 1 on a "
        "feature is watched, and after three days in a row it is in drift. "
    )
    ending = " The table names those that are not stable." if rows else ""
    return Section(
        key="drift",
        title="Drift of the features",
        lead=explained + drift_sentence(drift) + ending,
        empty="No feature has been compared yet. 'gridcast run monitor' fills this table.",
        headings=headings("Feature", "Series group", "Strength#", "Verdict", "What", "Beyond for#"),
        rows=rows,
        picture="" if drift.empty or drift["strength"].isna().all() else "drift",
    )


def quality_sentence(quality: pd.DataFrame) -> str:
    """How many series had a fault in the days told; empty where none was judged."""
    if quality.empty:
        return ""
    kinds = quality.drop_duplicates(["data_set", "owner", "feature"])
    faults = _faults(quality).drop_duplicates(["data_set", "owner", "feature"])
    series = wording.things(len(kinds), "series", "series")
    if faults.empty:
        return f"No quality fault in {series} of the newest {FAULT_DAYS} days judged."
    return f"Quality faults in {len(faults)} of {series} in the newest {FAULT_DAYS} days judged."


def quality_section(content: ReportContent) -> Section:
    """Faults of the newest days: what is broken, since when, and in a sentence how."""
    rows = []
    if not content.quality.empty:
        faults = _faults(content.quality)
        for (owner, feature, kind), own in faults.groupby(["owner", "feature", "fault"]):
            newest = own.sort_values("day").iloc[-1]
            span = wording.days(own["day"].min(), own["day"].max())
            rows.append(cells(owner, feature, Cell(str(kind), "bad"), span, newest["reason"]))
    return Section(
        key="quality",
        title="Quality of the data",
        lead="Whether each day is fit to be learnt from: nothing missing, impossible, standing "
        "still or overdue; unit, clock, interval and columns as before. "
        + quality_sentence(content.quality),
        empty=quality_sentence(content.quality)
        or "No day has been judged yet. 'gridcast run monitor' fills this table.",
        headings=headings("Series or place", "Feature", "Fault", "Days", "In words"),
        rows=rows,
        picture="",
    )


def _faults(quality: pd.DataFrame) -> pd.DataFrame:
    """One row per fault of a day, of the newest days of each data set."""
    newest = pd.to_datetime(quality.groupby("data_set")["day"].transform("max"))
    recent = quality[(newest - pd.to_datetime(quality["day"])).dt.days < FAULT_DAYS]
    faulty = recent[recent["verdict"] == "fault"]
    return faulty.assign(fault=faulty["faults"]).explode("fault").dropna(subset="fault")
