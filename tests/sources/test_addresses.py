"""Where a profile's sources answer."""

from pathlib import Path

import httpx
import pytest

from lakehouse.clock import SampleClock
from lakehouse.errors import BadInput
from lakehouse.settings import Settings, load_settings
from lakehouse.time import parse_utc
from sources.addresses import Addresses, addresses


def test_live_yields_the_services_of_its_profile() -> None:
    live = load_settings("live")
    with addresses(live, live.make_clock()) as found:
        assert found == Addresses(
            energi_data_service="https://api.energidataservice.dk",
            open_meteo_forecast="https://api.open-meteo.com",
            open_meteo_archive="https://archive-api.open-meteo.com",
            open_meteo_single_runs="https://single-runs-api.open-meteo.com",
            open_meteo_previous_runs="https://previous-runs-api.open-meteo.com",
            octopus="https://api.octopus.energy",
        )


def test_only_what_the_profile_says_is_emulated(settings: Settings) -> None:
    mixed = settings.model_copy(update={"open_meteo_archive": "https://elsewhere"})
    with addresses(mixed, mixed.make_clock()) as found:
        assert found.open_meteo_archive == "https://elsewhere"
        assert found.open_meteo_forecast.startswith("http://127.0.0.1:")


def test_the_emulator_follows_the_shared_clock_and_stops_with_the_context(
    settings: Settings, tmp_path: Path
) -> None:
    start = parse_utc("2024-10-18T10:44Z")
    question = "/dataset/Elspotprices?start=2024-10-19&limit=0"
    with addresses(settings, SampleClock(tmp_path / "clock", start)) as found:
        address = found.energi_data_service + question
        assert httpx.get(address).json()["total"] == 0
        # Another clock object on the same file, as another process would have.
        SampleClock(tmp_path / "clock", start).move_to(parse_utc("2024-10-18T10:45Z"))
        assert httpx.get(address).json()["total"] == 48
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)


def test_a_folder_without_recordings_is_a_sentence(settings: Settings, tmp_path: Path) -> None:
    bare = settings.model_copy(update={"sample_data": tmp_path})
    with (
        pytest.raises(BadInput, match=r"Expected recorded data in .*it has none.*make_sample"),
        addresses(bare, bare.make_clock()),
    ):
        pass
