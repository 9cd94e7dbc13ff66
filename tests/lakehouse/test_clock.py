"""The sample clock stands still, goes forward only, and outlives the process."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lakehouse.clock import SampleClock, SystemClock
from lakehouse.errors import BadInput

START = datetime(2024, 10, 17, 22, tzinfo=UTC)


def test_it_stands_at_its_start_until_it_is_moved(tmp_path: Path) -> None:
    clock = SampleClock(tmp_path / "clock", START)
    assert clock.now() == START
    clock.move_to(START + timedelta(hours=9))
    assert clock.now() == START + timedelta(hours=9)


def test_a_restart_finds_it_where_it_was(tmp_path: Path) -> None:
    SampleClock(tmp_path / "deep" / "clock", START).move_to(START + timedelta(days=1))
    assert SampleClock(tmp_path / "deep" / "clock", START).now() == START + timedelta(days=1)
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["clock"]


def test_it_cannot_go_back(tmp_path: Path) -> None:
    clock = SampleClock(tmp_path / "clock", START)
    clock.move_to(START)
    with pytest.raises(BadInput, match="stands at 2024-10-17T22:00:00Z and cannot go back"):
        clock.move_to(START - timedelta(seconds=1))
    assert clock.now() == START


def test_the_system_clock_tells_whole_seconds_in_utc() -> None:
    now = SystemClock().now()
    assert (now.microsecond, now.tzinfo) == (0, UTC)
