"""Energi Data Service as recorded: `/dataset/{name}`, limited to what was public by the clock."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from numpy.typing import NDArray
from starlette.exceptions import HTTPException

from lakehouse.catalogue import DataSet, Publication
from lakehouse.clock import Clock
from sources.emulator.energy_files import COPENHAGEN, EnergyTable
from sources.emulator.publication import published_at
from sources.emulator.recordings import Recordings

#: For data sets that the catalogue does not name: prices the day before, the rest days later.
DAY_AHEAD = Publication(
    rule="day_before", at=time(12, 45), timezone="Europe/Copenhagen", basis="simulated"
)
DAYS_LATER = Publication(rule="after_interval", delay_hours=216, basis="simulated")
ALWAYS = 0
DEFAULT_LIMIT = "100"
RELATIVE = re.compile(r"(now|StartOfDay)(?:([+-])P(\d+)D)?")

Rows = NDArray[np.int64]


class PlainTextError(HTTPException):
    """An error as this service words it: plain text."""


async def plain_text(_: Request, error: Exception) -> Response:
    """The handler of PlainTextError."""
    assert isinstance(error, PlainTextError)
    return PlainTextResponse(error.detail, status_code=error.status_code)


class EnergiDataService:
    """Answers for the recorded data sets, published as the catalogue says or else as usual.

    A record whose time nobody can read is public always and lies in every window.
    """

    def __init__(
        self, recordings: Recordings, data_sets: Mapping[str, DataSet], clock: Clock
    ) -> None:
        self._recordings = recordings
        self._data_sets = data_sets
        self._clock = clock
        self._published: dict[str, Rows] = {}

    def router(self) -> APIRouter:
        """The service's paths."""
        router = APIRouter()
        router.add_api_route("/dataset/{name}", self.data_set)
        return router

    async def data_set(self, name: str, request: Request) -> Response:
        """Records by start, end, filter, sort, offset, limit and columns, as the service reads
        them: start and end are Danish wall clock, compared with the local time column."""
        table = self._recordings.energy(name)
        if table is None:
            raise PlainTextError(404, f"dataset not found {name}")
        asked = request.query_params
        now = self._clock.now()
        published = self._published_seconds(table)
        within = _between(table, asked.get("start"), asked.get("end"), now) | (published == ALWAYS)
        rows = np.flatnonzero(within & (published <= int(now.timestamp())))
        rows = rows[_matching(table, rows, asked.get("filter"))]
        rows = _sorted(table, rows, asked.get("sort") or f"{table.time_column} desc")
        limit = _count("limit", asked.get("limit", DEFAULT_LIMIT))
        offset = _count("offset", asked.get("offset", "0"))
        page = rows[offset : offset + limit] if limit else rows[offset:]
        head: dict[str, Any] = {"total": len(rows)}
        if "filter" in asked:
            head["filters"] = asked["filter"]
        if "sort" in asked:
            head["sort"] = asked["sort"]
        head |= {"limit": limit, "dataset": name}
        return _answer(head, _records(table, page, asked.get("columns")))

    def _published_seconds(self, table: EnergyTable) -> Rows:
        """When each record became public, in seconds since 1970; ALWAYS where its time is none."""
        if table.name not in self._published:
            entry = self._data_sets.get(table.name)
            usual = DAY_AHEAD if "price" in table.name.lower() else DAYS_LATER
            by_time = {
                event_time: int(published_at(entry, usual, event_time).timestamp())
                for event_time in dict.fromkeys(table.event_times)
                if event_time
            }
            seconds = [by_time[time] if time else ALWAYS for time in table.event_times]
            self._published[table.name] = np.array(seconds, dtype=np.int64)
        return self._published[table.name]


def _answer(head: dict[str, Any], records: list[str]) -> Response:
    opening = json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1]
    body = f'{opening},"records":[{",".join(records)}]}}'
    return Response(body.encode(), media_type="application/json")


def _records(table: EnergyTable, rows: Rows, columns: str | None) -> list[str]:
    records = [table.records[row] for row in rows]
    if not columns:
        return records
    chosen = [_column(table, name) for name in columns.split(",")]
    return [
        json.dumps({field: record[field] for field in chosen}, separators=(",", ":"))
        for record in map(json.loads, records)
    ]


def _column(table: EnergyTable, name: str) -> str:
    if name.strip() not in table.columns:
        raise PlainTextError(400, f"Invalid column {name.strip()}")
    return name.strip()


def _count(name: str, text: str) -> int:
    if not text.isdigit():
        raise PlainTextError(400, f"Invalid {name} {text}")
    return int(text)


def _between(
    table: EnergyTable, start: str | None, end: str | None, now: datetime
) -> NDArray[np.bool_]:
    """Rows whose Danish wall clock is in [start, end)."""
    local = table.columns[table.local_column]
    within = np.ones(len(local), dtype=np.bool_)
    if start:
        within &= local >= _wall_clock("start", start, now)
    if end:
        within &= local < _wall_clock("end", end, now)
    return within


def _wall_clock(name: str, text: str, now: datetime) -> str:
    """A date, a time to the minute, or one relative to now, as the text of the time column."""
    relative = RELATIVE.fullmatch(text)
    if relative:
        local = now.astimezone(COPENHAGEN).replace(tzinfo=None)
        if relative[1] == "StartOfDay":
            local = local.replace(hour=0, minute=0, second=0)
        days = timedelta(days=int(relative[3] or 0))
        return f"{local - days if relative[2] == '-' else local + days:%Y-%m-%dT%H:%M:%S}"
    for form in ("%Y-%m-%d", "%Y-%m-%dT%H:%M"):
        try:
            return f"{datetime.strptime(text, form):%Y-%m-%dT%H:%M:%S}"  # noqa: DTZ007  the protocol's times are naive
        except ValueError:
            continue
    raise PlainTextError(400, f"Invalid {name} {text}")


def _matching(table: EnergyTable, rows: Rows, text: str | None) -> NDArray[np.bool_]:
    """Which of the rows have one of the values in every column of the filter: (rows,)."""
    matching = np.ones(len(rows), dtype=np.bool_)
    if not text:
        return matching
    try:
        wanted = json.loads(text)
    except json.JSONDecodeError:
        wanted = None
    if not isinstance(wanted, dict):
        raise PlainTextError(400, f"Invalid filter {text}")
    for name, values in wanted.items():
        column = table.columns[_column(table, name)][rows]
        listed = values if isinstance(values, list) else [values]
        matching &= np.isin(column.astype(np.str_), [str(value) for value in listed])
    return matching


def _sorted(table: EnergyTable, rows: Rows, text: str) -> Rows:
    """Rows by `column [asc|desc]`, several of them with commas; ties keep the recorded order."""
    keys = []
    for part in text.split(","):
        name, _, direction = part.strip().partition(" ")
        if direction.strip().lower() not in ("", "asc", "desc"):
            raise PlainTextError(400, f"Invalid sort {text}")
        ranks = np.unique(table.columns[_column(table, name)][rows], return_inverse=True)[1]
        keys.append(-ranks if direction.strip().lower() == "desc" else ranks)
    order: Rows = np.lexsort(keys[::-1])
    return rows[order]
