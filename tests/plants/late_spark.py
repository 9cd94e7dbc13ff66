"""Spark for many short runs of pytest, one after the other.

As a plugin (-p) it has Spark start when a test asks it for something: many tests have a small
lakehouse and never do. As a command it keeps a JVM that such runs use in turn, each with a session
of its own, until its input ends: a JVM that is warm does in two seconds what a new one does in ten.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.settings import Settings, load_settings
from lakehouse.spark import session
from tests import small_lakehouse

KEPT = "kept:"
"""What the line begins with that tells port and secret."""

_start = session.spark_session
_forget_logs = small_lakehouse.forget_logs
_started: list[SparkSession] = []


class LateSession:
    """Stands for a session, and becomes it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __getattr__(self, name: str) -> Any:
        if not _started:
            _started.append(_start(self._settings))
        return getattr(_started[0], name)


def forget_logs(spark: Any) -> None:
    """There are none before Spark has started."""
    if _started:
        _forget_logs(spark)


# A plugin is read before any conftest, and those take the session from here.
vars(session)["spark_session"] = LateSession
vars(small_lakehouse)["forget_logs"] = forget_logs


def pytest_unconfigure() -> None:
    """The next run finds the JVM without a session."""
    for spark in _started:
        spark.stop()


def keep() -> None:
    """Start a JVM, tell its port and secret, and wait."""
    with tempfile.TemporaryDirectory() as folder:
        spark = _start(load_settings("sample", lakehouse=Path(folder), spark_jvm_options=""))
        gateway = spark.sparkContext._gateway
        assert gateway is not None
        about = gateway.gateway_parameters
        spark.stop()
        sys.stdout.write(f"{KEPT} {about.port} {about.auth_token}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    keep()
