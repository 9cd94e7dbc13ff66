"""Observed values, scores and verdicts over the wire, as of a time."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from lakehouse.tables.watched import DRIFT
from lakehouse.time import HOUR, iso
from tests.serving.api.world import CORRECTED, DK1, EVENTS, KNOWN, LAST

SECOND = timedelta(seconds=1)


def rows(api: httpx.Client, path: str, **asked: Any) -> list[dict[str, Any]]:
    answer = api.get(f"/v1/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


@pytest.mark.parametrize(
    ("moment", "first_value"),
    [
        (KNOWN - SECOND, None),
        (KNOWN, 0.0),
        (CORRECTED - SECOND, 0.0),
        (CORRECTED, -5.0),
        (CORRECTED + 99 * HOUR, -5.0),
    ],
)
def test_a_value_is_what_it_was_known_to_be(
    api: httpx.Client, moment: Any, first_value: float | None
) -> None:
    found = rows(api, "observations", series_id=DK1, as_of=iso(moment))
    assert len(found) == (0 if first_value is None else len(EVENTS))
    assert [row["value"] for row in found[:1]] == ([] if first_value is None else [first_value])
    assert all(row["available_at"] <= iso(moment) for row in found)


def test_without_a_time_the_newest_vintages_are_given_or_all(api: httpx.Client) -> None:
    newest = rows(api, "observations", series_id=DK1)
    assert [row["value"] for row in newest] == [-5.0, *(float(i) for i in range(1, 48))]
    every = rows(api, "observations", series_id=DK1, vintages="all")
    assert [row["value"] for row in every[:3]] == [0.0, -5.0, 1.0]
    assert len(every) == len(newest) + 1


def test_what_had_not_been_fetched_is_left_out(api: httpx.Client) -> None:
    found = rows(api, "observations", series_id=DK1, recorded_by=iso(CORRECTED - SECOND))
    assert found[0]["value"] == 0.0


def test_a_span_has_its_start_and_not_its_end(api: httpx.Client) -> None:
    span = {"from": iso(EVENTS[3]), "to": iso(EVENTS[7])}
    found = rows(api, "observations", series_id=DK1, **span)
    assert [row["event_time"] for row in found] == [iso(time) for time in EVENTS[3:7]]


def test_scores_are_summed_by_the_newest_truth_beside_naive(api: httpx.Client) -> None:
    """The LSTM's four blocks: 18 after the correction, and three times 6, of six hours each."""
    lstm, naive = rows(api, "performance")
    assert (lstm["model_name"], lstm["days"], lstm["n"]) == ("lstm", 2, 24)
    assert lstm["mae"] == (18 + 3 * 6) / 24
    assert lstm["bias"] == -lstm["mae"]
    assert lstm["rmse"] == ((18 * 18 + 3 * 36) / 24) ** 0.5
    assert lstm["coverage_80"] == 5 / 6
    assert (lstm["naive_mae"], naive["mae"], naive["skill"]) == (2.0, 2.0, 0.0)
    assert lstm["skill"] == 1 - 36 / 48


@pytest.mark.parametrize(
    ("asked", "maes"),
    [
        ({"as_of": iso(CORRECTED - SECOND)}, [1.0]),
        ({"as_of": iso(KNOWN - SECOND)}, []),
        ({"from": "2024-10-21"}, [1.0]),
        ({"by": "target_day"}, [2.0, 1.0]),
        ({"by": "horizon_band"}, [2.0, 1.0]),
        ({"run_kind": "replay"}, []),
    ],
)
def test_scores_are_those_of_a_window_known_at_a_time(
    api: httpx.Client, asked: dict[str, str], maes: list[float]
) -> None:
    found = rows(api, "performance", model="lstm", **asked)
    assert [row["mae"] for row in found] == maes


def test_drift_has_the_columns_of_its_contract(api: httpx.Client) -> None:
    found = rows(api, "drift", group="price", **{"from": "2024-10-21"})
    assert [row["day"] for row in found] == ["2024-10-21", "2024-10-22"]
    assert list(found[0]) == DRIFT.column_names


def test_readiness_tells_how_fresh_the_data_are(api: httpx.Client) -> None:
    told = api.get("/v1/readiness").json()
    assert told["ready"] and told["missing"] == []
    assert told["newest_forecast_origin"] == iso(LAST)
    assert told["newest_event_time"] == iso(EVENTS[-1])
    assert told["newest_available_at"] == iso(CORRECTED)
    assert [(group["series_group"], group["series"]) for group in told["groups"]] == [
        ("load", 1),
        ("price", 2),
    ]
    runs = {run["step"]: run["started_at"] for run in told["last_runs"]}
    assert runs == {"daily": iso(LAST + HOUR), "ingest": iso(LAST + 2 * HOUR)}
    assert api.get("/v1/health").json() == {"status": "ok"}
