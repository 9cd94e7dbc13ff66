"""`gridcast export`: tables as one file, for other programs."""

import sys
from datetime import datetime
from pathlib import Path

from flows.run import new_run
from gridcast.front import Front
from lakehouse.errors import BadInput
from spark_jobs.export import Wanted, rows, write


def run_export(
    front: Front,
    kind: str,
    series: list[str],
    span: tuple[datetime | None, datetime | None],
    as_of: datetime | None,
    resolution_minutes: int | None,
    form: str,
    output: Path,
) -> None:
    """Write the file and print how many rows it holds."""
    run = new_run(front.settings.profile, as_of)
    wanted = Wanted(tuple(series), *span, as_of, resolution_minutes).checked(run.catalogue)
    if resolution_minutes and kind != "observations":
        raise BadInput(f"--resolution is for observations; {kind} are as they were issued.")
    count = write(rows(run.tables, kind, wanted), output, form)
    sys.stdout.write(f"{count} rows written to {output}\n")
