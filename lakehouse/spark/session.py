"""One Spark session for the whole process, with Delta, in UTC, tuned for small machines."""

import logging
import os
import sys
import time
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.errors import SetupError
from lakehouse.places import endpoint, region
from lakehouse.quiet import stderr_in
from lakehouse.settings import Settings
from lakehouse.spark import log_store


def spark_session(settings: Settings, log: Path | None = None) -> SparkSession:
    """The session of a profile; the first call starts the JVM, later calls return the same.

    `log`: where the JVM's own lines go; by default a file of the lakehouse folder.
    Raises SetupError where the Delta jars have not been resolved. Of a JVM that spark-submit has
    started, master, memory, jars and log are spark-submit's.
    """
    if "PYSPARK_GATEWAY_PORT" in os.environ:
        return _submitted(settings)
    jars = sorted(settings.jars.glob("*.jar"))
    if not any("delta-spark" in jar.name for jar in jars):
        raise SetupError(
            f"Expected the Delta jars in {settings.jars}; found {len(jars)} jars. Run 'make setup'."
        )
    if not isinstance(settings.lakehouse, Path):
        jars += _s3_jars(settings.s3_jars)
    os.environ["TZ"] = "UTC"
    time.tzset()
    os.environ["PYSPARK_PYTHON"] = sys.executable
    if _is_local(settings):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.appName("gridcast").master(settings.spark_master)
    for key, value in _options(settings, jars).items():
        builder = builder.config(key, value)
    log = log or settings.here / "logs" / "spark.log"
    with stderr_in(None if settings.verbose else log):
        spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("WARN" if settings.verbose else "ERROR")
    if not settings.verbose:
        logging.getLogger().addFilter(_is_not_raised)
    return spark


def _is_not_raised(record: logging.LogRecord) -> bool:
    """py4j logs with a trace what it raises anyway: where a JVM ends with its command, that is all
    that would be seen of it."""
    return "py4j" not in Path(record.pathname).parts


def _submitted(settings: Settings) -> SparkSession:
    os.environ["TZ"] = "UTC"
    time.tzset()
    builder = SparkSession.builder.appName("gridcast")
    ours = ("spark.sql.", "spark.databricks.", "spark.delta.", "spark.hadoop.")
    for key, value in _options(settings, []).items():
        if key.startswith(ours):
            builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("WARN")
    return spark


def end_session() -> None:
    """Stop the session of this process, if there is one: Spark closes its log of events."""
    spark = SparkSession.getActiveSession()
    if spark:
        spark.stop()


def _is_local(settings: Settings) -> bool:
    """Whether driver and executor are one process."""
    return settings.spark_master.partition("[")[0] == "local"


def _options(settings: Settings, jars: list[Path]) -> dict[str, str]:
    class_path = ":".join(str(jar) for jar in jars)
    log4j = Path(__file__).with_name("log4j2.properties")
    java = f"-Duser.timezone=UTC -Dlog4j2.configurationFile={log4j.as_uri()} "
    java += settings.spark_jvm_options
    # Executors in processes of their own inherit nothing: on their machines, which have the
    # same paths, they find what the driver finds here.
    where = (
        {"spark.driver.host": "127.0.0.1"}
        if _is_local(settings)
        else {
            "spark.executor.extraClassPath": class_path,
            "spark.executor.extraJavaOptions": java,
            "spark.executorEnv.TZ": "UTC",
        }
    )
    return {
        **where,
        "spark.driver.extraClassPath": class_path,
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.driver.extraJavaOptions": java,
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": str(settings.here / "warehouse"),
        "spark.sql.session.timeZone": "UTC",
        # Small data on a big engine: re-planning between stages costs more than it finds.
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        # The old type's footers tell no least and greatest time.
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        # JSON read from a file gives the same texts as JSON read from a column.
        "spark.sql.json.enableExactStringParsing": "false",
        "spark.sql.mapKeyDedupPolicy": "LAST_WIN",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.databricks.delta.properties.defaults.enableDeletionVectors": "false",
        "spark.python.worker.faulthandler.enabled": "true",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        **({} if isinstance(settings.lakehouse, Path) else _s3_options()),
        **settings.spark_options,
    }


def _s3_jars(folder: Path) -> list[Path]:
    jars = sorted(folder.glob("*.jar"))
    if not any("hadoop-aws" in jar.name for jar in jars):
        raise SetupError(
            f"Expected the jars for a lakehouse on S3 in {folder}; found {len(jars)} jars. Run "
            "'make setup-s3', which fetches 650 MB once."
        )
    log_jar = log_store.jar(folder)
    if not log_jar.exists():
        raise SetupError(f"Expected {log_jar}; run 'make setup-s3'.")
    return [*jars, log_jar]


def _s3_options() -> dict[str, str]:
    """S3A by the credentials that AWS's own variables and roles give; a commit of Delta's log is
    never put where there is one already."""
    options = {
        "spark.delta.logStore.s3a.impl": log_store.NAME,
        "spark.hadoop.fs.s3a.create.conditional.enabled": "true",
    }
    if address := endpoint():
        options["spark.hadoop.fs.s3a.endpoint"] = address
        options["spark.hadoop.fs.s3a.path.style.access"] = "true"
    if name := region():
        options["spark.hadoop.fs.s3a.endpoint.region"] = name
    return options
