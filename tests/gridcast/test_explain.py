"""`gridcast explain`: a page for people, JSON for programs, one sentence for what is not there."""

import json

from tests.explained import SERIES_ID, make
from tests.gridcast.conftest import Gridcast, assert_one_sentence
from tests.worlds import World

ASKED = ("explain", SERIES_ID, "2024-10-26T12:00Z")


def test_the_page_tells_the_chain(gridcast: Gridcast, world: World) -> None:
    bodies = make(world.folder)
    said = gridcast(*ASKED)
    assert (said.code, said.err) == (0, "")
    for told in (
        "50 EUR/MWh", "with 80 % between 40 and 60", "run-of-v1", "321 series-days",
        "5..95 % by 1.500", "It was better.", "3 from 2024-10-25T19:00:00Z",
        "run of 2024-10-25T00:30:00Z", "4 in the landing zone: 4 whole",
    ):  # fmt: skip
        assert told in said.out, told
    assert f"{bodies['values']}.body" in said.out
    assert bodies["too late"] not in said.out


def test_json_has_the_same_chain_and_the_files(gridcast: Gridcast, world: World) -> None:
    bodies = make(world.folder)
    said = gridcast(*ASKED, "--model", "lstm", "--format", "json")
    told = json.loads(said.out)
    assert told["forecast"]["forecast_origin"] == "2024-10-25T07:30:00Z"
    assert told["model"]["training"]["model_version"] == "v1"
    assert told["observations"]["values"] == 3
    found = {body["landing_id"]: body for body in told["bodies"]}
    assert found[bodies["run"]]["state"] == "whole"
    assert (world.folder / "landing" / found[bodies["run"]]["body_path"]).exists()


def test_what_is_not_there_is_one_sentence(gridcast: Gridcast, world: World) -> None:
    assert_one_sentence(gridcast(*ASKED))
    make(world.folder)
    assert_one_sentence(gridcast("explain", "nobody", "2024-10-26T12:00Z"))
    assert_one_sentence(gridcast("explain", SERIES_ID, "2024-10-26"))
    assert_one_sentence(gridcast(*ASKED, "--as-of", "2024-01-01T00:00Z"))
