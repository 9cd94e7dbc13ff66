"""From a forecast to its bodies: those of what was known at the origin, and how they are now."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from lakehouse.arrow import ArrowTables
from lakehouse.errors import BadInput
from lakehouse.tables.watched import QUALITY
from lakehouse.time import DAY, HOUR
from spark_jobs.explain import Explanation, explain
from spark_jobs.one_forecast import Asked
from tests.explained import ORIGIN, SERIES_ID, TARGET, VALID, make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lakehouse"


@pytest.fixture
def bodies(folder: Path) -> dict[str, str]:
    """The landing_id of each body by what it is."""
    return make(folder)


def states(found: Explanation) -> dict[str, str]:
    return {body["landing_id"]: body["state"] for body in found.bodies}


def test_the_bodies_are_those_of_what_was_known_at_the_origin(
    folder: Path, bodies: dict[str, str]
) -> None:
    found = explain(folder, Asked(SERIES_ID, VALID))
    used = {body["landing_id"]: body["used_for"] for body in found.bodies}
    assert used == {
        bodies["values"]: ["observations"],
        bodies["corrected"]: ["observations"],
        bodies["run"]: ["weather"],
        bodies["actual"]: ["past_weather"],
    }
    assert set(states(found).values()) == {"whole"}
    for body in found.bodies:
        file = folder / "landing" / body["body_path"]
        assert hashlib.sha256(file.read_bytes()).hexdigest() == body["body_sha256"]


def test_the_window_of_values_and_the_weather_run_are_told(
    folder: Path, bodies: dict[str, str]
) -> None:
    found = explain(folder, Asked(SERIES_ID, VALID))
    window = found.observations
    assert (window.first, window.last) == (TARGET - 3 * HOUR, TARGET - HOUR)
    assert (window.values, window.newest_available_at) == (3, ORIGIN - HOUR)
    [run] = found.weather
    assert (run["value"], run["issue_time"]) == (1.0, ORIGIN - 7 * HOUR)
    assert run["available_at"] == ORIGIN - HOUR


def test_the_days_that_no_model_was_shown_are_told(folder: Path, bodies: dict[str, str]) -> None:
    day = (TARGET - DAY).date()
    arrow, group = ArrowTables(folder), explain(folder, Asked(SERIES_ID, VALID)).forecast
    about = {"data_set": "observations", "series_group": group["series_group"]}
    for owner in (SERIES_ID, "another"):
        row = QUALITY.row(**about, owner=owner, day=day, known_at=ORIGIN - HOUR, faults=["unit"])
        arrow.append(QUALITY, [row])
    assert explain(folder, Asked(SERIES_ID, VALID)).broken_days == [day]


def test_the_model_its_training_its_calibration_and_its_decision_are_told(
    folder: Path, bodies: dict[str, str]
) -> None:
    found = explain(folder, Asked(SERIES_ID, VALID))
    assert (found.forecast["q50"], found.forecast["mlflow_run_id"]) == (50.0, "run-of-v1")
    assert found.model["training"]["samples"] == 321
    assert found.model["calibration"] == [1.5, 1.25, 1.0]
    assert found.decision is not None
    assert found.decision["reason"] == "It was better."
    assert found.features is not None
    assert found.features["local_hour"] == 14.0


def test_a_body_that_is_gone_or_was_altered_is_told(folder: Path, bodies: dict[str, str]) -> None:
    paths = {
        body["landing_id"]: folder / "landing" / body["body_path"]
        for body in explain(folder, Asked(SERIES_ID, VALID)).bodies
    }
    paths[bodies["run"]].unlink()
    paths[bodies["values"]].write_bytes(b"{}")
    told = states(explain(folder, Asked(SERIES_ID, VALID)))
    assert told[bodies["run"]] == "gone"
    assert told[bodies["values"]] == "altered"
    assert told[bodies["corrected"]] == "whole"


def test_seasonal_naive_learns_nothing_and_sees_no_weather(
    folder: Path, bodies: dict[str, str]
) -> None:
    found = explain(folder, Asked(SERIES_ID, VALID, model_name="seasonal_naive"))
    assert found.forecast["q50"] == 45.0
    assert (found.model["training"], found.weather, found.past_weather) == (None, [], None)
    assert set(states(found)) == {bodies["values"], bodies["corrected"]}


def test_a_challenger_was_put_in_charge_by_nobody(folder: Path, bodies: dict[str, str]) -> None:
    found = explain(folder, Asked(SERIES_ID, VALID, model_name="linear"))
    assert (found.forecast["q50"], found.decision) == (48.0, None)


def test_an_earlier_forecast_of_the_same_hour_can_be_asked_for(
    folder: Path, bodies: dict[str, str]
) -> None:
    found = explain(folder, Asked(SERIES_ID, VALID, as_of=ORIGIN - timedelta(minutes=1)))
    assert (found.forecast["q50"], found.forecast["forecast_origin"]) == (44.0, ORIGIN - DAY)
    assert bodies["corrected"] not in states(found)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked("dk1.prices", VALID), r"Unknown series 'dk1.prices'. Known: \['dk1.price'\]"),
        (Asked(SERIES_ID, VALID + HOUR), "there are those from 2024-10-26T12:00:00Z to"),
        (Asked(SERIES_ID, VALID, model_name="lsdm"), "its models are .*'linear', 'lstm'"),
        (Asked(SERIES_ID, VALID, as_of=ORIGIN - 9 * DAY), "the first was issued at 2024-10-24"),
    ],
)
def test_what_is_not_there_is_one_sentence(
    folder: Path, bodies: dict[str, str], asked: Asked, told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        explain(folder, asked)
