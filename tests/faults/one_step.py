"""`python -m tests.faults.one_step STEP …`: steps in one process, without Prefect and without a JVM
where they need none; each ends in a line."""

import sys

from flows import steps
from flows.run import new_run
from lakehouse.damage import told
from lakehouse.errors import GridcastError


def main(*names: str) -> None:
    """Do steps one after the other, in the world of the environment."""
    for name in names:
        try:
            getattr(steps, name)(new_run(None, None))
        except Exception as fault:
            known = fault if isinstance(fault, GridcastError) else told(fault)
            if known is None:
                raise
            print(f"{name}: {known}")
        else:
            print(f"{name}: done")


if __name__ == "__main__":
    main(*sys.argv[1:])
