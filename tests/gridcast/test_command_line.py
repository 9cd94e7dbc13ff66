"""What a person at the keyboard meets: a table of contents, and one sentence where it is wrong."""

import re

import pytest

from gridcast.main import FlowName
from tests.gridcast.conftest import Gridcast, assert_one_sentence, started
from tests.worlds import World


def test_help_names_the_commands_in_the_order_of_a_first_meeting() -> None:
    said = started("--help")
    assert (said.code, said.err) == (0, "")
    commands = re.findall(r"^[│ ]*([a-z]+)  +[A-Z]", said.out, re.M)
    first = ["demo", "run", "sql", "explain", "backfill", "rebuild", "export", "backtest", "tune"]
    first += [
        "promote",
        "rollback",
        "monitor",
        "migrate",
        "restore",
        "doctor",
        "up",
        "emulator",
        "serve",
    ]
    assert commands[: len(first)] == first


def test_help_of_run_names_every_flow(gridcast: Gridcast) -> None:
    said = gridcast("run", "--help")
    assert said.code == 0
    assert "|".join(FlowName) in re.sub(r"[│\s]+", "", said.out)


def test_the_flows_that_can_be_run_are_the_flows_that_there_are() -> None:
    from flows.flows import FLOWS

    assert [flow.value for flow in FlowName] == list(FLOWS)


def test_an_unknown_profile_is_refused_with_the_profiles_that_there_are() -> None:
    said = started("--profile", "moon", "demo")
    assert_one_sentence(said)
    assert "Unknown profile 'moon'. Choose one of ['aws', 'live', 'sample']." in said.err


def test_verbose_shows_the_trace() -> None:
    said = started("--verbose", "--profile", "moon", "demo")
    assert said.code != 0
    assert "Traceback (most recent call last)" in said.err
    assert "Unknown profile 'moon'" in said.err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("2024-10-18T07:30", "Write '2024-10-18T07:30Z' if it is UTC."),
        ("tuesday", "Expected an ISO 8601 time such as 2024-10-18T07:30Z, got 'tuesday'."),
        ("", "Expected an ISO 8601 time"),
    ],
)
def test_a_moment_that_cannot_be_read_is_refused(
    gridcast: Gridcast, text: str, sentence: str
) -> None:
    said = gridcast("run", "daily", "--as-of", text)
    assert_one_sentence(said)
    assert sentence in said.err


def test_a_moment_after_the_clock_is_refused_before_anything_starts(
    gridcast: Gridcast, world: World
) -> None:
    said = gridcast("run", "daily", "--as-of", "2030-01-01T00:00Z")
    assert_one_sentence(said)
    assert "2030-01-01T00:00:00Z lies after the clock of profile 'sample'" in said.err


def test_an_unknown_flow_is_refused_with_the_flows_that_there_are(gridcast: Gridcast) -> None:
    said = gridcast("run", "nightly")
    assert said.code == 2
    assert said.out == ""
    assert "'nightly' is not one of 'ingest', 'build'" in said.err
    assert "Traceback" not in said.err


def test_an_unknown_variable_is_refused_with_the_known_ones(gridcast: Gridcast) -> None:
    said = gridcast("doctor", GRIDCAST_LAKEHOUS="x")
    assert_one_sentence(said)
    assert "Unknown variables ['GRIDCAST_LAKEHOUS']. Known are [" in said.err
    assert "'GRIDCAST_LAKEHOUSE'" in said.err


def test_a_value_of_the_wrong_kind_is_refused_with_its_name(gridcast: Gridcast) -> None:
    said = gridcast("run", "train", GRIDCAST_TRAIN_EPOCHS="many")
    assert_one_sentence(said)
    assert "train_epochs" in said.err


def test_a_catalogue_that_is_not_there_is_refused_with_its_path(gridcast: Gridcast) -> None:
    said = gridcast("run", "ingest", GRIDCAST_CATALOGUE="/nowhere/series.toml")
    assert_one_sentence(said)
    assert "Expected a series catalogue at /nowhere/series.toml" in said.err


def test_the_demo_refuses_a_profile_that_lives_in_real_time(
    gridcast: Gridcast, world: World
) -> None:
    said = gridcast("--profile", "live", "demo", "--fresh")
    assert_one_sentence(said)
    assert "Run it with --profile sample." in said.err
    assert not world.folder.exists()
