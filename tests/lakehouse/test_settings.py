"""A profile, then variables, then the command line; what is unknown is an error."""

import re
from pathlib import Path

import pytest

from lakehouse.catalogue import read_catalogue
from lakehouse.clock import SampleClock, SystemClock
from lakehouse.errors import ConfigError
from lakehouse.settings import PROJECT, load_settings, profile_names
from lakehouse.time import HOUR, parse_utc


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("GRIDCAST_")]:
        monkeypatch.delenv(name)


def test_variables_win_over_the_profile_and_arguments_over_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings("sample").spark_driver_memory == "2g"
    assert load_settings("live").spark_driver_memory == "4g"
    monkeypatch.setenv("GRIDCAST_SPARK_DRIVER_MEMORY", "3g")
    assert load_settings("live").spark_driver_memory == "3g"
    assert load_settings("live", spark_driver_memory="5g").spark_driver_memory == "5g"
    assert load_settings("live", spark_driver_memory=None).spark_driver_memory == "3g"


def test_the_profile_comes_from_the_argument_then_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings().profile == "sample"
    monkeypatch.setenv("GRIDCAST_PROFILE", "live")
    assert load_settings().profile == "live"
    assert load_settings("sample").profile == "sample"


def test_an_unknown_profile_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"Unknown profile 'sampel'. Choose .*'sample'"):
        load_settings("sampel")


def test_an_unknown_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDCAST_LAKEHOSE", "/data")
    with pytest.raises(ConfigError, match=r"Unknown variables \['GRIDCAST_LAKEHOSE'\]"):
        load_settings("sample")


def test_a_value_of_the_wrong_type_names_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDCAST_TRAIN_DAYS", "many")
    with pytest.raises(ConfigError, match="Profile 'sample': train_days"):
        load_settings("sample")


def test_the_pace_of_a_source_is_set_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings("sample").seconds_between_requests == {}
    assert load_settings("live").seconds_between_requests["energi_data_service"] == 60
    monkeypatch.setenv("GRIDCAST_SECONDS_BETWEEN_REQUESTS", '{"energi_data_service": 90}')
    seconds = {"energi_data_service": 90, "open_meteo": 1, "octopus": 1}
    assert load_settings("live").seconds_between_requests == seconds
    for wrong in ('{"energidataservice": 1}', '{"octopus": -1}'):
        monkeypatch.setenv("GRIDCAST_SECONDS_BETWEEN_REQUESTS", wrong)
        with pytest.raises(ConfigError, match="Profile 'live': seconds_between_requests"):
            load_settings("live")


def test_the_live_catalogue_can_ask_every_source() -> None:
    live = load_settings("live").read_catalogue()
    assert set(live.data_sets) >= {
        "ConsumptionDE35Hour",
        "ConsumptionConsumerCategoryHour",
        "ConsumptionIndustry",
        "ConsumptionGridAreaHour",
        "Elspotprices",
        "DayAheadPrices",
        "Agile",
    }
    prices = live.series["dk1.price.day_ahead"]
    assert [feed.data_set for feed in prices.feeds] == ["DayAheadPrices", "Elspotprices"]
    change = parse_utc("2025-09-30T22:00Z")
    day_ahead = live.data_sets["DayAheadPrices"]
    assert (day_ahead.resolution_at(change - HOUR), day_ahead.resolution_at(change)) == (60, 15)
    homes = live.groups["home_tariff_gb"]
    assert homes.resolution_minutes == 30
    assert homes.last_origin(parse_utc("2025-07-01T20:00Z")) == parse_utc("2025-07-01T14:30Z")
    assert len(live.members("home_tariff_gb")) == 3


def test_the_examples_of_the_live_catalogue_are_series(tmp_path: Path) -> None:
    """Each data set without a series shows one: with its marks taken away it is read."""
    text = (PROJECT / "deployments" / "catalogues" / "live.toml").read_text()
    examples = re.findall(r"(?m)^#     (.*)$", text)
    file = tmp_path / "live.toml"
    file.write_text(text + "\n".join(["", *examples]) + "\n")
    shown = read_catalogue(file)
    for name in ("ConsumptionIndustry", "ConsumptionGridAreaHour", "ConsumptionDE35Hour"):
        assert len(shown.feeds_of(name)) == 1


@pytest.mark.parametrize("profile", profile_names())
def test_every_profile_has_a_catalogue_and_a_clock(profile: str, tmp_path: Path) -> None:
    settings = load_settings(profile, lakehouse=tmp_path)
    assert settings.read_catalogue().series
    expected = SampleClock if settings.clock == "sample" else SystemClock
    assert isinstance(settings.make_clock(), expected)
    assert settings.emulated == (profile == "sample")
    assert settings.sample_folder == PROJECT / "sample"


def test_real_days_do_not_mix_with_simulated_ones(tmp_path: Path) -> None:
    load_settings("live", lakehouse=tmp_path).make_clock()
    sample = load_settings("sample", lakehouse=tmp_path).make_clock()
    assert isinstance(sample, SampleClock)
    sample.move_to(sample.now())
    with pytest.raises(ConfigError, match=r"'live'; .* holds simulated ones.* --lakehouse"):
        load_settings("live", lakehouse=tmp_path).make_clock()


def test_a_sample_clock_needs_a_start_with_an_offset(tmp_path: Path) -> None:
    settings = load_settings("sample", lakehouse=tmp_path).model_copy(update={"sample_start": None})
    with pytest.raises(ConfigError, match="needs sample_start with an offset"):
        settings.make_clock()


def test_recipients_of_an_unknown_group_are_refused_with_the_groups_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRIDCAST_MAIL_GROUP_RECIPIENTS", '{"prices": ["trading@example.org"]}')
    with pytest.raises(ConfigError, match=r"unknown groups \['prices'\]; known .*day_ahead_price"):
        load_settings("sample").read_catalogue()
    known = '{"day_ahead_price": ["trading@example.org"]}'
    monkeypatch.setenv("GRIDCAST_MAIL_GROUP_RECIPIENTS", known)
    assert load_settings("sample").read_catalogue().groups
