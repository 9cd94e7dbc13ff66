"""The Delta jars are those of the lock, or Spark does not get them."""

import hashlib
from pathlib import Path

import pytest

from gridcast import jars
from lakehouse.errors import SetupError

CONTENT = {"io.delta_a-1.jar": b"first jar", "io.delta_b-1.jar": b"second jar"}
LOCK = jars.JarsLock(
    "io.delta:a:1", {name: hashlib.sha256(body).hexdigest() for name, body in CONTENT.items()}
)


def fill(folder: Path, **changed: bytes) -> Path:
    folder.mkdir()
    for name, body in (CONTENT | {f"io.delta_{k}-1.jar": v for k, v in changed.items()}).items():
        (folder / name).write_bytes(body)
    return folder


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(package: str, scratch: Path) -> Path:
        raise AssertionError(f"{package} was resolved")

    monkeypatch.setattr(jars, "resolve", refuse)


@pytest.mark.usefixtures("no_network")
def test_jars_that_match_the_lock_are_left_alone(tmp_path: Path) -> None:
    folder = fill(tmp_path / "jars")
    assert jars.ensure(folder, LOCK, tmp_path / "cache") == "2 jars in place"


def test_a_corrupted_jar_is_refused_and_the_old_ones_stay(tmp_path: Path) -> None:
    resolved = fill(tmp_path / "resolved", a=b"cut off")
    folder = fill(tmp_path / "jars")
    with pytest.raises(SetupError, match=r"io.delta_a-1.jar has the checksum .* Nothing was chang"):
        jars.put_in_place(resolved, folder, LOCK)
    assert jars.faults(folder, LOCK) == []
    assert {file.name for file in tmp_path.iterdir()} == {"resolved", "jars"}


def test_a_jar_that_did_not_come_is_named(tmp_path: Path) -> None:
    resolved = fill(tmp_path / "resolved")
    (resolved / "io.delta_b-1.jar").unlink()
    with pytest.raises(SetupError, match=r"io.delta_b-1.jar is missing"):
        jars.put_in_place(resolved, tmp_path / "jars", LOCK)
    assert not (tmp_path / "jars").exists()


def test_only_the_jars_of_the_lock_are_kept(tmp_path: Path) -> None:
    resolved = fill(tmp_path / "resolved", jackson=b"clashes with Spark's own")
    jars.put_in_place(resolved, tmp_path / "jars", LOCK)
    assert {jar.name for jar in (tmp_path / "jars").iterdir()} == set(CONTENT)


def test_a_folder_that_is_not_as_locked_is_resolved_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = fill(tmp_path / "jars", a=b"tampered", strange=b"stray")
    monkeypatch.setattr(jars, "resolve", lambda package, scratch: fill(scratch / "ivy"))
    jars.ensure(folder, LOCK, tmp_path / "cache")
    assert jars.faults(folder, LOCK) == []
    assert "io.delta_strange-1.jar is not in the lock" in capsys.readouterr().out
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_failed_resolution_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spark = tmp_path / "pyspark"
    (spark / "bin").mkdir(parents=True)
    submit = spark / "bin" / "spark-submit"
    submit.write_text("#!/bin/sh\necho ':: UNRESOLVED DEPENDENCIES' >&2\nexit 1\n")
    submit.chmod(0o755)
    (spark / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(jars.sys.modules, "pyspark", raising=False)
    with pytest.raises(SetupError, match=r"(?s)UNRESOLVED.*needs the network.*make setup"):
        jars.resolve("io.delta:a:1", tmp_path)


def test_the_lock_names_the_delta_that_is_pinned() -> None:
    lock = jars.read_lock()
    pinned = (jars.PROJECT / "requirements.in").read_text()
    assert f"delta-spark=={lock.package.rpartition(':')[2]}\n" in pinned
    assert all(name.startswith("io.delta_") for name in lock.sha256)
