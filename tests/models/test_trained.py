"""A model of any kind is kept whole, with how far its intervals stretch."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lakehouse.errors import BadInput
from models import boosted_trees, calibration, linear, lstm
from models.blend import Blend
from models.boosted_trees import TreesConfig
from models.lstm import LstmConfig
from models.quantiles import MEDIAN
from models.samples import Samples
from models.trained import BLEND, LIGHTGBM, LINEAR, LSTM, Fitted, Trained, load, training_figures

CONFIG = LstmConfig(members=1, width=4, encoder_step=24, epochs=1)


FEW = TreesConfig(trees=6, outer_trees=3)


@pytest.fixture(scope="module")
def fitted(samples: Samples) -> dict[str, Fitted]:
    """One model of each kind."""
    each: dict[str, Fitted] = {
        LINEAR: linear.fit(samples, [28, 40]),
        LIGHTGBM: boosted_trees.train(samples, FEW, seed=1),
        LSTM: lstm.train(samples, None, CONFIG, seed=1),
    }
    return each | {BLEND: Blend(dict(each), {LINEAR: 0.5, LIGHTGBM: 0.2, LSTM: 0.3})}


@pytest.fixture(scope="module", params=[LINEAR, LIGHTGBM, LSTM, BLEND])
def trained(request: pytest.FixtureRequest, fitted: dict[str, Fitted], samples: Samples) -> Trained:
    names = sorted(set(samples.series_id))
    stretch = {names[0]: np.array([2.0, 1.5, 1.0])}
    return Trained(request.param, fitted[request.param], stretch)


def test_what_is_loaded_forecasts_the_same(
    trained: Trained, samples: Samples, tmp_path: Path
) -> None:
    trained.save(tmp_path)
    again = load(tmp_path)
    assert again.kind == trained.kind
    np.testing.assert_array_equal(again.predict(samples), trained.predict(samples))


def test_intervals_stretch_about_the_median_of_the_named_series_alone(
    trained: Trained, samples: Samples
) -> None:
    raw, stretched = trained.model.predict(samples), trained.predict(samples)
    np.testing.assert_array_equal(stretched[..., MEDIAN], raw[..., MEDIAN])
    named = np.isin(samples.series_id, list(trained.stretch))

    def widths(quantiles: np.ndarray, pair: int) -> np.ndarray:
        return quantiles[named][..., -1 - pair] - quantiles[named][..., pair]

    there = samples.target_mask[named]
    for pair, by in enumerate((2.0, 1.5)):  # a side of hardly any width gets more
        assert (widths(stretched, pair) >= by * widths(raw, pair) - 1e-9)[there].all()
    np.testing.assert_array_equal(widths(stretched, 2), widths(raw, 2))
    np.testing.assert_array_equal(stretched[~named], raw[~named])


def test_its_figures_need_no_model(trained: Trained, tmp_path: Path) -> None:
    trained.save(tmp_path)
    figures, curves = training_figures(tmp_path)
    read = CONFIG.inputs.learnt_from(100)
    said, shaped, epochs = {
        LINEAR: ("windows", [28, 40], 0),
        LIGHTGBM: ("outer_trees", 3, 0),
        LSTM: ("fingerprint", replace(CONFIG, inputs=read).fingerprint(), 1),
        BLEND: ("share.linear", 0.5, 0),
    }[trained.kind]
    assert (figures[said], len(curves)) == (shaped, epochs)


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"expected trained.json in .*; it is not there"):
        load(tmp_path)


def test_factors_of_past_days_make_them_covered() -> None:
    random = np.random.default_rng(5)
    truth = random.normal(size=(60, 24))
    narrow = np.broadcast_to(np.linspace(-0.3, 0.3, 7), (60, 24, 7))
    wide = calibration.stretched(narrow, calibration.factors(narrow, truth))
    inside = (truth >= wide[..., 1]) & (truth <= wide[..., -2])
    assert inside.mean() == pytest.approx(0.8, abs=0.01)
    assert (calibration.factors(narrow[:5], truth[:5]) == 1.0).all()
