"""A target of the Dockerfile without a container engine.

The files that its COPY lines name lie in a folder that only root may write; its Python has the
packages of its lock and no others, as files of this environment; its commands run with the image's
variables, and as the user nobody where the tests are root.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from tempfile import mkdtemp

import pytest

from lakehouse.settings import PROJECT
from tests.containers.dockerfile import Stage, stages

NOBODY = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


@dataclass(frozen=True)
class Image:
    """A target's files and Python; data: its volume, tmp: what else it may write."""

    stage: Stage
    app: Path
    python: Path
    data: Path
    tmp: Path

    def environment(self, **more: str) -> dict[str, str]:
        """The image's variables, its folders being these."""
        here = {
            "/opt/gridcast": self.python.parents[1],
            "/app": self.app,
            "/data": self.data,
            "/tmp": self.tmp,
            "$PATH": "/usr/bin:/bin",
        }
        places = re.compile("|".join(map(re.escape, here)))
        of_image = {
            name: places.sub(lambda found: str(here[found[0]]), value)
            for name, value in self.stage.environment.items()
        }
        return of_image | {"TMPDIR": str(self.tmp)} | more

    def command(self, words: list[str]) -> list[str]:
        """A command of the image, by the path that it has here."""
        return [str(self.python.parent / words[0]), *words[1:]]

    def run(self, words: list[str], **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(words), cwd=self.app, env=self.environment(**more), text=True,
            capture_output=True, check=False, **NOBODY,
        )  # fmt: skip

    @contextmanager
    def running(self, words: list[str], **more: str) -> Iterator["subprocess.Popen[str]"]:
        """A command that stays until the block ends; what it says lies in tmp/log."""
        with (self.tmp / "log").open("a") as log:
            process = subprocess.Popen(
                self.command(words), cwd=self.app, env=self.environment(**more), text=True,
                stdout=log, stderr=log, **NOBODY,
            )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)

    def log(self) -> str:
        return (self.tmp / "log").read_text()


@contextmanager
def image(target: str, lock: Path | None) -> Iterator[Image]:
    """A target; lock: what its Python has, or all that this environment has."""
    folder = Path(mkdtemp(prefix=f"image-{target}-"))
    folder.chmod(0o755)
    try:
        stage = stages()[target]
        app = _copied(stage, folder / "app")
        python = _python(folder / "python", lock)
        data, tmp = folder / "data", folder / "tmp"
        for written in (data, tmp):
            written.mkdir()
            written.chmod(0o777)
        yield Image(stage, app, python, data, tmp)
    finally:
        shutil.rmtree(folder)


def _copied(stage: Stage, app: Path) -> Path:
    app.mkdir()
    for sources, target in stage.copies:
        for name in sources:
            if not (PROJECT / name).exists() and name == "champion":
                continue  # the test's own
            into = app / target / Path(name).name if target.endswith("/") else app / target
            into.parent.mkdir(parents=True, exist_ok=True)
            if (PROJECT / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", ".env")
                shutil.copytree(PROJECT / name, into, ignore=ignored, dirs_exist_ok=True)
            else:
                shutil.copyfile(PROJECT / name, into)
    return app


def _python(folder: Path, lock: Path | None) -> Path:
    """An environment that nobody may use: its own, or with the packages of this one."""
    subprocess.run([_interpreter(), "-m", "venv", "--without-pip", folder], check=True)
    [site] = folder.glob("lib/python*/site-packages")
    here = Path(str(distribution("numpy").locate_file("")))
    if lock is None:
        (site / "whole.pth").write_text(f"{here}\n")
        return _with_commands(folder)
    for name, version in re.findall(r"^([a-z0-9][^ =]*)==([^ ]+)", lock.read_text(), flags=re.M):
        found = distribution(name)
        assert found.version == version, f"{lock.name} has {name} {version}: run 'make lock'"
        for file in found.files or []:
            if ".." not in file.parts and "__pycache__" not in file.parts:
                _linked(here / file, site / file)
    return folder / "bin" / "python"


def _linked(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        try:
            os.link(file, target)
        except OSError:  # another disk
            shutil.copyfile(file, target)


def _with_commands(folder: Path) -> Path:
    """Prefect's and MLflow's commands, for this Python."""
    python = folder / "bin" / "python"
    for name in ("prefect", "mlflow"):
        script = (Path(sys.executable).parent / name).read_text().split("\n", 1)[1]
        (folder / "bin" / name).write_text(f"#!{python}\n{script}")
        (folder / "bin" / name).chmod(0o755)
    return python


def _interpreter() -> str:
    """A Python of this version that nobody may run."""
    version = "%d.%d" % sys.version_info[:2]  # noqa: UP031
    for path in (os.path.realpath(sys.executable), f"/usr/bin/python{version}"):
        tried = [path, "-c", "import venv"]
        try:
            if subprocess.run(tried, check=False, capture_output=True, **NOBODY).returncode == 0:
                return path
        except OSError:
            continue
    pytest.skip(
        f"no Python {version} here may be run by the user nobody. Install your system's, or run "
        "the tests as another user than root."
    )
