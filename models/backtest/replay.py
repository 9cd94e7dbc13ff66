"""What a backtest lives through: days in a row, and what was known at the origin of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.backtest.history import History
from models.samples import Floats, Mask, Samples, Times

Positions = npt.NDArray[np.int64]

_NEVER = np.datetime64("9999-01-01", "us")


class Replay(Protocol):
    """Days whose samples lie day by day, and within a day in the order of `history.series_id`."""

    @property
    def name(self) -> str:
        """What it is a replay of, for people."""

    @property
    def told(self) -> str:
        """A sentence: when days are forecast, and what was known then."""

    @property
    def mark(self) -> str:
        """Equal for equal replays."""

    @property
    def history(self) -> History:
        """The newest truth, as regular series."""

    @property
    def days(self) -> Sequence[date]:
        """d local days in a row."""

    @property
    def origins(self) -> Times:
        """(d,) when each day is forecast."""

    @property
    def truth(self) -> "Truth":
        """Of the samples of all days."""

    def samples(self, first: int, end: int) -> Samples:
        """What was known at the origins of the days at positions `first` to before `end`, with
        the newest truth."""


@dataclass(frozen=True)
class Truth:
    """Every value that the targets of n samples came to have, and from when to when it held.

    All but the shape are (m,), one for each value. NaN says that a value was taken back.
    """

    shape: tuple[int, int]  # (n, T)
    row: Positions
    place: Positions  # in the target
    known_at: Times
    superseded_at: Times
    value: Floats

    def at(self, moment: np.datetime64) -> Floats:
        """(n, T) the targets as they were known at a moment; NaN is not known."""
        held = (self.known_at <= moment) & (moment < self.superseded_at)
        target = np.full(self.shape, np.nan)
        target[self.row[held], self.place[held]] = self.value[held]
        return target

    def select(self, rows: Mask) -> "Truth":
        """The truth of the samples where `rows` (n,) is true."""
        held = rows[self.row]
        number = np.cumsum(rows) - 1
        return replace(
            self,
            shape=(int(rows.sum()), self.shape[1]),
            row=number[self.row[held]], place=self.place[held], known_at=self.known_at[held],
            superseded_at=self.superseded_at[held], value=self.value[held],
        )  # fmt: skip


def truth_of(
    shape: tuple[int, int], row: Positions, place: Positions, known_at: Times, value: Floats
) -> Truth:
    """The truth from values in any order, all (m,): each holds until the next of its interval."""
    order = np.lexsort((known_at, place, row))
    row, place, known_at, value = (part[order] for part in (row, place, known_at, value))
    following = np.append(known_at[1:], _NEVER)
    same = np.append((row[1:] == row[:-1]) & (place[1:] == place[:-1]), False)
    return Truth(shape, row, place, known_at, np.where(same, following, _NEVER), value)


def known_days(target: Floats, n_series: int) -> Mask:
    """(d,) days on which a target of any series is known; target: (d * n_series, T)."""
    known = ~np.isnan(target).all(axis=1)
    return np.asarray(known.reshape(-1, n_series).any(axis=1))


def days_until_newest(target: Floats, n_series: int) -> int:
    """How many days reach to the newest on which anything is known: see `known_days`."""
    known = np.flatnonzero(known_days(target, n_series))
    return int(known[-1]) + 1 if len(known) else 0
