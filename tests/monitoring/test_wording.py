"""Numbers, shares and times read as a person would write them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from monitoring import wording

SPACE, MINUS, DASH = "\N{NARROW NO-BREAK SPACE}", "\N{MINUS SIGN}", "\N{EN DASH}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (41.2749, "41.3 kWh"),
        (0.031549, "0.0315 kWh"),
        (-7.0, f"{MINUS}7.00 kWh"),
        (9.999, "10.0 kWh"),
        (99.96, "100 kWh"),
        (1239.6, f"1{SPACE}240 kWh"),
        (0.0, "0 kWh"),
        (float("nan"), DASH),
        (float("inf"), DASH),
    ],
)
def test_numbers_have_three_digits_and_their_unit(value: float, text: str) -> None:
    assert wording.number(value, "kWh") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123, "+12 %"), (-0.04, f"{MINUS}4 %"), (-0.001, "0 %"), (float("nan"), DASH)],
)
def test_signed_shares_name_their_direction(value: float, text: str) -> None:
    assert wording.share(value, signed=True) == text


def test_the_repeated_hour_is_told_apart_by_its_zone() -> None:
    zone = ZoneInfo("Europe/Copenhagen")
    assert wording.moment("2024-10-27T00:30Z", zone) == "27 Oct 2024, 02:30 CEST"
    assert wording.moment("2024-10-27T01:30Z", zone) == "27 Oct 2024, 02:30 CET"
    assert wording.moment(pd.NaT, zone) == DASH


def test_ages_are_days_and_hours() -> None:
    assert wording.age(pd.Timedelta(hours=226)) == "9 d 10 h"
    assert wording.age(pd.Timedelta(hours=-2)) == "2 h ahead"
