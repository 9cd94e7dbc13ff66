"""Delta's log on S3: compiles `PutIfAbsent`, once, with the compiler that Spark brings along."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pyspark import SparkConf
from pyspark.java_gateway import launch_gateway

NAME = "PutIfAbsent"
_SOURCE = Path(__file__).with_name(f"{NAME}.java")


def classes(jars: Path) -> Path:
    """The folder of its class, below that of the jars for S3; another for another source."""
    return jars / f"classes-{hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:12]}"


def is_compiled(jars: Path) -> bool:
    """Whether the class is there."""
    return (classes(jars) / f"{NAME}.class").exists()


def compile_into(jars: Path, class_path: Sequence[Path]) -> None:
    """Make the class, with Delta's jars and those for S3; in a JVM that lives for as long."""
    path = ":".join(str(jar) for jar in class_path)
    gateway = launch_gateway(  # type: ignore[no-untyped-call]
        SparkConf().set("spark.driver.extraClassPath", path)
    )
    try:
        compiler = gateway.jvm.org.codehaus.janino.SimpleCompiler()
        compiler.cook(_SOURCE.read_text())
        folder = classes(jars)
        folder.mkdir(exist_ok=True)
        (folder / f"{NAME}.class").write_bytes(bytes(compiler.getBytecodes()[NAME]))
    finally:
        gateway.shutdown()
