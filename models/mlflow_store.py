"""MLflow's SQLite store of this machine, made whole or not at all.

MLflow makes its tables by dozens of migrations, each a commit: a store whose maker was killed among
them cannot be opened again. `python -m models.mlflow_store FILE` makes one.
"""

import sys
from pathlib import Path

from lakehouse.places import remove, whole

SQLITE = "sqlite:///"


def make(file: Path) -> None:
    """Make a store with MLflow's tables, unless there is one. Its folder is made if need be."""
    if file.exists():
        return
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    file.parent.mkdir(parents=True, exist_ok=True)
    with whole(file) as draft:
        remove(draft)  # of one that was killed
        artifacts = (file.parent / "artifacts").as_uri()
        store = SqlAlchemyStore(f"{SQLITE}{draft}", artifacts)  # type: ignore[no-untyped-call]
        store.engine.dispose()


if __name__ == "__main__":
    make(Path(sys.argv[1]))
