"""A champion in a folder that an image bakes in: the model as it was saved, and what it is."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from lakehouse.errors import BadInput
from models import trained
from models.trained import Trained

_ABOUT = "champion.json"
_MODEL = "model"


@dataclass(frozen=True)
class Champion:
    """Which model a folder holds."""

    series_group: str
    model_name: str
    model_version: str


def bake(champion: Champion, saved: Path, folder: Path) -> None:
    """Copy what `Trained.save` wrote to `saved` into `folder`, which must not hold anything.

    Raises BadInput where it does, or where `saved` holds no model.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(
            f"Expected {folder} to be an empty folder, or none; there is something. Name another, "
            "or remove it."
        )
    trained.load(saved)
    shutil.copytree(saved, folder / _MODEL)
    (folder / _ABOUT).write_text(json.dumps(asdict(champion), indent=1) + "\n")


def read(folder: Path) -> tuple[Champion, Trained]:
    """What `bake` wrote. Raises BadInput where it is not there."""
    about = folder / _ABOUT
    if not about.exists():
        raise BadInput(
            f"Expected {_ABOUT} in {folder}; it is not there. "
            "Write the folder with 'gridcast export-champion GROUP FOLDER'."
        )
    return Champion(**json.loads(about.read_text())), trained.load(folder / _MODEL)
