"""Recorded energy records as they are served, from the sample's form and the publisher's exports.

A file belongs to the data set that its name begins with: `consumption_industry.csv.gz` and
`ConsumptionIndustry_851_Privat.csv.gz` both to ConsumptionIndustry. Nothing is repaired: rows stay
as many as they are, and a text that is no number or time is served as the text.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from lakehouse.errors import BadInput
from sources.emulator import files

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
#: The data sets' names of true UTC, each with its column of Danish wall clock.
TIME_COLUMNS = {"HourUTC": "HourDK", "TimeUTC": "TimeDK"}
_FIGURE = re.compile("kWh|MWh|DKK|EUR|TotalCon")


@dataclass(frozen=True)
class EnergyTable:
    """One data set: every record as JSON text, and its columns to choose by.

    Row i of every array and list is the same record, in the order of the files. An event time is
    None where nobody can read it.
    """

    name: str
    time_column: str
    local_column: str
    columns: dict[str, NDArray[Any]]
    records: list[str]
    event_times: list[datetime | None]


def belongs(file: Path, data_set: str) -> bool:
    """Whether a recorded file holds records of a data set."""
    stem, wanted = files.stem(file).lower(), data_set.lower()
    return stem.split("_", 1)[0] == wanted or stem.replace("_", "") == wanted


def energy_table(data_set: str, recorded: Sequence[Path]) -> EnergyTable:
    """The records of all files of a data set.

    Raises BadInput for files without a UTC column and for files with different headings.
    """
    heading, rows = _one_table(recorded)
    time_column = next((name for name in TIME_COLUMNS if name in heading), None)
    if time_column is None:
        raise BadInput(f"{recorded[0]}: expected one of {list(TIME_COLUMNS)}, got {heading}.")
    local_column = TIME_COLUMNS[time_column]
    texts = {name: [row[i] for row in rows] for i, name in enumerate(heading)}
    instants = {text: _instant(text) for text in dict.fromkeys(texts[time_column])}
    event_times = [instants[text] for text in texts[time_column]]
    if local_column not in texts:
        heading.insert(heading.index(time_column) + 1, local_column)
        walls = {text: _danish_wall_clock(text, instant) for text, instant in instants.items()}
        texts[local_column] = [walls[text] for text in texts[time_column]]
    for name in (time_column, local_column):
        written = {text: _iso(text) for text in dict.fromkeys(texts[name])}
        texts[name] = [written[text] for text in texts[name]]
    columns = {name: _column(name, texts[name]) for name in heading}
    parts = [_json_fields(name, texts[name], columns[name]) for name in heading]
    records = ["{" + ",".join(record) + "}" for record in zip(*parts, strict=True)]
    return EnergyTable(data_set, time_column, local_column, columns, records, event_times)


def _one_table(recorded: Sequence[Path]) -> tuple[list[str], list[list[str]]]:
    """The rows of all files under the first one's heading."""
    first: list[str] = []
    together: list[list[str]] = []
    for file in recorded:
        heading, rows = files.table(file, files.lines(file))
        first = first or heading
        if sorted(heading) != sorted(first):
            raise BadInput(f"{file}: expected the columns {first} of {recorded[0]}, got {heading}.")
        order = [heading.index(name) for name in first]
        together += [[row[i] for i in order] for row in rows] if heading != first else rows
    return first, together


def _column(name: str, texts: Sequence[str]) -> NDArray[Any]:
    """A column to choose by: (rows,), figures as numbers."""
    if _FIGURE.search(name):
        return np.array([_number(text) for text in texts], dtype=np.float64)
    return np.array(texts, dtype=np.str_)


def _json_fields(name: str, texts: Sequence[str], column: NDArray[Any]) -> list[str]:
    if not _FIGURE.search(name):
        return [f'"{name}":{json.dumps(text, ensure_ascii=False)}' for text in texts]
    numbers: list[float] = column.tolist()
    pairs = zip(texts, numbers, strict=True)
    return [f'"{name}":{_json_figure(text, number)}' for text, number in pairs]


def _number(text: str) -> float:
    """A decimal with a comma or a point; NaN for anything else."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return math.nan


def _json_figure(text: str, number: float) -> str:
    if math.isfinite(number):
        return repr(number)
    return json.dumps(text) if text else "null"


def _instant(text: str) -> datetime | None:
    """A naive time of the UTC column, or None where it is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def _iso(text: str) -> str:
    """A time as the service writes it; what is no time stays as it is."""
    instant = _instant(text)
    return text if instant is None else f"{instant:%Y-%m-%dT%H:%M:%S}"


def _danish_wall_clock(text: str, instant: datetime | None) -> str:
    return text if instant is None else danish_wall_clock(instant)


def danish_wall_clock(instant: datetime) -> str:
    """The local time of an instant as Energi Data Service writes it."""
    return f"{instant.astimezone(COPENHAGEN):%Y-%m-%dT%H:%M:%S}"
