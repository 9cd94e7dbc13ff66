"""How the system fares, over the wire: quality, refusals, incidents, trainings, reports."""

import os
from pathlib import Path
from typing import Any

import httpx

from lakehouse.time import DAY, iso
from tests.serving.api.world import (
    CORRECTED,
    DK1,
    DK2,
    FIRST_ORIGIN,
    KNOWN,
    REPORTS,
    filled_folder,
    serving,
    settings_of,
)


def rows(api: httpx.Client, path: str, **asked: Any) -> list[dict[str, Any]]:
    answer = api.get(f"/v1/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def test_the_newest_verdict_on_a_day_is_told(api: httpx.Client) -> None:
    told = {row["owner"]: (row["verdict"], row["faults"]) for row in rows(api, "quality")}
    assert told == {DK1: ("ok", []), DK2: ("fault", ["missing", "stale"])}
    assert [row["owner"] for row in rows(api, "quality", verdict="fault", group="price")] == [DK2]
    assert rows(api, "quality", **{"from": "2024-10-22"}) == []
    assert api.get("/v1/quality", params={"group": "no"}).json()["allowed"] == ["load", "price"]


def test_refusals_are_counted_by_rule_with_the_newest_reason(api: httpx.Client) -> None:
    told = [(row["rule"], row["n"], row["reason"]) for row in rows(api, "quarantine")]
    assert told == [("not_empty", 1, "Refusal 2"), ("value_is_a_number", 2, "Refusal 1")]
    assert [row["n"] for row in rows(api, "quarantine", **{"from": iso(CORRECTED)})] == [1]


def test_an_incident_is_open_until_it_has_ended(api: httpx.Client) -> None:
    told = {row["incident_id"]: (row["state"], row["ended_at"]) for row in rows(api, "incidents")}
    assert told == {"1": ("ended", iso(CORRECTED)), "2": ("open", None), "3": ("told", None)}
    assert [row["about"] for row in rows(api, "incidents", state="open")] == [DK2]
    assert rows(api, "incidents", to=iso(KNOWN)) == []


def test_trainings_tell_what_came_of_them(api: httpx.Client) -> None:
    told = {row["model_name"]: (row["status"], row["mlflow_run_id"], row["reason"])
            for row in rows(api, "training_runs", group="price")}  # fmt: skip
    assert told == {"lstm": ("ok", "5eed", ""), "linear": ("failed", None, "Too few days.")}
    assert [row["model_name"] for row in rows(api, "training_runs", status="failed")] == ["linear"]
    assert [row["status"] for row in rows(api, "training_runs", model="lstm")] == ["ok"]
    assert rows(api, "training_runs", **{"from": iso(FIRST_ORIGIN + DAY)}) == []


def test_promotions_tell_the_evidence(api: httpx.Client) -> None:
    [decision] = rows(api, "promotions")
    assert (decision["champion_model"], decision["promoted"]) == ("lstm", True)
    assert decision["reason"].startswith("Half the loss")
    assert rows(api, "promotions", group="load") == []


def test_a_report_is_a_page_that_may_load_and_run_nothing(api: httpx.Client) -> None:
    told = rows(api, "reports")
    assert [row["name"] for row in told] == REPORTS[::-1]
    assert told[0]["as_of"] == iso(FIRST_ORIGIN.replace(day=25))
    page = api.get(told[0]["path"])
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert len(page.content) == told[0]["bytes"]


def test_only_reports_are_given(api: httpx.Client) -> None:
    for name in ("report-20200101T0000Z.html", "..%2Fclock", "%2e%2e%2fclock"):
        problem = api.get(f"/v1/reports/{name}")
        assert problem.status_code in (404, 422), name
        assert problem.headers["content-type"] == "application/problem+json"


def test_a_new_report_is_seen_at_once(tmp_path: Path) -> None:
    folder = filled_folder(tmp_path / "lakehouse")
    with serving(settings_of(folder)) as api:
        first = api.get("/v1/reports")
        held = {"If-None-Match": first.headers["etag"]}
        assert api.get("/v1/reports", headers=held).status_code == 304
        old, new = (
            folder / "reports" / name for name in (REPORTS[0], "report-20241026T0730Z.html")
        )
        os.link(old, new)
        assert api.get("/v1/reports", headers=held).json()["total"] == 3
