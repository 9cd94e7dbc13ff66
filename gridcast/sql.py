"""`gridcast sql "SELECT …"`: Spark SQL over the catalogue, for people and for pipes."""

import csv
import json
import re
import sys
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from pyspark.errors import AnalysisException, ParseException, PySparkException
from rich.console import Console
from rich.table import Table

from flows.run import new_run
from gridcast.front import Front
from lakehouse.errors import BadInput

_READS = ("select", "with", "show", "describe", "desc", "explain", "values", "table", "from")


def run_query(front: Front, query: str, form: str) -> None:
    """Run one query and print its rows. Raises BadInput for one that Spark cannot read."""
    first = re.sub(r"^(\s|\(|--[^\n]*\n|/\*.*?\*/)+", "", query, flags=re.S).split(maxsplit=1)
    if not first or first[0].lower() not in _READS:
        raise BadInput(
            f"'gridcast sql' only reads: expected a query that starts with one of "
            f"{', '.join(word.upper() for word in _READS)}, got '{query[:60]}'."
        )
    tables = new_run(front.settings.profile, None).tables
    try:
        tables.register()
        result = tables.spark.sql(query).toArrow()
    except (AnalysisException, ParseException, PySparkException) as fault:
        raise BadInput(_sentence(fault)) from fault
    printer = {"csv": _print_csv, "json": _print_json, "table": _print_table}[form]
    printer(result)


def _sentence(fault: Exception) -> str:
    """The first lines of Spark's message, without its plan."""
    text = str(fault).split("\n\nJVM")[0].split(";\n")[0].split("== SQL ==")[0]
    return " ".join(text.split()) + " 'SHOW TABLES IN gold' lists tables."


def _print_csv(result: pa.Table) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(result.column_names)
    for row in result.to_pylist():
        writer.writerow(["" if v is None else _plain(v) for v in row.values()])


def _print_json(result: pa.Table) -> None:
    json.dump(result.to_pylist(), sys.stdout, default=_plain, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


def _print_table(result: pa.Table) -> None:
    table = Table(*result.column_names, box=None, header_style="bold", pad_edge=False)
    for row in result.to_pylist():
        table.add_row(*("" if v is None else _shown(v) for v in row.values()))
    console = Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())
    console.print(table)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, default=_plain, ensure_ascii=False)
    return value


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(_plain(value))
