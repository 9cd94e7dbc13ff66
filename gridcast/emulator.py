"""`gridcast emulator`: the sources as recorded, by hand, with faults by rule."""

import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gridcast.front import Front
from lakehouse.time import iso


def run_emulator(
    front: Front, data: Path | None, port: int, at: datetime | None, faults: Sequence[str]
) -> None:
    """Play recorded data until Ctrl-C. The lines that point a profile at it go to standard output.

    Raises BadInput for a folder without recordings or a rule that is none, SetupError where the
    port is taken.
    """
    from sources.emulator.faults import described

    if "help" in faults:
        print(described())
        return
    from sources.emulator.own_clock import OwnClock
    from sources.emulator.server import running

    settings = front.settings
    if data:
        settings = settings.model_copy(update={"sample_data": data.resolve()})
    clock = OwnClock(at) if at else settings.make_clock()
    say = front.console.print
    with running(
        settings, clock, faults, port, lambda line: say(line, markup=False, soft_wrap=True)
    ) as played:
        for name, address in vars(played).items():
            print(f"export GRIDCAST_{name.upper()}={address}", flush=True)
        told = "its own" if at else f"that of profile '{settings.profile}'"
        said = f"Plays {settings.sample_folder}. Its clock is {told}: {iso(clock.now())}."
        say(said, markup=False, soft_wrap=True)
        if at:
            root = played.octopus.removesuffix("/octopus")
            say(f"Set it with: curl -X PUT '{root}/clock?at=TIME'", markup=False, soft_wrap=True)
        say("Where the lines above are set, commands ask the emulator. Stop it with Ctrl-C.")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            say("Stopped.")
