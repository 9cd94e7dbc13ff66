"""A damaged table, a full disk, a folder that may not be written: told as a person can act on it.

Libraries say the same thing in their own ways, and without the next step. What a table holds is
never guessed: who meets damage stops, and nothing is written on top of it.
"""

import errno
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lakehouse.errors import GridcastError, SetupError, TableError
from lakehouse.places import Place
from lakehouse.tables import TABLES, Table

_SPARK_FILE = re.compile(r"\[FAILED_READ_FILE[^\]]*\][^\n]*?file (?:file:)?(/\S+?)\.?\s", re.M)
_ARROW_FILE = re.compile(r"[\w./=-]+\.parquet")
_NAMES = {table.name for table in TABLES}
_FULL = ("No space left on device", "Disk quota exceeded", "database or disk is full")
_CLOSED = ("Read-only file system", "Permission denied", "readonly database")
_NUMBERS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), _FULL[0]),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), _CLOSED[0]),
}


def told(fault: BaseException) -> GridcastError | None:
    """What a person can do about a fault of the machine; None for any other."""
    if isinstance(fault, GridcastError):
        return None
    text = str(fault)
    if isinstance(fault, OSError):
        text += _NUMBERS.get(fault.errno or 0, "")
    where = getattr(fault, "filename", None) or "the lakehouse folder"
    if any(words in text for words in _FULL):
        return SetupError(
            f"Expected room to write in {where}; the disk is full. Free some space, then run it "
            "again: it goes on where it was."
        )
    if any(words in text for words in _CLOSED):
        return SetupError(
            f"Expected to be allowed to write in {where}; the system refuses. Change its owner or "
            "rights, or choose another folder with --lakehouse; then run it again."
        )
    damaged = _SPARK_FILE.search(text)
    return _damaged(Path(damaged[1])) if damaged else None


@contextmanager
def reading(table: Table, folder: Place) -> Iterator[None]:
    """Raises TableError where a file of a table cannot be read."""
    try:
        yield
    except (OSError, ValueError) as fault:  # Arrow's own are one of these
        named = _ARROW_FILE.search(str(fault))
        if named is None or told(fault):
            raise
        below = named[0].partition(f"{folder.name}/")[2] or named[0]
        raise _damaged(folder / below, table) from None


def torn_log(table: Table, folder: Place, fault: Exception) -> TableError:
    """What a log that cannot be read says; the commit is named where it is found."""
    torn = next((file for file in _commits(folder) if not _is_whole(file)), None)
    if torn is None:
        said = str(fault).splitlines()[0]
        return TableError(
            f"Expected a whole log of {table.name} in {folder / '_delta_log'}; it cannot be read "
            f"({said}). Restore the folder from a copy."
        )
    return _torn(table, torn)


def check_newest(table: Table, folder: Path, version: int) -> None:
    """Raises TableError where the newest commit is an empty file, which readers take for a commit
    of nothing: a machine that lost its power leaves such files, S3 does not."""
    file = folder / "_delta_log" / f"{version:020}.json"
    if file.exists() and file.stat().st_size == 0:
        raise _torn(table, file)


def _commits(folder: Place) -> list[Place]:
    """Newest first."""
    return sorted((folder / "_delta_log").glob("*.json"), key=str, reverse=True)


def _is_whole(commit: Place) -> bool:
    lines = commit.read_bytes().splitlines()
    try:
        return bool(lines) and all(isinstance(json.loads(line), dict) for line in lines)
    except ValueError:
        return False


def _torn(table: Table, commit: Place) -> TableError:
    newest = _commits(commit.parent.parent)[0]
    remedy = (
        f"or remove {commit.stem}.* there, which leaves the table as it was, and run the step again"
        if commit == newest
        else "for what came after it needs it"
    )
    return TableError(
        f"Expected whole commits in the log of {table.name}; {commit} is torn. Restore it from a "
        f"copy, {remedy}."
    )


def _damaged(file: Place, table: Table | None = None) -> TableError:
    """`file` lies in the folder of its table, or below: what one commit wrote may have a folder."""
    names = [f"{f.parent.name}.{f.name}" for f in (file.parent, file.parent.parent)]
    name = table.name if table else next((name for name in names if name in _NAMES), names[0])
    layer = name.split(".")[0]
    remedy = {
        "bronze": ", or make the tables anew from the landed files: 'gridcast rebuild silver'",
        "silver": ", or make the tables anew from the landed files: 'gridcast rebuild silver'",
        "gold": ", or put an older version back: 'gridcast restore " + name + "'",
    }.get(layer, "")
    return TableError(
        f"Expected whole files of {name}; {file} is damaged or gone. Restore it from a "
        f"copy{remedy}."
    )
