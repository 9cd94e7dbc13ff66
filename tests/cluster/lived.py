"""A training of one group and two days, in one process that is a Spark driver.

`python -m tests.cluster.lived FOLDER VARIABLES`: in a world of two series; variables as JSON.
"""

import json
import sys
from pathlib import Path

from flows import steps
from flows.run import new_run
from lakehouse.spark.session import end_session
from tests.faults.two_series import DAYS
from tests.worlds import World, origin_of, promote_all

GROUP = "day_ahead_price"


def main(folder: str, variables: str) -> None:
    """Every step that needs Spark, each where it finds work to do: on the second day there is a
    forecast to evaluate, and a history to profile."""
    world = World(Path(folder), json.loads(variables))
    with world.entered():
        run = new_run(None, None)
        steps.ingest(run)
        steps.build(run)
        steps.train(run, [GROUP])
        promote_all(world)
        for day in DAYS:
            run = new_run(None, None)
            run.move_clock(origin_of(day))
            for step in (steps.ingest, steps.build, steps.watch, steps.evaluate, steps.forecast):
                step(run)
        steps.report(run)
        end_session()


if __name__ == "__main__":
    main(*sys.argv[1:])
