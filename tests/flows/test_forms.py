"""What Prefect's page asks of whoever starts a deployment by hand."""

from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from prefect import Flow
from prefect.utilities.callables import parameter_schema

from flows.deployed import FILE
from flows.flows import FLOWS, HISTORY
from flows.forms import described

DEPLOYMENTS = {one["name"]: one for one in yaml.safe_load(FILE.read_text())["deployments"]}
ALL: dict[str, Flow[..., Any]] = FLOWS | HISTORY


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_parameter_of_a_deployment_says_what_it_means(name: str) -> None:
    fields = parameter_schema(ALL[name]).properties
    assert DEPLOYMENTS[name]["parameters"].keys() <= fields.keys()
    assert "profile" in fields
    for parameter, field in fields.items():
        assert len(field.get("description", "")) > 20, f"{name}: {parameter} says nothing"


def test_the_form_knows_choices_and_moments() -> None:
    fields = parameter_schema(ALL["rebuild"]).properties
    assert fields["layer"]["enum"] == ["silver", "gold"]
    assert fields["profile"]["description"].startswith("Which settings to run with: sample")
    kinds = parameter_schema(ALL["backfill"]).properties["last"]["anyOf"]
    assert {"type": "string", "format": "date-time"} in kinds


def test_a_moment_from_the_form_is_a_moment_in_the_flow() -> None:
    """Forms send texts; the flow gets what its signature says."""
    told = ALL["daily"].validate_parameters({"as_of": "2024-10-18T07:30:00Z", "report": False})
    assert told == {
        "profile": None,
        "as_of": datetime(2024, 10, 18, 7, 30, tzinfo=UTC),
        "report": False,
    }


def test_a_parameter_that_nobody_describes_is_found_when_the_flow_is_defined() -> None:
    def flow(profile: str, speed: float) -> None:
        """Go."""

    with pytest.raises(KeyError, match="speed"):
        described()(flow)
    with pytest.raises(KeyError, match=r"no parameter .*colour"):
        described(speed="How fast.", colour="Which one.")(flow)
