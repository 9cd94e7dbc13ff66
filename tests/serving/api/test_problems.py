"""Whoever asks wrongly is told which parameter, what was given and what may be."""

from typing import Any

import httpx
import pytest

from tests.serving.api.world import DK1

NAMED = [
    ("forecasts?series_id=dk1.prise", 404, "series_id", "dk1.prise", "dk1.price"),
    ("series/dk1.prise", 404, "series_id", "dk1.prise", "dk1.price"),
    ("observations?group=x", 422, "group", "x", "price"),
    ("forecasts?model=x", 422, "model", "x", "lstm"),
    ("performance?model=x", 422, "model", "x", "seasonal_naive"),
    ("forecasts?origin=2024-10-20T07:00Z", 404, "origin", "2024-10-20T07:00:00Z",
     "2024-10-20T07:30:00Z"),
    ("forecasts?model=all", 422, "model", "all", "champion"),
    ("forecasts?values=x", 422, "values", "x", "point"),
    ("forecasts?run_kind=x", 422, "run_kind", "x", "replay"),
    ("series?format=xml", 422, "format", "xml", "csv"),
    ("series?tz=Europe/Copenhage", 422, "tz", "Europe/Copenhage", "Europe/Copenhagen"),
    ("forecasts?seris_id=x", 422, "seris_id", "x", "series_id"),
    ("drift?from=yesterday", 422, "from", "yesterday", "2024-10-26"),
    ("drift?group=x", 422, "group", "x", "price"),
    ("forecasts?as_of=2024-10-25T07:30", 422, "as_of", "2024-10-25T07:30", "2024-10-26T00:00:00Z"),
]  # fmt: skip
UNNAMED = [
    ("series?limit=0", 422, "limit", "0"),
    ("series?limit=100001", 422, "limit", "100001"),
    ("series?offset=-1", 422, "offset", "-1"),
    ("drift?from=0001-01-01", 422, "from", "0001-01-01"),
    ("drift?to=9999-12-31", 422, "to", "9999-12-31"),
    ("drift?from=2024-10-26&to=2024-10-26", 422, "to", "2024-10-26"),
    ("forecasts?as_of=2024-10-26&origin=2024-10-26", 422, "origin", "2024-10-26"),
]


def problem(api: httpx.Client, path: str, status: int) -> dict[str, Any]:
    answer = api.get(f"/v1/{path}")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert told["title"] and told["detail"].endswith(".")
    return told


@pytest.mark.parametrize(("path", "status", "parameter", "given", "allowed"), NAMED)
def test_the_problem_names_what_may_be_given(
    api: httpx.Client, path: str, status: int, parameter: str, given: str, allowed: str
) -> None:
    told = problem(api, path, status)
    assert (told["parameter"], told["given"]) == (parameter, given)
    assert allowed in told["allowed"]


@pytest.mark.parametrize(("path", "status", "parameter", "given"), UNNAMED)
def test_the_problem_names_what_is_out_of_bounds(
    api: httpx.Client, path: str, status: int, parameter: str, given: str
) -> None:
    told = problem(api, path, status)
    assert (told["parameter"], told["given"]) == (parameter, given)


def test_a_question_that_would_read_too_much_says_what_may_be_asked(api: httpx.Client) -> None:
    for path in ("observations", "forecasts", "performance", "origins"):
        told = problem(api, f"{path}?from=1970-01-01&to=2024-10-26", 422)
        assert told["parameter"] == "from"
        assert told["allowed"] == ["at most 5,000 days for 4 series"]
        assert api.get(f"/v1/{path}?from=1971-01-01&series_id={DK1}").status_code == 200


def test_a_format_that_we_do_not_have_is_not_acceptable(api: httpx.Client) -> None:
    answer = api.get("/v1/series", headers={"Accept": "text/html"})
    assert answer.status_code == 406
    assert "text/csv" in answer.json()["allowed"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v2", 404), ("POST", "/v1/series", 405)]
)
def test_an_unknown_path_and_a_write_are_problems_too(
    api: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = api.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "/v1/openapi.json" in answer.json()["detail"]


def test_an_offset_whose_plus_was_not_escaped_is_understood(api: httpx.Client) -> None:
    plain = api.get("/v1/forecasts?as_of=2024-10-22T09:30:00+02:00").json()
    assert plain["data"] == api.get("/v1/forecasts?as_of=2024-10-22T07:30:00Z").json()["data"]
