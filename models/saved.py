"""Files of trained models, where they ought to be."""

import json
from pathlib import Path

from lakehouse.errors import BadInput

ABOUT = "trained.json"


def read_stretch(folder: Path) -> dict[str, list[float]]:
    """By series how far a trained model stretches each pair of quantiles, outermost first: see
    `calibration.factors`. Raises BadInput where the folder holds no trained model."""
    stretch: dict[str, list[float]] = json.loads(saved_file(folder, ABOUT).read_text())["stretch"]
    return stretch


def saved_file(folder: Path, name: str) -> Path:
    """A file that a model's `save` wrote. Raises BadInput where it is not there."""
    if not (folder / name).exists():
        raise BadInput(
            f"expected {name} in {folder}; it is not there. "
            "Give the folder that the model's save wrote."
        )
    return folder / name
