"""The paths of version 1: each names its question, its tables and the function that answers."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from lakehouse.clock import Clock
from lakehouse.tables.gold import FORECAST_ERRORS, FORECASTS, QUANTILES
from lakehouse.tables.silver import (
    OBSERVATIONS,
    SERIES,
    WEATHER_FORECASTS,
    WEATHER_OBSERVATIONS,
)
from serving.api import cheapest_hours, forecasts, observations, performance, series, weather
from serving.api.answers import Answers
from serving.api.freshness import Readiness, readiness
from serving.api.parameters import (
    CheapestQuestion,
    ForecastQuestion,
    ObservationQuestion,
    OriginQuestion,
    PerformanceQuestion,
    Question,
    SeriesQuestion,
    WeatherQuestion,
)
from serving.api.schemas import column_schema, number, problems, row_schema, rows_responses
from serving.api.snapshots import Snapshot, Snapshots

_SERIES_ROW = row_schema(SERIES, SERIES.column_names)
_POINT = {"value": number("The median, in `unit`")}
_FORECAST_ROW = row_schema(FORECASTS, [*forecasts.columns(False), "value"], _POINT)
# With values=quantiles there is no value, and with values=point there are no quantiles.
_FORECAST_ROW["required"] = [c for c in forecasts.columns(True) if c not in (*QUANTILES, "value")]
_ORIGIN_ROW = row_schema(
    FORECASTS,
    forecasts.ORIGIN_COLUMNS,
    {
        "first_valid_time": column_schema("timestamp", "First interval forecast [UTC]", False),
        "last_valid_time": column_schema("timestamp", "Last interval forecast [UTC]", False),
        "n": column_schema("bigint", "Intervals forecast", False),
    },
)
_FIGURES = {
    "days": column_schema("int", "Target days scored", False),
    "mae": number("Mean absolute error of the median, in `unit`"),
    "rmse": number("Root of the mean squared error, in `unit`"),
    "bias": number("Mean of forecast less truth, in `unit`"),
    "pinball": number("Pinball loss, mean over quantiles, in `unit`"),
    "coverage_80": number("Share of truths within q10..q90"),
    "coverage_90": number("Share of truths within q05..q95"),
    "width_80": number("Mean width of q10..q90, in `unit`"),
    "naive_mae": number("That of seasonal naive on the same blocks"),
    "naive_pinball": number("That of seasonal naive on the same blocks"),
    "skill": number("1 - mae / naive_mae: above 0 is better than seasonal naive"),
}
_BY = ["target_day", "horizon_band"]
_PERFORMANCE_ROW = row_schema(FORECAST_ERRORS, [*performance.columns("total"), *_BY], _FIGURES)
_PERFORMANCE_ROW["required"] = performance.columns("total")
_CHEAPEST_ROW = row_schema(
    FORECASTS,
    cheapest_hours.COLUMNS,
    {
        "local_day": column_schema("date", "Day in the zone of the series", False),
        "local_time": column_schema("string", "Start of the interval in that zone", False),
        "rank": column_schema("int", "1 is cheapest of the day", False),
    },
)
_WEATHER_ROW = row_schema(WEATHER_FORECASTS, weather.COLUMNS)
# Observed weather is of no model and of no run.
for _name in ("weather_model", "issue_time"):
    _WEATHER_ROW["properties"][_name]["type"] = ["string", "null"]


def _always(now: Snapshot, question: Question) -> bool:
    return True


def _one_in_memory(now: Snapshot, question: ForecastQuestion) -> bool:
    return len(question.series_id) == 1 and forecasts.in_memory(now, question)


def data_router(answers: Answers) -> APIRouter:
    """The paths that give rows."""
    router = APIRouter(prefix="/v1")

    @router.get("/series", responses=rows_responses(_SERIES_ROW), tags=["series"])
    async def get_series(
        request: Request, question: Annotated[SeriesQuestion, Query()]
    ) -> Response:
        """The series of the catalogue, with unit, zone and resolution."""
        return await answers.answer(request, question, (SERIES,), series.series, _always)

    @router.get("/series/{series_id}", responses=rows_responses(_SERIES_ROW), tags=["series"])
    async def get_one_series(
        request: Request,
        series_id: Annotated[str, Path(examples=["dk1.price.day_ahead"])],
        question: Annotated[Question, Query()],
    ) -> Response:
        """One series: a page of one row."""
        return await answers.answer(
            request, question, (SERIES,), lambda now, _: series.one_series(now, series_id), _always
        )

    @router.get("/forecasts", responses=rows_responses(_FORECAST_ROW), tags=["forecasts"])
    async def get_forecasts(
        request: Request, question: Annotated[ForecastQuestion, Query()]
    ) -> Response:
        """The latest forecasts; with as_of as they stood then; with origin those of one origin.

        Where no `from` is given, each series' intervals from its newest origin on: the rest of
        that day and the next. An interval's forecast is that of the newest origin: of the
        champion, else of who stands in for it. A series that has had none for seven days is
        told of where it is asked for alone, or with `from`.
        """
        tables = (FORECASTS, SERIES)
        return await answers.answer(request, question, tables, forecasts.forecasts, _one_in_memory)

    @router.get("/origins", responses=rows_responses(_ORIGIN_ROW), tags=["forecasts"])
    async def get_origins(
        request: Request, question: Annotated[OriginQuestion, Query()]
    ) -> Response:
        """Which forecast origins there are, and which models forecast at them."""
        return await answers.answer(request, question, (FORECASTS, SERIES), forecasts.origins)

    row = row_schema(OBSERVATIONS, observations.COLUMNS)

    @router.get("/observations", responses=rows_responses(row), tags=["observations"])
    async def get_observations(
        request: Request, question: Annotated[ObservationQuestion, Query()]
    ) -> Response:
        """Observed values: of each interval the newest vintage known at as_of, or all of them."""
        tables = (OBSERVATIONS, SERIES)
        return await answers.answer(request, question, tables, observations.observations)

    _add_beside(router, answers)
    return router


def _add_beside(router: APIRouter, answers: Answers) -> None:
    @router.get("/performance", responses=rows_responses(_PERFORMANCE_ROW), tags=["performance"])
    async def get_performance(
        request: Request, question: Annotated[PerformanceQuestion, Query()]
    ) -> Response:
        """Accuracy per series and model, beside seasonal naive's on the same blocks of hours."""
        tables = (FORECAST_ERRORS, SERIES)
        return await answers.answer(request, question, tables, performance.performance)

    @router.get("/cheapest_hours", responses=rows_responses(_CHEAPEST_ROW), tags=["forecasts"])
    async def get_cheapest_hours(
        request: Request, question: Annotated[CheapestQuestion, Query()]
    ) -> Response:
        """Of prices and tariffs the intervals of each local day, cheapest first by the median.

        By default of what is left of the newest origin's day, and of the next.
        """
        tables = (FORECASTS, SERIES)
        return await answers.answer(request, question, tables, cheapest_hours.cheapest_hours)

    @router.get("/weather", responses=rows_responses(_WEATHER_ROW), tags=["weather"])
    async def get_weather(
        request: Request, question: Annotated[WeatherQuestion, Query()]
    ) -> Response:
        """Weather at the places of series: the newest forecast of each hour that was known at
        as_of, or what was observed."""
        tables = (WEATHER_FORECASTS, WEATHER_OBSERVATIONS, SERIES)
        return await answers.answer(request, question, tables, weather.weather)


def state_router(snapshots: Snapshots, clock: Clock) -> APIRouter:
    """The paths that tell of the server itself."""
    router = APIRouter(prefix="/v1", tags=["state"])

    @router.get("/health")
    async def get_health() -> dict[str, str]:
        """Whether the server is alive."""
        return {"status": "ok"}

    @router.get("/readiness", response_model=Readiness, responses=problems(503))
    def get_readiness() -> Response:
        """Whether there are data and how fresh they are: 503 where something is missing."""
        told = readiness(snapshots, clock)
        headers = {"Cache-Control": "no-store"}
        return JSONResponse(told.model_dump(mode="json"), 200 if told.ready else 503, headers)

    return router
