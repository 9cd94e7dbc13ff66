"""The application: routes, errors, keys, and a thread that looks for new versions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Security
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import APIKeyHeader

from lakehouse.arrow import ArrowTables
from lakehouse.settings import Settings, load_settings
from serving.api.answers import Answers
from serving.api.keys import HEADER, Keys
from serving.api.problems import add_handlers
from serving.api.routes import data_router, state_router
from serving.api.snapshots import Snapshots
from serving.api.watch_routes import watch_router

_ABOUT = """\
Day-ahead forecasts of energy series, and what they were made and judged by. Read only.

Every value carries the time at which it became known, so every question can be asked as of a past
moment. Rows come as JSON, CSV or Arrow (IPC stream), by the Accept header or `format`. Times are in
UTC unless `tz` names a zone. Pages follow the Link header. Errors are `application/problem+json`.
"""


def make_app(settings: Settings) -> FastAPI:
    """The API over the settings' lakehouse. Raises TableError where there is none."""
    snapshots = Snapshots(ArrowTables(settings.lakehouse))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        snapshots.start()
        yield
        snapshots.stop()

    # The usual pages of documentation load their scripts from the web: the schema is enough.
    app = FastAPI(
        title="Gridcast",
        version="1",
        description=_ABOUT,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    keys = Keys(settings.api_keys, settings.api_requests_per_minute)
    guards = [Depends(keys.check)] if settings.api_keys else []
    if settings.api_keys:
        guards.append(Security(APIKeyHeader(name=HEADER, auto_error=False)))
    answers = Answers(snapshots)
    app.include_router(data_router(answers), dependencies=guards)
    app.include_router(watch_router(answers, settings.lakehouse), dependencies=guards)
    app.include_router(state_router(snapshots, settings.make_clock()))
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET"],
        allow_headers=[HEADER, "If-None-Match"],
        expose_headers=["ETag", "Link", "X-Total-Count", "Retry-After"],
    )
    add_handlers(app)
    return app


def app_of_environment() -> FastAPI:
    """The app of the profile and lakehouse that GRIDCAST_* variables name, for uvicorn."""
    return make_app(load_settings())
