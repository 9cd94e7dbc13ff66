"""One JVM for many short runs of pytest, one after the other.

As a command it starts a JVM and keeps it until its input ends: one that is warm does in two seconds
what a new one does in ten. As a plugin (-p) it leaves that JVM as the next run wants to find it.
"""

import sys
import tempfile

from pyspark import SparkContext
from pyspark.sql import SparkSession

from lakehouse.settings import load_settings
from lakehouse.spark.session import spark_session

KEPT = "kept:"
"""What the line begins with that tells port and secret."""


def pytest_unconfigure() -> None:
    """The next run has a session of its own."""
    if SparkContext._active_spark_context is not None:
        SparkSession.builder.getOrCreate().stop()


def keep() -> None:
    """Start a JVM, tell its port and secret, and wait."""
    with tempfile.TemporaryDirectory() as folder:
        spark = spark_session(load_settings("sample", lakehouse=folder, spark_jvm_options=""))
        gateway = spark.sparkContext._gateway
        assert gateway is not None
        about = gateway.gateway_parameters
        spark.stop()
        sys.stdout.write(f"{KEPT} {about.port} {about.auth_token}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    keep()
