"""The dashboards in Chromium: what a person sees, chooses and downloads."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from lakehouse.time import iso
from serving.dashboards.look import DARK, LIGHT, Look
from tests.serving.api.world import DK1, DK2, LAST, LOAD
from tests.serving.dashboards.stage import CHROMIUM, Stage, broken, empty_api, settled, staged
from tests.system_packages import require_chromium

PAGES = ["", "monitoring"]


@pytest.fixture(scope="module")
def stage(filled: Path) -> Iterator[Stage]:
    chromium = require_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        with staged(filled, browser.new_context()) as stage:
            yield stage
        browser.close()


@pytest.fixture
def page(stage: Stage) -> Iterator[Page]:
    with stage.page() as page:
        yield page


def panel(page: Page, title: str) -> Locator:
    """The innermost frame around a heading."""
    heading = page.get_by_role("heading", name=title, exact=False)
    return page.locator("[data-testid=stVerticalBlock]").filter(has=heading).last


def choose(page: Page, label: str, option: str) -> None:
    """As a person at a keyboard does."""
    page.get_by_role("combobox", name=label).press("ArrowDown")
    page.get_by_role("option", name=option, exact=False).click()
    settled(page)


def test_it_opens_with_the_forecast_of_the_newest_origin(stage: Stage, page: Page) -> None:
    stage.opened(page, f"?series={DK1}")
    expect(page.get_by_role("heading", name="Saturday 26 October 2024, 24 hours")).to_be_visible()
    expect(page.get_by_text(f"{DK1} · EUR/MWh · every 60 minutes")).to_be_visible()
    day = panel(page, "Saturday 26 October")
    for word in ("Median", "50 %", "80 %", "90 %", "EUR/MWh"):
        expect(day.get_by_text(word, exact=True).first).to_be_visible()
    expect(day.get_by_text("Local time, Europe/Copenhagen (UTC+2)")).to_be_visible()
    day.locator(".js-plotly-plot .nsewdrag").first.hover()
    told = re.compile(r"^Sat 26 Oct 1\d:00 \(UTC\+2\)2,51\d EUR/MWh80 %: ")
    expect(day.locator(".hoverlayer").first).to_have_text(told)
    weather = panel(page, "Weather")
    expect(weather.get_by_text("Temperature [°C]")).to_be_visible()
    assert page.get_by_text("Deploy").count() == 0


def test_a_series_is_chosen_by_keyboard_and_kept_in_the_address(stage: Stage, page: Page) -> None:
    stage.opened(page, f"?series={DK1}")
    choose(page, "Series", f"Series {DK2}")
    expect(page.get_by_text(f"{DK2} · EUR/MWh")).to_be_visible()
    expect(page.get_by_text("fallback").first).to_be_visible()
    assert page.url.endswith(f"?series={DK2}")
    choose(page, "Group", "load")
    expect(page.get_by_text(f"{LOAD} · kWh")).to_be_visible()
    expect(page.get_by_text("Sum of the day")).to_be_visible()
    expect(page.get_by_role("heading", name="Cheapest hours")).to_have_count(0)


def test_the_slider_goes_back_to_older_forecasts(stage: Stage, page: Page) -> None:
    stage.opened(page, f"?series={DK1}")
    slider = page.get_by_role("slider")
    for day in ("Friday 25", "Thursday 24"):
        slider.press("ArrowLeft")
        expect(page.get_by_role("heading", name=f"{day} October 2024")).to_be_visible()
    settled(page)
    expect(page.get_by_text("Forecast of Wed 23 Oct 09:30 (UTC+2)")).to_be_visible()


def test_the_download_is_what_the_api_answers(stage: Stage, page: Page, tmp_path: Path) -> None:
    stage.opened(page, f"?series={DK1}")
    with page.expect_download() as held:
        page.get_by_role("button", name="Download as CSV", exact=True).click()
    file = tmp_path / held.value.suggested_filename
    held.value.save_as(file)
    asked = {"series_id": DK1, "origin": iso(LAST), "format": "csv"}
    assert file.read_bytes() == stage.api.get("/v1/forecasts", params=asked).content
    assert file.name == f"{DK1}-20241025T0730Z.csv"
    assert len(file.read_text().splitlines()) == 25


def test_monitoring_tells_of_data_models_and_what_needs_a_person(stage: Stage, page: Page) -> None:
    stage.opened(page, "monitoring?watched=price")
    expect(page.get_by_text("Fri 25 Oct 09:30")).to_be_visible()
    expect(
        panel(page, "Accuracy by hour").get_by_text("Seasonal naive", exact=True)
    ).to_be_visible()
    expect(panel(page, "Calibration").get_by_text("lstm (in charge)")).to_be_visible()
    expect(panel(page, "Drift").get_by_text("observations · value")).to_be_visible()
    expect(panel(page, "Data quality").get_by_text("23 of 24 hours")).to_be_visible()
    expect(panel(page, "Open incidents").get_by_text(f"quality {DK2} since")).to_be_visible()
    for title in ("Quarantine", "Promotions", "Training runs", "Reports"):
        expect(panel(page, title).locator("[data-testid=stDataFrame] canvas").first).to_be_visible()


def test_who_comes_back_from_the_other_page_finds_the_same_series(stage: Stage, page: Page) -> None:
    stage.opened(page, f"?series={DK2}")
    page.get_by_role("link", name="Monitoring").click()
    expect(page.get_by_role("heading", name="Freshness")).to_be_visible()
    settled(page).get_by_role("link", name="Forecasts").click()
    expect(page.get_by_text(f"{DK2} · EUR/MWh")).to_be_visible()
    settled(page)


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_shows_all_of_it_without_scrolling_sideways(stage: Stage, path: str) -> None:
    with stage.page(width=390) as page:
        stage.opened(page, path)
        wide = "e => e.scrollWidth - e.clientWidth"
        assert page.locator("[data-testid=stMain]").evaluate(wide) <= 0
        for plot in page.locator(".js-plotly-plot").all():
            box = plot.bounding_box()
            assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390


@pytest.mark.parametrize(("scheme", "look"), [("light", LIGHT), ("dark", DARK)])
def test_it_is_dark_where_the_system_is(stage: Stage, scheme: Any, look: Look) -> None:
    ink = [int(look.ink[i : i + 2], 16) for i in (1, 3, 5)]
    with stage.page(scheme=scheme) as page:
        stage.opened(page, f"?series={DK1}")
        words = page.locator(".js-plotly-plot .ytitle").first
        expect(words).to_have_css("fill", f"rgb({', '.join(map(str, ink))})")
        ground = page.locator("[data-testid=stApp]")
        told = ground.evaluate("e => getComputedStyle(e).backgroundColor")
        levels = [float(level) for level in re.findall(r"[\d.]+", told)[:3]]
        assert (sum(levels) < 3 * 128) is (scheme == "dark")


@pytest.mark.parametrize("path", PAGES)
def test_without_rows_it_says_which_command_brings_them(
    stage: Stage, tmp_path: Path, path: str
) -> None:
    with stage.switch.set_to(empty_api(tmp_path)), stage.page() as page:
        stage.opened(page, path)
        expect(page.get_by_text("There are no series yet. Run make demo.")).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
def test_a_broken_api_is_told_in_a_sentence_and_tried_again(stage: Stage, path: str) -> None:
    with stage.page() as page:
        with stage.switch.set_to(broken):
            stage.opened(page, path)
            expect(page.get_by_text("answered 500")).to_be_visible()
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".js-plotly-plot").first).to_be_visible()
        settled(page)
