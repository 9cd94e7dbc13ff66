"""gridcast: day-ahead forecasts of energy series on a lakehouse that never reads the future."""

import sys
from datetime import datetime
from datetime import time as clock_time
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from gridcast.accuracy import add_accuracy
from gridcast.champion import add_champion
from gridcast.ending import asked_to_end, end_by, end_with_a_word
from gridcast.explain import explain
from gridcast.front import Front
from gridcast.history import add_history
from gridcast.migrate import migrate
from gridcast.monitor import add_monitor
from gridcast.restore import restore
from gridcast.serve import serve
from lakehouse.damage import told
from lakehouse.errors import BadInput, GridcastError
from lakehouse.time import parse_utc

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Day-ahead forecasts of energy series, correct about time.",
)


class FlowName(StrEnum):
    """What `gridcast run` can run, in the order of a day."""

    ingest = "ingest"
    build = "build"
    train = "train"
    forecast = "forecast"
    evaluate = "evaluate"
    monitor = "monitor"
    alert = "alert"
    daily = "daily"
    maintain = "maintain"


class Format(StrEnum):
    """How `gridcast sql` prints."""

    table = "table"
    csv = "csv"
    json = "json"


def _clock_time(text: str) -> clock_time:
    try:
        return clock_time.fromisoformat(text)
    except ValueError:
        raise BadInput(f"Expected a local time such as 09:30, got '{text}'.") from None


def _tell_version(is_asked: bool) -> None:
    """The version of pyproject.toml, and the contract of its tables."""
    if is_asked:
        from lakehouse.migrations import newest

        typer.echo(f"gridcast {version('gridcast')}, tables of contract {newest()}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    profile: Annotated[
        str | None, typer.Option(help="sample (default) or live; also GRIDCAST_PROFILE.")
    ] = None,
    lakehouse: Annotated[
        str | None,
        typer.Option(help="Folder of the tables, or s3://BUCKET; also GRIDCAST_LAKEHOUSE."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show logs and traces.")] = False,
    is_version_asked: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="And end.")
    ] = False,
) -> None:
    """Options that every command shares."""
    context.obj = Front(profile, lakehouse, verbose)


@app.command()
def demo(
    context: typer.Context,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over in an empty folder.")] = False,
    days: Annotated[
        int | None, typer.Option(min=1, max=44, help="Days to live through: 17 unless told.")
    ] = None,
    incident: Annotated[
        str | None, typer.Option(help="Something goes wrong: level-shift or unit-change.")
    ] = None,
) -> None:
    """Run the whole job on the recorded sample: history, training, days of forecasts, report."""
    from gridcast.demo import run_demo

    context.obj.lasting = True
    run_demo(context.obj, fresh, days, incident)


@app.command()
def run(
    context: typer.Context,
    flow: Annotated[FlowName, typer.Argument(help="Which flow.")],
    as_of: Annotated[
        datetime | None,
        typer.Option(
            parser=parse_utc, metavar="TIME", help="Moment whose knowledge to use, with an offset."
        ),
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="Of train: only this series group. Repeatable.")
    ] = None,
) -> None:
    """Run one flow now, or as of a past moment (a replay)."""
    from gridcast.run import run_flow

    run_flow(context.obj, flow.value, as_of, group)


@app.command(context_settings={"ignore_unknown_options": True})  # a query may begin with --
def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="Spark SQL over bronze.…, silver.…, gold.…")],
    format: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """Ask the tables. Only the result goes to standard output."""
    from gridcast.sql import run_query

    run_query(context.obj, query, format.value)


app.command()(explain)
add_history(app)
add_accuracy(app)
add_champion(app)
add_monitor(app)
app.command()(migrate)
app.command()(restore)


@app.command()
def doctor(context: typer.Context) -> None:
    """Check Java, Python, jars, disk, ports and profile, and say how to fix each."""
    from gridcast.doctor import checks, print_report

    front: Front = context.obj
    if not print_report(checks(front.settings), front.console):
        raise typer.Exit(1)


@app.command()
def up(context: typer.Context) -> None:
    """Start all pages and servers, the deployments and a worker, with one log, until Ctrl-C."""
    from gridcast.up import run_up

    run_up(context.obj)


app.add_typer(serve, name="serve")

