"""Samples -> what the network reads: encoder window, target inputs, level, series number.

All values are scaled per series and less a level (the mean of the newest known `level_hours`), so
the network learns shapes, not heights. What is not known enters as 0 with a flag beside it.
Deterministic, and a row's result depends on that row alone. P, T and steps: see `samples`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.local_days import at_target, by_local_day, newest
from models.samples import WEATHER, Floats, Mask, Samples
from models.scaling import Scaling

Floats32 = npt.NDArray[np.float32]
CovariateScalings = Mapping[str, Mapping[str, Scaling]]
NO_COVARIATES: CovariateScalings = {}
Positions = npt.NDArray[np.int64]

ENCODER_HOURS = 168
DAY_HOURS = 24
TWO_YEARS = 730
"""Days from which on a model has seen each season more than once."""
RECENT_DAYS = 3
_DAY_CYCLE = 2.0 * np.pi / 24.0
_YEAR_CYCLE = 2.0 * np.pi / 365.25


@dataclass(frozen=True)
class Inputs:
    """Which inputs are read. A series that is known to the day before learns best from few; one
    that is published late needs more of its past."""

    level_hours: int = 168  # the level is the mean of so many newest hours
    weeks_back: int = 4  # so many newest days of the same weekday
    means: bool = True  # the mean of all such days, and of the last seven days
    day_waves: int = 3  # sines and cosines of the hour, and their multiples
    year_waves: int = 2  # of the day of the year

    def learnt_from(self, n_days: int) -> "Inputs":
        """What is read after a training on so many days: no waves of the year where they are under
        two years. Each date comes once then, and is learnt by heart."""
        return self if n_days >= TWO_YEARS else replace(self, year_waves=0)


@dataclass(frozen=True)
class Windows:
    """Network inputs of n samples; `level` is scaled."""

    encoder: Floats32  # (n, ENCODER_HOURS * steps, e): the newest up to the last known
    decoder: Floats32  # (n, T, d): what is known of each target interval; 0 in the padding
    series: npt.NDArray[np.int32]  # (n,) position of the series in the model's list
    level: Floats  # (n,), what is taken off the target and added to the forecast
    mask: Mask  # (n, T), False in the padding


def build(
    samples: Samples,
    scalings: Mapping[str, Scaling],
    inputs: Inputs,
    covariates: CovariateScalings = NO_COVARIATES,
    weather: bool = True,
) -> Windows:
    """Build the inputs of every sample; each series of `samples` must have its scaling.

    scalings: in the order that numbers the series. covariates: by series and name; a covariate
    without a scaling counts as not known. weather: whether its channels are there at all.
    """
    order = {series_id: number for number, series_id in enumerate(scalings)}
    scaled = scale_rows(samples, samples.past_value, scalings)
    last = _last_known(scaled)
    # Nothing known: the level is the series' median, 0 when scaled.
    level = np.nan_to_num(
        mean_known(_window(scaled, last, inputs.level_hours * samples.steps), axis=1)
    )
    past = scaled - level[:, None]
    known_past, known_ahead = _covariates(samples, covariates)
    seen = _weather_units(samples.past_weather) if weather else None
    encoder = [*_encoder(samples, past, seen, last), *_known_past(samples, known_past, last)]
    decoder = [
        *_decoder(samples, inputs, past, seen, last, level),
        _calendar(samples, inputs),
        *_known_ahead(samples, known_past, known_ahead, last),
    ]
    return Windows(
        encoder=np.concatenate(encoder, axis=-1).astype(np.float32),
        decoder=(np.concatenate(decoder, axis=-1) * samples.target_mask[:, :, None]).astype(
            np.float32
        ),
        series=np.array([order[s] for s in samples.series_id], dtype=np.int32),
        level=level,
        mask=samples.target_mask,
    )


def scale_rows(samples: Samples, values: Floats, scalings: Mapping[str, Scaling]) -> Floats:
    """Scale each row of `values` (n, ...) by its own series' scaling."""
    scaled = np.empty_like(values)
    for series_id in set(samples.series_id):
        rows = samples.series_id == series_id
        scaled[rows] = scalings[series_id].apply(values[rows])
    return scaled


