"""Landed in any order, in any batches, some of them twice: silver is the same.

Bodies of prices and actual weather go through the whole build; what should come of them is worked
out slowly and plainly from all of them together.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest

from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue
from lakehouse.tables.bronze import QUARANTINE
from lakehouse.tables.silver import OBSERVATIONS, WEATHER_OBSERVATIONS
from spark_jobs import build
from spark_jobs.weather_records import WEATHER_UNITS
from tests.small_lakehouse import SmallLakehouse
from tests.spark_jobs.histories import Answer, Vintage, history, random_answers

AREAS, PLACES = ("DK1", "DK2"), ("aarhus", "malmo")
SERIES = {"dk1.price.day_ahead": "DK1", "dk2.price.day_ahead": "DK2"}
TEMPERATURE = "temperature_2m"


def prices(answer: Answer) -> Any:
    return {
        "records": [
            {"HourUTC": f"{time:%Y-%m-%dT%H:%M:%S}", "PriceArea": area, "SpotPriceEUR": value}
            for area, time, value in answer.values
        ]
    }


def weather(answer: Answer) -> Any:
    """Temperatures; the other variables are gaps."""

    def of(place: str) -> dict[str, Any]:
        mine = [(time, value) for where, time, value in answer.values if where == place]
        gaps: dict[str, list[float | None]] = {v: [None] * len(mine) for v in WEATHER_VARIABLES}
        hourly = gaps | {
            "time": [f"{time:%Y-%m-%dT%H:%M}" for time, _ in mine],
            TEMPERATURE: [value for _, value in mine],
        }
        return {"utc_offset_seconds": 0, "hourly_units": WEATHER_UNITS, "hourly": hourly}

    return [of(place) for place in answer.asked]


#: By data set: the keys that are asked for, and the body of an answer.
BODIES: dict[str, tuple[tuple[str, str], Callable[[Answer], Any]]] = {
    "Elspotprices": (AREAS, prices),
    "archive": (PLACES, weather),
}


@dataclass
class Plan:
    """Bodies by data set, and the lakehouse that they land in."""

    small: SmallLakehouse
    catalogue: Catalogue
    answers: dict[str, list[Answer]]

    def live(self, dice: Random, batches: int) -> None:
        """Land all in any order; some bodies land twice, and some batches are taken in twice, the
        first time by a build that is killed before it is noted."""
        waiting = [(name, place) for name in self.answers for place in range(7)]
        dice.shuffle(waiting)
        again = dice.sample(waiting, 4)
        waiting = [*waiting[:10], *again[:2], *waiting[10:], *again[2:]]
        cuts = sorted(dice.sample(range(1, len(waiting)), batches - 1))
        for number, (first, last) in enumerate(zip([0, *cuts], [*cuts, len(waiting)], strict=True)):
            for name, place in waiting[first:last]:
                self._land(name, place)
            if number == batches // 2:
                build.run(self.small.tables, self.small.arrow, self.small.zone, self.catalogue)
            self.small.build(self.catalogue)
        assert not build.pending(self.small.arrow)[0]

    def _land(self, name: str, place: int) -> None:
        answer = self.answers[name][place]
        body = BODIES[name][1](answer)
        row = self.small.land(name, body, answer.fetched_at, answer.window, answer.asked)
        self.answers[name][place] = replace(answer, landing_id=row["landing_id"])


def observed(small: SmallLakehouse) -> set[Vintage]:
    rows = small.rows(OBSERVATIONS)
    return {
        (
            SERIES[row["series_id"]], row["event_time"], row["available_at"], row["value"],
            row["available_basis"], row["recorded_at"],
        )
        for row in rows
    }  # fmt: skip


def weather_observed(small: SmallLakehouse) -> set[Vintage]:
    return {
        (
            row["location_id"], row["event_time"], row["available_at"], row["value"],
            row["available_basis"], row["recorded_at"],
        )
        for row in small.rows(WEATHER_OBSERVATIONS)
    }  # fmt: skip


def conflicts(answer: Answer) -> int:
    """Its records of which two give different values for one key."""
    values = [(key, time) for key, time, value in answer.values if value is not None]
    return sum((key, time) not in answer.given() for key, time in values)


@pytest.mark.parametrize(
    ("seed", "batches"),
    [
        (1, 3),
        *(pytest.param(seed, 2 + seed % 5, marks=pytest.mark.fuzz) for seed in range(2, 32)),
    ],
)
def test_silver_is_what_all_bodies_say_together(
    small: SmallLakehouse, catalogue: Catalogue, seed: int, batches: int
) -> None:
    dice = Random(seed)
    basis = {"basis": dice.choice(["assumed", "simulated"])}
    [published] = catalogue.data_sets["Elspotprices"].publication
    published = published.model_copy(update=basis)
    price = catalogue.data_sets["Elspotprices"].model_copy(update={"publication": (published,)})
    actual = catalogue.weather.actual.model_copy(update=basis)
    given = catalogue.model_copy(
        update={
            "data_sets": catalogue.data_sets | {"Elspotprices": price},
            "weather": catalogue.weather.model_copy(update={"actual": actual}),
        }
    )
    answers = {
        name: random_answers(100 * seed + number, keys)
        for number, (name, (keys, _)) in enumerate(BODIES.items())
    }
    plan = Plan(small, given, answers)
    plan.live(dice, batches)
    assert observed(small) == history(plan.answers["Elspotprices"], published)
    assert weather_observed(small) == history(plan.answers["archive"], actual)
    assert len(small.rows(OBSERVATIONS)) == len(observed(small)) > 50
    refused = small.rows(QUARANTINE)
    assert {row["rule"] for row in refused} == {"one_value_per_key"}
    for name, bodies in plan.answers.items():
        expected = sum(map(conflicts, bodies))
        assert sum(row["data_set"] == name for row in refused) == expected > 0, name
