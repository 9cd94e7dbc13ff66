"""A day that broke off is completed by the next `daily`, as if nothing had happened."""

from pathlib import Path

import pytest

from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.gold import RUNS
from tests.worlds import World, origin_of

FIRST = origin_of("2024-10-18")


class PowerCutError(Exception):
    """What happens to a job in the middle of a day."""


def test_a_day_that_broke_off_is_completed_by_the_next_daily(
    trained: World, one_day_on: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = trained.copy(tmp_path / "lakehouse")

    def broken(*_: object) -> None:
        raise PowerCutError("the lights went out")

    with monkeypatch.context() as patch:
        patch.setattr("flows.steps.forecast_job.run", broken)
        with pytest.raises(PowerCutError):
            world.live("daily", report=False)
    told = {row["step"]: (row["status"], row["reason"]) for row in world.rows(RUNS, as_of=FIRST)}
    assert told["build"][0] == "ok"
    assert told["forecast"] == told["daily"] == ("failed", "PowerCutError: the lights went out")

    world.live("daily", report=False)

    assert world.clock().now() == FIRST
    assert world.checksums() == one_day_on.checksums()


def test_a_day_whose_ingest_broke_off_asks_the_same_again(
    trained: World, one_day_on: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock has moved, some bodies have landed, the origin has not come: ask at that clock."""
    world = trained.copy(tmp_path / "lakehouse")
    before_origin = one_day_on.last_run("ingest")["as_of"]
    world.clock().move_to(before_origin)
    world.live("ingest")
    landed = world.content(LANDINGS)
    assert world.live("ingest").written == {LANDINGS.name: 0}
    assert world.content(LANDINGS) == landed == one_day_on.content(LANDINGS)
    from flows.flows import next_day
    from flows.run import new_run

    with world.entered():
        assert next_day(new_run(None, None)) == FIRST
