"""`gridcast serve sql` over the wire: names, comments, new commits, and nothing but reading."""

import importlib.util
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyhive import exc

from lakehouse.settings import PROJECT
from lakehouse.tables import FUNCTIONS, TABLES, VIEWS
from lakehouse.tables.gold import FORECASTS, PROMOTIONS
from lakehouse.tables.silver import LOCATIONS
from tests.serving.api.world import DK1
from tests.serving.sql.running import Running, lakehouse_for_all, running

PAGE = PROJECT / "docs" / "sql.md"
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.S)

#: What the lakehouse of the API's tests has no rows for.
NOTHING_TO_TELL = (
    *("bronze.landings", "gold.gaps", "gold.observations_filled", "gold.publication_delays"),
    *("gold.weather_and_error", "covariates_as_of", "weather_as_of"),
)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """One server for the module: the last test stops it."""
    with lakehouse_for_all() as lakehouse, running(lakehouse) as made:
        yield made


def beeline(server: Running, *statements: str) -> "subprocess.CompletedProcess[str]":
    """The client that Spark brings."""
    spark = importlib.util.find_spec("pyspark")
    assert spark and spark.origin
    command = [
        "java", "-cp", str(Path(spark.origin).parent / "jars" / "*"),
        "org.apache.hive.beeline.BeeLine", "-u", f"jdbc:hive2://127.0.0.1:{server.port}/gold",
        "--silent=true", "--outputformat=csv2", "-e", ";".join(statements),
    ]  # fmt: skip
    return subprocess.run(
        command, cwd=server.started_in, capture_output=True, text=True, check=False
    )


def test_every_table_and_view_is_there_under_its_name(server: Running) -> None:
    schemas = {row[0] for row in server.ask("SHOW DATABASES")}
    assert schemas >= {"bronze", "silver", "gold"}
    found = {
        f"{row[0]}.{row[1]}"
        for schema in ("bronze", "silver", "gold")
        for row in server.ask(f"SHOW TABLES IN {schema}")
    }
    assert found == {item.name for item in (*TABLES, *VIEWS)}


def test_describe_says_what_a_column_means(server: Running) -> None:
    told = server.ask("DESCRIBE gold.forecasts")
    assert told == [(c.name, c.type, c.comment) for c in FORECASTS.columns]
    [meaning] = [row[1] for row in server.ask("DESCRIBE EXTENDED gold.gaps") if row[0] == "Comment"]
    assert meaning.startswith("Every gap between two values")


def test_beeline_reads_and_is_refused(server: Running) -> None:
    said = beeline(server, f"SELECT count(*) AS n FROM forecasts WHERE series_id = '{DK1}'")
    held = server.arrow.count(FORECASTS, [("series_id", "=", DK1)])
    assert said.stdout.split()[-2:] == ["n", str(held)]
    said = beeline(server, "DROP VIEW gaps")
    assert said.returncode != 0
    assert "This server is read only" in said.stderr


def test_a_tool_that_browses_finds_tables_columns_and_their_meaning(server: Running) -> None:
    """As JDBC asks, not in SQL: DBeaver's tree, for one."""
    listed = beeline(server, "!tables").stdout
    assert {item.name.split(".")[1] for item in (*TABLES, *VIEWS)} <= set(
        re.findall(r"[a-z_]+", listed)
    )
    assert "End of the last interval before it" in beeline(server, "!columns gaps").stdout


def test_a_new_commit_is_seen_by_the_next_query(server: Running) -> None:
    query = "SELECT name FROM silver.locations WHERE location_id = 'new'"
    assert server.ask(query) == []
    server.arrow.append(LOCATIONS, [LOCATIONS.row(location_id="new", name="Ny by")])
    assert server.ask(query) == [("Ny by",)]


@pytest.mark.parametrize("schema", ["default", "gold"])
def test_what_was_known_at_a_moment_can_be_asked_in_any_schema(
    server: Running, schema: str
) -> None:
    for function in FUNCTIONS:
        query = f"DESCRIBE QUERY SELECT * FROM {function.name}('2024-10-22T12:00:00Z')"
        assert server.ask(f"USE {schema}", query)


def test_the_functions_slice_by_what_was_known(server: Running) -> None:
    query = f"SELECT max(value) FROM observations_as_of('{{}}') WHERE series_id = '{DK1}'"
    assert server.ask(query.format("2024-10-22T09:59:59Z")) == [(None,)]
    assert server.ask(query.format("2024-10-22T10:00:00Z")) == [(47.0,)]


def test_local_days_do_not_depend_on_the_time_zone_of_the_connection(server: Running) -> None:
    query = "SELECT DISTINCT local_day, local_time FROM gold.cheapest_hours WHERE rank = 1"
    here = server.ask(query)
    assert here
    assert server.ask("SET TIME ZONE 'Asia/Tokyo'", query) == here


