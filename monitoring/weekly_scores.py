"""The weekly report's sections on forecasts: how wrong, how sure, who answered, who took over."""

from __future__ import annotations

import pandas as pd

from monitoring import sparklines, wording
from monitoring.cells import Cell, Section, cells, headings, records
from monitoring.sections import in_order, skill
from monitoring.sparklines import Lines
from monitoring.weekly_content import WeeklyContent

_SAME = 0.05
"""A mean absolute error that changed by less is told to be the same: weeks differ."""
_LEAST_DAYS = 7
"""With fewer days before, nothing is said of a change."""


def accuracy_sentence(accuracy: pd.DataFrame) -> str:
    """How many series' champions beat naive, and how many got better or worse."""
    if accuracy.empty:
        return "No forecast has met its truth in these weeks."
    champions = accuracy[accuracy["forecast_source"] == "champion"]
    if champions.empty:
        return "No champion has been scored in these weeks."
    beats = int((champions["skill"].astype(float) > 0).sum())
    moved = _change(champions)
    better, worse = int((moved < -_SAME).sum()), int((moved > _SAME).sum())
    return (
        f"The champion's error was below seasonal naive's for {beats} of "
        f"{wording.things(len(champions), 'series', 'series')}; beside the four weeks before it "
        f"was better for {better}, worse for {worse}."
    )


def accuracy_section(content: WeeklyContent, lines: Lines) -> Section:
    """The week's accuracy, beside naive's and beside the four weeks before."""
    shown = content.accuracy
    shown = shown if shown.empty else shown.assign(change=_change(shown))
    rows = [
        cells(
            row.series_id,
            f"{row.model_name} ({row.forecast_source})",
            sparklines.cell(lines, row.series_id, row.model_name),
            wording.short_days(row.first_day, row.last_day),
            wording.number(row.mae, row.unit),
            wording.number(row.naive_mae),
            skill(row.skill),
            wording.number(row.before_mae),
            wording.share(row.before_skill, signed=True),
            _moved(row.change),
        )
        for row in in_order(shown)
    ]
    return Section(
        key="accuracy",
        title="Accuracy of the week",
        lead="The newest seven days of each series that have met their truth, beside seasonal "
        "naive on the same hours and beside the same model on the scored days of the four weeks "
        "before. Skill is the part of naive's mean absolute error (MAE) that the model saves; the "
        f"errors of a row are in one unit. Better and worse are said from {wording.share(_SAME)} "
        f"on, where {_LEAST_DAYS} days before are scored; a week that is hard for all shows in "
        "naive's error, too. The line is the MAE of each day of the five weeks, from zero up; the "
        "thin one is naive's.",
        empty="No forecast has met its truth in these weeks. 'gridcast run evaluate' fills this "
        "table.",
        headings=headings(
            *("Series", "Model", "Five weeks", "Days", "MAE#", "Naive's MAE#", "Skill#"),
            *("MAE before#", "Skill before#", "Change#"),
        ),
        rows=rows,
    )


def intervals_section(content: WeeklyContent) -> Section:
    """How often the truth lay in the intervals of what answered."""
    rows = [
        cells(
            row.series_group,
            wording.share(row.coverage_80),
            wording.share(row.before_80),
            wording.share(row.coverage_90),
            wording.share(row.before_90),
            wording.count(row.n),
        )
        for row in records(content.intervals, ["series_group"])
    ]
    return Section(
        key="intervals",
        title="Coverage of the intervals",
        lead="The share of truths within the intervals of the forecasts that answered, of the same "
        "days as above: 80 % and 90 % are aimed at. Less is too sure, more too careful.",
        empty="No interval has met its truth in these weeks. 'gridcast run evaluate' scores them.",
        headings=headings(
            *("Series group", "80 % interval#", "80 % before#", "90 % interval#", "90 % before#"),
            "Values#",
        ),
        rows=rows,
    )


def answers_sentence(answers: pd.DataFrame) -> str:
    """How often not the champion answered; empty without any answer."""
    if answers.empty:
        return ""
    sums = answers[["by_champion", "by_stand_in", "by_naive"]].sum()
    total = int(sums.sum())
    silent = int((answers["expected"] - answers["origins"]).sum())
    said = (
        f"The champion answered {wording.count(sums['by_champion'])} of "
        f"{wording.count(total)} times, one that stood in for it "
        f"{wording.count(sums['by_stand_in'])}, seasonal naive {wording.count(sums['by_naive'])}"
    )
    return f"{said}; {wording.things(silent, 'origin')} had no forecast." if silent else f"{said}."


def answers_section(content: WeeklyContent) -> Section:
    """Who answered, by group."""
    rows = []
    for row in records(content.answers, ["series_group"]):
        total = row.by_champion + row.by_stand_in + row.by_naive
        naive = f"{wording.count(row.by_naive)} ({wording.share(row.by_naive / max(total, 1))})"
        rows.append(
            cells(
                row.series_group,
                Cell(
                    f"{wording.count(row.origins)} of {wording.count(row.expected)}",
                    "bad" if row.origins < row.expected else "",
                ),
                wording.count(row.by_champion),
                wording.count(row.by_stand_in),
                naive,
            )
        )
    return Section(
        key="answers",
        title="Who answered",
        lead="The live origins of the week, and for how many series the champion, one that stood "
        "in for it, or seasonal naive answered.",
        empty="No origin of the week has a live forecast. 'gridcast run forecast' makes one.",
        headings=headings("Series group", "Origins#", "Champion#", "Stand-in#", "Seasonal naive#"),
        rows=rows,
    )


def decisions_section(content: WeeklyContent) -> Section:
    """Who was put in charge, or set aside."""
    rows = [
        cells(
            row.series_group,
            Cell(row.what, "bad" if row.what == "set aside" else ""),
            row.in_charge,
            wording.moment(row.decided_at, content.zone),
            row.decided_by,
            row.reason,
        )
        for row in records(content.decisions, ["decided_at", "series_group"])
    ]
    return Section(
        key="decisions",
        title="Models put in charge or set aside",
        lead="What was decided in the week, on what evidence, and who is in charge since.",
        empty="No model was put in charge or set aside. 'gridcast run train' trains candidates.",
        headings=headings("Series group", "What", "In charge", "When", "Decided by", "Evidence"),
        rows=rows,
    )


def _change(accuracy: pd.DataFrame) -> pd.Series[float]:
    """The week's MAE over that of the weeks before, less one; NaN where those say too little."""
    before = accuracy["before_mae"].astype("float64")
    before = before.where(accuracy["before_days"].astype("float64") >= _LEAST_DAYS)
    change: pd.Series[float] = accuracy["mae"].astype("float64").div(before.where(before > 0)) - 1
    return change


def _moved(change: float) -> Cell:
    if pd.isna(change):
        return Cell(wording.NOT_KNOWN)
    said = "the same" if abs(change) <= _SAME else "better" if change < 0 else "worse"
    tone = {"better": "good", "worse": "bad"}.get(said, "")
    return Cell(f"{said}, {wording.share(change, signed=True)}", tone)
