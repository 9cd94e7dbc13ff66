"""`gridcast backtest`: forecast the days of a file, or of a series group, as they would have been,
and judge them."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gridcast.front import Front
from lakehouse.errors import BadInput
from lakehouse.time import parse_utc
from models.backtest import outcome, report
from models.backtest.days import Daily, FileReplay
from models.backtest.history import Columns, read
from models.backtest.plan import WARM_UP_DAYS, Plan, checked, fingerprint, lost_series
from models.backtest.recorded import Recorded, read_about
from models.backtest.replay import Replay
from models.backtest.run import run

_ABOUT = "backtest.json"
_SAMPLES = "samples.parquet"
#: Days between the newest known truth and the first origin that a recording allows for.
_SLACK_DAYS = 60
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
    """What the command line said of the work, whatever is replayed."""

    plan: Plan
    output: Path
    jobs: int
    fresh: bool


def backtest_file(
    console: Console, file: Path, columns: Columns, daily: Daily, asked: Asked
) -> None:
    """Backtest the days of a file."""
    _run(console, asked, lambda: FileReplay(file.name, read(file, columns), daily))


def backtest_group(front: Front, series_group: str, as_of: datetime | None, asked: Asked) -> None:
    """Backtest days of a series group of the lakehouse, by what was known at its origins."""
    front.lasting = True
    _run(front.console, asked, lambda: _recorded(front, series_group, as_of, asked))


def _run(console: Console, asked: Asked, replayed: Callable[[], Replay]) -> None:
    """Run what is missing of a backtest, then write its forecasts, figures and report."""
    if asked.fresh:
        shutil.rmtree(asked.output / "parts", ignore_errors=True)
        for name in (_ABOUT, _SAMPLES):
            (asked.output / name).unlink(missing_ok=True)
    replay = replayed()
    plan = checked(asked.plan, replay)
    _own_folder(asked.output, replay.name, fingerprint(plan, replay))
    for series_id, why in lost_series(plan, replay).items():
        console.print(f"{series_id}: seasonal naive answers for it: {why}.")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        bar = progress.add_task(f"{replay.name}: {plan.test_start} to {plan.test_end}")
        run(
            replay, plan, asked.output, asked.jobs,
            lambda done, total: progress.update(bar, completed=done, total=total),
        )  # fmt: skip
    found = outcome.gather(replay, plan, asked.output)
    figures = outcome.write(found, asked.output)
    report.write(found, figures, replay, plan, asked.output / "report.html")
    console.print(_table(figures))
    console.print(f"{asked.output}: forecasts.parquet, metrics.json, report.html")


def _recorded(front: Front, series_group: str, as_of: datetime | None, asked: Asked) -> Recorded:
    """The group's samples: those that an earlier start recorded where they fit, else read anew."""
    from flows.run import new_run
    from spark_jobs.replay import Wanted, record

    this = new_run(front.settings.profile, as_of)
    plan, file = asked.plan, asked.output / _SAMPLES
    wanted = Wanted(series_group, plan.test_start, plan.test_end, this.as_of).since(
        this.catalogue, plan.train_days + WARM_UP_DAYS + _SLACK_DAYS
    )
    about = wanted.about(this.catalogue, this.settings)
    if file.exists():
        held = read_about(file)
        if replace(held, as_of="") == replace(about, as_of="") and (
            as_of is None or parse_utc(held.as_of) == as_of
        ):
            front.console.print(f"{file}: recorded before, with the truth as known at {held.as_of}")
            return Recorded(file)
    if file.exists() or (asked.output / _ABOUT).exists():
        raise _another(asked.output)
    _make(asked.output)
    front.console.print(
        f"{series_group}: reading what was known at the origins of {wanted.first} to {wanted.last}"
    )
    record(this.tables, this.catalogue, wanted, about, file)
    return Recorded(file)


def _own_folder(output: Path, name: str, mark: str) -> None:
    """Make the folder this backtest's. Raises BadInput where it is another's."""
    about = output / _ABOUT
    if about.exists():
        if json.loads(about.read_text()).get("fingerprint") != mark:
            raise _another(output)
        return
    _make(output)
    about.write_text(json.dumps({"of": name, "fingerprint": mark}) + "\n")


def _another(output: Path) -> BadInput:
    about = output / _ABOUT
    held = json.loads(about.read_text()).get("of") if about.exists() else "a series group"
    return BadInput(
        f"{output} holds a backtest of {held} with other data or options. Choose another "
        "--output, or start over with --fresh."
    )


def _make(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise BadInput(f"{output} cannot be written: {fault.strerror}.") from None


def _table(figures: dict[str, Any]) -> Table:
    table = Table("model", *_SHOWN.values())
    for name, scores in figures["models"].items():
        table.add_row(name, *(f"{scores[key]:.4g}" for key in _SHOWN))
    return table
