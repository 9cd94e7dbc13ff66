"""Ports that servers are to listen at."""

import socket

from lakehouse.errors import SetupError


def free_port(host: str, port: int, server: str) -> int:
    """The port, or any free one for 0. Raises SetupError where something listens there already.

    server: what is to listen, for a person.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            raise SetupError(
                f"Expected port {port} of {host} to be free for the {server}: {fault.strerror}. "
                "Stop what listens there, or choose another with --port."
            ) from None
        return int(probe.getsockname()[1])
