"""What is missing follows from what landed and was understood; a failing source stops no other."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from lakehouse.arrow import ArrowTables
from lakehouse.landing import LandingZone
from lakehouse.tables import TABLES
from lakehouse.tables.bronze import LANDINGS, QUARANTINE, WHOLE_BODY
from spark_jobs import ingest
from spark_jobs.ingest import Ingested
from tests.spark_jobs.answering import answering
from tests.spark_jobs.world import START, town_catalogue

NOW = START + timedelta(days=5, hours=7)


@pytest.fixture
def arrow(tmp_path: Path) -> ArrowTables:
    tables = ArrowTables(tmp_path)
    tables.create_missing(TABLES)
    return tables


def ask(
    arrow: ArrowTables, tmp_path: Path, now: datetime, *broken: str
) -> tuple[Ingested, list[str]]:
    """Ingest from sources that answer anything, or 404 at the hosts that are broken."""
    with answering(LandingZone(tmp_path / "landing"), broken) as (door, asked):
        done = ingest.run(arrow, town_catalogue(), door, now, "run")
    return done, [f"{request.url.host}{request.url.path}" for request in asked]


def window(arrow: ArrowTables, data_set: str, fetched_at: datetime) -> tuple[datetime, datetime]:
    [row] = [
        row
        for row in arrow.rows(LANDINGS)
        if (row["data_set"], row["fetched_at"]) == (data_set, fetched_at)
    ]
    return row["window_start"], row["window_end"]


def test_first_all_history_is_asked_for_then_what_is_new_and_a_look_back(
    arrow: ArrowTables, tmp_path: Path
) -> None:
    done, asked = ask(arrow, tmp_path, NOW)
    assert done.landed == done.requests == len(asked)
    assert asked.count("runs.test/v1/forecast") == 6  # one run per past day and today's
    assert window(arrow, "Load", NOW) == (START, NOW)
    later = NOW + timedelta(days=10)
    ask(arrow, tmp_path, later)
    assert window(arrow, "Load", later) == (NOW - timedelta(days=3), later)


def test_asking_again_at_the_same_moment_lands_nothing(arrow: ArrowTables, tmp_path: Path) -> None:
    ask(arrow, tmp_path, NOW)
    before = arrow.rows(LANDINGS)
    done, _ = ask(arrow, tmp_path, NOW)
    assert done.landed == 0
    assert arrow.rows(LANDINGS) == before


def test_a_source_that_fails_is_told_of_and_stops_no_other(
    arrow: ArrowTables, tmp_path: Path
) -> None:
    done, _ = ask(arrow, tmp_path, NOW, "energy.test")
    assert done.landed == done.requests - 2
    assert len(done.problems) == 2
    assert "got 404" in done.problems[0]
    assert "Load" in done.problems[0]


def test_what_a_refused_body_hid_is_asked_for_again(arrow: ArrowTables, tmp_path: Path) -> None:
    ask(arrow, tmp_path, NOW)
    [load] = [row for row in arrow.rows(LANDINGS) if row["data_set"] == "Load"]
    refusal = QUARANTINE.row(landing_id=load["landing_id"], record_index=WHOLE_BODY)
    arrow.append(QUARANTINE, [refusal])
    later = NOW + timedelta(days=10)
    ask(arrow, tmp_path, later)
    assert window(arrow, "Load", later) == (START, later)
    assert window(arrow, "Price", later)[0] > START


def test_what_landed_before_a_kill_is_taken_up(arrow: ArrowTables, tmp_path: Path) -> None:
    """The bodies were kept, and the table of the manifest never heard of them."""
    ask(arrow, tmp_path, NOW)
    before = arrow.rows(LANDINGS)
    shutil.rmtree(arrow.path(LANDINGS))
    arrow.create_missing(TABLES)
    later = NOW + timedelta(days=10)
    ask(arrow, tmp_path, later)
    told = [row for row in arrow.rows(LANDINGS) if row["fetched_at"] == NOW]
    assert sorted(told, key=str) == sorted(before, key=str)
    assert window(arrow, "Load", later) == (NOW - timedelta(days=3), later)
