"""The emulator's front: it lets a request through, or answers as wrongly as a rule says."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lakehouse.clock import Clock
from sources.emulator.faults import Faults, Rule
from sources.emulator.wrong_bodies import changed

PAGE = b"<!doctype html><title>Down for maintenance</title><p>We will be back soon.</p>"
Tell = Callable[[str], None]


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Faulty:
    """An application whose answers the rules spoil; `tell` hears of every request."""

    def __init__(
        self,
        app: ASGIApp,
        faults: Faults,
        clock: Clock,
        products: Mapping[str, str],
        tell: Tell | None = None,
    ) -> None:
        self._app = app
        self._faults = faults
        self._clock = clock
        self._products = products
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        service, names = self._called(scope["path"])
        due = self._faults.due(service, names) if service else []
        if not due and self._tell is None:
            return await self._app(scope, receive, send)
        for rule in due:
            if rule.kind == "timeout" and await _gone(receive, rule["seconds"]):
                return self._note(scope, 0, due)
        instead = next((a for a in map(_instead, due) if a), None)
        answer = instead or await self._answer(scope, receive, due)
        self._note(scope, answer.status, due)
        drip = next((rule for rule in due if rule.kind == "drip"), None)
        await _send(answer, receive, send, drip)
        return None

    async def _answer(self, scope: Scope, receive: Receive, due: list[Rule]) -> _Answer:
        """What the service says, spoilt where it says it well."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, keep)
        start, *parts = messages
        body = b"".join(part.get("body", b"") for part in parts)
        if start["status"] == 200:
            body = changed(body, due, self._clock.now())
        headers = tuple(
            (name.decode(), value.decode())
            for name, value in start["headers"]
            if name.lower() != b"content-length"
        )
        return _Answer(start["status"], headers, body)

    def _called(self, path: str) -> tuple[str, tuple[str, ...]]:
        """The service that a path belongs to, and the names of the data set asked for."""
        service, *rest = path.strip("/").split("/")
        if service == "energi-data-service" and len(rest) == 2:
            return "energi_data_service", (rest[1],)
        if service == "open-meteo" and rest:
            return "open_meteo", (rest[0].replace("-", "_"),)
        if service == "octopus" and len(rest) > 2:
            product = rest[2]
            return "octopus", (product, self._products.get(product, product))
        return "", ()

    def _note(self, scope: Scope, status: int, due: list[Rule]) -> None:
        if self._tell:
            query = scope["query_string"].decode()
            faults = f" ({'; '.join(rule.text for rule in due)})" if due else ""
            self._tell(f"{status or 'gone'} {scope['path']}?{query}{faults}")


def _instead(rule: Rule) -> _Answer | None:
    """The answer of a rule that lets no request through."""
    if rule.kind == "429":
        seconds = rule["retry_after"]
        json_type = ("content-type", "application/json")
        if seconds is None:
            return _Answer(
                429, (json_type,), b'{"statusCode":429,"message":"Rate limit is exceeded."}'
            )
        said = f"Rate limit is exceeded. Try again in {seconds:g} seconds."
        headers = (json_type, ("retry-after", f"{seconds:g}"))
        return _Answer(429, headers, f'{{"statusCode":429,"message":"{said}"}}'.encode())
    if rule.kind == "500":
        return _Answer(rule["status"], (("content-type", "text/plain"),), b"Internal Server Error")
    if rule.kind == "html":
        return _Answer(200, (("content-type", "text/html; charset=utf-8"),), PAGE)
    return None


async def _gone(receive: Receive, seconds: float) -> bool:
    """Wait so long, or until the client has gone; whether it has."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


async def _send(answer: _Answer, receive: Receive, send: Send, drip: Rule | None) -> None:
    length = ("content-length", str(len(answer.body)))
    headers = [(name.encode(), text.encode()) for name, text in (*answer.headers, length)]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if drip:
        for i in range(0, len(answer.body), drip["bytes"]):
            part = answer.body[i : i + drip["bytes"]]
            await send({"type": "http.response.body", "body": part, "more_body": True})
            if await _gone(receive, drip["seconds"]):
                return
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "http.response.body", "body": answer.body})
