"""Contracts of tables, numbered, and what leads from one to the next.

A migration has the number of the contract that it leads to; numbers are of the whole lakehouse and
only grow. A table's contract is the number of the last migration that changed it, `FIRST` where
none did, so a release that changes one table leaves the others as they are.

The number lies in the table's schema, as metadata of its first column: Delta then changes columns
and number in one commit, which with a table property would be two, and a restored version has its
own number back. A table from before contracts were numbered has none; its columns tell which one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import deltalake
import pyarrow as pa

from lakehouse.changes import Change, Loosen
from lakehouse.errors import TableError

FIRST = 1
MARK = b"gridcast.contract"


@dataclass(frozen=True)
class Migration:
    """One table's way from an older contract to the one of this number."""

    contract: int
    table: str
    change: Change


#: In the order of their numbers. What has been released is never changed, only followed.
MIGRATIONS: tuple[Migration, ...] = (
    # A model that has no live days yet has a correction, but no shares.
    Migration(2, "gold.calibration", Loosen(("in_90", "in_80", "in_50"))),
)


def newest(migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """The newest contract of the lakehouse that these migrations know."""
    return max((migration.contract for migration in migrations), default=FIRST)


def contract(table: str, to: int, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """A table's contract in a lakehouse of contract `to`."""
    numbers = [m.contract for m in migrations if m.table == table and m.contract <= to]
    return max(numbers, default=FIRST)


def columns(delta: deltalake.DeltaTable) -> pa.Schema:
    """A table's columns as they are, with their metadata."""
    return pa.schema(delta.schema().to_arrow())


def held(table: str, found: pa.Schema, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """The contract that columns are of: the number they carry, else the newest that fits them."""
    for field in found:
        if MARK in (field.metadata or {}):
            return int(field.metadata[MARK])
    mine = [m for m in migrations if m.table == table]
    return max((m.contract for m in mine if m.change.is_done(found)), default=FIRST)


def marked(fields: Iterable[pa.Field], number: int) -> pa.Schema:
    """The same columns, carrying a number."""
    bare = [
        field.with_metadata({k: v for k, v in (field.metadata or {}).items() if k != MARK})
        for field in fields
    ]
    first = bare[0].with_metadata({**(bare[0].metadata or {}), MARK: str(number).encode()})
    return pa.schema([first, *bare[1:]])


def check(table: str, delta: deltalake.DeltaTable) -> None:
    """Raises TableError where a table is not of the contract that this program has."""
    is_, wanted = held(table, columns(delta)), contract(table, newest())
    if is_ > wanted:
        raise TableError(
            f"Expected {table} of contract {wanted} at most, found contract {is_}: a newer version "
            "of Gridcast made or migrated it. Use that version, or with it go back: "
            f"'gridcast migrate --to {newest()} --apply'."
        )
    if is_ < wanted:
        raise TableError(
            f"Expected {table} of contract {wanted}, found contract {is_}: an older version of "
            "Gridcast made it. Run 'gridcast migrate --plan', then 'gridcast migrate --apply'."
        )
