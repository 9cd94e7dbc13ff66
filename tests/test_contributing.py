"""The examples of CONTRIBUTING.md are real: laid over a copy of the house, their checks pass."""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
from pyspark.sql import SparkSession

import sources
from lakehouse.arrow import ArrowTables
from lakehouse.landing import LandingZone, Request, Response
from lakehouse.settings import PROJECT
from lakehouse.spark.tables import SparkTables
from lakehouse.tables.gold import OUTBOX
from lakehouse.time import parse_utc
from tests.test_house import lint_imports

PAGE = PROJECT / "CONTRIBUTING.md"
EXAMPLES = ("A new source", "A new model", "A new table column")
PACKAGES = ("gridcast", "flows", "serving", "spark_jobs", "models", "monitoring", "sources")
COPIED = (*PACKAGES, "lakehouse", "tests", "docs", "deployments", "pyproject.toml", "CHANGELOG.md")
TOOLS = Path(sys.executable).parent


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file that it names, and what is in it."""

    section: str
    language: str
    path: str
    text: str


def blocks() -> Iterator[Block]:
    for section in re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]:
        found = re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
        for language, path, text in found:
            yield Block(section.splitlines()[0], language, path, text)


def changed(text: str, hunk: str) -> str:
    """The text with the lines of a hunk changed; the lines before must be there once."""
    lines = hunk.splitlines(keepends=True)
    before = "".join(line[1:] or "\n" for line in lines if line[0] in " -")
    after = "".join(line[1:] or "\n" for line in lines if line[0] in " +")
    assert text.count(before) == 1, f"expected once, found {text.count(before)} times:\n{before}"
    return text.replace(before, after)


def lay_over(folder: Path, block: Block) -> None:
    if block.language == "diff":
        for part in re.split(r"^\+\+\+ ", block.text, flags=re.MULTILINE)[1:]:
            path, hunks = part.split("\n", 1)
            text = (folder / path).read_text()
            for hunk in re.split(r"^@@\n", hunks, flags=re.MULTILINE):
                text = changed(text, hunk)
            (folder / path).write_text(text)
    elif block.path:
        with (folder / block.path).open("a") as file:
            file.write(block.text)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the house with all examples in it."""
    folder = tmp_path_factory.mktemp("house")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in COPIED:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(PROJECT / name, folder)
    (folder / ".venv").symlink_to(TOOLS.parent)
    for block in blocks():
        if block.section in EXAMPLES:
            lay_over(folder, block)
    return folder


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(house: Path, tmp_path: Path) -> Run:
    """Runs a command in the copy, on a lakehouse of its own."""

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        here = {"PYTHONPATH": str(house), "GRIDCAST_LAKEHOUSE": str(tmp_path / "lakehouse")}
        return subprocess.run(
            command, cwd=house, env=os.environ | here, capture_output=True, text=True, check=False
        )

    return run


@pytest.mark.parametrize("section", EXAMPLES)
def test_the_checks_of_an_example_pass(section: str, run: Run, tmp_path: Path) -> None:
    """The lakehouse is one of before the examples, with a mail in its outbox."""
    arrow = ArrowTables(tmp_path / "lakehouse")
    arrow.create_missing([OUTBOX])
    arrow.append(OUTBOX, [OUTBOX.row(message_id="of before")])
    [checks] = [b.text for b in blocks() if (b.section, b.language) == (section, "console")]
    for line in checks.replace("\\\n", "").splitlines():
        done = run(*shlex.split(line, comments=True))
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        assert "no tests ran" not in done.stdout
    [row] = arrow.unchecked(OUTBOX).to_pyarrow_table().to_pylist()
    migrated = {"size_bytes": None} if section == "A new table column" else {}
    assert row == OUTBOX.row(message_id="of before") | migrated


def test_bronze_reads_the_answers_of_the_new_source(
    house: Path, spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elexon = module(house / "sources/elexon.py")
    monkeypatch.setitem(sys.modules, "sources.elexon", elexon)
    monkeypatch.setattr(sources, "elexon", elexon, raising=False)
    bronze = module(house / "spark_jobs/bronze.py")
    start, end = parse_utc("2025-01-01T00:00Z"), parse_utc("2025-01-02T00:00Z")
    request = Request("elexon", "MarketIndex", "/x", (), start, end, ("APXMIDP",))
    zone = LandingZone(tmp_path / "landing")
    landings = [
        zone.write(Response(request, end, 200, "application/json", body)) | {"run_id": "1"}
        for body in (b'{"metadata":{},"data":[{"price":71.5}]}', b'{"records":[{"price":71.5}]}')
    ]
    bodies = bronze.landed_bodies(SparkTables(spark, tmp_path), zone, landings)
    judged = bronze.judged_energy(bodies).localCheckpoint()
    records = bronze.energy_records(judged).collect()
    assert [(r["landing_id"], r["record"]) for r in records] == [
        (landings[0]["landing_id"], '{"price":71.5}')
    ]
    refused = {r["landing_id"]: r["broken"] for r in judged.collect() if r["broken"]}
    assert list(refused) == [landings[1]["landing_id"]]


def module(file: Path) -> ModuleType:
    """A file as a module that no other finds."""
    spec = importlib.util.spec_from_file_location(f"example_{file.stem}", file)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_examples_are_in_the_form_of_the_house(house: Path, run: Run) -> None:
    named = sorted({b.path for b in blocks() if b.path.endswith(".py")})
    touched = [path for b in blocks() for path in re.findall(r"^\+\+\+ (.*\.py)$", b.text, re.M)]
    files = [*named, *sorted(set(touched))]
    for how in (["check"], ["format", "--check"]):
        done = run(str(TOOLS / "ruff"), *how, *files)
        assert done.returncode == 0, done.stdout
    done = lint_imports(house)
    assert done.returncode == 0, done.stdout


def test_what_the_page_points_to_is_there(house: Path) -> None:
    page = PAGE.read_text()
    targets = re.findall(r"make ([a-z][a-z-]*)", re.sub(r"`make` lists", "", page))
    made = re.findall(r"^([a-z][a-z0-9-]*):", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    assert set(targets) <= set(made)
    paths = re.findall(r"`([\w./-]+/[\w./-]*|[\w-]+\.(?:toml|in|md))`", page)
    paths += re.findall(r"\]\(([\w./-]+)", page)
    gone = [p for p in paths if not (PROJECT / p).exists() and not (house / p).exists()]
    assert (len(paths) > 10, gone) == (True, [])
