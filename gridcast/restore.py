"""`gridcast restore TABLE`: what versions a table has, and one of them put back."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridcast.front import Front
from lakehouse.errors import BadInput, TableError
from lakehouse.tables import Table
from lakehouse.tables import table as table_named
from lakehouse.time import iso, parse_utc

if TYPE_CHECKING:  # small images have this command, too, and no Delta
    from lakehouse.arrow import ArrowTables


def restore(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="TABLE", help="Such as gold.promotions.")],
    version: Annotated[int | None, typer.Option(min=0, help="Put this version back.")] = None,
    at: Annotated[
        datetime | None,
        typer.Option(parser=parse_utc, metavar="TIME", help="Or what the table was then."),
    ] = None,
) -> None:
    """List a table's versions, or put one back: one commit more, which can be undone likewise."""
    from lakehouse.arrow import ArrowTables

    front: Front = context.obj
    table = table_named(name)
    arrow = ArrowTables(front.settings.lakehouse)
    if version is not None and at is not None:
        raise BadInput("Expected --version or --at, got both. Leave one out.")
    target = at if version is None else version
    if target is None:
        told = _history(arrow, table)
    else:
        with arrow.lane(table):
            told = [_restored(arrow, table, target)]
    for line in told:
        front.console.print(line, markup=False, soft_wrap=True)


def _history(arrow: "ArrowTables", table: Table) -> list[str]:
    """A line for each version that the log still tells of, newest first."""
    return [
        f"{entry['version']:>6}  {_moment(entry)}  {entry.get('operation', '').lower()}"
        for entry in arrow.unchecked(table).history()
    ]


def _moment(entry: dict[str, Any]) -> str:
    return iso(datetime.fromtimestamp(entry["timestamp"] / 1000, UTC))


def _restored(arrow: "ArrowTables", table: Table, target: int | datetime) -> str:
    """Do it; returns what was done, and how to undo it. Raises TableError where it cannot be."""
    from deltalake.exceptions import DeltaError

    delta = arrow.unchecked(table)
    before, rows = delta.version(), delta.count()
    told = iso(target) if isinstance(target, datetime) else f"version {target}"
    if isinstance(target, int) and target >= before:
        raise BadInput(f"Expected a version of {table.name} before {before}, which it is at.")
    try:
        delta.restore(target)
    except DeltaError as fault:
        raise TableError(
            f"Expected the files of {table.name} as of {told}; {str(fault).splitlines()[0]} What "
            f"'gridcast run maintain' has cleared away ({table.retention_days} days) only a backup "
            f"has. 'gridcast restore {table.name}' lists what the log knows."
        ) from None
    after = arrow.unchecked(table)
    return (
        f"{table.name} is as of {told} again: {after.count()} rows, {rows} before. "
        f"Undo: gridcast restore {table.name} --version {before}"
    )
