"""A person may put any trained model in charge, or the one before back; the reason is kept."""

import pytest

from lakehouse.errors import BadInput
from lakehouse.settings import Settings
from lakehouse.tables.gold import PROMOTIONS, TRAINING_RUNS
from models.registry import Registry
from spark_jobs import by_hand
from spark_jobs.champions import Model, standings_at
from tests.small_lakehouse import SmallLakehouse, utc

TRAINED, NOW = utc("2024-10-01 07:30"), utc("2024-10-20 07:30")


@pytest.fixture
def named(small: SmallLakehouse, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two trainings of one kind, nobody in charge; gives what MLflow was told."""
    rows = [
        TRAINING_RUNS.row(
            series_group="price", model_name="lstm", model_version=version,
            as_of=TRAINED, status=status, mlflow_run_id=f"run {version}",
        )
        for version, status in (("1", "ok"), ("2", "ok"), ("3", "failed"))
    ]  # fmt: skip
    small.arrow.append(TRAINING_RUNS, rows)
    told: list[str] = []
    monkeypatch.setattr(Registry, "set_champion", lambda *names: told.append(" ".join(names[2:])))
    return told


def in_charge(small: SmallLakehouse) -> str | None:
    champion = standings_at(small.arrow, NOW)["price"].champion
    return champion and champion.name


def test_promoted_and_rolled_back_as_often_as_one_likes(
    small: SmallLakehouse, settings: Settings, named: list[str]
) -> None:
    here = settings.model_copy(update={"lakehouse": small.folder})

    def promote(version: str) -> str:
        wanted = Model("price", "lstm", version)
        return by_hand.promote(small.arrow, here, wanted, "It is calmer.", NOW, "run")

    assert promote("1") == (
        "price: lstm 1 is in charge instead of seasonal_naive 1. By hand: It is calmer."
    )
    promote("2")
    assert in_charge(small) == "lstm 2"
    by_hand.rollback(small.arrow, here, "price", "Not so.", NOW, "run")
    assert in_charge(small) == "lstm 1"
    assert standings_at(small.arrow, NOW)["price"].champion == Model("price", "lstm", "1", "run 1")
    assert named == ["lstm 1", "lstm 2", "lstm 1"]
    rows = small.rows(PROMOTIONS)
    assert {row["decided_by"] for row in rows} == {"person"}
    assert sorted(row["turn"] for row in rows) == [100, 101, 102]


def test_back_to_seasonal_naive(
    small: SmallLakehouse, settings: Settings, named: list[str]
) -> None:
    here = settings.model_copy(update={"lakehouse": small.folder})
    wanted = Model("price", "lstm", "1")
    by_hand.promote(small.arrow, here, wanted, "Try it.", NOW, "run")
    said = by_hand.rollback(small.arrow, here, "price", "Spikes.", NOW, "run")
    assert said == "price: seasonal_naive 1 is in charge instead of lstm 1. By hand: Spikes."
    assert in_charge(small) is None


@pytest.mark.parametrize("version", ["3", "9"])
def test_what_was_not_trained_cannot_be_put_in_charge(
    small: SmallLakehouse, settings: Settings, named: list[str], version: str
) -> None:
    wanted = Model("price", "lstm", version)
    with pytest.raises(BadInput, match=r"got lstm .; the newest are: lstm 1, lstm 2"):
        by_hand.promote(small.arrow, settings, wanted, "x", NOW, "run")
    assert (named, small.rows(PROMOTIONS)) == ([], [])


def test_without_a_champion_there_is_nothing_to_roll_back(
    small: SmallLakehouse, settings: Settings, named: list[str]
) -> None:
    with pytest.raises(BadInput, match="seasonal naive has always been in charge"):
        by_hand.rollback(small.arrow, settings, "price", "x", NOW, "run")


def test_who_is_in_charge_already_is_told_of(
    small: SmallLakehouse, settings: Settings, named: list[str]
) -> None:
    here = settings.model_copy(update={"lakehouse": small.folder})
    wanted = Model("price", "lstm", "1")
    by_hand.promote(small.arrow, here, wanted, "Try it.", NOW, "run")
    with pytest.raises(BadInput, match="lstm 1 is in charge of price already"):
        by_hand.promote(small.arrow, here, wanted, "Again.", NOW, "run")
