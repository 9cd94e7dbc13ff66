"""Asking the HTTP API: what it answered last is asked again only by its tag."""

import io
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pandas as pd
import pyarrow as pa

Asked = Mapping[str, Any]
_ARROW = "application/vnd.apache.arrow.stream"
_KEPT_ANSWERS = 500
_MOST_ROWS = 100_000
_PATIENCE_SECONDS = 20.0


class Unanswered(Exception):
    """The API gave no rows. The text says why and what to do, for a person to read."""


@dataclass(frozen=True)
class _Kept:
    tag: str
    content: bytes


class Api:
    """The API at an address, such as http://127.0.0.1:8000.

    Each answer is kept with its ETag and asked for again with it: what has not changed is neither
    made nor sent again, and a page never shows what the API would not answer now.
    """

    def __init__(self, address: str, key: str | None = None) -> None:
        self.address = address.rstrip("/")
        headers = {"X-API-Key": key} if key else {}
        self._http = httpx.Client(
            base_url=f"{self.address}/v1/", headers=headers, timeout=_PATIENCE_SECONDS
        )
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def rows(self, path: str, asked: Asked | None = None) -> pd.DataFrame:
        """The rows of a path, times in UTC. Raises Unanswered."""
        content = self._content(path, {"limit": _MOST_ROWS, **(asked or {})}, _ARROW)
        frame: pd.DataFrame = pa.ipc.open_stream(io.BytesIO(content)).read_all().to_pandas()
        return frame

    def csv(self, path: str, asked: Asked) -> bytes:
        """The answer of a path as CSV, to the byte. Raises Unanswered."""
        return self._content(path, asked, "text/csv")

    def state(self) -> dict[str, Any]:
        """What /v1/readiness says, also where it says that something is missing.

        Raises Unanswered.
        """
        answer = self._get("readiness", {}, {})
        told = _json(answer)
        if "ready" not in told:
            raise Unanswered(self._reason(answer))
        return told

    def _content(self, path: str, asked: Asked, accept: str) -> bytes:
        wanted = {name: value for name, value in asked.items() if value is not None}
        about = repr((path, sorted(wanted.items(), key=str), accept))
        with self._lock:
            kept = self._kept.get(about)
        tag = {"If-None-Match": kept.tag} if kept else {}
        answer = self._get(path, wanted, {"Accept": accept, **tag})
        if answer.status_code == 304 and kept:
            return kept.content
        if answer.status_code != 200:
            raise Unanswered(self._reason(answer))
        with self._lock:
            self._kept.pop(about, None)
            self._kept[about] = _Kept(answer.headers.get("etag", ""), answer.content)
            while len(self._kept) > _KEPT_ANSWERS:
                self._kept.popitem(last=False)
        return answer.content

    def _get(self, path: str, asked: Asked, headers: dict[str, str]) -> httpx.Response:
        try:
            return self._http.get(path, params=asked, headers=headers)
        except httpx.TimeoutException:
            raise Unanswered(
                f"The API at {self.address} did not answer within {_PATIENCE_SECONDS:.0f} s."
            ) from None
        except httpx.HTTPError:
            raise Unanswered(
                f"Nothing answers at {self.address}. Start the API with `gridcast serve api`, or "
                "name another one: `gridcast serve dashboards --api URL`."
            ) from None

    def _reason(self, answer: httpx.Response) -> str:
        if answer.status_code == 401:
            return (
                "The API wants a key. Start the dashboards with the same `GRIDCAST_API_KEYS` as "
                "the API; they use the first one."
            )
        told = _json(answer).get("detail")
        return str(told or f"{self.address} answered {answer.status_code}. Is it Gridcast's API?")


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except json.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
