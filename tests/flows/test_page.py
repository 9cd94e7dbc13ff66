"""What Prefect's page shows of a run: figures, tables, and links that lead somewhere."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.orchestration import get_client

from flows.page import made, others, publish, summary, tables
from flows.run import Outcome, Run, new_run
from gridcast.up import _pages, services
from lakehouse.settings import Settings
from lakehouse.tables import TABLES
from lakehouse.tables.gold import RUNS, TRAINING_RUNS
from serving.api.reports import NAME
from tests.worlds import Shared, new_world

PAGES = {"api": "http://here:8000", "mlflow": "http://here:5000", "dashboards": "http://here:8501"}


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    world = new_world(tmp_path)
    with world.entered():
        yield new_run(None, None)


def linked(run: Run, pages: dict[str, str]) -> Run:
    run.settings = run.settings.model_copy(update={"pages": pages})
    return run


def reported(run: Run) -> dict[str, Outcome]:
    folder = run.settings.lakehouse / "reports"
    page = folder / "report-20241018T0730Z.html"
    week = folder / "weekly-20241018T0730Z.html"
    said = [f"Report: {page}", f"Weekly report: {week}"]
    return {"report": Outcome(written={RUNS.name: 2}, pages=[page, week], sentences=said)}


def trained() -> dict[str, Outcome]:
    return {"train": Outcome(mlflow_runs={"day_ahead_price lstm": "abc"})}


def test_the_summary_links_to_the_report_and_names_no_folder_of_the_machine(run: Run) -> None:
    linked(run, PAGES)
    done = reported(run)
    told = summary(run, "daily", done, [*made(run, done), *others(run)])
    [address] = re.findall(r"\[Report as of [^]]+\]\(([^)]+)\)", told)
    assert address == "http://here:8000/v1/reports/report-20241018T0730Z.html"
    assert re.fullmatch(NAME, address.rpartition("/")[2]), "the API serves no such page"
    assert "Weekly report: reports/weekly-20241018T0730Z.html" in told
    assert "[Dashboards](http://here:8501)" in told
    assert str(run.settings.lakehouse) not in told


def test_what_a_run_says_in_its_table_names_no_folder_of_the_machine_either(run: Run) -> None:
    run.arrow.create_missing([RUNS])
    with run.recorded("report") as outcome:
        outcome.sentences.append(f"Report: {run.settings.lakehouse / 'reports' / 'report.html'}")
    [row] = run.arrow.rows(RUNS)
    assert row["reason"] == "Report: reports/report.html"


def test_a_training_leads_to_its_run_in_mlflow(run: Run) -> None:
    [link] = made(linked(run, PAGES), trained())
    assert (link.key, link.address) == (
        "mlflow-day-ahead-price-lstm",
        "http://here:5000/#/runs/abc",
    )


def test_without_addresses_nothing_is_linked(run: Run) -> None:
    linked(run, {})
    assert made(run, reported(run) | trained()) == others(run) == []


def test_every_table_is_there_with_rows_and_version(run: Run) -> None:
    run.arrow.append(RUNS, [RUNS.row(run_id="a"), RUNS.row(run_id="b")])
    told = {row["table"]: row for row in tables(run, reported(run))}
    assert list(told) == [table.name for table in TABLES]
    assert told[RUNS.name] == {"table": RUNS.name, "written": 2, "rows": 2, "version": 1}
    nothing = {"table": TRAINING_RUNS.name, "written": 0, "rows": 0, "version": 0}
    assert told[TRAINING_RUNS.name] == nothing


def test_prefect_keeps_a_summary_a_table_and_a_link(pytestconfig: pytest.Config, run: Run) -> None:
    Shared.prefect(pytestconfig)
    linked(run, PAGES)

    @flow(name="shown")
    def shown() -> None:
        publish(run, "shown", reported(run) | trained())

    shown()
    with get_client(sync_client=True) as client:
        held = {one.key: one for one in client.read_artifacts() if one.key}
    assert {key: held[key].type for key in held if key.startswith("shown-sample")} == {
        "shown-sample": "markdown",
        "shown-sample-tables": "table",
        "shown-sample-report": "markdown",
        "shown-sample-mlflow-day-ahead-price-lstm": "markdown",
    }
    rows = json.loads(str(held["shown-sample-tables"].data))
    assert {"table": RUNS.name, "written": 2, "rows": 0, "version": 0} in rows


def test_up_tells_flows_where_its_pages_are(settings: Settings) -> None:
    found = services(settings)
    told = json.loads(_pages(settings, found))
    assert told == {
        "dashboards": "http://127.0.0.1:8501",
        "api": "http://127.0.0.1:8000",
        "mlflow": "http://127.0.0.1:5000",
    }
    asks_for_a_key = settings.model_copy(update={"api_keys": ("secret",)})
    assert "api" not in json.loads(_pages(asks_for_a_key, found))
