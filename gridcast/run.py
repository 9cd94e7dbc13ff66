"""`gridcast run FLOW`."""

from datetime import datetime
from typing import Any

from flows.run import Outcome, new_run
from gridcast.front import Front
from lakehouse.errors import BadInput


def run_flow(
    front: Front,
    name: str,
    as_of: datetime | None,
    groups: list[str] | None = None,
    **further: Any,
) -> None:
    """Run one flow and say in a few lines what it did. groups: what `train` is limited to; further:
    parameters that the flow has of its own."""
    if groups and name != "train":
        raise BadInput(f"--group is for 'run train'; '{name}' runs for all groups.")
    settings = front.settings
    run = new_run(settings.profile, as_of)  # bad input is told of before servers start
    for group in groups or []:
        run.catalogue.members(group)
    parameters = further | ({"groups": groups} if groups else {})
    with front.flows() as flows:
        result = flows[name](profile=settings.profile, as_of=as_of, **parameters)
    print_outcomes(front, result if isinstance(result, dict) else {name: result})


def print_outcomes(front: Front, outcomes: dict[str, Outcome]) -> None:
    """A line per step: what it wrote; and its sentences."""
    for step, outcome in outcomes.items():
        wrote = ", ".join(f"{t} {n}" for t, n in outcome.written.items() if n) or "nothing new"
        front.console.print(f"[bold]{step}[/]: {wrote}")
        for sentence in outcome.sentences:
            front.console.print(f"  {sentence}", markup=False)
