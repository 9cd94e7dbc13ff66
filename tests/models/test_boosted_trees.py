"""The trees learn what is known ahead, the same way each time."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lakehouse.errors import BadInput
from models import boosted_trees, metrics
from models.boosted_trees import TreesConfig
from models.naive import seasonal_naive_quantiles

FEW = TreesConfig(trees=60, outer_trees=20, least_rows=10)


def test_they_beat_the_naive_and_never_cross(halved) -> None:
    train, later = halved
    predicted = boosted_trees.train(train, FEW, 0).predict(later)
    assert later.target is not None
    assert np.array_equal(np.isnan(predicted).any(axis=-1), ~later.target_mask)
    assert (np.diff(predicted[later.target_mask], axis=-1) >= 0.0).all()
    naively = metrics.score(later.target, seasonal_naive_quantiles(later), later.target_mask)
    assert metrics.score(later.target, predicted, later.target_mask).mae < 0.6 * naively.mae


def test_the_same_seed_gives_the_same_trees_another_others(halved) -> None:
    train, later = halved
    a, b, c = (boosted_trees.train(train, FEW, seed).predict(later) for seed in (0, 0, 1))
    assert np.array_equal(a, b, equal_nan=True)
    assert not np.array_equal(a, c, equal_nan=True)


def test_trees_that_were_saved_before_the_newest_day_was_read_do_without_it(
    halved, tmp_path: Path
) -> None:
    train, later = halved
    trees = boosted_trees.train(train, replace(FEW, newest_day=False), 0)
    trees.save(tmp_path)
    about = json.loads((tmp_path / "trees.json").read_text())
    del about["config"]["newest_day"]
    (tmp_path / "trees.json").write_text(json.dumps(about))
    found = boosted_trees.load(tmp_path).predict(later)
    assert np.array_equal(found, trees.predict(later), equal_nan=True)
    now = boosted_trees.train(train, FEW, 0).predict(later)
    assert not np.array_equal(found, now, equal_nan=True)


def test_a_series_it_does_not_know_is_named(halved) -> None:
    train, later = halved
    unknown = replace(later, series_id=np.full(len(later), "dk9.test", dtype=object))
    with pytest.raises(BadInput, match=r"dk9\.test"):
        boosted_trees.train(train, FEW, 0).predict(unknown)
