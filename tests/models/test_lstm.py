"""What the LSTM promises, with networks far too small to be good."""

import random
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lakehouse.errors import BadInput
from models import network_fit
from models.lstm import LstmConfig, TrainedLstm, joined, load, suited, train, train_on
from models.samples import WEATHER, Samples, from_rows

TINY = LstmConfig(members=1, width=4, encoder_step=24, epochs=3, batch=16)


def split(samples: Samples) -> tuple[Samples, Samples]:
    later = samples.forecast_origin >= np.datetime64("2024-04-18")
    return samples.select(~later), samples.select(later)


@pytest.fixture(scope="module")
def model(samples: Samples) -> TrainedLstm:
    return train(*split(samples), TINY, seed=7)


def test_the_same_data_config_and_seed_give_bit_equal_forecasts(model, samples: Samples) -> None:
    again = train(*split(samples), TINY, seed=7)
    assert np.array_equal(model.predict(samples), again.predict(samples), equal_nan=True)
    assert model.history == again.history


def test_what_was_trained_before_in_the_process_changes_nothing(
    samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_fit, "_FREE", {})
    first = train(*split(samples), TINY, seed=7)
    few = samples.select(np.arange(len(samples)) < 60)
    train_on(train(few, None, replace(TINY, peak_rate=1e-2), seed=3), few, 2, 1e-2, seed=5)
    again = train(*split(samples), TINY, seed=7)
    assert np.array_equal(first.predict(samples), again.predict(samples), equal_nan=True)
    assert first.history == again.history


def test_dates_are_not_learnt_by_heart(samples: Samples) -> None:
    """Under two years the day of the year says nothing, and with more it does."""
    for days, waves in ((2, 0), (12, 2)):
        origin = samples.forecast_origin[0] + np.arange(len(samples)) * np.timedelta64(days, "D")
        spread = replace(samples, forecast_origin=origin)
        few = replace(TINY, epochs=1)
        assert train(spread, None, few, seed=1).config.inputs.year_waves == waves


def test_few_inputs_suit_a_series_that_is_known_up_to_the_target_day(samples: Samples) -> None:
    fresh, stale = samples.past_value.copy(), samples.past_value.copy()
    fresh[:, -1], stale[:, -24:] = 1.0, np.nan
    few = suited(TINY, replace(samples, past_value=fresh))
    assert (few.inputs.weeks_back, few.inputs.level_hours, few.encoder_step) == (1, 24, 12)
    assert replace(few, inputs=TINY.inputs, encoder_step=TINY.encoder_step) == TINY
    assert suited(TINY, replace(samples, past_value=stale)) == TINY


def test_what_other_threads_draw_meanwhile_changes_nothing(model, samples: Samples) -> None:
    over = threading.Event()
    other = threading.Thread(target=lambda: [random.random() for _ in iter(over.is_set, True)])
    other.start()
    try:
        again = train(*split(samples), TINY, seed=7)
    finally:
        over.set()
        other.join()
    assert np.array_equal(model.predict(samples), again.predict(samples), equal_nan=True)


def test_saved_and_loaded_it_forecasts_the_same(model, samples, tmp_path: Path) -> None:
    model.save(tmp_path / "deep" / "model")
    loaded = load(tmp_path / "deep" / "model")
    assert np.array_equal(model.predict(samples), loaded.predict(samples), equal_nan=True)
    assert (loaded.config, loaded.history) == (model.config, model.history)


def test_a_forecast_does_not_depend_on_what_else_is_in_the_batch(model, samples: Samples) -> None:
    together = model.predict(samples)
    for i in (0, 30, 119):
        alone = model.predict(samples.select(np.array([i])))
        assert np.allclose(alone[0], together[i], rtol=1e-4, atol=1e-4, equal_nan=True)


def test_the_quantiles_ascend_and_only_the_padding_is_empty(model, samples: Samples) -> None:
    forecast = model.predict(samples)
    assert (np.diff(forecast[samples.target_mask], axis=-1) >= 0).all()
    assert np.array_equal(np.isnan(forecast).any(axis=2), ~samples.target_mask)


def test_a_forecast_reads_no_target(model, samples: Samples) -> None:
    blind = replace(samples, target=None)
    assert np.array_equal(model.predict(samples), model.predict(blind), equal_nan=True)


def test_each_epoch_is_told_and_kept(samples: Samples) -> None:
    told = []
    config = replace(TINY, epochs=2)
    trained = train(*split(samples), config, seed=1, on_epoch=lambda n, f: told.append((n, f)))
    assert told == list(enumerate(trained.history))
    assert set(trained.history[0]) == {"loss", "val_loss"}


def test_validation_is_watched_and_never_fitted(model, samples: Samples) -> None:
    fitted, watched = split(samples)
    assert watched.target is not None
    other = train(fitted, replace(watched, target=watched.target * 3.0), TINY, seed=7)
    assert np.array_equal(model.predict(samples), other.predict(samples), equal_nan=True)


