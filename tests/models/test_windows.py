from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from models import scaling
from models.samples import Samples, from_rows
from models.scaling import Scaling
from models.windows import ENCODER_HOURS, Inputs, Windows, build, targets


@pytest.fixture(scope="module")
def scalings(samples: Samples) -> dict[str, Scaling]:
    return {
        name: scaling.fit(samples.past_value[samples.series_id == name], asinh=False)
        for name in ("dk1.load", "dk1.price")
    }


@pytest.fixture(scope="module")
def windows(samples: Samples, scalings) -> Windows:
    return build(samples, scalings, Inputs(24))


def test_every_input_is_a_number(samples: Samples, scalings) -> None:
    for name in ("past_value", "past_weather"):
        holes = np.array(getattr(samples, name))
        holes[::3] = np.nan
        built = build(replace(samples, **{name: holes}), scalings, Inputs())
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
    moved = build(shifted, scalings, Inputs(24))
    assert np.allclose(moved.encoder, windows.encoder, atol=1e-4)
    steps = np.array([50.0 / scalings[name].spread for name in samples.series_id])
    assert np.allclose(moved.level - windows.level, steps)


def test_the_target_comes_back_by_adding_the_level(windows, samples, scalings) -> None:
    assert samples.target is not None
    learnt = targets(samples, samples.target, windows, scalings)
    back = scalings["dk1.price"].invert(learnt[0].astype(float) + windows.level[0])
    assert np.allclose(back, samples.target[0], atol=1e-4, equal_nan=True)


def test_a_row_depends_on_itself_alone(windows, samples, scalings) -> None:
    one = build(samples.select(np.array([70])), scalings, Inputs(24))
    assert np.array_equal(one.encoder[0], windows.encoder[70])
    assert np.array_equal(one.decoder[0], windows.decoder[70])


def test_padding_is_zero(windows) -> None:
    assert (windows.decoder[~windows.mask] == 0).all()


@pytest.mark.parametrize(("minutes", "steps"), [(30, 2), (15, 4)])
@pytest.mark.parametrize("day", ["2024-03-31", "2024-05-15", "2024-10-27"])
def test_hours_written_as_shorter_intervals_are_read_as_the_hours_they_are(
    row, minutes: int, steps: int, day: str
) -> None:
    def of_the_hour(times: pd.DatetimeIndex) -> np.ndarray:
        return np.sin(np.asarray(times.asi8 // 3_600_000_000_000) / 7.0)

    scales = {"dk1.test": Scaling(0.0, 1.0, False)}
    hours, fine = (
        build(
            from_rows(pd.DataFrame([row(day, of_the_hour, delay_hours=29.75, minutes=m)])),
            scales,
            Inputs(),
        )
        for m in (60, minutes)
    )
    assert fine.encoder.shape == (1, ENCODER_HOURS * steps, hours.encoder.shape[2])
    assert np.allclose(fine.level, hours.level)
    assert np.allclose(fine.decoder[:, ::steps], hours.decoder, atol=1e-5)
    assert np.allclose(fine.encoder[:, ::steps], hours.encoder, atol=1e-5)


def test_covariates_enter_with_their_past_a_flag_and_their_change(halves: pd.DataFrame) -> None:
    scales = {"dk1.test": Scaling(0.0, 10.0, False)}
    wind = Scaling(6.0, 3.0, False)
    frame = halves.iloc[[10, 20]].copy()
    lacking = np.array(frame["target_covariates"].iloc[1])
    lacking[5] = np.nan
    frame["target_covariates"] = [frame["target_covariates"].iloc[0], lacking]
    samples = from_rows(frame)
    built = build(samples, scales, Inputs(24), covariates={"dk1.test": {"wind": wind}})
    without = build(from_rows(halves.drop(columns="covariates").iloc[[10, 20]]), scales, Inputs(24))
    assert np.array_equal(built.encoder[..., :-2], without.encoder)
    assert np.array_equal(built.decoder[..., :-10], without.decoder)
    known = samples.target_mask[1] & (np.arange(50) != 5)
    past, ahead = samples.past_covariates[1, :, 0], samples.target_covariates[1, :, 0]
    seen = wind.apply(past)
    assert np.allclose(built.encoder[1, :, -2], seen[-ENCODER_HOURS * 2 :], atol=1e-5)
    value, calm, flag, flag_calm, day, week, _, _, change, change_calm = np.moveaxis(
        built.decoder[1, :, -10:], -1, 0
    )
    assert np.allclose(value[known], wind.apply(ahead)[known], atol=1e-5)
    assert np.allclose(change[known], (wind.apply(ahead) - seen[-336:].mean())[known], atol=1e-5)
    assert np.allclose(day[:48], seen[-48:], atol=1e-5)
    assert np.allclose(week[:48], seen[-336:-288], atol=1e-5)
    assert (value[5], flag[5], change[5]) == (0.0, 1.0, 0.0)
    assert not flag[known].any()
    # Never known: neither here nor, so that there is no scale, in training.
    assert not calm.any() and not change_calm.any() and flag_calm[known].all()


def test_inputs_know_how_old_the_newest_value_is(row, shape) -> None:
    scales = {"dk1.test": Scaling(0.0, 1.0, False)}
    rows = [row("2024-05-15", shape, delay_hours=hours) for hours in (0, 24, 216)]
    built = build(from_rows(pd.DataFrame(rows)), scales, Inputs(24))
    differing = (built.decoder[0, 0] != built.decoder[2, 0]).any()
    assert differing and not np.array_equal(built.decoder[1], built.decoder[2])
