"""What MLflow loads: the loader module of every Gridcast model. No pickle, Spark or Prefect."""

from pathlib import Path
from typing import Any

import pandas as pd

from models import trained
from models.quantiles import to_rows
from models.samples import from_rows


class Forecaster:
    """Sample rows (see `samples.COLUMNS`) in, long forecast rows (see `quantiles.to_rows`) out."""

    def __init__(self, model: trained.Trained) -> None:
        self.model = model

    def predict(self, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """One row per target interval, in the unit of the series. Raises what its parts do."""
        samples = from_rows(model_input)
        return to_rows(samples, self.model.predict(samples))


def _load_pyfunc(data_path: str) -> Forecaster:
    """Called by MLflow with the folder that `Trained.save` wrote."""
    return Forecaster(trained.load(Path(data_path)))
