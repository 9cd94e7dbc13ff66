"""Who takes over: decided on paired days, by more than chance, and at nobody's clear cost."""

from datetime import date, timedelta

import numpy as np
import pytest

from benchmarks import promotion as replay
from lakehouse.settings import PROJECT
from models.promotion import Contest, DailyLosses, decide, holm

FIRST = date(2024, 1, 1)


def contest(n_days: int, covered: float = 0.8, **series: float) -> Contest:
    """series: the candidate's loss as a share of the incumbent's, up to noise of 10 % a day."""
    random = np.random.default_rng(1)
    pairs = {}
    for place, (name, share) in enumerate(series.items()):
        unit = 10.0**place  # series of a group may be of any size
        theirs = unit * random.gamma(20.0, 1.0, n_days)
        mine = theirs * share * (1.0 + 0.1 * random.normal(size=n_days))
        inside = np.full(n_days, covered)
        pairs[name] = (
            DailyLosses(mine, 2.0 * mine, inside),
            DailyLosses(theirs, 2.0 * theirs, inside),
        )
    last = FIRST + timedelta(days=n_days - 1)
    return Contest("prices", "lstm v2", "lstm v1", FIRST, last, pairs)


# what the contest shows, days, coverage, candidate's share by series -> promoted, words
RULE = [
    ("better on all", 56, 0.8, {"a": 0.7, "b": 0.9}, True, "% better in pinball loss than lstm v1"),
    ("better by chance", 56, 0.8, {"a": 0.995}, False, "only lower pinball loss at p < 0.01"),
    ("worse", 400, 0.8, {"a": 1.2}, False, "only lower pinball loss at p < 0.05"),
    ("little, of a year", 400, 0.8, {"a": 0.98}, True, "over 400 days"),
    ("one loses, few days", 56, 0.8, {"a": 0.5, "b": 1.1}, False, "b would lose by more than 5%"),
    ("one loses, a year", 400, 0.8, {"a": 0.5, "b": 1.1}, False, "b would lose by more than 5%"),
    ("within the margin", 400, 0.8, {"a": 0.5, "b": 1.03}, True, "better in MAE"),
    ("too few days", 27, 0.8, {"a": 0.5}, False, "27 days beside lstm v1, 28 are needed"),
    ("narrow", 56, 0.6, {"a": 0.7}, False, "80 % intervals cover 60%"),
    ("wide", 56, 0.95, {"a": 0.7}, False, "80 % intervals cover 95%"),
    ("no series", 56, 0.8, {}, False, "28 are needed"),
]


@pytest.mark.parametrize(
    ("days", "covered", "shares", "promoted", "words"),
    [r[1:] for r in RULE],
    ids=[r[0] for r in RULE],
)
def test_the_rule(
    days: int, covered: float, shares: dict[str, float], promoted: bool, words: str
) -> None:
    decision = decide(contest(days, covered, **shares))
    assert decision.promote is promoted, decision.reason
    assert words in decision.reason
    assert decision.reason.endswith(".") and "lstm v2 of prices" in decision.reason


# what a newer training of the champion's kind shows -> promoted, words
SUCCESSOR = [
    ("as good", 400, {"a": 1.0}, True, "over 400 days"),
    ("a little worse by chance", 56, {"a": 1.005}, True, "over 56 days"),
    ("worse, and not by chance", 400, {"a": 1.015}, False, "must not be worse at p < 0.05"),
    ("much worse", 56, {"a": 1.04}, False, "a newer training must not be"),
    ("one loses", 400, {"a": 0.7, "b": 1.1}, False, "b would lose by more than 5%"),
]


@pytest.mark.parametrize(
    ("days", "shares", "promoted", "words"),
    [r[1:] for r in SUCCESSOR],
    ids=[r[0] for r in SUCCESSOR],
)
def test_a_newer_training_of_the_same_kind_need_only_be_no_worse(
    days: int, shares: dict[str, float], promoted: bool, words: str
) -> None:
    asked = contest(days, **shares)
    decision = decide(Contest(**vars(asked) | {"is_successor": True}))
    assert decision.promote is promoted, decision.reason
    assert words in decision.reason


def test_the_figures_are_means_over_series_of_the_incumbent_s_shares() -> None:
    decision = decide(contest(200, a=0.5, b=0.9))
    assert decision.pinball_ratio == pytest.approx(0.7, abs=0.02)
    assert decision.mae_ratio == pytest.approx(0.7, abs=0.02)
    assert decision.n_days == 200 and decision.coverage_80 == pytest.approx(0.8)
    assert decision.p_value < 1e-6


def test_a_higher_mae_does_not_take_over() -> None:
    asked = contest(56, a=0.7)
    [(mine, theirs)] = asked.series.values()
    higher = DailyLosses(mine.pinball, 3.0 * mine.absolute, mine.covered)
    decision = decide(Contest(**vars(asked) | {"series": {"a": (higher, theirs)}}))
    assert not decision.promote and "its MAE must not be worse" in decision.reason


def test_days_that_one_of_them_lacks_do_not_count() -> None:
    asked = contest(56, a=0.7)
    [(mine, theirs)] = asked.series.values()
    mine.pinball[:20] = np.nan
    theirs.pinball[30:40] = np.nan
    decision = decide(asked)
    assert decision.n_days == 26 and not decision.promote


def test_a_perfect_incumbent_cannot_be_beaten() -> None:
    asked = contest(56, a=0.7)
    [(mine, theirs)] = asked.series.values()
    nothing = DailyLosses(0.0 * theirs.pinball, 0.0 * theirs.absolute, theirs.covered)
    assert not decide(Contest(**vars(asked) | {"series": {"a": (mine, nothing)}})).promote


def test_holm_s_levels_get_easier_after_each_that_falls() -> None:
    p_values = {"a": 0.04, "b": 0.001, "c": 0.024, "d": float("nan")}
    assert holm(p_values, 0.05) == ["b"]
    assert holm({"a": 0.04, "b": 0.001, "c": 0.024}, 0.05) == ["b", "c", "a"]
    assert holm({}, 0.05) == []


def test_equal_models_take_over_about_as_often_as_the_level_says() -> None:
    random = np.random.default_rng(3)
    promoted = 0
    for _ in range(300):
        losses = random.gamma(4.0, 1.0, (2, 400))
        mine, theirs = (DailyLosses(one, one, np.full(400, 0.8)) for one in losses)
        promoted += decide(Contest("g", "new", "old", FIRST, FIRST, {"a": (mine, theirs)})).promote
    assert promoted <= 300 * 0.05


def test_published_forecasts_replayed_promote_rarely_and_seldom_wrongly() -> None:
    """45 pairs of ten published forecasts, from either side, over a year of weeks."""
    data = PROJECT.parent / "shared" / "data"
    if not (data / "epf").exists():
        pytest.skip("needs ../shared/data/epf")
    losses, first_day = replay.published(data)
    assert len(losses) == 10

    def replayed(rule: replay.Rule) -> tuple[int, int, float]:
        replays = replay.replay_all(losses, first_day, rule)
        wrong = sum(r.to_worse for r in replays)
        weeks = sum(r.weeks_worse for r in replays) / sum(r.weeks for r in replays)
        return sum(r.to_better for r in replays), wrong, weeks

    right, wrong, weeks = replayed(replay.gate)
    _, wrong_of_seven, weeks_of_seven = replayed(replay.seven_days)
    assert right > 4 * wrong
    assert wrong < wrong_of_seven / 50
    assert weeks < weeks_of_seven
