"""Search the LSTM's configuration for a group, on days before those that training holds out."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from pyspark.sql import functions as F

from lakehouse.catalogue import Catalogue
from lakehouse.errors import BadInput
from lakehouse.settings import Settings
from lakehouse.spark.tables import SparkTables, literal
from lakehouse.tables.silver import OBSERVATIONS
from lakehouse.time import DAY, as_utc, at_local, iso, local_day
from models import lstm
from models.backtest.recorded import Recorded, read_about
from models.lstm import LstmConfig
from models.tuning import Judging, Study, Told, search
from models.tuning_log import TuningLog
from spark_jobs.replay import Wanted, record
from spark_jobs.train import make_registry
from spark_jobs.tuned import keep

#: Days between the newest known truth and an origin that the samples allow for.
_SLACK_DAYS = 60


@dataclass(frozen=True)
class Asked:
    """How many trials, and for how long new ones may begin."""

    trials: int
    budget: timedelta
    cuts: int = Judging.cuts
    days: int = Judging.days


@dataclass(frozen=True)
class Found:
    """The study, whether its best is better than the defaults and was kept, and its MLflow run."""

    study: Study
    kept: bool
    mlflow_run_id: str


def run(
    tables: SparkTables,
    catalogue: Catalogue,
    settings: Settings,
    series_group: str,
    as_of: datetime,
    asked: Asked,
    told: Told,
) -> Found:
    """Go on with the group's study, log it to MLflow, and keep what is better for training.

    Raises BadInput for an unknown group or one with too few days.
    """
    judging = Judging(
        asked.cuts, asked.days, settings.train_days, settings.seed, settings.train_epochs
    )
    replay = _validation(tables, catalogue, settings, series_group, as_of, judging)
    base = lstm.suited(LstmConfig(), replay.samples(0, len(replay.days)))
    what = f"{replay.mark} {judging} {base.fingerprint()}"
    name = f"{series_group}-{hashlib.sha256(what.encode()).hexdigest()[:8]}"
    storage = f"sqlite:///{_folder(settings) / 'optuna.db'}"
    study = search(replay, judging, storage, name, (asked.trials, asked.budget), base, told)
    run_id = TuningLog(make_registry(settings)).log(study, series_group)
    return Found(study, keep(settings.lakehouse, series_group, study), run_id)


def _validation(
    tables: SparkTables,
    catalogue: Catalogue,
    settings: Settings,
    series_group: str,
    as_of: datetime,
    judging: Judging,
) -> Recorded:
    """The days before those that a training at `as_of` holds out, as known at the first of them."""
    held_from = _newest_known(tables, catalogue, series_group, as_of) - (
        (settings.holdout_days - 1) * DAY
    )
    group = catalogue.groups[series_group]
    origin = at_local(held_from - DAY, group.origin, group.zone)
    reach = judging.train_days + judging.cuts * judging.days + _SLACK_DAYS
    last = held_from - DAY
    wanted = Wanted(series_group, last, last, origin).since(catalogue, reach)
    about = wanted.about(catalogue, settings)
    file = _folder(settings) / f"{series_group}.parquet"
    if not file.exists() or read_about(file) != about:
        record(tables, catalogue, wanted, about, file)
    return Recorded(file)


def _newest_known(
    tables: SparkTables, catalogue: Catalogue, series_group: str, as_of: datetime
) -> date:
    """The newest local day of which a value of the group is known."""
    members = [series.series_id for series in catalogue.members(series_group)]
    known = tables.read(OBSERVATIONS).where(
        F.col("series_id").isin(members) & F.expr(f"available_at <= {literal(as_of)}")
    )
    row = known.agg(F.max("event_time").alias("newest")).first()
    if row is None or row["newest"] is None:
        raise BadInput(
            f"Expected values of {series_group} known by {iso(as_of)}; there are none. Run "
            "'gridcast backfill' or 'gridcast run ingest' and 'build' first."
        )
    return local_day(as_utc(row["newest"]), catalogue.groups[series_group].zone)


def _folder(settings: Settings) -> Path:
    """Where searches lie: beside MLflow's own store."""
    folder = settings.here / "mlflow"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
