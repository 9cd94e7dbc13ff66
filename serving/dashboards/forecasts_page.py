"""The page of forecasts: one series, one origin, and what has become of it."""

from datetime import datetime

import pandas as pd
import streamlit as st

from lakehouse.time import HOUR
from serving.dashboards.asking import Api
from serving.dashboards.forecast_figures import (
    Seen,
    cheapest_figure,
    daily_error_figure,
    forecast_figure,
    weather_figure,
)
from serving.dashboards.forecast_tables import cheapest_table, models_table
from serving.dashboards.local_axis import days_axis, hours_axis, hours_of, moment
from serving.dashboards.panels import current_look, draw, figures, missing, panel, stale
from serving.dashboards.series_story import (
    LOOK_BACK,
    Series,
    answered_days,
    day_total,
    figure_text,
    forecast_question,
    origins_of,
    seen_at,
    weather_at,
)

_NO_SERIES = "There are no series yet."
_DAILY = "gridcast run daily"
_SEEN_LAST = "series seen last"


def forecasts_page(api: Api) -> None:
    """Draw the page. Raises Unanswered where not even the series can be asked for."""
    st.title("Forecasts", anchor=False)
    catalogue = api.rows("series")
    if catalogue.empty:
        missing(_NO_SERIES, "make demo")
        return
    series = _chosen_series(catalogue)
    origins = origins_of(api, series)
    if not origins:
        missing(f"No forecast of `{series.series_id}` has been made yet.", _DAILY)
        _observed_only(api, series)
        return
    clock = datetime.fromisoformat(api.state()["clock"])
    stale("The newest forecast of this series", (clock - origins[-1]) / HOUR)
    origin = _chosen_origin(origins, series)
    seen = seen_at(api, series, origin)
    _figures(series, seen)
    left, right = st.columns([3, 2])
    with left:
        _day(api, series, seen)
    with right:
        _weather(api, series, origin)
    _two_weeks(series, seen)
    if series.kind == "price":
        _cheapest(api, series, origin)
    _accuracy(api, series)


def _chosen_series(catalogue: pd.DataFrame) -> Series:
    """By two boxes. At first that of the address, else the one seen before another page."""
    rows = {row["series_id"]: row for row in catalogue.to_dict("records")}
    asked = st.query_params.get("series", st.session_state.get(_SEEN_LAST))
    left, right = st.columns(2)
    groups = sorted(set(catalogue["series_group"]))
    group = left.selectbox(
        "Group", groups, groups.index(rows[asked]["series_group"]) if asked in rows else 0,
        key="group", filter_mode=None, help="Series that share one model",
    )  # fmt: skip
    ids = [name for name, row in rows.items() if row["series_group"] == group]
    chosen = right.selectbox(
        "Series", ids, ids.index(asked) if asked in ids else 0, key=f"series of {group}",
        filter_mode=None, format_func=lambda name: rows[name]["description"] or name,
    )  # fmt: skip
    series = Series.of(rows[chosen])
    st.query_params["series"] = st.session_state[_SEEN_LAST] = series.series_id
    st.caption(
        f"`{series.series_id}` · {series.unit} · every {series.minutes} minutes · "
        f"days and times in {series.zone.key}"
    )
    return series


def _chosen_origin(origins: list[datetime], series: Series) -> datetime:
    """The newest unless the slider says another."""
    if len(origins) == 1:
        return origins[0]
    return st.select_slider(
        "Forecast origin", origins, origins[-1], key=f"origin of {series.series_id}",
        format_func=lambda time: moment(time, series.zone),
        help="The moment whose knowledge a forecast uses. Move it back to see an older forecast "
        "beside what was known then and what came.",
    )  # fmt: skip


def _figures(series: Series, seen: Seen) -> None:
    """The day in four figures."""
    if seen.forecast.empty:
        return
    rows = seen.forecast
    top, low = rows.nlargest(1, "q50").iloc[0], rows.nsmallest(1, "q50").iloc[0]
    label, total = day_total(rows, series.kind)
    figures(
        [
            (label, figure_text(total, series.unit), None),
            *(
                (name, figure_text(row["q50"], series.unit), moment(row["valid_time"], series.zone))
                for name, row in (("Highest", top), ("Lowest", low))
            ),
            ("Answered by", str(rows["model_name"].iloc[0]), str(rows["forecast_source"].iloc[0])),
        ]
    )


