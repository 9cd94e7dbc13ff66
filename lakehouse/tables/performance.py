"""Questions about how good the forecasts were: by model, window and horizon, and what answered."""

from lakehouse.tables.contract import Column, View
from lakehouse.tables.gold import FORECAST_ERRORS, FORECASTS
from lakehouse.tables.preference import NEWEST_TRUTH, order_by
from lakehouse.tables.silver import WEATHER_FORECASTS
from lakehouse.tables.views import AS_OF, Function

WINDOWS_DAYS = (1, 7, 28, 91)
_WEATHER = ("temperature_2m", "precipitation", "cloud_cover", "wind_speed_10m")


def _scored(condition: str) -> str:
    """Two parts of a query: `newest`, each block by its newest truth, and `naive`, the errors of
    seasonal naive in the same blocks."""
    return f"""
        newest AS (
          SELECT * EXCEPT (age) FROM (
            SELECT *, row_number() OVER (
                PARTITION BY series_id, model_name, model_version, run_kind, target_day,
                             horizon_band
                ORDER BY {order_by(NEWEST_TRUTH)}) AS age
            FROM gold.forecast_errors WHERE {condition})
          WHERE age = 1),
        naive AS (
          SELECT series_id, run_kind, target_day, horizon_band,
                 sum_abs AS naive_abs, sum_pinball AS naive_pinball
          FROM newest WHERE model_name = 'seasonal_naive')"""


#: What sums of blocks say, beside seasonal naive on the same blocks.
_SCORES = """
               count(DISTINCT e.target_day) AS days, sum(e.n) AS n,
               sum(e.sum_abs) / sum(e.n) AS mae,
               sqrt(sum(e.sum_squared) / sum(e.n)) AS rmse,
               sum(e.sum_error) / sum(e.n) AS bias,
               sum(e.sum_pinball) / sum(e.n) AS pinball,
               sum(e.n_in_80) / sum(e.n) AS coverage_80,
               sum(e.n_in_90) / sum(e.n) AS coverage_90,
               sum(e.sum_width_80) / sum(e.n) AS width_80,
               sum(v.naive_abs) / sum(e.n) AS naive_mae,
               sum(v.naive_pinball) / sum(e.n) AS naive_pinball,
               1 - sum(e.sum_abs) / sum(v.naive_abs) AS skill"""
_SCORED = (
    Column("days", "bigint", "Target days scored"),
    Column("n", "bigint", "Intervals scored"),
    Column("mae", "double", "Mean absolute error of the median, in `unit`"),
    Column("rmse", "double", "Root of the mean squared error, in `unit`"),
    Column("bias", "double", "Mean of q50 - truth, in `unit`"),
    Column("pinball", "double", "Mean pinball loss of the quantiles, in `unit`"),
    Column("coverage_80", "double", "Share of truths in q10..q90"),
    Column("coverage_90", "double", "Share of truths in q05..q95"),
    Column("width_80", "double", "Mean of q90 - q10, in `unit`"),
    Column("naive_mae", "double", "MAE of seasonal naive in the same blocks, in `unit`"),
    Column("naive_pinball", "double", "Pinball loss of seasonal naive likewise, in `unit`"),
    Column("skill", "double", "1 - mae / naive_mae: above 0 beats seasonal naive"),
)
_MODEL = FORECAST_ERRORS.pick(
    "series_id", "series_group", "unit", "model_name", "run_kind", "forecast_source"
)
_OF = "e.series_id, e.series_group, e.unit, e.model_name, e.run_kind, e.forecast_source"
_BESIDE = "newest e JOIN naive v USING (series_id, run_kind, target_day, horizon_band)"


def _performance(condition: str) -> str:
    return f"""
        WITH {_scored(condition)}
        SELECT {_OF}, {_SCORES}
        FROM {_BESIDE}
        GROUP BY ALL"""


PERFORMANCE = View(
    name="gold.performance",
    meaning="Accuracy per series and model over all scored days, beside seasonal naive",
    columns=(*_MODEL, *_SCORED),
    query=_performance("true"),
)

PERFORMANCE_WINDOWS = View(
    name="gold.performance_windows",
    meaning="Accuracy over the newest 1, 7, 28 and 91 scored days of each series, by block of six "
    "local hours; horizon_band is null for whole days",
    columns=(
        *_MODEL,
        Column("window_days", "int", "1, 7, 28 or 91 newest scored days", "d"),
        Column("horizon_band", "int", "First local hour of the block, null for whole days", "h"),
        *_SCORED,
    ),
    query=f"""
        WITH {_scored("true")},
        ends AS (
          SELECT series_id, run_kind, max(target_day) AS newest_day
          FROM newest GROUP BY ALL),
        windows AS (SELECT explode(array{WINDOWS_DAYS}) AS window_days)
        SELECT {_OF}, window_days, e.horizon_band, {_SCORES}
        FROM {_BESIDE} JOIN ends t USING (series_id, run_kind) CROSS JOIN windows
        WHERE e.target_day > date_sub(t.newest_day, window_days)
        GROUP BY GROUPING SETS (
          ({_OF}, window_days, e.horizon_band), ({_OF}, window_days))""",
)

ACCURACY_THIS_MONTH = View(
    name="gold.accuracy_this_month",
    meaning="Accuracy of the live forecasts per series and model in the calendar month of the "
    "newest scored day of the series, beside seasonal naive",
    columns=(
        Column("month", "date", "First day of the month"),
        *FORECAST_ERRORS.pick("series_id", "series_group", "unit", "model_name"),
        *_SCORED,
    ),
    query=f"""
        WITH {_scored("run_kind = 'live'")},
        months AS (
          SELECT series_id, date(date_trunc('MONTH', max(target_day))) AS month
          FROM newest GROUP BY ALL)
        SELECT m.month, e.series_id, e.series_group, e.unit, e.model_name, {_SCORES}
        FROM {_BESIDE} JOIN months m USING (series_id)
        WHERE e.target_day >= m.month
        GROUP BY ALL""",
)

