"""The weekly report says how a week went, in words and figures, and to each what is theirs."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from lakehouse.catalogue import Catalogue
from lakehouse.errors import BadInput
from monitoring.report import ReportContent
from monitoring.scope import Scope
from monitoring.weekly import build
from monitoring.weekly_content import COLUMNS, WeeklyContent
from tests.monitoring.test_report import Page, without_pictures

HOUSEHOLD, PRICE = "dk1.consumption.household.851", "dk1.price.day_ahead"
OPENED = pd.Timestamp("2024-10-30T08:30Z")
EMPTY = WeeklyContent(
    title="Gridcast weekly report",
    profile="sample",
    as_of=datetime(2024, 11, 4, 8, 30, tzinfo=UTC),
    timezone="Europe/Copenhagen",
    first_day=date(2024, 10, 28),
    last_day=date(2024, 11, 3),
)


@pytest.fixture(scope="module")
def week(content: ReportContent) -> WeeklyContent:
    """A household that got better, a price that got worse, and one incident that is over."""
    scored = {"model_name": "lstm", "forecast_source": "champion", "before_days": 28}
    days = {"first_day": date(2024, 10, 19), "last_day": date(2024, 10, 25)}
    kwh = {"series_id": HOUSEHOLD, "series_group": "consumption_household", "unit": "kWh"}
    eur = {"series_id": PRICE, "series_group": "day_ahead_price", "unit": "EUR/MWh"}
    return replace(
        EMPTY,
        accuracy=pd.DataFrame(
            [
                kwh | scored | days
                | {"mae": 80.0, "naive_mae": 100.0, "skill": 0.2}
                | {"before_mae": 100.0, "before_skill": 0.1},
                eur | scored | days
                | {"mae": 12.0, "naive_mae": 10.0, "skill": -0.2}
                | {"before_mae": 10.0, "before_skill": 0.05},
            ]
        ),
        daily_errors=content.daily_errors,
        intervals=pd.DataFrame(
            {
                "series_group": ["consumption_household", "day_ahead_price"], "n": [168, 168],
                "coverage_80": [0.79, 0.6], "coverage_90": [0.9, 0.7], "before_80": [0.8, 0.81],
                "before_90": [0.9, float("nan")],
            }
        ),
        answers=pd.DataFrame(
            {
                "series_group": ["consumption_household", "day_ahead_price"], "expected": [7, 7],
                "origins": [7, 6], "by_champion": [7, 10], "by_stand_in": [0, 1],
                "by_naive": [0, 1],
            }
        ),
        incidents=content.incidents,
        happened=pd.DataFrame(
            {
                "kind": ["late", "quality"], "about": ["Elspotprices", HOUSEHOLD],
                "opened_at": [OPENED, pd.NaT], "ended_at": [pd.NaT, OPENED],
                "reason": ["The values end early.", "It stands still."],
            }
        ),
        decisions=pd.DataFrame(
            {
                "series_group": ["day_ahead_price"], "decided_at": [OPENED],
                "in_charge": ["seasonal_naive 1"], "what": ["set aside"],
                "decided_by": ["live days"], "reason": ["lstm 1 is 20 % worse."],
            }
        ),
        drift=content.drift.tail(0),
        quarantine=content.quarantine.assign(before=[0, 4]),
        weather=pd.DataFrame(
            {
                "location_id": ["aarhus"], "variable": ["temperature_2m"], "unit": ["°C"],
                "lead_day": [1], "n": [168], "mae": [1.2], "bias": [-0.3], "before_mae": [1.0],
            }
        ),
        arrivals=pd.DataFrame(
            {
                "series_id": [HOUSEHOLD, PRICE], "due": [168, 168], "late": [0, 24],
                "missing": [0, 3], "longest_hours": [0.0, 30.0],
            }
        ),
    )  # fmt: skip


def test_the_week_is_told_in_a_few_sentences_at_the_top(week: WeeklyContent) -> None:
    top = " ".join(build(week).text.split("What needs a person")[0].split())
    for said in (
        "The week from 28 Oct 2024 to 3 Nov 2024.",
        "1 thing to look at.",
        "1 incident opened, 1 ended.",
        "below seasonal naive's for 1 of 2 series",
        "better for 1, worse for 1.",
        "The champion answered 17 of 19 times, one that stood in for it 1, seasonal naive 1; "
        "1 origin had no forecast.",
        "Of 336 values due in the week 24 came late and 3 have not come.",
        "4 records refused",
    ):
        assert said in top


def test_a_few_days_before_say_nothing_of_a_change(week: WeeklyContent) -> None:
    short = replace(week, accuracy=week.accuracy.assign(before_days=6))
    text = " ".join(build(short).text.split())
    assert "better for 0, worse for 0" in text
    assert "worse, +20 %" not in text


def test_every_part_of_the_week_has_its_section_in_html_and_in_text(week: WeeklyContent) -> None:
    built = build(week)
    page = Page(built.html).text
    text = " ".join(built.text.split())
    for said in (
        "better, \N{MINUS SIGN}20 %", "worse, +20 %", "81 %", "6 of 7", "Elspotprices",
        "not yet", "set aside", "lstm 1 is 20 % worse.", "value_is_finite", "temperature 2m",
        "1.20 °C", "1 d 6 h",
    ):  # fmt: skip
        assert said in page
        assert said in text
    assert max(len(line) for line in built.text.splitlines()) <= 78


def test_the_weekly_page_loads_nothing_from_elsewhere(week: WeeklyContent) -> None:
    built = build(week)
    assert not {tag for tag, _ in Page(built.html).tags} & {"script", "link", "iframe", "base"}
    assert "//" not in without_pictures(built.html)
    used = {image["src"] for image in Page(built.mail_html).all("img")}
    assert used == {f"cid:{name}.png@gridcast.invalid" for name in built.pictures}
    assert {"daily_errors", "sparkline-1", "sparkline-2"} <= built.pictures.keys()


def test_an_empty_week_is_told_and_names_the_commands() -> None:
    built = build(EMPTY)
    assert built.pictures == {}
    assert "All well: nothing needs a person." in built.text
    for name in COLUMNS.keys() - {"incidents"}:
        section = built.html.split(f'id="{name}"')[1].split("</section>")[0]
        assert 'class="empty"' in section, name
        assert "'gridcast run" in section.replace("&#39;", "'"), name


def test_people_of_a_group_read_of_their_group_alone(
    week: WeeklyContent, catalogue: Catalogue
) -> None:
    built = build(Scope.of(catalogue, ["day_ahead_price"]).limited(week))
    assert HOUSEHOLD not in built.text
    assert "consumption_household" not in built.text
    assert PRICE in built.text
    assert "Elspotprices" in built.text
    assert "All well: nothing needs a person." in built.text


def test_a_frame_that_cannot_be_shown_is_refused() -> None:
    with pytest.raises(BadInput, match=r"lacks columns"):
        replace(EMPTY, arrivals=pd.DataFrame({"series_id": ["a"]}))
