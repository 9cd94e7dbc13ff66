"""The commands of history, as Typer reads them: backfill, rebuild, export."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lakehouse.time import parse_utc


def add_history(app: typer.Typer) -> None:
    """Add the commands to the front door."""
    for command in (backfill, rebuild, export):
        app.command()(command)


class Layer(StrEnum):
    """What `gridcast rebuild` makes anew."""

    silver = "silver"
    gold = "gold"


class Exported(StrEnum):
    """What `gridcast export` writes."""

    observations = "observations"
    forecasts = "forecasts"
    performance = "performance"


class FileFormat(StrEnum):
    """How `gridcast export` writes it."""

    csv = "csv"
    parquet = "parquet"
    json = "json"


def _day_or_moment(text: str) -> datetime:
    return parse_utc(f"{text}T00:00Z" if len(text) == len("2024-10-18") else text)


First = Annotated[
    datetime | None,
    typer.Option(
        "--from", parser=_day_or_moment, metavar="TIME", help="A UTC day, or a time with an offset."
    ),
]
Last = Annotated[
    datetime | None,
    typer.Option("--to", parser=_day_or_moment, metavar="TIME", help="The end, not included."),
]


def backfill(
    context: typer.Context,
    first: First = None,
    last: Last = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this source. Repeatable.")] = None,
    data_set: Annotated[
        list[str] | None, typer.Option(help="Only this data set. Repeatable.")
    ] = None,
    forecast: Annotated[
        bool, typer.Option("--forecast", help="Also forecast and evaluate its days as if live.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option(help="Land a downloaded file of --data-set instead of asking.")
    ] = None,
) -> None:
    """Collect history; interrupted and started again, it goes on where it was."""
    from gridcast.backfill import Asked, run_backfill

    run_backfill(context.obj, Asked(first, last, source or [], data_set or [], forecast, file))


def rebuild(
    context: typer.Context,
    layer: Annotated[Layer, typer.Argument(help="silver: from landed files. gold: from silver.")],
) -> None:
    """Make tables anew from what they were made of; the content is the same."""
    from gridcast.rebuild import run_rebuild

    run_rebuild(context.obj, layer.value)


def export(
    context: typer.Context,
    kind: Annotated[Exported, typer.Argument(help="What to export.")],
    output: Annotated[Path, typer.Option(help="The file to write.")],
    series: Annotated[list[str] | None, typer.Option(help="Only this series. Repeatable.")] = None,
    first: First = None,
    last: Last = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            parser=parse_utc, metavar="TIME", help="As it was known then; else the newest."
        ),
    ] = None,
    resolution: Annotated[
        int | None,
        typer.Option(min=1, max=1440, metavar="MINUTES", help="Observations at this resolution."),
    ] = None,
    format: Annotated[FileFormat, typer.Option("--format", help="How.")] = FileFormat.csv,
) -> None:
    """Write collected data or historic performance to one file."""
    from gridcast.export import run_export

    run_export(
        context.obj,
        kind.value,
        series or [],
        (first, last),
        as_of,
        resolution,
        format.value,
        output,
    )
