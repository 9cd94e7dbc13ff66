"""The doctor says what is wrong and what to do, and is silent about what is not."""

import io
import socket
from pathlib import Path

import pytest
from rich.console import Console

from gridcast import doctor
from gridcast.doctor import Check, checks, print_report
from lakehouse.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(lakehouse=tmp_path / "not" / "there" / "yet")


def found(report: list[Check], name: str) -> Check:
    return next(check for check in report if name in check.name)


def printed(report: list[Check]) -> tuple[bool, str]:
    text = io.StringIO()
    return print_report(report, Console(file=text, width=100)), text.getvalue()


def test_it_looks_at_all_that_a_run_needs_and_leaves_nothing_behind(
    settings: Settings, tmp_path: Path
) -> None:
    names = " ".join(check.name for check in checks(settings))
    for word in ("Java", "Python", "jars", "Profile", "folder", "space", "Prefect", "MLflow"):
        assert word in names
    assert list(tmp_path.iterdir()) == []


def test_missing_jars_are_named(settings: Settings, tmp_path: Path) -> None:
    report = checks(settings.model_copy(update={"jars": tmp_path}))
    check = found(report, "jars")
    assert not check.ok
    assert "delta-spark" in check.found
    assert "make setup" in check.fix


def test_a_broken_catalogue_is_named(settings: Settings) -> None:
    check = found(checks(settings.model_copy(update={"catalogue": "none.toml"})), "Profile")
    assert not check.ok
    assert "none.toml" in check.found


def test_a_full_disk_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "FREE_GIB", 10**9)
    check = found(checks(settings), "space")
    assert not check.ok
    assert "GRIDCAST_LAKEHOUSE" in check.fix


def test_a_port_that_another_program_has_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(doctor, "MLFLOW_PORT", port)
        monkeypatch.setattr(doctor, "ANSWER_SECONDS", 0.1)
        check = found(checks(settings), "MLflow")
    assert not check.ok
    assert f"lsof -i :{port}" in check.fix


def test_the_report_ends_with_what_to_do() -> None:
    well, text = printed(
        [Check("Java 17", True, "Java 17"), Check("Disk", False, "1 GiB", "Tidy.")]
    )
    assert not well
    assert text.index("Java 17") < text.index("1 GiB") < text.index("Tidy.")
    assert text.endswith("1 to put right.\n")


def test_when_all_is_well_it_says_so() -> None:
    well, text = printed([Check("Java 17", True, "Java 17", "not shown")])
    assert well
    assert "not shown" not in text
    assert text.endswith("All is well.\n")
