"""The stage of the Dockerfile that makes the jars for S3 has all that it needs for it."""

import subprocess
from zipfile import ZipFile

from lakehouse.settings import PROJECT
from lakehouse.spark import log_store
from tests.containers.image import image


def test_the_log_store_is_made_with_the_files_of_its_stage() -> None:
    with image("s3-jars", None) as found:
        for name in (".jars", ".jars-s3"):  # fetched, as `make setup-s3` does it
            fetched = found.app / name
            fetched.mkdir()
            for jar in (PROJECT / name).glob("*.jar"):
                (fetched / jar.name).symlink_to(jar)
        command = ["python", "-m", "gridcast.jars", "--s3"]
        done = subprocess.run(
            found.command(command), cwd=found.app, env=found.environment(), text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "jars in place" in done.stdout
        [folder] = (found.app / ".jars-s3").glob("log-store-*")
        assert folder / "PutIfAbsent.jar" == log_store.jar(found.app / ".jars-s3")
        with ZipFile(folder / "PutIfAbsent.jar") as archive:
            assert archive.namelist() == ["PutIfAbsent.class"]
            assert archive.read("PutIfAbsent.class").startswith(bytes.fromhex("cafebabe"))
