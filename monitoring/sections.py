"""The report's sections as text: what each table says, in which order, and what if it is empty."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from monitoring import sparklines, wording
from monitoring.cells import Cell, Section, cells, headings, records
from monitoring.content import ReportContent
from monitoring.sparklines import Lines
from monitoring.watch_sections import (
    drift_section,
    drift_sentence,
    incidents_section,
    incidents_sentence,
    quality_section,
    quality_sentence,
)

_PLACES = {"champion": 0, "fallback": 1}


def in_order(accuracy: pd.DataFrame) -> Iterable[Any]:
    """The rows of an accuracy table: series by group, and of each the champion first."""
    if accuracy.empty:
        return ()
    placed = accuracy.assign(place=accuracy["forecast_source"].map(_PLACES).fillna(2))
    return records(placed, ["series_group", "series_id", "place", "model_name"])


def sections(content: ReportContent, lines: Lines) -> list[Section]:
    """All sections in reading order: how good, what next, what changed, what is missing.

    lines: the sparklines of the accuracy table.
    """
    return [
        incidents_section(content),
        _accuracy(content, lines),
        _daily_errors(content),
        _forecasts(content),
        _champions(content),
        drift_section(content),
        quality_section(content),
        _quarantine(content),
        _gaps(content),
        _freshness(content),
        _tables(content),
    ]


def headline(content: ReportContent) -> list[str]:
    """The findings in a few sentences, for the top of the report."""
    said = [incidents_sentence(content.incidents), _headline_accuracy(content.accuracy)]
    said.append(drift_sentence(content.drift))
    said.append(quality_sentence(content.quality))
    if not content.quarantine.empty:
        refused = int(content.quarantine["records"].sum())
        said.append(f"{wording.things(refused, 'record')} refused and kept in quarantine.")
    if not content.gaps.empty:
        missing = int(content.gaps["gaps"].sum())
        said.append(f"{wording.things(missing, 'value')} missing in the observations.")
    return [sentence for sentence in said if sentence]


def _headline_accuracy(accuracy: pd.DataFrame) -> str:
    if accuracy.empty:
        return "No forecast has met its truth yet."
    champions = accuracy[accuracy["forecast_source"] == "champion"]
    if champions.empty:
        return "No champion has been scored yet."
    better = int((champions.groupby("series_id")["skill"].min().astype(float) > 0).sum())
    total = champions["series_id"].nunique()
    return (
        f"The champion's error is below seasonal naive's for {better} of "
        f"{wording.things(total, 'series', 'series')}."
    )


def _accuracy(content: ReportContent, lines: Lines) -> Section:
    rows = [
        cells(
            row.series_id,
            f"{row.model_name} ({row.forecast_source})",
            sparklines.cell(lines, row.series_id, row.model_name),
            wording.number(row.mae, row.unit),
            wording.number(row.naive_mae),
            skill(row.skill),
            wording.number(row.pinball),
            wording.number(row.naive_pinball),
            wording.share(row.coverage_80),
            f"{wording.count(row.n)} in {wording.count(row.days)} d",
        )
        for row in in_order(content.accuracy)
    ]
    return Section(
        key="accuracy",
        title="Accuracy",
        lead="Every forecast that has met its truth, beside seasonal naive (the newest known value "
        "of the same weekday and hour) on the same hours. MAE is the mean absolute error of the "
        "median. Skill is the part of naive's MAE that the model saves: below zero, naive was "
        "better. Pinball is the loss averaged over the quantiles, in the same unit. Coverage is "
        "the share of truths between the 10 % and 90 % quantiles; 80 % is aimed at. The line "
        f"is the MAE of each of the last {sparklines.DAYS} days scored, from zero up; the thin one "
        "is naive's.",
        empty="No forecast has met its truth yet. 'gridcast run forecast' and, once the truth is "
        "known, 'gridcast run evaluate' fill this table.",
        headings=headings(
            *("Series", "Model", "Day by day", "MAE#", "Naive's MAE#", "Skill#", "Pinball#"),
            *("Naive's pinball#", "Coverage#", "Values#"),
        ),
        rows=rows,
    )


def skill(value: float) -> Cell:
    """A skill, with its sign: above zero is good, below it is bad."""
    told = wording.share(value, signed=True)
    return Cell(told, "" if pd.isna(value) or not value else "good" if value > 0 else "bad")


def _daily_errors(content: ReportContent) -> Section:
    return Section(
        key="daily_errors",
        title="Error by day",
        lead="Mean absolute error of each local day.",
        empty="No day has been scored yet. 'gridcast run evaluate' fills this picture.",
        picture="" if content.daily_errors.empty else "daily_errors",
    )


def _forecasts(content: ReportContent) -> Section:
    return Section(
        key="forecasts",
        title="Newest forecasts",
        lead="The forecast as it was issued, and the truth where it is known.",
        empty="There is no forecast to show. 'gridcast run forecast' fills this picture.",
        picture="" if content.forecasts.empty else "forecasts",
    )


def _champions(content: ReportContent) -> Section:
    rows = [
        cells(
            row.series_group,
            f"{row.model_name} {row.model_version}",
            wording.moment(row.decided_at, content.zone),
            row.reason,
        )
        for row in records(content.champions, ["series_group"])
    ]
    return Section(
        key="champions",
        title="Models in charge",
        lead="The champion of each series group, and why it was chosen.",
        empty="No group has a champion; the fallback answers. 'gridcast run train' chooses one.",
        headings=headings("Series group", "Champion", "In charge since", "Evidence"),
        rows=rows,
    )


def _quarantine(content: ReportContent) -> Section:
    rows = [
        cells(row.rule, row.table, row.data_set, wording.count(row.records), row.example_reason)
        for row in records(content.quarantine, ["table", "rule", "data_set"])
    ]
    return Section(
        key="quarantine",
        title="Refused records",
        lead="Refused is not lost: each is kept in quarantine with its rule and can be replayed.",
        empty="No record was refused. 'gridcast run build' applies the rules.",
        headings=headings("Rule", "Table", "Data set", "Records#", "One of the reasons"),
        rows=rows,
    )


def _gaps(content: ReportContent) -> Section:
    rows = [
        cells(row.series_id, wording.count(row.gaps))
        for row in records(content.gaps, ["series_id"])
    ]
    return Section(
        key="gaps",
        title="Gaps",
        lead="Intervals without a value between a series' first and last one. They are left empty; "
        "the view gold.gaps says when each begins and ends.",
        empty="No gap is known. 'gridcast run build' counts them.",
        headings=headings("Series", "Missing values#"),
        rows=rows,
    )


def _freshness(content: ReportContent) -> Section:
    as_of = pd.Timestamp(content.as_of)
    rows = [
        cells(
            row.series_id,
            wording.moment(row.newest_event_time, content.zone),
            wording.age(as_of - row.newest_event_time),
            wording.moment(row.newest_available_at, content.zone),
        )
        for row in records(content.freshness, ["series_id"])
    ]
    return Section(
        key="freshness",
        title="Freshness",
        lead="How far each series reaches. Its age is counted back from the time of this report.",
        empty="No observation has been read yet. 'gridcast run ingest' and 'gridcast run build' "
        "fill this table.",
        headings=headings("Series", "Newest value", "Age#", "Known since"),
        rows=rows,
    )


def _tables(content: ReportContent) -> Section:
    rows = [cells(row.table, wording.count(row.rows)) for row in records(content.tables, ["table"])]
    return Section(
        key="tables",
        title="Tables",
        lead="Rows in the lakehouse when this report was made.",
        empty="No table has been counted. 'gridcast run monitor' counts them.",
        headings=headings("Table", "Rows#"),
        rows=rows,
    )
