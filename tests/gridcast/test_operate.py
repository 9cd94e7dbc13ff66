"""docs/operate.md: what it tells people to type exists, and does what it is there for."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from gridcast.main import app
from lakehouse.settings import PROJECT
from lakehouse.tables import TABLES
from lakehouse.tables.gold import PROMOTIONS
from tests.gridcast.conftest import Gridcast
from tests.small_lakehouse import utc
from tests.worlds import World

PAGE = (PROJECT / "docs" / "operate.md").read_text()
SECTIONS = re.findall(r"^## (.*)$", PAGE, re.M)


def lines(kind: str) -> list[tuple[str, str]]:
    """Section and line of every command in blocks of a kind."""
    found, section, inside = [], "", ""
    for line in PAGE.splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line.startswith("```"):
            inside = "" if inside else line[3:]
        elif inside == kind:
            found.append((section, line))
    return found


RUN = lines("sh")


def parsed(arguments: list[str]) -> None:
    """Let the command line read arguments as it would; raises click.UsageError."""
    command = get_command(app)
    context = command.make_context("gridcast", list(arguments), resilient_parsing=False)
    name, sub, rest = command.resolve_command(context, [*context._protected_args, *context.args])
    sub.make_context(name, rest, parent=context)


@pytest.mark.parametrize("line", [line for _, line in lines("console")])
def test_a_command_that_is_not_run_here_exists_with_its_options(line: str) -> None:
    words = shlex.split(line)
    if words[0] == "gridcast":
        parsed(words[1:])
    else:
        assert words[0] == ".venv/bin/prefect"


def test_the_check_finds_an_option_that_does_not_exist() -> None:
    with pytest.raises(Exception, match="No such option: --fast"):
        parsed(["run", "train", "--fast"])


def test_every_symptom_has_commands() -> None:
    told = {section for section, _ in (*RUN, *lines("console"))}
    assert set(SECTIONS) - told == {"Releasing, and back"}
    assert len(SECTIONS) >= 11


@pytest.mark.parametrize("section", dict.fromkeys(section for section, _ in RUN))
def test_the_commands_of_a_section_work(
    gridcast: Gridcast, world: World, section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.arrow.create_missing(TABLES)
    row = PROMOTIONS.row(series_group="day_ahead_price", decided_at=utc("2024-10-01 00:00"),
                         champion_model="lstm", champion_version="1", candidate_model="lstm",
                         candidate_version="1", promoted=True)  # fmt: skip
    for change in ({}, {"turn": 1, "candidate_model": "linear", "promoted": False}):
        world.arrow.append(PROMOTIONS, [row | change])
    (tmp_path / "lakehouse-data").symlink_to(world.folder)
    monkeypatch.chdir(tmp_path)
    for _, line in (entry for entry in RUN if entry[0] == section):
        words = shlex.split(line)
        if words[0] == "gridcast":
            said = gridcast(*words[1:])
            # doctor tells of the machine that the tests run on.
            assert said.code == 0 or words[1] == "doctor", f"{line}\n{said.err}"
        else:
            subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
