"""Any file at all is read whole or refused with the reason: one that crashed would stop a build."""

from random import Random

import pytest

from lakehouse.errors import BadInput
from spark_jobs.file_records import file_records
from tests.fuzzed_files import file


@pytest.mark.parametrize("count", [400, pytest.param(50_000, marks=pytest.mark.fuzz)])
def test_any_file_has_records_or_a_reason(count: int) -> None:
    random = Random(20241018)
    ends = {"read": 0, "refused": 0}
    for _ in range(count):
        try:
            found = file_records(*file(random))
        except BadInput as fault:
            ends["refused"] += bool(str(fault))
        else:
            texts = (value for record in found.records for value in record.values())
            assert all(value is None or isinstance(value, str) for value in texts)
            ends["read"] += 1
    assert sum(ends.values()) == count
    assert min(ends.values()) > count / 10, ends
