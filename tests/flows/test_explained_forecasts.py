"""Each forecast that a day issued leads back to whole bodies, the same in SQL and on the page."""

import hashlib

from lakehouse.landing import LandingZone
from lakehouse.spark.session import spark_session
from lakehouse.spark.tables import SparkTables
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.gold import FORECASTS
from spark_jobs.explain import explain
from spark_jobs.one_forecast import Asked
from tests.worlds import World

LINEAGE = """
    SELECT * FROM gold.forecast_lineage
    WHERE run_kind = 'live' AND forecast_source = 'champion' AND hour(valid_time) IN (0, 12)"""


def test_a_forecast_leads_to_its_training_and_to_bodies_that_are_as_they_landed(
    one_day_on: World,
) -> None:
    row = min(
        one_day_on.rows(FORECASTS, run_kind="live", forecast_source="champion"),
        key=lambda row: (row["series_id"], row["valid_time"]),
    )
    found = explain(one_day_on.folder, Asked(row["series_id"], row["valid_time"]))
    assert found.forecast["model_version"] == row["model_version"]
    assert found.model["training"]["mlflow_run_id"]
    assert found.model["folder"]
    assert found.decision is not None
    assert found.observations.last == row["history_end"]
    assert {run["available_at"] <= row["forecast_origin"] for run in found.weather} == {True}
    landed = {one["landing_id"]: one for one in one_day_on.rows(LANDINGS)}
    zone = LandingZone(one_day_on.folder / "landing")
    assert found.bodies
    for body in found.bodies:
        content = zone.path(body["body_path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == body["body_sha256"]
        assert body["body_sha256"] == landed[body["landing_id"]]["body_sha256"]
        assert body["state"] == "whole"


def test_sql_and_the_page_tell_the_same(one_day_on: World) -> None:
    with one_day_on.entered() as settings:
        tables = SparkTables(spark_session(settings), one_day_on.folder)
        tables.register()
        rows = tables.spark.sql(LINEAGE).toArrow().to_pylist()
    assert rows
    for row in rows:
        asked = Asked(row["series_id"], row["valid_time"], model_name=row["model_name"])
        found = explain(one_day_on.folder, asked)
        assert found.past_weather is not None
        assert row["n_observations"] == found.observations.values
        assert row["observation_landings"] == list(found.observations.landing_ids)
        assert row["past_weather_landings"] == list(found.past_weather.landing_ids)
        assert set(row["weather_landings"]) == {run["landing_id"] for run in found.weather}
        assert row["weather_issue_time"] == min(run["issue_time"] for run in found.weather)
        assert row["train_to"] == found.model["training"]["train_to"]
