"""What is known to be wrong is seen by nobody: broken days are gaps, by their local hours."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.broken_days import untrusted, without
from models.samples import Samples, from_rows
from tests.models.conftest import sample_row


def of(*targets: str, delay_hours: float = 0.0, minutes: int = 60) -> Samples:
    """Samples of `dk1.test` and `dk1.other` whose values are the ordinals of their local days."""
    rows = [
        sample_row(
            target,
            lambda times: np.array([day.toordinal() for day in times.date], dtype=float),
            series_id=series_id,
            delay_hours=delay_hours,
            minutes=minutes,
        )
        for series_id in ("dk1.test", "dk1.other")
        for target in targets
    ]
    return from_rows(pd.DataFrame(rows))


@pytest.mark.parametrize("minutes", [60, 30])
@pytest.mark.parametrize("broken", ["2024-10-26", "2024-10-27"])  # 24 hours, and 25
def test_all_intervals_of_a_broken_local_day_and_no_others_become_gaps(
    broken: str, minutes: int
) -> None:
    day = date.fromisoformat(broken)
    samples = of("2024-10-30", broken, minutes=minutes)
    seen = without(samples, frozenset({("dk1.test", day)}))
    assert samples.target is not None
    assert seen.target is not None
    for before, after in ((samples.past_value, seen.past_value), (samples.target, seen.target)):
        gone = np.isnan(after) & ~np.isnan(before)
        own = (before == day.toordinal()) & (samples.series_id == "dk1.test")[:, None]
        np.testing.assert_array_equal(gone, own)
        assert own.any()
    assert (samples.past_value[0] == day.toordinal()).any(), "what was given is left as it was"


# Consumption of 9 days before is the newest that is known: up to the 17th, until 09:30.
@pytest.mark.parametrize(
    ("broken", "delay_hours", "poor"),
    [
        ("2024-10-25", 0, True),
        ("2024-10-19", 0, True),
        ("2024-10-18", 0, False),
        ("2024-10-16", 216, True),
        ("2024-10-10", 216, True),
        ("2024-10-09", 216, False),
    ],
)
def test_a_series_is_untrusted_while_one_of_its_seven_newest_known_days_is_broken(
    broken: str, delay_hours: float, poor: bool
) -> None:
    samples = of("2024-10-26", delay_hours=delay_hours)
    found = untrusted(samples, frozenset({("dk1.test", date.fromisoformat(broken))}))
    assert found.tolist() == [poor, False]


def test_a_series_without_any_known_value_is_not_called_broken() -> None:
    samples = of("2024-10-26", delay_hours=24 * 90)
    assert not untrusted(samples, frozenset({("dk1.test", date(2024, 10, 25))})).any()
