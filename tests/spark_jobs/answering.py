"""Sources in this process that answer whatever they are asked, and the door to them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import httpx

from lakehouse.landing import LandingZone
from sources.addresses import Addresses
from sources.http import Pace
from spark_jobs.ingest import Door

HOSTS = ("energy", "forecast", "archive", "runs", "previous", "octopus")
Answer = Callable[[httpx.Request], httpx.Response]


@contextmanager
def answering(
    zone: LandingZone, broken: Sequence[str] = (), answer: Answer | None = None
) -> Iterator[tuple[Door, list[httpx.Request]]]:
    """The door and, as they come, the requests; hosts that are `broken` answer 404."""
    asked: list[httpx.Request] = []

    def anything(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"any": str(request.url)})

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.host in broken:
            return httpx.Response(404)
        return (answer or anything)(request)

    addresses = Addresses(*(f"http://{name}.test" for name in HOSTS))
    with httpx.Client(transport=httpx.MockTransport(handle)) as client:
        yield Door(zone, addresses, client, Pace()), asked
