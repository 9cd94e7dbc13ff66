"""What replaces a champion first forecasts beside it: live days may stop it, and no more."""

from datetime import date, timedelta
from typing import Any

import pytest

from lakehouse.settings import Settings
from lakehouse.tables.gold import FORECAST_ERRORS, PROMOTIONS
from models.registry import Registry
from spark_jobs import live_days
from spark_jobs.champions import standings_at
from tests.small_lakehouse import SmallLakehouse, utc

SINCE, AS_OF = utc("2024-10-01 07:30"), utc("2024-10-20 07:30")
DAYS = [date(2024, 10, 2) + timedelta(days=i) for i in range(14)]


def waiting() -> dict[str, Any]:
    return PROMOTIONS.row(
        series_group="price",
        decided_at=SINCE,
        champion_model="lstm",
        champion_version="1",
        candidate_model="blend",
        candidate_version="2",
        mlflow_run_id="run",
        awaiting=True,
    )


def errors(model: str, version: str, mae: float, days: int = 7) -> list[dict[str, Any]]:
    return [
        FORECAST_ERRORS.row(
            series_id=series,
            series_group="price",
            model_name=model,
            model_version=version,
            run_kind=kind,
            target_day=day,
            truth_as_of=utc("2024-10-15 00:00"),
            n=24,
            sum_abs=24.0 * mae * (1.0 if kind == "live" else 100.0),
        )
        for series in ("a", "b")
        for day in DAYS[:days]
        for kind in ("live", "replay")
    ]


# the candidate's live MAE beside 10, its days, who else has some -> champion then, words
CASES = [
    ("as good", 11.0, 7, "lstm", "blend 2", "it takes over"),
    ("broken", 20.0, 7, "lstm", "lstm 1", "more than 25% worse stops it"),
    ("too few days", 5.0, 6, "lstm", "lstm 1", ""),
    ("the champion is silent", 11.0, 7, "seasonal_naive", "blend 2", "than seasonal_naive 1"),
]


@pytest.mark.parametrize(
    ("mae", "days", "other", "champion", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_live_days_decide(
    small: SmallLakehouse,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    mae: float,
    days: int,
    other: str,
    champion: str,
    words: str,
) -> None:
    named: list[str] = []
    monkeypatch.setattr(Registry, "set_champion", lambda *names: named.append(" ".join(names[2:])))
    small.arrow.append(PROMOTIONS, [waiting()])
    rows = errors("blend", "2", mae, days) + errors(other, "1", 10.0)
    small.arrow.append(FORECAST_ERRORS, rows)
    # A correction that nobody knows of yet would decide otherwise.
    unknown = {"truth_as_of": AS_OF + timedelta(seconds=1)}
    small.arrow.append(FORECAST_ERRORS, [row | unknown | {"sum_abs": 1e4} for row in rows[:1]])
    here = settings.model_copy(update={"lakehouse": small.folder})
    reasons = live_days.run(small.arrow, here, AS_OF, "run")
    assert words in " ".join(reasons)
    standing = standings_at(small.arrow, AS_OF)["price"]
    assert standing.champion and standing.champion.name == champion
    assert (standing.awaiting is None) == bool(words)
    assert named == [name for name in [champion] if name == "blend 2"]
    if champion == "blend 2":
        assert standing.champion.mlflow_run_id == "run"
    assert live_days.run(small.arrow, here, AS_OF, "again") == []


def test_a_champion_worse_than_seasonal_naive_is_set_aside(
    small: SmallLakehouse, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleared: list[str] = []
    monkeypatch.setattr(Registry, "clear_champion", lambda _, group: cleared.append(group))
    in_charge = waiting() | {"candidate_model": "lstm", "candidate_version": "1", "awaiting": False}
    small.arrow.append(PROMOTIONS, [in_charge | {"promoted": True}])
    small.arrow.append(FORECAST_ERRORS, errors("seasonal_naive", "1", 10.0, days=14))
    small.arrow.append(FORECAST_ERRORS, errors("lstm", "1", 12.0, days=14))
    here = settings.model_copy(update={"lakehouse": small.folder})
    [reason] = live_days.run(small.arrow, here, AS_OF, "run")
    assert "price: lstm 1 is 20.0% worse in MAE than seasonal_naive 1" in reason
    standing = standings_at(small.arrow, AS_OF)["price"]
    assert (standing.champion, standing.since, cleared) == (None, AS_OF, ["price"])
    assert [model.name for model in standing.stand_ins] == ["lstm 1"]
    assert live_days.run(small.arrow, here, AS_OF, "again") == []
