"""A history made of a daily and weekly rhythm, a known wind that moves it, and noise."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.backtest.days import Daily, FileReplay
from models.backtest.history import Columns, History, read

DAYS = 150
COLUMNS = Columns("time", "load", ("wind",))


def frame_of(days: int = DAYS, seed: int = 0) -> pd.DataFrame:
    hours = np.arange(days * 24)
    random = np.random.default_rng(seed)
    wind = 5.0 + 3.0 * np.sin(hours / 17.0) + random.normal(0.0, 0.5, len(hours))
    rhythm = 10.0 * np.sin(hours * 2.0 * np.pi / 24.0) - 6.0 * (hours // 24 % 7 >= 5)
    load = 50.0 + rhythm - 2.0 * wind + random.normal(0.0, 0.5, len(hours))
    times = pd.date_range("2024-01-01", periods=len(hours), freq="h")
    return pd.DataFrame({"time": times.strftime("%Y-%m-%d %H:%M"), "load": load, "wind": wind})


@pytest.fixture
def frame() -> pd.DataFrame:
    return frame_of()


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backtest") / "load.csv"
    frame_of().to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def history(file: Path) -> History:
    return read(file, COLUMNS)


@pytest.fixture(scope="session")
def replay(history: History) -> FileReplay:
    return FileReplay("load.csv", history, Daily())
