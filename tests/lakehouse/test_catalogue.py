"""A catalogue is checked when it is read: the error names the file, the key and the fault."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.catalogue import Publication, read_catalogue
from lakehouse.errors import BadInput, ConfigError
from lakehouse.settings import PROJECT
from tests.zones import all_zones

SAMPLE = (PROJECT / "deployments" / "catalogues" / "sample.toml").read_text()


def edited(folder: Path, old: str, new: str) -> Path:
    assert old in SAMPLE
    file = folder / "mine.toml"
    file.write_text(SAMPLE.replace(old, new, 1))
    return file


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('unit = "kWh"', 'unit = "kWh"\nunits = "kWh"', "units: Extra inputs are not permitted"),
        ('timezone = "Europe/Copenhagen"', 'timezone = "Europe/Kobenhavn"', "'Europe/Kobenhavn'"),
        ('series_group = "day_ahead_price"', 'series_group = "price"', "unknown group 'price'"),
        ('location_id = "malmo"', 'location_id = "lund"', "unknown location 'lund'"),
        ('data_set = "Elspotprices"', 'data_set = "Spot"', "unknown data set 'Spot'"),
        ('kind = "energy"', 'kind = "heat"', "consumption_household.kind"),
        ("lookback_days = 14", "", "ConsumptionIndustry: Value error, lookback_days is missing"),
        ('rule = "day_before"', 'rule = "later"', "Elspotprices.publication.0.rule"),
        ('unit = "kWh"', 'unit = "kwh"', "unknown unit 'kwh'; known are Wh, kWh"),
        (
            'source_key = ["DK1"]',
            'source_key = ["DK1", "x"]',
            "one value for each of ['PriceArea']",
        ),
        ('tariff = "danish_home"', 'tariff = "home"', "unknown tariff 'home'"),
        ("from_hour = 6, to_hour = 17", "from_hour = 6, to_hour = 16", "hour 16 has 0 bands"),
        ('unit = "DKK/kWh"\nrate', 'unit = "EUR/kWh"\nrate', "gives EUR/kWh; write unit"),
        ("history_start = 2023-01-01T00:00:00Z", "history_start = 2023-01-01T00:00:00", "offset"),
        ("[groups.day_ahead_price]", "[groups.consumption_business]", "not valid TOML"),
        ("[weather]", "[weathr]", "weather: Field required"),
    ],
)
def test_a_fault_is_named_with_its_file(tmp_path: Path, old: str, new: str, fault: str) -> None:
    file = edited(tmp_path, old, new)
    with pytest.raises(ConfigError) as caught:
        read_catalogue(file)
    assert str(file) in str(caught.value)
    assert fault in str(caught.value)


def with_group(folder: Path, zone: str, minutes: int, since: str = "2023-01-01") -> Path:
    """The sample's catalogue from a day on, and one more group."""
    file = edited(
        folder,
        "history_start = 2023-01-01T00:00:00Z",
        f"history_start = {since}T00:00:00Z\n"
        f'groups.far = {{ kind = "energy", origin = 09:30:00, timezone = "{zone}", '
        f"resolution_minutes = {minutes} }}",
    )
    read_catalogue(file)
    return file


