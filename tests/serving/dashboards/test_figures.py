"""Pictures from frames: gaps stay gaps, and models are judged beside seasonal naive."""

from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.time import DAY, HOUR, parse_utc
from serving.dashboards.forecast_figures import (
    Seen,
    cheapest_figure,
    daily_error_figure,
    forecast_figure,
    weather_figure,
)
from serving.dashboards.forecast_tables import cheapest_table, models_table
from serving.dashboards.local_axis import TimeAxis, hours_axis, placed
from serving.dashboards.look import DARK, LIGHT
from serving.dashboards.monitoring_figures import (
    band_figure,
    coverage_figure,
    drift_figure,
    quality_figure,
    ratios_by_band,
)
from serving.dashboards.series_story import day_total, figure_text
from serving.dashboards.steps import stepped

ORIGIN = parse_utc("2024-10-25T07:30Z")
START = parse_utc("2024-10-25T22:00Z")
ZONE = ZoneInfo("Europe/Copenhagen")
HOURS = [START + i * HOUR for i in range(24)]
QUANTILES = ("q05", "q10", "q25", "q50", "q75", "q90", "q95")


def axis() -> TimeAxis:
    return hours_axis(START, START + DAY, ZONE)


def forecast(origin: datetime = ORIGIN) -> pd.DataFrame:
    rows = {name: [float(i + place) for i in range(24)] for place, name in enumerate(QUANTILES)}
    told = {"valid_time": pd.to_datetime(HOURS), "forecast_origin": origin, "unit": "EUR/MWh"}
    return pd.DataFrame(rows | told)


def observed(hours: list[datetime]) -> pd.DataFrame:
    told = {"event_time": pd.to_datetime(hours, utc=True), "value": 5.0, "resolution_minutes": 60}
    return pd.DataFrame(told)


def seen(**changes: Any) -> Seen:
    nothing = observed([])
    whole = {"known": nothing, "later": nothing, "earlier": forecast().iloc[:0]} | changes
    return Seen(origin=ORIGIN, minutes=60, forecast=forecast(), **whole)


def names(figure: Any) -> list[str]:
    return [trace.name for trace in figure.data if trace.name and trace.showlegend is not False]


def test_an_interval_s_value_holds_until_its_end() -> None:
    times, values = stepped(HOURS[:2], [1.0, 2.0], 60)
    assert times == [placed(HOURS[0]), placed(HOURS[1]), placed(HOURS[2])]
    assert values == [1.0, 2.0, 2.0]


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=24))
def test_a_line_has_a_break_where_values_are_missing(values: list[float | None]) -> None:
    told = [(time, value) for time, value in zip(HOURS, values, strict=False) if value is not None]
    numbers = [float("nan") if value is None else value for value in values]
    times, line = stepped(HOURS[: len(values)], numbers, 60)
    places = [placed(time) for time, _ in told]
    gaps = sum(after - before > HOUR for before, after in pairwise(places))
    assert line.count(None) == gaps
    assert set(places) <= set(times)
    assert stepped(HOURS[: len(told)], [v for _, v in told], 60)[1][:-1] == [v for _, v in told]


def test_only_what_lies_on_the_axis_is_drawn() -> None:
    before = observed([START - 2 * DAY])
    assert names(forecast_figure(seen(known=before, later=before), axis(), LIGHT)) == [
        *("90 %", "80 %", "50 %", "Median")
    ]
    told = seen(
        known=observed(HOURS[:3]), later=observed(HOURS[3:]), earlier=forecast(ORIGIN - DAY)
    )
    assert names(forecast_figure(told, axis(), LIGHT)) == [
        *("Earlier forecasts", "90 %", "80 %", "50 %", "Median"),
        *("Known at the origin", "Known since"),
    ]


