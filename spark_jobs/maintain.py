"""Keep the tables small and quick: compact, cluster, checkpoint, and forget old versions.

Only files are rewritten, never content, and a table that has nothing to gain is left alone. What
lineage may ask for stays: old versions are kept for as long as the table's contract says, and at
least a week, in which a replay or a reader may still be under way. Needs no Spark.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from lakehouse.arrow import ArrowTables
from lakehouse.places import Place, listing
from lakehouse.tables import Table

#: Files from here on are worth a scan of their own, and are not written again.
_WHOLE_FILE_BYTES = 32 * 2**20
#: A table up to this size is one file, in order. Ordering writes a whole table anew, so of a larger
#: one only the small files are joined: they are the newest, and each is of a short time.
_CLUSTERED_BYTES = 128 * 2**20
_LEAST_DAYS = 7
#: Small files from which on reading them costs more than writing them together.
MANY_FILES = 5
#: Commits after the newest checkpoint from which on reading the log is worth a new one.
_COMMITS = 10
_CHECKSUM = ".crc"


@dataclass(frozen=True)
class Maintained:
    """What was done to one table."""

    table: str
    files_before: int
    files_after: int
    removed: int

    @property
    def is_changed(self) -> bool:
        """Whether any file came or went."""
        return self.files_after != self.files_before or bool(self.removed)

    @property
    def sentence(self) -> str:
        """What was done, for a person."""
        done = [f"{self.files_before} files became {self.files_after}"] * (
            self.files_after != self.files_before
        ) + [f"{self.removed} old files removed"] * bool(self.removed)
        return f"{self.table}: {', '.join(done) or 'nothing to do'}."


def run(arrow: ArrowTables, tables: Sequence[Table]) -> list[Maintained]:
    """Maintain tables. Twice in a row changes nothing the second time."""
    maintained = []
    for table in tables:
        with arrow.lane(table):
            maintained.append(_maintain(arrow, table))
    return maintained


def _maintain(arrow: ArrowTables, table: Table) -> Maintained:
    delta = arrow.open(table)
    sizes = delta.get_add_actions(flatten=True).column("size_bytes").to_pylist()
    if sum(size < _WHOLE_FILE_BYTES for size in sizes) >= MANY_FILES:
        if table.cluster_by and sum(sizes) <= _CLUSTERED_BYTES:
            delta.optimize.z_order(list(table.cluster_by), target_size=_CLUSTERED_BYTES)
        else:
            delta.optimize.compact(target_size=_WHOLE_FILE_BYTES)
    days = max(table.retention_days, _LEAST_DAYS)
    removed = delta.vacuum(
        retention_hours=int(timedelta(days=days) / timedelta(hours=1)),
        dry_run=False,
        enforce_retention_duration=True,
        full=True,  # also what a killed write left behind
    )
    _tidy_log(arrow, table)
    _sweep_checksums(arrow.path(table))
    after = len(arrow.open(table).file_uris())
    return Maintained(table.name, len(sizes), after, len(removed))


def _tidy_log(arrow: ArrowTables, table: Table) -> None:
    """A checkpoint where many commits follow the last one, and no log older than the retention."""
    delta = arrow.open(table)
    log = arrow.path(table) / "_delta_log"
    checkpoints = [int(file.name.split(".")[0]) for file in log.glob("*.checkpoint*.parquet")]
    if delta.version() - max(checkpoints, default=0) >= _COMMITS:
        delta.create_checkpoint()
        delta.cleanup_metadata()


def _sweep_checksums(table: Place) -> None:
    """Remove old checksums of files that are gone: Spark keeps one of every version, Hadoop one
    beside every file of this machine, and delta-rs leaves both behind."""
    old = time.time_ns() - _LEAST_DAYS * 86_400 * 10**9
    log = table / "_delta_log"
    for folder in (
        [Path(name) for name, _, _ in os.walk(table)] if isinstance(table, Path) else [log]
    ):
        for name in _orphans(dict(listing(folder)), old):
            (folder / name).unlink()


def _orphans(written: Mapping[str, int], old: int) -> Iterator[str]:
    """Of the files of a folder the old checksums of what is not there."""
    left = set(written)
    for name in sorted(written, key=_is_hidden):
        about = name[1:].removesuffix(_CHECKSUM) if _is_hidden(name) else f"{name[:-4]}.json"
        if name.endswith(_CHECKSUM) and written[name] < old and about not in left:
            left.remove(name)
            yield name


def _is_hidden(name: str) -> bool:
    """Whether a file is Hadoop's own. It may be about a checksum, so it comes after that."""
    return name.startswith(".")
