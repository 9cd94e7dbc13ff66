"""The weekly report's sections about the data: what happened, drifted, came late or was refused."""

from __future__ import annotations

import pandas as pd

from monitoring import wording
from monitoring.advice import TITLES, TOLD_ONCE
from monitoring.cells import Cell, Section, cells, headings, records
from monitoring.watch_sections import drift_sentence
from monitoring.weekly_content import WeeklyContent


def errors_section(content: WeeklyContent) -> Section:
    """The picture of the five weeks."""
    return Section(
        key="daily_errors",
        title="Error by day",
        lead="Mean absolute error of each local day of the five weeks, of what was in charge.",
        empty="No day has been scored in these weeks. 'gridcast run evaluate' fills this picture.",
        picture="" if content.daily_errors.empty or content.accuracy.empty else "daily_errors",
    )


def happened_sentence(happened: pd.DataFrame) -> str:
    """How much opened and ended."""
    lasting = happened if happened.empty else happened[~happened["kind"].isin(TOLD_ONCE)]
    if lasting.empty:
        return "No incident opened or ended."
    opened, ended = int(lasting["opened_at"].notna().sum()), int(lasting["ended_at"].notna().sum())
    return f"{wording.things(opened, 'incident')} opened, {wording.count(ended)} ended."


def happened_section(content: WeeklyContent) -> Section:
    """Incidents that opened or ended in the week."""
    rows = [
        cells(
            row.about,
            TITLES[str(row.kind)],
            wording.moment(row.opened_at, content.zone) if pd.notna(row.opened_at) else "earlier",
            wording.moment(row.ended_at, content.zone)
            if pd.notna(row.ended_at)
            else Cell("told once" if row.kind in TOLD_ONCE else "not yet"),
            row.reason,
        )
        for row in records(content.happened, ["about", "kind"])
    ]
    return Section(
        key="happened",
        title="Incidents of the week",
        lead=happened_sentence(content.happened),
        empty="No incident opened or ended. 'gridcast run monitor' looks for them.",
        headings=headings("About", "What", "Opened", "Ended", "In words"),
        rows=rows,
    )


def drift_section(content: WeeklyContent) -> Section:
    """Features that were not stable on all of the week's days."""
    rows = []
    if not content.drift.empty:
        for (feature, group, data_set), own in content.drift.groupby(
            ["feature", "series_group", "data_set"]
        ):
            verdicts = own["verdict"].value_counts()
            drifting, watched = int(verdicts.get("drift", 0)), int(verdicts.get("watch", 0))
            if not drifting and not watched:
                continue
            newest = str(own.sort_values("day")["verdict"].iloc[-1])
            rows.append(
                cells(
                    feature,
                    f"{group} ({data_set})",
                    wording.count(len(own)),
                    wording.count(watched),
                    wording.count(drifting),
                    wording.ratio(own["strength"].max()),
                    Cell(newest.replace("_", " "), "bad" if newest == "drift" else ""),
                )
            )
    judged = not content.drift.empty
    return Section(
        key="drift",
        title="Drift over the week",
        lead="Verdicts of the newest seven judged days of each data set and group. "
        + drift_sentence(content.drift)
        + (" The table names those that were not stable on every day." if rows else ""),
        empty=f"{drift_sentence(content.drift)} All were stable on every day."
        if judged
        else "No feature has been compared yet. 'gridcast run monitor' fills this table.",
        headings=headings(
            *("Feature", "Series group", "Days#", "Watched#", "In drift#", "Greatest strength#"),
            "At the end",
        ),
        rows=rows,
        picture="drift" if judged and content.drift["strength"].notna().any() else "",
    )


def quarantine_section(content: WeeklyContent) -> Section:
    """Records refused in the week, by rule."""
    rows = [
        cells(
            row.rule,
            row.table,
            row.data_set,
            wording.count(row.records),
            wording.count(row.before),
            row.example_reason,
        )
        for row in records(content.quarantine, ["table", "rule", "data_set"])
    ]
    return Section(
        key="quarantine",
        title="Records refused in the week",
        lead="Each is kept in quarantine with its rule and can be replayed.",
        empty="No record was refused. 'gridcast run build' applies the rules.",
        headings=headings(
            *("Rule", "Table", "Data set", "Records#", "The week before#", "One of the reasons")
        ),
        rows=rows,
    )


def weather_section(content: WeeklyContent) -> Section:
    """Error of the weather forecasts by day of lead."""
    rows = [
        cells(
            row.location_id,
            str(row.variable).replace("_", " "),
            f"{row.lead_day}",
            wording.number(row.mae, row.unit),
            wording.number(row.before_mae, row.unit),
            wording.number(row.bias, row.unit),
            wording.count(row.n),
        )
        for row in records(content.weather, ["location_id", "variable", "lead_day"])
    ]
    return Section(
        key="weather",
        title="Error of the weather forecasts",
        lead="The newest seven days of actual weather, beside the four weeks before. Lead is in "
        "days: 0 is the first 24 hours of a run. Bias is forecast less actual.",
        empty="No weather forecast has met the actual weather. 'gridcast run build' brings both.",
        headings=headings(
            *("Place", "Variable", "Lead#", "MAE#", "MAE before#", "Bias#", "Values#")
        ),
        rows=rows,
    )


def arrivals_sentence(arrivals: pd.DataFrame) -> str:
    """How many values came late or not at all; empty where none was due."""
    if arrivals.empty:
        return ""
    due, late, missing = (int(arrivals[name].sum()) for name in ("due", "late", "missing"))
    if not late and not missing:
        return f"All {wording.count(due)} values due in the week came in time."
    return (
        f"Of {wording.things(due, 'value')} due in the week {wording.count(late)} came late and "
        f"{wording.count(missing)} have not come."
    )


def arrivals_section(content: WeeklyContent) -> Section:
    """What was due in the week, came late, or has not come."""
    rows = [
        cells(
            row.series_id,
            wording.count(row.due),
            Cell(wording.count(row.late), "bad" if row.late else ""),
            wording.age(pd.Timedelta(hours=row.longest_hours)) if row.late else wording.NOT_KNOWN,
            Cell(wording.count(row.missing), "bad" if row.missing else ""),
        )
        for row in records(content.arrivals, ["series_id"])
    ]
    return Section(
        key="arrivals",
        title="Late and missing",
        lead="The values that usually become known within the week. Late is what came after its "
        "usual time and the grace that the catalogue gives it; missing has not come.",
        empty="No value was due in the week. 'gridcast run ingest' asks for them.",
        headings=headings("Series", "Due#", "Late#", "Latest by#", "Missing#"),
        rows=rows,
    )
