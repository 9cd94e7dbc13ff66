"""The landing zone: every response body exactly as received, with its request and checksum.

Beside the bodies lie their manifest rows, in sidecar files: the folder alone is enough to make
every table anew. A body is written before the sidecar that names it, both under names that are a
hash of what they are, and answers that belong together share one sidecar: a run that is killed in
between leaves nothing that a second run would not write again, and nothing half told.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from lakehouse.errors import BadInput
from lakehouse.places import Place, whole
from lakehouse.time import iso, parse_utc

CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
#: The path of what was no request: a file of the machine.
FILES = "/file/"
_GZIP_MAGIC = b"\x1f\x8b"
_PARQUET_MAGIC = b"PAR1"
_BODY, _SIDECAR = ".body", ".json"
_INSTANTS = ("window_start", "window_end", "fetched_at")
_OK = 200


@dataclass(frozen=True)
class Request:
    """What was asked of a source, without the address of the server that answered.

    `window_start` and `window_end` bound the event times asked for (UTC, end exclusive);
    `asked` names the source keys asked for: price areas, or location ids.
    """

    source: str
    data_set: str
    path: str
    params: tuple[tuple[str, str], ...]
    window_start: datetime
    window_end: datetime
    asked: tuple[str, ...]

    @property
    def url(self) -> str:
        """Path and query, the same whoever serves it."""
        return f"{self.path}?{urlencode(self.params)}" if self.params else self.path


@dataclass(frozen=True)
class Response:
    """What a source answered: the body is kept to the byte."""

    request: Request
    fetched_at: datetime
    status: int
    content_type: str
    body: bytes

    @property
    def landing_id(self) -> str:
        """Hash of source, request, fetched_at and body: the same answer lands once."""
        request = self.request
        head = "\n".join((request.source, request.data_set, request.url, iso(self.fetched_at)))
        return hashlib.sha256(head.encode() + b"\n" + self.body).hexdigest()[:32]


def file_response(
    file: Path,
    source: str,
    data_set: str,
    asked: Sequence[str],
    fetched_at: datetime,
    window: tuple[datetime, datetime],
) -> Response:
    """A file in the place of an answer: its bytes as they are, compressed or not.

    `window` (UTC, end exclusive) bounds its event times. The content type is told by the bytes:
    Parquet by its mark, anything else is taken for CSV. Raises BadInput for a file that cannot
    be read, is empty, or is a broken gzip.
    """
    try:
        body = file.read_bytes()
    except OSError as fault:
        raise BadInput(
            f"Expected a file at {file}; got {fault.strerror}. Check the path."
        ) from None
    if not body:
        raise BadInput(f"{file} is empty. Download it again.")
    request = Request(
        source, data_set, f"{FILES}{quote(file.name)}", (), window[0], window[1], tuple(asked)
    )
    plain = unpacked(body, str(file))
    kind = PARQUET if plain[: len(_PARQUET_MAGIC)] == _PARQUET_MAGIC else CSV
    return Response(request, fetched_at, _OK, kind, body)


def unpacked(body: bytes, name: str) -> bytes:
    """A body without its gzip, if it has one. Raises BadInput, naming it, for a broken one."""
    if not body.startswith(_GZIP_MAGIC):
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as fault:
        raise BadInput(
            f"{name} begins like gzip, but cannot be unpacked ({fault}). Download it again."
        ) from None


class LandingZone:
    """A folder of bodies and their sidecars, by source, data set and day."""

    def __init__(self, folder: Place) -> None:
        self._folder = folder

    def write(self, response: Response, run_id: str = "") -> dict[str, Any]:
        """Keep one body and return its row of bronze.landings."""
        return self.write_together([response], run_id)[0]

    def write_together(
        self, responses: Sequence[Response], run_id: str = ""
    ) -> list[dict[str, Any]]:
        """Keep the bodies of one answer, page by page, and return their rows of bronze.landings.

        The manifest knows all of them or none.
        """
        rows = [self.row(response, run_id) for response in responses]
        for response, row in zip(responses, rows, strict=True):
            file = self.path(row["body_path"])
            if not file.exists():
                _write_whole(file, response.body)
        sidecar = self.path(rows[0]["body_path"]).with_suffix(_SIDECAR)
        if not sidecar.exists():
            text = json.dumps([_as_text(row) for row in rows], ensure_ascii=False, indent=1)
            _write_whole(sidecar, text.encode())
        return rows

    def path(self, body_path: str) -> Place:
        """The file of a body, from its manifest row."""
        return self._folder / body_path

    def manifest(self, known: Collection[str] = ()) -> list[dict[str, Any]]:
        """The rows of bronze.landings, from the sidecars alone, in the order of arrival.

        `known`: landing ids whose sidecars need not be read. Raises BadInput for a sidecar that
        is not what this module writes.
        """
        files = self._folder.rglob(f"*{_SIDECAR}")
        rows = [row for file in files if file.stem not in known for row in _rows_of(file)]
        return sorted(rows, key=lambda row: (row["fetched_at"], row["landing_id"]))

    def damaged(self) -> Iterator[str]:
        """A sentence for every body that is gone or is not what its sidecar says."""
        yield from filter(None, map(self.damage, self.manifest()))

    def damage(self, row: dict[str, Any]) -> str | None:
        """A sentence where the body of a manifest row is gone or is not what landed."""
        file = self.path(row["body_path"])
        told = f"{row['body_path']} ({row['data_set']}, fetched {iso(row['fetched_at'])})"
        if not file.exists():
            return f"{told} is gone."
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != row["body_sha256"]:
            return f"{told}: expected sha256 {row['body_sha256'][:12]}…, got {found[:12]}…."
        return None

    def row(self, response: Response, run_id: str = "") -> dict[str, Any]:
        """The row of bronze.landings that a response has when it is kept."""
        request = response.request
        day = f"{response.fetched_at:%Y-%m-%d}"
        name = Path(request.source, request.data_set, day, f"{response.landing_id}{_BODY}")
        return {
            "landing_id": response.landing_id,
            "source": request.source,
            "data_set": request.data_set,
            "request": request.url,
            "asked": list(request.asked),
            "window_start": request.window_start,
            "window_end": request.window_end,
            "fetched_at": response.fetched_at,
            "status": response.status,
            "content_type": response.content_type,
            "body_path": name.as_posix(),
            "body_sha256": hashlib.sha256(response.body).hexdigest(),
            "body_bytes": len(response.body),
            "run_id": run_id,
        }


def _write_whole(file: Place, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole(file) as draft:
        draft.write_bytes(content)


def _as_text(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: row[name].isoformat() for name in _INSTANTS}


def _rows_of(sidecar: Place) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = json.loads(sidecar.read_bytes())
        return [row | {name: parse_utc(row[name]) for name in _INSTANTS} for row in rows]
    except (ValueError, TypeError, KeyError) as fault:
        raise BadInput(
            f"Expected the manifest rows of landed bodies in {sidecar}; they cannot be read "
            f"({fault}). Restore the file from a copy, or remove it and ask the source again."
        ) from None
