"""The HTTP API under load: `python -m benchmarks.api [SECONDS] [REQUESTS]`.

One server process on loopback over a thousand series; vegeta asks it at a fixed rate whether or
not it answers in time (open loop): the latest forecast of each series for the first time; rounds of
the no-op endpoint and of the latest forecast, of another series at every request; a thousand series
as Arrow; memory over REQUESTS requests; and the naive endpoint, in a server of its own.

vegeta must be on the PATH: `go install github.com/tsenart/vegeta/v12@latest`.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from benchmarks.api_tables import SERIES_IDS, TARGET, fill
from lakehouse.errors import SetupError
from lakehouse.time import iso

RATE = 300
ROUNDS = 5
SOAK_RATE = 400


@dataclass(frozen=True)
class Load:
    """What vegeta saw: latencies in ms, and the share of requests that were answered with 200."""

    p50: float
    p99: float
    success: float
    requests: int

    def __str__(self) -> str:
        return (
            f"p50 {self.p50:8.1f} ms   p99 {self.p99:8.1f} ms   "
            f"{self.requests} requests, {self.success:.1%} answered"
        )


def vegeta() -> str:
    """The load tool. Raises SetupError where it is not installed."""
    found = shutil.which("vegeta")
    if not found:
        raise SetupError(
            "Expected vegeta on the PATH; it is not there. "
            "Run 'go install github.com/tsenart/vegeta/v12@latest'."
        )
    return found


def attack(urls: list[str], rate: int, seconds: float) -> Load:
    """Ask the addresses in turn at a rate, and wait for the last answer."""
    targets = "".join(f"GET {url}\n" for url in urls).encode()
    command = [vegeta(), "attack", f"-rate={rate}", f"-duration={seconds}s", "-timeout=60s"]
    results = subprocess.run(command, input=targets, capture_output=True, check=True).stdout
    report = [vegeta(), "report", "-type=json"]
    told = json.loads(subprocess.run(report, input=results, capture_output=True, check=True).stdout)
    at = told["latencies"]
    return Load(at["50th"] / 1e6, at["99th"] / 1e6, told["success"], told["requests"])


def latest(address: str) -> list[str]:
    """The latest forecast of one series, for each of the thousand."""
    return [f"{address}/v1/forecasts?series_id={name}" for name in SERIES_IDS]


def latencies(address: str, process: psutil.Process, seconds: float) -> None:
    """Rounds of no-op and latest forecast: the machine's load, latencies, and the server's own
    time at work per request, which other work on the machine hardly changes."""
    noop, ours = [f"{address}/noop"], latest(address)
    attack(noop, RATE, 3)  # imports and connections
    attack([f"{address}/v1/forecasts?limit=1"], RATE, 3)

    def measured(name: str, urls: list[str], seconds: float) -> float:
        begun = process.cpu_times()
        load = attack(urls, RATE, seconds)
        ended = process.cpu_times()
        worked = ended.user + ended.system - begun.user - begun.system
        print(
            f"{name:14} {RATE}/s   {load}, {worked / load.requests * 1000:.2f} ms of CPU each; "
            f"load average {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores",
            flush=True,
        )
        return load.p99

    measured("latest, first", ours, len(ours) / RATE)  # after a new version: nothing is kept
    rounds = [
        (measured("no-op", noop, seconds), measured("latest", ours, seconds)) for _ in range(ROUNDS)
    ]
    base, held = (statistics.median(p99s) for p99s in zip(*rounds, strict=True))
    print(f"median p99: no-op {base:.1f} ms, latest {held:.1f} ms, {held / base:.1f} times")


def thousand_as_arrow(address: str) -> None:
    """1,000 series x 24 h as Arrow: each time another question, so that no kept body answers."""
    span = {"from": iso(TARGET[0]), "to": iso(TARGET[1]), "format": "arrow"}
    times = []
    with httpx.Client(base_url=address, headers={"Accept-Encoding": "identity"}) as client:
        for i in range(21):
            begun = time.perf_counter()
            answer = client.get("/v1/forecasts", params=span | {"limit": 24_000 + i})
            times.append((time.perf_counter() - begun) * 1000)
            assert answer.headers["x-total-count"] == "24000", answer.text
    size = len(answer.content) / 1e6
    print(
        f"1,000 series x 24 h as Arrow, {size:.1f} MB: median {statistics.median(times):.0f} ms, "
        f"slowest of {len(times)} {max(times):.0f} ms"
    )


def memory(address: str, process: psutil.Process, requests: int) -> None:
    """Resident memory after each tenth of so many requests, in three formats, some from files."""
    urls = latest(address)
    urls += [f"{url}&format={form}" for url in urls for form in ("csv", "arrow")]
    moment = iso(TARGET[0])
    urls[::50] = [f"{url}&as_of={moment}" for url in urls[::50]]
    resident = []
    for _ in range(10):
        load = attack(urls, SOAK_RATE, requests / 10 / SOAK_RATE)
        resident.append(process.memory_info().rss / 2**20)
    told = ", ".join(f"{mib:.0f}" for mib in resident)
    print(f"MiB after each tenth of {requests} requests at {SOAK_RATE}/s: {told} ({load})")


@contextmanager
def server(folder: str) -> Iterator[tuple[str, psutil.Process]]:
    """The address of the API with its comparisons, and its process."""
    command = [sys.executable, "-m", "benchmarks.api_server", folder]
    process = psutil.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}", process
    finally:
        process.kill()
        process.wait()


def main(seconds: float = 20, requests: int = 100_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(f"{fill(Path(folder)):,} forecasts of {len(SERIES_IDS):,} series", flush=True)
        with server(folder) as (address, process):
            latencies(address, process, seconds)
            thousand_as_arrow(address)
            memory(address, process, requests)
        with server(folder) as (address, _):
            naive = attack([f"{address}/naive?series_id={name}" for name in SERIES_IDS], RATE, 3)
            print(f"naive    {RATE}/s   {naive}")


if __name__ == "__main__":
    main(*(float(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else ())
