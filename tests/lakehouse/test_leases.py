"""Leases on S3: one holder, also where the one before is killed, or sleeps and wakes up."""

import os
import threading
import time
from contextlib import nullcontext

import pytest

from lakehouse.arrow import ArrowTables
from lakehouse.errors import BusyError
from lakehouse.lanes import lane
from lakehouse.leases import Lease
from lakehouse.places import Place
from lakehouse.tables.gold import INCIDENTS

ABOUT = {"process": "1", "host": "h", "command": "c", "since": "s"}


def lease(on_s3: Place, seconds: float = 60.0) -> Lease:
    return Lease(on_s3 / ".lanes" / "gold.runs.lock", ABOUT, seconds)


def asleep(held: Lease) -> None:
    """Its process stands still: nothing is renewed."""
    held._done.set()


def taken_over(on_s3: Place, seconds: float = 0.2) -> Lease:
    """The lease of one who has waited for another's to end."""
    waiting = lease(on_s3)
    until = time.monotonic() + 30
    while not waiting.take():
        assert time.monotonic() < until
        time.sleep(seconds / 4)
    return waiting


def test_of_many_who_want_it_at_once_one_gets_it(on_s3: Place) -> None:
    wanting = [lease(on_s3) for _ in range(24)]
    got: list[bool] = []
    threads = [threading.Thread(target=lambda one=one: got.append(one.take())) for one in wanting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 23 + [True]


def test_who_is_done_lets_the_next_in_with_greater_numbers(on_s3: Place) -> None:
    first, second = lease(on_s3), lease(on_s3)
    assert first.take() and not second.take()
    assert second.holder() == ABOUT
    numbers = [first.fence(), first.fence()]
    first.release()
    assert second.holder() is None
    assert second.take()
    numbers.append(second.fence())
    assert numbers == sorted(set(numbers))
    with pytest.raises(BusyError, match="has not renewed its lease"):
        first.fence()
    second.release()


def test_a_holder_that_works_on_keeps_it(on_s3: Place) -> None:
    held, waiting = lease(on_s3, 0.4), lease(on_s3)
    assert held.take()
    until = time.monotonic() + 2
    while time.monotonic() < until:
        assert not waiting.take()
        held.check()
        time.sleep(0.05)
    held.release()
    assert waiting.take()
    waiting.release()


def test_who_sleeps_loses_it_and_is_told_before_it_writes(on_s3: Place) -> None:
    held = lease(on_s3, 0.2)
    assert held.take()
    asleep(held)
    successor = taken_over(on_s3)
    with pytest.raises(BusyError, match=r"alone in gold\.runs; this process has not renewed"):
        held.check()
    held.release()
    successor.check()
    assert not lease(on_s3).take()
    successor.release()


def test_a_lane_on_s3_tells_who_is_in_it(on_s3: Place) -> None:
    with lane(on_s3, "gold.runs") as held:
        assert held is not None
        with lane(on_s3, "gold.runs", 0) as again:
            assert again is held
        other = lease(on_s3)
        assert not other.take() and str(os.getpid()) in str(other.holder())
    assert other.take()
    told = r"free within 0 s; process 1 \(c\) on h is in it since s"
    with pytest.raises(BusyError, match=told), lane(on_s3, "gold.runs", 0):
        pytest.fail("two were in the lane")
    other.release()


def test_a_writer_that_wakes_up_after_its_lease_writes_nothing(
    on_s3: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it believes that it holds it: Delta's log knows of the later lease."""
    ArrowTables(on_s3).create_missing([INCIDENTS])

    def write(held: Lease, name: str) -> None:
        tables = ArrowTables(on_s3)
        monkeypatch.setattr(tables, "lane", lambda table: nullcontext(held))
        tables.append(INCIDENTS, [INCIDENTS.row(incident_id=name)])

    held = lease(on_s3, 0.2)
    assert held.take()
    write(held, "before")
    asleep(held)
    successor = taken_over(on_s3)
    write(successor, "after")
    monkeypatch.setattr(held, "check", lambda: None)
    with pytest.raises(BusyError, match="another may be in it"):
        write(held, "late")
    found = ArrowTables(on_s3).rows(INCIDENTS, ["incident_id"])
    assert sorted(row["incident_id"] for row in found) == ["after", "before"]
    successor.release()
