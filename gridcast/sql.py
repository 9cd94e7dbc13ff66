"""`gridcast sql "SELECT …"`: Spark SQL over the catalogue, for people and for pipes."""

import csv
import json
import sys
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from flows.run import new_run
from gridcast.front import Front
from lakehouse.plain_values import finite, plain
from lakehouse.spark.query import ask


def run_query(front: Front, query: str, form: str) -> None:
    """Run one query and print its rows. Raises BadInput for one that Spark refuses."""
    result = ask(new_run(front.settings.profile, None).tables, query)
    {"csv": _print_csv, "json": _print_json, "table": _print_table}[form](result)


def _print_csv(result: pa.Table) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(result.column_names)
    for row in _rows(result):
        writer.writerow(["" if v is None else plain(v) for v in row])


def _print_json(result: pa.Table) -> None:
    rows = [{n: finite(v) for n, v in row.items()} for row in result.to_pylist()]
    json.dump(rows, sys.stdout, default=plain, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


def _print_table(result: pa.Table) -> None:
    table = Table(*result.column_names, box=None, header_style="bold", pad_edge=False)
    for row in _rows(result):
        table.add_row(*("" if v is None else _shown(v) for v in row))
    console = Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())
    console.print(table)


def _rows(result: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Row by row; two columns may have one name."""
    return zip(*(column.to_pylist() for column in result.columns), strict=True)


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(plain(value))
