"""`gridcast series`: a file becomes a series, and nothing is written before all is checked."""

import json
from pathlib import Path

import pytest

from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.silver import COVARIATES, OBSERVATIONS, SERIES
from tests.gridcast.conftest import Gridcast
from tests.worlds import Shared, World

HEADER = "time;load;wind\n"
ADD = ("--time", "time", "--value", "load", "--unit", "MWh", "--timezone", "Europe/Copenhagen",
       "--group", "town", "--id", "town.load", "--known", "wind")  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A day of 25 hours, with a gap, a word and a repeat in it, and some of each in the wind."""
    hours = (0, 1, 2, 2, *range(3, 24))
    rows = [f"2024-10-27 {hour:02}:00;{i},5;{i}\n" for i, hour in enumerate(hours)]
    rows[7], rows[9] = "2024-10-27 06:00;;6\n", "2024-10-27 08:00;much;8\n"
    rows[11], rows[13] = "2024-10-27 10:00;11,5;\n", "2024-10-27 12:00;13,5;much\n"
    rows.append(rows[20])
    made = tmp_path / "town.csv"
    made.write_text(HEADER + "".join(rows))
    return made


def test_a_file_becomes_a_series_that_takes_a_newer_file_and_refuses_another_shape(
    gridcast: Gridcast, world: World, file: Path, request: pytest.FixtureRequest
) -> None:
    Shared.prefect(request.config)
    said = gridcast("series", "add", "--file", str(file), *ADD)
    assert said.code == 0, said.err
    told = "town.load: 26 records = 23 new values + 1 repeats + 1 gaps + 1 refused"
    assert told in " ".join(said.err.split())
    assert "value_is_a_number: 1" in said.err
    assert "value_is_a_number in columns known in advance: 1" in said.err
    assert len(world.rows(OBSERVATIONS, series_id="town.load")) == 23
    assert len(world.rows(COVARIATES, series_id="town.load")) == 23
    [series] = world.rows(SERIES, series_id="town.load")
    assert (series["kind"], series["resolution_minutes"]) == ("energy", 60)
    listed = json.loads(gridcast("series", "list", "--format", "json").out)
    assert "town.load" in {row["series"] for row in listed}
    assert gridcast("series", "check").code == 0
    file.write_text(HEADER + "2024-10-28 00:00;30,5;1\n2024-10-28 01:00;31,5;1\n")
    assert gridcast("series", "add", "--file", str(file), *ADD).code == 0
    assert len(world.rows(OBSERVATIONS, series_id="town.load")) == 25
    said = gridcast("series", "add", "--file", str(file), *ADD, "--delay-hours", "3")
    assert said.code == 2
    assert "in the catalogue already, with another publication" in said.err


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"--value": "power"}, "lacks the columns ['power']; it has ['time', 'load', 'wind']"),
        ({"--unit": "kwh"}, "unknown unit 'kwh'"),
        ({"--timezone": "Europe/Kobenhavn"}, "unknown time zone 'Europe/Kobenhavn'"),
        ({"--id": "Town Load"}, "small letters"),
        ({"--group": "day_ahead_price"}, "holds series of kind price, and MWh is energy"),
        ({"--time": "wind"}, "None of the first times"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    gridcast: Gridcast, world: World, file: Path, changed: dict[str, str], told: str
) -> None:
    given = dict(zip(ADD[::2], ADD[1::2], strict=True)) | changed
    arguments = [part for pair in given.items() for part in pair]
    said = gridcast("series", "add", "--file", str(file), *arguments)
    assert (said.code, told in said.err) == (2, True), said.err
    assert not (world.folder / "own-series.toml").exists()
    assert world.rows(LANDINGS) == []


def test_intervals_under_a_minute_are_refused(gridcast: Gridcast, world: World, file: Path) -> None:
    rows = [f"2024-10-27 00:00:{second:02};{second};1\n" for second in range(0, 60, 10)]
    file.write_text(HEADER + "".join(rows))
    said = gridcast("series", "add", "--file", str(file), *ADD)
    assert said.code == 2
    assert "Expected intervals of whole minutes" in said.err and "0:00:10" in said.err
    assert not (world.folder / "own-series.toml").exists()
