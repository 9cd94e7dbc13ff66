"""Where the sources of a profile answer: the real services, or the emulator on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from lakehouse.clock import Clock
from lakehouse.landing import Request
from lakehouse.settings import Settings
from sources import open_meteo

EMULATOR = "emulator"


@dataclass(frozen=True)
class Addresses:
    """Base address of every service, without a trailing slash; a request's path follows it.

    One that has a single address goes by the name of its source.
    """

    energi_data_service: str
    open_meteo_forecast: str
    open_meteo_archive: str
    open_meteo_single_runs: str
    open_meteo_previous_runs: str
    octopus: str

    @classmethod
    def of(cls, settings: Settings) -> "Addresses":
        """What the profile says, with the word `emulator` still in it where it says so."""
        return cls(**{name: getattr(settings, name) for name in cls.__dataclass_fields__})


def address_of(addresses: Addresses, request: Request) -> str:
    """The base address that answers a request."""
    if request.source != open_meteo.SOURCE:
        address: str = vars(addresses)[request.source]
        return address
    return {
        open_meteo.FORECAST: addresses.open_meteo_forecast,
        open_meteo.SINGLE_RUNS: addresses.open_meteo_single_runs,
        open_meteo.PREVIOUS_RUNS: addresses.open_meteo_previous_runs,
        open_meteo.ARCHIVE: addresses.open_meteo_archive,
    }[request.data_set]


@contextmanager
def addresses(settings: Settings, clock: Clock) -> Iterator[Addresses]:
    """The base addresses to fetch from; the emulator runs for as long as the context lasts.

    Only the services for which the profile says `emulator` are emulated. It serves what was
    public by `clock`, which it reads at every request, but for what `emulator_faults` change.
    """
    given = Addresses.of(settings)
    emulated = [name for name, address in vars(given).items() if address == EMULATOR]
    if not emulated:
        yield given
        return
    # FastAPI and the recordings are loaded only where they are used: `live` needs neither.
    from sources.emulator.server import running

    with running(settings, clock, settings.emulator_faults) as played:
        yield replace(given, **{name: getattr(played, name) for name in emulated})
