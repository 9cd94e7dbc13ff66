"""Train the candidates of each series group on Spark, log them, and decide who is champion."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.plain_values import finite
from lakehouse.settings import Settings
from lakehouse.spark.parallel import side_by_side
from lakehouse.spark.tables import SparkTables
from lakehouse.tables.gold import BACKTESTS, PROFILES, PROMOTIONS, TRAINING_RUNS
from lakehouse.time import DAY, local_day
from models.lstm import LstmConfig
from models.promotion import decide
from models.registry import ModelRecord, Registry
from models.samples import COLUMNS, COVARIATES
from spark_jobs.champions import FALLBACK, FALLBACK_VERSION, Model, Standing, standings_at
from spark_jobs.contests import Rows, contest, scores
from spark_jobs.features import FEATURE_VERSION, inputs, samples_at
from spark_jobs.origins import origins_between
from spark_jobs.training_task import (
    CANDIDATES,
    EXAMPLE,
    RESULT_SCHEMA,
    Plan,
    make_trainer,
    with_epochs,
)
from spark_jobs.tuned import tuned

TRAINING = "training"
#: Target days between the newest known truth and `as_of` that a plan allows for.
_SLACK_DAYS = 60


def make_plan(settings: Settings, catalogue: Catalogue, as_of: datetime) -> Plan:
    """The training of a profile as of a moment. Its version says when, what and which seed."""
    config = with_epochs(LstmConfig(), settings.train_epochs)
    shape = f"{config.fingerprint()} {settings.train_days} {settings.holdout_days}"
    groups = [
        (name, group.resolution_minutes, group.covariates)
        for name, group in sorted(catalogue.groups.items())
    ]
    found = tuned(settings.lakehouse, config)
    chosen = [(name, one.fingerprint()) for name, one in sorted(found.items())]
    what = f"{shape} {settings.seed} {FEATURE_VERSION} {groups} {chosen or ''}".strip()
    digest = hashlib.sha256(what.encode()).hexdigest()[:8]
    return Plan(
        model_version=f"{as_of:%Y%m%dT%H%MZ}-{digest}",
        folder=models_folder(settings),
        as_of_day=local_day(as_of, catalogue.schedule.zone),
        train_days=settings.train_days,
        holdout_days=settings.holdout_days,
        seed=settings.seed,
        config=config,
        tuned={name: with_epochs(one, settings.train_epochs) for name, one in found.items()},
    )


def train_groups(
    tables: SparkTables,
    catalogue: Catalogue,
    plan: Plan,
    groups: Sequence[str],
    as_of: datetime,
    champions: Mapping[str, Model],
) -> list[dict[str, Any]]:
    """One Spark task per group; returns their status rows. A failing group stops no other."""
    origins = {
        group: origins_between(
            catalogue.groups[group], _first_day(catalogue, plan), plan.as_of_day + DAY, as_of
        )
        for group in groups
    }
    issued = [(group, origin) for group in groups for origin in origins[group]]
    seen = samples_at(tables, catalogue, issued, truth_as_of=as_of)
    columns = [name for name in seen.columns if name not in ("unit", "history_end")]
    work = {group: len(origins[group]) * len(catalogue.members(group)) for group in groups}
    results = (
        _one_task_each(seen.select(*columns), sorted(groups, key=lambda g: -work[g]))
        .groupBy("slot", "series_group")
        .applyInPandas(make_trainer(plan, champions), RESULT_SCHEMA)
        .localCheckpoint()  # a lazy result that is read twice would train twice
    )
    return [row.asDict(recursive=True) for row in results.collect()]


def run(
    tables: SparkTables,
    arrow: ArrowTables,
    catalogue: Catalogue,
    settings: Settings,
    groups: Sequence[str],
    as_of: datetime,
    run_id: str,
) -> list[dict[str, Any]]:
    """Train, log to MLflow, and write training_runs, backtests, profiles and promotions.

    A group already trained at this `as_of` with this plan is not trained again. Returns the
    rows of gold.training_runs that the call is about.
    """
    plan = make_plan(settings, catalogue, as_of)
    done = {
        (row["series_group"], row["model_name"]): row
        for row in arrow.rows(TRAINING_RUNS)
        if row["model_version"] == plan.model_version
    }
    todo = [g for g in groups if any((g, kind) not in done for kind in CANDIDATES)]
    results: list[dict[str, Any]] = []
    registry = make_registry(settings)
    if todo:
        champions = {
            group: standing.champion
            for group, standing in standings_at(arrow, as_of).items()
            if standing.champion
        }
        with tables.in_bulk():
            _, results = side_by_side(
                registry.prepare,
                lambda: train_groups(tables, catalogue, plan, todo, as_of, champions),
            )
    stamp = {"run_id": run_id, "table_versions": arrow.versions(inputs(catalogue))}
    for group in todo:
        rows = {row["model_name"]: row for row in results if row["series_group"] == group}
        backtests = [
            row for result in rows.values() for row in _backtest_rows(result, plan, run_id)
        ]
        arrow.insert_new(BACKTESTS, backtests)
        for result in rows.values():
            arrow.insert_new(PROFILES, _profile_rows(result, plan, run_id))
        for turn, kind in enumerate(CANDIDATES):
            if (group, kind) in done:
                continue
            row = _training_row(rows[kind], plan, as_of, backtests) | stamp
            if row["status"] == "ok":
                model = plan.model(group, kind)
                logged = _log(registry, plan, model, backtests, row["table_versions"])
                row["mlflow_run_id"] = logged
                model = replace(model, mlflow_run_id=logged)
                _promote(arrow, registry, model, backtests, as_of, turn, run_id)
            # The status row comes last: a run that was killed before it does the model again.
            arrow.insert_new(TRAINING_RUNS, [row])
            done[group, kind] = row
    return [done[group, kind] for group in groups for kind in CANDIDATES if (group, kind) in done]


def make_registry(settings: Settings) -> Registry:
    """The MLflow store of a profile: SQLite and a folder beside the tables."""
    folder = settings.lakehouse / "mlflow"
    folder.mkdir(parents=True, exist_ok=True)
    return Registry(f"sqlite:///{folder / 'mlflow.db'}", (folder / "artifacts").as_uri())


def _first_day(catalogue: Catalogue, plan: Plan) -> date:
    oldest = local_day(catalogue.history_start, catalogue.schedule.zone)
    reach = plan.train_days + plan.holdout_days + _SLACK_DAYS
    return max(oldest + DAY, plan.as_of_day - reach * DAY)


def _one_task_each(seen: DataFrame, groups: Sequence[str]) -> DataFrame:
    """Samples with a column `slot`, so partitioned that each group is a task of its own.

    Spark starts tasks in the order of their partitions: the first of `groups` starts first, so
    give the longest first, or it starts when the others are done.
    """
    parts = len(groups)
    numbers = seen.sparkSession.range(100 * parts).select(F.col("id").cast("int").alias("slot"))
    landing = numbers.select("slot", F.expr(f"pmod(hash(slot), {parts})").alias("part"))
    slots = {row["part"]: row["slot"] for row in landing.collect()}
    slot = F.create_map(
        *(F.lit(item) for part, group in enumerate(groups) for item in (group, slots[part]))
    )
    return seen.withColumn("slot", slot[F.col("series_group")]).repartition(parts, "slot")


def _log(
    registry: Registry,
    plan: Plan,
    model: Model,
    backtests: Rows,
    versions: dict[str, str],
) -> str:
    folder = model.folder(plan.folder)
    naive = scores(backtests, Model(model.series_group, FALLBACK, FALLBACK_VERSION))
    figures = {
        f"holdout_{prefix}{kind}.{series_id}": value
        for prefix, found in (("", scores(backtests, model)), ("naive_", naive))
        for series_id, of_series in found.items()
        for kind, value in of_series.items()
    }
    record = ModelRecord(
        series_group=model.series_group,
        model_name=model.model_name,
        model_version=model.model_version,
        metrics=figures,
        table_versions={name: int(version) for name, version in versions.items()},
    )
    example = pd.read_parquet(folder / EXAMPLE)
    asked_for = [name for name in (*COLUMNS, *COVARIATES) if name in example]
    return registry.log(folder, record, example[asked_for]).run_id


def _training_row(
    result: dict[str, Any], plan: Plan, as_of: datetime, backtests: Rows
) -> dict[str, Any]:
    group, kind = result["series_group"], result["model_name"]
    mine: dict[str, dict[str, float]] = {}
    if result["status"] == "ok":
        mine = scores(backtests, plan.model(group, kind))
    naive = scores(backtests, Model(group, FALLBACK, FALLBACK_VERSION))
    days = ("train_from", "train_to", "holdout_from", "holdout_to")
    return {
        "series_group": group,
        "model_name": kind,
        "model_version": plan.model_version,
        "as_of": as_of,
        "status": result["status"],
        "reason": result["reason"],
        **{name: result[name] for name in days},
        "samples": result["samples"] or 0,
        **{
            name: _mean_share([(f[name], naive[series][name]) for series, f in mine.items()])
            for name in ("mae", "pinball")
        },
        "feature_version": FEATURE_VERSION,
        "seconds": result["seconds"],
        "mlflow_run_id": None,
    }


def _mean_share(pairs: list[tuple[float, float]]) -> float | None:
    """The mean of first / second; null where there are none, or a second is 0."""
    if not pairs or not all(other for _, other in pairs):
        return None
    return sum(one / other for one, other in pairs) / len(pairs)


def _promote(
    arrow: ArrowTables,
    registry: Registry,
    model: Model,
    backtests: Rows,
    as_of: datetime,
    turn: int,
    run_id: str,
) -> None:
    group = model.series_group
    champion = standings_at(arrow, as_of).get(group, Standing()).champion
    asked, incumbent = contest(backtests, model, champion)
    decision = decide(asked)
    in_charge = champion or Model(group, FALLBACK, FALLBACK_VERSION)
    beside = model
    if decision.promote:
        registry.set_champion(group, model.model_name, model.model_version)
        in_charge, beside = model, in_charge
    registry.set_challenger(group, beside.model_name, beside.model_version)
    arrow.insert_new(
        PROMOTIONS,
        [
            {
                "series_group": group,
                "decided_at": as_of,
                "turn": turn,
                "champion_model": in_charge.model_name,
                "champion_version": in_charge.model_version,
                "candidate_model": model.model_name,
                "candidate_version": model.model_version,
                "incumbent_model": incumbent.model_name,
                "incumbent_version": incumbent.model_version,
                "promoted": decision.promote,
                "n_days": decision.n_days,
                **{
                    name: finite(getattr(decision, name))
                    for name in ("mae_ratio", "pinball_ratio", "p_value", "coverage_80")
                },
                "reason": decision.reason,
                "mlflow_run_id": model.mlflow_run_id,
                "run_id": run_id,
            }
        ],
    )


def _backtest_rows(result: dict[str, Any], plan: Plan, run_id: str) -> list[dict[str, Any]]:
    about = {
        "backtest": plan.model_version,
        "series_group": result["series_group"],
        "run_id": run_id,
    }
    return [about | row for row in result["backtests"] or []]


def _profile_rows(result: dict[str, Any], plan: Plan, run_id: str) -> list[dict[str, Any]]:
    return [
        {
            "data_set": TRAINING,
            "series_group": result["series_group"],
            "day": part["day"],
            "revision": plan.model_version,
            "rows": part["rows"],
            "profile": bytes(part["profile"]),
            "run_id": run_id,
        }
        for part in result["profiles"] or []
    ]


def models_folder(settings: Settings) -> Path:
    """Where trained models lie, by group and version."""
    return settings.lakehouse / "models"
