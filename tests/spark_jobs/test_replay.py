"""A series group is backtested by what was known at each of its origins, through the one door."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.catalogue import Catalogue
from lakehouse.errors import BadInput
from lakehouse.settings import Settings
from lakehouse.tables.silver import COVARIATES, OBSERVATIONS
from lakehouse.time import DAY
from models.backtest import outcome, plan
from models.backtest import run as running
from models.backtest.plan import BLEND, LIGHTGBM, NAIVE, Plan, checked, tasks
from models.backtest.recorded import Recorded, read_about
from models.boosted_trees import TreesConfig
from models.network import LstmConfig
from models.samples import from_rows
from models.trained import LINEAR, LSTM
from spark_jobs import features
from spark_jobs.dense import dense_rows
from spark_jobs.features import samples_at
from spark_jobs.known_at import newest
from spark_jobs.origins import origins_between
from spark_jobs.replay import Wanted, record
from tests.small_lakehouse import SmallLakehouse, forget_logs, utc
from tests.spark_jobs.world import (
    START,
    TARIFF,
    settle,
    town_catalogue,
    town_rows,
    with_another_future,
    with_home,
)

AS_OF = utc("2024-11-20 00:00")
#: 09:30 in Copenhagen, after the clocks changed within the test.
TURN = utc("2024-10-28 08:30")
TEST = Plan(date(2024, 10, 22), date(2024, 10, 30), recalibrate_days=7, seeds=1)
_COVARIATE = ("series_id", "event_time", "resolution_minutes", "value")
GROUPS = {
    "price": (NAIVE, LINEAR, LIGHTGBM, BLEND),
    "home": (NAIVE, LIGHTGBM, LSTM, BLEND),
}


@pytest.fixture(scope="module")
def town() -> Catalogue:
    return with_home(town_catalogue())


@pytest.fixture(scope="module")
def worlds(
    spark: SparkSession, town: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[SmallLakehouse, SmallLakehouse]]:
    """The same world twice; in the second all that became known after TURN is another."""
    rows = town_rows(town)
    folder = tmp_path_factory.mktemp("replayed")
    one, two = (SmallLakehouse.create(spark, folder / name) for name in ("one", "two"))
    settle(one, town, rows)
    settle(two, town, with_another_future(rows, TURN))
    yield one, two
    forget_logs(spark)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "LEAST_HISTORY", 28)
    monkeypatch.setattr(running, "LSTM_CONFIG", LstmConfig(members=1, width=4, epochs=1))
    monkeypatch.setattr(running, "SHORT_WINDOWS", (28,))
    monkeypatch.setattr(running, "LONG_WINDOWS", (40,))
    monkeypatch.setattr(running, "TREES", TreesConfig(trees=10, outer_trees=3))


def recorded(
    small: SmallLakehouse, town: Catalogue, settings: Settings, group: str, file: Path
) -> Recorded:
    wanted = Wanted(group, TEST.test_start, TEST.test_end, AS_OF).since(town, 1000)
    record(small.tables, town, wanted, wanted.about(town, settings), file)
    return Recorded(file)


def lived(replay: Recorded, models: tuple[str, ...], folder: Path) -> outcome.Outcome:
    chosen = replace(TEST, models=models)
    for task in tasks(checked(chosen, replay)):
        running.run_task(replay, chosen, task, folder)
    return outcome.gather(replay, chosen, folder)


@pytest.mark.parametrize("group", GROUPS)
def test_what_became_known_after_an_origin_changes_no_forecast_of_it(
    worlds: tuple[SmallLakehouse, SmallLakehouse],
    town: Catalogue,
    settings: Settings,
    tmp_path: Path,
    group: str,
) -> None:
    """Corrections of what was known, too: of inputs, of training truth, of the errors by which
    intervals and the blend are shaped."""
    first, second = (
        lived(
            recorded(small, town, settings, group, tmp_path / f"{number}.parquet"),
            GROUPS[group], tmp_path / str(number),
        )
        for number, small in enumerate(worlds)
    )  # fmt: skip
    turn = np.datetime64(TURN.replace(tzinfo=None))
    until = first.samples.forecast_origin <= turn
    assert (until & first.is_test).sum() == 8 and (~until).sum() == 1
    for name in GROUPS[group]:
        one, two = first.forecasts[name], second.forecasts[name]
        assert np.array_equal(one[until], two[until], equal_nan=True), name
        assert np.isfinite(one[until & first.is_test][:, :24]).all(), name
        assert not np.allclose(one[~until], two[~until], equal_nan=True), name
    assert not np.allclose(first.samples.target, second.samples.target, equal_nan=True)


def test_a_covariate_that_tells_the_target_in_hindsight_does_not_help(
    small: SmallLakehouse,
    town: Catalogue,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Forecasts and scores are those of what was knowable of it, to the last bit; and it would
    help, were it let through."""
    rows = town_rows(town)
    settle(small, town, rows)
    models = (NAIVE, LINEAR)

    def judged(name: str) -> tuple[outcome.Outcome, dict[str, float]]:
        file = tmp_path / f"{name}.parquet"
        found = lived(recorded(small, town, settings, "home", file), models, tmp_path / name)
        return found, outcome.figures(found.rows, found.scale)[LINEAR]

    first, scores = judged("knowable")
    truth = [row for row in rows[OBSERVATIONS] if row["series_id"] == TARIFF]
    hindsight = {"name": "wind", "available_at": AS_OF - DAY, "recorded_at": AS_OF}
    small.append(
        COVARIATES,
        [
            COVARIATES.row(**{k: row[k] for k in _COVARIATE} | hindsight)
            for row in {row["event_time"]: row for row in truth}.values()
        ],
    )
    second, again = judged("planted")
    assert scores == again
    for name in models:
        assert np.array_equal(first.forecasts[name], second.forecasts[name], equal_nan=True)
    honest = features.covariates_known_at
    monkeypatch.setattr(
        features,
        "covariates_known_at",
        lambda origins, known: honest(
            origins,
            newest(known, ["series_id", "name", "event_time"], "available_at").withColumn(
                "available_at", F.lit(START)
            ),
        ),
    )
    assert judged("leaking")[1]["mae"] < 0.9 * scores["mae"]


