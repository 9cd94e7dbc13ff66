"""The big image runs Spark, and answers SQL, as a user who may write only the volume and /tmp."""

import shutil
from collections.abc import Iterator

import pytest
import stamina
from pyhive import hive

from lakehouse.arrow import ArrowTables
from lakehouse.settings import PROJECT
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.silver import OBSERVATIONS
from tests.containers.image import Image, image
from tests.containers.test_compose import SERVICES, command, health
from tests.serving.dashboards.stage import free_port

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def worker() -> Iterator[Image]:
    """With the jars, and with tables as the service that makes them leaves them."""
    with image("worker", None) as found:
        shutil.copytree(PROJECT / ".jars", found.app / ".jars")
        done = found.run(command("tables"))
        assert done.returncode == 0, done.stderr
        yield found


def test_flows_collect_and_build(worker: Image) -> None:
    for flow in ("ingest", "build"):
        scratch = SERVICES["worker"]["environment"]["SPARK_LOCAL_DIRS"]
        done = worker.run(
            ["python", "-m", "gridcast.main", "run", flow],
            SPARK_LOCAL_DIRS=scratch.replace("/data", str(worker.data)),
        )
        assert done.returncode == 0, done.stderr
    arrow = ArrowTables(worker.data / "lakehouse")
    assert arrow.rows(LANDINGS)
    assert arrow.rows(OBSERVATIONS)
    assert (worker.data / "spark").is_dir()


def test_sql_is_answered_without_writing_anything(worker: Image) -> None:
    port = str(free_port())
    words = [port if word == "10000" else word for word in command("sql")]
    check = [port if word == "10000" else word for word in health("sql")]
    shutil.copytree(worker.data, worker.app / "read-only")
    lakehouse = str(worker.app / "read-only" / "lakehouse")
    with worker.running(words, GRIDCAST_LAKEHOUSE=lakehouse) as process:
        for attempt in stamina.retry_context(on=AssertionError, timeout=150, attempts=None):
            with attempt:
                assert process.poll() is None or pytest.fail(worker.log())
                seen = worker.run(check)
                assert seen.returncode == 0, seen.stderr
        with hive.connect("127.0.0.1", int(port)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM gold.forecasts")
            assert cursor.fetchall() == [(0,)]
