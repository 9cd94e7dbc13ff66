"""schemathesis asks what the OpenAPI schema allows, and what it does not."""

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

PATHS = [
    "/v1/series",
    "/v1/series/{series_id}",
    "/v1/forecasts",
    "/v1/origins",
    "/v1/observations",
    "/v1/performance",
    "/v1/cheapest_hours",
    "/v1/weather",
    "/v1/drift",
    "/v1/quality",
    "/v1/quarantine",
    "/v1/incidents",
    "/v1/training_runs",
    "/v1/promotions",
    "/v1/reports",
    "/v1/reports/{name}",
    "/v1/health",
    "/v1/readiness",
]
#: Those with parameters, so that something can be asked wrongly.
ASKED = [path for path in PATHS if path not in ("/v1/health", "/v1/readiness")]
#: Which series, models and times there are is not the schema's to say.
_NOT_PROMISED = [positive_data_acceptance]


@pytest.fixture(scope="session")
def openapi(api: httpx.Client) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{api.base_url}/v1/openapi.json")


def test_every_path_is_asked(openapi: schemathesis.BaseSchema) -> None:
    assert sorted(openapi) == sorted(PATHS)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("path", ASKED)
@given(data=st.data())
@settings(max_examples=8, derandomize=True, suppress_health_check=list(HealthCheck))
def test_answers_are_those_that_the_schema_promises(
    openapi: schemathesis.BaseSchema, path: str, mode: GenerationMode, data: st.DataObject
) -> None:
    operation = openapi[path]["GET"]
    case = data.draw(operation.as_strategy(generation_mode=mode))
    told = case.call_and_validate(excluded_checks=_NOT_PROMISED)  # raises for what is not promised
    assert str(told.status_code) in operation.definition.raw["responses"]


@pytest.mark.parametrize("path", sorted({*PATHS} - {*ASKED}))
def test_the_state_is_told_as_the_schema_promises(
    openapi: schemathesis.BaseSchema, path: str
) -> None:
    assert openapi[path]["GET"].Case().call_and_validate().status_code == 200
