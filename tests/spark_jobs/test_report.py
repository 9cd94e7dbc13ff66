"""The report tells by which decision a model is in charge, and not what was decided since."""

from typing import Any

import pytest

from lakehouse.tables.gold import PROMOTIONS
from spark_jobs.report import champions
from tests.small_lakehouse import SmallLakehouse, utc
from tests.spark_jobs.world import town_catalogue

NAIVE, FIRST, SECOND = ("seasonal_naive", "1"), ("lstm", "1"), ("lstm", "2")


def decided(day: int, in_charge: tuple[str, str]) -> dict[str, Any]:
    return PROMOTIONS.row(
        series_group="price", decided_at=utc(f"2024-10-{day:02} 07:30"), reason=f"of day {day}",
        champion_model=in_charge[0], champion_version=in_charge[1],
    )  # fmt: skip


# who was in charge after the decision of each day -> day of the decision that is told
CASES = [
    ([FIRST, FIRST, FIRST], 1),
    ([FIRST, SECOND, SECOND], 2),
    ([FIRST, SECOND, FIRST], 3),
    ([NAIVE, NAIVE, FIRST], 3),
    ([NAIVE, NAIVE, NAIVE], 3),
    ([FIRST, NAIVE, NAIVE], 3),
]


@pytest.mark.parametrize(("held", "day"), CASES)
def test_who_is_in_charge_is_told_by_the_decision_that_put_it_there(
    small: SmallLakehouse, held: list[tuple[str, str]], day: int
) -> None:
    rows = [decided(place + 1, in_charge) for place, in_charge in enumerate(held)]
    small.arrow.append(PROMOTIONS, rows)
    [told] = champions(small.arrow, town_catalogue()).to_dict("records")
    assert (told["model_name"], told["model_version"]) == held[-1]
    assert (told["reason"], told["decided_at"].day) == (f"of day {day}", day)
