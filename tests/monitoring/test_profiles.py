"""Profiles say what was there, survive storage, and merge without loss."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from lakehouse.errors import BadInput
from monitoring.profiles import merge, profile, read


def values(payload: bytes, column: str) -> list[float]:
    """All values a sketch holds, ascending; exact as long as it has not compressed."""
    sketch = read(payload).get_column(column).get_metric("distribution").kll.value
    assert not sketch.is_estimation_mode()
    return list(sketch.get_quantiles([at / sketch.get_n() for at in range(sketch.get_n())]))


def counted(payload: bytes) -> dict[str, tuple[int, int]]:
    """Rows and missing values by column."""
    return {
        name: (
            view.get_metric("counts").n.value,
            view.get_metric("counts").n.value - view.get_metric("distribution").kll.value.get_n(),
        )
        for name, view in read(payload).get_columns().items()
    }


def day(seed: int, rows: int = 48) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(rows, 8)), columns=list("abcdefgh"))


def test_a_profile_survives_being_stored_as_bytes() -> None:
    frame = day(1)
    assert values(profile(frame), "a") == sorted(frame["a"])


def test_the_merge_of_days_is_the_profile_of_all_their_rows() -> None:
    days = [day(seed) for seed in range(30)]
    days[3].loc[5, "a"] = np.nan
    merged, whole = merge([profile(frame) for frame in days]), profile(pd.concat(days))
    assert counted(merged) == counted(whole)
    assert values(merged, "a") == values(whole, "a")


def test_the_order_of_the_days_does_not_matter() -> None:
    days = [profile(day(seed)) for seed in range(5)]
    assert merge(days) == merge(days[::-1])


def test_the_same_rows_give_the_same_bytes_in_another_process() -> None:
    program = (
        "import hashlib, pandas as pd; from monitoring.profiles import profile, merge;"
        "days = [profile(pd.DataFrame({'a': [1.0, n], 'b': [None, 2.0]})) for n in range(3)];"
        "print(hashlib.sha256(merge(days)).hexdigest())"
    )
    run = [sys.executable, "-c", program]
    there = subprocess.run(run, capture_output=True, check=True, text=True)
    days = [profile(pd.DataFrame({"a": [1.0, n], "b": [None, 2.0]})) for n in range(3)]
    assert there.stdout.strip() == hashlib.sha256(merge(days)).hexdigest()


def test_none_nan_and_infinity_count_as_missing() -> None:
    frame = pd.DataFrame(
        {
            "number": [1.0, None, np.nan, np.inf],
            "whole": pd.array([1, None, 3, 4], dtype="Int64"),
            "flag": [True, False, None, True],
            "nothing": [None] * 4,
            "text": ["a", "b", None, "c"],
            "time": pd.date_range("2024-03-31", periods=4, tz="UTC"),
        }
    )
    assert counted(profile(frame)) == {
        "number": (4, 3),
        "whole": (4, 1),
        "flag": (4, 1),
        "nothing": (4, 4),
    }


def test_a_day_without_rows_has_a_profile_that_merges() -> None:
    empty = profile(day(1).iloc[:0])
    assert counted(merge([empty, profile(day(1))])) == counted(profile(day(1)))


def test_a_column_that_only_some_days_have_is_merged_over_those() -> None:
    merged = merge([profile(day(1)), profile(day(2)[["a"]])])
    assert counted(merged)["a"] == (96, 0)
    assert counted(merged)["b"] == (48, 0)


@pytest.mark.parametrize("cut", [0, 3, 4, 60, -40])
def test_corrupt_bytes_are_named(cut: int) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read(profile(day(1))[:cut])


def test_bytes_of_something_else_are_named() -> None:
    with pytest.raises(BadInput, match="PAR1"):
        merge([profile(day(1)), b"PAR1 is parquet"])


def test_there_is_no_profile_of_nothing() -> None:
    with pytest.raises(BadInput, match="at least one profile"):
        merge([])
    with pytest.raises(BadInput, match="numeric feature columns"):
        profile(pd.DataFrame({"series_id": ["a"]}))


def test_six_profiles_of_a_day_take_well_under_a_second() -> None:
    profile(day(1))
    start = time.perf_counter()
    for seed in range(6):
        profile(day(seed))
    assert time.perf_counter() - start < 0.8


def test_whylogs_does_not_phone_home() -> None:
    profile(day(1))
    from whylogs.api import usage_stats

    assert usage_stats._TELEMETRY_DISABLED
