"""Spark SQL for people: rows, or a sentence that says what is wrong with the query."""

import re

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.logger import PySparkLogger

from lakehouse.errors import BadInput
from lakehouse.spark.tables import SparkTables

_READS = ("SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "VALUES", "TABLE", "FROM")
#: What Spark also takes after WITH or FROM.
_WRITES = re.compile(
    r"\b(INSERT\s+(INTO|OVERWRITE)|DELETE\s+FROM|MERGE\s+INTO|UPDATE\s.*\bSET)\b", re.I | re.S
)
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.S)
_BEFORE_FIRST_WORD = re.compile(r"^(\s|\(|--[^\n]*\n|/\*.*?\*/)+", re.S)


def ask(tables: SparkTables, query: str) -> pa.Table:
    """The rows of a query over the tables by name.

    Raises BadInput for a statement that does not only read, and for one that Spark refuses.
    """
    words = _BEFORE_FIRST_WORD.sub("", query).split(maxsplit=1)
    if not words or words[0].upper() not in _READS or _WRITES.search(_QUOTED.sub(" ", query)):
        raise BadInput(
            f"Expected a query that only reads and starts with one of {', '.join(_READS)}; "
            f"got '{query[:60]}'."
        )
    tables.register()
    # It would write a refused query's trace to standard error, where the sentence belongs. Whoever
    # configures logging meanwhile, as Prefect does, switches it on again.
    PySparkLogger.getLogger("SQLQueryContextLogger").disabled = True
    try:
        return tables.spark.sql(query).toArrow()
    except PySparkException as fault:
        raise BadInput(_sentence(fault)) from fault


def _sentence(fault: PySparkException) -> str:
    """Spark's message without its plan and trace."""
    text = str(fault).split("\n\nJVM")[0].split(";\n")[0].split("== SQL ==")[0]
    return (
        f"{' '.join(text.split())} 'SHOW TABLES IN gold' lists the tables; "
        "\"SHOW USER FUNCTIONS LIKE '*_as_of'\" those who answer as of a moment."
    )
