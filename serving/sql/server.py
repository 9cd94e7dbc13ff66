"""The Thrift server that Spark brings, over the tables of one lakehouse folder, on a port."""

import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from lakehouse.arrow import ArrowTables
from lakehouse.errors import SetupError
from lakehouse.settings import Settings
from lakehouse.spark.session import spark_session
from lakehouse.spark.tables import SparkTables
from lakehouse.tables import TABLES
from serving.ports import free_port
from serving.sql.read_only import make_new_sessions_read_only

_START_SECONDS = 60.0
_NO_METASTORE = (
    "org.apache.hadoop.hive.ql.security.authorization.plugin.fallback.FallbackHiveAuthorizerFactory"
)


@dataclass(frozen=True)
class SqlServer:
    """A server that answers: its port, and the session that it lives in."""

    port: int
    spark: SparkSession

    def wait(self) -> None:
        """Until Ctrl-C. Raises SetupError where the server ends by itself."""
        gateway = self.spark.sparkContext._gateway
        assert gateway is not None
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            code = gateway.proc.wait()
            raise SetupError(
                f"The SQL server ended by itself (exit code {code}), perhaps for want of memory: "
                "give it more with GRIDCAST_SPARK_DRIVER_MEMORY, such as 4g, and start it again."
            )


@contextmanager
def sql_server(settings: Settings, host: str, port: int) -> Iterator[SqlServer]:
    """A server over the lakehouse of the settings; port 0 is any free one. Writes nothing there.

    Raises SetupError where the port is taken, and TableError where a table is missing.
    """
    bound = free_port(host, port, "SQL server")
    ArrowTables(settings.lakehouse).versions(TABLES)
    with tempfile.TemporaryDirectory(prefix="gridcast-sql-", ignore_cleanup_errors=True) as scratch:
        options = settings.spark_options | _options(host, bound, scratch)
        served = settings.model_copy(update={"spark_options": options})
        spark = spark_session(served, Path(scratch, "spark.log"))
        try:
            make_new_sessions_read_only(spark)
            SparkTables(spark, settings.lakehouse).register_for_readers()
            jvm = spark._jvm
            assert jvm is not None
            thrift = jvm.org.apache.spark.sql.hive.thriftserver.HiveThriftServer2
            running = thrift.startWithSparkSession(spark._jsparkSession, False)
            _await(host, bound)
            yield SqlServer(bound, spark)
            with suppress(OSError, Py4JError):  # where the JVM was told to end, too, it is gone
                running.stop()
        finally:
            with suppress(OSError, Py4JError):
                spark.stop()


def _options(host: str, port: int, scratch: str) -> dict[str, str]:
    """All that Spark and Hive put down goes to a folder that is removed in the end."""
    return {
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": os.path.join(scratch, "warehouse"),
        "spark.local.dir": scratch,
        # A result is handed over part by part and need not fit into memory.
        "spark.sql.thriftServer.incrementalCollect": "true",
        "spark.hadoop.hive.server2.thrift.bind.host": host,
        "spark.hadoop.hive.server2.thrift.port": str(port),
        "spark.hadoop.hive.server2.enable.doAs": "false",
        "spark.hadoop.hive.server2.logging.operation.enabled": "false",
        # There is no metastore. Hive looks for one when a tool lists tables, to learn who may see
        # them, and when a connection ends: ask nobody, and give up at once.
        "spark.hadoop.hive.security.authorization.manager": _NO_METASTORE,
        "spark.hadoop.hive.internal.ss.authz.settings.applied.marker": "true",
        "spark.hadoop.hive.metastore.rawstore.impl": "none",
        "spark.hadoop.hive.hmshandler.retry.attempts": "0",
        "spark.hadoop.hive.exec.scratchdir": os.path.join(scratch, "hive"),
        "spark.hadoop.hive.exec.local.scratchdir": os.path.join(scratch, "hive-local"),
        "spark.hadoop.hive.downloaded.resources.dir": os.path.join(scratch, "resources"),
    }


def _await(host: str, port: int) -> None:
    """Return once the port answers: the server opens it in a thread of its own."""
    begun = time.monotonic()
    while time.monotonic() - begun < _START_SECONDS:
        with suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.1)
    raise SetupError(
        f"Expected the SQL server to answer at {host}:{port} within {_START_SECONDS:.0f} s; it "
        "does not. 'gridcast --verbose serve sql' shows what Spark says."
    )