def invert_rows(samples: Samples, scaled: Floats, scalings: Mapping[str, Scaling]) -> Floats:
    """The inverse of `scale_rows`."""
    values = np.empty_like(scaled)
    for series_id in set(samples.series_id):
        rows = samples.series_id == series_id
        values[rows] = scalings[series_id].invert(scaled[rows])
    return values


def targets(
    samples: Samples, target: Floats, windows: Windows, scalings: Mapping[str, Scaling]
) -> Floats32:
    """What the network learns: (n, T) scaled and less the level, NaN where unknown."""
    scaled = scale_rows(samples, target, scalings) - windows.level[:, None]
    return scaled.astype(np.float32)


def _last_known(past: Floats) -> Positions:
    """(n,) position of the newest known interval; a past without any is as if known to its end."""
    newest_first = ~np.isnan(past[:, ::-1])
    return np.asarray(past.shape[1] - 1 - newest_first.argmax(axis=1), dtype=np.int64)


def _up_to(last: Positions, count: int) -> Positions:
    """(n, count) positions up to and including `last`; negative before the grid."""
    return last[:, None] - np.arange(count - 1, -1, -1)


def _window(values: Floats, last: Positions, count: int, each: int = 1) -> Floats:
    """The `count` values up to and including `last`: (n, P, ...) -> (n, count, ...).

    each: positions per value, where `values` is coarser than the grid of `last`.
    """
    position = _up_to(last, count) // each
    rows = np.arange(len(values))[:, None]
    picked: Floats = values[rows, np.maximum(position, 0)]
    outside = position < 0
    picked[outside] = np.nan
    return picked


