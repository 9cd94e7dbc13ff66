"""`gridcast sql`: reads only, and nothing but the result on standard output."""

import csv
import io
import json
from typing import Any

import pytest

from lakehouse.tables import TABLES
from lakehouse.tables.silver import LOCATIONS
from tests.gridcast.conftest import Gridcast
from tests.worlds import World

PLACES = "SELECT location_id, latitude FROM silver.locations ORDER BY location_id"


@pytest.fixture
def world(world: World) -> World:
    """All tables, and two places in silver.locations."""
    world.arrow.create_missing(TABLES)
    rows = [("aarhus", "Århus", 56.13), ("malmo", 'Malmö, "the" city', 55.57)]
    world.arrow.append(
        LOCATIONS,
        [LOCATIONS.row(location_id=key, name=name, latitude=north) for key, name, north in rows],
    )
    return world


def strict_json(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_json_is_the_result_and_nothing_else(gridcast: Gridcast) -> None:
    said = gridcast("sql", PLACES, "--format", "json")
    assert said.code == 0
    assert strict_json(said.out) == [
        {"location_id": "aarhus", "latitude": 56.13},
        {"location_id": "malmo", "latitude": 55.57},
    ]


def test_csv_is_the_result_and_nothing_else(gridcast: Gridcast) -> None:
    said = gridcast("sql", "SELECT name FROM silver.locations ORDER BY ALL", "--format", "csv")
    assert list(csv.reader(io.StringIO(said.out))) == [["name"], ['Malmö, "the" city'], ["Århus"]]


def test_a_table_is_printed_for_people(gridcast: Gridcast) -> None:
    said = gridcast("sql", PLACES)
    assert [line.split() for line in said.out.splitlines()] == [
        ["location_id", "latitude"], ["aarhus", "56.13"], ["malmo", "55.57"],
    ]  # fmt: skip


def test_times_carry_their_zone_and_gaps_are_empty(gridcast: Gridcast) -> None:
    query = "SELECT TIMESTAMP '2024-10-18 07:30:00' AS t, CAST(NULL AS double) AS gap"
    assert gridcast("sql", query, "--format", "csv").out == "t,gap\n2024-10-18T07:30:00Z,\n"
    said = strict_json(gridcast("sql", query, "--format", "json").out)
    assert said == [{"t": "2024-10-18T07:30:00Z", "gap": None}]


def test_a_number_that_json_does_not_have_is_null(gridcast: Gridcast) -> None:
    said = gridcast("sql", "SELECT double('NaN') AS x", "--format", "json")
    assert strict_json(said.out) == [{"x": None}]


def test_two_columns_of_one_name_are_both_printed(gridcast: Gridcast) -> None:
    assert gridcast("sql", "SELECT 1 AS a, 2 AS a", "--format", "csv").out == "a,a\n1,2\n"


def test_an_empty_result_is_a_header_or_an_empty_list(gridcast: Gridcast) -> None:
    query = "SELECT series_id FROM gold.forecasts"
    assert gridcast("sql", query, "--format", "csv").out == "series_id\n"
    assert strict_json(gridcast("sql", query, "--format", "json").out) == []


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE silver.locations",
        "DELETE FROM silver.locations",
        "INSERT INTO silver.locations VALUES ('x', 'x', 0, 0)",
        "  /* SELECT */ update silver.locations SET name = 'x'",
        "-- SELECT\nTRUNCATE TABLE silver.locations",
        "CREATE TABLE gold.mine AS SELECT 1",
        "SET spark.sql.shuffle.partitions = 1",
        "WITH x AS (SELECT * FROM silver.locations) INSERT INTO silver.locations SELECT * FROM x",
        "FROM silver.locations INSERT INTO silver.locations SELECT *",
        "",
    ],
)
def test_a_statement_that_does_more_than_read_is_refused(
    gridcast: Gridcast, world: World, statement: str
) -> None:
    before = world.arrow.version(LOCATIONS)
    said = gridcast("sql", statement)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("gridcast: ")
    assert "only reads" in said.err
    assert world.arrow.version(LOCATIONS) == before


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("SELECT * FROM gold.forecast", "gold"),
        ("SELECT horizon FROM gold.forecasts", "horizon"),
        ("SELECT (1", "PARSE_SYNTAX_ERROR"),
        ("SELECT 1 / CAST('x' AS int)", "x"),
    ],
)
def test_a_query_that_spark_refuses_is_one_sentence(
    gridcast: Gridcast, query: str, named: str
) -> None:
    said = gridcast("sql", query)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("gridcast: ")
    assert said.err.count("\n") == 1
    assert named in said.err
    assert "Traceback" not in said.err
    assert "at org.apache" not in said.err


def test_what_was_known_at_a_moment_can_be_asked_and_found(gridcast: Gridcast) -> None:
    listed = gridcast("sql", "SHOW USER FUNCTIONS LIKE '*_as_of'", "--format", "csv")
    assert "observations_as_of" in listed.out.split()
    query = "SELECT count(*) AS n FROM observations_as_of(TIMESTAMP '2024-10-18T07:30:00Z')"
    assert gridcast("sql", query, "--format", "csv").out == "n\n0\n"
    assert "SHOW USER FUNCTIONS LIKE '*_as_of'" in gridcast("sql", "SELECT * FROM nothing").err
