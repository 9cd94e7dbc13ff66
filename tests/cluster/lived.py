"""A training of one group and two days, in one process that is a Spark driver.

`python -m tests.cluster.lived FOLDER VARIABLES`: in a world of two series; variables as JSON.
"""

import json
import sys
from pathlib import Path

from lakehouse.spark.session import end_session
from tests.worlds import World, promote_all


def main(folder: str, variables: str) -> None:
    """Every step that needs Spark, each where it finds work to do: on the second day there is a
    forecast to evaluate, and a history to profile."""
    from flows.flows import attended

    world = World(Path(folder), json.loads(variables))
    with attended():
        world.live("ingest")
        world.live("build")
        world.live("train", groups=["day_ahead_price"])
        promote_all(world)
        world.live("daily", report=False)
        world.live("daily")
    end_session()


if __name__ == "__main__":
    main(*sys.argv[1:])