def test_earlier_origins_are_not_joined() -> None:
    """Two origins whose days adjoin: the line breaks between them all the same."""
    later = forecast(ORIGIN - DAY)
    first = forecast(ORIGIN - 2 * DAY).assign(valid_time=pd.to_datetime(HOURS) - pd.Timedelta(DAY))
    picture = forecast_figure(
        seen(earlier=pd.concat([later, first])),
        hours_axis(START - DAY, START + DAY, ZONE),
        DARK,
    )
    [line] = [trace for trace in picture.data if trace.name == "Earlier forecasts"]
    assert [place for place, value in enumerate(line.y) if value is None] == [25, 51]
    assert line.x[25] == line.x[26] == placed(START)


def test_hovering_tells_time_median_and_intervals() -> None:
    figure = forecast_figure(seen(), axis(), LIGHT)
    [hover] = [trace for trace in figure.data if trace.mode == "markers"]
    assert hover.text[0].startswith("Sat 26 Oct 00:00 (UTC+2)<br><b>3 EUR/MWh</b>")
    assert "90 %: 0 to 6" in hover.text[0]


def test_weather_is_one_picture_per_variable_with_its_unit() -> None:
    rows = pd.DataFrame(
        {"variable": ["precipitation", "temperature_2m", "snow"], "valid_time": START,
         "value": [0.0, 9.0, 1.0], "unit": ["mm", "°C", "cm"]}
    )  # fmt: skip
    figure = weather_figure(rows, rows.iloc[:0], axis(), LIGHT)
    titles = [note.text for note in figure.layout.annotations]
    assert titles == ["Temperature [°C]", "Precipitation [mm]", "snow [cm]"]


def test_the_cheapest_quarter_is_coloured_and_every_hour_is_in_one() -> None:
    rows = pd.DataFrame(
        {"valid_time": pd.to_datetime(HOURS), "q50": range(24), "rank": range(1, 25),
         "local_time": "00:00", "unit": "EUR/MWh"}
    )  # fmt: skip
    figure = cheapest_figure(rows, axis(), 60, LIGHT)
    assert [len(trace.x) for trace in figure.data] == [6, 12, 6]
    assert list(figure.data[0].y) == list(range(6))


def performance() -> pd.DataFrame:
    """Two series of different size: naive errs by 10 and 1000, lstm by half and by all of it."""
    rows = [
        (model, series, band, mae, naive)
        for band in (0, 6)
        for series, naive, own in (("a", 10.0, 5.0), ("b", 1000.0, 1000.0))
        for model, mae in (("lstm", own), ("seasonal_naive", naive))
    ]
    frame = pd.DataFrame(rows, columns=["model_name", "series_id", "horizon_band", "mae",
                                        "naive_mae"])  # fmt: skip
    return frame.assign(n=6, coverage_80=0.5, coverage_90=1.0)


def test_a_model_s_ratio_is_the_mean_over_series_whatever_their_size() -> None:
    told = ratios_by_band(performance()).set_index(["model_name", "horizon_band"])["ratio"]
    assert told["lstm", 0] == pytest.approx(0.75)
    assert told["seasonal_naive", 6] == pytest.approx(1.0)


def test_a_naive_error_of_nothing_divides_nothing() -> None:
    frame = performance().assign(naive_mae=0.0)
    assert ratios_by_band(frame).empty
    assert not band_figure(frame, None, LIGHT).data


def test_the_champion_comes_first_and_is_named_so() -> None:
    frame = pd.concat([performance(), performance().assign(model_name="blend")])
    figure = band_figure(frame, "lstm", LIGHT)
    assert names(figure) == ["lstm (in charge)", "blend"]
    assert [line.name for line in figure.layout.shapes] == ["Seasonal naive"]
    told = coverage_figure(frame, "lstm", LIGHT).data[0]
    assert list(told.y) == ["seasonal_naive", "blend", "lstm (in charge)"]
    assert list(told.x) == [50.0, 50.0, 50.0]


