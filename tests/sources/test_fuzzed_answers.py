"""Whatever a source sends, its client goes on, goes no further, or says so in a sentence."""

from contextlib import suppress
from random import Random

import pytest

from lakehouse.errors import SourceError
from lakehouse.landing import Request
from sources.octopus import next_request
from tests.fuzzed_bodies import body
from tests.small_lakehouse import utc

REQUEST = Request(
    source="octopus",
    data_set="agile",
    path="/v1/products/A/electricity-tariffs/E-1R-A-C/standard-unit-rates/",
    params=(),
    window_start=utc("2024-10-01 00:00"),
    window_end=utc("2024-10-02 00:00"),
    asked=("E-1R-A-C",),
)


@pytest.mark.parametrize(
    "odd",
    [
        b"[" * 100_000,
        b'{"next": "https://[/x"}',
        b'{"next": "https://example.com' + REQUEST.path.encode() + b"?page=" + b"9" * 5_000 + b'"}',
    ],
    ids=["too deep", "no address", "too many digits"],
)
def test_an_answer_that_no_parser_takes_stops_no_other_source(odd: bytes) -> None:
    """Only a SourceError is told of and passed over."""
    with suppress(SourceError):
        assert next_request(REQUEST, odd) is None


@pytest.mark.parametrize("count", [2_000, pytest.param(100_000, marks=pytest.mark.fuzz)])
def test_any_answer_has_a_next_page_or_none_or_is_told_of(count: int) -> None:
    random = Random(20241018)
    ends = {"page": 0, "none": 0, "told": 0}
    for _ in range(count):
        try:
            following = next_request(REQUEST, body("agile", random))
        except SourceError:
            ends["told"] += 1
        else:
            ends["page" if following else "none"] += 1
    assert sum(ends.values()) == count
    assert all(ends.values()), ends
