"""Set-up says what the machine lacks, what it found, and what installs it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gridcast import system
from lakehouse.settings import PROJECT

Command = Callable[[str, str], Path]

JAVA_17 = "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2"


@pytest.mark.parametrize(
    ("says", "found"),
    [
        ("echo 'openjdk version \"11.0.2\" 2019-01-15' >&2", "Java 11 (on the PATH)"),
        ("echo 'java version \"1.8.0_292\"' >&2", "Java 8 (on the PATH)"),
        ("echo 'openjdk version \"21\" 2023-09-19' >&2", "Java 21 (on the PATH)"),
        ("echo 'Unable to locate a Java Runtime.' >&2; exit 1", "no Java (on the PATH)"),
        ("exit 0", "no Java (on the PATH)"),
    ],
)
def test_any_other_java_is_named_with_what_installs_the_right_one(
    command: Command, says: str, found: str
) -> None:
    command("java", says)
    finding = system.java()
    assert not finding.ok
    assert finding.found == found
    for word in ("apt-get install -y openjdk-17", "brew install", "wsl --install"):
        assert word in finding.fix


def test_java_17_is_taken(command: Command) -> None:
    command("java", JAVA_17)
    assert system.java() == ("Java 17", True, "Java 17 (on the PATH)", "")


def test_java_home_decides_before_the_path(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("java", JAVA_17)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    finding = system.java()
    assert not finding.ok
    assert finding.found == f"no Java (JAVA_HOME={tmp_path / 'jdk'})"


def test_an_installed_java_17_that_is_not_chosen_is_pointed_at(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = "/usr/lib/jvm/java-17-openjdk"
    monkeypatch.setattr("gridcast.system.glob.glob", lambda pattern: [f"{home}/bin/java"])
    assert f"export JAVA_HOME={home}" in system.java().fix


@pytest.mark.usefixtures("good_python")
def test_a_suitable_python_is_found_behind_unsuitable_ones(command: Command) -> None:
    command("python3.12", "exit 127")
    command("python3", "echo Python 3.9.2")
    finding, path = system.python()
    assert finding.ok
    assert path == sys.executable


def test_an_old_python_is_named_with_what_installs_a_right_one(command: Command) -> None:
    command("python3", '[ "$1" = --version ] && echo Python 3.9.2 || { echo 3.9.2; echo /p; }')
    finding, path = system.python()
    assert (finding.ok, path) == (False, "")
    assert finding.found == "Python 3.9.2 (python3)"
    assert "apt-get install -y python3.11" in finding.fix


def test_a_python_without_venv_is_told_apart(command: Command) -> None:
    command("python3.11", '[ "$1" = --version ] && echo Python 3.11.2 || exit 1')
    finding, _ = system.python()
    assert finding.found == "Python 3.11.2 (python3.11, without the modules venv and ensurepip)"


@pytest.mark.usefixtures("good_python")
def test_only_the_python_that_was_asked_for_will_do(bare_machine: Path) -> None:
    finding, _ = system.python("python3.10")
    assert finding.found == "no Python 'python3.10'"


@pytest.mark.usefixtures("bare_machine")
def test_the_script_says_all_that_is_missing_and_shows_no_trace() -> None:
    script = [sys.executable, "-I", str(PROJECT / "gridcast" / "system.py"), "--python", "none"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Java 17 is needed; found no Java (on the PATH)." in done.stderr
    assert "Python 3.11 or 3.12 is needed; found no Python 'none'." in done.stderr
    assert "make setup-system" in done.stderr
    assert "Traceback" not in done.stderr