def _encoder(
    samples: Samples, past: Floats, weather: Floats | None, last: Positions
) -> list[Floats]:
    steps = samples.steps
    value = _flagged(_window(past, last, ENCODER_HOURS * steps)[:, :, None])
    if weather is not None:
        value += _flagged_together(_window(weather, last, ENCODER_HOURS * steps, each=steps))
    # Local hour and weekday follow from the first target hour; a clock change in between shifts
    # them by one hour, which the value's own daily shape outweighs.
    ahead = _up_to(last, ENCODER_HOURS * steps) - past.shape[1]
    first_weekday = samples.known_columns("weekday")[:, 0]
    first = np.nan_to_num(samples.known_columns("local_hour")[:, 0]) * steps
    phase = (ahead + first) * (_DAY_CYCLE / steps)
    weekday = (first_weekday + (ahead + first) // (DAY_HOURS * steps)) % 7
    return [*value, np.stack([np.sin(phase), np.cos(phase), weekday >= 5], axis=-1)]


def _decoder(
    samples: Samples,
    inputs: Inputs,
    past: Floats,
    weather: Floats | None,
    last: Positions,
    level: Floats,
) -> list[Floats]:
    window = ENCODER_HOURS * samples.steps
    lags = _lags(by_local_day(samples, past), inputs)
    values = _flagged(np.moveaxis(at_target(samples, lags), 1, -1))
    if weather is not None:
        forecast = _weather_units(samples.known_columns(*WEATHER))
        usual = mean_known(_window(weather, last, window, each=samples.steps), axis=1)
        values += _flagged_together(forecast) + _flagged_together(forecast - usual[:, None, :])
    gap_days = (past.shape[1] - 1 - last) / (DAY_HOURS * samples.steps)
    before = mean_known(_window(past + level[:, None], last - window, window), axis=1)
    trend = level - before
    newest_value = past[np.arange(len(past)), last]
    constant = np.stack([level, gap_days / 10.0, trend, newest_value], axis=-1)
    repeated = np.repeat(np.nan_to_num(constant)[:, None, :], samples.target_mask.shape[1], axis=1)
    return [*values, repeated, samples.target_mask[:, :, None].astype(np.float64)]


def _covariates(
    samples: Samples, scalings: CovariateScalings
) -> tuple[Floats | None, Floats | None]:
    """The covariates of the past grid and of the target, scaled; None without any."""
    if samples.past_covariates is None or samples.target_covariates is None:
        return None, None
    return (
        _scale_covariates(samples, samples.past_covariates, scalings),
        _scale_covariates(samples, samples.target_covariates, scalings),
    )


def _known_past(samples: Samples, past: Floats | None, last: Positions) -> list[Floats]:
    """The covariates of the hours that the encoder reads: (n, ENCODER_HOURS * steps, c)."""
    if past is None:
        return []
    return [np.nan_to_num(_window(past, last, ENCODER_HOURS * samples.steps))]


def _known_ahead(
    samples: Samples, past: Floats | None, ahead: Floats | None, last: Positions
) -> list[Floats]:
    """Of each covariate at the target its value and a flag, its value of the day and the week
    before, and its change against the week that the encoder reads: (n, T, 5 * c)."""
    if past is None or ahead is None:
        return []
    usual = mean_known(_window(past, last, ENCODER_HOURS * samples.steps), axis=1)
    days = [by_local_day(samples, past[..., c])[:, [0, 6]] for c in range(past.shape[-1])]
    before = np.concatenate([at_target(samples, day) for day in days], axis=1)
    return [
        *_flagged(ahead),
        np.nan_to_num(np.moveaxis(before, 1, -1)),
        np.nan_to_num(ahead - usual[:, None, :]),
    ]


def _scale_covariates(samples: Samples, values: Floats, scalings: CovariateScalings) -> Floats:
    scaled = np.full_like(values, np.nan)
    for series_id in set(samples.series_id):
        rows = samples.series_id == series_id
        for place, name in enumerate(samples.covariates):
            if name in scalings[series_id]:
                scaled[rows, :, place] = scalings[series_id][name].apply(values[rows, :, place])
    return scaled


def _lags(days: Floats, inputs: Inputs) -> Floats:
    """days: (n, PAST_DAYS, k) less level. Returns (n, lags, k).

    Per time of the clock: the newest known days, the newest known same weekdays; where means are
    asked for, that of all known same weekdays and of the seven newest known days.
    """
    weekly = days[:, 6::7]
    lags = [newest(days, RECENT_DAYS), newest(weekly, inputs.weeks_back)]
    if inputs.means:
        lags += [mean_known(each, axis=1)[:, None] for each in (weekly, newest(days, 7))]
    return np.concatenate(lags, axis=1)


def _calendar(samples: Samples, inputs: Inputs) -> Floats:
    hour, weekday, day, holiday = np.moveaxis(
        np.nan_to_num(samples.known_columns("local_hour", "weekday", "day_of_year", "is_holiday")),
        -1,
        0,
    )
    waves = [
        wave(multiple * angle)
        for angle, multiples in (
            (hour * _DAY_CYCLE, inputs.day_waves),
            (day * _YEAR_CYCLE, inputs.year_waves),
        )
        for multiple in range(1, multiples + 1)
        for wave in (np.sin, np.cos)
    ]
    weekdays = [(weekday == number).astype(np.float64) for number in range(7)]
    return np.stack([*waves, *weekdays, holiday], axis=-1)


def _weather_units(weather: Floats) -> Floats:
    """(..., 4) in `WEATHER` order and units -> about -2 to 2, by fixed figures."""
    temperature, rain, cloud, wind = np.moveaxis(weather, -1, 0)
    scaled = [
        (temperature - 10.0) / 10.0,
        np.log1p(np.maximum(rain, 0.0)),
        cloud / 50.0 - 1.0,
        (wind - 5.0) / 3.0,
    ]
    return np.stack(scaled, axis=-1)


def _flagged(values: Floats) -> list[Floats]:
    """Unknown -> 0, and beside each channel's value 1 where it is unknown."""
    return [np.nan_to_num(values), np.isnan(values).astype(np.float64)]


def _flagged_together(values: Floats) -> list[Floats]:
    """Unknown -> 0, and one flag for all channels: 1 where any is unknown."""
    return [np.nan_to_num(values), np.isnan(values).any(axis=-1, keepdims=True).astype(np.float64)]


def mean_known(values: Floats, axis: int) -> Floats:
    """Mean of the known values; NaN where there is none."""
    count = (~np.isnan(values)).sum(axis=axis)
    total = np.nan_to_num(values).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
