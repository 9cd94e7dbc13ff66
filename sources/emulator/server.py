"""The emulator on this machine: one uvicorn thread on a port, for as long as it is needed."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from lakehouse.clock import Clock
from lakehouse.errors import SetupError
from lakehouse.settings import Settings
from sources.addresses import Addresses
from sources.emulator.energy_api import EnergiDataService, PlainTextError, plain_text
from sources.emulator.faults import Faults
from sources.emulator.faulty import Faulty, Tell
from sources.emulator.own_clock import OwnClock
from sources.emulator.recordings import Recordings
from sources.emulator.tariff_api import DetailError, Octopus, detail
from sources.emulator.weather_api import OpenMeteo, ReasonError, reason

HOST = "127.0.0.1"
START_SECONDS = 20.0


def make_app(
    settings: Settings, clock: Clock, faults: Sequence[str] = (), tell: Tell | None = None
) -> ASGIApp:
    """All services over one recorded folder; `clock` is read at every request.

    `faults` are rules by which it answers wrongly; `tell` hears a line for every request. Raises
    BadInput for a rule that is none and for a folder without recordings.
    """
    catalogue = settings.read_catalogue()
    recordings = _recordings(settings.sample_folder)
    app = FastAPI(title="Gridcast's sources, emulated", openapi_url=None)
    app.add_exception_handler(PlainTextError, plain_text)
    app.add_exception_handler(ReasonError, reason)
    app.add_exception_handler(DetailError, detail)
    energy = EnergiDataService(recordings, catalogue.data_sets, clock)
    weather = OpenMeteo(recordings, catalogue.weather, clock)
    tariffs = Octopus(recordings, catalogue.data_sets.values(), clock)
    app.include_router(energy.router(), prefix="/energi-data-service")
    app.include_router(weather.router(), prefix="/open-meteo")
    app.include_router(tariffs.router(), prefix="/octopus")
    if isinstance(clock, OwnClock):
        app.include_router(clock.router())
    products = {entry.product: entry.name for entry in catalogue.data_sets.values()}
    return Faulty(app, Faults.read(faults), clock, products, tell)


@lru_cache(maxsize=4)
def _recordings(folder: Path) -> Recordings:
    """A day's runs start the emulator several times in one process; the data are read once."""
    return Recordings(folder)


@contextmanager
def running(
    settings: Settings,
    clock: Clock,
    faults: Sequence[str] = (),
    port: int = 0,
    tell: Tell | None = None,
) -> Iterator[Addresses]:
    """Serve in a thread of this process and yield the base addresses; port 0 is any free one.

    Raises SetupError where the port cannot be opened, and what `make_app` raises. On leaving, the
    server is stopped and waited for.
    """
    app = make_app(settings, clock, faults, tell)
    with _listening(port) as listening:
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listening]}, name="emulator", daemon=True
        )
        thread.start()
        try:
            _await_start(server, thread)
            yield _addresses(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()


def _listening(port: int) -> socket.socket:
    """A socket bound to a port of this machine only."""
    # asyncio switches Nagle's delay off only where the protocol is named: 40 ms an answer.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Started again at once, it has its port again.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError as fault:
        bound.close()
        raise SetupError(
            f"The emulator could not open port {port or 'of any number'} on {HOST}: "
            f"{fault.strerror}. Stop what listens there, or choose another with --port."
        ) from None
    return bound


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise SetupError(
                f"The emulator did not start within {START_SECONDS:.0f} s. Run the command again "
                "with --verbose to see why."
            )
        time.sleep(0.005)


def _addresses(port: int) -> Addresses:
    root = f"http://{HOST}:{port}"
    return Addresses(
        energi_data_service=f"{root}/energi-data-service",
        open_meteo_forecast=f"{root}/open-meteo/forecast",
        open_meteo_archive=f"{root}/open-meteo/archive",
        open_meteo_single_runs=f"{root}/open-meteo/single-runs",
        open_meteo_previous_runs=f"{root}/open-meteo/previous-runs",
        octopus=f"{root}/octopus",
    )
