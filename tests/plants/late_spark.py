"""For pytest, with -p: Spark starts when a test asks it for something.

Many tests have a small lakehouse and never ask Spark: one by one they would spend most of their
time on its start.
"""

from typing import Any

from pyspark.sql import SparkSession

from lakehouse.settings import Settings
from lakehouse.spark import session
from tests import small_lakehouse

_start = session.spark_session
_forget_logs = small_lakehouse.forget_logs


class LateSession:
    """Stands for a session, and becomes it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session: SparkSession | None = None

    @property
    def has_started(self) -> bool:
        return self._session is not None

    def __getattr__(self, name: str) -> Any:
        if self._session is None:
            self._session = _start(self._settings)
        return getattr(self._session, name)


def forget_logs(spark: Any) -> None:
    """There are none before it has started."""
    if not isinstance(spark, LateSession) or spark.has_started:
        _forget_logs(spark)


vars(session)["spark_session"] = LateSession
vars(small_lakehouse)["forget_logs"] = forget_logs
