"""Recorded CSV files, compressed or not, with their heading and delimiter found by themselves."""

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

from lakehouse.errors import BadInput

_ENDINGS = (".csv", ".csv.gz")


def recorded_files(*folders: Path) -> list[Path]:
    """The CSV files that lie in these folders, in the order of their names."""
    found = [file for folder in folders for file in folder.glob("*.csv*")]
    return sorted(file for file in found if file.name.endswith(_ENDINGS) and file.is_file())


def stem(file: Path) -> str:
    """The name of a file without its endings."""
    return file.name.removesuffix(".gz").removesuffix(".csv")


def lines(file: Path) -> list[str]:
    """The lines of a file, without a byte order mark."""
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8-sig", newline="") as text:
        read: str = text.read()
    return read.splitlines()


def table(file: Path, texts: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """The heading and the rows in lines of CSV, separated by semicolons or commas.

    Raises BadInput for a file without a heading and for a row of another length.
    """
    if not texts or not texts[0].strip():
        raise BadInput(f"{file}: expected a heading, such as HourUTC,PriceArea; the file is empty.")
    delimiter = ";" if ";" in texts[0] else ","
    heading, *rows = csv.reader(texts, delimiter=delimiter)
    rows = [row for row in rows if row]
    odd = next((i for i, row in enumerate(rows, 2) if len(row) != len(heading)), None)
    if odd is not None:
        raise BadInput(
            f"{file}, row {odd}: expected {len(heading)} fields as in the heading, got "
            f"{len(rows[odd - 2])}. Restore the file."
        )
    return [name.strip() for name in heading], rows
