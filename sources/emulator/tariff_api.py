"""Octopus Energy as recorded: unit rates by page, limited to what was public by the clock."""

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from lakehouse.catalogue import DataSet, Publication
from lakehouse.clock import Clock
from lakehouse.errors import BadInput
from lakehouse.time import iso, parse_utc
from sources.emulator.publication import published_at
from sources.emulator.recordings import Recordings
from sources.emulator.tariff_files import Rate, product_of

#: For products that the catalogue does not name.
USUAL = Publication(rule="day_before", at=time(16), timezone="Europe/London", basis="simulated")
PAGE_SIZE, LARGEST_PAGE = 100, 1500


class DetailError(HTTPException):
    """An error as this service words it: JSON with what is wrong."""

    def __init__(self, status: int, said: dict[str, Any]) -> None:
        super().__init__(status)
        self.said = said


async def detail(_: Request, error: Exception) -> Response:
    """The handler of DetailError."""
    assert isinstance(error, DetailError)
    return JSONResponse(error.said, status_code=error.status_code)


class Octopus:
    """Answers for the recorded tariffs, published as the catalogue says or else as usual."""

    def __init__(self, recordings: Recordings, data_sets: Iterable[DataSet], clock: Clock) -> None:
        self._recordings = recordings
        self._data_sets = {entry.product: entry for entry in data_sets if entry.product}
        self._clock = clock

    def router(self) -> APIRouter:
        """The service's paths."""
        router = APIRouter()
        router.add_api_route(
            "/v1/products/{product}/electricity-tariffs/{tariff}/standard-unit-rates/",
            self.unit_rates,
        )
        return router

    async def unit_rates(self, product: str, tariff: str, request: Request) -> Response:
        """The rates that hold in the period, newest first, with links to the pages around."""
        rates = self._recordings.tariffs.get(tariff)
        if rates is None or product_of(tariff) != product:
            raise DetailError(404, {"detail": "Not found."})
        asked = request.query_params
        start, end = (_instant(asked.get(name), name) for name in ("period_from", "period_to"))
        now = self._clock.now()
        entry = self._data_sets.get(product)
        found = [
            rate
            for rate in rates
            if _holds(rate, start, end) and published_at(entry, USUAL, rate.valid_from) <= now
        ]
        size = min(_count(asked.get("page_size"), PAGE_SIZE), LARGEST_PAGE)
        page = _count(asked.get("page"), 1)
        first = (page - 1) * size
        if page > 1 and first >= len(found):
            raise DetailError(404, {"detail": "Invalid page."})
        body = {
            "count": len(found),
            "next": _link(request, page + 1) if first + size < len(found) else None,
            "previous": _link(request, page - 1) if page > 1 else None,
            "results": [_written(rate) for rate in found[first : first + size]],
        }
        return JSONResponse(body)


def _holds(rate: Rate, start: datetime | None, end: datetime | None) -> bool:
    """Whether a rate holds at some moment of [start, end)."""
    ended = start is not None and rate.valid_to is not None and rate.valid_to <= start
    return not ended and (end is None or rate.valid_from < end)


def _written(rate: Rate) -> dict[str, Any]:
    return {
        "value_exc_vat": rate.value_exc_vat,
        "value_inc_vat": rate.value_inc_vat,
        "valid_from": iso(rate.valid_from),
        "valid_to": iso(rate.valid_to) if rate.valid_to else None,
        "payment_method": rate.payment_method,
    }


def _link(request: Request, page: int) -> str:
    """The address of another page of the same question."""
    params = {name: text for name, text in request.query_params.items() if name != "page"}
    number = {"page": str(page)} if page > 1 else {}
    return str(request.url.replace(query=urlencode(number | params)))


def _instant(text: str | None, name: str) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_utc(text)
    except BadInput:
        raise DetailError(400, {name: ["Enter a valid date/time."]}) from None


def _count(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise DetailError(404, {"detail": "Invalid page."})
    return int(text)
