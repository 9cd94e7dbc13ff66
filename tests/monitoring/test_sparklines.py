"""A sparkline says by picture, by signs and in words how the error of a model went."""

import io
from datetime import date, timedelta

import numpy as np
import pandas as pd
from PIL import Image

from monitoring.sparklines import HEIGHT, MOST_DRAWN, WIDTH, signs, sparklines


def errors(series: int = 1, days: int = 40) -> pd.DataFrame:
    first = date(2024, 10, 1)
    return pd.DataFrame(
        [
            {
                "series_id": f"s{number}",
                "model_name": model,
                "target_day": first + timedelta(days=day),
                "mae": level + day,
            }
            for number in range(series)
            for model, level in (("lstm", 1.0), ("seasonal_naive", 5.0))
            for day in range(days)
        ]
    )


def rows(series: int = 1) -> pd.DataFrame:
    return pd.DataFrame(
        {"series_id": [f"s{n}" for n in range(series)], "model_name": "lstm", "unit": "kWh"}
    )


def test_it_shows_the_newest_days_and_tells_the_figures_in_words() -> None:
    [line] = sparklines(errors(), rows().itertuples(), 28).values()
    assert len(line.signs) == 28
    assert line.picture.alt == (
        "MAE by day, 13 Oct 2024 to 9 Nov 2024: least 13.0 kWh, most 40.0 kWh, last 40.0 kWh; "
        "naive's last 44.0 kWh."
    )


def test_the_picture_is_small_and_its_ground_transparent() -> None:
    [line] = sparklines(errors(), rows().itertuples()).values()
    drawn = Image.open(io.BytesIO(line.picture.png))
    assert drawn.size == (2 * WIDTH, 2 * HEIGHT)
    assert drawn.convert("RGBA").getpixel((0, 0))[3] == 0
    assert len(line.picture.png) < 3000


def test_signs_are_as_high_as_the_values_and_a_gap_is_none() -> None:
    assert signs(pd.Series([0.0, 1.0, np.nan, 2.0])) == "▁▅·█"
    assert signs(pd.Series([0.0, 0.0])) == "▁▁"


def test_of_many_rows_the_first_are_drawn_and_all_have_signs() -> None:
    many = MOST_DRAWN + 5
    found = sparklines(errors(many, 10), rows(many).itertuples())
    assert sum(bool(line.picture.png) for line in found.values()) == MOST_DRAWN
    assert all(len(line.signs) == 10 for line in found.values())


def test_a_model_without_scored_days_has_no_line() -> None:
    unscored = rows().assign(model_name="linear")
    assert sparklines(errors(), unscored.itertuples()) == {}
