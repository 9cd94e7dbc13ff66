"""One emulator for all tests of the clients, on a clock that a test may set to any moment."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from lakehouse.catalogue import Catalogue
from lakehouse.landing import Request
from lakehouse.settings import Settings, load_settings
from lakehouse.time import parse_utc
from sources.addresses import Addresses, address_of
from sources.emulator.server import running
from sources.http import fetch, new_client


@dataclass
class HandClock:
    """A clock that a test sets, also backwards."""

    moment: datetime = datetime(2024, 10, 18, tzinfo=UTC)
    simulated: bool = True

    def now(self) -> datetime:
        return self.moment

    def set(self, text: str) -> datetime:
        self.moment = parse_utc(text)
        return self.moment


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The sample profile with a lakehouse folder of its own."""
    return load_settings("sample", lakehouse=tmp_path_factory.mktemp("lakehouse"))


@pytest.fixture(scope="session")
def catalogue(settings: Settings) -> Catalogue:
    return settings.read_catalogue()


@pytest.fixture(scope="session")
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def set_clock(clock: HandClock) -> Callable[[str], datetime]:
    """Moves the emulator's clock to a moment and returns it."""
    return clock.set


@pytest.fixture(scope="session")
def played(settings: Settings, clock: HandClock) -> Iterator[Addresses]:
    """The addresses of a running emulator."""
    with running(settings, clock) as addresses:
        yield addresses


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    with new_client() as shared:
        yield shared


@pytest.fixture
def ask(played: Addresses, clock: HandClock, client: httpx.Client) -> Callable[[Request], Any]:
    """Fetch a request through the real client and return the parsed body."""

    def answer(request: Request) -> Any:
        return json.loads(fetch(request, address_of(played, request), clock.now(), client).body)

    return answer


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data beside the project, or a skip that says why."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the shared data folder {folder} is not here")
    return folder
