"""Delta's log on S3: compiles `PutIfAbsent`, once, with the compiler that Spark brings along."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

from pyspark import SparkConf
from pyspark.java_gateway import launch_gateway

NAME = "PutIfAbsent"
_SOURCE = Path(__file__).with_name(f"{NAME}.java")


def jar(jars: Path) -> Path:
    """The jar of its class, below the folder of the jars for S3; another for another source."""
    source = hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:12]
    return jars / f"log-store-{source}" / f"{NAME}.jar"


def compile_into(jars: Path, class_path: Sequence[Path]) -> None:
    """Make the jar, with Delta's jars and those for S3; in a JVM that lives for as long."""
    path = ":".join(str(jar) for jar in class_path)
    gateway = launch_gateway(  # type: ignore[no-untyped-call]
        SparkConf().set("spark.driver.extraClassPath", path)
    )
    try:
        compiler = gateway.jvm.org.codehaus.janino.SimpleCompiler()
        compiler.cook(_SOURCE.read_text())
        code = bytes(compiler.getBytecodes()[NAME])
    finally:
        gateway.shutdown()
    made = jar(jars)
    made.parent.mkdir(exist_ok=True)
    partial = made.with_suffix(".partial")
    with ZipFile(partial, "w") as archive:
        archive.writestr(f"{NAME}.class", code)
    partial.rename(made)
