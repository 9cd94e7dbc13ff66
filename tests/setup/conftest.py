"""Machines to set up on: a PATH that holds only the commands that a test puts there."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[[str, str], Path]


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that is the whole PATH, without any command; no Java is installed elsewhere."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr("gridcast.system.glob.glob", lambda pattern: [])
    return folder


@pytest.fixture
def command(bare_machine: Path) -> Command:
    """Put a command on the PATH that runs some lines of shell."""

    def put(name: str, lines: str) -> Path:
        file = bare_machine / name
        file.write_text(f"#!/bin/sh\n{lines}\n")
        file.chmod(0o755)
        return file

    return put


@pytest.fixture
def good_python(command: Command) -> Path:
    """A Python that will do: the one that runs these tests."""
    return command("python3.11", f'exec "{sys.executable}" "$@"')
