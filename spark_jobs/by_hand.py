"""A person decides who is in charge of a group: one more row of gold.promotions, with a reason."""

from datetime import datetime

from lakehouse.arrow import ArrowTables
from lakehouse.errors import BadInput
from lakehouse.places import Place
from lakehouse.settings import Settings
from lakehouse.tables.gold import PROMOTIONS, TRAINING_RUNS
from spark_jobs.champions import Model, in_charge_until, naive_of, standings_at
from spark_jobs.decisions import decision_row
from spark_jobs.train import make_registry, models_folder

_FIRST_TURN = 100
"""After the decisions of a training of the same moment."""


def promote(
    arrow: ArrowTables, settings: Settings, wanted: Model, reason: str, at: datetime, run_id: str
) -> str:
    """Put a trained model in charge of its group from a moment on; returns what was said.

    Raises BadInput where it was not trained, or is in charge already.
    """
    group = wanted.series_group
    trained = {
        (row["model_name"], row["model_version"]): row["mlflow_run_id"]
        for row in arrow.rows(TRAINING_RUNS)
        if (row["series_group"], row["status"]) == (group, "ok") and row["as_of"] <= at
    }
    asked = (wanted.model_name, wanted.model_version)
    if asked not in trained:
        known = ", ".join(" ".join(names) for names in sorted(trained)[-8:]) or "none"
        raise BadInput(
            f"Expected a trained model of {group}, got {wanted.name}; the newest are: {known}. "
            "See gold.training_runs, or name the kind with --model."
        )
    chosen = Model(group, *asked, trained[asked])
    return _decided(arrow, settings, group, chosen, reason, at, run_id)


def rollback(
    arrow: ArrowTables, settings: Settings, group: str, reason: str, at: datetime, run_id: str
) -> str:
    """Put who was in charge before the champion back; returns what was said.

    Raises BadInput where nobody was put in charge yet.
    """
    held = in_charge_until(arrow, at).get(group, [])
    if len(held) < 2:
        raise BadInput(
            f"Expected a champion of {group} to roll back from; seasonal naive has always been in "
            "charge. See gold.promotions."
        )
    return _decided(arrow, settings, group, held[-2][0], reason, at, run_id)


def in_charge(settings: Settings, group: str) -> tuple[Model, Place]:
    """The champion of a group, and the folder that its training left.

    Raises BadInput for an unknown group, or one that seasonal naive is in charge of.
    """
    settings.read_catalogue().members(group)
    arrow = ArrowTables(settings.lakehouse)
    standing = standings_at(arrow, settings.make_clock().now()).get(group)
    if standing is None or standing.champion is None:
        raise BadInput(
            f"Expected a trained champion of {group}; seasonal naive is in charge, which needs no "
            "model. Train the group with 'gridcast run train', or see gold.promotions."
        )
    return standing.champion, standing.champion.folder(models_folder(settings))


def _decided(
    arrow: ArrowTables,
    settings: Settings,
    group: str,
    chosen: Model | None,
    reason: str,
    at: datetime,
    run_id: str,
) -> str:
    standing = standings_at(arrow, at).get(group)
    before = (standing and standing.champion) or naive_of(group)
    after = chosen or naive_of(group)
    if after.is_same(before):
        raise BadInput(f"{after.name} is in charge of {group} already.")
    if chosen:
        make_registry(settings).set_champion(group, chosen.model_name, chosen.model_version)
    else:
        make_registry(settings).clear_champion(group)
    said = f"{group}: {after.name} is in charge instead of {before.name}. By hand: {reason}"
    turn = _next_turn(arrow, group, at)
    row = decision_row(at, turn, after, before, after, "person", said, run_id)
    arrow.insert_new(PROMOTIONS, [row])
    return said


def _next_turn(arrow: ArrowTables, group: str, at: datetime) -> int:
    same = (
        row["turn"]
        for row in arrow.rows(PROMOTIONS)
        if (row["series_group"], row["decided_at"]) == (group, at)
    )
    return max(_FIRST_TURN, 1 + max(same, default=0))
