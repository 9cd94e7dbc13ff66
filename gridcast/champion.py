"""`gridcast promote`, `rollback` and `export-champion`: who is in charge of a group."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridcast.front import Front
from lakehouse.errors import BadInput

if TYPE_CHECKING:
    from flows.run import Run


def add_champion(app: typer.Typer) -> None:
    """Add the commands to the front door."""
    app.command()(promote)
    app.command()(rollback)
    app.command()(export_champion)


Group = Annotated[str, typer.Argument(help="A series group of the catalogue.")]
Reason = Annotated[str, typer.Option(help="Why: it is kept, and shown in the report.")]


def promote(
    context: typer.Context,
    group: Group,
    version: Annotated[str, typer.Argument(help="model_version in gold.training_runs.")],
    reason: Reason,
    model: Annotated[str, typer.Option(help="linear, lightgbm, lstm or blend.")] = "lstm",
) -> None:
    """Put a trained model in charge of a group from now on."""
    from spark_jobs import by_hand
    from spark_jobs.champions import Model

    run = _checked(context.obj, group, reason)
    wanted = Model(group, model, version)
    said = by_hand.promote(run.arrow, run.settings, wanted, reason, run.as_of, run.run_id)
    _tell(context.obj, run, said)


def rollback(context: typer.Context, group: Group, reason: Reason) -> None:
    """Put who was in charge of a group before its champion back."""
    from spark_jobs import by_hand

    run = _checked(context.obj, group, reason)
    said = by_hand.rollback(run.arrow, run.settings, group, reason, run.as_of, run.run_id)
    _tell(context.obj, run, said)


def export_champion(
    context: typer.Context,
    group: Group,
    folder: Annotated[Path, typer.Argument(help="A new folder; the scorer's image takes it in.")],
) -> None:
    """Write the model that is in charge of a group into a folder, for the scorer."""
    from lakehouse.places import at_hand
    from serving.scorer.champion import Champion, bake
    from spark_jobs import by_hand

    front: Front = context.obj
    chosen, saved = by_hand.in_charge(front.settings, group)
    with at_hand(saved) as here:
        bake(Champion(group, chosen.model_name, chosen.model_version), here, folder)
    front.console.print(f"{group}: {chosen.name} is in {folder}.", markup=False, soft_wrap=True)


def _tell(front: Front, run: "Run", said: str) -> None:
    """Here and, at once, by mail."""
    from spark_jobs import incidents, outbox

    incidents.tell_news(run.arrow, run.catalogue, run.settings, run.as_of, run.run_id)
    waiting = outbox.run(run.arrow, run.settings, run.as_of, run.run_id)
    for sentence in (said, *waiting):
        front.console.print(sentence, markup=False)


def _checked(front: Front, group: str, reason: str) -> "Run":
    from flows.run import new_run

    run = new_run(front.settings.profile, None)
    run.catalogue.members(group)  # an unknown group is told of
    if not reason.strip():
        raise BadInput("Expected a reason that others will understand, got none.")
    return run
