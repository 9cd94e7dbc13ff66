"""Errors as RFC 9457 asks for: application/problem+json, naming what to change."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from lakehouse.errors import TableError

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5


class ProblemBody(BaseModel):
    """What went wrong, by RFC 9457, and with which parameter."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    parameter: str | None = Field(None, description="The parameter to change")
    given: Any = Field(None, description="What was given")
    allowed: list[str] | None = Field(None, description="What may be given, or the nearest of it")


class Problem(Exception):
    """An answer that is an error. `detail` is a sentence that says what was expected."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        parameter: str | None = None,
        given: Any = None,
        allowed: Iterable[str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.headers = headers
        self.body = ProblemBody(
            title=title,
            status=status,
            detail=detail,
            parameter=parameter,
            given=given,
            allowed=None if allowed is None else list(allowed),
        )

    def response(self) -> JSONResponse:
        told = self.body.model_dump(mode="json", exclude_none=True)
        return JSONResponse(told, self.body.status, self.headers, MEDIA_TYPE)


def wrong_parameter(
    parameter: str, given: Any, detail: str, allowed: Iterable[str] | None = None
) -> Problem:
    """The problem of one parameter that is well formed and cannot be answered."""
    return Problem(422, "Parameter not allowed", detail, parameter, given, allowed)


def of_validation(fault: RequestValidationError, known: Iterable[str]) -> Problem:
    """The first of what FastAPI found wrong with a request; `known` are the path's parameters."""
    first = fault.errors()[0]
    place = [str(part) for part in first["loc"][1:]]  # without "query" or "path"
    parameter, given = place[0] if place else str(first["loc"][0]), first.get("input")
    if first["type"] == "extra_forbidden":
        detail = f"This path has no parameter '{parameter}'."
        return wrong_parameter(parameter, given, detail, known)
    context = first.get("ctx", {})
    allowed = context.get("allowed")
    if "expected" in context:  # pydantic's words for a list: 'a', 'b' or 'c'
        allowed = [part.strip(" '") for part in context["expected"].replace(" or ", ",").split(",")]
    return wrong_parameter(parameter, given, f"{parameter}: {first['msg']}.", allowed)


def add_handlers(app: FastAPI) -> None:
    """Let every error of the app be a problem."""

    def problem(_: Request, fault: Exception) -> JSONResponse:
        assert isinstance(fault, Problem)
        return fault.response()

    def validation(request: Request, fault: Exception) -> JSONResponse:
        assert isinstance(fault, RequestValidationError)
        return of_validation(fault, _parameters_of(request)).response()

    def http(_: Request, fault: Exception) -> JSONResponse:
        assert isinstance(fault, HTTPException)
        detail = f"{fault.detail}. The paths are listed in /v1/openapi.json."
        headers = dict(fault.headers) if fault.headers else None
        return Problem(fault.status_code, str(fault.detail), detail, headers=headers).response()

    def table(_: Request, fault: Exception) -> JSONResponse:
        headers = {"Retry-After": str(RETRY_SECONDS)}
        return Problem(503, "Not ready", str(fault), headers=headers).response()

    def unexpected(_: Request, fault: Exception) -> JSONResponse:
        told = f"Unexpected {type(fault).__name__}; the server's log tells more."
        return Problem(500, "Internal error", told).response()

    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(TableError, table)
    app.add_exception_handler(Exception, unexpected)


def _parameters_of(request: Request) -> list[str]:
    route = request.scope.get("route")
    dependant = getattr(route, "dependant", None)
    models = [param.field_info.annotation for param in getattr(dependant, "query_params", [])]
    fields = [model.model_fields for model in models if hasattr(model, "model_fields")]
    return [field.alias or name for known in fields for name, field in known.items()]
