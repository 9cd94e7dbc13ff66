"""gridcast: day-ahead forecasts of energy series on a lakehouse that never reads the future."""

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gridcast.front import Front
from lakehouse.errors import GridcastError
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
    daily = "daily"


class Format(StrEnum):
    """How `gridcast sql` prints."""

    table = "table"
    csv = "csv"
    json = "json"


def _moment(text: str) -> datetime:
    return parse_utc(text)


@app.callback()
def options(
    context: typer.Context,
    profile: Annotated[
        str | None, typer.Option(help="sample (default) or live; also GRIDCAST_PROFILE.")
    ] = None,
    lakehouse: Annotated[
        Path | None, typer.Option(help="Folder of the tables; also GRIDCAST_LAKEHOUSE.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show logs and traces.")] = False,
) -> None:
    """Options that every command shares."""
    context.obj = Front(profile, lakehouse, verbose)


@app.command()
def demo(
    context: typer.Context,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over in an empty folder.")] = False,
    days: Annotated[int, typer.Option(min=1, max=44, help="Days to live through.")] = 17,
) -> None:
    """Run the whole job on the recorded sample: history, training, days of forecasts, report."""
    from gridcast.demo import run_demo

    context.obj.lasting = True
    run_demo(context.obj, fresh, days)


@app.command()
def run(
    context: typer.Context,
    flow: Annotated[FlowName, typer.Argument(help="Which flow.")],
    as_of: Annotated[
        datetime | None,
        typer.Option(
            parser=_moment, metavar="TIME", help="Moment whose knowledge to use, with an offset."
        ),
    ] = None,
) -> None:
    """Run one flow now, or as of a past moment (a replay)."""
    from gridcast.run import run_flow

    run_flow(context.obj, flow.value, as_of)


@app.command(context_settings={"ignore_unknown_options": True})  # a query may begin with --
def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="Spark SQL over bronze.…, silver.…, gold.…")],
    format: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """Ask the tables. Only the result goes to standard output."""
    from gridcast.sql import run_query

    run_query(context.obj, query, format.value)


@app.command()
def doctor(context: typer.Context) -> None:
    """Check Java, Python, jars, disk, ports and profile, and say how to fix each."""
    from gridcast.doctor import checks, print_report

    front: Front = context.obj
    if not print_report(checks(front.settings), front.console):
        raise typer.Exit(1)


@app.command()
def up(context: typer.Context) -> None:
    """Start the Prefect server, its deployments, a worker and MLflow's page, until Ctrl-C."""
    from gridcast.up import run_up

    run_up(context.obj)


def main() -> None:
    """The entry point: what a person can act on becomes one sentence and exit code 2.

    Anything else is a fault of ours and exits with 1. --verbose shows the trace of both.
    """
    try:
        app()
    except Exception as fault:
        if "--verbose" in sys.argv:
            raise
        if isinstance(fault, GridcastError):
            sys.stderr.write(f"gridcast: {fault}\n")
            sys.exit(2)
        sys.stderr.write(
            f"gridcast: unexpected {type(fault).__name__}: {str(fault).splitlines()[:1]}. "
            "Run it again with 'gridcast --verbose …' for the trace.\n"
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
