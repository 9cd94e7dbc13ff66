"""The report is one page that loads nothing, hides nothing and says so when it knows nothing."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pandas as pd
import pytest
from PIL import Image

from lakehouse.errors import BadInput
from monitoring.content import COLUMNS
from monitoring.report import Report, ReportContent, build, content_id

EMPTY = ReportContent(
    title="Nothing yet",
    profile="sample",
    as_of=datetime(2024, 10, 28, 8, 30, tzinfo=UTC),
    timezone="Europe/Copenhagen",
)
WITHOUT_ZONE = EMPTY.as_of.replace(tzinfo=None)


class Page(HTMLParser):
    """Tags with their attributes, and the text outside of style, of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._in_style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def report(content: ReportContent) -> Report:
    return build(content)


def test_the_page_loads_nothing_from_elsewhere(report: Report) -> None:
    page = Page(report.html)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "base"}
    sources = [attributes["src"] or "" for attributes in page.all("img")]
    assert len(sources) == 3 + 4
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert not re.search(r"(?:https?:)?//[a-z]|url\(|@import", without_pictures(report.html))


def without_pictures(html: str) -> str:
    return re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", html)


def test_the_pictures_are_whole_and_described_in_words(report: Report) -> None:
    for image in Page(report.html).all("img"):
        png = base64.b64decode((image["src"] or "").split(",")[1])
        Image.open(io.BytesIO(png)).verify()
        assert len(image["alt"] or "") > 40


def test_the_mail_page_refers_to_the_pictures_by_content_id(report: Report) -> None:
    sources = {attributes["src"] for attributes in Page(report.mail_html).all("img")}
    assert sources == {f"cid:{content_id(name)}" for name in report.pictures}
    assert "data:image" not in report.mail_html


def test_after_what_needs_a_person_comes_the_accuracy_table_with_units(report: Report) -> None:
    headings = re.findall(r"<h2 [^>]*>(.*?)</h2>", report.html)
    assert headings[:2] == ["What needs a person", "Accuracy"]
    row = report.html.split("<tbody>")[2].split("</tr>")[0]
    said = Page(row).text
    for part in ("dk1.consumption.household.851", "lstm (champion)", "41.3 kWh", "+18 %", "77 %"):
        assert part in said


def test_a_worse_model_than_naive_is_said_to_be_worse(report: Report) -> None:
    assert "below seasonal naive's for 3 of 4 series" in report.text
    assert "\N{MINUS SIGN}4 %" in report.text


def test_what_is_simulated_is_said_at_the_top(report: Report) -> None:
    sentence = "Publication times are simulated: consumption 9 days after the hour."
    assert Page(report.html).text.index(sentence) < Page(report.html).text.index("Accuracy")
    assert sentence in report.text.split("Accuracy")[0]


def test_times_are_local_with_the_zone_named(report: Report) -> None:
    assert "as of 28 Oct 2024, 09:30 CET" in report.text
    assert "19 Oct 2024, 00:00 CEST" in report.text  # before the clock change
    alts = " ".join(image["alt"] or "" for image in Page(report.html).all("img"))
    assert "Europe/Copenhagen" in alts


def test_only_what_is_not_stable_stands_in_the_drift_table(report: Report) -> None:
    table = report.html.split('id="drift"')[1].split("</section>")[0]
    said = Page(table).text
    assert "temperature_2m_celsius" in said
    assert "not judged" in said
    assert "hour_of_week" not in said


def test_a_quality_fault_is_told_with_its_day_and_a_sentence(report: Report) -> None:
    said = Page(report.html.split('id="quality"')[1].split("</section>")[0]).text
    for part in ("dk2.consumption.household.101", "unit", "18 Oct 2024", "1e+03 times the usual"):
        assert part in said
    assert "Quality faults in 1 of 4 series" in report.text


def test_days_without_a_fault_are_said_to_be_without(content: ReportContent) -> None:
    healthy = content.quality[content.quality["verdict"] == "ok"]
    said = " ".join(build(replace(content, quality=healthy)).text.split())
    assert "No quality fault in 4 series" in said
    assert "No day has been judged" not in said


