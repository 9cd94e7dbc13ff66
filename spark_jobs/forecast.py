"""Score every series at its group's origin: champion, challengers and naive, seven quantiles."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.places import Place, place
from lakehouse.settings import Settings
from lakehouse.spark.parallel import side_by_side
from lakehouse.spark.tables import SparkTables
from lakehouse.tables.gold import CALIBRATION, FEATURES, FORECASTS, QUANTILES
from lakehouse.time import DAY
from models import naive
from models.broken_days import Broken, untrusted, without
from models.calibration import stretched
from models.quantiles import MEDIAN, to_rows
from models.samples import PAST_DAYS, Floats, Samples, from_rows
from models.trained import Trained
from spark_jobs.broken import broken_days
from spark_jobs.calibrated import Stretch, in_force
from spark_jobs.champions import Model, Standing, naive_of, standings_at
from spark_jobs.dense import dense_rows
from spark_jobs.features import FEATURE_VERSION, feature_rows, inputs, samples_at
from spark_jobs.stored_models import load
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
_SAID = {
    "champion": "The fallback answers. ",
    "fallback": "The next in line answers. ",
    "challenger": "A challenger is silent. ",
    "quality": "Seasonal naive answers. ",
}


def make_scorer(
    standings: Mapping[str, Standing], folder: Place, broken: Broken, stretch: Stretch
) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The function that applyInPandas runs once per group: samples in, quantiles out.

    Seasonal naive always answers. For a champion that cannot, the first of its stand-ins that can
    does. A model that cannot answer leaves one row whose `problem` says why. No model sees the
    values of a broken day, and of a series whose newest days are broken none is asked.
    """

    def score_group(frame: pd.DataFrame) -> pd.DataFrame:
        group = str(frame["series_group"].iloc[0])
        answers = _Answers(group, from_rows(dense_rows(frame)), folder, broken, stretch)
        standing = standings.get(group, Standing())
        if standing.champion and not answers.hear(standing.champion, "champion"):
            for model in standing.stand_ins:
                if answers.hear(model, "fallback"):
                    break
        for model in standing.challengers:
            answers.hear(model, "challenger")
        scored = pd.concat(answers.frames, ignore_index=True).reindex(columns=list(SCORED))
        return scored.astype({name: object for name, kind in SCORED.items() if kind == "string"})

    return score_group


class _Answers:
    """The forecasts of one group's samples, one frame per model; seasonal naive's is there."""

    def __init__(
        self, group: str, samples: Samples, folder: Place, broken: Broken, stretch: Stretch
    ) -> None:
        sound = without(samples, broken)
        poor = untrusted(samples, broken)
        self._samples, self._folder = sound.select(~poor), folder
        self._stretch = stretch
        self._asked: set[str] = set()
        quantiles = naive.seasonal_naive_quantiles(sound)
        self.frames = [self._told(naive_of(group), "fallback", sound, quantiles)]
        if poor.any():
            names = ", ".join(sorted(samples.series_id[poor]))
            why = f"{group}: gold.quality calls some of the newest days of {names} broken."
            self.frames.append(pd.DataFrame([{"forecast_source": "quality", "problem": why}]))

    def hear(self, model: Model, source: str) -> bool:
        """Add the forecast of a model not asked before; whether it gave one, or needed to."""
        if not len(self._samples):
            return True
        if model.name in self._asked:
            return False
        self._asked.add(model.name)
        try:
            quantiles = _load(str(model.folder(self._folder))).predict(self._samples)
        except Exception as fault:  # another answers, and the reason is kept
            why = f"{model.series_group}: {model.name}: {type(fault).__name__}: {fault}"
            self.frames.append(pd.DataFrame([{"forecast_source": source, "problem": why}]))
            return False
        self.frames.append(self._told(model, source, self._samples, quantiles))
        return True

    def _told(self, model: Model, source: str, samples: Samples, quantiles: Floats) -> pd.DataFrame:
        """Rows of a forecast, its intervals stretched as its live days ask for."""
        as_it_is = np.ones(MEDIAN)
        names = (model.model_name, model.model_version)
        by = [self._stretch.get((series, *names), as_it_is) for series in samples.series_id]
        if len(samples):
            quantiles = stretched(quantiles, np.stack(by))
        return to_rows(samples, quantiles).assign(
            model_name=names[0], model_version=names[1], forecast_source=source
        )


@lru_cache(maxsize=32)
def _load(folder: str) -> Trained:
    """One load per group, model and worker."""
    return load(place(folder))


def score(
    seen: DataFrame,
    standings: Mapping[str, Standing],
    folder: Place,
    broken: Broken,
    stretch: Stretch,
) -> DataFrame:
    """Samples -> quantiles, one task per group; computed here and now, once."""
    scorer = make_scorer(standings, folder, broken, stretch)
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
    # Models that were trained together share a version; their runs are their own.
    mlflow_run = F.coalesce(
        *(
            F.when(
                F.expr(
                    f"series_group = '{model.series_group}' AND model_name = '{model.model_name}' "
                    f"AND model_version = '{model.model_version}'"
                ),
                F.lit(model.mlflow_run_id),
            )
            for model in stamp["models"]
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

    Returns rows written per table, and the sentences of models that could not answer.
    """
    issued = [(name, group.last_origin(as_of)) for name, group in catalogue.groups.items()]
    standings = standings_at(arrow, as_of)
    seen = samples_at(tables, catalogue, issued).localCheckpoint()
    oldest = min(origin for _, origin in issued).date() - (PAST_DAYS + 1) * DAY
    broken = broken_days(arrow, issued, oldest)
    corrected, stretch = in_force(arrow, catalogue, issued, standings, run_kind, run_id)
    scored = score(seen, standings, models_folder(settings), broken, stretch)
    problems = [
        _SAID[row["forecast_source"]] + row["problem"]
        for row in scored.where("problem IS NOT NULL").collect()
    ]
    stamp = {
        "produced_at": produced_at,
        "run_id": run_id,
        "table_versions": arrow.versions(inputs(catalogue)),
        "models": [model for standing in standings.values() for model in standing.all],
    }
    since = ("forecast_origin", min(origin for _, origin in issued))
    features, forecasts = side_by_side(
        lambda: tables.insert_new(FEATURES, feature_rows(seen), since),
        lambda: tables.insert_new(FORECASTS, forecast_rows(scored, seen, run_kind, stamp), since),
    )
    return {
        FEATURES.name: features,
        CALIBRATION.name: corrected,
        FORECASTS.name: forecasts,
    }, problems
