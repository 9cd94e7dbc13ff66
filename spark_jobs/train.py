"""Train the candidates of each series group on Spark, log them, and decide who is champion."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pandas as pd

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.places import Place, remove, spark_uri
from lakehouse.settings import Settings
from lakehouse.spark.parallel import side_by_side
from lakehouse.spark.tables import SparkTables
from lakehouse.tables.gold import BACKTESTS, PROMOTIONS, TRAINING_RUNS
from lakehouse.time import DAY, local_day
from models.live_days import SHADOW_DAYS, SHADOW_MARGIN
from models.lstm import LstmConfig
from models.promotion import decide
from models.registry import Registry
from spark_jobs.broken import broken_days
from spark_jobs.champions import Model, Standing, naive_of, standings_at
from spark_jobs.contests import Rows, contest, scores
from spark_jobs.decisions import decision_row
from spark_jobs.features import FEATURE_VERSION, inputs, samples_at
from spark_jobs.fitting import FITTED_SCHEMA, make_fitter
from spark_jobs.judging import JUDGED_SCHEMA, make_judge
from spark_jobs.origins import origins_between
from spark_jobs.tracking import log_model
from spark_jobs.training_plan import CANDIDATES, OK, UNFINISHED, Plan, quicker
from spark_jobs.tuned import tuned

Work = Callable[[Iterator[pd.DataFrame]], Iterator[pd.DataFrame]]
BESIDE = (
    f"It takes over after {SHADOW_DAYS} live days beside the champion, unless its MAE there is "
    f"more than {SHADOW_MARGIN:.0%} higher."
)
#: Target days between the newest known truth and `as_of` that a plan allows for.
_SLACK_DAYS = 60


def make_plan(settings: Settings, catalogue: Catalogue, as_of: datetime) -> Plan:
    """The training of a profile as of a moment. Its version says when, what and which seed."""
    found = sorted(tuned(settings.lakehouse, LstmConfig()).items())
    plan = quicker(
        Plan(
            model_version="",
            folder=models_folder(settings),
            as_of_day=local_day(as_of, catalogue.schedule.zone),
            train_days=settings.train_days,
            holdout_days=settings.holdout_days,
            seed=settings.seed,
            config=LstmConfig(),
            tuned=tuple(found),
        ),
        settings.train_epochs,
    )
    groups = [
        (name, group.resolution_minutes, group.covariates)
        for name, group in sorted(catalogue.groups.items())
    ]
    shape = f"{plan.config.fingerprint()} {plan.trees} {plan.train_days} {plan.holdout_days}"
    chosen = [(name, one.fingerprint()) for name, one in plan.tuned]
    what = f"{shape} {plan.seed} {FEATURE_VERSION} {groups} {chosen}"
    digest = hashlib.sha256(what.encode()).hexdigest()[:8]
    return replace(plan, model_version=f"{as_of:%Y%m%dT%H%MZ}-{digest}")


def train_groups(
    tables: SparkTables,
    catalogue: Catalogue,
    plan: Plan,
    groups: Sequence[str],
    as_of: datetime,
    champions: Mapping[str, Model],
) -> list[dict[str, Any]]:
    """Status rows of all candidates: one Spark task fits each part, then one judges each group.
    A failing part stops no other."""
    origins = {
        group: origins_between(
            catalogue.groups[group], _first_day(catalogue, plan), plan.as_of_day + DAY, as_of
        )
        for group in groups
    }
    issued = [(group, origin) for group in groups for origin in origins[group]]
    seen = samples_at(tables, catalogue, issued, truth_as_of=as_of)
    columns = [name for name in seen.columns if name not in ("unit", "history_end")]
    written = seen.select(*columns).repartition("series_group").write.mode("overwrite")
    written.partitionBy("series_group").parquet(spark_uri(plan.samples_folder))
    work = {group: len(origins[group]) * len(catalogue.members(group)) for group in groups}
    in_order = sorted(groups, key=lambda group: -work[group])
    parts = [part for group in in_order for part in plan.parts(group)]
    fitted = _one_task_each(tables, len(parts), make_fitter(plan, parts), FITTED_SCHEMA)
    judge = make_judge(plan, in_order, fitted, champions)
    judged = _one_task_each(tables, len(in_order), judge, JUDGED_SCHEMA)
    remove(plan.samples_folder)
    return judged


def run(
    tables: SparkTables,
    arrow: ArrowTables,
    catalogue: Catalogue,
    settings: Settings,
    groups: Sequence[str],
    as_of: datetime,
    run_id: str,
) -> list[dict[str, Any]]:
    """Train, log to MLflow, and write training_runs, backtests and promotions.

    A group already trained at this `as_of` with this plan is not trained again. Returns the
    rows of gold.training_runs that the call is about.
    """
    plan = make_plan(settings, catalogue, as_of)
    plan = replace(
        plan,
        blocked=broken_days(arrow, [(group, as_of) for group in groups]),
        deadline=time.time() + 60.0 * settings.train_minutes,
    )
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
        for turn, kind in enumerate(CANDIDATES):
            if (group, kind) in done:
                continue
            row = _training_row(rows[kind], plan, as_of, backtests) | stamp
            if row["status"] == OK:
                model = plan.model(group, kind)
                logged = log_model(registry, plan, model, backtests, row)
                row["mlflow_run_id"] = logged
                model = replace(model, mlflow_run_id=logged)
                _promote(arrow, registry, model, backtests, as_of, turn, run_id)
            # The status row comes last: a run that was killed before it does the model again.
            if row["status"] != UNFINISHED:
                arrow.insert_new(TRAINING_RUNS, [row])
            done[group, kind] = row
    return [done[group, kind] for group in groups for kind in CANDIDATES if (group, kind) in done]


def make_registry(settings: Settings) -> Registry:
    """The MLflow store of a profile: the one it names, else SQLite on this machine."""
    if settings.mlflow_tracking:
        return Registry(settings.mlflow_store, settings.mlflow_artifacts)
    (settings.here / "mlflow").mkdir(parents=True, exist_ok=True)
    artifacts = settings.lakehouse / "mlflow" / "artifacts"
    return Registry(settings.mlflow_store, artifacts.as_uri())


def _first_day(catalogue: Catalogue, plan: Plan) -> date:
    oldest = local_day(catalogue.history_start, catalogue.schedule.zone)
    reach = plan.train_days + plan.holdout_days + _SLACK_DAYS
    return max(oldest + DAY, plan.as_of_day - reach * DAY)


def _one_task_each(
    tables: SparkTables, count: int, work: Work, schema: str
) -> list[dict[str, Any]]:
    """What a function makes of the places 0 to `count`, each a task of its own. Spark starts tasks
    in their order: what takes longest should come first."""
    places = tables.spark.range(0, count, numPartitions=count)
    return [row.asDict(recursive=True) for row in places.mapInPandas(work, schema).collect()]


def _training_row(
    result: dict[str, Any], plan: Plan, as_of: datetime, backtests: Rows
) -> dict[str, Any]:
    group, kind = result["series_group"], result["model_name"]
    mine: dict[str, dict[str, float]] = {}
    if result["status"] == OK:
        mine = scores(backtests, plan.model(group, kind))
    naive = scores(backtests, naive_of(group))
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
    standing = standings_at(arrow, as_of).get(group, Standing())
    champion, ahead = standing.champion, standing.champion
    if standing.awaiting and standing.awaiting[0].model_version == model.model_version:
        ahead = standing.awaiting[0]
    asked, incumbent = contest(backtests, model, ahead)
    decision = decide(asked)
    # Who was put in charge a moment ago, by this training, has no live days to be compared on.
    was_there = champion is not None and champion.model_version != model.model_version
    waits, takes_over = decision.promote and was_there, decision.promote and not was_there
    in_charge = champion or naive_of(group)
    beside = model
    if takes_over:
        registry.set_champion(group, model.model_name, model.model_version)
        in_charge, beside = model, in_charge
    registry.set_challenger(group, beside.model_name, beside.model_version)
    row = decision_row(
        as_of,
        turn,
        model,
        incumbent,
        in_charge,
        "backtest",
        decision.reason + (f" {BESIDE}" if waits else ""),
        run_id,
        awaiting=waits,
        n_days=decision.n_days,
        figures=vars(decision),
    )
    arrow.insert_new(PROMOTIONS, [row])


def _backtest_rows(result: dict[str, Any], plan: Plan, run_id: str) -> list[dict[str, Any]]:
    about = {
        "backtest": plan.model_version,
        "series_group": result["series_group"],
        "run_id": run_id,
    }
    return [about | row for row in result["backtests"] or []]


def models_folder(settings: Settings) -> Place:
    """Where trained models lie, by group and version."""
    return settings.lakehouse / "models"