@pytest.mark.parametrize(
    ("zone", "minutes", "since", "told"),
    [
        (
            "Asia/Kolkata",
            60,
            "2023-01-01",
            "2023-01-01T05:30+05:30; write resolution_minutes = 30 or 15.",
        ),
        (
            "Asia/Kathmandu",
            60,
            "2023-01-01",
            "2023-01-01T05:45+05:45; write resolution_minutes = 15.",
        ),
        (
            "Asia/Kathmandu",
            30,
            "2023-01-01",
            "2023-01-01T05:45+05:45; write resolution_minutes = 15.",
        ),
        # Half an hour apart in winter only, and in some years only.
        ("Australia/Lord_Howe", 60, "2023-01-01", "2023-04-02T10:30+10:30; write"),
        ("Asia/Pyongyang", 60, "2018-04-01", "2018-04-01T08:30+08:30; write"),
    ],
)
def test_a_group_whose_days_begin_amid_an_interval_is_refused(
    tmp_path: Path, zone: str, minutes: int, since: str, told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        with_group(tmp_path, zone, minutes, since)
    assert f"group 'far' has resolution_minutes = {minutes}; expected" in str(caught.value)
    assert f"in {zone} it is {told}" in str(caught.value)


@pytest.mark.parametrize(
    ("zone", "minutes", "since"),
    [
        ("Asia/Kolkata", 30, "2023-01-01"),
        ("Asia/Kathmandu", 15, "2023-01-01"),
        ("Asia/Pyongyang", 60, "2018-06-01"),
        ("Europe/London", 60, "2015-01-01"),
    ],
)
def test_a_group_whose_days_begin_with_an_interval_is_read(
    tmp_path: Path, zone: str, minutes: int, since: str
) -> None:
    assert with_group(tmp_path, zone, minutes, since)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Expected a series catalogue at .*absent.toml"):
        read_catalogue(tmp_path / "absent.toml")


def test_an_unknown_group_is_refused_with_those_there_are(tmp_path: Path) -> None:
    catalogue = read_catalogue(edited(tmp_path, "lookback_days = 14", "lookback_days = 15"))
    assert [s.series_id for s in catalogue.members("consumption_business")] == [
        "dk2.consumption.business.329"
    ]
    with pytest.raises(BadInput, match=r"Unknown series group 'prices'. Known: .*day_ahead_price"):
        catalogue.members("prices")


def test_prices_are_public_at_local_noon_and_a_bit_the_day_before() -> None:
    rule = Publication.model_validate(
        {"rule": "day_before", "at": "12:45", "timezone": "Europe/Copenhagen", "basis": "assumed"}
    )
    last_of_the_long_day = datetime(2024, 10, 27, 22, tzinfo=UTC)
    assert rule.available_at(last_of_the_long_day, 60) == datetime(2024, 10, 26, 10, 45, tzinfo=UTC)


def test_consumption_is_public_a_delay_after_its_interval() -> None:
    rule = Publication.model_validate(
        {"rule": "after_interval", "delay_hours": 2, "basis": "assumed"}
    )
    start = datetime(2024, 10, 27, 0, 15, tzinfo=UTC)
    assert rule.available_at(start, 15) == datetime(2024, 10, 27, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize("quote", ["", '"'], ids=["a time", "a text"])
def test_the_version_of_a_publication_time_is_the_newest_that_held_when_it_was_fetched(
    tmp_path: Path, quote: str
) -> None:
    rule = '{ rule = "after_interval", delay_hours = 216, basis = "simulated" }'
    newer = (
        '[{ rule = "after_interval", delay_hours = 240, basis = "simulated", '
        f"since = {quote}2026-03-01T00:00:00Z{quote} }}, {rule}]"
    )
    catalogue = read_catalogue(edited(tmp_path, rule, newer))
    data_set = catalogue.data_sets["ConsumptionIndustry"]
    change = datetime(2026, 3, 1, tzinfo=UTC)
    assert data_set.publication_at(change - timedelta(seconds=1)).delay_hours == 216
    assert data_set.publication_at(change).delay_hours == 240


def test_a_change_of_resolution_holds_from_its_moment_on(tmp_path: Path) -> None:
    old = 'value_column = "SpotPriceEUR"'
    new = (
        f"{old}\nresolution_minutes = 15\n"
        "resolution_before = [{ until = 2025-09-30T22:00:00Z, minutes = 60 }]"
    )
    data_set = read_catalogue(edited(tmp_path, old, new)).data_sets["Elspotprices"]
    change = datetime(2025, 9, 30, 22, tzinfo=UTC)
    assert data_set.resolution_at(change - timedelta(hours=1)) == 60
    assert data_set.resolution_at(change) == 15


publications = st.just(
    Publication(rule="after_interval", basis="assumed", delay_hours=216)
) | st.builds(
    lambda at, zone: Publication(rule="day_before", basis="assumed", at=at, timezone=zone.key),
    st.sampled_from([time(0), time(0, 30), time(2, 30), time(12, 45), time(23, 59)]),
    all_zones,
)


@given(
    publications,
    st.datetimes(datetime(2023, 1, 1), datetime(2025, 12, 31), timezones=st.just(UTC)),
    st.integers(-60 * 48, 60 * 48),
)
def test_what_usually_is_known_at_a_moment_ends_where_publication_times_say(
    publication: Publication, moment: datetime, quarters: int
) -> None:
    """Also where a clock changes: each quarter before that end is public, and none after it."""
    quarter = timedelta(minutes=15)
    start = moment.replace(minute=0, second=0, microsecond=0) + quarters * quarter
    known = publication.available_at(start, 15) <= moment
    assert known == (start + quarter <= publication.known_until(moment))


def test_the_newest_run_of_a_weather_model_is_public_some_hours_after_it() -> None:
    weather = read_catalogue(PROJECT / "deployments" / "catalogues" / "sample.toml").weather
    noon = datetime(2024, 10, 18, 12, tzinfo=UTC)
    assert weather.newest_run(noon) == noon - timedelta(hours=6)
    assert weather.newest_run(noon - timedelta(minutes=1)) == noon - timedelta(hours=12)
    assert weather.newest_run(noon - timedelta(hours=7)) == noon - timedelta(hours=18)