ANSWERS = View(
    name="gold.answers",
    meaning="Who answered, per group and live origin: how many series the champion, one that stood "
    "in for it, and seasonal naive; the share of the last is `naive_share`",
    columns=(
        *FORECASTS.pick("series_group", "forecast_origin"),
        Column("series", "bigint", "Series forecast"),
        Column("by_champion", "bigint", "Of them by the champion"),
        Column("by_stand_in", "bigint", "By a model that stood in for it"),
        Column("by_naive", "bigint", "By seasonal naive"),
        Column("naive_share", "double", "by_naive / series"),
    ),
    query="""
        WITH best AS (
          SELECT series_group, forecast_origin, series_id,
                 min(CASE WHEN forecast_source = 'champion' THEN 0
                          WHEN model_name != 'seasonal_naive' THEN 1 ELSE 2 END) AS answer
          FROM gold.forecasts
          WHERE run_kind = 'live' AND forecast_source IN ('champion', 'fallback')
          GROUP BY ALL)
        SELECT series_group, forecast_origin, count(*) AS series,
               count_if(answer = 0) AS by_champion, count_if(answer = 1) AS by_stand_in,
               count_if(answer = 2) AS by_naive, count_if(answer = 2) / count(*) AS naive_share
        FROM best GROUP BY ALL""",
)

WEATHER_PERFORMANCE = View(
    name="gold.weather_performance",
    meaning="How wrong weather forecasts were, per place, model, variable and day of lead: 0 is "
    "the first 24 hours of a run. Against the newest actual weather",
    columns=(
        *WEATHER_FORECASTS.pick("location_id", "weather_model", "variable"),
        Column("lead_day", "int", "Whole days from the run to the hour", "d"),
        Column("n", "bigint", "Hours compared"),
        Column("mae", "double", "Mean absolute error, in the unit of the variable"),
        Column("bias", "double", "Mean of forecast - actual, likewise"),
        Column("rmse", "double", "Root of the mean squared error, likewise"),
    ),
    query="""
        WITH actual AS (
          SELECT location_id, variable, event_time AS valid_time,
                 max_by(value, available_at) AS actual
          FROM silver.weather_observations GROUP BY ALL)
        SELECT f.location_id, f.weather_model, f.variable,
               int(floor((unix_seconds(f.valid_time) - unix_seconds(f.issue_time)) / 86400))
                 AS lead_day,
               count(*) AS n, avg(abs(f.value - a.actual)) AS mae, avg(f.value - a.actual) AS bias,
               sqrt(avg(power(f.value - a.actual, 2))) AS rmse
        FROM silver.weather_forecasts f JOIN actual a USING (location_id, variable, valid_time)
        WHERE f.value IS NOT NULL AND a.actual IS NOT NULL
        GROUP BY ALL""",
)

WEATHER_AND_ERROR = View(
    name="gold.weather_and_error",
    meaning="How the error of the live days of champions moves with that of the weather they were "
    "given, per series and variable: correlation of daily means. Few days say little",
    columns=(
        *FORECASTS.pick("series_id"),
        *WEATHER_FORECASTS.pick("variable"),
        Column("days", "bigint", "Days compared"),
        Column("weather_mae", "double", "Mean error of the weather, in the unit of the variable"),
        Column("energy_mae", "double", "Mean error of the forecast, in the unit of the series"),
        Column("correlation", "double", "Of the two, day by day; null where one never varies"),
    ),
    query=f"""
        WITH {_scored("run_kind = 'live' AND forecast_source = 'champion'")},
        energy AS (
          SELECT series_id, target_day, sum(sum_abs) / sum(n) AS mae FROM newest GROUP BY ALL),
        actual AS (
          SELECT location_id, variable, event_time AS valid_time,
                 max_by(value, available_at) AS actual
          FROM silver.weather_observations GROUP BY ALL),
        given AS (
          SELECT series_id, date_trunc('HOUR', valid_time) AS valid_time, forecast_origin,
                 stack({len(_WEATHER)}, {", ".join(f"'{v}', {v}" for v in _WEATHER)})
                   AS (variable, given)
          FROM gold.features),
        weather AS (
          SELECT g.series_id, g.variable,
                 date(from_utc_timestamp(g.valid_time, s.timezone)) AS target_day,
                 avg(abs(g.given - a.actual)) AS weather_mae
          FROM given g JOIN silver.series s USING (series_id)
          JOIN actual a ON a.location_id = s.location_id AND a.variable = g.variable
            AND a.valid_time = g.valid_time
          WHERE g.given IS NOT NULL AND a.actual IS NOT NULL
          GROUP BY ALL)
        SELECT series_id, variable, count(*) AS days, avg(weather_mae) AS weather_mae,
               avg(mae) AS energy_mae, corr(weather_mae, mae) AS correlation
        FROM weather JOIN energy USING (series_id, target_day)
        GROUP BY ALL""",
)

FUNCTIONS = (
    Function(
        name="performance_as_of",
        meaning="gold.performance as it stood at a moment: by the truth that was known then",
        parameters=(AS_OF,),
        query=_performance("truth_as_of <= as_of"),
    ),
)
VIEWS = (
    PERFORMANCE,
    PERFORMANCE_WINDOWS,
    ACCURACY_THIS_MONTH,
    ANSWERS,
    WEATHER_PERFORMANCE,
    WEATHER_AND_ERROR,
)
