"""What is missing follows from what landed and was understood; a failing source stops no other."""

from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from lakehouse.arrow import ArrowTables
from lakehouse.landing import LandingZone
from lakehouse.tables import TABLES
from lakehouse.tables.bronze import LANDINGS, QUARANTINE, WHOLE_BODY
from sources.addresses import Addresses
from spark_jobs import ingest
from spark_jobs.ingest import Ingested
from tests.spark_jobs.world import START, town_catalogue

NOW = START + timedelta(days=5, hours=7)
ADDRESSES = Addresses(
    *(f"http://{name}.test" for name in ("energy", "forecast", "archive", "runs"))
)


@pytest.fixture
def arrow(tmp_path: Path) -> ArrowTables:
    tables = ArrowTables(tmp_path)
    tables.create_missing(TABLES)
    return tables


def ask(
    arrow: ArrowTables, tmp_path: Path, now: datetime, *broken: str
) -> tuple[Ingested, list[str]]:
    """Ingest from sources that answer anything, or 404 at the hosts that are broken."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.url.host}{request.url.path}")
        if request.url.host in broken:
            return httpx.Response(404)
        return httpx.Response(200, json={"any": asked[-1]})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        zone = LandingZone(tmp_path / "landing")
        done = ingest.run(arrow, zone, town_catalogue(), ADDRESSES, client, now, "run")
    return done, asked


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
