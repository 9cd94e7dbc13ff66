"""Optional keys: who may ask, and how often."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import Request

from serving.api.problems import Problem

HEADER = "X-API-Key"


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


class Keys:
    """Keys, each with a bucket that refills evenly: so many requests a minute, in bursts too.

    The buckets are those of one process.
    """

    def __init__(
        self,
        keys: Sequence[str],
        per_minute: int,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = tuple(keys)
        self._per_minute = per_minute
        self._seconds = seconds
        now = seconds()
        self._buckets = {key: _Bucket(float(per_minute), now) for key in self._keys}

    async def check(self, request: Request) -> None:
        """As a dependency, in the one thread of the event loop, so that buckets need no lock.

        Raises Problem for a request without a known key, or with one that asks too often."""
        given = request.headers.get(HEADER)
        known = [key for key in self._keys if secrets.compare_digest(key, given or "")]
        if given is None or not known:
            told = f"Expected a key that this server knows in the header {HEADER}; got "
            told += "none." if given is None else "another."
            challenge = {"WWW-Authenticate": f'ApiKey header="{HEADER}"'}
            raise Problem(401, "Key needed", told, HEADER, headers=challenge)
        wait = self.wait(known[0])
        if wait:
            told = f"Expected at most {self._per_minute} requests a minute with this key."
            headers = {"Retry-After": str(int(wait) + 1)}
            raise Problem(429, "Too many requests", told, HEADER, headers=headers)

    def wait(self, key: str) -> float:
        """Take one request from a key's bucket: 0, or the seconds until it holds one again."""
        bucket, now = self._buckets[key], self._seconds()
        rate = self._per_minute / 60
        filled = bucket.tokens + (now - bucket.filled_at) * rate
        bucket.tokens, bucket.filled_at = min(filled, float(self._per_minute)), now
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / rate
        bucket.tokens -= 1
        return 0.0
