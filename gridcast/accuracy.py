"""The commands of accuracy, as Typer reads them: backtest."""

from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lakehouse.errors import BadInput
from lakehouse.time import DAY


def add_accuracy(app: typer.Typer) -> None:
    """Add the commands to the front door."""
    app.command()(backtest)


class TimeIs(StrEnum):
    """How a file writes times without an offset."""

    local = "local"
    utc = "utc"


class Decimal(StrEnum):
    """What a file writes before decimals."""

    point = "."
    comma = ","


def _day(text: str) -> date:
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


def backtest(
    context: typer.Context,
    input: Annotated[Path, typer.Option(help="CSV or Parquet, gzip-compressed or not.")],
    time_column: Annotated[str, typer.Option(help="Start of each interval.")],
    target: Annotated[str, typer.Option(help="The column that is forecast.")],
    test_start: Annotated[date, typer.Option(parser=_day, metavar="DAY", help="First test day.")],
    test_end: Annotated[date, typer.Option(parser=_day, metavar="DAY", help="Last test day.")],
    output: Annotated[Path, typer.Option(help="Folder for forecasts, figures and report.")],
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
    seeds: Annotated[int, typer.Option(min=1, max=32, help="Members of the LSTM.")] = 4,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at once.")] = 1,
    allow_gaps: Annotated[
        bool, typer.Option("--allow-gaps", help="Missing values stay unknown.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Do not go on where it stopped.")] = False,
) -> None:
    """Forecast every day of a test as it would have been then, and say how good that was."""
    from gridcast.backtest import Asked, run_backtest
    from models.backtest.days import Daily
    from models.backtest.history import Columns
    from models.backtest.plan import Plan

    columns = Columns(
        time_column.strip(), target.strip(), tuple(name.strip() for name in known or ()),
        id_column and id_column.strip(), timezone, time_is is TimeIs.local, delimiter,
        decimal and decimal.value, allow_gaps,
    )  # fmt: skip
    plan = Plan(
        test_start=test_start,
        test_end=test_end,
        models=tuple(dict.fromkeys(name.strip() for name in models.split(",") if name.strip())),
        daily=Daily(origin_hour, horizon, span(delay)),
        recalibrate_days=max(span(recalibrate_every) // DAY, 1),
        seeds=seeds,
    )
    run_backtest(context.obj.console, Asked(input, columns, plan, output, jobs, fresh))
