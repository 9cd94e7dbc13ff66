"""Whether a release may go on to production: `python -m gridcast.gate offline|live`.

Exit code 0: go. 1: it is worse, or there is too little to tell. 2: what was asked for is wrong.
Folders of tables are read and never written; GRIDCAST_* and profiles play no part.
"""

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from gridcast.accuracy import day
from lakehouse.arrow import ArrowTables
from lakehouse.ending import leave
from lakehouse.errors import GridcastError
from lakehouse.time import parse_utc
from spark_jobs import releases

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Release = Annotated[Path, typer.Option(help="Lakehouse folder of the release.")]
Production = Annotated[Path, typer.Option(help="Lakehouse folder of production, or a copy.")]
At = Annotated[
    datetime | None,
    typer.Option(parser=parse_utc, metavar="TIME", help="What was known then; else now."),
]


@app.command()
def offline(release: Release, production: Production, at: At = None) -> None:
    """By held-out days: the release's backtest beside the one of production's champions."""
    _end(
        releases.judge_offline(
            ArrowTables(release), ArrowTables(production), at or datetime.now(UTC)
        )
    )


@app.command()
def live(
    release: Release,
    production: Production,
    since: Annotated[
        date, typer.Option(parser=day, metavar="DAY", help="First local target day that counts.")
    ],
    at: At = None,
) -> None:
    """By live days: what the release would have answered beside what production did."""
    moment = at or datetime.now(UTC)
    _end(releases.judge_live(ArrowTables(release), ArrowTables(production), since, moment))


def _end(judged: list[releases.Judged]) -> None:
    for one in judged:
        mark = {True: "passed", False: "stopped", None: "too little"}[one.passed]
        sys.stdout.write(f"{mark:10} {one.reason}\n")
    passed, sentence = releases.verdict(judged)
    sys.stdout.write(f"{sentence}\n")
    raise typer.Exit(0 if passed else 1)


def main() -> int:
    """The entry point: what a person can act on is one sentence. Returns the exit code."""
    try:
        app()
    except SystemExit as ended:
        return int(ended.code or 0)
    except GridcastError as fault:
        sys.stderr.write(f"gate: {fault}\n")
        return 2
    return 0


if __name__ == "__main__":
    leave(main())
