"""`gridcast backtest`: forecast the days of a file as they would have been, and judge them."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from lakehouse.errors import BadInput
from models.backtest import outcome, report
from models.backtest.history import Columns, read
from models.backtest.plan import Plan, checked, fingerprint, lost_series
from models.backtest.run import run

_ABOUT = "backtest.json"
_SHOWN = {
    "mae": "MAE",
    "rmse": "RMSE",
    "mase": "MASE",
    "pinball": "pinball",
    "coverage_80": "80 %",
    "coverage_90": "90 %",
    "seconds_train": "train s",
}


@dataclass(frozen=True)
class Asked:
    """What the command line said."""

    file: Path
    columns: Columns
    plan: Plan
    output: Path
    jobs: int
    fresh: bool


def run_backtest(console: Console, asked: Asked) -> None:
    """Run what is missing of a backtest, then write its forecasts, figures and report."""
    history = read(asked.file, asked.columns)
    plan = checked(asked.plan, history)
    _own_folder(asked, fingerprint(plan, history))
    for series_id, why in lost_series(history, plan).items():
        console.print(f"{series_id}: seasonal naive answers for it: {why}.")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        bar = progress.add_task(f"{asked.file.name}: {plan.test_start} to {plan.test_end}")
        run(
            history, plan, asked.output, asked.jobs,
            lambda done, total: progress.update(bar, completed=done, total=total),
        )  # fmt: skip
    found = outcome.gather(history, plan, asked.output)
    figures = outcome.write(found, asked.output)
    report.write(found, figures, asked.file.name, plan, asked.output / "report.html")
    console.print(_table(figures))
    console.print(f"{asked.output}: forecasts.parquet, metrics.json, report.html")


def _own_folder(asked: Asked, mark: str) -> None:
    """Make the folder this backtest's. Raises BadInput where it is another's."""
    about = asked.output / _ABOUT
    if asked.fresh:
        shutil.rmtree(asked.output / "parts", ignore_errors=True)
        about.unlink(missing_ok=True)
    if about.exists():
        held = json.loads(about.read_text())
        if held.get("fingerprint") != mark:
            raise BadInput(
                f"{asked.output} holds a backtest of {held.get('file')} with other data or "
                "options. Choose another --output, or start over with --fresh."
            )
        return
    try:
        asked.output.mkdir(parents=True, exist_ok=True)
        about.write_text(json.dumps({"file": asked.file.name, "fingerprint": mark}) + "\n")
    except OSError as fault:
        raise BadInput(f"{asked.output} cannot be written: {fault.strerror}.") from None


def _table(figures: dict[str, Any]) -> Table:
    table = Table("model", *_SHOWN.values())
    for name, scores in figures["models"].items():
        table.add_row(name, *(f"{scores[key]:.4g}" for key in _SHOWN))
    return table