series = typer.Typer(no_args_is_help=True, help="The catalogue, and series of your own.")
app.add_typer(series, name="series")


@series.command("list")
def list_series(
    context: typer.Context,
    format: Annotated[Format, typer.Option("--format", help="table or json.")] = Format.table,
) -> None:
    """Show every series of the profile."""
    from gridcast.series import print_list

    print_list(context.obj, format.value)


@series.command("check")
def check_series(context: typer.Context) -> None:
    """Check the catalogue: unknown names, units and time zones are told of."""
    from gridcast.series import print_check

    print_check(context.obj)


@series.command("add")
def add_series(
    context: typer.Context,
    file: Annotated[Path, typer.Option(help="CSV or Parquet, gzip-compressed or not.")],
    time: Annotated[str, typer.Option(help="Column of the intervals' starts.")],
    value: Annotated[str, typer.Option(help="Column of the values.")],
    unit: Annotated[str, typer.Option(help="Such as kWh, MW or EUR/MWh.")],
    timezone: Annotated[
        str, typer.Option(help="Of times without offset: an IANA name, UTC, or +01:00.")
    ],
    group: Annotated[str, typer.Option(help="Series group; an unknown one is made.")],
    series_id: Annotated[str | None, typer.Option("--id", help="Else the file's name.")] = None,
    known: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Known in advance (a covariate). Repeatable."),
    ] = None,
    known_at: Annotated[
        str, typer.Option(metavar="HH:MM", help="When, on the day before, it is known.")
    ] = "08:00",
    time_format: Annotated[
        str, typer.Option(help="Such as 'dd.MM.yyyy HH:mm'; ISO 8601 needs none.")
    ] = "",
    delay_hours: Annotated[
        int, typer.Option(min=0, help="After an interval's end its value is known.")
    ] = 24,
    resolution_minutes: Annotated[
        int | None, typer.Option(min=1, max=1440, help="Else the file's most frequent step.")
    ] = None,
    origin: Annotated[
        str, typer.Option(metavar="HH:MM", help="Of a new group: when it forecasts, local time.")
    ] = "09:30",
    location: Annotated[str | None, typer.Option(help="Whose weather it uses.")] = None,
    description: Annotated[str, typer.Option(help="What it measures.")] = "",
) -> None:
    """Bring a series from a file through landing, bronze and silver; again for new values."""
    from gridcast.series import run_add
    from spark_jobs.own_series import OwnSeries

    own = OwnSeries(
        file=file,
        time_column=time,
        value_column=value,
        unit=unit,
        timezone=timezone,
        group=group,
        series_id=series_id or file.name.split(".")[0].lower(),
        delay_hours=delay_hours,
        time_format=time_format,
        known_columns=tuple(known or ()),
        known_at=_clock_time(known_at),
        resolution_minutes=resolution_minutes,
        origin=_clock_time(origin),
        location_id=location,
        description=description,
    )
    run_add(context.obj, own)


@app.command()
def emulator(
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Option(help="Folder of recorded data; the profile's by default.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 is any free one.")] = 8790,
    at: Annotated[
        datetime | None,
        typer.Option(
            parser=parse_utc, metavar="TIME", help="A clock of its own; else the profile's."
        ),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE", help="Answer wrongly by a rule; 'help' lists them. Repeatable."
        ),
    ] = None,
) -> None:
    """Play recorded data through the sources' own protocols, until Ctrl-C."""
    from gridcast.emulator import run_emulator

    run_emulator(context.obj, data, port, at, fault or [])


def main() -> None:
    """The entry point: what a person can act on becomes one sentence and exit code 2.

    Anything else is a fault of ours and exits with 1. --verbose shows the trace of both. Who is
    asked to end says so.
    """
    end_with_a_word()
    try:
        app()
    except Exception as fault:
        if asked := asked_to_end(fault):
            end_by(asked)
        if "--verbose" in sys.argv:
            raise
        known = fault if isinstance(fault, GridcastError) else told(fault)
        if known:
            sys.stderr.write(f"gridcast: {known}\n")
            sys.exit(2)
        sys.stderr.write(
            f"gridcast: unexpected {type(fault).__name__}: {str(fault).splitlines()[:1]}. "
            "Run it again with 'gridcast --verbose …' for the trace.\n"
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
