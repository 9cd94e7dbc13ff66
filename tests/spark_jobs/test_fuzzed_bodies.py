"""Any body at all ends in records or in the quarantine, never in a crash or nowhere."""

from datetime import timedelta
from random import Random

import pytest

from lakehouse.catalogue import Catalogue
from lakehouse.landing import Request, Response
from lakehouse.tables.bronze import (
    ENERGY_RECORDS,
    LANDINGS,
    QUARANTINE,
    WEATHER_RECORDS,
    WHOLE_BODY,
)
from spark_jobs import build
from tests.fuzzed_bodies import ANSWERS, body
from tests.small_lakehouse import SmallLakehouse, utc

WINDOW = utc("2024-10-01 00:00"), utc("2024-10-02 00:00")
SECOND = timedelta(seconds=1)
ASKED = {"Elspotprices": ("DK1", "DK2"), "agile": ("E-1R-A-C",), "archive": ("aarhus", "malmo")}
SOURCES = {"Elspotprices": "energi_data_service", "agile": "octopus", "archive": "open_meteo"}
#: Bodies that one build takes in.
AT_ONCE = 4_000


def answer(number: int, random: Random) -> Response:
    """The answer to one request, a second after the one before it."""
    data_set = random.choice(list(ANSWERS))
    request = Request(SOURCES[data_set], data_set, f"/{data_set}", (), *WINDOW, ASKED[data_set])
    fetched_at = WINDOW[1] + number * SECOND
    return Response(request, fetched_at, 200, "application/json", body(data_set, random))


@pytest.mark.parametrize(
    "count",
    [
        300,
        pytest.param(100_000, marks=[pytest.mark.slow, pytest.mark.timeout(7200)]),
    ],
)
def test_every_body_has_records_or_a_refusal(
    small: SmallLakehouse, catalogue: Catalogue, count: int
) -> None:
    random = Random(20241018)
    landed: set[str] = set()
    for begin in range(0, count, AT_ONCE):
        rows = [
            small.zone.write(answer(number, random))
            for number in range(begin, min(begin + AT_ONCE, count))
        ]
        small.arrow.insert_new(LANDINGS, rows)
        landed |= {row["landing_id"] for row in rows}
        small.build(catalogue)
    assert not build.pending(small.arrow)[0]
    refused = {
        row["landing_id"]
        for row in small.arrow.rows(QUARANTINE, ["landing_id"], [("record_index", "=", WHOLE_BODY)])
    }
    recorded = {
        row["landing_id"]
        for table in (ENERGY_RECORDS, WEATHER_RECORDS)
        for row in small.arrow.rows(table, ["landing_id"])
    }
    assert refused | recorded == landed
    assert not refused & recorded
    assert len(refused) > count / 10
    assert len(recorded) > count / 10
