"""What needs a person is mailed when it begins and when it is over, and not in between."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.settings import Settings
from lakehouse.tables import Table
from lakehouse.tables.gold import FORECAST_ERRORS, FORECASTS, INCIDENTS, OUTBOX, PROMOTIONS, RUNS
from lakehouse.tables.silver import OBSERVATIONS
from lakehouse.tables.watched import DRIFT, QUALITY, RETRAINING
from monitoring.delivery import read
from spark_jobs import incidents, retraining
from tests.small_lakehouse import SmallLakehouse, utc
from tests.spark_jobs.world import town_catalogue

NOW = utc("2024-10-25 08:30")  # an hour after the groups' origin


class Town:
    """A town whose groups have forecasts of their origins, and a clock that goes on by days."""

    def __init__(self, small: SmallLakehouse, settings: Settings) -> None:
        self.small, self.catalogue = small, town_catalogue()
        self.settings = settings.model_copy(update={"lakehouse": small.folder})

    def run(self, days: int, silent: str = "") -> list[tuple[str, str, str]]:
        """Kind, event and what they are about, of the changes found so many days after NOW."""
        at = NOW + timedelta(days=days)
        self.small.arrow.append(FORECASTS, list(forecasts(self.catalogue, at, silent)))
        before = self.small.rows(INCIDENTS)
        arguments = (self.small.arrow, self.catalogue, self.settings, at, "run")
        incidents.run(*arguments)
        after = self.small.rows(INCIDENTS)
        assert incidents.run(*arguments) == 0
        return sorted((r["kind"], r["event"], r["about"]) for r in after if r not in before)

    def mails(self) -> list[str]:
        """Subjects, in the order of their events."""
        rows = sorted(self.small.rows(OUTBOX), key=lambda row: (row["as_of"], row["subject"]))
        return [row["subject"] for row in rows]


def forecasts(catalogue: Catalogue, at: datetime, silent: str) -> Any:
    for name, group in catalogue.groups.items():
        if name != silent:
            yield FORECASTS.row(
                series_group=name, run_kind="live", forecast_origin=group.last_origin(at)
            )


@pytest.fixture
def town(small: SmallLakehouse, settings: Settings) -> Town:
    return Town(small, settings)


def judged(town: Town, day: int, *faults: str) -> None:
    row = QUALITY.row(
        data_set="observations", owner="town.load", feature="value", faults=list(faults),
        day=date(2024, 10, 15) + timedelta(days=day), as_of=NOW + timedelta(days=day),
        verdict="fault" if faults else "ok", reason="It stands still." if faults else "",
    )  # fmt: skip
    town.small.arrow.append(QUALITY, [row])


def test_broken_data_are_told_of_once_and_again_when_they_are_over(town: Town) -> None:
    judged(town, 0, "flat")
    assert town.run(0) == [("quality", "opened", "town.load")]
    judged(town, 1, "flat")
    assert town.run(1) == []
    judged(town, 2)
    assert town.run(2) == [("quality", "ended", "town.load")]
    judged(town, 3, "unit")
    assert town.run(3) == [("quality", "opened", "town.load")]
    assert town.mails() == [
        "Broken data: town.load (Gridcast sample)",
        "Over: broken data: town.load (Gridcast sample)",
        "Broken data: town.load (Gridcast sample)",
    ]


@pytest.mark.parametrize("before", ["its mail is kept", "it is noted"])
def test_an_alert_that_was_broken_off_is_mailed_by_the_next_run_once(
    town: Town, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    judged(town, 0, "flat")
    arrow, insert_new = town.small.arrow, ArrowTables.insert_new
    arrow.append(FORECASTS, list(forecasts(town.catalogue, NOW, "")))
    fatal = OUTBOX if before == "its mail is kept" else INCIDENTS

    def killed(tables: ArrowTables, table: Table, rows: Any) -> int:
        if table is fatal:
            raise KeyboardInterrupt
        return insert_new(tables, table, rows)

    with monkeypatch.context() as patch:
        patch.setattr(ArrowTables, "insert_new", killed)
        with pytest.raises(KeyboardInterrupt):
            incidents.run(arrow, town.catalogue, town.settings, NOW, "killed")
    assert town.run(0) == [("quality", "opened", "town.load")]
    assert town.mails() == ["Broken data: town.load (Gridcast sample)"]


def test_the_mail_says_what_was_found_and_what_to_do(town: Town) -> None:
    judged(town, 0, "flat")
    town.run(0)
    [row] = town.small.rows(OUTBOX)
    letter = read(town.small.folder / "outbox" / row["path"])
    text, page = (letter.get_body((kind,)) for kind in ("plain", "html"))
    assert text and page
    for part in (text.get_content(), page.get_content()):
        said = " ".join(part.split())
        assert "2024-10-15: It stands still." in said
        assert "What to do:" in said and "kept out of training" in said


def test_a_group_without_a_forecast_of_its_origin(town: Town) -> None:
    assert town.run(0, silent="price") == [("no_forecast", "opened", "price")]
    assert town.run(1) == [("no_forecast", "ended", "price")]


def test_before_its_deadline_no_forecast_is_missed(town: Town) -> None:
    """At 09:45, a quarter of an hour after the origin, nobody has tried yet."""
    town.run(0)
    before = len(town.small.rows(INCIDENTS))
    early = NOW + timedelta(hours=23, minutes=15)
    arguments = (town.small.arrow, town.catalogue, town.settings)
    assert incidents.run(*arguments, early, "run") == 0
    ran = {"step": "forecast", "run_kind": "live", "status": "failed", "as_of": early}
    town.small.arrow.append(RUNS, [RUNS.row(**ran)])
    assert incidents.run(*arguments, early, "run") == len(town.catalogue.groups)
    told = town.small.rows(INCIDENTS)[before:]
    assert {row["kind"] for row in told} == {"no_forecast"}


def came(town: Town, until: datetime, at: datetime) -> None:
    row = OBSERVATIONS.row(
        series_id="town.load", event_time=until - timedelta(hours=1), available_at=at, value=1.0,
        resolution_minutes=60,
    )  # fmt: skip
    town.small.arrow.append(OBSERVATIONS, [row])


def test_data_that_stop_are_told_once_and_end_when_they_come(town: Town) -> None:
    """That the days are not whole is the same: it is not told a second time."""
    came(town, utc("2024-10-13 00:00"), NOW)
    judged(town, 0, "stale", "missing")
    assert town.run(0) == [("late", "opened", "town.load")]
    came(town, utc("2024-10-20 00:00"), NOW + timedelta(days=1))
    judged(town, 1)
    assert town.run(1) == [("late", "ended", "town.load")]
    judged(town, 2, "stale", "missing")  # a hole, and what is after it came
    assert town.run(2) == [("quality", "opened", "town.load")]


def test_people_of_a_group_get_the_mails_about_it_alone(town: Town) -> None:
    groups = {"price": ("trading@example.org",), "load": ("grid@example.org", "operator@localhost")}
    chosen = {"mail_group_recipients": groups}
    town.settings = town.settings.model_copy(update=chosen)
    judged(town, 0, "flat")
    town.run(0, silent="price")
    got = sorted((row["recipients"], row["subject"]) for row in town.small.rows(OUTBOX))
    load, price = "Broken data: town.load (Gridcast sample)", "No forecast: price (Gridcast sample)"
    assert got == [
        (["grid@example.org"], load),
        (["operator@localhost"], load),
        (["operator@localhost"], price),
        (["trading@example.org"], price),
    ]
    mails = {row["message_id"] for row in town.small.rows(OUTBOX)}
    assert len(mails) == 4
    assert {row["message_id"] for row in town.small.rows(INCIDENTS)} < mails


def errors(model: str, mae: float) -> list[dict[str, Any]]:
    return [
        FORECAST_ERRORS.row(
            series_id="town.price", series_group="price", model_name=model, model_version="1",
            run_kind="live", target_day=date(2024, 10, 5) + timedelta(days=day), n=24,
            truth_as_of=utc("2024-10-20 00:00"), sum_abs=24.0 * mae,
        )
        for day in range(14)
    ]  # fmt: skip


@pytest.mark.parametrize(("mae", "verdict", "opens"), [
    (10.5, "drift", True), (10.5, "watch", False), (9.0, "drift", False),
])  # fmt: skip
def test_drift_needs_a_person_where_forecasts_suffer_from_it(
    town: Town, mae: float, verdict: str, opens: bool
) -> None:
    long_ago = {"decided_at": utc("2024-10-01 07:30"), "series_group": "price", "promoted": True}
    champion = {"champion_model": "lstm", "champion_version": "1"}
    town.small.arrow.append(PROMOTIONS, [PROMOTIONS.row(**long_ago | champion)])
    town.small.arrow.append(FORECAST_ERRORS, errors("lstm", mae) + errors("seasonal_naive", 10.0))
    about = {"series_group": "price", "feature": "value", "verdict": verdict}
    town.small.arrow.append(DRIFT, [DRIFT.row(day=date(2024, 10, 24), as_of=NOW, **about)])
    assert town.run(0) == ([("drift_and_error", "opened", "price")] if opens else [])


def test_another_model_in_charge_is_told_of_while_it_is_news(town: Town) -> None:
    def decided(hours: int, version: str) -> dict[str, Any]:
        return PROMOTIONS.row(
            series_group="price", decided_at=NOW - timedelta(hours=hours), promoted=True,
            champion_model="lstm", champion_version=version, reason=f"lstm {version} is better.",
        )  # fmt: skip

    rows = [decided(100, "1"), decided(10, "1"), decided(5, "2")]
    town.small.arrow.append(PROMOTIONS, rows)
    assert town.run(0) == [("champion", "told", "price")]
    [row] = town.small.rows(INCIDENTS)
    assert row["reason"] == "lstm 2 is better."
    assert town.run(1) == []
    assert incidents.open_at(town.small.arrow) == {}


def test_drift_and_error_that_last_ask_for_a_training_once_a_week(town: Town) -> None:
    """Of one group; another one, of which all is the same, has left the catalogue."""
    long_ago = {"decided_at": utc("2024-10-01 07:30"), "promoted": True}
    champion = {"champion_model": "lstm", "champion_version": "1"}
    scores = errors("lstm", 10.5) + errors("seasonal_naive", 10.0)
    for group in ("price", "gone"):
        row = PROMOTIONS.row(series_group=group, **long_ago | champion)
        town.small.arrow.append(PROMOTIONS, [row])
        town.small.arrow.append(FORECAST_ERRORS, [row | {"series_group": group} for row in scores])

    def verdicts(day: int, *faults: str) -> list[str]:
        at = NOW + timedelta(days=day)
        drift = [
            DRIFT.row(
                day=at.date(), as_of=at, persistence=5 + day, series_group=group,
                feature="value", verdict="drift",
            )
            for group in ("price", "gone")
        ]  # fmt: skip
        town.small.arrow.append(DRIFT, drift)
        quality = {"data_set": "observations", "owner": "town.price", "faults": list(faults)}
        town.small.arrow.append(QUALITY, [QUALITY.row(day=at.date(), as_of=at, **quality)])
        arguments = (town.small.arrow, town.catalogue, town.settings, at, "run")
        rows = retraining.run(*arguments)
        again = retraining.run(*arguments)
        assert [row["verdict"] for row in again] == [row["verdict"] for row in rows]
        return [row["verdict"] for row in rows]

    assert verdicts(0) == ["asked"]
    assert verdicts(1) == ["over_budget"]
    assert verdicts(2, "unit") == ["blocked"]
    assert verdicts(7) == ["asked"]
    held = sorted(town.small.rows(RETRAINING), key=lambda row: row["as_of"])
    assert [row["verdict"] for row in held] == ["asked", "over_budget", "blocked", "asked"]
    assert held[0]["reason"].startswith(
        "price: value was in drift for 5 days, and over its newest 14"
    )


def test_what_a_training_that_was_asked_for_decided_is_told_of_at_once_and_once(
    town: Town,
) -> None:
    at = {"series_group": "price", "as_of": NOW, "verdict": "asked"}
    town.small.arrow.append(RETRAINING, [RETRAINING.row(**at)])
    arguments = (town.small.arrow, town.catalogue, town.settings, NOW, "run")
    assert incidents.tell_news(*arguments) == 0, "it goes on"
    decided = {"series_group": "price", "decided_at": NOW, "decided_by": "backtest"}
    rows = [
        PROMOTIONS.row(**decided, turn=turn, reason=f"{name} is no better.",
                       champion_model="seasonal_naive", champion_version="1")
        for turn, name in enumerate(["linear 2", "lstm 2"])
    ]  # fmt: skip
    town.small.arrow.append(PROMOTIONS, rows)
    assert incidents.tell_news(*arguments) == 1
    [row] = town.small.rows(INCIDENTS)
    assert (row["kind"], row["event"], row["about"]) == ("trained", "told", "price")
    assert row["reason"] == "linear 2 is no better.\nlstm 2 is no better."
    assert town.mails() == ["Trained anew: price (Gridcast sample)"]
    assert town.run(1) == []


def test_a_step_that_failed_is_told_of_until_it_runs_again(town: Town) -> None:
    def ran(day: int, status: str) -> None:
        at = NOW + timedelta(days=day)
        row = RUNS.row(step="watch", status=status, reason="ValueError: odd", run_kind="live",
                       as_of=at, started_at=at)  # fmt: skip
        town.small.arrow.append(RUNS, [row])

    ran(0, "ok")
    assert town.run(0) == []
    ran(1, "failed")
    assert town.run(1) == [("failed", "opened", "watch")]
    ran(2, "ok")
    assert town.run(2) == [("failed", "ended", "watch")]


def test_a_day_that_broke_off_is_told_of_until_forecasts_are_made_again(town: Town) -> None:
    """Also by the day that is made again, before its own row says that it is done."""

    def ran(step: str, day: float, status: str) -> None:
        at = NOW + timedelta(days=day)
        row = RUNS.row(step=step, status=status, reason="Crashed", run_kind="live",
                       as_of=at, started_at=at)  # fmt: skip
        town.small.arrow.append(RUNS, [row])

    ran("forecast", 0, "ok")
    ran("daily", 0.5, "failed")
    assert town.run(1) == [("failed", "opened", "daily")]
    ran("forecast", 2, "ok")
    assert town.run(2) == [("failed", "ended", "daily")]
