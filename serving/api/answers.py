"""From rows to an answer: page, format, compression, ETag; kept until the tables change."""

import csv
import gzip
import io
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pyarrow as pa
from anyio import CapacityLimiter, to_thread
from fastapi import Request, Response

from lakehouse.plain_values import finite, plain
from lakehouse.tables import Table
from serving.api.parameters import Format, Question
from serving.api.problems import Problem
from serving.api.snapshots import Snapshot, Snapshots

MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream",
}
_UTC = pa.timestamp("us", tz="UTC")
#: Smaller bodies do not gain by compression.
_SMALL = 1000
#: Questions that read files: so many at a time, for their memory's sake.
_READERS = 4


@dataclass(frozen=True)
class Kept:
    """A finished body, with what its answer's headers say."""

    body: bytes
    headers: dict[str, str]


class Bodies:
    """The newest bodies by tag, up to so many bytes in all."""

    def __init__(self, most_bytes: int = 64 << 20) -> None:
        self._most_bytes = most_bytes
        self._held: OrderedDict[str, Kept] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, tag: str) -> Kept | None:
        with self._lock:
            found = self._held.get(tag)
            if found:
                self._held.move_to_end(tag)
            return found

    def keep(self, tag: str, kept: Kept) -> None:
        """A body of more than an eighth of the room is not kept."""
        if len(kept.body) > self._most_bytes // 8:
            return
        with self._lock:
            before = self._held.pop(tag, None)
            self._bytes += len(kept.body) - (len(before.body) if before else 0)
            self._held[tag] = kept
            while self._bytes > self._most_bytes:
                _, oldest = self._held.popitem(last=False)
                self._bytes -= len(oldest.body)


Q = TypeVar("Q", bound=Question)


def _never(snapshot: Snapshot, question: Any) -> bool:
    return False


@dataclass
class Answers:
    """Answers questions from the newest snapshot, each distinct one once per version of its
    tables."""

    snapshots: Snapshots
    bodies: Bodies = field(default_factory=Bodies)
    _readers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_READERS))

    async def answer(
        self,
        request: Request,
        question: Q,
        tables: tuple[Table, ...],
        rows: Callable[[Snapshot, Q], pa.Table],
        quick: Callable[[Snapshot, Q], bool] = _never,
        beside: str = "",
    ) -> Response:
        """The response for `rows(snapshot, question)`, called where its answer is not kept.

        `tables` are what it depends on, and `beside` tells of anything else that it depends on; a
        quick one is made at once instead of in a thread.
        """
        snapshot = self.snapshots.current
        form = chosen_format(request.headers.get("accept", ""), question.format)
        zipped = _takes_gzip(request.headers.get("accept-encoding", ""))
        asked = (request.url.path, request.url.query, form, str(zipped), beside)
        tag = snapshot.tag(tables, *asked)
        etag = f'W/"{tag}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept, Accept-Encoding"}
        if etag in _listed(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        kept = self.bodies.get(tag)
        if kept is None:

            def made() -> Kept:
                return _made(request, question, rows(snapshot, question), form, zipped)

            at_once = quick(snapshot, question)
            kept = made() if at_once else await to_thread.run_sync(made, limiter=self._readers)
            self.bodies.keep(tag, kept)
        return Response(kept.body, headers=headers | kept.headers, media_type=MEDIA_TYPES[form])


def chosen_format(accept: str, wanted: Format | None) -> Format:
    """The format asked for, else the best of ours that the Accept header takes.

    Raises Problem where it takes none. Source: RFC 9110, 12.5.1.
    """
    if wanted:
        return wanted
    weighed: list[tuple[float, Format]] = []
    for part in accept.split(",") if accept.strip() else ["*/*"]:
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        for form, ours in MEDIA_TYPES.items():
            if media in (ours, "*/*", f"{ours.split('/')[0]}/*") and _number(weight) > 0:
                weighed.append((_number(weight), form))
                break
    if weighed:
        return max(weighed, key=lambda choice: choice[0])[1]
    raise Problem(
        406,
        "Not acceptable",
        f"Expected an Accept header that takes one of our formats, got '{accept}'.",
        "Accept",
        accept,
        MEDIA_TYPES.values(),
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _takes_gzip(header: str) -> bool:
    parts = [part.replace(" ", "").lower() for part in header.split(",")]
    return any(p.split(";")[0] == "gzip" and not p.endswith((";q=0", ";q=0.0")) for p in parts)


def _listed(header: str) -> list[str]:
    """The tags of an If-None-Match header, which are compared weakly."""
    tags = [tag.strip() for tag in header.split(",")]
    return [tag if tag.startswith("W/") else f"W/{tag}" for tag in tags]


def _made(request: Request, question: Question, rows: pa.Table, form: Format, zipped: bool) -> Kept:
    page = rows.slice(question.offset, question.limit)
    links = _links(request, question, rows.num_rows)
    headers = {"X-Total-Count": str(rows.num_rows)}
    if links:
        headers["Link"] = ", ".join(f'<{url}>; rel="{name}"' for name, url in links.items())
    body = encoded(page, form, question.tz, {"total": rows.num_rows, "next": links.get("next")})
    if zipped and len(body) > _SMALL:
        body = gzip.compress(body, 1)
        headers["Content-Encoding"] = "gzip"
    return Kept(body, headers)


def _links(request: Request, question: Question, total: int) -> dict[str, str]:
    """Where the neighbouring pages are, relative to this server."""

    def page(offset: int) -> str:
        url = request.url.include_query_params(offset=offset)
        return f"{url.path}?{url.query}"

    links = {}
    if question.offset:
        links["prev"] = page(max(question.offset - question.limit, 0))
    if question.offset + question.limit < total:
        links["next"] = page(question.offset + question.limit)
    return links


def encoded(rows: pa.Table, form: Format, zone: str, told: dict[str, Any]) -> bytes:
    """Rows in a format, times in a zone. `told` goes before the rows where they are JSON."""
    rows = _in_zone(rows, zone)
    if form == "arrow":
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows)
        return sink.getvalue()
    columns = [_plain_column(column) for column in rows.columns]
    values = zip(*columns, strict=True)
    if form == "csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(rows.column_names)
        writer.writerows([_cell(value) for value in row] for row in values)
        return text.getvalue().encode()
    names = rows.column_names
    data = [dict(zip(names, row, strict=True)) for row in values]
    return orjson.dumps(told | {"data": data}, default=plain, option=orjson.OPT_UTC_Z)


def _plain_column(column: pa.ChunkedArray) -> list[Any]:
    """The values of a column; whole seconds in UTC as text already, since making a datetime of
    each is what took longest in an answer."""
    if column.type == _UTC and not column.null_count:
        times = column.to_numpy()
        seconds = times.astype("datetime64[s]")
        if (seconds == times).all():
            text: list[Any] = np.datetime_as_string(seconds, timezone="UTC").tolist()
            return text
    values: list[Any] = column.to_pylist()
    return values


def _cell(value: Any) -> Any:
    value = finite(value)
    return "" if value is None else plain(value)


def _in_zone(rows: pa.Table, zone: str) -> pa.Table:
    if ZoneInfo(zone).key == "UTC":
        return rows
    for place, column in enumerate(rows.schema):
        if pa.types.is_timestamp(column.type):
            moved = rows.column(place).cast(pa.timestamp("us", tz=zone))
            rows = rows.set_column(place, column.with_type(moved.type), moved)
    return rows