def _day(api: Api, series: Series, seen: Seen) -> None:
    begin, end = series.target(seen.origin)
    day = begin.astimezone(series.zone)
    title = f"{day:%A} {day.day} {day:%B %Y}, {hours_of(begin, end)} hours"
    with panel(title, f"Forecast of {moment(seen.origin, series.zone)}: median and intervals."):
        axis = hours_axis(begin, end, series.zone)
        alt = f"Forecast of {series.series_id} for {title}, with 50, 80 and 90 % intervals"
        draw(forecast_figure(seen, axis, current_look()), "day", alt)
        asked = forecast_question(series, seen.origin)
        st.download_button(
            "Download as CSV", api.csv("forecasts", asked),
            f"{series.series_id}-{seen.origin:%Y%m%dT%H%MZ}.csv", "text/csv",
            icon=":material/download:", on_click="ignore", key="csv",
        )  # fmt: skip


def _weather(api: Api, series: Series, origin: datetime) -> None:
    place = series.location_id
    with panel("Weather", f"At {place}, that day." if place else ""):
        if not place:
            st.info("This series uses no weather.")
            return
        forecast, observed = weather_at(api, series, origin)
        if forecast.empty and observed.empty:
            missing(f"No weather of {place} is known for this day.", "gridcast run ingest")
            return
        axis = hours_axis(*series.target(origin), series.zone, every=6)
        alt = f"Weather at {place}, as forecast at the origin and as observed"
        draw(weather_figure(forecast, observed, axis, current_look()), "weather", alt)


def _two_weeks(series: Series, seen: Seen) -> None:
    about = (
        "What was known at the origin, what became known since, and earlier forecasts as they "
        "were made. The dotted line is the origin."
    )
    with panel("The two weeks before", about):
        axis = days_axis(seen.origin - LOOK_BACK, series.target(seen.origin)[1], series.zone)
        alt = f"Two weeks of {series.series_id} and its earlier forecasts"
        draw(forecast_figure(seen, axis, current_look()), "weeks", alt)


def _cheapest(api: Api, series: Series, origin: datetime) -> None:
    with panel("Cheapest hours", "Of the forecast day, by the median."):
        hours = api.rows("cheapest_hours", forecast_question(series, origin))
        if hours.empty:
            missing("No price is forecast for this day.", _DAILY)
            return
        left, right = st.columns([3, 2])
        axis = hours_axis(*series.target(origin), series.zone)
        with left:
            figure = cheapest_figure(hours, axis, series.minutes, current_look())
            draw(figure, "cheapest", f"Prices of {series.series_id} by hour")
        right.table(
            cheapest_table(hours),
            border="horizontal",
            hide_index=True,
            alt="The cheapest intervals",
        )


def _accuracy(api: Api, series: Series) -> None:
    about = f"All models, on days whose truth is known. MAE and bias in {series.unit}."
    with panel("How good it has been", about):
        performance = api.rows("performance", {"series_id": series.series_id})
        if performance.empty:
            missing("No forecast of this series has met its truth yet.", _DAILY)
            return
        left, right = st.columns([3, 2])
        with left:
            told = models_table(performance)
            st.table(told, border="horizontal", hide_index=True, alt="Accuracy by model")
            st.caption(
                "Skill: how much smaller the error is than seasonal naive's on the same hours. "
                "Bias: forecast less truth. In 80 %: share of truths within that interval."
            )
        with right:
            figure = daily_error_figure(answered_days(api, series), current_look())
            draw(figure, "errors", f"Mean absolute error of {series.series_id} by day")


def _observed_only(api: Api, series: Series) -> None:
    """Where nothing is forecast: whether there is anything to forecast from."""
    rows = api.rows("observations", {"series_id": series.series_id})
    if rows.empty:
        missing("Nor is any value of it known.", "gridcast run ingest")
        return
    newest = rows["event_time"].max()
    st.info(f"Its newest value is that of {moment(newest, series.zone)}.")
