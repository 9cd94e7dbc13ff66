from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from models import scaling
from models.samples import Samples, from_rows
from models.scaling import Scaling
from models.windows import ENCODER_HOURS, Windows, build, targets


@pytest.fixture(scope="module")
def scalings(samples: Samples) -> dict[str, Scaling]:
    return {
        name: scaling.fit(samples.past_value[samples.series_id == name], asinh=False)
        for name in ("dk1.load", "dk1.price")
    }


@pytest.fixture(scope="module")
def windows(samples: Samples, scalings) -> Windows:
    return build(samples, scalings, 24)


def test_every_input_is_a_number(samples: Samples, scalings) -> None:
    for name in ("past_value", "past_weather"):
        holes = np.array(getattr(samples, name))
        holes[::3] = np.nan
        built = build(replace(samples, **{name: holes}), scalings, 168)
        for field in fields(built):
            assert np.isfinite(getattr(built, field.name)).all(), field.name


def test_the_encoder_ends_at_the_last_known_hour(windows, samples, scalings) -> None:
    i = int(np.flatnonzero(samples.series_id == "dk1.load")[20])
    known = samples.past_value[i][~np.isnan(samples.past_value[i])]
    scaled = scalings["dk1.load"].apply(known[-ENCODER_HOURS:])
    assert np.isnan(samples.past_value[i, -24:]).all()
    assert np.allclose(windows.encoder[i, :, 0], scaled - scaled[-24:].mean(), atol=1e-5)


def test_the_level_is_the_mean_of_the_newest_known_hours(windows, samples, scalings) -> None:
    expected = scalings["dk1.price"].apply(samples.past_value[0, -24:]).mean()
    assert windows.level[0] == pytest.approx(expected)


def test_shifting_a_series_shifts_the_level_and_nothing_else(windows, samples, scalings) -> None:
    shifted = replace(samples, past_value=samples.past_value + 50.0)
    moved = build(shifted, scalings, 24)
    assert np.allclose(moved.encoder, windows.encoder, atol=1e-4)
    steps = np.array([50.0 / scalings[name].spread for name in samples.series_id])
    assert np.allclose(moved.level - windows.level, steps)


def test_the_target_comes_back_by_adding_the_level(windows, samples, scalings) -> None:
    assert samples.target is not None
    learnt = targets(samples, samples.target, windows, scalings)
    back = scalings["dk1.price"].invert(learnt[0].astype(float) + windows.level[0])
    assert np.allclose(back, samples.target[0], atol=1e-4, equal_nan=True)


def test_a_row_depends_on_itself_alone(windows, samples, scalings) -> None:
    one = build(samples.select(np.array([70])), scalings, 24)
    assert np.array_equal(one.encoder[0], windows.encoder[70])
    assert np.array_equal(one.decoder[0], windows.decoder[70])


def test_padding_is_zero(windows) -> None:
    assert (windows.decoder[~windows.mask] == 0).all()


def test_inputs_know_how_old_the_newest_value_is(row, shape) -> None:
    scales = {"dk1.test": Scaling(0.0, 1.0, False)}
    rows = [row("2024-05-15", shape, delay_hours=hours) for hours in (0, 24, 216)]
    built = build(from_rows(pd.DataFrame(rows)), scales, 24)
    differing = (built.decoder[0, 0] != built.decoder[2, 0]).any()
    assert differing and not np.array_equal(built.decoder[1], built.decoder[2])
