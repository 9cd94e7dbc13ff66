"""Whether a container's service is well: exit code 0 or 1, and a sentence. Standard library only.

`healthy.py http://HOST:PORT/PATH` asks for an answer below 400, `healthy.py port HOST PORT` for a
connection, and `healthy.py worker POOL` asks Prefect's server whether the pool hears a worker.
"""

import json
import os
import socket
import sys
import urllib.error
import urllib.request
from typing import Any

_SECONDS = 4


def main(arguments: list[str]) -> int:
    """0 where it is well, 1 where it is not; says why on standard error."""
    try:
        _check(arguments)
    except (OSError, ValueError) as fault:  # urllib's are OSErrors; ValueError: not JSON
        print(f"unhealthy: {fault}", file=sys.stderr)
        return 1
    return 0


def _check(arguments: list[str]) -> None:
    match arguments:
        case ["worker", pool]:
            _worker(pool)
        case ["port", host, port]:
            socket.create_connection((host, int(port)), timeout=_SECONDS).close()
        case [url]:
            urllib.request.urlopen(url, timeout=_SECONDS).close()
        case _:
            raise ValueError(f"expected URL, 'port HOST PORT' or 'worker POOL', got {arguments}")


def _worker(pool: str) -> None:
    server = os.environ.get("PREFECT_API_URL")
    if not server:
        raise ValueError("expected PREFECT_API_URL, the address of Prefect's API; it is not set")
    request = urllib.request.Request(
        f"{server}/work_pools/{pool}/workers/filter",
        data=b"{}",
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        workers: list[dict[str, Any]] = json.load(answer)
    if not any(worker["status"] == "ONLINE" for worker in workers):
        raise ValueError(
            f"expected a worker of {pool} online at {server}; of {len(workers)} none is"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
