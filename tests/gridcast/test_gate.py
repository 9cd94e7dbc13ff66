"""The gate between a release and production, on numbers: two lakehouses of a few tables."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from gridcast.gate import main
from lakehouse.arrow import ArrowTables
from lakehouse.tables.gold import BACKTESTS, FORECAST_ERRORS, PROMOTIONS, TRAINING_RUNS

FIRST = date(2024, 8, 1)
AT = datetime(2024, 12, 1, tzinfo=UTC)
GROUP, SERIES = "prices", ("dk1", "dk2")


class Side:
    """One lakehouse: a champion, its held-out days and its live ones."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.arrow = ArrowTables(folder)
        self.arrow.create_missing([BACKTESTS, FORECAST_ERRORS, PROMOTIONS, TRAINING_RUNS])
        self._noise = np.random.default_rng(seed)
        decided = datetime(2024, 7, 1, tzinfo=UTC)
        self.arrow.append(
            PROMOTIONS,
            [PROMOTIONS.row(series_group=GROUP, decided_at=decided, champion_model="lstm",
                            champion_version="1", candidate_model="lstm", candidate_version="1",
                            promoted=True)],
        )  # fmt: skip

    def _losses(self, days: int, level: float) -> list[float]:
        return list(level * (1.0 + 0.1 * self._noise.standard_normal(days)))

    def held_out(self, level: float, days: int = 56, series: tuple[str, ...] = SERIES) -> "Side":
        self.arrow.append(
            BACKTESTS,
            [BACKTESTS.row(backtest="t1", series_group=GROUP, series_id=name, model_name="lstm",
                           model_version="1", target_day=FIRST + timedelta(days=day), n=24,
                           sum_abs=24 * loss, sum_pinball=12 * loss, n_in_80=19, n_in_90=22)
             for name in series for day, loss in enumerate(self._losses(days, level))],
        )  # fmt: skip
        return self

    def live(self, level: float, days: int = 14, source: str = "champion") -> "Side":
        self.arrow.append(
            FORECAST_ERRORS,
            [FORECAST_ERRORS.row(series_id=name, model_name="lstm", model_version="1",
                                 run_kind="live", target_day=FIRST + timedelta(days=day),
                                 horizon_band=band, truth_as_of=AT - timedelta(days=1),
                                 series_group=GROUP, forecast_source=source, n=6,
                                 sum_abs=6 * loss)
             for name in SERIES for day, loss in enumerate(self._losses(days, level))
             for band in (0, 6, 12, 18)],
        )  # fmt: skip
        return self


@pytest.fixture
def release(tmp_path: Path) -> Side:
    return Side(tmp_path / "release", 1)


@pytest.fixture
def production(tmp_path: Path) -> Side:
    return Side(tmp_path / "production", 2)


class Gate:
    """The program, in this process."""

    def __init__(
        self, release: Side, production: Side,
        capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        self._folders = ["--release", str(release.folder), "--production", str(production.folder)]
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, kind: str, *more: str) -> tuple[int, str]:
        told = ["gate", kind, *self._folders, "--at", AT.isoformat(), *more]
        self._monkeypatch.setattr("sys.argv", told)
        code = main()
        said = self._capsys.readouterr()
        return code, said.out + said.err


@pytest.fixture
def gate(
    release: Side,
    production: Side,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Gate:
    return Gate(release, production, capsys, monkeypatch)


def test_a_release_that_is_as_good_goes_on(release: Side, production: Side, gate: Gate) -> None:
    release.held_out(10.0)
    production.held_out(10.0)
    code, said = gate("offline")
    assert code == 0
    assert said.splitlines()[-1] == "Go: the release is no worse in any of 1 groups."


def test_a_release_that_is_worse_is_stopped_with_the_figures(
    release: Side, production: Side, gate: Gate
) -> None:
    release.held_out(11.5)
    production.held_out(10.0)
    code, said = gate("offline")
    assert code == 1
    assert "stopped    release lstm of prices is 1" in said
    assert "a newer training must not be worse at p < 0.01" in said
    assert said.splitlines()[-1] == "Stop: the release is worse in 1 of 1 groups."


def test_too_few_days_are_not_a_pass(release: Side, production: Side, gate: Gate) -> None:
    release.held_out(5.0, days=20)
    production.held_out(10.0)
    code, said = gate("offline")
    assert code == 1
    assert "has 20 days beside production lstm, 28 are needed" in said
    assert said.splitlines()[-1] == "Not yet: 1 of 1 groups cannot be told."


def test_a_series_that_the_release_no_longer_forecasts_stops_it(
    release: Side, production: Side, gate: Gate
) -> None:
    release.held_out(5.0, series=SERIES[:1])
    production.held_out(10.0)
    assert gate("offline")[0] == 1
    assert "does not forecast ['dk2'] of prices" in gate("offline")[1]


def test_a_group_that_the_release_lacks_stops_it(production: Side, gate: Gate) -> None:
    production.held_out(10.0)
    code, said = gate("offline")
    assert (code, "The release has no backtest of prices" in said) == (1, True)


def test_without_a_backtest_of_production_nothing_is_decided(release: Side, gate: Gate) -> None:
    release.held_out(10.0)
    code, said = gate("offline")
    assert code == 2
    assert said.startswith("gate: Expected backtests of champions in gold.backtests of production")


def test_live_days_let_a_release_of_equal_error_through(
    release: Side, production: Side, gate: Gate
) -> None:
    release.live(10.5)
    production.live(10.0)
    code, said = gate("live", "--since", "2024-08-01")
    assert code == 0, said
    assert "over 14 live days: it takes over." in said


def test_live_days_stop_a_broken_release(release: Side, production: Side, gate: Gate) -> None:
    release.live(14.0)
    production.live(10.0)
    code, said = gate("live", "--since", "2024-08-01")
    assert code == 1
    assert "more than 25% worse stops it" in said


def test_a_release_that_stopped_forecasting_is_not_let_through(
    release: Side, production: Side, gate: Gate
) -> None:
    release.live(10.0, days=3)
    production.live(10.0)
    code, said = gate("live", "--since", "2024-08-01")
    assert code == 1
    assert "release has 3 of 7 live days" in said


def test_only_days_since_the_release_was_deployed_count(
    release: Side, production: Side, gate: Gate
) -> None:
    release.live(10.0)
    production.live(10.0)
    code, said = gate("live", "--since", "2024-08-10")
    assert (code, "release has 5 of 7 live days" in said) == (1, True)


def test_what_only_challenged_did_not_answer(release: Side, production: Side, gate: Gate) -> None:
    release.live(10.0, source="challenger")
    production.live(10.0)
    assert gate("live", "--since", "2024-08-01")[0] == 1


def test_a_day_that_cannot_be_read_is_told(gate: Gate) -> None:
    code, said = gate("live", "--since", "tuesday")
    assert code == 2
    assert "Expected a day such as 2024-10-18, got 'tuesday'." in said
