"""Train one model per series group on Spark, judge it, log it, and decide who is champion."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
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
from lakehouse.tables.gold import PROFILES, PROMOTIONS, TRAINING_RUNS
from lakehouse.time import DAY, local_day
from models.lstm import LstmConfig
from models.promotion import Decision, Evidence, decide
from models.registry import ModelRecord, Registry
from models.samples import COLUMNS, COVARIATES
from spark_jobs.champions import FALLBACK, FALLBACK_VERSION, champions_at
from spark_jobs.features import FEATURE_VERSION, inputs, samples_at
from spark_jobs.origins import origins_between
from spark_jobs.training_task import (
    EXAMPLE,
    MODEL_NAME,
    RESULT_SCHEMA,
    Plan,
    evidence_from_json,
    make_trainer,
    with_epochs,
)

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
    what = f"{shape} {settings.seed} {FEATURE_VERSION} {groups}"
    digest = hashlib.sha256(what.encode()).hexdigest()[:8]
    return Plan(
        model_version=f"{as_of:%Y%m%dT%H%MZ}-{digest}",
        folder=models_folder(settings),
        as_of_day=local_day(as_of, catalogue.schedule.zone),
        train_days=settings.train_days,
        holdout_days=settings.holdout_days,
        seed=settings.seed,
        config=config,
    )


def train_groups(
    tables: SparkTables, catalogue: Catalogue, plan: Plan, groups: Sequence[str], as_of: datetime
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
        .applyInPandas(make_trainer(plan), RESULT_SCHEMA)
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
    """Train, log to MLflow, and write training_runs, profiles and promotions.

    A group already trained at this `as_of` with this plan is not trained again. Returns the
    rows of gold.training_runs that the call is about.
    """
    plan = make_plan(settings, catalogue, as_of)
    done = {
        row["series_group"]: row
        for row in arrow.rows(TRAINING_RUNS)
        if row["model_version"] == plan.model_version
    }
    todo = [group for group in groups if group not in done]
    versions = arrow.versions(inputs(catalogue))
    registry = make_registry(settings)
    results: list[dict[str, Any]] = []
    if todo:
        with tables.in_bulk():
            _, results = side_by_side(
                registry.prepare, lambda: train_groups(tables, catalogue, plan, todo, as_of)
            )
    for result in results:
        group = result["series_group"]
        evidence = evidence_from_json(result["evidence"]) if result["status"] == "ok" else None
        logged = _log(registry, plan, group, evidence, versions) if evidence else None
        arrow.insert_new(PROFILES, _profile_rows(result, plan, run_id))
        row = _training_row(result, plan, as_of, evidence) | {
            "run_id": run_id,
            "mlflow_run_id": logged,
            "table_versions": versions,
        }
        if evidence:
            _promote(arrow, registry, evidence, decide(evidence), as_of, row)
        # The status row comes last: a run that was killed before it does the group again.
        arrow.insert_new(TRAINING_RUNS, [row])
        done[group] = row
    return [done[group] for group in groups if group in done]


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
    group: str,
    evidence: Evidence,
    versions: dict[str, str],
) -> str:
    folder = plan.model_folder(group)
    scores = {
        f"holdout_{kind}.{series_id}": value
        for series_id, series in evidence.series.items()
        for kind, value in vars(series).items()
    }
    record = ModelRecord(
        series_group=group,
        model_name=MODEL_NAME,
        model_version=plan.model_version,
        metrics=scores,
        table_versions={name: int(version) for name, version in versions.items()},
    )
    example = pd.read_parquet(folder / EXAMPLE)
    asked_for = [name for name in (*COLUMNS, *COVARIATES) if name in example]
    return registry.log(folder, record, example[asked_for]).run_id


def _training_row(
    result: dict[str, Any], plan: Plan, as_of: datetime, evidence: Evidence | None
) -> dict[str, Any]:
    scores = list(evidence.series.values()) if evidence else []
    days = ("train_from", "train_to", "holdout_from", "holdout_to")
    return {
        "series_group": result["series_group"],
        "model_name": MODEL_NAME,
        "model_version": plan.model_version,
        "as_of": as_of,
        "status": result["status"],
        "reason": result["reason"],
        **{name: result[name] for name in days},
        "samples": result["samples"] or 0,
        "mae": _mean([s.mae / s.naive_mae for s in scores]),
        "pinball": _mean([s.pinball / s.naive_pinball for s in scores]),
        "feature_version": FEATURE_VERSION,
        "seconds": result["seconds"],
    }


def _mean(ratios: list[float]) -> float | None:
    return sum(ratios) / len(ratios) if ratios else None


def _promote(
    arrow: ArrowTables,
    registry: Registry,
    evidence: Evidence,
    decision: Decision,
    as_of: datetime,
    row: dict[str, Any],
) -> None:
    group = evidence.series_group
    before = champions_at(arrow, as_of).get(group)
    in_charge = (
        (before.model_name, before.model_version) if before else (FALLBACK, FALLBACK_VERSION)
    )
    if decision.promote:
        in_charge = (evidence.model_name, evidence.model_version)
        registry.set_champion(group, evidence.model_version)
    arrow.insert_new(
        PROMOTIONS,
        [
            {
                "series_group": group,
                "decided_at": as_of,
                "champion_model": in_charge[0],
                "champion_version": in_charge[1],
                "candidate_model": evidence.model_name,
                "candidate_version": evidence.model_version,
                "promoted": decision.promote,
                "reason": decision.reason,
                "mlflow_run_id": row["mlflow_run_id"],
                "run_id": row["run_id"],
            }
        ],
    )


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
