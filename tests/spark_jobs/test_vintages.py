"""Every value carries the time at which it became known, whatever order it arrives in."""

import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.catalogue import Catalogue, Publication
from lakehouse.spark.local import local_frame
from lakehouse.tables.bronze import ENERGY_RECORDS, LANDINGS, QUARANTINE, WHOLE_BODY
from lakehouse.tables.silver import OBSERVATIONS
from spark_jobs.observed import energy_tables
from spark_jobs.silver import update_observations
from spark_jobs.vintages import usual_publication
from tests.small_lakehouse import SmallLakehouse, utc
from tests.spark_jobs.histories import Answer, Vintage, history, hours, random_answers

SCENARIOS = Path(__file__).parent.parent / "scenarios"
DATA_SET = "Elspotprices"
SERIES = {"DK1": "dk1.price.day_ahead", "DK2": "dk2.price.day_ahead"}
CONSUMED = {"rule": "after_interval", "delay_hours": 24}
PRICED = {"rule": "day_before", "at": "12:45", "timezone": "Europe/Copenhagen"}


def published(catalogue: Catalogue, rule: dict[str, Any], basis: str) -> Catalogue:
    """The catalogue with another publication rule of the price data set."""
    publication = Publication.model_validate(rule | {"basis": basis})
    data_set = catalogue.data_sets[DATA_SET].model_copy(update={"publication": (publication,)})
    return catalogue.model_copy(update={"data_sets": catalogue.data_sets | {DATA_SET: data_set}})


