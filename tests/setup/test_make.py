"""make without arguments is a table of contents; locks belong together."""

import re
import subprocess

import pytest

from lakehouse.settings import PROJECT

MAKEFILE = (PROJECT / "Makefile").read_text()


@pytest.fixture(scope="module")
def contents() -> str:
    plain = ["make", "--no-print-directory", "-C", str(PROJECT)]
    return subprocess.run(plain, capture_output=True, text=True, check=True).stdout


def test_plain_make_lists_every_target_with_a_sentence(contents: str) -> None:
    targets = re.findall(r"^([a-z-]+):", MAKEFILE, flags=re.M)
    assert len(targets) >= 10
    for target in targets:
        assert re.search(rf"^  make {target} +\S.+", contents, flags=re.M), target


def test_the_two_commands_of_the_readme_come_first(contents: str) -> None:
    assert contents.index("make demo") < contents.index("make test") < contents.index("make setup ")


def test_uv_is_installed_as_it_is_locked() -> None:
    lock = (PROJECT / "requirements.lock").read_text()
    assert (PROJECT / "deployments" / "setup" / "uv.lock").read_text() in lock


def test_everything_that_is_installed_is_pinned_and_hashed() -> None:
    lock = (PROJECT / "requirements.lock").read_text()
    packages = re.split(r"^(?=\S)", lock, flags=re.M)[1:]
    assert len(packages) > 100
    for package in packages:
        assert re.match(r"[a-z0-9-]+==\S+ \\\n    --hash=sha256:", package), package[:80]
