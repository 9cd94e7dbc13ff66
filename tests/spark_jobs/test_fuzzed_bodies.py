"""Any body at all ends in records or in the quarantine, never in a crash or nowhere."""

from collections import Counter
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
from lakehouse.tables.silver import OBSERVATIONS
from spark_jobs import build
from tests.fuzzed_bodies import ENERGY, WEATHER, body
from tests.small_lakehouse import SOURCES, SmallLakehouse, utc

WINDOW = utc("2024-10-01 00:00"), utc("2024-10-02 00:00")
SECOND = timedelta(seconds=1)
PLACES = ("aarhus", "malmo")
ASKED = {
    "Elspotprices": ("DK1", "DK2"),
    "ConsumptionIndustry": ("851|Privat", "329|Erhverv"),
    "agile": ("E-1R-A-C",),
}
RUN = ("run", "2024-10-01T00:00")


def answer(number: int, data_set: str, random: Random) -> Response:
    """The answer to one request, a second after the one before it."""
    source = SOURCES.get(data_set, "energi_data_service")
    params = (RUN,) if data_set == "single_runs" else ()
    asked = ASKED.get(data_set, PLACES)
    request = Request(source, data_set, f"/{data_set}", params, *WINDOW, asked)
    fetched_at = WINDOW[1] + number * SECOND
    return Response(request, fetched_at, 200, "application/json", body(data_set, random))


@pytest.mark.parametrize(
    ("seed", "count", "at_once"),
    [
        (1, 600, 150),
        *(
            pytest.param(seed, 20_000, 4_000, marks=[pytest.mark.fuzz, pytest.mark.timeout(3600)])
            for seed in range(2, 7)
        ),
    ],
)
def test_every_body_has_records_or_a_refusal_and_every_record_is_counted(
    small: SmallLakehouse, catalogue: Catalogue, seed: int, count: int, at_once: int
) -> None:
    """Batches of energy and of weather in turn: what is counted of one is not the other's."""
    own = {name: s for name, s in catalogue.series.items() if s.tariff is None}
    plain = catalogue.model_copy(update={"series": own})
    random = Random(seed)
    landed: set[str] = set()
    counted: Counter[str] = Counter()
    for number, begin in enumerate(range(0, count, at_once)):
        kinds = list(WEATHER if number % 2 else ENERGY)
        rows = [
            small.zone.write(answer(place, random.choice(kinds), random))
            for place in range(begin, min(begin + at_once, count))
        ]
        small.arrow.insert_new(LANDINGS, rows)
        landed |= {row["landing_id"] for row in rows}
        written = small.build(plain).written
        if kinds == list(ENERGY):
            counted.update(written)
    assert len(landed) == count
    assert not build.pending(small.arrow)[0]
    refusals = small.arrow.rows(QUARANTINE, ["landing_id", "record_index", "data_set"])
    refused = {row["landing_id"] for row in refusals if row["record_index"] == WHOLE_BODY}
    recorded = {
        row["landing_id"]
        for table in (ENERGY_RECORDS, WEATHER_RECORDS)
        for row in small.arrow.rows(table, ["landing_id"])
    }
    assert refused | recorded == landed
    assert not refused & recorded
    assert len(refused) > count / 10
    assert len(recorded) > count / 10
    of_energy = [row for row in refusals if row["record_index"] != WHOLE_BODY]
    of_energy = [row for row in of_energy if row["data_set"] in catalogue.data_sets]
    known = small.arrow.rows(
        ENERGY_RECORDS, ["landing_id"], [("data_set", "in", list(catalogue.data_sets))]
    )
    ends = counted[OBSERVATIONS.name] + counted["repeats"] + counted["gaps"]
    assert ends + len(of_energy) == len(known)
    assert min(counted[OBSERVATIONS.name], counted["gaps"], len(of_energy)) > 0
