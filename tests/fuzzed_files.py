"""Files that people might land: tables of odd columns, written in odd ways, or torn."""

import gzip
import io
from collections.abc import Callable
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.landing import CSV, PARQUET

_CELLS = ("2024-10-01 00:00", "1,5", "1.5", "", "NaN", "\0", "æ" * 9, '"', '"a;b"', "a\nb", "\r")
#: More than a field of Python's CSV reader may hold.
_LONG = "x" * 140_000
_COLUMNS: tuple[Callable[[], pa.Array], ...] = (
    lambda: pa.array([1, 2, None]),
    lambda: pa.array([1.5, None, float("nan")]),
    lambda: pa.array(["a", None, "b"]),
    lambda: pa.array([b"a", b"\xff", None]),
    lambda: pa.array([1, 2, 3], pa.timestamp("ns", "Europe/Copenhagen")),
    lambda: pa.array([1, 2, 3], pa.timestamp("us", "Mars/Phobos")),
    lambda: pa.array([1, 2**62, 3], pa.timestamp("us")),
    lambda: pa.array([-(10**9), 2, 10**7], pa.date32()),
    lambda: pa.array([1, 2, 3], pa.time64("ns")),
    lambda: pa.array([1, 2, 3], pa.duration("ns")),
    lambda: pa.array([[1], [], None]),
    lambda: pa.array([{"a": 1}, None, {"a": 2}]),
    lambda: pa.array([None] * 3),
    lambda: pa.array(["a", "b", "a"]).dictionary_encode(),
)
_NAMES = ("time", "load", "wind", "", "a.b", "æ")


def _csv(random: Random) -> bytes:
    delimiter = random.choice(";,\t|")
    cells = (*_CELLS, _LONG) if random.random() < 0.02 else _CELLS
    rows = [
        delimiter.join(random.choice(cells) for _ in range(random.randrange(5)))
        for _ in range(random.randrange(6))
    ]
    encoding = random.choice(("utf-8", "utf-8", "utf-16", "latin-1", "utf-8-sig"))
    return random.choice(("\n", "\r\n", "\r")).join(rows).encode(encoding, "replace")


def _parquet(random: Random) -> bytes:
    names = random.sample(_NAMES, random.randrange(4))
    columns = [random.choice(_COLUMNS)() for _ in names]
    written = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=names), written)
    return written.getvalue()


def file(random: Random) -> tuple[bytes, str]:
    """The bytes of a file, and what they are taken for."""
    kind = random.choice((CSV, PARQUET))
    body = _csv(random) if kind == CSV else _parquet(random)
    place = random.randrange(len(body) + 1)
    torn = (
        body,
        body,
        body[:place],
        body[:place] + random.randbytes(3) + body[place + 3 :],
        gzip.compress(body),
        gzip.compress(body)[:place],
        random.randbytes(30),
    )
    return random.choice(torn), kind
