"""The same rows in every format, in pages, and only when they have changed."""

import csv
import io
import json
from typing import Any

import httpx
import pyarrow as pa
import pytest

from tests.serving.api.world import DK1, LAST, LOAD, STALE

PATHS = [
    *("series", "forecasts", "origins", "observations", "performance", "drift", "weather"),
    *("cheapest_hours", "quality", "quarantine", "incidents", "training_runs", "promotions"),
    "reports",
]
ARROW = "application/vnd.apache.arrow.stream"


def json_text(value: Any) -> str:
    """A value as the JSON answer has it, in a cell's words."""
    if isinstance(value, list):
        return json.dumps(value)
    return "" if value is None else str(value)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Copenhagen"])
@pytest.mark.parametrize("path", PATHS)
def test_csv_and_arrow_hold_what_json_holds(api: httpx.Client, path: str, zone: str) -> None:
    asked = {"tz": zone}
    rows = api.get(f"/v1/{path}", params=asked).json()["data"]
    assert rows
    table = pa.ipc.open_stream(
        api.get(f"/v1/{path}", params=asked, headers={"Accept": ARROW}).content
    ).read_all()
    assert table.column_names == list(rows[0])
    plain = [
        {name: v.isoformat().replace("+00:00", "Z") if hasattr(v, "isoformat") else v
         for name, v in row.items()}
        for row in table.to_pylist()
    ]  # fmt: skip
    assert plain == rows
    text = api.get(f"/v1/{path}", params=asked | {"format": "csv"}).text
    cells = list(csv.reader(io.StringIO(text)))
    assert cells[0] == list(rows[0])
    assert cells[1:] == [[json_text(value) for value in row.values()] for row in rows]


@pytest.mark.parametrize(
    ("accept", "type_given"),
    [
        ("*/*", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("application/json;q=0.5, text/csv;q=0.9", "text/csv; charset=utf-8"),
        (f"text/csv;q=0, {ARROW}", ARROW),
    ],
)
def test_the_accept_header_chooses(api: httpx.Client, accept: str, type_given: str) -> None:
    answer = api.get("/v1/series", headers={"Accept": accept})
    assert answer.headers["content-type"] == type_given
    assert "Accept" in answer.headers["vary"]


def test_pages_that_follow_their_links_are_the_whole(api: httpx.Client) -> None:
    whole = api.get("/v1/forecasts").json()
    assert whole["next"] is None
    answer = api.get("/v1/forecasts", params={"limit": 25})
    pages = answer.json()["data"]
    while "next" in answer.links:
        assert answer.json()["next"] == answer.links["next"]["url"]
        answer = api.get(answer.links["next"]["url"])
        assert answer.headers["x-total-count"] == str(whole["total"])
        pages += answer.json()["data"]
    assert pages == whole["data"]
    assert api.get(answer.links["prev"]["url"]).json()["data"] == whole["data"][75:100]


def test_what_is_unchanged_is_not_sent_again(api: httpx.Client) -> None:
    asked = {"series_id": DK1}
    first = api.get("/v1/forecasts", params=asked)
    held = {"If-None-Match": f'"other", {first.headers["etag"]}'}
    again = api.get("/v1/forecasts", params=asked, headers=held)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    for other in ({"series_id": LOAD}, asked | {"format": "csv"}, asked | {"limit": 1}):
        assert api.get("/v1/forecasts", params=other, headers=held).status_code == 200, other


def test_a_large_answer_is_compressed_for_those_who_take_it(api: httpx.Client) -> None:
    zipped = api.get("/v1/forecasts", headers={"Accept-Encoding": "gzip"})
    bare = api.get("/v1/forecasts", headers={"Accept-Encoding": "identity"})
    refused = api.get("/v1/forecasts", headers={"Accept-Encoding": "gzip;q=0"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in {*bare.headers, *refused.headers}
    assert zipped.content == bare.content == refused.content
    assert zipped.headers["etag"] != bare.headers["etag"]


def test_one_series_is_a_page_of_one_row(api: httpx.Client) -> None:
    page = api.get(f"/v1/series/{DK1}").json()
    assert [row["series_id"] for row in page["data"]] == [DK1]
    grouped = api.get("/v1/series", params={"kind": "energy"}).json()["data"]
    assert [row["series_id"] for row in grouped] == [LOAD, STALE]


def test_a_page_of_another_origin_may_read_it(api: httpx.Client) -> None:
    answer = api.get("/v1/series", headers={"Origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"


def test_the_schema_names_every_column_with_its_meaning(api: httpx.Client) -> None:
    schema = json.loads(api.get("/v1/openapi.json").text)
    page = schema["paths"]["/v1/forecasts"]["get"]["responses"]["200"]["content"]
    row = page["application/json"]["schema"]["properties"]["data"]["items"]
    assert row["properties"]["q50"]["description"] == "50 % quantile, in `unit`"
    assert row["examples"][0]["series_id"]
    assert set(page) == {"application/json", "text/csv", ARROW}
    assert str(LAST.year) in row["examples"][0]["valid_time"]
