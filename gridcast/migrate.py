"""`gridcast migrate`: bring the tables of a lakehouse to the contract of a version."""

from typing import Annotated

import typer

from gridcast.front import Front


def migrate(
    context: typer.Context,
    is_applied: Annotated[
        bool, typer.Option("--apply/--plan", help="Do it, or only say what would be done.")
    ] = False,
    to: Annotated[
        int | None, typer.Option(min=1, help="The contract; this program's own unless told.")
    ] = None,
) -> None:
    """Bring tables that another version made to this one's contract, or back to an older one."""
    # Imported here: small images have this command, too, and no Delta.
    from lakehouse import migrated
    from lakehouse.arrow import ArrowTables
    from lakehouse.migrations import newest

    front: Front = context.obj
    arrow = ArrowTables(front.settings.lakehouse)
    steps = migrated.plan(arrow, to)
    goal = newest() if to is None else to
    if not steps:
        front.console.print(f"All tables are of contract {goal}: nothing to do.")
    for step in steps:
        front.console.print(f"{step.table.name}: contract {step.at} to {step.to}", markup=False)
        for sentence in step.sentences:
            front.console.print(f"  {sentence}", markup=False)
        if is_applied:
            with arrow.lane(step.table):
                rows = migrated.apply(arrow, step)
            front.console.print(f"  done: {rows} rows", markup=False)
    if steps and not is_applied:
        front.console.print("Nothing was changed. 'gridcast migrate --apply' does it.")
