"""Leases: one writer at a time where no operating system is shared, by S3's own conditional writes.

An object says who holds it. It is made with If-None-Match and changed with If-Match alone, so of
all who want it at once one gets it. The holder renews it all the time; who waits takes over what
was not renewed for as long as the holder has promised, by the waiting one's own clock, so no two
clocks are compared. (The protocol is that of AWS's DynamoDB lock client, with an object's ETag in
the place of its record version number.)

A holder may sleep and wake up after its lease. `check` tells before a write; and each lease has a
number that grows (`fence`), which the tables' writers put into Delta's own record of application
transactions: a commit with a smaller number than the newest there is refused by Delta itself.
"""

import json
import logging
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

from lakehouse.errors import BusyError

if TYPE_CHECKING:
    from cloudpathlib import S3Path

#: What a holder promises: to renew it within.
SECONDS = 60.0
_RENEWALS = 4
#: Of one lease, writes of a table.
_WRITES = 1 << 20
_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "404"}


class Lease:
    """The lease that an object stands for. Not held until `take` says so."""

    def __init__(self, file: "S3Path", about: dict[str, str], seconds: float = SECONDS) -> None:
        """about: who holds it, for those who wait."""
        self._file, self._about, self._seconds = file, about, seconds
        self._token = uuid.uuid4().hex
        self._seen: tuple[str, float] = ("", 0.0)
        self._etag = ""
        self._number = self._renewed = self._writes = 0
        self._good_until = 0.0
        self._done = threading.Event()
        self._turn = threading.Lock()

    def take(self) -> bool:
        """Try to become the holder. To be called again and again: only who looks twice can see
        that a holder is gone."""
        told, etag = self._look()
        number = int(told.get("number", 0)) + 1
        if told and not told["free"] and not self._is_over(etag, float(told["seconds"])):
            return False
        self._number = number
        if not self._put(etag, free=False):
            return False
        name = f"lease of {self._file.name}"
        threading.Thread(target=self._renew, name=name, daemon=True).start()
        return True

    def _is_over(self, etag: str, seconds: float) -> bool:
        now = time.monotonic()
        if self._seen[0] != etag:
            self._seen = etag, now
        return now - self._seen[1] > seconds

    def check(self) -> None:
        """Raises BusyError where it may have become another's."""
        if time.monotonic() > self._good_until:
            raise self.lost()

    def lost(self) -> BusyError:
        """What is to be said where another may be in it."""
        return BusyError(
            f"Expected to be alone in {self._file.stem}; this process has not renewed its lease "
            f"for {self._seconds:.0f} s, as if it had slept, and another may be in it. "
            "What was not written yet is not written: run this again."
        )

    def fence(self) -> int:
        """The number of the next write: greater than all before, of this lease and of others."""
        self.check()
        self._writes += 1
        return self._number * _WRITES + self._writes

    def release(self) -> None:
        """Let the next one in."""
        self._done.set()
        with self._turn:
            try:
                if time.monotonic() <= self._good_until:
                    self._put(self._etag, free=True)
            except Exception as fault:  # the network: it ends by itself, and what was done is done
                logging.getLogger(__name__).warning("%s: %s", self._file, fault)
            finally:
                self._good_until = 0.0

    def holder(self) -> dict[str, str] | None:
        """Who is in it, as far as the object tells."""
        told, _ = self._look()
        return told["about"] if told and not told["free"] else None

    def _renew(self) -> None:
        while not self._done.wait(self._seconds / _RENEWALS):
            with self._turn:
                if self._done.is_set():
                    return
                try:
                    held = self._put(self._etag, free=False)
                except Exception as fault:  # the network: until the lease is over there is time
                    logging.getLogger(__name__).warning("%s: %s", self._file, fault)
                    continue
                if not held:
                    self._good_until = 0.0
                    return

    def _put(self, etag: str, free: bool) -> bool:
        """Change the object, if it still is what it was; whether it is ours."""
        from botocore.exceptions import ClientError

        begun = time.monotonic()
        self._renewed += 1
        told = {
            "token": self._token,
            "number": self._number,
            "renewed": self._renewed,
            "seconds": self._seconds,
            "free": free,
            "about": self._about,
        }
        body = json.dumps(told).encode()
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        bucket, key = self._file.bucket, self._file.key
        try:
            put = self._client.put_object(Bucket=bucket, Key=key, Body=body, **condition)
            self._etag = put["ETag"]
        except ClientError as fault:
            if fault.response["Error"]["Code"] not in _LOST:
                raise
            # An answer that was lost on its way is asked for again, and then the condition fails.
            there, found = self._look()
            if there != told:
                return False
            self._etag = found
        self._good_until = begun + self._seconds
        return True

    def _look(self) -> tuple[dict[str, Any], str]:
        from botocore.exceptions import ClientError

        try:
            got = self._client.get_object(Bucket=self._file.bucket, Key=self._file.key)
        except ClientError as fault:
            if fault.response["Error"]["Code"] not in _LOST:
                raise
            return {}, ""
        return json.loads(got["Body"].read()), str(got["ETag"])

    @property
    def _client(self) -> Any:
        return self._file.client.client
