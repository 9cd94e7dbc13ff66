"""The landing zone: every response body exactly as received, with its request and checksum.

A body is written before the manifest row that names it, and its name is a hash of what it is,
so a run that is killed in between leaves nothing that a second run would not write again.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from lakehouse.time import iso


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


class LandingZone:
    """A folder of bodies, one file each, by source, data set and day."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, response: Response) -> dict[str, Any]:
        """Keep the body and return its row of bronze.landings (without provenance columns)."""
        request = response.request
        day = f"{response.fetched_at:%Y-%m-%d}"
        name = Path(request.source, request.data_set, day, f"{response.landing_id}.body")
        file = self._folder / name
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            draft = file.with_suffix(".draft")
            draft.write_bytes(response.body)
            os.replace(draft, file)
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
        }

    def path(self, body_path: str) -> Path:
        """The file of a body, from its manifest row."""
        return self._folder / body_path
