"""`gridcast monitor`: the flow of that name, and whylogs' own pages for those who know them."""

from typing import Annotated

import typer

from gridcast.front import Front


def add_monitor(app: typer.Typer) -> None:
    """Add the command to the front door."""
    app.command()(monitor)


def monitor(
    context: typer.Context,
    weekly: Annotated[
        bool,
        typer.Option(
            "--weekly",
            help="Also report on the seven local days before, as the first run since Monday does.",
        ),
    ] = False,
    whylogs_html: Annotated[
        bool,
        typer.Option(
            "--whylogs-html",
            help="Also write whylogs' own drift pages to the lakehouse's folder reports/whylogs. "
            "Opened, they load scripts and fonts from the web; Gridcast's report loads nothing.",
        ),
    ] = False,
) -> None:
    """Profile what is new, judge drift and quality, and put the report in the outbox."""
    from gridcast.run import run_flow

    front: Front = context.obj
    run_flow(front, "monitor", None, weekly=weekly)
    if whylogs_html:
        _write_pages(front)


def _write_pages(front: Front) -> None:
    from lakehouse.arrow import ArrowTables
    from spark_jobs.whylogs_pages import write_pages

    lakehouse = front.settings.lakehouse
    files, problems = write_pages(ArrowTables(lakehouse), lakehouse / "reports" / "whylogs")
    for file in files:
        front.console.print(f"  {file}", markup=False, soft_wrap=True)
    for problem in problems:
        front.console.print(f"  {problem}", markup=False)
