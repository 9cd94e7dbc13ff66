"""The API on a port: uvicorn, in this process or in several workers."""

import socket
from contextlib import suppress

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from lakehouse.errors import SetupError

_FACTORY = "serving.api.app:app_of_environment"


def listening(host: str, port: int) -> socket.socket:
    """A socket bound to a port; 0 is any free one. Raises SetupError where it cannot be."""
    # asyncio switches Nagle's delay off only where the protocol is named: 40 ms an answer.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Started again at once, it has its port again.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(2048)  # who asks before the first worker is up waits instead of failing
    except OSError as fault:
        bound.close()
        raise SetupError(
            f"Expected port {port} of {host} to be free for the API: {fault.strerror}. Stop what "
            "listens there, or choose another with --port."
        ) from None
    return bound


def serve(app: FastAPI, bound: socket.socket, workers: int) -> None:
    """Answer until Ctrl-C. Several workers make apps of their own from GRIDCAST_* variables."""
    with suppress(KeyboardInterrupt):
        if workers == 1:
            uvicorn.Server(_config(app)).run(sockets=[bound])
        else:
            Multiprocess(_config(_FACTORY, workers), sockets=[bound]).run()


def _config(app: FastAPI | str, workers: int = 1) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=workers > 1,
        workers=workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
