"""What OpenAPI says of the answers: made from the table contracts."""

from collections.abc import Sequence
from typing import Any

from lakehouse.tables import Table
from serving.api.answers import MEDIA_TYPES
from serving.api.problems import MEDIA_TYPE, ProblemBody

_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "int": {"type": "integer"},
    "bigint": {"type": "integer"},
    "double": {"type": "number"},
    "boolean": {"type": "boolean"},
    "array<string>": {"type": "array", "items": {"type": "string"}},
    "timestamp": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
}
_EXAMPLES: dict[str, Any] = {
    "series_id": "dk1.price.day_ahead",
    "series_group": "day_ahead_price",
    "valid_time": "2024-10-26T06:00:00Z",
    "event_time": "2024-10-26T06:00:00Z",
    "forecast_origin": "2024-10-25T07:30:00Z",
    "unit": "EUR/MWh",
    "model_name": "lstm",
    "forecast_source": "champion",
    "run_kind": "live",
}


def column_schema(type_name: str, meaning: str, nullable: bool) -> dict[str, Any]:
    """The JSON schema of one column; types that JSON has no word for may be anything."""
    known = dict(_TYPES.get(type_name, {}))
    if nullable and "type" in known:
        known["type"] = [known["type"], "null"]
    return known | {"description": meaning}


def row_schema(
    table: Table, columns: Sequence[str], further: dict[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The JSON schema of a row with some columns of a contract, and further ones."""
    contract = {column.name: column for column in table.columns}
    properties = {}
    for name in columns:
        if name in contract:
            column = contract[name]
            # A number that is none is written as null.
            open_ended = column.nullable or column.type == "double"
            properties[name] = column_schema(column.type, column.comment, open_ended)
        else:
            properties[name] = (further or {})[name]
    example = {name: _EXAMPLES[name] for name in columns if name in _EXAMPLES}
    return {
        "type": "object",
        "properties": properties,
        "required": list(columns),
        "examples": [example],
    }


def number(meaning: str) -> dict[str, Any]:
    """The JSON schema of a number that a table does not hold."""
    return column_schema("double", meaning, True)


def rows_responses(row: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """The responses of a path that gives rows, in all formats."""
    page = {
        "type": "object",
        "properties": {
            "total": {"type": "integer", "description": "Rows of all pages"},
            "next": {"type": ["string", "null"], "description": "Path of the next page"},
            "data": {"type": "array", "items": row},
        },
        "required": ["total", "next", "data"],
    }
    content = {
        MEDIA_TYPES["json"]: {"schema": page},
        MEDIA_TYPES["csv"]: {"schema": {"type": "string"}},
        MEDIA_TYPES["arrow"]: {"schema": {"type": "string", "format": "binary"}},
    }
    given = {"description": "A page of rows", "content": content}
    return {200: given, 304: {"description": "What you hold is the newest"}, **problems(404, 406)}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The responses that are problems: those named, and those that every path may give."""
    told = {
        401: "A key is needed",
        404: "There is no such thing",
        406: "No such format",
        422: "A parameter is not allowed",
        429: "Too many requests with this key",
        503: "The tables are not there",
    }
    content = {MEDIA_TYPE: {"schema": ProblemBody.model_json_schema()}}
    wanted = sorted({*statuses, 401, 422, 429, 503})
    return {status: {"description": told[status], "content": content} for status in wanted}
