"""The short page that the demo ends with."""

import fnmatch
import os
from pathlib import Path

import pandas as pd
from rich.table import Table

from flows.run import Run
from gridcast.front import MLFLOW_PORT, SERVER, Front
from lakehouse.places import Place, listing
from lakehouse.tables import TABLES
from lakehouse.time import iso
from spark_jobs.report import SIMULATED, accuracy


def print_page(front: Front, run: Run, seconds: float) -> None:
    """What was built, how accurate it is, where to look, and what to try next."""
    print_out = front.console.print
    print_out()
    print_out(
        f"[bold]Gridcast {run.settings.profile}[/] as of {iso(run.as_of)} (the sample's clock), "
        f"after {seconds:.0f} s"
    )
    tables = Table("table", "rows", box=None, header_style="bold")
    for table in TABLES:
        tables.add_row(table.name, f"{run.arrow.count(table):,}")
    print_out(tables)
    run.tables.register()
    print_out(_accuracy(accuracy(run.tables)))
    for sentence in SIMULATED:
        print_out(f"[dim]Simulated: {sentence}[/]")
    folder = run.settings.lakehouse
    pages = [name for name, _ in listing(folder / "reports")]
    reports = sorted(fnmatch.filter(pages, "report-*.html"))
    report = _near(folder / "reports" / reports[-1]) if reports else ""
    print_out()
    print_out(f"Report   {report or 'none yet: gridcast run monitor'}")
    print_out(f"Mail     {_near(folder / 'outbox')}")
    if run.settings.mlflow_tracking:  # its address may hold a password
        print_out("MLflow   the store that mlflow_tracking names; 'gridcast up' tells its page")
    else:
        print_out(
            f"MLflow   {_near(run.settings.here / 'mlflow')}; page with 'gridcast up': "
            f"http://127.0.0.1:{MLFLOW_PORT}"
        )
    print_out(f"Prefect  {_near(run.settings.here / 'prefect')}; page with 'gridcast up': {SERVER}")
    print_out()
    print_out("Try next")
    for command in (
        'gridcast sql "SELECT series_id, valid_time, q10, q50, q90 FROM gold.forecast_latest '
        'ORDER BY valid_time DESC, series_id LIMIT 8"',
        "gridcast run daily",
        "gridcast up",
    ):
        print_out(f"  .venv/bin/{command}", markup=False)


def _accuracy(frame: pd.DataFrame) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 1))
    table.add_column("series", overflow="fold")
    table.add_column("model", overflow="fold")
    for name in ("days", "MAE", "pinball", "unit", "in 80 %", "skill"):
        table.add_column(name, no_wrap=True, justify="left" if name == "unit" else "right")
    for row in frame.to_dict("records"):
        table.add_row(
            row["series_id"],
            f"{row['model_name']} ({row['forecast_source']})",
            str(row["days"]),
            f"{row['mae']:,.1f}",
            f"{row['pinball']:,.2f}",
            row["unit"],
            f"{row['coverage_80']:.0%}",
            f"{row['skill']:+.0%}",
        )
    table.caption = (
        "In 80 %: truths within q10..q90. Skill: 1 - MAE / MAE of seasonal naive on the same hours."
        if len(frame)
        else "No forecast has met its truth yet."
    )
    return table


def _near(path: Place) -> str:
    return os.path.relpath(path) if isinstance(path, Path) else str(path)
