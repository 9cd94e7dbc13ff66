"""The paths that tell how the system fares: drift, quality, refusals, trainings, reports."""

from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse

from lakehouse.places import Place
from lakehouse.tables.bronze import QUARANTINE
from lakehouse.tables.gold import INCIDENTS, PROMOTIONS, TRAINING_RUNS
from lakehouse.tables.silver import SERIES
from lakehouse.tables.watched import DRIFT, QUALITY
from serving.api import drift, quality, reports, training
from serving.api.answers import Answers
from serving.api.parameters import (
    GroupQuestion,
    IncidentQuestion,
    QualityQuestion,
    Question,
    SpanQuestion,
    TrainingQuestion,
)
from serving.api.schemas import column_schema, problems, row_schema, rows_responses
from serving.api.snapshots import Snapshot

_QUARANTINE_ROW = row_schema(
    QUARANTINE,
    quality.QUARANTINE_COLUMNS,
    {
        "n": column_schema("bigint", "Records refused", False),
        "first_fetched_at": column_schema("timestamp", "Oldest of them [UTC]", False),
        "last_fetched_at": column_schema("timestamp", "Newest of them [UTC]", False),
    },
)
_INCIDENT_ROW = row_schema(
    INCIDENTS,
    quality.INCIDENT_COLUMNS,
    {
        "state": column_schema("string", "open, ended or told", False),
        "opened_at": column_schema("timestamp", "When it was found [UTC]", False),
        "ended_at": column_schema("timestamp", "When it was over [UTC]", True),
    },
)
_REPORT_ROW = row_schema(
    INCIDENTS,
    reports.COLUMNS,
    {
        "name": column_schema("string", "Name of the page", False),
        "as_of": column_schema("timestamp", "Moment that it tells of [UTC]", False),
        "bytes": column_schema("bigint", "Size [B]", False),
        "path": column_schema("string", "Where it is in this API", False),
    },
)
#: A report carries its pictures and styles; a browser need not load or run anything.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def watch_router(answers: Answers, lakehouse: Place) -> APIRouter:
    """The paths that give rows about the system, and the reports of a lakehouse folder."""
    router = APIRouter(prefix="/v1")
    _add_data(router, answers)
    _add_models(router, answers)
    _add_reports(router, answers, lakehouse)
    return router


def _add_data(router: APIRouter, answers: Answers) -> None:
    row = row_schema(DRIFT, DRIFT.column_names)

    @router.get("/drift", responses=rows_responses(row), tags=["data"])
    async def get_drift(request: Request, question: Annotated[GroupQuestion, Query()]) -> Response:
        """The verdicts on drift: how far the week up to a day lies from its reference."""
        return await answers.answer(request, question, (DRIFT,), drift.drift)

    row = row_schema(QUALITY, quality.COLUMNS)

    @router.get("/quality", responses=rows_responses(row), tags=["data"])
    async def get_quality(
        request: Request, question: Annotated[QualityQuestion, Query()]
    ) -> Response:
        """The newest verdict on each day of a series, or of a place's weather."""
        return await answers.answer(request, question, (QUALITY,), quality.quality)

    @router.get("/quarantine", responses=rows_responses(_QUARANTINE_ROW), tags=["data"])
    async def get_quarantine(
        request: Request, question: Annotated[SpanQuestion, Query()]
    ) -> Response:
        """How many records each rule refused, by when they were fetched, and the newest reason."""
        return await answers.answer(request, question, (QUARANTINE,), quality.quarantine)

    @router.get("/incidents", responses=rows_responses(_INCIDENT_ROW), tags=["data"])
    async def get_incidents(
        request: Request, question: Annotated[IncidentQuestion, Query()]
    ) -> Response:
        """What needs a person, or needed one: one row per incident."""
        return await answers.answer(request, question, (INCIDENTS,), quality.incidents)


def _add_models(router: APIRouter, answers: Answers) -> None:
    row = row_schema(TRAINING_RUNS, training.RUN_COLUMNS)

    @router.get("/training_runs", responses=rows_responses(row), tags=["models"])
    async def get_training_runs(
        request: Request, question: Annotated[TrainingQuestion, Query()]
    ) -> Response:
        """What was trained: one row per model, with its figures on the held-out days."""
        tables = (TRAINING_RUNS, SERIES)
        return await answers.answer(request, question, tables, training.training_runs)

    row = row_schema(PROMOTIONS, training.PROMOTION_COLUMNS)

    @router.get("/promotions", responses=rows_responses(row), tags=["models"])
    async def get_promotions(
        request: Request, question: Annotated[GroupQuestion, Query()]
    ) -> Response:
        """Who was put in charge when, or was not, and on what evidence."""
        tables = (PROMOTIONS, SERIES)
        return await answers.answer(request, question, tables, training.promotions)


def _add_reports(router: APIRouter, answers: Answers, lakehouse: Place) -> None:
    @router.get("/reports", responses=rows_responses(_REPORT_ROW), tags=["reports"])
    async def get_reports(request: Request, question: Annotated[Question, Query()]) -> Response:
        """The archive of the daily reports, the newest first."""
        held = reports.archive(lakehouse)

        def rows(now: Snapshot, asked: Question) -> pa.Table:
            return held

        return await answers.answer(request, question, (), rows, beside=repr(held.to_pylist()))

    page = {"description": "The report", "content": {"text/html": {"schema": {"type": "string"}}}}

    @router.get(
        "/reports/{name}",
        responses={200: page, **problems(404)},
        response_class=FileResponse,
        tags=["reports"],
    )
    async def get_report(
        name: Annotated[
            str, Path(pattern=f"^{reports.NAME}$", examples=["report-20241104T0830Z.html"])
        ],
    ) -> Response:
        """One report, a page that carries its pictures."""
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
        file = reports.report(lakehouse, name)
        return Response(file.read_bytes(), headers=headers, media_type="text/html")
