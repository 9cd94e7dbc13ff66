"""A release: version, changelog and tag say one thing, or the script says which does not."""

import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from lakehouse.migrations import newest
from lakehouse.settings import PROJECT
from tests.gridcast.conftest import started

SCRIPT = PROJECT / "deployments" / "release"
LOG = """# Changelog

## [Unreleased]

## [1.2.0] - 2026-01-31
- Words.

## [1.1.0] - 2026-01-01
"""


def release(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPT), *arguments], env={"RELEASE_PROJECT": str(project), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(LOG)
    return tmp_path


def git(project: Path, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=project, check=True, capture_output=True)


def test_this_project_could_be_released() -> None:
    done = release(PROJECT, "check")
    assert (done.returncode, done.stderr) == (0, "")


def test_version_changelog_and_tag_agree(project: Path) -> None:
    done = release(project, "check", "v1.2.0")
    assert (done.returncode, done.stdout) == (0, "1.2.0: version, changelog and tag agree\n")
    assert release(project, "notes").stdout.strip() == "- Words."


@pytest.mark.parametrize(
    ("log", "tag", "sentence"),
    [
        (LOG, "v1.3.0", "expected the tag v1.2.0 for the version in pyproject.toml, got 'v1.3.0'"),
        (LOG, "1.2.0", "expected the tag v1.2.0"),
        (LOG.replace("1.2.0", "1.3.0"), "", "found '[1.3.0] - 2026-01-31'"),
        (LOG.replace(" - 2026-01-31", ""), "", "expected '## [1.2.0] - YYYY-MM-DD'"),
        (LOG.replace("- Words.\n", ""), "", "expected words under [1.2.0]"),
        (LOG.replace("[Unreleased]\n", "[Unreleased]\n- More.\n"), "v1.2.0", "under Unreleased"),
        ("# Changelog\n", "", "found 'none'"),
    ],
)
def test_what_does_not_agree_is_named(project: Path, log: str, tag: str, sentence: str) -> None:
    (project / "CHANGELOG.md").write_text(log)
    done = release(project, "check", tag)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_images_of_a_commit_carry_it_and_those_of_a_release_its_version(project: Path) -> None:
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "one")
    said = release(project, "image-tag").stdout
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=project, capture_output=True, text=True, check=True
    )
    assert said == f"1.2.0-{commit.stdout[:12]}\n"
    git(project, "tag", "v1.2.0")
    assert release(project, "image-tag").stdout == "1.2.0\n"


def test_the_command_tells_the_version_and_the_contract_of_its_tables() -> None:
    said = started("--version")
    told = f"gridcast {version('gridcast')}, tables of contract {newest()}\n"
    assert (said.code, said.out) == (0, told)
