"""Where a step runs: in this process, or sent elsewhere (flows/emr_serverless.py)."""

from typing import Any, Protocol

from flows.job import Step
from flows.run import Outcome, Run


class Runner(Protocol):
    """Does a step of a run, and returns what it did; raises where it failed."""

    def do(self, step: Step, run: Run, **arguments: Any) -> Outcome:
        """arguments: those of the step besides the run."""


class LocalRunner:
    """In this process, with its Spark session."""

    def do(self, step: Step, run: Run, **arguments: Any) -> Outcome:
        """Call the step."""
        return step(run, **arguments)
