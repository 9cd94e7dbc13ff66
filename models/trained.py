"""What a training leaves in a folder: a model of some kind, and how far its intervals stretch."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models import linear, lstm
from models.calibration import stretched
from models.linear import Linear
from models.lstm import TrainedLstm
from models.network import History
from models.quantiles import MEDIAN
from models.samples import Floats, Samples
from models.saved import saved_file

LINEAR, LSTM = "linear", "lstm"
_ABOUT = "trained.json"


@dataclass(frozen=True)
class Trained:
    """A model whose intervals are stretched, by series, as its held-out days asked for."""

    model: TrainedLstm | Linear
    stretch: Mapping[str, Floats]  # (3,) by series_id, see `calibration.factors`

    @property
    def kind(self) -> str:
        """The name of its kind of model."""
        return LINEAR if isinstance(self.model, Linear) else LSTM

    def predict(self, samples: Samples) -> Floats:
        """Quantiles in the unit of each series, ascending: (n, T, 7), NaN in padding.

        Raises BadInput for samples unlike those of the training.
        """
        as_it_is = np.ones(MEDIAN)
        by = np.stack([self.stretch.get(name, as_it_is) for name in samples.series_id])
        return stretched(self.model.predict(samples), by)

    def save(self, folder: Path) -> None:
        """Write all of it into `folder`, which is made if need be."""
        self.model.save(folder)
        about = {"kind": self.kind, "stretch": {k: v.tolist() for k, v in self.stretch.items()}}
        (folder / _ABOUT).write_text(json.dumps(about, indent=1))


def load(folder: Path) -> Trained:
    """Read what `Trained.save` wrote; predictions are equal. Raises BadInput if it is not there."""
    about = json.loads(saved_file(folder, _ABOUT).read_text())
    stretch = {name: np.array(by) for name, by in about["stretch"].items()}
    return Trained(linear.load(folder) if about["kind"] == LINEAR else lstm.load(folder), stretch)


def training_figures(folder: Path) -> tuple[dict[str, Any], History]:
    """What shaped a saved model, and its curves of loss by epoch; needs no TensorFlow."""
    about = json.loads(saved_file(folder, _ABOUT).read_text())
    series = ",".join(about["stretch"])
    if about["kind"] == LINEAR:
        days = {w.days for lines in linear.load(folder).series.values() for w in lines.windows}
        return {"series": series, "windows": sorted(days)}, []
    training = lstm.read_training(folder)
    return {
        **asdict(training.config),
        "seed": training.seed,
        "resolution_minutes": 60 // training.steps,
        "covariates": ",".join(training.covariates),
        "fingerprint": training.config.fingerprint(),
        "series": series,
    }, training.history
