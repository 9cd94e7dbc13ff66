"""`gridcast series list|check|add`: the catalogue, and series of one's own."""

import json
import sys
from collections import Counter

from rich.console import Console
from rich.table import Table

from flows.run import new_run
from gridcast.front import Front
from lakehouse.catalogue import Catalogue
from lakehouse.tables.bronze import ENERGY_RECORDS, QUARANTINE
from lakehouse.tables.silver import COVARIATES, OBSERVATIONS
from spark_jobs.own_series import OwnSeries, add, told

_COLUMNS = ("series", "group", "unit", "forecast every", "data set", "key", "location", "is")

_WIDTH_OF_A_PIPE = 200


def print_list(front: Front, form: str) -> None:
    """Every series of the catalogue, one a line."""
    rows = list(map(list, _rows(front.settings.read_catalogue())))
    if form == "json":
        told_rows = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
        sys.stdout.write(json.dumps(told_rows, ensure_ascii=False, indent=1) + "\n")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in _COLUMNS:
        table.add_column(name, overflow="fold", no_wrap=name == "series")
    for row in rows:
        table.add_row(*row)
    wide = None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE
    Console(file=sys.stdout, highlight=False, width=wide).print(table)


def _rows(catalogue: Catalogue) -> list[tuple[str, ...]]:
    return [
        (
            series.series_id,
            series.series_group,
            series.unit,
            f"{catalogue.groups[series.series_group].resolution_minutes} min",
            " + ".join(feed.data_set for feed in series.feeds),
            " + ".join(feed.key_text for feed in series.feeds),
            series.location_id or "",
            f"derived: {series.tariff}" if series.tariff else "recorded",
        )
        for series in catalogue.series.values()
    ]


def print_check(front: Front) -> None:
    """Read the catalogue, which checks it, and say what nothing uses."""
    catalogue = front.settings.read_catalogue()
    series = catalogue.series.values()
    used: dict[str, set[str | None]] = {
        "groups": {s.series_group for s in series},
        "data_sets": {feed.data_set for s in series for feed in s.feeds},
        "locations": {s.location_id for s in series},
        "tariffs": {s.tariff for s in series},
    }
    front.console.print(
        f"{front.settings.catalogue}: {len(catalogue.series)} series in {len(used['groups'])} "
        "groups; every name, unit and time zone is known."
    )
    for section, names in used.items():
        idle = sorted(set(getattr(catalogue, section)) - names)
        if idle:
            front.console.print(f"  no series uses the {section} {', '.join(idle)}")


def run_add(front: Front, own: OwnSeries) -> None:
    """Add a series from a file, build it, and account for every record of the file."""
    settings = front.settings
    run = new_run(settings.profile, None)
    assert run.arrow  # makes the tables
    landing = add(own, settings.catalogue_file, settings.lakehouse, run.as_of, run.run_id)
    front.console.print(f"Landed {told(landing)}.")
    with front.flows() as flows:
        outcome = flows["build"](profile=settings.profile)
    refused = run.arrow.rows(
        QUARANTINE, ["rule", "table"], [("landing_id", "=", landing["landing_id"])]
    )
    records = run.arrow.count(ENERGY_RECORDS, [("landing_id", "=", landing["landing_id"])])
    written = outcome.written
    by_rule = Counter((row["table"] == COVARIATES.name, row["rule"]) for row in refused)
    of_values = sum(count for (is_known, _), count in by_rule.items() if not is_known)
    front.console.print(
        f"{own.series_id}: {records:,} records = {written.get(OBSERVATIONS.name, 0):,} new "
        f"values + {written.get('repeats', 0):,} repeats + {written.get('gaps', 0):,} gaps + "
        f"{of_values:,} refused"
    )
    for (is_known, rule), count in by_rule.items():
        where = " in columns known in advance" if is_known else ""
        front.console.print(f"  {rule}{where}: {count:,}; see bronze.quarantine")
    front.console.print(
        f"Values count as known {own.delay_hours} h after their interval (assumed); say otherwise "
        "with --delay-hours."
    )
