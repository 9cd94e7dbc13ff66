"""One step of a run as a Spark job of its own: what a runner sends, and what the job does with it.

`spark-submit deployments/spark/step.py JSON` does a job; there is no Prefect in it.
"""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NoReturn, get_type_hints

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, TypeAdapter
from pydantic import ValidationError as Invalid
from pydantic_core import to_jsonable_python

from flows import steps
from flows.run import Outcome, Run, begun_run
from lakehouse.ending import leave
from lakehouse.errors import BadInput, GridcastError
from lakehouse.spark.session import end_session

Step = Callable[..., Outcome]

#: The steps that need Spark, by name. The others ask the outside, or read and write few rows.
SPARK_STEPS: dict[str, Step] = {
    step.__name__: step
    for step in (
        *(steps.build, steps.train, steps.forecast),
        *(steps.evaluate, steps.watch, steps.report),
    )
}
#: Variables that stay with the sender: whoever may look at a job reads what it was sent.
SECRET = {"GRIDCAST_API_KEYS", "GRIDCAST_SMTP_PASSWORD"}


def _known(step: str) -> str:
    if step not in SPARK_STEPS:
        raise ValueError(f"expected one of {sorted(SPARK_STEPS)}, got '{step}'")
    return step


class Job(BaseModel):
    """A step of a run, the settings that it runs under, and its arguments besides the run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    step: Annotated[str, AfterValidator(_known)]
    profile: str
    as_of: AwareDatetime
    run_id: str
    started_at: AwareDatetime
    arguments: dict[str, Any] = {}
    variables: dict[str, str] = {}

    @classmethod
    def of(cls, step: Step, run: Run, arguments: Mapping[str, Any]) -> "Job":
        """The job that does a step of a run as this process would, in its environment."""
        told = {k: v for k, v in os.environ.items() if k.startswith("GRIDCAST_")}
        return cls(
            step=step.__name__,
            profile=run.settings.profile,
            as_of=run.as_of,
            run_id=run.run_id,
            started_at=run.started_at,
            arguments=to_jsonable_python(dict(arguments)),
            variables={name: told[name] for name in sorted(told.keys() - SECRET)},
        )

    def do(self) -> Outcome:
        """Do the step in this process, which takes the job's variables over."""
        os.environ.update(self.variables)
        step = SPARK_STEPS[self.step]
        types = get_type_hints(step)
        arguments = {
            name: TypeAdapter(types[name]).validate_python(value)
            for name, value in self.arguments.items()
        }
        return step(begun_run(self.profile, self.as_of, self.run_id, self.started_at), **arguments)


def main(arguments: list[str]) -> int:
    """Do the one job that is named, as JSON; the exit code."""
    try:
        if len(arguments) != 1:
            raise BadInput(f"Expected one job, as JSON; got {len(arguments)} arguments.")
        outcome = Job.model_validate_json(arguments[0]).do()
    except Invalid as fault:
        print(f"Expected a job of this version: {fault}", file=sys.stderr)
        return 2
    except GridcastError as fault:
        print(f"{type(fault).__name__}: {fault}", file=sys.stderr)
        return 2
    print(f"{outcome.rows_in} rows in, {outcome.rows_out} out. {' '.join(outcome.sentences)}")
    return 0


def ended(code: int) -> NoReturn:
    """End Spark and this process."""
    end_session()
    leave(code)
