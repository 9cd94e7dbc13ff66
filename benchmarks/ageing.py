"""A lakehouse folder made older: as if it had been left alone for some days.

What is cleared away is judged by the machine's clock: by when a file was written, and by the times
in Delta's logs. Both are moved back. The checksums that Hadoop keeps beside files are made anew.
"""

import os
import re
import struct
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_TIMES = re.compile(r'"(timestamp|modificationTime|deletionTimestamp)":(\d{13})')
_MILLISECOND = timedelta(milliseconds=1)
_OF_ACTIONS = {"add": "modificationTime", "remove": "deletionTimestamp"}
_CHUNK = 512


def age(lakehouse: Path, by: timedelta) -> None:
    """Move the past of all tables and landed bodies of a folder back by so long."""
    for log in lakehouse.glob("*/*/_delta_log"):
        for file in list(log.iterdir()):
            _age_log_file(file, by // _MILLISECOND)
    for file in _files(lakehouse):
        told = file.stat()
        back = by // timedelta(microseconds=1) * 1000
        os.utime(file, ns=(told.st_atime_ns - back, told.st_mtime_ns - back))


def _files(lakehouse: Path) -> Iterator[Path]:
    for layer in ("bronze", "silver", "gold", "landing"):
        for folder, _, names in os.walk(lakehouse / layer):
            yield from (Path(folder, name) for name in names)


def _age_log_file(file: Path, by: int) -> None:
    """by: milliseconds. The file keeps the time at which it was written."""
    if file.name.startswith("."):
        return
    told = file.stat()
    if file.suffix in (".json", ".crc"):
        text = file.read_text()
        file.write_text(_TIMES.sub(lambda found: f'"{found[1]}":{int(found[2]) - by}', text))
    elif file.suffix == ".parquet":
        pq.write_table(_aged_checkpoint(pq.read_table(file), by), file)
    else:
        return
    _renew_checksum(file)
    os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))


def _aged_checkpoint(actions: pa.Table, by: int) -> pa.Table:
    for kind, name in _OF_ACTIONS.items():
        if kind not in actions.column_names:
            continue
        rows = actions.column(kind).combine_chunks()
        fields = list(rows.type)
        parts = [
            pc.subtract(rows.field(i), by) if field.name == name else rows.field(i)
            for i, field in enumerate(fields)
        ]
        moved = pa.StructArray.from_arrays(parts, fields=fields, mask=rows.is_null())
        place = actions.column_names.index(kind)
        actions = actions.set_column(place, actions.schema.field(place), moved)
    return actions


def _renew_checksum(file: Path) -> None:
    """Hadoop's format: a CRC-32 of every 512 bytes; a file that does not fit it cannot be read."""
    beside = file.with_name(f".{file.name}.crc")
    if not beside.exists():
        return
    told, content = beside.stat(), file.read_bytes()
    sums = (zlib.crc32(content[i : i + _CHUNK]) for i in range(0, len(content), _CHUNK))
    beside.write_bytes(
        b"crc\0" + struct.pack(">i", _CHUNK) + b"".join(struct.pack(">I", each) for each in sums)
    )
    os.utime(beside, ns=(told.st_atime_ns, told.st_mtime_ns))