def test_members_are_averaged(samples: Samples) -> None:
    pair = train(*split(samples), replace(TINY, members=2, epochs=1), seed=7)
    parts = [replace(pair, weights=(one,)).predict(samples) for one in pair.weights]
    assert not np.array_equal(*parts, equal_nan=True)
    assert np.allclose(pair.predict(samples), np.mean(parts, axis=0), equal_nan=True)


def test_members_trained_one_by_one_are_the_same_model(samples: Samples) -> None:
    pair = replace(TINY, members=2, epochs=2)
    together = train(samples, None, pair, seed=3)
    apart = joined([train(samples, None, pair, seed=3, only=number) for number in (0, 1)])
    assert apart.config == together.config
    assert apart.config.members == 2
    assert np.array_equal(apart.predict(samples), together.predict(samples), equal_nan=True)


def test_all_null_weather_and_a_constant_series_are_ordinary(frame: pd.DataFrame) -> None:
    dull = frame.copy()
    for name in WEATHER:
        dull[name] = [[None] * len(hours) for hours in dull["target_time"]]
        dull[f"past_{name}"] = [np.full(1008, np.nan)] * len(dull)
    constant = dull["series_id"] == "dk1.price"
    for name in ("past_value", "target"):
        dull.loc[constant, name] = dull.loc[constant, name].map(lambda v: np.full(len(v), 3.0))
    samples = from_rows(dull)
    forecast = train(*split(samples), TINY, seed=1).predict(samples)
    assert np.isfinite(forecast[samples.target_mask]).all()


def test_a_past_without_any_value_still_gets_a_forecast(model, samples: Samples) -> None:
    empty = replace(samples, past_value=np.full_like(samples.past_value, np.nan))
    assert np.isfinite(model.predict(empty)[samples.target_mask]).all()


@pytest.fixture(scope="module")
def half_hourly(halves: pd.DataFrame) -> TrainedLstm:
    return train(*split(from_rows(halves)), replace(TINY, epochs=6), seed=7)


def test_half_hours_with_covariates_are_saved_and_forecast_the_same(
    half_hourly: TrainedLstm, halves: pd.DataFrame, tmp_path: Path
) -> None:
    samples = from_rows(halves)
    forecast = half_hourly.predict(samples)
    assert forecast.shape == (60, 50, 7)
    assert np.isfinite(forecast[samples.target_mask]).all()
    half_hourly.save(tmp_path)
    loaded = load(tmp_path)
    assert (loaded.steps, loaded.covariates) == (2, ("wind", "calm"))
    assert loaded.covariate_scalings == half_hourly.covariate_scalings
    assert list(loaded.covariate_scalings["dk1.test"]) == ["wind"]  # nothing was known of the other
    assert np.array_equal(forecast, loaded.predict(samples), equal_nan=True)


def test_a_forecast_follows_its_covariates(half_hourly, halves: pd.DataFrame) -> None:
    samples = from_rows(halves)
    stronger = replace(samples, target_covariates=samples.target_covariates + 3.0)
    assert not np.array_equal(
        half_hourly.predict(samples), half_hourly.predict(stronger), equal_nan=True
    )


def test_another_resolution_or_other_covariates_are_refused(
    model: TrainedLstm, half_hourly: TrainedLstm, halves: pd.DataFrame, row, shape
) -> None:
    hours = from_rows(pd.DataFrame([row("2024-05-01", shape, "dk1.price", minutes=30)]))
    with pytest.raises(BadInput, match="intervals of 60 minutes; asked for 30"):
        model.predict(hours)
    with pytest.raises(BadInput, match=r"covariates \['wind', 'calm'\]; the samples have \[\]"):
        half_hourly.predict(from_rows(halves.drop(columns="covariates")))


def test_an_unknown_series_is_named(model, samples: Samples) -> None:
    stranger = replace(samples, series_id=np.array(["dk9.price"] * len(samples), dtype=object))
    with pytest.raises(BadInput, match=r"dk9\.price"):
        model.predict(stranger)


def test_a_series_without_history_is_named_with_figures(samples: Samples) -> None:
    fitted, watched = split(samples)
    assert fitted.target is not None
    target = np.where((fitted.series_id == "dk1.load")[:, None], np.nan, fitted.target)
    with pytest.raises(BadInput, match=r"not enough history .* 0 of 49 training days"):
        train(replace(fitted, target=target), watched, TINY, seed=1)


def test_training_and_validation_need_a_known_target(samples: Samples) -> None:
    fitted, watched = split(samples)
    unknown = replace(watched, target=np.full_like(watched.target, np.nan))
    for one in (unknown, replace(watched, target=None), watched.select(slice(0, 0))):
        with pytest.raises(BadInput, match="known one"):
            train(fitted, one, TINY, seed=1)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"model\.json"):
        load(tmp_path)


def test_the_fingerprint_is_stable_and_tells_configurations_apart() -> None:
    assert LstmConfig().fingerprint() == LstmConfig().fingerprint()
    assert len(LstmConfig().fingerprint()) == 8
    assert LstmConfig().fingerprint() != replace(LstmConfig(), width=9).fingerprint()
