"""What goes wrong in `gridcast demo --incident`, and that the whole chain follows."""

from datetime import datetime
from pathlib import Path

import pytest

from gridcast.incident import FOLDER, read_incident
from lakehouse.catalogue import read_catalogue
from lakehouse.errors import BadInput
from lakehouse.settings import PROJECT
from lakehouse.tables.gold import FORECASTS, INCIDENTS, OUTBOX, TRAINING_RUNS
from lakehouse.time import iso
from sources.emulator.faults import Faults
from tests.faults.commands import said, start
from tests.worlds import World

NAMES = ("level-shift", "unit-change")


@pytest.mark.parametrize("name", NAMES)
def test_an_incident_names_faults_and_a_catalogue_that_there_are(name: str, tmp_path: Path) -> None:
    incident = read_incident(name)
    assert Faults.read(incident.faults)
    assert read_catalogue(PROJECT / incident.catalogue, tmp_path).series
    assert incident.story


def test_an_unknown_incident_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(BadInput, match="Unknown incident 'flood'"):
        read_incident("flood")
    assert {file.stem for file in FOLDER.glob("*.toml")} == {*NAMES, "households"}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_unit_change_is_found_mailed_kept_out_of_training_and_over_when_corrected(
    tmp_path: Path,
) -> None:
    """Each day of 12 to 14 October arrives whole on the tenth day after it."""
    world = World(tmp_path / "lakehouse")
    assert start(world, "demo", "--incident", "unit-change").wait() == 0, said(world)
    quality = [row for row in world.rows(INCIDENTS) if row["kind"] == "quality"]
    found = sorted((row["event"], iso(row["at"])) for row in quality)
    assert found == [("ended", "2024-10-25T07:30:00Z"), ("opened", "2024-10-22T07:30:00Z")]
    mailed = {row["message_id"] for row in world.rows(OUTBOX)}
    assert {row["message_id"] for row in quality} <= mailed
    issued: dict[datetime, set[str]] = {}
    for row in world.rows(FORECASTS):
        issued.setdefault(row["forecast_origin"], set()).add(row["model_name"])
    by_day = {f"{origin:%d}": models for origin, models in issued.items()}
    everybody = {"seasonal_naive", "linear", "lightgbm", "lstm", "blend"}
    assert [by_day[day] for day in ("21", "25")] == [everybody, everybody]
    assert all(by_day[day] == {"seasonal_naive"} for day in ("22", "23", "24"))
    reasons = [row["reason"] for row in world.rows(TRAINING_RUNS) if f"{row['as_of']:%d}" == "24"]
    assert len(reasons) == 4
    assert all("3 were left out, as gold.quality calls them broken" in text for text in reasons)