def test_the_newest_verdict_on_drift_is_shown() -> None:
    day = date(2024, 10, 20)
    rows = pd.DataFrame(
        {"data_set": "observations", "feature": "value", "day": [day, day, day + DAY],
         "as_of": [ORIGIN, ORIGIN + DAY, ORIGIN], "verdict": ["drift", "stable", "watch"],
         "strength": [2.0, float("nan"), 1.2]}
    )  # fmt: skip
    picture = drift_figure(rows, LIGHT).data[0]
    assert picture.z.tolist() == [[1, 2]]
    assert list(picture.x) == ["20 Oct", "21 Oct"]
    assert "1.2 times its threshold" in picture.text[0][1]


def test_of_a_place_in_two_groups_the_worse_verdict_is_shown() -> None:
    rows = pd.DataFrame(
        {"owner": "town", "feature": "temperature_2m", "day": date(2024, 10, 20),
         "verdict": ["fault", "ok"], "reason": ["Frozen.", ""]}
    )  # fmt: skip
    picture = quality_figure(rows, DARK).data[0]
    assert picture.z.tolist() == [[3]]
    assert picture.text[0][0] == "town: Frozen."


def test_daily_errors_are_in_the_order_of_days() -> None:
    days = [date(2024, 10, 21), date(2024, 10, 20)]
    rows = pd.DataFrame({"target_day": days, "mae": [2.0, 1.0], "naive_mae": 3.0, "unit": "kWh",
                         "model_name": "lstm"})  # fmt: skip
    figure = daily_error_figure(rows, LIGHT)
    assert list(figure.data[0].x) == ["Sun 20 Oct", "Mon 21 Oct"]
    assert figure.layout.yaxis.title.text == "MAE [kWh]"


@pytest.mark.parametrize(
    ("value", "text"),
    [(27872.567, "27,873 kWh"), (84.21, "84.2 kWh"), (-3.14159, "-3.142 kWh"), (0.0, "0.000 kWh")],
)
def test_figures_have_as_many_digits_as_one_reads(value: float, text: str) -> None:
    assert figure_text(value, "kWh") == text


def test_energy_sums_up_and_prices_average() -> None:
    frame = forecast()
    assert day_total(frame, "energy") == ("Sum of the day", frame["q50"].sum())
    assert day_total(frame, "price") == ("Mean of the day", frame["q50"].mean())


def test_models_are_listed_best_first_with_shares_in_percent() -> None:
    rows = pd.DataFrame(
        {"model_name": ["seasonal_naive", "lstm"], "forecast_source": ["fallback", "champion"],
         "days": 7, "mae": [1368.71, 1048.02], "bias": [-48.06, 0.0], "skill": [None, 0.234],
         "coverage_80": 0.8, "coverage_90": 1.0}
    )  # fmt: skip
    told = models_table(rows).to_dict("records")
    assert [row["Model"] for row in told] == ["lstm", "seasonal_naive"]
    assert (told[0]["MAE"], told[0]["Skill"], told[0]["In 90 %"]) == ("1,048.0", "23 %", "100 %")
    assert (told[1]["Bias"], told[1]["Skill"]) == ("-48.1", "")


@pytest.mark.parametrize(
    ("scale", "cell"), [(1.0, "0.10\u00a0–\u00a00.30"), (100.0, "10.0\u00a0–\u00a030.0")]
)
def test_the_cheapest_hours_are_listed_by_rank(scale: float, cell: str) -> None:
    rows = pd.DataFrame(
        {"rank": range(24, 0, -1), "local_time": "03:00", "unit": "DKK/kWh", "q10": 0.1 * scale,
         "q50": 0.2 * scale, "q90": 0.3 * scale}
    )  # fmt: skip
    told = cheapest_table(rows)
    assert told["Rank"].tolist() == [f"{i}" for i in range(1, 9)]
    assert list(told.columns)[2] == "Median [DKK/kWh]"
    assert told["80 % interval"].iloc[0] == cell
    assert cheapest_table(rows.iloc[:0]).empty
