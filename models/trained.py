"""What a training leaves in a folder: a model of some kind, and how far its intervals stretch."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from models import blend, boosted_trees, linear, lstm
from models.calibration import stretched
from models.network import History
from models.quantiles import MEDIAN
from models.samples import Floats, Samples
from models.saved import ABOUT, saved_file

LINEAR, LIGHTGBM, LSTM, BLEND = "linear", "lightgbm", "lstm", "blend"


class Fitted(Protocol):
    """A model as its training leaves it, of any kind."""

    def predict(self, samples: Samples) -> Floats:
        """Quantiles in the unit of each series, ascending: (n, T, 7), NaN in padding."""

    def save(self, folder: Path) -> None:
        """Write all of it into `folder`, which is made if need be."""


@dataclass(frozen=True)
class Trained:
    """A model whose intervals are stretched, by series, as its held-out days asked for."""

    kind: str
    model: Fitted
    stretch: Mapping[str, Floats]  # (3,) by series_id, see `calibration.factors`

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
        (folder / ABOUT).write_text(json.dumps(about, indent=1))


def load(folder: Path) -> Trained:
    """Read what `Trained.save` wrote; predictions are equal. Raises BadInput if it is not there."""
    about = json.loads(saved_file(folder, ABOUT).read_text())
    stretch = {name: np.array(by) for name, by in about["stretch"].items()}
    return Trained(about["kind"], load_fitted(about["kind"], folder), stretch)


def load_fitted(kind: str, folder: Path) -> Fitted:
    """Read what a model of a kind wrote; predictions are equal. Raises BadInput likewise."""
    return _LOADED[kind](folder)


_LOADED: dict[str, Callable[[Path], Fitted]] = {
    LINEAR: linear.load,
    LIGHTGBM: boosted_trees.load,
    LSTM: lstm.load,
    BLEND: lambda folder: blend.load(folder, load_fitted),
}


def training_figures(folder: Path) -> tuple[dict[str, Any], History]:
    """What shaped a saved model, and its curves of loss by epoch; needs no TensorFlow."""
    about = json.loads(saved_file(folder, ABOUT).read_text())
    series = {"series": ",".join(about["stretch"])}
    if about["kind"] == LSTM:
        training = lstm.read_training(folder)
        shape = {
            **asdict(training.config),
            "seed": training.seed,
            "resolution_minutes": 60 // training.steps,
            "covariates": ",".join(training.covariates),
            "fingerprint": training.config.fingerprint(),
        }
        return shape | series, training.history
    if about["kind"] == LINEAR:
        lines = linear.load(folder).series.values()
        windows = sorted({window.days for of_series in lines for window in of_series.windows})
        return {"windows": windows} | series, []
    if about["kind"] == LIGHTGBM:
        return asdict(boosted_trees.read_about(folder).config) | series, []
    shares = {f"share.{name}": share for name, share in blend.read_shares(folder).items()}
    return shares | series, []
