"""What is learnt from was known before the days it is judged on, and is not broken."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.errors import GridcastError
from lakehouse.tables.watched import QUALITY
from models.broken_days import without
from models.lstm import LstmConfig
from models.samples import KNOWN, PAST_HOURS, TARGET_HOURS, WEATHER, Samples
from spark_jobs.broken import broken_days
from spark_jobs.training_plan import Plan, split_in_time
from tests.small_lakehouse import SmallLakehouse, utc

AS_OF = utc("2024-10-30 08:30")
PLAN = Plan("v", Path(), date(2024, 6, 1), 60, 14, 7, LstmConfig(epochs=1, members=1, width=4))
NO_EXAMPLE = pd.DataFrame()


def days_of_samples(first: date, known: list[bool]) -> Samples:
    """One sample per day; `known` says of which the truth is known."""
    n = len(known)
    midnights = np.datetime64(first, "us") + np.arange(n) * np.timedelta64(1, "D")
    start = midnights - np.timedelta64(2, "h")  # Danish summer
    hours = np.arange(TARGET_HOURS) * np.timedelta64(1, "h")
    names = np.array(["a"] * n, dtype=object)
    in_day = np.broadcast_to(np.arange(TARGET_HOURS) < 24, (n, TARGET_HOURS))
    return Samples(
        series_id=names,
        timezone=np.array(["Europe/Copenhagen"] * n, dtype=object),
        forecast_origin=start,
        past_start=start - np.timedelta64(PAST_HOURS, "h"),
        past_value=np.zeros((n, 1)),
        past_weather=np.zeros((n, 1, len(WEATHER))),
        target_time=np.where(in_day, start[:, None] + hours, np.datetime64("NaT")),
        known=np.zeros((n, TARGET_HOURS, len(KNOWN))),
        target_mask=in_day,
        target=np.where(np.array(known)[:, None] & in_day, 1.0, np.nan),
    )


def target_days(samples: Samples) -> list[date]:
    noons = samples.target_time[:, 0] + np.timedelta64(12, "h")
    return [day.item() for day in noons.astype("datetime64[D]")]


@given(
    st.lists(st.booleans(), min_size=5, max_size=120),
    st.integers(0, 12),
    st.integers(1, 30),
    st.integers(1, 90),
)
def test_what_is_trained_on_was_known_at_the_first_held_out_origin(
    known: list[bool], delay: int, holdout_days: int, train_days: int
) -> None:
    first = date(2024, 5, 1)
    known[0] = True
    last = first + timedelta(days=max(i for i, there in enumerate(known) if there))
    plan = replace(
        PLAN,
        as_of_day=last + timedelta(days=delay),
        holdout_days=holdout_days,
        train_days=train_days,
    )
    samples = days_of_samples(first, known)
    held_from = last - timedelta(days=holdout_days - 1)
    usable = [
        first + timedelta(days=i)
        for i, there in enumerate(known)
        # Known at the held-out origin of the day before: its own day, the day before, the delay.
        if there and first + timedelta(days=i) + timedelta(days=delay) < held_from
    ]
    if not [day for day in usable if day > held_from - timedelta(days=delay + 1 + train_days)]:
        with pytest.raises(GridcastError, match=r"Expected target days before .* to train on"):
            split_in_time(samples, plan, NO_EXAMPLE)
        return
    split = split_in_time(samples, plan, NO_EXAMPLE)
    trained, held = target_days(split.train), target_days(split.holdout)
    assert set(trained) <= set(usable)
    assert max(trained) == max(usable)
    assert (max(trained) - min(trained)).days < train_days
    assert min(held) >= held_from
    assert max(held) == last
    assert len(held) <= holdout_days
    # The newest truth became known `delay` days after its day; an origin lies on the day before.
    assert split.lag_days == delay + 1


def test_nothing_is_learnt_from_or_judged_on_broken_days() -> None:
    samples = days_of_samples(date(2024, 5, 1), [True] * 40)
    blocked = frozenset({("a", date(2024, 5, 3)), ("a", date(2024, 6, 8)), ("b", date(2024, 5, 4))})
    plan = replace(PLAN, as_of_day=date(2024, 6, 9))
    split = split_in_time(without(samples, blocked), plan, NO_EXAMPLE)
    assert date(2024, 5, 3) not in target_days(split.train)
    assert {date(2024, 5, 2), date(2024, 5, 4)} <= set(target_days(split.train))
    assert date(2024, 6, 8) not in target_days(split.holdout)
    assert date(2024, 6, 9) in target_days(split.holdout)


def test_the_newest_judgement_of_a_day_counts(small: SmallLakehouse) -> None:
    def judged(owner: str, hour: int, *faults: str, data_set: str = "observations") -> None:
        about = {"data_set": data_set, "owner": owner, "day": date(2024, 10, 1)}
        as_of = AS_OF - timedelta(hours=hour)
        row = QUALITY.row(
            **about, series_group="load", revision=str(hour), as_of=as_of, known_at=as_of,
            faults=list(faults),
        )  # fmt: skip
        small.arrow.append(QUALITY, [row])

    judged("still broken", 2, "flat")
    judged("mended", 2, "unit")
    judged("mended", 1)
    judged("broken later", -1, "range")
    judged("late, no more", 2, "stale", "missing")
    judged("weather", 2, "range", data_set="weather")
    found = broken_days(small.arrow, [("load", AS_OF)])
    assert found == {("still broken", date(2024, 10, 1))}


def test_a_group_without_any_truth_says_so() -> None:
    with pytest.raises(GridcastError, match="No target day has a known truth"):
        split_in_time(days_of_samples(date(2024, 5, 1), [False] * 10), PLAN, NO_EXAMPLE)
