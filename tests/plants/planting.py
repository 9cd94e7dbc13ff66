"""The list of planted bugs, a copy of the house to plant them in, and the page that tells of them.

A plant is a bug that somebody could write by mistake, in a line that a promise rests on. It names
the tests that must fail while it is there. The list is in *.toml beside this file, one for each
promise.
"""

import os
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lakehouse.settings import PROJECT
from tests.plants.kept_jvm import KEPT

LISTS = Path(__file__).parent
PAGE = PROJECT / "docs" / "promises.md"
_ORDER = ("no_look_ahead", "run_again", "refused_is_not_lost")
_FOUND_OUT = (
    "AssertionError",
    "assert ",
    "Failed: ",
    "lakehouse.errors.",
    "BaseExceptionGroup: Hyp",
)
"""How a test says that something is not as was promised; all else may be a senseless plant."""
_SECONDS = 900
"""A guard that takes longer hangs."""
_INTRODUCTION = """\
# Three promises, and what guards them

The suite is tried by bugs. Each line below is a plant: a bug that somebody could write by mistake,
in a place that a promise rests on. `make test-plants` copies the house, puts in one plant at a
time, and runs the tests named beside it: they pass without the plant, and each must fail with it.
The default tests check that every plant still fits the code. The lists, with the old and the new
text, are `tests/plants/*.toml`; this page is made from them (`make docs`). A new rule for what is
known, kept or refused brings its plant.
"""
_SURVIVED = "Nothing noticed these when they were first planted. They are caught since."
_FORESEEN = """\
These were thought to survive, and have tests that were written for them. What the suite would have
said without those was not tried."""
_NOT_TRIED = "These fit the code, and were not planted yet: whether they are caught is not known."


@dataclass(frozen=True)
class Plant:
    """One planted bug. old, new: the text of `file` before and after; why: how it could come about;
    caught_by: tests that must fail; survived: what the suite lacked when it was first planted;
    foreseen: what it was thought to lack, where the test was written before that was tried; tried:
    whether it was ever planted and caught."""

    promise: str
    name: str
    file: str
    old: str
    new: str
    why: str
    caught_by: tuple[str, ...]
    survived: str = ""
    foreseen: str = ""
    tried: bool = True

    def planted(self, text: str) -> str:
        """The file's text with the bug. Raises ValueError where `old` is not in it exactly once."""
        count = text.count(self.old)
        if count != 1:
            raise ValueError(
                f"Expected the old text of the plant '{self.name}' once in {self.file}; it is "
                f"there {count} times. The code moved on: take the plant along, or choose another."
            )
        return text.replace(self.old, self.new)


def plants() -> list[Plant]:
    """The whole list, promise by promise."""
    return [
        Plant(said["promise"], caught_by=tuple(one.pop("caught_by")), **one)
        for name in _ORDER
        for said in [tomllib.loads((LISTS / f"{name}.toml").read_text())]
        for one in said["plant"]
    ]


def copy_of_the_house(folder: Path) -> Path:
    """Every file that git has or would take, as it is now; what set-up made is shared."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(listing, cwd=PROJECT, capture_output=True, text=True, check=True)
    for name in filter(None, done.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    for shared in (".venv", ".jars"):
        (folder / shared).symlink_to(PROJECT / shared)
    return folder


@contextmanager
def growing(plant: Plant, house: Path) -> Iterator[None]:
    """Be in a house with one plant, which is pulled out again."""
    file = house / plant.file
    sound = file.read_text()
    file.write_text(plant.planted(sound))
    try:
        yield
    finally:
        file.write_text(sound)


@contextmanager
def one_jvm(house: Path) -> Iterator[dict[str, str]]:
    """A JVM for all runs in a copy of the house: the variables by which they find it."""
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.plants.kept_jvm"],
        cwd=house, env=_variables(house), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert keeper.stdin and keeper.stdout
    try:
        told = next((line for line in keeper.stdout if line.startswith(KEPT)), "")
        if not told:
            raise RuntimeError("The JVM did not start. Its own words are above.")
        _, port, secret = told.split()
        told_to_all = {"PYSPARK_GATEWAY_PORT": port, "PYSPARK_GATEWAY_SECRET": secret}
        yield told_to_all | {"PYSPARK_PYTHON": sys.executable}
    finally:
        keeper.stdin.close()
        keeper.stdout.close()
        keeper.wait(timeout=60)


def _variables(house: Path) -> dict[str, str]:
    """No compiled code is kept: it is told by second and size, and a plant may change neither."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return kept | {"PYTHONPATH": str(house), "PYTHONDONTWRITEBYTECODE": "1"}


def failures(
    house: Path, tests: Sequence[str], report: Path, jvm: Mapping[str, str]
) -> dict[str, str]:
    """Run tests in a copy of the house; the first line of what each of those that failed said.

    jvm: see `one_jvm`; without it each run starts its own.

    Raises RuntimeError where they could not be run, or broke before they began: then nothing was
    found out.
    """
    options = ["-q", "-n0", "-p", "no:cacheprovider", "-p", "tests.plants.kept_jvm"]
    options.append(f"--junitxml={report}")
    options += ["-x"] if len(tests) == 1 else []
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=house, env=_variables(house) | jvm, timeout=_SECONDS,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in (0, 1):
        raise RuntimeError(
            f"The tests could not be run:\n{done.stdout[-3000:]}{done.stderr[-500:]}"
        )
    found: dict[str, str] = {}
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.attrib['classname'].replace('.', '/')}.py::{case.attrib['name']}"
        if (broken := case.find("error")) is not None:
            raise RuntimeError(f"{name} broke before it began: {broken.attrib['message'][:500]}")
        if (failed := case.find("failure")) is not None:
            words = failed.attrib["message"]
            if not words.startswith(_FOUND_OUT):
                raise RuntimeError(f"{name} crashed, which shows nothing: {words[:500]}")
            found[name] = " ".join(words.split())[:150]
    return found


def caught(test: str, failed: dict[str, str]) -> str:
    """What a test said that is among those that failed, by all or some of its parameters; else
    nothing."""
    said = [words for name, words in failed.items() if name.partition("[")[0] == test]
    return said[0] if said else ""


def page() -> str:
    """docs/promises.md."""
    parts = [_INTRODUCTION]
    every = plants()
    for promise in dict.fromkeys(plant.promise for plant in every):
        parts.append(f"\n## {promise}\n\n| plant | in | caught by |\n|---|---|---|\n")
        parts += [_line(plant) for plant in every if plant.promise == promise]
    parts += _told("What survived at first", _SURVIVED, [(p, p.survived) for p in every])
    parts += _told("What was foreseen", _FORESEEN, [(p, p.foreseen) for p in every])
    parts += _told("Not tried yet", _NOT_TRIED, [(p, "" if p.tried else p.file) for p in every])
    return "".join(parts)


def _told(title: str, sentence: str, said: Sequence[tuple[Plant, str]]) -> list[str]:
    """A section about those plants of which something is said."""
    lines = [f"- {plant.name}: {words}\n" for plant, words in said if words]
    return [f"\n## {title}\n{len(lines)} of {len(said)}. {sentence}\n\n", *lines] if lines else []


def _line(plant: Plant) -> str:
    tests = ", ".join(f"`{test.removeprefix('tests/')}`" for test in plant.caught_by)
    return f"| {plant.name}. {plant.why} | `{plant.file}` | {tests} |\n"


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.stdout.write(f"wrote {PAGE.name}\n")
