"""The flows of a day and an evening, with a training, in one process that is a Spark driver.

`python -m tests.cluster.lived FOLDER VARIABLES`: in a world of two series; variables as JSON.
"""

import json
import sys
from pathlib import Path

from lakehouse.spark.session import end_session
from lakehouse.time import parse_utc
from tests.faults.two_series import DAYS
from tests.worlds import World, promote_all


def main(folder: str, variables: str) -> None:
    """Every job that needs Spark, each where it finds work to do."""
    from flows.flows import attended

    world = World(Path(folder), json.loads(variables))
    with attended():
        for flow in ("ingest", "build", "train"):
            world.live(flow)
        promote_all(world)
        world.live("daily")
        world.clock().move_to(parse_utc(f"{DAYS[0]}T20:00Z"))
        for flow in ("ingest", "build", "evaluate", "monitor"):
            world.live(flow)
    end_session()


if __name__ == "__main__":
    main(*sys.argv[1:])
