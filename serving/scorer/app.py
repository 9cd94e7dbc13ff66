"""The application: one question, and whether it is alive."""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from lakehouse.errors import BadInput
from models.pyfunc import Forecaster
from serving.scorer import champion
from serving.scorer.samples import Answer, Asked, to_forecasts, to_frame

_ABOUT = """\
Forecasts of one champion, baked into this server: it asks nobody and keeps nothing. Send the
samples of the series at their forecast origin; quantiles come back in the unit of each series.
"""


def make_app(folder: Path) -> FastAPI:
    """The scorer over what `champion.bake` wrote. Raises BadInput where there is none."""
    who, model = champion.read(folder)
    forecaster = Forecaster(model)
    # The usual pages of documentation load their scripts from the web: the schema is enough.
    app = FastAPI(
        title="Gridcast scorer",
        version="1",
        description=_ABOUT,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )

    @app.get("/health")
    def get_health() -> dict[str, str]:
        """Whether it is alive, and which model answers."""
        return {"status": "ok", **vars(who)}

    @app.post("/v1/forecast")
    def post_forecast(asked: Asked) -> Answer:
        """The forecast of each sample's target day; 422 for samples unlike the training's."""
        rows = forecaster.predict(to_frame(asked))
        return Answer(**vars(who), forecasts=to_forecasts(rows))

    @app.exception_handler(BadInput)
    async def bad_input(_: Request, fault: BadInput) -> JSONResponse:
        told = {"type": "about:blank", "title": "Bad samples", "status": 422, "detail": str(fault)}
        return JSONResponse(told, 422, media_type="application/problem+json")

    return app
