"""Score every series at its group's origin: champion beside seasonal naive, seven quantiles."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.settings import Settings
from lakehouse.spark.parallel import side_by_side
from lakehouse.spark.tables import SparkTables
from lakehouse.tables.gold import FEATURES, FORECASTS, QUANTILES
from models import lstm, naive
from models.lstm import TrainedLstm
from models.quantiles import to_rows
from models.samples import from_rows
from spark_jobs.champions import FALLBACK, FALLBACK_VERSION, Champion, champions_at
from spark_jobs.dense import dense_rows
from spark_jobs.features import FEATURE_VERSION, feature_rows, inputs, samples_at
from spark_jobs.train import models_folder

SCORED = {
    "series_id": "string",
    "forecast_origin": "timestamp",
    "valid_time": "timestamp",
    "model_name": "string",
    "model_version": "string",
    "forecast_source": "string",
    "problem": "string",
    **dict.fromkeys(QUANTILES, "double"),
}
SCORED_SCHEMA = ", ".join(f"{name} {kind}" for name, kind in SCORED.items())


def make_scorer(
    champions: dict[str, Champion], folder: Path
) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The function that applyInPandas runs once per group: samples in, quantiles out.

    The fallback always answers. A champion that cannot answer leaves one row whose `problem`
    says why.
    """

    def score_group(frame: pd.DataFrame) -> pd.DataFrame:
        group = str(frame["series_group"].iloc[0])
        samples = from_rows(dense_rows(frame))
        answers = [
            to_rows(samples, naive.seasonal_naive_quantiles(samples)).assign(
                model_name=FALLBACK, model_version=FALLBACK_VERSION, forecast_source="fallback"
            )
        ]
        champion = champions.get(group)
        if champion:
            names = {"model_name": champion.model_name, "model_version": champion.model_version}
            try:
                model = _load(str(folder / group / champion.model_version))
                quantiles = model.predict(samples)
                answers.append(
                    to_rows(samples, quantiles).assign(**names, forecast_source="champion")
                )
            except Exception as fault:  # the fallback answers, and the reason is kept
                problem = f"{group}: {type(fault).__name__}: {fault}"
                answers.append(pd.DataFrame([names | {"problem": problem}]))
        scored = pd.concat(answers, ignore_index=True).reindex(columns=list(SCORED))
        return scored.astype({name: object for name, kind in SCORED.items() if kind == "string"})

    return score_group


@lru_cache(maxsize=16)
def _load(folder: str) -> TrainedLstm:
    """One load per group, version and worker."""
    return lstm.load(Path(folder))


def score(seen: DataFrame, champions: dict[str, Champion], folder: Path) -> DataFrame:
    """Samples -> quantiles, one task per group; computed here and now, once."""
    scorer = make_scorer(champions, folder)
    return seen.groupBy("series_group").applyInPandas(scorer, SCORED_SCHEMA).localCheckpoint()


def forecast_rows(
    scored: DataFrame, seen: DataFrame, run_kind: str, stamp: dict[str, Any]
) -> DataFrame:
    """Scored quantiles and the samples they came from -> gold.forecasts.

    Intervals for which a model has no answer are left out: a gap stays a gap.
    """
    told = seen.select(
        "series_id", "forecast_origin", "series_group", "unit", "weather_issue_time", "history_end"
    )
    versions = F.create_map(
        *(F.lit(part) for pair in stamp["table_versions"].items() for part in pair)
    )
    # Groups that were trained together share a model version; their runs are their own.
    mlflow_run = F.coalesce(
        *(
            F.when(F.expr(f"series_group = '{group}' AND model_version = '{version}'"), F.lit(run))
            for (group, version), run in stamp["mlflow_runs"].items()
        ),
        F.lit(None),
    )
    return (
        scored.where("problem IS NULL AND q50 IS NOT NULL AND NOT isnan(q50)")
        .join(told, on=["series_id", "forecast_origin"], how="inner")
        .withColumns(
            {
                "run_kind": F.lit(run_kind),
                "horizon_hours": F.expr(
                    "(unix_seconds(valid_time) - unix_seconds(forecast_origin)) / 3600.0D"
                ),
                "feature_version": F.lit(FEATURE_VERSION),
                "produced_at": F.lit(stamp["produced_at"]),
                "mlflow_run_id": mlflow_run.cast("string"),
                "table_versions": versions,
                "run_id": F.lit(stamp["run_id"]),
            }
        )
        .select(*FORECASTS.column_names)
    )


def run(
    tables: SparkTables,
    arrow: ArrowTables,
    catalogue: Catalogue,
    settings: Settings,
    as_of: datetime,
    run_kind: str,
    run_id: str,
    produced_at: datetime,
) -> tuple[dict[str, int], list[str]]:
    """Forecast the next local day of every group. Forecasts already issued stay as they are.

    Returns rows written per table, and the sentences of champions that could not answer.
    """
    issued = [(name, group.last_origin(as_of)) for name, group in catalogue.groups.items()]
    champions = champions_at(arrow, as_of)
    seen = samples_at(tables, catalogue, issued).localCheckpoint()
    scored = score(seen, champions, models_folder(settings))
    problems = [row["problem"] for row in scored.where("problem IS NOT NULL").collect()]
    stamp = {
        "produced_at": produced_at,
        "run_id": run_id,
        "table_versions": arrow.versions(inputs(catalogue)),
        "mlflow_runs": {
            (c.series_group, c.model_version): c.mlflow_run_id for c in champions.values()
        },
    }
    since = ("forecast_origin", min(origin for _, origin in issued))
    features, forecasts = side_by_side(
        lambda: tables.insert_new(FEATURES, feature_rows(seen), since),
        lambda: tables.insert_new(FORECASTS, forecast_rows(scored, seen, run_kind, stamp), since),
    )
    return {FEATURES.name: features, FORECASTS.name: forecasts}, problems
