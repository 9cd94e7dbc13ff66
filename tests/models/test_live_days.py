"""Live days only stop what is broken; they choose nothing."""

import numpy as np
import pytest

from models.live_days import fit, shadow

ONES = np.ones(8)
# live days of the candidate's MAE as a share of the champion's -> passed, words
LIVE = [
    ("better", 0.8 * ONES, True, "20.0% better in MAE than lstm v1 over 8 live days"),
    ("worse, as may happen in a week", 1.2 * ONES, True, "it takes over"),
    ("broken", 3.0 * ONES, False, "more than 25% worse stops it"),
    ("too few", np.where(np.arange(8) < 2, np.nan, 1.0), None, "6 of 7 live days"),
    ("none", np.full(8, np.nan), None, "0 of 7 live days"),
]


@pytest.mark.parametrize(
    ("mine", "passed", "words"), [r[1:] for r in LIVE], ids=[r[0] for r in LIVE]
)
def test_live_days_only_stop_what_went_wrong(
    mine: np.ndarray, passed: bool | None, words: str
) -> None:
    found = shadow("lstm v2", "lstm v1", {"a": (mine, ONES), "b": (10.0 * mine, 10.0 * ONES)})
    assert found.passed is passed
    assert words in found.reason


def test_without_a_series_nothing_takes_over() -> None:
    assert shadow("lstm v2", "lstm v1", {}).passed is None


# the champion's MAE of the last days as a share of seasonal naive's -> passed, words
FIT = [
    ("better", np.full(30, 0.7), True, "30.0% better in MAE than naive over its newest 14"),
    ("no better", np.full(30, 1.05), True, "it stays"),
    ("worse", np.full(30, 1.2), False, "more than 10% worse sets it aside"),
    ("worse lately", np.where(np.arange(30) < 16, 0.5, 1.2), False, "20.0% worse"),
    ("worse before", np.where(np.arange(30) < 16, 9.0, 0.9), True, "10.0% better"),
    ("too few days", np.full(13, 9.0), None, "13 of 14 live days"),
]


@pytest.mark.parametrize(
    ("share", "passed", "words"), [r[1:] for r in FIT], ids=[r[0] for r in FIT]
)
def test_a_champion_clearly_worse_than_seasonal_naive_is_set_aside(
    share: np.ndarray, passed: bool | None, words: str
) -> None:
    naive = np.full(len(share), 3.0)
    found = fit("lstm v1", "naive", {"a": (3.0 * share, naive)})
    assert found.passed is passed
    assert words in found.reason
