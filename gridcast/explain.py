"""`gridcast explain SERIES VALID_TIME`: what a forecast was made from, down to raw bodies."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gridcast.front import Front
from lakehouse.plain_values import finite, plain
from lakehouse.time import iso, parse_utc

if TYPE_CHECKING:
    from spark_jobs.explain import Explanation, Window

_PAIRS = ("5..95 %", "10..90 %", "25..75 %")
_USES = {
    "observations": "values",
    "weather": "weather forecast",
    "past_weather": "actual weather",
    "covariates": "covariates",
}
_WIDTH_OF_A_PIPE = 200


class Shown(StrEnum):
    """How it is printed."""

    text = "text"
    json = "json"


def explain(
    context: typer.Context,
    series: Annotated[str, typer.Argument(metavar="SERIES", help="A series_id.")],
    valid_time: Annotated[
        datetime,
        typer.Argument(parser=parse_utc, metavar="VALID_TIME", help="Start of the interval."),
    ],
    as_of: Annotated[
        datetime | None,
        typer.Option(parser=parse_utc, metavar="TIME", help="The newest forecast issued by then."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Such as linear or lstm; else what was to be used.")
    ] = None,
    format: Annotated[Shown, typer.Option("--format", help="How to print.")] = Shown.text,
) -> None:
    """Say what a forecast was made from: model, training, weather run, values and raw bodies."""
    from spark_jobs.explain import explain as explained
    from spark_jobs.one_forecast import Asked

    front: Front = context.obj
    found = explained(front.settings.lakehouse, Asked(series, valid_time, as_of, model))
    if format is Shown.json:
        text = json.dumps(_plain(asdict(found)), ensure_ascii=False, indent=1)
        sys.stdout.write(text + "\n")
    else:
        print_page(found)


def _plain(value: Any) -> Any:
    """What JSON can hold: maps and lists stay what they are."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return plain(finite(value))


def print_page(found: "Explanation") -> None:
    """The chain from top to bottom, for a person."""
    wide = None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE
    console = Console(file=sys.stdout, highlight=False, width=wide)
    page = Table.grid(padding=(0, 2))
    page.add_column(style="bold", no_wrap=True)
    page.add_column(overflow="fold")
    for head, sentence in _sentences(found):
        page.add_row(head, escape(sentence))
    console.print(page)
    console.print(_bodies(found.bodies))


def _sentences(found: "Explanation") -> Iterator[tuple[str, str]]:
    row = found.forecast
    yield (
        "forecast",
        f"{row['series_id']} at {iso(row['valid_time'])}: {row['q50']:.6g} {row['unit']}, with "
        f"80 % between {row['q10']:.6g} and {row['q90']:.6g}",
    )
    yield (
        "issued",
        f"{row['run_kind']} at the origin {iso(row['forecast_origin'])} by {row['model_name']} "
        f"{row['model_version']} ({row['forecast_source']}); computed {iso(row['produced_at'])} "
        f"in run {row['run_id']}",
    )
    yield from _learnt(found)
    yield "features", _features(found)
    yield "values", _window(found.observations)
    if found.broken_days:
        days = ", ".join(str(day) for day in found.broken_days)
        yield "broken days", f"no model saw the values of {days}: see gold.quality"
    for run in found.weather:
        yield (
            "weather",
            f"{run['variable']} {run['value']:.6g} {run['unit']}, run of {iso(run['issue_time'])} "
            f"({run['weather_model']}, {run['issue_basis']}), public {iso(run['available_at'])}, "
            f"body {run['landing_id'][:12]}",
        )
    if found.past_weather:
        yield "actual weather", _window(found.past_weather)
    if found.covariates:
        yield "covariates", _window(found.covariates)
    states = Counter(body["state"] for body in found.bodies)
    told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    yield "bodies", f"{len(found.bodies)} in the landing zone: {told}"


def _learnt(found: "Explanation") -> Iterator[tuple[str, str]]:
    training = found.model["training"]
    if training is None:
        yield "training", "none: its rule learns nothing, or its row is not in gold.training_runs"
        return
    yield (
        "training",
        f"on the target days {training['train_from']} to {training['train_to']}, judged on "
        f"{training['holdout_from']} to {training['holdout_to']}, by what was known at "
        f"{iso(training['as_of'])}; {training['samples']} series-days",
    )
    yield "MLflow run", training["mlflow_run_id"] or "none"
    yield "files", found.model["folder"] or "gone"
    stretch = found.model["calibration"]
    if stretch:
        told = (f"{name} by {factor:.3f}" for name, factor in zip(_PAIRS, stretch, strict=True))
        yield "calibration", f"intervals stretched: {', '.join(told)}"
    live = found.model["live_calibration"]
    if live and live["n_days"]:
        factors = (live["factor_90"], live["factor_80"], live["factor_50"])
        told = (f"{name} by {factor:.3f}" for name, factor in zip(_PAIRS, factors, strict=True))
        yield "", f"and after {live['n_days']:.0f} live days: {', '.join(told)}"
    if found.decision:
        decision = found.decision
        yield (
            "in charge",
            f"since {iso(decision['decided_at'])}, by {decision['decided_by']}: "
            f"{decision['reason']}",
        )


def _features(found: "Explanation") -> str:
    version = f"version {found.forecast['feature_version']}"
    row = found.features
    if row is None:
        return f"{version}; its row is not in gold.features"
    shown = ("local_hour", "weekday", "day_of_year", "is_holiday")
    known = {name: row[name] for name in shown} | row["covariates"]
    return f"{version}: {', '.join(f'{name} {value:g}' for name, value in known.items())}"


def _window(window: "Window") -> str:
    if not window.values or not window.first or not window.last or not window.newest_available_at:
        return "none was known"
    return (
        f"{window.values} from {iso(window.first)} to {iso(window.last)}, the newest known at "
        f"{iso(window.newest_available_at)}, in {len(window.landing_ids)} bodies"
    )


def _bodies(bodies: list[dict[str, Any]]) -> Table:
    table = Table("state", "used for", "sha256", "file", box=None, header_style="bold")
    for body in bodies:
        style = "" if body["state"] == "whole" else "red"
        table.add_row(
            body["state"],
            ", ".join(_USES[use] for use in body["used_for"]),
            (body["body_sha256"] or "")[:12],
            body["body_path"] or body["landing_id"],
            style=style,
        )
    return table
