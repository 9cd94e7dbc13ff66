"""The emulator on this machine: one uvicorn thread on a free port, for as long as it is needed."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from lakehouse.clock import Clock
from lakehouse.errors import SetupError
from lakehouse.settings import Settings
from sources.addresses import Addresses
from sources.emulator.energy_api import EnergiDataService, PlainTextError, plain_text
from sources.emulator.recordings import Recordings
from sources.emulator.weather_api import OpenMeteo, ReasonError, reason

HOST = "127.0.0.1"
START_SECONDS = 20.0


def make_app(settings: Settings, clock: Clock) -> FastAPI:
    """Both services over one recorded sample; `clock` is read at every request."""
    catalogue = settings.read_catalogue()
    recordings = _recordings(settings.sample_folder)
    app = FastAPI(title="Gridcast's sources, emulated", openapi_url=None)
    app.add_exception_handler(PlainTextError, plain_text)
    app.add_exception_handler(ReasonError, reason)
    energy = EnergiDataService(recordings, catalogue.data_sets, clock)
    weather = OpenMeteo(recordings, catalogue.weather, clock)
    app.include_router(energy.router(), prefix="/energi-data-service")
    app.include_router(weather.router(), prefix="/open-meteo")
    return app


@lru_cache(maxsize=4)
def _recordings(folder: Path) -> Recordings:
    """A day's runs start the emulator several times in one process; the data are read once."""
    return Recordings(folder)


@contextmanager
def running(settings: Settings, clock: Clock) -> Iterator[Addresses]:
    """Serve in a thread of this process and yield the base addresses.

    Raises SetupError where no port can be opened. On leaving, the server is stopped and waited
    for.
    """
    # asyncio switches Nagle's delay off only where the protocol is named: 40 ms an answer.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        try:
            listening.bind((HOST, 0))
        except OSError as fault:
            raise SetupError(f"The emulator could not open a port on {HOST}: {fault}.") from None
        config = uvicorn.Config(
            make_app(settings, clock),
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
    )
