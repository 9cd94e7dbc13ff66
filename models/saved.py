"""Files of trained models, where they ought to be."""

from pathlib import Path

from lakehouse.errors import BadInput


def saved_file(folder: Path, name: str) -> Path:
    """A file that a model's `save` wrote. Raises BadInput where it is not there."""
    if not (folder / name).exists():
        raise BadInput(
            f"expected {name} in {folder}; it is not there. "
            "Give the folder that the model's save wrote."
        )
    return folder / name
