"""A file becomes regular series, or one sentence says why not."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lakehouse.errors import BadInput
from lakehouse.settings import PROJECT
from models.backtest.history import Columns, read

CONSUMPTION = PROJECT.parent / "shared/data/eds/ConsumptionIndustry_851_Privat.csv.gz"
PLAIN = Columns("time", "load", ("wind",))
Write = Callable[[pd.DataFrame], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(frame: pd.DataFrame) -> Path:
        frame.to_csv(tmp_path / "a.csv", index=False)
        return tmp_path / "a.csv"

    return written


def test_the_same_rows_are_read_however_they_are_written(frame, tmp_path: Path) -> None:
    shuffled = frame.sample(frac=1.0, random_state=1)
    files = {name: tmp_path / name for name in ("a.csv", "b.csv.gz", "c.csv", "d.parquet")}
    frame.to_csv(files["a.csv"], index=False)
    text = shuffled.rename(columns={"load": " load "}).to_csv(index=False, sep=";", decimal=",")
    files["b.csv.gz"].write_bytes(gzip.compress(text.encode("utf-8-sig")))
    files["c.csv"].write_text(frame.to_csv(index=False, sep="\t"))
    frame.assign(time=pd.to_datetime(frame["time"])).to_parquet(files["d.parquet"])
    first, *others = (read(path, PLAIN) for path in files.values())
    assert first.values.shape == (1, len(frame)) and first.minutes == 60
    assert np.allclose(first.values[0], frame["load"])
    for other in others:
        assert np.allclose(other.values, first.values) and np.allclose(other.known, first.known)
        assert other.start == first.start


def test_an_hour_that_the_clock_shows_twice_is_told_apart_by_its_place(write: Write) -> None:
    instants = pd.date_range("2024-10-26T22:00Z", periods=50, freq="h")
    wall = instants.tz_convert("Europe/Copenhagen").strftime("%Y-%m-%d %H:%M")
    frame = pd.DataFrame({"time": wall, "load": np.arange(50.0), "wind": 0.0})
    history = read(write(frame), replace(PLAIN, timezone="Europe/Copenhagen"))
    assert (history.times == instants).all()
    assert np.array_equal(history.values[0], np.arange(50.0))


def test_several_series_lie_on_one_grid_and_unequal_ends_stay_unknown(write: Write, frame) -> None:
    both = pd.concat([frame.assign(id="b"), frame.iloc[48:].assign(id="a")])
    history = read(write(both), replace(PLAIN, series_id="id"))
    assert list(history.series_id) == ["a", "b"]
    assert np.isnan(history.values[0, :48]).all() and not np.isnan(history.values[0, 48:]).any()


@pytest.mark.skipif(not CONSUMPTION.exists(), reason="the recorded exports are not here")
def test_recorded_wall_clock_times_are_the_recorded_instants() -> None:
    columns = Columns(
        "HourUTC", "ConsumptionkWh", time_is_local=False, timezone="Europe/Copenhagen"
    )
    by_utc = read(CONSUMPTION, columns)
    by_clock = read(CONSUMPTION, replace(columns, time="HourDK", time_is_local=True))
    differing = by_utc.times[by_utc.values[0] != by_clock.values[0]]
    # One autumn the file itself has its two hours the other way round.
    assert by_utc.start == by_clock.start and {t.date().isoformat() for t in differing} == {
        "2021-10-31"
    }


def test_gaps_are_refused_unless_they_are_allowed(write: Write, frame) -> None:
    holes = frame.drop(index=range(100, 103))
    with pytest.raises(BadInput, match=r"load has no value for 3 intervals.*2024-01-05 04:00"):
        read(write(holes), PLAIN)
    history = read(write(holes), replace(PLAIN, allow_gaps=True))
    assert np.flatnonzero(np.isnan(history.values[0])).tolist() == [100, 101, 102]


@pytest.mark.parametrize(
    ("spoil", "columns", "sentence"),
    [
        (lambda f: f, replace(PLAIN, target="lod"), r"Expected the columns \['lod'\].*it has"),
        (lambda f: f.iloc[:0], PLAIN, "Expected rows"),
        (lambda f: f.assign(time="soon"), PLAIN, "row 2 has 'soon'"),
        (lambda f: f.assign(load="much"), PLAIN, "Expected numbers in the column 'load'"),
        (lambda f: pd.concat([f, f.tail(2)]), PLAIN, "2 rows repeat one, first 2024-05-29 22:00"),
        (lambda f: f.iloc[::2], PLAIN, "here most are 120 minutes apart"),
        (lambda f: f, replace(PLAIN, timezone="Moon/Sea"), "Expected a time zone"),
        (lambda f: f, replace(PLAIN, timezone="Europe/Paris"), "--timezone none"),
        (lambda f: f.assign(load=np.nan), PLAIN, "every one is empty"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence(
    write: Write, frame, spoil, columns: Columns, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence) as told:
        read(write(spoil(frame)), columns)
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there_or_no_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read: No such file"):
        read(tmp_path / "none.csv", PLAIN)
    for broken in (b"\x1f\x8bnot really", gzip.compress(b"time;load\n" * 99)[:-9]):
        (tmp_path / "bad.csv").write_bytes(broken)
        with pytest.raises(BadInput, match=r"bad\.csv begins like gzip, but cannot be unpacked"):
            read(tmp_path / "bad.csv", PLAIN)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(BadInput, match="is not a table that can be read"):
        read(tmp_path / "bad.parquet", PLAIN)
