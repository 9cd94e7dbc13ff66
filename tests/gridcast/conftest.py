"""The command line, in this process where start-up does not matter, else in one of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gridcast.main import main
from lakehouse.settings import PROJECT
from tests.worlds import World


@dataclass(frozen=True)
class Said:
    """What a command left: exit code and both streams."""

    code: int
    out: str
    err: str


Gridcast = Callable[..., Said]
BARE = {name: value for name, value in os.environ.items() if not name.startswith("GRIDCAST_")}


def started(*arguments: str) -> Said:
    """The installed command, in a process of its own."""
    script = Path(sys.executable).with_name("gridcast")
    done = subprocess.run(
        [script, *arguments], cwd=PROJECT, env=BARE | {"COLUMNS": "200"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    return Said(done.returncode, done.stdout, done.stderr)


def assert_one_sentence(said: Said) -> None:
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("gridcast: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty folder in the sample profile."""
    return World(tmp_path / "lakehouse")


@pytest.fixture
def gridcast(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Gridcast:
    """Run a command in the world; `variables` are set on top."""

    def run(*arguments: str, **variables: str) -> Said:
        capsys.readouterr()
        with world.entered():
            os.environ.update(variables)
            monkeypatch.setattr(sys, "argv", ["gridcast", *arguments])
            monkeypatch.setenv("COLUMNS", "200")
            with pytest.raises(SystemExit) as ended:
                main()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return run
