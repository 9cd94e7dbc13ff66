"""Requests to Octopus Energy (Great Britain): unit rates of home tariffs, no key needed for prices.

The service pages: an answer names the `next` one. https://developer.octopus.energy/rest/reference
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from lakehouse.catalogue import DataSet
from lakehouse.errors import BadInput, SourceError
from lakehouse.landing import Request
from lakehouse.time import iso

SOURCE = "octopus"
#: Where an answer keeps its records.
RECORDS = "results"
#: The most that the service gives on one page.
PAGE_SIZE = 1500
#: No page has a number of so many digits.
_DIGITS = 10
#: Characters of an odd `next` that a sentence shows.
_SHOWN = 300


def request(
    data_set: DataSet, source_key: Sequence[str], start: datetime, end: datetime
) -> Request:
    """The first page of the unit rates of one tariff that hold in [start, end), UTC.

    The source key is the tariff's code, such as E-1R-AGILE-24-10-01-C: its last letter is the
    region. An open-ended rate that began before the window is in the answer too. Raises BadInput
    for an empty or naive window, and for a data set without a product or a key of other length.
    """
    if start.tzinfo is None or end.tzinfo is None or start >= end:
        raise BadInput(
            f"{data_set.name}: expected a window in UTC that ends after it starts, got {start} to "
            f"{end}."
        )
    if len(source_key) != 1 or not data_set.product:
        raise BadInput(
            f"{data_set.name}: expected a product and the tariff's code as the only key, got "
            f"product '{data_set.product}' and {list(source_key)}. Correct the catalogue."
        )
    product, tariff = quote(data_set.product, safe=""), quote(source_key[0], safe="")
    return Request(
        source=SOURCE,
        data_set=data_set.name,
        path=f"/v1/products/{product}/electricity-tariffs/{tariff}/standard-unit-rates/",
        params=(
            ("period_from", iso(start)),
            ("period_to", iso(end)),
            ("page_size", str(PAGE_SIZE)),
        ),
        window_start=start,
        window_end=end,
        asked=("|".join(source_key),),
    )


def next_request(request: Request, body: bytes) -> Request | None:
    """The page after the one that `request` got, or None where it was the last.

    Only the query of `next` is used: the host that an answer names is never asked. A body that is
    no answer of this service has no next page; its bytes are kept and refused where they are read.
    Raises SourceError where `next` leaves the request's path or does not go on to a later page.
    """
    following = _next(body)
    if following is None:
        return None
    path, params = _path_and_query(following)
    here, there = _page(request.params), _page(params)
    # Before the path there may be more: what a proxy or an emulator adds.
    stays = path.endswith(request.path)
    if not stays or here is None or there is None or there <= here:
        raise SourceError(
            f"{request.source} {request.data_set} for {', '.join(request.asked)}: expected a page "
            f"after page {here} of {request.path}, got '{following[:_SHOWN]}' as the next. "
            "Nothing of this answer was kept; run it again later."
        )
    return replace(request, params=params)


def _next(body: bytes) -> str | None:
    try:
        answer: Any = json.loads(body)
    except (ValueError, RecursionError):  # the latter: brackets within brackets, by the thousand
        return None
    following = answer.get("next") if isinstance(answer, dict) else None
    return following if isinstance(following, str) and following else None


def _path_and_query(address: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Both empty for what is no address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ()
    return parts.path, tuple(parse_qsl(parts.query, keep_blank_values=True))


def _page(params: Sequence[tuple[str, str]]) -> int | None:
    text = dict(params).get("page", "1")
    return int(text) if text.isdecimal() and len(text) < _DIGITS else None
