"""The archive of the daily reports: which there are, and each as the page that it is."""

import re
from datetime import UTC, datetime

import pyarrow as pa

from lakehouse.places import Place
from serving.api.problems import Problem

COLUMNS = ("name", "as_of", "bytes", "path")
_SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("as_of", pa.timestamp("us", tz="UTC")),
        ("bytes", pa.int64()),
        ("path", pa.string()),
    ]
)
NAME = r"report-([0-9]{8}T[0-9]{4})Z\.html"


def archive(folder: Place) -> pa.Table:
    """The reports below a lakehouse folder, the newest first: name, the moment each tells of, its
    size in bytes, and its path in this API."""
    found = [(file, re.fullmatch(NAME, file.name)) for file in (folder / "reports").glob("*.html")]
    rows = [
        {
            "name": file.name,
            "as_of": datetime.strptime(told[1], "%Y%m%dT%H%M").replace(tzinfo=UTC),
            "bytes": file.stat().st_size,
            "path": f"/v1/reports/{file.name}",
        }
        for file, told in found
        if told
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA).sort_by([("as_of", "descending")])


def report(folder: Place, name: str) -> Place:
    """The file of one report. Raises Problem for one that is not there."""
    known = archive(folder)["name"].to_pylist()
    if name not in known:
        told = f"There is no report '{name}'. 'gridcast run monitor' writes one."
        raise Problem(404, "No such report", told, "name", name, known[:5])
    return folder / "reports" / name
