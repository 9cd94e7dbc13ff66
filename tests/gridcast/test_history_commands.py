"""`gridcast backfill`, `rebuild`, `export`: a sentence where wrong, a count where right."""

import json
from pathlib import Path

import pytest

from lakehouse.tables import TABLES
from lakehouse.tables.silver import OBSERVATIONS
from tests.gridcast.conftest import Gridcast
from tests.worlds import World


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Expected --from, such as --from 2021-01-01"),
        (["--from", "2024-01-01T00:00"], "Write '2024-01-01T00:00Z' if it is UTC."),
        (
            ["--from", "2024-01-01", "--to", "2024-12-24"],
            "it ends 2024-12-24T00:00:00Z, after the clock of the profile, 2024-10-17T22:00:00Z",
        ),
        (["--from", "2024-02-01", "--to", "2024-01-01"], "Exchange --from and --to."),
        (["--from", "2024-02-01", "--source", "moon"], "Unknown source 'moon'"),
        (["--from", "2024-02-01", "--data-set", "Moon"], "Unknown data set 'Moon'"),
        (["--file", "x.csv"], "Expected --file with one --data-set and nothing else"),
    ],
)
def test_a_backfill_that_cannot_be_is_refused_before_anything_starts(
    gridcast: Gridcast, world: World, arguments: list[str], sentence: str
) -> None:
    said = gridcast("backfill", *arguments)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert sentence in said.err
    assert not world.folder.exists()


def test_only_known_layers_are_rebuilt(gridcast: Gridcast) -> None:
    said = gridcast("rebuild", "bronze")
    assert said.code == 2
    assert "'bronze' is not one of 'silver', 'gold'" in said.err


def test_an_export_says_how_many_rows_it_wrote(
    gridcast: Gridcast, world: World, tmp_path: Path
) -> None:
    world.arrow.create_missing(TABLES)
    world.arrow.append(OBSERVATIONS, [OBSERVATIONS.row(series_id="dk1.price.day_ahead")])
    out = tmp_path / "out.json"
    which = ("--series", "dk1.price.day_ahead", "--from", "2024-01-01")
    said = gridcast("export", "observations", *which, "--format", "json", "--output", str(out))
    assert (said.code, said.out) == (0, f"1 rows written to {out}\n")
    assert [row["series_id"] for row in json.loads(out.read_text())] == ["dk1.price.day_ahead"]


def test_an_unknown_series_is_refused_with_the_known_ones(
    gridcast: Gridcast, world: World, tmp_path: Path
) -> None:
    said = gridcast("export", "forecasts", "--series", "moon", "--output", str(tmp_path / "out"))
    assert said.code == 2
    assert "Unknown series moon. Known: dk1.consumption.household.851" in said.err
    assert not (tmp_path / "out").exists()