def test_what_needs_a_person_says_what_to_do_and_nothing_is_good_news(report: Report) -> None:
    assert "All well: nothing needs a person." in build(EMPTY).text
    for part in (report.text, report.html):
        said = re.sub(r"<[^>]+>|\s+", " ", part)
        assert "1 thing to look at." in said
        assert "Ask the publisher" in said


@pytest.mark.parametrize("name", sorted(COLUMNS.keys() - {"incidents"}))
def test_an_empty_frame_gives_a_sentence_and_the_command(name: str) -> None:
    section = build(EMPTY).html.split(f'id="{name}"')[1].split("</section>")[0]
    assert re.search(r'class="empty">[A-Z].*gridcast run \w+', section, re.DOTALL)
    assert "<table" not in section
    assert "<img" not in section


def test_an_empty_report_reads_as_text_too() -> None:
    report = build(EMPTY)
    assert "No forecast has met its truth yet." in report.text
    assert report.pictures == {}


def test_frames_with_columns_but_no_rows_are_empty_too(content: ReportContent) -> None:
    bare = {name: getattr(content, name).iloc[:0] for name in COLUMNS}
    assert build(replace(content, **bare)).pictures == {}


def test_everything_is_escaped(content: ReportContent) -> None:
    attack = '<script>alert("1")</script>&\'"'
    hostile = replace(
        content,
        title=attack,
        profile=attack,
        simulated=(attack,),
        accuracy=content.accuracy.assign(series_id=attack, unit=attack, model_name=attack).head(1),
        daily_errors=content.daily_errors.assign(series_id=attack).head(1),
        forecasts=content.forecasts.head(30).assign(series_id=attack, unit="$\\frac$"),
        quarantine=content.quarantine.assign(example_reason=attack, rule=attack),
    )
    built = build(hostile)
    for html in (built.html, built.mail_html):
        page = Page(html)
        assert not page.all("script")
        assert attack in page.text
        allowed = {"src", "alt", "class", "width", "height"}
        assert all(set(image) <= allowed for image in page.all("img"))


def test_the_same_content_gives_the_same_bytes(content: ReportContent, report: Report) -> None:
    assert build(content) == report


def test_plain_text_fits_a_terminal(report: Report) -> None:
    assert max(len(line) for line in report.text.splitlines()) <= 78
    assert "<" not in report.text


def test_unknown_figures_read_as_a_dash(content: ReportContent) -> None:
    unknown = content.accuracy.assign(skill=float("nan"), naive_mae=float("nan"))
    text = build(replace(content, accuracy=unknown)).text
    assert "Skill: \N{EN DASH}" in text
    assert "nan" not in text.lower().replace("value is nan", "")


def test_one_value_of_one_series_can_be_drawn(content: ReportContent) -> None:
    single = replace(
        content,
        forecasts=content.forecasts.head(1),
        daily_errors=content.daily_errors.head(1),
        drift=content.drift.head(1),
    )
    lines = {"sparkline-1"}
    assert set(build(single).pictures) == {"forecasts", "daily_errors", "drift"} | lines


def test_columns_of_nothing_but_none_are_unknown_not_an_error(content: ReportContent) -> None:
    none = replace(
        content,
        accuracy=content.accuracy.assign(mae=None, skill=None, coverage_80=None, days=None),
        daily_errors=content.daily_errors.assign(mae=None),
        forecasts=content.forecasts.assign(truth=None, naive=None, q05=None, unit=None),
        drift=content.drift.assign(strength=None, verdict="not_judged"),
    )
    assert "4 that could not be judged" in " ".join(build(none).text.split())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"gaps": pd.DataFrame({"series_id": ["a"]})}, r"lacks columns \['gaps'\]"),
        ({"timezone": "Mars/Olympus"}, "IANA time zone"),
        ({"as_of": WITHOUT_ZONE}, "as_of with a time zone"),
    ],
)
def test_content_that_cannot_be_shown_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        replace(EMPTY, **change)  # type: ignore[arg-type]


def test_naive_times_and_repeated_hours_are_refused(content: ReportContent) -> None:
    rows = content.forecasts
    naive = rows.assign(valid_time=rows["valid_time"].dt.tz_localize(None))
    with pytest.raises(BadInput, match="valid_time with a time zone"):
        replace(content, forecasts=naive)
    with pytest.raises(BadInput, match="one row per"):
        replace(content, forecasts=pd.concat([rows, rows.head(1)]))
