"""Several writers of a table on S3, through Spark: no commit is lost, and none comes too late."""

from contextlib import nullcontext

import pytest
from pyspark.sql import SparkSession

from lakehouse.arrow import FENCE, ArrowTables
from lakehouse.errors import BusyError
from lakehouse.leases import Lease
from lakehouse.places import Place, spark_uri
from lakehouse.spark.local import local_frame
from lakehouse.spark.parallel import side_by_side
from lakehouse.spark.tables import SparkTables, struct_type
from lakehouse.tables.gold import INCIDENTS
from lakehouse.tables.silver import OBSERVATIONS
from tests.faults.test_two_writers import ALL, written_by_two
from tests.faults.writer import row

ABOUT = {"process": "1", "host": "h", "command": "c", "since": "s"}


def test_two_jvms_that_write_a_table_on_s3_at_once_lose_nothing(lakehouse: Place) -> None:
    assert written_by_two(lakehouse) == ALL


def test_a_commit_is_never_put_in_the_place_of_another(
    spark: SparkSession, lakehouse: Place
) -> None:
    """Two that look at a table at once want the same version: S3 refuses the second."""
    path = spark_uri(lakehouse / "_delta_log" / "00000000000000000000.json")
    jvm, conf = spark._jvm, spark._jsc.hadoopConfiguration()
    assert jvm is not None
    store = jvm.PutIfAbsent(conf)
    file = jvm.org.apache.hadoop.fs.Path(path)

    def write(text: str) -> None:
        store.write(file, jvm.java.util.List.of(text).iterator(), False, conf)

    write("one")
    with pytest.raises(Exception, match="FileAlreadyExistsException"):
        write("other")
    assert (lakehouse / "_delta_log" / "00000000000000000000.json").read_text() == "one\n"

    # It looks first; of two that both found nothing S3 decides.
    racing = path.replace("0.json", "1.json")
    files = file.getFileSystem(conf)
    key = "fs.option.create.conditional.overwrite"
    out = files.createFile(jvm.org.apache.hadoop.fs.Path(racing)).must(key, True).build()
    (lakehouse / "_delta_log" / "00000000000000000001.json").write_text("other")
    with pytest.raises(Exception, match="RemoteFileChangedException"):
        out.close()


def test_a_writer_that_wakes_up_after_its_lease_is_refused_by_delta(
    spark: SparkSession, lakehouse: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it believes that it still holds it: its number is smaller."""
    arrow = ArrowTables(lakehouse)
    arrow.create_missing([OBSERVATIONS])
    tables = SparkTables(spark, arrow)
    held, successor = (Lease(lakehouse / ".lanes" / "l.lock", ABOUT) for _ in range(2))
    assert held.take()
    held.release()
    assert successor.take()
    monkeypatch.setattr(held, "_good_until", float("inf"))

    def append(lease: Lease, series_id: str) -> None:
        monkeypatch.setattr(arrow, "lane", lambda table: nullcontext(lease))
        rows = [row(series_id, 0, 1.0)]
        tables.append(OBSERVATIONS, local_frame(spark, rows, struct_type(OBSERVATIONS)))

    append(held, "before")
    append(successor, "after")
    monkeypatch.setattr(held, "check", lambda: None)
    append(held, "late")  # Delta passes over it; `check` would have told
    monkeypatch.undo()
    assert {one["series_id"] for one in arrow.rows(OBSERVATIONS)} == {"before", "after"}
    with pytest.raises(BusyError):
        held.check()
    successor.release()


def test_writers_of_two_tables_in_one_session_have_each_its_own_lease(
    spark: SparkSession, lakehouse: Place
) -> None:
    """Though the options of a merge are the session's, which all threads share."""
    arrow = ArrowTables(lakehouse)
    arrow.create_missing([OBSERVATIONS, INCIDENTS])
    tables = SparkTables(spark, arrow)
    rounds = range(4)

    def merge() -> None:
        nothing = local_frame(spark, [], struct_type(OBSERVATIONS))
        for number in rounds:
            rows = [row(f"series {number}", 0, 1.0)]
            wanted = local_frame(spark, rows, struct_type(OBSERVATIONS))
            tables.replace_keys(OBSERVATIONS, wanted, nothing)

    def append() -> None:
        for number in rounds:
            rows = [INCIDENTS.row(incident_id=str(number))]
            tables.append(INCIDENTS, local_frame(spark, rows, struct_type(INCIDENTS)))

    side_by_side(merge, append)
    assert arrow.count(OBSERVATIONS) == arrow.count(INCIDENTS) == len(rounds)
    for table in (OBSERVATIONS, INCIDENTS):
        held = arrow.open(table).transaction_version(FENCE)
        with arrow.lane(table) as lease:
            assert lease is not None and held < lease.fence()
