"""The emulator's own clock: it stands at a moment until it is set to another."""

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from lakehouse.errors import BadInput
from lakehouse.time import iso, parse_utc


class OwnClock:
    """What is public follows from it; `GET /clock` tells it and `PUT /clock?at=TIME` sets it."""

    simulated = True

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment

    def set(self, moment: datetime) -> None:
        """Any moment, also an earlier one: nothing is remembered here."""
        self._moment = moment

    def router(self) -> APIRouter:
        """The paths by which other processes read and set it."""
        router = APIRouter()
        router.add_api_route("/clock", self._told)
        router.add_api_route("/clock", self._put, methods=["PUT"])
        return router

    async def _told(self) -> PlainTextResponse:
        return PlainTextResponse(iso(self._moment) + "\n")

    async def _put(self, at: str) -> PlainTextResponse:
        try:
            self.set(parse_utc(at))
        except BadInput as fault:
            return PlainTextResponse(f"{fault}\n", status_code=400)
        return await self._told()