def receive(small: SmallLakehouse, answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Bring answers into bronze; returns their manifest rows."""
    rows = [
        LANDINGS.row(
            landing_id=answer.landing_id,
            source="energi_data_service",
            data_set=DATA_SET,
            asked=list(answer.asked),
            window_start=answer.window[0],
            window_end=answer.window[1],
            fetched_at=answer.fetched_at,
            status=200,
        )
        for answer in answers
    ]
    small.arrow.insert_new(LANDINGS, rows)
    records = [
        ENERGY_RECORDS.row(
            landing_id=answer.landing_id,
            record_index=index,
            data_set=DATA_SET,
            fetched_at=answer.fetched_at,
            record=json.dumps(
                {
                    "HourUTC": f"{event_time:%Y-%m-%dT%H:%M:%S}",
                    "PriceArea": key,
                    "SpotPriceEUR": value,
                }
            ),
        )
        for answer in answers
        for index, (key, event_time, value) in enumerate(answer.values)
    ]
    small.append(ENERGY_RECORDS, records)
    return rows


def build(
    small: SmallLakehouse, catalogue: Catalogue, landings: list[dict[str, Any]]
) -> dict[str, int]:
    observed = energy_tables(catalogue)[0]
    return update_observations(
        small.tables, catalogue, observed, landings, small.arrow.rows(LANDINGS)
    )


def held(small: SmallLakehouse) -> set[Vintage]:
    """silver.observations in the form of `history`."""
    keys = {series: key for key, series in SERIES.items()}
    rows = small.rows(OBSERVATIONS)
    found = {
        (
            keys[row["series_id"]],
            row["event_time"],
            row["available_at"],
            row["value"],
            row["available_basis"],
            row["recorded_at"],
        )
        for row in rows
    }
    assert len(found) == len(rows)
    return found


def read(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text().splitlines()))


def scenario_answers(file: Path) -> list[Answer]:
    """when.csv: one line per value received; the lines of one fetched_at are one body.

    An empty value is a gap; a line without an event time is an answer that held nothing for it.
    """
    bodies: dict[str, list[dict[str, str]]] = {}
    for line in read(file):
        bodies.setdefault(line["fetched_at"], []).append(line)
    return [
        Answer(
            landing_id=f"body-{number}",
            fetched_at=utc(fetched_at),
            window=(utc(lines[0]["asked_from"]), utc(lines[0]["asked_to"])),
            asked=["DK1"],
            values=[
                ("DK1", utc(line["event_time"]), float(line["value"]) if line["value"] else None)
                for line in lines
                if line["event_time"]
            ],
        )
        for number, (fetched_at, lines) in enumerate(sorted(bodies.items()))
    ]


@pytest.mark.parametrize("folder", sorted(SCENARIOS.iterdir()), ids=lambda folder: folder.name)
def test_scenario(small: SmallLakehouse, catalogue: Catalogue, folder: Path) -> None:
    """Prices, published at 12:45 Danish time the day before."""
    live = published(catalogue, PRICED, "assumed")
    answers = scenario_answers(folder / "when.csv")
    build(small, live, receive(small, answers))
    expected = [
        (utc(line["event_time"]), utc(line["available_at"]), float(line["value"]), line["basis"])
        for line in read(folder / "then.csv")
    ]
    assert sorted(row[1:5] for row in held(small)) == sorted(expected)


@pytest.mark.parametrize(
    ("rule", "basis"),
    [("whole_json", "assumed"), ("not_empty", "observed")],
    ids=["an unreadable answer taught us nothing", "an empty answer told that there was none yet"],
)
def test_what_an_answer_without_values_says_of_a_later_value(
    small: SmallLakehouse, catalogue: Catalogue, rule: str, basis: str
) -> None:
    live = published(catalogue, PRICED, "assumed")
    window = (utc("2024-10-18 00:00"), utc("2024-10-19 00:00"))
    noon = utc("2024-10-18 12:00")
    answers = [
        Answer("without", utc("2024-10-17 11:30"), window, ["DK1"], []),
        Answer("with", utc("2024-10-18 09:00"), window, ["DK1"], [("DK1", noon, 7.0)]),
    ]
    landings = receive(small, answers)
    refused = QUARANTINE.row(
        landing_id="without",
        record_index=WHOLE_BODY,
        table=ENERGY_RECORDS.name,
        rule=rule,
        fetched_at=answers[0].fetched_at,
    )
    small.append(QUARANTINE, [refused])
    build(small, live, landings)
    [(_, _, available_at, _, found, _)] = held(small)
    assert found == basis
    early = utc("2024-10-17 10:45")  # 12:45 in Denmark, the day before
    assert available_at == (early if basis == "assumed" else answers[1].fetched_at)


def test_the_spark_rule_of_publication_is_the_catalogue_s_for_every_hour_of_a_year(
    spark: SparkSession,
) -> None:
    rules = [
        Publication.model_validate(rule | {"basis": "assumed"})
        for rule in (
            {"rule": "after_interval", "delay_hours": 216},
            PRICED,
            {"rule": "day_before", "at": "02:30", "timezone": "Europe/Copenhagen"},
            {"rule": "day_before", "at": "16:00", "timezone": "Europe/London"},
        )
    ]
    rows = [
        {"rule": number, "event_time": hour, "resolution_minutes": 60}
        for number in range(len(rules))
        for hour in hours(utc("2024-01-01 00:00"), 366 * 24)
    ]
    frame = local_frame(spark, rows, "rule int, event_time timestamp, resolution_minutes int")
    by_rule = [F.when(F.col("rule") == i, usual_publication(r)) for i, r in enumerate(rules)]
    usual = F.coalesce(*by_rule).cast("long").alias("usual")
    found = frame.select("rule", usual).toPandas()
    expected = [
        int(rules[row["rule"]].available_at(row["event_time"], 60).timestamp()) for row in rows
    ]
    wrong = found[found["usual"] != expected]
    assert wrong.empty, wrong.head()


def test_two_values_for_one_key_in_one_body_are_both_refused(
    small: SmallLakehouse, catalogue: Catalogue
) -> None:
    [first, second, third] = hours(utc("2024-10-01 00:00"), 3)
    answer = Answer(
        "a",
        utc("2024-10-02 00:00"),
        (first, utc("2024-10-02 00:00")),
        ["DK1"],
        [("DK1", first, 1.0), ("DK1", first, 2.0), ("DK1", second, 3.0), ("DK1", second, 3.0),
         ("DK1", third, None)],
    )  # fmt: skip
    written = build(small, catalogue, receive(small, [answer]))
    assert [(row[1], row[3]) for row in held(small)] == [(second, 3.0)]
    refused = small.rows(QUARANTINE)
    assert [(row["record_index"], row["rule"]) for row in refused] == [
        (0, "one_value_per_key"),
        (1, "one_value_per_key"),
    ]
    assert all("DK1" in row["reason"] and "2024-10-01T00:00" in row["reason"] for row in refused)
    counted = {"gaps": 1, "repeats": 1, OBSERVATIONS.name: 1, QUARANTINE.name: 2}
    assert written == counted
    assert sum(counted.values()) == len(answer.values)


@pytest.mark.parametrize("ids", [("a", "b"), ("b", "a")], ids=["file first", "file last"])
def test_a_file_landed_at_the_moment_of_an_answer_stands_over_it(
    small: SmallLakehouse, catalogue: Catalogue, ids: tuple[str, str]
) -> None:
    """A sample clock stands still: by their times alone nobody could tell which came last."""
    of_file, of_answer = ids
    noon, fetched_at = utc("2024-10-01 12:00"), utc("2024-10-02 00:00")
    window = (utc("2024-10-01 00:00"), fetched_at)
    answer = Answer(of_answer, fetched_at, window, ["DK1"], [("DK1", noon, 1.0)])
    file = Answer(of_file, fetched_at, window, ["DK1"], [])
    landings = receive(small, [answer, file])
    record = {"HourUTC": "2024-10-01T12:00", "PriceArea": "DK1", "SpotPriceEUR": "2,5"}
    of = {"landing_id": of_file, "data_set": DATA_SET, "fetched_at": fetched_at}
    small.append(ENERGY_RECORDS, [ENERGY_RECORDS.row(**of, record=json.dumps(record), decimal=",")])
    build(small, catalogue, landings)
    assert [(row[1], row[3]) for row in held(small)] == [(noon, 2.5)]


@pytest.mark.parametrize(
    ("seed", "rule", "basis", "order"),
    [
        (2, PRICED, "assumed", "in order"),
        (3, CONSUMED, "simulated", "in order"),
        (4, CONSUMED, "assumed", "shuffled"),
        (6, PRICED, "simulated", "backwards"),
    ],
)
def test_any_order_of_arrival_gives_the_history_of_the_slow_oracle(
    small: SmallLakehouse,
    catalogue: Catalogue,
    seed: int,
    rule: dict[str, Any],
    basis: str,
    order: str,
) -> None:
    chosen = published(catalogue, rule, basis)
    answers = sorted(random_answers(seed), key=lambda a: (a.fetched_at, a.landing_id))
    if order == "backwards":
        answers.reverse()
    elif order == "shuffled":
        random.Random(seed).shuffle(answers)
    for group in (answers[:3], answers[3:]):
        build(small, chosen, receive(small, group))
    expected = history(answers, chosen.data_sets[DATA_SET].publication[0])
    assert len({row[:2] for row in expected}) > 50
    assert held(small) == expected


def test_building_the_same_landings_again_gives_the_same_table(
    small: SmallLakehouse, catalogue: Catalogue
) -> None:
    """A build that was killed before it was noted is done again."""
    answers = random_answers(8)[:3]
    landings = receive(small, answers)
    build(small, catalogue, landings)
    before = small.rows(OBSERVATIONS)
    build(small, catalogue, landings)
    assert small.rows(OBSERVATIONS) == before
