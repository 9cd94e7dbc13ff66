"""The profile `aws`, as a person runs it: a day, a training and the next day, all of it on S3."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.arrow import ArrowTables
from lakehouse.places import Place, listing
from lakehouse.settings import PROJECT, load_settings
from lakehouse.tables.gold import FORECASTS, PROMOTIONS, RUNS, TRAINING_RUNS
from tests.serving.api.world import serving
from tests.serving.sql.running import running

# The sources of the sample in place of the real ones; all else is the profile's.
SAMPLE = {
    "GRIDCAST_CATALOGUE": "deployments/catalogues/sample.toml",
    "GRIDCAST_CLOCK": "sample",
    "GRIDCAST_SAMPLE_START": "2024-10-18T00:00:00+02:00",
    "GRIDCAST_SECONDS_BETWEEN_REQUESTS": json.dumps(
        dict.fromkeys(("energi_data_service", "open_meteo", "octopus"), 0)
    ),
    "GRIDCAST_TRAIN_EPOCHS": "1",
    "GRIDCAST_SPARK_OPTIONS": json.dumps(
        {
            "spark.sql.shuffle.partitions": "1",
            "spark.sql.leafNodeDefaultParallelism": "1",
            "spark.databricks.delta.snapshotPartitions": "1",
        }
    ),
} | dict.fromkeys(
    (
        "GRIDCAST_ENERGI_DATA_SERVICE",
        *(f"GRIDCAST_OPEN_METEO_{n}" for n in ("FORECAST", "ARCHIVE")),
        *(f"GRIDCAST_OPEN_METEO_{n}_RUNS" for n in ("SINGLE", "PREVIOUS")),
        "GRIDCAST_OCTOPUS",
    ),
    "emulator",
)
GROUP = "day_ahead_price"


@pytest.mark.timeout(3000)
def test_days_and_a_training_on_s3(s3: dict[str, str], lakehouse: Place, tmp_path: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("GRIDCAST_")}
    environment = bare | SAMPLE | {"GRIDCAST_PROFILE": "aws", "HOME": str(tmp_path)}
    environment |= {"GRIDCAST_LAKEHOUSE": str(lakehouse)}

    def gridcast(*arguments: str) -> str:
        done = subprocess.run(
            [Path(sys.executable).with_name("gridcast"), *arguments],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    gridcast("doctor")
    gridcast("run", "daily")
    gridcast("run", "train", "--group", GROUP)
    gridcast("run", "daily")

    tables = ArrowTables(lakehouse)
    assert {row["status"] for row in tables.rows(RUNS)} == {"ok"}
    trained = tables.rows(TRAINING_RUNS)
    assert {row["status"] for row in trained} == {"ok"}
    assert all(row["mlflow_run_id"] for row in trained if row["model_name"] == "lstm")
    assert tables.count(PROMOTIONS)
    made = tables.rows(FORECASTS, ["series_group", "model_name", "forecast_origin"])
    assert {row["model_name"] for row in made if row["series_group"] == GROUP} >= {"lstm", "blend"}
    assert len({row["forecast_origin"] for row in made}) == 2
    assert len(list(listing(lakehouse / "reports"))) == 2
    assert len(list(listing(lakehouse / "outbox"))) >= 2
    assert (lakehouse / "mlflow" / "artifacts").exists()
    # On the machine lies nothing but logs and stores of its own.
    assert {path.name for path in (tmp_path / ".gridcast").iterdir()} <= {
        "logs", "prefect", "mlflow", "warehouse",
    }  # fmt: skip

    with running(lakehouse, environment=environment) as server:
        assert server.ask("SELECT count(*) FROM gold.forecasts") == [(len(made),)]
    told = gridcast("sql", "--format", "json", "SELECT count(*) AS n FROM gold.forecasts")
    assert json.loads(told)[0]["n"] == len(made)

    settings = load_settings("sample", lakehouse=lakehouse, machine_folder=tmp_path)
    with serving(settings) as client:
        answer = client.get("/v1/forecasts", params={"series_id": "dk1.price.day_ahead"})
        assert answer.status_code == 200, answer.text
        newest = max(row["forecast_origin"] for row in made)
        origins = {row["forecast_origin"] for row in answer.json()["data"]}
        assert max(origins) == newest.strftime("%Y-%m-%dT%H:%M:%SZ")
        name = client.get("/v1/reports").json()["data"][0]["name"]
        assert "<html" in client.get(f"/v1/reports/{name}").text
