"""Trained models as they lie in the lakehouse, on this machine or on S3."""

from lakehouse.places import Place, at_hand
from models import saved, trained
from models.trained import Fitted, Trained


def load(folder: Place) -> Trained:
    """Read what `Trained.save` wrote. Raises BadInput where the folder holds no trained model."""
    with at_hand(folder) as here:
        return trained.load(here)


def load_fitted(kind: str, folder: Place) -> Fitted:
    """Read a model of a kind. Raises BadInput where the folder holds none."""
    with at_hand(folder) as here:
        return trained.load_fitted(kind, here)


def read_stretch(folder: Place) -> dict[str, list[float]]:
    """Of a trained model, what its held-out days asked for: see `models.saved.read_stretch`."""
    with at_hand(folder) as here:
        return saved.read_stretch(here)
