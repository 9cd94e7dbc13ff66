"""An MLflow store that cannot be read: told in a sentence, and left as it is."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lakehouse.errors import SetupError
from models import mlflow_store
from models.registry import Registry
from tests.worlds import NOBODY

pytestmark = [
    # MLflow 3.17 declares a relation in a way that SQLAlchemy 2.1 deprecates.
    pytest.mark.filterwarnings(
        "ignore:The ``noload`` loader strategy is deprecated:sqlalchemy.exc.SADeprecationWarning"
    ),
]
#: What MLflow had made of a store when it was killed, in a world of the kill tests.
HALF_MADE = "CREATE TABLE scorers (scorer_id VARCHAR(36) NOT NULL)"
NEXT = "then run 'gridcast run train' again: what has been fitted is kept and is logged then."


def test_a_torn_store_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    torn = b"torn" * 2_000
    file.write_bytes(torn)
    registry = Registry(f"sqlite:///{file}", (tmp_path / "artifacts").as_uri())
    with pytest.raises(SetupError) as found:
        registry.prepare()
    assert str(found.value).startswith(f"Expected the MLflow store sqlite:///{file}; it cannot be")
    assert "file is not a database" in str(found.value)
    assert str(found.value).endswith(NEXT)
    assert "\n" not in str(found.value)
    assert file.read_bytes() == torn


def test_a_store_that_does_not_answer_is_told_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    address = NOBODY.replace("//", "//gridcast:hidden@")
    with pytest.raises(SetupError) as found:
        Registry(address, (tmp_path / "artifacts").as_uri()).prepare()
    assert str(found.value).startswith(f"Expected the MLflow store {NOBODY}; it cannot be read: ")
    assert str(found.value).endswith(NEXT)
    assert "hidden" not in str(found.value)


def test_a_store_whose_maker_was_killed_is_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(tmp_path / "mlflow.db.draft")) as draft, draft:
        draft.execute(HALF_MADE)
    mlflow_store.make(file)
    assert {path.name for path in tmp_path.iterdir()} == {file.name}
    made = file.read_bytes()
    mlflow_store.make(file)
    assert file.read_bytes() == made
    Registry(f"sqlite:///{file}", (tmp_path / "artifacts").as_uri()).prepare()
