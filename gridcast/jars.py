"""The jars beside Spark's own: resolved once by its Ivy, checked against a lock, and kept.

`python -m gridcast.jars` is the last step of `make setup`: Delta's, in `.jars/`. With `--s3` it is
S3A and the AWS SDK (650 MB), in `.jars-s3/`, for a lakehouse on S3. Once a folder is what its lock
says it does nothing, so no later start needs the network.
"""

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from lakehouse.errors import SetupError

PROJECT = Path(__file__).resolve().parent.parent
JARS = PROJECT / ".jars"
LOCK = PROJECT / "deployments" / "setup" / "jars.lock"
S3_JARS = PROJECT / ".jars-s3"
S3_LOCK = LOCK.with_name("jars-s3.lock")
SCRATCH = PROJECT / ".cache"

# pyspark brings its own, in other versions, and two of a kind clash (NoClassDefFoundError).
_BROUGHT_BY_SPARK = ("com.*:*", "commons-*:*", "io.airlift:*", "javax.*:*", "org.*:*")
_NOT_NEEDED = ("io.unitycatalog:*",)
# S3A's own are of org.apache.hadoop, as Spark's are: none of what it asks for comes with Spark.
_LEFT_OUT_OF = {"org.apache.hadoop:hadoop-aws": ("org.wildfly.openssl:*",)}

_TRACE = re.compile(r"\s+(at |\.\.\. )|\s*$")
_OFFLINE_HINT = (
    "The first set-up needs the network. Behind a proxy say "
    "SPARK_SUBMIT_OPTS='-Dhttps.proxyHost=HOST -Dhttps.proxyPort=PORT'; with a repository of your "
    "own say IVY_SETTINGS=FILE (an Ivy settings file). Then run 'make setup' again."
)


@dataclass(frozen=True)
class JarsLock:
    """The package that is asked for, and the SHA-256 of each jar that is kept of it, by name."""

    package: str
    sha256: dict[str, str]


def read_lock(file: Path = LOCK) -> JarsLock:
    """The committed lock."""
    lock = tomllib.loads(file.read_text())
    return JarsLock(lock["package"], lock["sha256"])


def faults(folder: Path, lock: JarsLock) -> list[str]:
    """In what the jars of a folder differ from the lock; empty where they are the same."""
    found = {jar.name: _sha256(jar) for jar in folder.glob("*.jar")}
    return [
        *(f"{name} is missing" for name in sorted(set(lock.sha256) - set(found))),
        *(f"{name} is not in the lock" for name in sorted(set(found) - set(lock.sha256))),
        *(
            f"{name} has the checksum {found[name][:12]}…, expected {lock.sha256[name][:12]}…"
            for name in sorted(set(found) & set(lock.sha256))
            if found[name] != lock.sha256[name]
        ),
    ]


def put_in_place(resolved: Path, folder: Path, lock: JarsLock) -> None:
    """Make `folder` hold the jars of the lock, taken from `resolved`; whole, or not at all.

    Raises SetupError, and leaves `folder` as it was, where a jar is missing or has been altered.
    """
    partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}-partial-", dir=folder.parent))
    try:
        for name in lock.sha256:
            if (resolved / name).exists():
                shutil.copyfile(resolved / name, partial / name)
        wrong = faults(partial, lock)
        if wrong:
            raise SetupError(
                f"Expected the jars of {lock.package} as locked in deployments/setup, but "
                f"{'; '.join(wrong)}. Nothing was changed. Run 'make setup' again; if it stays so, "
                "the repository that answers is not to be trusted."
            )
        partial.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def resolve(package: str, scratch: Path) -> Path:
    """Let Spark's own Ivy fetch a package; the folder that it put the jars in, below `scratch`.

    Raises SetupError with the end of what it said where that fails.
    """
    spark = importlib.util.find_spec("pyspark")
    if spark is None or spark.origin is None:
        raise SetupError("Expected pyspark in this environment; it lacks it. Run 'make setup'.")
    spark_home = Path(spark.origin).parent
    nothing = scratch / "nothing.py"
    nothing.write_text("")
    command = [
        str(spark_home / "bin" / "spark-submit"),
        "--packages",
        package,
        "--exclude-packages",
        ",".join(_LEFT_OUT_OF.get(package.rpartition(":")[0], _BROUGHT_BY_SPARK + _NOT_NEEDED)),
        "--conf",
        f"spark.jars.ivy={scratch / 'ivy'}",
    ]
    if settings := os.environ.get("IVY_SETTINGS"):
        command += ["--conf", f"spark.jars.ivySettings={settings}"]
    # A home of its own: Ivy trusts a half-filled local Maven repository, and then fails.
    options = f"-Duser.home={scratch} {os.environ.get('SPARK_SUBMIT_OPTS', '')}"
    environment = os.environ | {
        "SPARK_HOME": str(spark_home),
        "SPARK_SUBMIT_OPTS": options.strip(),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }
    environment.pop("SPARK_CONF_DIR", None)
    done = subprocess.run(
        [*command, str(nothing)], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if not _TRACE.match(line)]
        last = "\n".join(said[-8:])
        raise SetupError(f"Spark could not fetch {package}:\n{last}\n{_OFFLINE_HINT}")
    return scratch / "ivy" / "jars"


def ensure(folder: Path, lock: JarsLock, scratch: Path) -> str:
    """Make `folder` what the lock says, resolving only where it is not; what came of it."""
    wrong = faults(folder, lock)
    if not wrong:
        return f"{len(lock.sha256)} jars in place"
    if folder.exists():
        print(f"{folder.name} is not as locked ({'; '.join(wrong)}): resolving again", flush=True)
    scratch.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="jars-", dir=scratch) as temporary:
        put_in_place(resolve(lock.package, Path(temporary)), folder, lock)
    return f"{len(lock.sha256)} jars of {lock.package} resolved"


def relock(package: str, file: Path, scratch: Path) -> None:
    """Write the lock anew from what a package resolves to now (after a change of version)."""
    scratch.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="jars-", dir=scratch) as temporary:
        jars = sorted(resolve(package, Path(temporary)).glob("*.jar"))
        sums = "".join(f'"{jar.name}" = "{_sha256(jar)}"\n' for jar in jars)
    comment = "# `python -m gridcast.jars --relock PACKAGE` writes this file; see there.\n"
    file.write_text(f'{comment}package = "{package}"\n\n[sha256]\n{sums}')


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def main() -> int:
    """Put the jars in place; 2 and a sentence where that is not possible."""
    parser = argparse.ArgumentParser(prog="python -m gridcast.jars", description="Spark's jars")
    parser.add_argument("--s3", action="store_true", help="those for S3, in place of Delta's")
    parser.add_argument("--relock", metavar="PACKAGE", help="write the lock anew for this package")
    asked = parser.parse_args()
    try:
        folder, lock = (S3_JARS, S3_LOCK) if asked.s3 else (JARS, LOCK)
        if asked.relock:
            relock(asked.relock, lock, SCRATCH)
        print(ensure(folder, read_lock(lock), SCRATCH))
        if asked.s3:
            from lakehouse.spark import log_store

            if not log_store.jar(folder).exists():
                log_store.compile_into(folder, [*JARS.glob("*.jar"), *folder.glob("*.jar")])
    except SetupError as fault:
        print(fault, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
