"""The command line, in this process where start-up does not matter."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gridcast.main import main
from tests.worlds import World


@dataclass(frozen=True)
class Said:
    """What a command left: exit code and both streams."""

    code: int
    out: str
    err: str


Gridcast = Callable[..., Said]


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
