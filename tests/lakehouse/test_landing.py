"""Every body is kept to the byte, once, and what lies in the folder tells all that landed."""

import gzip
import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.errors import BadInput
from lakehouse.landing import CSV, PARQUET, LandingZone, Request, Response, file_response
from lakehouse.tables.bronze import LANDINGS

NOW = datetime(2024, 10, 18, 7, 15, tzinfo=UTC)
WINDOW = (NOW, NOW + timedelta(1))
REQUEST = Request("open_meteo", "archive", "/v1/archive", (("a", "1 2"),), *WINDOW, ("aarhus",))
RESPONSE = Response(REQUEST, NOW, 200, "application/json", b'{"hourly": "\xff\x00\r\n"}')
PAGES = [replace(RESPONSE, body=f"page {number}".encode()) for number in (1, 2, 3)]


class KilledError(BaseException):
    """The process is gone: nothing handles it and nothing is tidied up."""


def killed_at_write(number: int, patch: pytest.MonkeyPatch) -> None:
    """The process dies before its `number`th file (from 0) has its name."""
    done: list[Any] = []
    replace_file = os.replace

    def fatal(*names: Any) -> None:
        if len(done) == number:
            raise KilledError
        done.append(names)
        replace_file(*names)

    patch.setattr(os, "replace", fatal)


def files(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.rglob(f"*{suffix}"))


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
    assert len(files(tmp_path, ".body")) == len(files(tmp_path, ".json")) == 1


def test_the_folder_alone_tells_the_manifest(tmp_path: Path) -> None:
    zone = LandingZone(tmp_path)
    later = replace(RESPONSE, fetched_at=NOW + timedelta(microseconds=1_000_001))
    rows = [zone.write(answer, "a run") for answer in (later, RESPONSE)]
    told = LandingZone(tmp_path).manifest()
    assert told == rows[::-1]
    assert list(told[0]) == LANDINGS.column_names
    assert zone.manifest(known={rows[0]["landing_id"]}) == [rows[1]]


@pytest.mark.parametrize("files_written", range(4))
def test_pages_land_together_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files_written: int
) -> None:
    """Killed before any of the four files is there; started again, all is as if undisturbed."""
    zone = LandingZone(tmp_path)
    with monkeypatch.context() as patch:
        killed_at_write(files_written, patch)
        with pytest.raises(KilledError):
            zone.write_together(PAGES)
    assert zone.manifest() == []
    rows = zone.write_together(PAGES)
    told = {row["landing_id"]: row for row in zone.manifest()}
    assert told == {row["landing_id"]: row for row in rows}
    assert [zone.path(row["body_path"]).read_bytes() for row in rows] == [p.body for p in PAGES]
    assert not list(zone.damaged())


def test_a_body_that_changed_or_is_gone_is_named(tmp_path: Path) -> None:
    zone = LandingZone(tmp_path)
    kept, changed, gone = (zone.path(row["body_path"]) for row in zone.write_together(PAGES))
    changed.write_bytes(b"page 4")
    gone.unlink()
    told = list(zone.damaged())
    assert len(told) == 2
    assert any(changed.name in sentence and "expected sha256" in sentence for sentence in told)
    assert any(gone.name in sentence and sentence.endswith("is gone.") for sentence in told)
    assert not any(kept.name in sentence for sentence in told)


def test_a_sidecar_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    zone = LandingZone(tmp_path)
    zone.write(RESPONSE)
    [sidecar] = files(tmp_path, ".json")
    sidecar.write_text("[{}]")
    with pytest.raises(BadInput, match=rf"{sidecar.name}; they cannot be read .*window_start"):
        zone.manifest()


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 2))
def test_two_answers_share_a_name_only_if_they_are_the_same(
    one: bytes, two: bytes, hours: int
) -> None:
    first = replace(RESPONSE, body=one)
    second = replace(RESPONSE, body=two, fetched_at=NOW + timedelta(hours=hours))
    assert (first.landing_id == second.landing_id) == (one == two and hours == 0)


def landed(file: Path) -> Response:
    return file_response(file, "energi_data_service", "Elspotprices", ["DK1"], NOW, WINDOW)


def test_a_file_lands_as_it_is_whatever_its_name(tmp_path: Path) -> None:
    text = "HourUTC;PriceArea\n2024-01-01T00:00;DK1\n".encode("utf-8-sig")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "parquet")
    parquet = (tmp_path / "parquet").read_bytes()
    for name, content, kind in (
        ("plain.csv", text, CSV),
        ("packed.csv.gz", gzip.compress(text), CSV),
        ("misnamed", gzip.compress(text), CSV),
        ("table.parquet", parquet, PARQUET),
        ("packed table.parquet.gz", gzip.compress(parquet), PARQUET),
    ):
        (tmp_path / name).write_bytes(content)
        answer = landed(tmp_path / name)
        assert (answer.body, answer.content_type) == (content, kind)
        assert (answer.status, answer.request.asked) == (200, ("DK1",))
    assert answer.request.url == "/file/packed%20table.parquet.gz"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "Expected a file at .*No such file"),
        (b"", "is empty"),
        (gzip.compress(b"HourUTC", mtime=0)[:-9], "begins like gzip, but cannot be unpacked"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    file = tmp_path / "data.csv.gz"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadInput, match=sentence):
        landed(file)
