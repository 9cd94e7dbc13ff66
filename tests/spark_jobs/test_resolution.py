"""One series at any resolution: in words, against a slow plain version, and in both engines."""

from datetime import timedelta
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_jobs import dense
from spark_jobs.resolution import at_resolution
from tests.small_lakehouse import utc

KINDS = ("energy", "price", "power")
START = utc("2024-10-26 00:00")
DAY_MINUTES = 1440
SCHEMA = (
    "series_id string, event_time timestamp, resolution_minutes int, kind string, value double, "
    "available_at timestamp, minutes int"
)


class Came(NamedTuple):
    """One interval as it came, in minutes from START."""

    begin: int
    length: int
    value: float


Given = list[Came]
QUARTERS = [Came(15 * k, 15, k + 1.0) for k in range(4)]

# kind, intervals as they came, wanted minutes -> minutes from START and values
WORDS: list[tuple[str, str, Given, int, dict[int, float]]] = [
    ("energy is summed", "energy", QUARTERS, 60, {0: 10.0}),
    ("prices are averaged", "price", QUARTERS, 60, {0: 2.5}),
    ("power is averaged", "power", QUARTERS, 30, {0: 1.5, 30: 3.5}),
    ("energy is spread evenly", "energy", [Came(0, 30, 8.0)], 15, {0: 4.0, 15: 4.0}),
    ("a price holds throughout", "price", [Came(0, 60, 8.0)], 30, {0: 8.0, 30: 8.0}),
    ("nothing changes", "energy", [Came(60, 60, 0.1)], 60, {60: 0.1}),
    ("a gap stays a gap", "energy", QUARTERS[:3], 60, {}),
    ("and what is whole beside it is known", "price", QUARTERS[:3], 30, {0: 1.5}),
    ("a mean is weighted by length", "price", [Came(0, 45, 1.0), Came(45, 15, 5.0)], 60, {0: 2.0}),
    (
        "lengths change within a series",
        "price",
        [Came(0, 60, 7.0), *(Came(60 + q.begin, 15, q.value) for q in QUARTERS)],
        30,
        {0: 7.0, 30: 7.0, 60: 1.5, 90: 3.5},
    ),
    (
        "an interval ends when the next begins",
        "energy",
        [Came(0, 60, 8.0), *QUARTERS[2:]],
        60,
        {0: 4.0 + 3.0 + 4.0},
    ),
    ("hours of a longer interval", "energy", [Came(0, 180, 6.0)], 60, {0: 2.0, 60: 2.0, 120: 2.0}),
    ("halves of two hours in one", "energy", [Came(-30, 60, 2.0), Came(30, 60, 4.0)], 60, {0: 3.0}),
]  # fmt: skip


def in_spark(spark: SparkSession, series: list[tuple[str, Given, int]]) -> list[dict[int, float]]:
    """Kind, intervals and wanted minutes of some series -> known values by minutes from START."""
    rows = [
        (
            str(number), START + timedelta(minutes=begin), length, kind, value,
            START + timedelta(minutes=begin), minutes,
        )
        for number, (kind, came, minutes) in enumerate(series)
        for begin, length, value in came
    ]  # fmt: skip
    found: list[dict[int, float]] = [{} for _ in series]
    frame = at_resolution(spark.createDataFrame(rows, SCHEMA), F.col("minutes"))
    seconds = F.unix_seconds("event_time") - round(START.timestamp())
    for row in frame.withColumn("seconds", seconds).collect():
        assert row["resolution_minutes"] == series[int(row["series_id"])][2]
        found[int(row["series_id"])][row["seconds"] // 60] = row["value"]
    return found


def in_arrays(kind: str, came: Given, minutes: int) -> dict[int, float]:
    """The same, for the day from START on."""
    begin, length, value = (np.array([c[i] for c in came]) for i in range(3))
    grid = dense.at_resolution(
        begin.astype(np.int64),
        length.astype(np.int64),
        value.astype(float),
        minutes,
        DAY_MINUTES // minutes,
        kind,
    )
    return {i * minutes: float(v) for i, v in enumerate(grid) if not np.isnan(v)}


def plain(kind: str, came: Given, minutes: int) -> dict[int, float]:
    """Minute by minute, in fractions."""
    ordered = sorted(came)
    covers: dict[int, Came] = {}
    for place, one in enumerate(ordered):
        end = one.begin + one.length
        if place + 1 < len(ordered):
            end = min(end, ordered[place + 1].begin)
        covers |= dict.fromkeys(range(one.begin, end), one)
    found = {}
    for first in range(0, DAY_MINUTES, minutes):
        own = range(first, first + minutes)
        if all(minute in covers for minute in own):
            shares = (
                Fraction(one.value) / (one.length if kind == "energy" else minutes)
                for one in (covers[minute] for minute in own)
            )
            found[first] = float(sum(shares))
    return found


@st.composite
def intervals(draw: st.DrawFn) -> Given:
    """Intervals one after the other, some of them with a gap or an overlap between."""
    came, begin = [], draw(st.sampled_from([-1440, -60, -15, 0, 0, 0, 10, 180]))
    for _ in range(draw(st.integers(1, 30))):
        length = draw(st.sampled_from([5, 10, 15, 15, 20, 30, 30, 60, 60, 60, 120, 1440]))
        came.append(Came(begin, length, draw(st.floats(-1e6, 1e6))))
        begin += max(5, length + draw(st.sampled_from([0, 0, 0, 0, 0, 15, 60, -15, -45])))
    return came


wanted = st.tuples(st.sampled_from(KINDS), intervals(), st.sampled_from([15, 30, 60]))


@pytest.mark.parametrize(
    ("kind", "came", "minutes", "expected"), [w[1:] for w in WORDS], ids=[w[0] for w in WORDS]
)
def test_in_words(kind: str, came: Given, minutes: int, expected: dict[int, float]) -> None:
    assert in_arrays(kind, came, minutes) == expected == plain(kind, came, minutes)


def test_spark_says_the_same_in_words(spark: SparkSession) -> None:
    found = in_spark(spark, [(kind, came, minutes) for _, kind, came, minutes, _ in WORDS])
    assert found == [expected for *_, expected in WORDS]


@settings(max_examples=200)
@given(wanted)
def test_arrays_equal_the_slow_oracle(told: tuple[str, Given, int]) -> None:
    found, expected = in_arrays(*told), plain(*told)
    assert found.keys() == expected.keys()
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-6)


@settings(max_examples=4)
@given(st.lists(wanted, min_size=20, max_size=30))
def test_spark_and_arrays_are_bit_equal(
    spark: SparkSession, series: list[tuple[str, Given, int]]
) -> None:
    for told, found in zip(series, in_spark(spark, series), strict=True):
        of_the_day = {m: v for m, v in found.items() if 0 <= m < DAY_MINUTES}
        assert of_the_day == in_arrays(*told)


def test_a_value_is_as_new_as_the_newest_of_its_parts(spark: SparkSession) -> None:
    moments = [START + timedelta(hours=h) for h in (3, 1, 2, 1)]
    rows: list[dict[str, Any]] = [
        {
            "series_id": "a", "event_time": START + timedelta(minutes=q.begin), "kind": "price",
            "resolution_minutes": 15, "value": q.value, "available_at": moment, "minutes": 60,
        }
        for q, moment in zip(QUARTERS, moments, strict=True)
    ]  # fmt: skip
    [row] = at_resolution(spark.createDataFrame(rows, SCHEMA), 60).collect()
    assert row["available_at"].replace(tzinfo=START.tzinfo) == moments[0]
