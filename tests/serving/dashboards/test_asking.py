"""What the dashboards ask of a real API, and what they make of one that does not answer."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from lakehouse.time import iso
from serving.dashboards.asking import Api, Unanswered
from tests.serving.api.world import DK1, LAST, served, serving, settings_of
from tests.serving.dashboards.stage import empty_api
from tests.worlds import NOBODY


@pytest.fixture(scope="module")
def served_api(filled: Path) -> Iterator[httpx.Client]:
    with serving(settings_of(filled)) as client:
        yield client


@pytest.fixture
def api(served_api: httpx.Client) -> Iterator[Api]:
    with closing(Api(str(served_api.base_url))) as api:
        yield api


def test_rows_are_those_of_the_api(api: Api, served_api: httpx.Client) -> None:
    asked = {"series_id": DK1, "origin": iso(LAST)}
    told = served_api.get("/v1/forecasts", params=asked).json()["data"]
    frame = api.rows("forecasts", asked)
    assert frame["q50"].tolist() == [row["q50"] for row in told]
    assert str(frame["valid_time"].dt.tz) == "UTC"
    assert (
        api.csv("forecasts", asked)
        == served_api.get("/v1/forecasts", params=asked | {"format": "csv"}).content
    )


def test_what_is_unchanged_is_not_sent_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    first = api.rows("series")
    told = []
    get = api._http.get

    def listening(*args: object, **kwargs: object) -> httpx.Response:
        told.append(get(*args, **kwargs))
        return told[-1]

    monkeypatch.setattr(api._http, "get", listening)
    assert api.rows("series").equals(first)
    assert [(answer.status_code, answer.content) for answer in told] == [(304, b"")]


def test_a_problem_of_the_api_is_told_in_its_own_words(api: Api) -> None:
    with pytest.raises(Unanswered, match=r"There is no series 'nowhere'"):
        api.rows("forecasts", {"series_id": "nowhere"})


def test_an_api_that_is_not_there_is_told_with_the_command_that_starts_it() -> None:
    with closing(Api(NOBODY)) as api:
        for ask in (lambda: api.rows("series"), api.state):
            with pytest.raises(Unanswered, match="gridcast serve api"):
                ask()


def test_an_api_with_keys_wants_one(filled: Path) -> None:
    with serving(settings_of(filled, api_keys=("secret",))) as client:
        address = str(client.base_url)
        with closing(Api(address)) as api, pytest.raises(Unanswered, match="GRIDCAST_API_KEYS"):
            api.rows("series")
        with closing(Api(address, "secret")) as api:
            assert len(api.rows("series")) == 4


def test_readiness_is_read_also_where_something_is_missing(tmp_path: Path) -> None:
    with served(empty_api(tmp_path)) as client, closing(Api(str(client.base_url))) as api:
        state = api.state()
    assert not state["ready"]
    assert any("gridcast run daily" in what for what in state["missing"])
