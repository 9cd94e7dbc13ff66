"""The server follows its lakehouse, and opens only the files that a question needs."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from lakehouse.arrow import ArrowTables
from lakehouse.errors import TableError
from lakehouse.tables import TABLES
from lakehouse.tables.gold import FORECASTS
from lakehouse.tables.silver import OBSERVATIONS
from lakehouse.time import DAY, iso
from tests.serving.api.world import (
    DK1,
    FIRST_ORIGIN,
    LAST,
    fill,
    forecast_rows,
    serving,
    settings_of,
)


def seconds_until(told: Callable[[], bool], patience: float = 30.0) -> float:
    """How long it took until something held; it is asked again and again."""
    begun = time.monotonic()
    while not told():
        assert time.monotonic() - begun < patience
    return time.monotonic() - begun


def test_a_new_version_is_seen_within_five_seconds(tmp_path: Path) -> None:
    arrow = ArrowTables(tmp_path)
    fill(arrow)
    with serving(settings_of(tmp_path)) as api:
        first = api.get("/v1/forecasts", params={"series_id": DK1})
        arrow.append(FORECASTS, forecast_rows(DK1, LAST + DAY, "lstm", "champion"))

        def newest() -> httpx.Response:
            held = {"If-None-Match": first.headers["etag"]}
            return api.get("/v1/forecasts", params={"series_id": DK1}, headers=held)

        assert seconds_until(lambda: newest().status_code == 200) < 5
        assert newest().json()["data"][-1]["forecast_origin"] == iso(LAST + DAY)


def test_a_lakehouse_that_was_made_anew_is_read_anew(tmp_path: Path) -> None:
    """As 'gridcast demo --fresh' does: meanwhile nothing is made up, and it is said why."""
    arrow = ArrowTables(tmp_path / "lakehouse")
    fill(arrow)
    with serving(settings_of(tmp_path / "lakehouse")) as api:
        shutil.rmtree(tmp_path / "lakehouse")
        answers = []

        def refused() -> bool:
            answers.append(api.get("/v1/observations"))
            return answers[-1].status_code == 503

        seconds_until(refused)
        assert answers[-1].headers["retry-after"] == "5"
        assert "silver.observations" in answers[-1].json()["detail"]
        seconds_until(lambda: "gridcast run build" in api.get("/v1/readiness").text)
        fill(arrow)
        seconds_until(lambda: api.get("/v1/readiness").status_code == 200)
        assert api.get("/v1/forecasts", params={"series_id": DK1}).json()["total"] > 24


def test_files_that_a_question_does_not_need_are_not_opened(tmp_path: Path) -> None:
    """The file of each origin but the two that are asked about is taken away."""
    arrow = ArrowTables(tmp_path)
    fill(arrow)
    kept = FIRST_ORIGIN + 5 * DAY
    with serving(settings_of(tmp_path)) as api:
        table = arrow.open(FORECASTS)
        files = zip(
            table.get_add_actions(flatten=True)["path"].to_pylist(),
            table.get_add_actions(flatten=True)["min.forecast_origin"].to_pylist(),
            strict=True,
        )
        for file, origin in files:
            if origin not in (kept, kept - DAY):
                (arrow.path(FORECASTS) / file).unlink()
        found = api.get("/v1/forecasts", params={"origin": iso(kept), "series_id": DK1})
        assert found.json()["total"] == 24
        # In memory, whatever became of the files.
        assert api.get("/v1/forecasts", params={"series_id": DK1}).json()["total"] > 24
        assert api.get("/v1/forecasts", params={"origin": iso(LAST)}).status_code == 503


def test_without_a_lakehouse_there_is_no_server(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="gridcast demo"), serving(settings_of(tmp_path)):
        pass


def test_tables_without_rows_are_not_ready(tmp_path: Path) -> None:
    ArrowTables(tmp_path).create_missing(TABLES)
    with serving(settings_of(tmp_path)) as api:
        told = api.get("/v1/readiness")
        assert told.status_code == 503
        assert [sentence.split()[0] for sentence in told.json()["missing"]] == [
            "silver.series",
            OBSERVATIONS.name,
            FORECASTS.name,
        ]
        for path in ("series", "forecasts", "observations", "performance", "drift", "origins"):
            assert api.get(f"/v1/{path}").json()["data"] == [], path
