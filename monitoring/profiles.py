"""Profiles: what a feature table looked like, as whylogs bytes that merge across days.

A profile holds, per numeric column, the number of rows, the number of missing values and a KLL
quantile sketch. It is a pure function of the values: no clock enters it, and the bytes are
canonical (whylogs itself stamps the time of day and writes protobuf maps in an order that differs
from process to process, so the same rows would give other bytes at every run).
"""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from numbers import Number
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lakehouse.errors import BadInput

if TYPE_CHECKING:
    from whylogs.core import DatasetProfileView

# whylogs reads this when it is imported, and reports its use to its makers without it.
os.environ["WHYLOGS_NO_ANALYTICS"] = "True"
# Without a handler of its own whylogs prints on stderr what read() says in its BadInput.
logging.getLogger("whylogs").addHandler(logging.NullHandler())

# A sketch keeps every value until it holds this many, so up to here merging is exact and
# repeatable; beyond, KLL compresses at random with a rank error near 0.01 %.
EXACT_VALUES = 32_768
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_MAGIC = b"WHY1"


def profile(frame: pd.DataFrame) -> bytes:
    """Profile the numeric columns of a feature table.

    frame: one row per series and hour; numbers and booleans (0 and 1) are profiled in their own
    units; None, NaN and infinities count as missing. Columns of text or time are left out; an
    object column without any value is kept, as a feature that is missing throughout.
    Returns the serialised whylogs profile. Raises BadInput where no column is numeric.
    """
    from whylogs.core import DatasetProfile, DatasetSchema
    from whylogs.core.metrics.metrics import MetricConfig
    from whylogs.core.resolvers import LimitedTrackingResolver

    numeric = _numeric(frame)
    schema = DatasetSchema(
        resolvers=LimitedTrackingResolver(),
        default_configs=MetricConfig(large_kll_k=True, kll_k_large=EXACT_VALUES),
    )
    logged = DatasetProfile(schema, dataset_timestamp=_NO_TIME, creation_timestamp=_NO_TIME)
    logged.track(pandas=numeric)
    return _canonical(logged.view().serialize())


def read(payload: bytes) -> DatasetProfileView:
    """The whylogs view of a profile made by `profile` or `merge`.

    Raises BadInput, saying what could not be read, where the bytes are not a whole profile.
    """
    from whylogs.core import DatasetProfileView

    try:
        return DatasetProfileView.deserialize(bytes(payload))
    except Exception as error:  # whylogs and protobuf raise many kinds on corrupt bytes
        raise BadInput(
            f"Expected a serialised whylogs profile, got {len(payload)} bytes starting with "
            f"{bytes(payload[:8])!r} that cannot be read ({type(error).__name__}: {error}). "
            "Make the profiles anew with 'gridcast rebuild gold'."
        ) from error


def merge(payloads: Sequence[bytes]) -> bytes:
    """One profile of all rows of several, for instance a reference over many days.

    Equal to the profile of the rows put together, in whatever order the payloads come (exactly,
    up to EXACT_VALUES values per feature). A column that only some have is merged over those.
    Raises BadInput for an empty list or unreadable bytes.
    """
    if not payloads:
        raise BadInput(
            "Expected at least one profile to merge, got none. "
            "Choose a reference period for which profiles exist."
        )
    first, *others = sorted(payloads)
    merged = read(first)
    for payload in others:
        merged = merged.merge(read(payload))
    return _canonical(merged.serialize())


def _numeric(frame: pd.DataFrame) -> pd.DataFrame:
    columns = {str(name): _floats(frame[name]) for name in frame.columns}
    numeric = {name: values for name, values in columns.items() if values is not None}
    if not numeric:
        raise BadInput(
            f"Expected a frame with numeric feature columns, got {list(frame.columns)}. "
            "Select the feature columns before profiling."
        )
    floats = pd.DataFrame(numeric, index=frame.index)
    return floats.replace([np.inf, -np.inf], np.nan)


def _floats(column: pd.Series[Any]) -> pd.Series[Any] | None:
    """The column as float64, or None where it holds something else than numbers."""
    if pd.api.types.is_object_dtype(column.dtype):
        present = column.dropna()
        if not present.map(lambda value: isinstance(value, Number)).all():
            return None
    elif not pd.api.types.is_numeric_dtype(column.dtype):
        return None
    return pd.Series(column.to_numpy(dtype=float, na_value=np.nan), index=column.index)


def _canonical(payload: bytes) -> bytes:
    """The same profile with every protobuf map in sorted order. The lengths do not change."""
    from whylogs.core.proto import (
        ChunkHeader,
        ChunkMessage,
        DatasetProfileHeader,
        DatasetSegmentHeader,
    )
    from whylogs.core.utils import read_delimited_protobuf

    source, target = io.BytesIO(payload), io.BytesIO()
    target.write(source.read(len(_MAGIC)))
    _write_delimited(target, read_delimited_protobuf(source, DatasetSegmentHeader))
    header = read_delimited_protobuf(source, DatasetProfileHeader)
    _write_delimited(target, header)
    for _ in header.column_offsets:
        chunk = read_delimited_protobuf(source, ChunkHeader)
        _write_delimited(target, chunk)
        message = ChunkMessage.FromString(source.read(chunk.length))
        target.write(message.SerializeToString(deterministic=True))
    return target.getvalue()


def _write_delimited(target: io.BytesIO, message: Any) -> None:
    raw = message.SerializeToString(deterministic=True)
    length = len(raw)
    while length > 127:
        target.write(bytes([length & 127 | 128]))
        length >>= 7
    target.write(bytes([length]))
    target.write(raw)
