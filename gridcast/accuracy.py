"""The commands of accuracy, as Typer reads them: backtest, tune."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lakehouse.errors import BadInput
from lakehouse.time import DAY, parse_utc


def add_accuracy(app: typer.Typer) -> None:
    """Add the commands to the front door."""
    app.command()(backtest)
    app.command()(tune)


class TimeIs(StrEnum):
    """How a file writes times without an offset."""

    local = "local"
    utc = "utc"


class Decimal(StrEnum):
    """What a file writes before decimals."""

    point = "."
    comma = ","


def day(text: str) -> date:
    """A day as a person writes it. Raises BadInput."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"Expected a day such as 2024-10-18, got '{text}'.") from None


def span(text: str) -> timedelta:
    """A length of time from `9d`, `12h` or `30m`; a number alone is hours. Raises BadInput."""
    units = {"d": "days", "h": "hours", "m": "minutes"}
    number, unit = (text[:-1], text[-1:]) if text[-1:] in units else (text, "h")
    try:
        length = timedelta(**{units[unit]: float(number)})
    except (ValueError, OverflowError):
        length = -DAY
    if length < timedelta(0):
        raise BadInput(f"Expected a span such as 28d, 9d, 12h or 0h, got '{text}'.")
    return length


_OF_FILES = (
    "input", "time_column", "target", "test_start", "test_end", "known", "id_column", "timezone",
    "time_is", "delimiter", "decimal", "horizon", "origin_hour", "delay", "allow_gaps",
)  # fmt: skip
_OF_GROUPS = ("group", "from", "to", "as_of")
_FILE_NEEDS, _GROUP_NEEDS = _OF_FILES[:5], _OF_GROUPS[:3]


def backtest(
    context: typer.Context,
    output: Annotated[Path, typer.Option(help="Folder for forecasts, figures and report.")],
    input: Annotated[
        Path | None, typer.Option(help="CSV or Parquet, gzip-compressed or not.")
    ] = None,
    time_column: Annotated[str, typer.Option(help="Start of each interval.")] = "",
    target: Annotated[str, typer.Option(help="The column that is forecast.")] = "",
    test_start: Annotated[
        date | None, typer.Option(parser=day, metavar="DAY", help="First test day.")
    ] = None,
    test_end: Annotated[
        date | None, typer.Option(parser=day, metavar="DAY", help="Last test day.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Instead of a file: a series group of the lakehouse.")
    ] = None,
    first: Annotated[
        date | None,
        typer.Option("--from", parser=day, metavar="DAY", help="First test day of the group."),
    ] = None,
    last: Annotated[
        date | None,
        typer.Option("--to", parser=day, metavar="DAY", help="Its last test day, included."),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            parser=parse_utc, metavar="TIME", help="Judge the group by the truth known then."
        ),
    ] = None,
    known: Annotated[
        list[str] | None,
        typer.Option(help="A column known in advance of the target day. Repeatable."),
    ] = None,
    id_column: Annotated[str | None, typer.Option(help="What tells series apart.")] = None,
    timezone: Annotated[
        str, typer.Option(help="Whose days are forecast; none: days of 24 rows as given.")
    ] = "none",
    time_is: Annotated[TimeIs, typer.Option(help="How the time column is written.")] = TimeIs.local,
    delimiter: Annotated[str | None, typer.Option(help="Else it is detected.")] = None,
    decimal: Annotated[Decimal | None, typer.Option(help="Else it is detected.")] = None,
    horizon: Annotated[int, typer.Option(help="Hours ahead; 24: the whole day.")] = 24,
    origin_hour: Annotated[
        int, typer.Option(help="Local hour of each day's forecast, where its target begins.")
    ] = 0,
    models: Annotated[
        str, typer.Option(help="Of naive, linear, lightgbm, lstm, blend.")
    ] = "naive,linear,lightgbm,lstm,blend",
    recalibrate_every: Annotated[
        str, typer.Option(metavar="SPAN", help="How often models learn anew.")
    ] = "28d",
    delay: Annotated[
        str, typer.Option(metavar="SPAN", help="How long after its interval a value is known.")
    ] = "0h",
    seeds: Annotated[int, typer.Option(min=1, max=32, help="Members of the LSTM.")] = 6,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at once.")] = 1,
    allow_gaps: Annotated[
        bool, typer.Option("--allow-gaps", help="Missing values stay unknown.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Do not go on where it stopped.")] = False,
) -> None:
    """Forecast every day of a test as it would have been then, and say how good that was."""
    from gridcast.backtest import Asked, backtest_file, backtest_group
    from models.backtest.days import Daily
    from models.backtest.history import Columns
    from models.backtest.plan import Plan

    _check_what_is_replayed(context)
    start, end = (first, last) if group else (test_start, test_end)
    assert start and end
    plan = Plan(
        test_start=start,
        test_end=end,
        models=tuple(dict.fromkeys(name.strip() for name in models.split(",") if name.strip())),
        recalibrate_days=max(span(recalibrate_every) // DAY, 1),
        seeds=seeds,
    )
    asked = Asked(plan, output, jobs, fresh)
    if group:
        backtest_group(context.obj, group, as_of, asked)
        return
    assert input
    columns = Columns(
        time_column.strip(), target.strip(), tuple(name.strip() for name in known or ()),
        id_column and id_column.strip(), timezone, time_is is TimeIs.local, delimiter,
        decimal and decimal.value, allow_gaps,
    )  # fmt: skip
    daily = Daily(origin_hour, horizon, span(delay))
    backtest_file(context.obj.console, input, columns, daily, asked)


def _check_what_is_replayed(context: typer.Context) -> None:
    """Raises BadInput unless a file or a group is asked for, with its own options and no other."""
    flags = {"first": "from", "last": "to"}
    given = {
        flags.get(name, name)
        for name in context.params
        if str(getattr(context.get_parameter_source(name), "name", "")) == "COMMANDLINE"
    }
    needs, others = (_GROUP_NEEDS, _OF_FILES) if "group" in given else (_FILE_NEEDS, _OF_GROUPS)
    wrong = [name for name in others if name in given]
    lacking = [name for name in needs if name not in given]
    if wrong or lacking:
        found = f"got also {_options(wrong)}" if wrong else f"{_options(lacking)} not given"
        raise BadInput(
            f"Expected --input FILE with {_options(_FILE_NEEDS[1:])} and what is about files, or "
            f"--group NAME with {_options(_GROUP_NEEDS[1:])}; {found}. Leave out or add them."
        )


def _options(names: Sequence[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in names)


def tune(
    context: typer.Context,
    group: Annotated[str, typer.Argument(help="The series group.")],
    trials: Annotated[int, typer.Option(min=1, help="How many in all; earlier ones count.")] = 40,
    budget: Annotated[
        str, typer.Option(metavar="SPAN", help="How long new trials may begin, such as 30m.")
    ] = "30m",
) -> None:
    """Search the LSTM's configuration for a group, on days before those that training holds out."""
    from gridcast.tune import run_tune
    from spark_jobs.tune import Asked

    run_tune(context.obj, group, Asked(trials, span(budget)))