def test_what_a_connection_sets_is_its_own(server: Running) -> None:
    server.ask("USE gold", "SET TIME ZONE 'Asia/Tokyo'")
    assert server.ask("SELECT current_schema(), current_timezone()") == [("default", "UTC")]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.split("\n")[0][:60])
def test_a_question_of_the_page_has_an_answer(server: Running, query: str) -> None:
    found = server.ask(query)
    assert bool(found) != any(name in query for name in NOTHING_TO_TELL)


def test_the_page_has_a_question_for_every_view_and_function() -> None:
    asked = "\n".join(QUERIES)
    names = [item.name for item in (*VIEWS, *FUNCTIONS)]
    assert [name for name in names if not re.search(rf"\b{re.escape(name)}\b", asked)] == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO gold.promotions SELECT * FROM gold.promotions",
        "UPDATE gold.promotions SET reason = 'x'",
        "DELETE FROM gold.promotions",
        "MERGE INTO gold.promotions t USING gold.promotions s ON true WHEN MATCHED THEN DELETE",
        "TRUNCATE TABLE gold.promotions",
        "ALTER TABLE gold.promotions ADD COLUMN x int",
        "DROP VIEW gold.promotions",
        "DROP SCHEMA gold CASCADE",
        "CREATE OR REPLACE VIEW gold.promotions AS SELECT 1",
        "CREATE TABLE mine USING delta AS SELECT 1 AS x",
        "CREATE TABLE delta.`{path}` (x int) USING delta",
        "DELETE FROM delta.`{path}`",
        "INSERT INTO delta.`{path}` SELECT * FROM delta.`{path}`",
        "VACUUM delta.`{path}` RETAIN 0 HOURS",
        "OPTIMIZE delta.`{path}`",
        "RESTORE TABLE delta.`{path}` TO VERSION AS OF 0",
        "INSERT OVERWRITE DIRECTORY '{path}' USING csv SELECT 1",
        "WITH x AS (SELECT 1) INSERT INTO gold.promotions SELECT * FROM x",
        "FROM gold.promotions INSERT INTO gold.promotions SELECT *",
        "FROM gold.gaps INSERT OVERWRITE DIRECTORY '{path}' USING csv SELECT *",
        "SELECT TRANSFORM(1) USING 'id' FROM (SELECT 1)",
        "WITH x AS (SELECT TRANSFORM(1) USING 'id' AS (a)) SELECT * FROM x",
        "SELECT 1 WHERE '1' IN (SELECT TRANSFORM(1) USING 'id' AS (a))",
        "SELECT (SELECT TRANSFORM(1) USING 'id' AS (a))",
        "EXECUTE IMMEDIATE 'DROP VIEW gold.promotions'",
        "BEGIN DROP VIEW gold.promotions; END",
        "ADD JAR '/tmp/x.jar'",
        "CACHE TABLE gold.promotions",
        "CREATE TEMPORARY FUNCTION f AS 'x.Y'",
        "CALL system.x()",
    ],
)
def test_a_statement_that_does_more_than_read_is_refused(server: Running, statement: str) -> None:
    path = server.arrow.path(PROMOTIONS)
    before = sorted(file.name for file in path.rglob("*"))
    with pytest.raises(exc.OperationalError, match="This server is read only: it answers queries"):
        server.ask(statement.format(path=path))
    assert sorted(file.name for file in path.rglob("*")) == before


def test_to_explain_a_statement_is_not_to_run_it(server: Running) -> None:
    server.arrow.append(PROMOTIONS, [PROMOTIONS.row()])
    version = server.arrow.version(PROMOTIONS)
    server.ask(f"EXPLAIN DELETE FROM delta.`{server.arrow.path(PROMOTIONS)}`")
    assert server.arrow.version(PROMOTIONS) == version


def test_no_query_calls_java_by_name(server: Running) -> None:
    for name in ("reflect", "java_method", "try_reflect"):
        with pytest.raises(exc.OperationalError, match="Cannot resolve routine"):
            server.ask(f"SELECT {name}('java.lang.System', 'getProperty', 'user.home')")


def test_a_query_that_spark_refuses_says_why(server: Running) -> None:
    with pytest.raises(exc.OperationalError, match=r"gold.*nothing.*cannot be found"):
        server.ask("SELECT * FROM gold.nothing")
    with pytest.raises(exc.OperationalError, match="PARSE_SYNTAX_ERROR"):
        server.ask("SELEC 1")


def test_stopped_it_ends_well_and_leaves_nothing_behind(server: Running) -> None:
    """The last one: it stops the server of the module."""
    assert server.stop() == ""
    assert list(server.started_in.iterdir()) == []
    folders = {file.name for file in server.lakehouse.iterdir()}
    assert folders - {".lanes"} == {"bronze", "silver", "gold"}  # who filled it was in lanes
