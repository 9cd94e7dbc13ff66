"""`gridcast export-champion`: the model in charge, in a folder for the scorer."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lakehouse.tables import TABLES
from lakehouse.tables.gold import PROMOTIONS
from lakehouse.time import parse_utc
from models.linear import fit
from models.samples import from_rows
from models.trained import LINEAR, Trained
from serving.scorer.champion import Champion, read
from tests.gridcast.conftest import Gridcast, assert_one_sentence
from tests.models.conftest import daily_shape, sample_row
from tests.worlds import World

GROUP = "day_ahead_price"


def decided(model: str, version: str, at: str) -> dict[str, object]:
    return PROMOTIONS.row(
        series_group=GROUP, decided_at=parse_utc(at), turn=1, promoted=True,
        champion_model=model, champion_version=version,
    )  # fmt: skip


@pytest.fixture
def trained(world: World) -> Trained:
    """In charge since the day before the sample's clock starts; another one takes over after it."""
    days = pd.date_range("2024-03-01", periods=60).strftime("%Y-%m-%d")
    samples = from_rows(pd.DataFrame([sample_row(day, daily_shape) for day in days]))
    model = Trained(LINEAR, fit(samples, [28, 40]), {"dk1.test": np.array([2.0, 1.5, 1.0])})
    model.save(world.folder / "models" / GROUP / LINEAR / "1")
    world.arrow.create_missing(TABLES)
    in_order = [
        decided(LINEAR, "1", "2024-10-01T07:30Z"),
        decided(LINEAR, "2", "2024-12-01T07:30Z"),
    ]
    world.arrow.append(PROMOTIONS, in_order)
    return model


def test_the_model_in_charge_can_be_taken_away(
    gridcast: Gridcast, trained: Trained, tmp_path: Path
) -> None:
    folder = tmp_path / "champion"
    said = gridcast("export-champion", GROUP, str(folder))
    assert (said.code, said.err) == (0, f"{GROUP}: linear 1 is in {folder}.\n")
    who, model = read(folder)
    assert who == Champion(GROUP, LINEAR, "1")
    samples = from_rows(pd.DataFrame([sample_row("2024-05-02", daily_shape)]))
    np.testing.assert_array_equal(model.predict(samples), trained.predict(samples))


@pytest.mark.usefixtures("trained")
def test_a_group_that_seasonal_naive_is_in_charge_of_is_one_sentence(
    gridcast: Gridcast, tmp_path: Path
) -> None:
    said = gridcast("export-champion", "consumption_household", str(tmp_path / "champion"))
    assert_one_sentence(said)
    assert "seasonal naive is in charge" in said.err
    assert not (tmp_path / "champion").exists()