@pytest.mark.parametrize("group", ["load", "home"])
def test_the_truth_at_any_moment_is_what_the_tables_said_then(
    worlds: tuple[SmallLakehouse, SmallLakehouse],
    town: Catalogue,
    settings: Settings,
    tmp_path: Path,
    group: str,
) -> None:
    """Corrected, corrected back, published late, and of intervals whose length changes."""
    small = worlds[1]
    replay = recorded(small, town, settings, group, tmp_path / "samples.parquet")
    days = town.groups[group], replay.days[0], replay.days[-1]
    issued = [(group, origin) for origin in origins_between(*days, AS_OF)]
    for moment in (TURN - 12 * DAY, TURN):
        seen = dense_rows(samples_at(small.tables, town, issued, truth_as_of=moment).toPandas())
        target = from_rows(seen).target
        assert target is not None and not np.isnan(target).all()
        then = replay.truth.at(np.datetime64(moment.replace(tzinfo=None)))
        np.testing.assert_allclose(then, target, rtol=1e-12)
    known = replay.samples(0, len(replay.days)).target
    now = replay.truth.at(np.datetime64(AS_OF.replace(tzinfo=None)))
    np.testing.assert_allclose(now, known, rtol=1e-12)
    assert replay.days[0] == START.date() + DAY
    assert np.nanmax(np.abs(replay.history.values)) == np.nanmax(np.abs(known))


def test_a_file_of_samples_says_what_it_is_and_another_file_is_none(
    worlds: tuple[SmallLakehouse, SmallLakehouse],
    town: Catalogue,
    settings: Settings,
    tmp_path: Path,
) -> None:
    replay = recorded(worlds[0], town, settings, "price", tmp_path / "samples.parquet")
    assert (replay.about.series_group, replay.about.as_of) == ("price", "2024-11-20T00:00:00Z")
    assert "09:30 Europe/Copenhagen on the day before" in replay.told
    (tmp_path / "other.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(BadInput, match="start over with --fresh"):
        read_about(tmp_path / "other.parquet")


@pytest.mark.parametrize(
    ("first", "last"),
    [("2020-01-01", "2024-10-01"), ("2024-10-02", "2024-10-01"), ("2024-10-01", "2024-11-21")],
)
def test_days_that_no_origin_forecast_are_refused(town: Catalogue, first: str, last: str) -> None:
    days = date.fromisoformat(first), date.fromisoformat(last)
    with pytest.raises(BadInput, match=r"from 2024-09-02, where its .* to 2024-11-20, which is"):
        Wanted("price", *days, AS_OF).since(town, 9)
