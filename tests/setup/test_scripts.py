"""The set-up scripts, on machines that lack one thing or another. No network, nothing installed."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.settings import PROJECT

Command = Callable[[str, str], Path]
JAVA_17 = "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2"
TOOLS = ["bash", "sh", "dirname", "cat", "head", "cksum", "env", "sed", "tail", "grep", "cut"]


@pytest.fixture
def project(tmp_path: Path, bare_machine: Path) -> Path:
    """A project that has been set up, on a machine with the usual small tools and no more."""
    for tool in TOOLS:
        (bare_machine / tool).symlink_to(shutil.which(tool, path="/usr/bin:/bin") or tool)
    project = tmp_path / "project"
    for name in ("deployments/setup", "gridcast", ".venv/bin"):
        (project / name).mkdir(parents=True)
    for name in ("environment", "system-packages", "uv.lock"):
        shutil.copy(PROJECT / "deployments" / "setup" / name, project / "deployments" / "setup")
    shutil.copy(PROJECT / "gridcast" / "system.py", project / "gridcast")
    (project / "requirements.lock").write_text("one==1\n")
    (project / "pyproject.toml").write_text("[project]\n")
    (project / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (project / ".venv" / "made-in").write_text(f"{project}\n")
    sums = "cksum <requirements.lock; cksum <pyproject.toml"
    made_from = subprocess.run(["sh", "-c", sums], cwd=project, capture_output=True, check=True)
    (project / ".venv" / "made-from").write_bytes(made_from.stdout)
    return project


def run(project: Path, script: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(project / "deployments" / "setup" / script)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_second_set_up_has_nothing_to_do(project: Path, command: Command) -> None:
    command("java", JAVA_17)
    done = run(project, "environment")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_java_that_has_gone_since_is_noticed(project: Path) -> None:
    done = run(project, "environment")
    assert done.returncode == 2
    assert "Java 17 is needed; found no Java" in done.stderr


def test_without_any_python_set_up_says_how_to_get_one(project: Path, command: Command) -> None:
    command("java", JAVA_17)
    shutil.rmtree(project / ".venv")
    done = run(project, "environment")
    assert done.returncode == 2
    assert "Python 3.11 or 3.12 is needed; found none." in done.stderr
    for way in ("apt-get install", "brew install", "wsl --install"):
        assert way in done.stderr


@pytest.mark.usefixtures("good_python")
def test_on_debian_only_what_is_missing_is_installed(
    project: Path, command: Command, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    command("python3", f'exec "{sys.executable}" "$@"')
    command("java", JAVA_17)
    command("id", "echo 0")
    command("apt-cache", "exit 0")
    command("pg_ctlcluster", "exit 0")
    command("cc", "exit 0")
    command("apt-get", f'echo "$@" >>"{log}"')
    done = run(project, "system-packages")
    assert done.returncode == 0, done.stderr
    update, install = log.read_text().splitlines()
    assert update.startswith("update")
    assert install.split()[-1] == "chromium"
    assert "jdk" not in install


@pytest.mark.usefixtures("good_python")
def test_on_debian_with_everything_there_apt_is_not_asked(project: Path, command: Command) -> None:
    command("python3", f'exec "{sys.executable}" "$@"')
    command("java", JAVA_17)
    command("chromium", "exit 0")
    command("pg_ctlcluster", "exit 0")
    command("cc", "exit 0")
    command("apt-get", "exit 100")
    done = run(project, "system-packages")
    assert (done.returncode, done.stdout) == (0, "setup-system: nothing is missing\n")


@pytest.mark.usefixtures("good_python")
def test_elsewhere_the_commands_are_printed(project: Path, command: Command) -> None:
    command("python3", f'exec "{sys.executable}" "$@"')
    done = run(project, "system-packages")
    assert done.returncode == 2
    assert "brew install --cask temurin@17" in done.stderr
