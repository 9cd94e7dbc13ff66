"""Every body is kept to the byte, once, under a name that says what it is."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.landing import LandingZone, Request, Response

NOW = datetime(2024, 10, 18, 7, 15, tzinfo=UTC)
REQUEST = Request(
    "open_meteo", "archive", "/v1/archive", (("a", "1 2"),), NOW, NOW + timedelta(1), ("aarhus",)
)
RESPONSE = Response(REQUEST, NOW, 200, "application/json", b'{"hourly": "\xff\x00\r\n"}')


def test_a_body_is_kept_to_the_byte_with_its_checksum(tmp_path: Path) -> None:
    zone = LandingZone(tmp_path)
    row = zone.write(RESPONSE)
    kept = zone.path(row["body_path"]).read_bytes()
    assert kept == RESPONSE.body
    assert row["body_sha256"] == hashlib.sha256(kept).hexdigest()
    assert (row["body_bytes"], row["request"]) == (len(kept), "/v1/archive?a=1+2")
    assert row["body_path"].startswith("open_meteo/archive/2024-10-18/")


def test_the_same_answer_lands_once(tmp_path: Path) -> None:
    zone = LandingZone(tmp_path)
    assert zone.write(RESPONSE) == zone.write(RESPONSE)
    assert len([file for file in tmp_path.rglob("*") if file.is_file()]) == 1


def test_a_half_written_body_of_a_killed_run_is_written_again(tmp_path: Path) -> None:
    zone = LandingZone(tmp_path)
    file = zone.path(zone.write(RESPONSE)["body_path"])
    file.rename(file.with_suffix(".draft"))
    zone.write(RESPONSE)
    assert file.read_bytes() == RESPONSE.body


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 2))
def test_two_answers_share_a_name_only_if_they_are_the_same(
    one: bytes, two: bytes, hours: int
) -> None:
    first = replace(RESPONSE, body=one)
    second = replace(RESPONSE, body=two, fetched_at=NOW + timedelta(hours=hours))
    assert (first.landing_id == second.landing_id) == (one == two and hours == 0)
