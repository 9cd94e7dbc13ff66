"""A machine's clock goes forward, or nothing is written.

Values are told apart by when they were fetched: by a clock that was put back, a correction would
seem to come before the value that it corrects, and the wrong one would stand.
"""

from datetime import timedelta

from lakehouse.arrow import ArrowTables
from lakehouse.clock import Clock
from lakehouse.errors import SetupError
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.gold import RUNS
from lakehouse.time import iso

#: The clocks of two machines differ by less, and a value is not asked for twice within it.
_NOTHING = timedelta(minutes=1)


def check_clock(arrow: ArrowTables, clock: Clock) -> None:
    """Raises SetupError where the clock lies behind what a live run has recorded. A sample clock
    cannot go back by itself."""
    if clock.simulated:
        return
    now = clock.now()
    later = now + _NOTHING
    landed = arrow.rows(LANDINGS, ["fetched_at"], [("fetched_at", ">", later)])
    live = [("as_of", ">", later), ("run_kind", "=", "live")]
    ran = arrow.rows(RUNS, ["as_of"], live)
    known = [row["fetched_at"] for row in landed] + [row["as_of"] for row in ran]
    if known:
        raise SetupError(
            f"Expected a clock that goes forward: what an earlier run recorded is of "
            f"{iso(max(known))}, and the clock of this machine says {iso(now)}. Set the clock, "
            "then run it again. If it was ahead back then, wait until that time has come."
        )
