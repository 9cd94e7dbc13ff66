from datetime import date

import pytest

from models.promotion import Evidence, SeriesEvidence, decide


def evidence(n_days: int = 56, **ratios: tuple[float, float]) -> Evidence:
    """ratios: MAE and pinball of each series as shares of naive's."""
    series = {
        name: SeriesEvidence(
            mae=mae * 40.0, pinball=pinball * 12.0, naive_mae=40.0, naive_pinball=12.0
        )
        for name, (mae, pinball) in ratios.items()
    }
    held_out = (date(2024, 8, 23), date(2024, 10, 17))
    return Evidence("prices", "lstm", "v1", n_days, *held_out, series)


# series of the group as shares of naive (MAE, pinball), held-out days -> promoted, words
RULE = [
    ("better on all", {"a": (0.7, 0.6), "b": (0.9, 0.8)}, 56, True, "20.0% better"),
    ("one a little worse", {"a": (0.7, 0.6), "b": (1.04, 0.9)}, 56, True, "weakest series is b"),
    ("one much worse", {"a": (0.5, 0.5), "b": (1.06, 0.9)}, 56, False, "but b is 6.0% worse"),
    ("MAE no better", {"a": (1.0, 0.6)}, 56, False, "both must be better"),
    ("pinball worse", {"a": (0.9, 1.01)}, 56, False, "1.0% worse than seasonal naive in pinball"),
    ("too few days", {"a": (0.5, 0.5)}, 27, False, "28 are needed"),
    ("no truth", {"a": (float("nan"), 0.5)}, 56, False, "could not be scored"),
    ("no series", {}, 56, False, "no series"),
]


@pytest.mark.parametrize(
    ("when", "ratios", "days", "promoted", "words"), RULE, ids=[r[0] for r in RULE]
)
def test_the_rule(when: str, ratios, days: int, promoted: bool, words: str) -> None:
    decision = decide(evidence(days, **ratios))
    assert decision.promote is promoted
    assert words in decision.reason
    assert decision.reason.endswith(".") and "lstm v1 of prices" in decision.reason


def test_a_perfect_naive_cannot_be_beaten() -> None:
    perfect = SeriesEvidence(mae=0.1, pinball=0.1, naive_mae=0.0, naive_pinball=0.0)
    decision = decide(
        Evidence("g", "lstm", "v1", 56, date(2024, 1, 1), date(2024, 2, 25), {"a": perfect})
    )
    assert not decision.promote


def test_the_margins_are_the_callers() -> None:
    close = evidence(10, a=(0.5, 0.5), b=(1.2, 1.0))
    assert decide(close, min_days=10, margin=0.25).promote
