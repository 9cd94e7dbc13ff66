"""Gold: what models see, what they said, how right they were, and who was in charge."""

from lakehouse.tables.contract import Column, Table
from lakehouse.tables.watched import TABLES as WATCHED

QUANTILES = ("q05", "q10", "q25", "q50", "q75", "q90", "q95")
RUN_KINDS = ("live", "replay")

_SERIES_ID = Column("series_id", "string", "One time series")
_GROUP = Column("series_group", "string", "Series that share one model")
_ORIGIN = Column("forecast_origin", "timestamp", "Moment whose knowledge is used", "UTC")
_VALID = Column("valid_time", "timestamp", "Start of the interval that it is about", "UTC")
_MODEL = Column("model_name", "string", "Kind of model")
_VERSION = Column("model_version", "string", "Which training of it")
_RUN_KIND = Column("run_kind", "string", "live, or replay of a past day")
_RUN_ID = Column("run_id", "string", "Run that wrote the row", content=False)

FEATURES = Table(
    name="gold.features",
    meaning="What is known in advance about each target interval, for origins really issued",
    key=("series_id", "forecast_origin", "valid_time", "feature_version"),
    cluster_by=("forecast_origin",),
    columns=(
        _SERIES_ID,
        _ORIGIN,
        _VALID,
        Column("feature_version", "string", "Version of the feature definitions"),
        _GROUP,
        Column("horizon_hours", "double", "From the origin to the interval", "h"),
        Column("local_hour", "double", "Local clock at the interval's start: 13.5 is 13:30", "h"),
        Column("weekday", "int", "Local day of the week, Monday is 0"),
        Column("day_of_year", "int", "Local day of the year"),
        Column("is_holiday", "int", "1 on a public holiday of the series' country"),
        Column("temperature_2m", "double", "Forecast air temperature", "°C", nullable=True),
        Column(
            "precipitation", "double", "Forecast precipitation of the hour", "mm", nullable=True
        ),
        Column("cloud_cover", "double", "Forecast cloud cover", "%", nullable=True),
        Column("wind_speed_10m", "double", "Forecast wind speed", "m/s", nullable=True),
        Column("covariates", "map<string,double>", "Further columns known in advance"),
        Column("weather_issue_time", "timestamp", "Oldest run used", "UTC", nullable=True),
        Column("history_end", "timestamp", "Newest event time known", "UTC", nullable=True),
    ),
)

FORECASTS = Table(
    name="gold.forecasts",
    meaning="Every forecast ever issued, as it was issued",
    key=("series_id", "forecast_origin", "valid_time", "model_name", "model_version", "run_kind"),
    cluster_by=("forecast_origin",),
    columns=(
        _SERIES_ID,
        _ORIGIN,
        _VALID,
        _MODEL,
        _VERSION,
        _RUN_KIND,
        _GROUP,
        Column("horizon_hours", "double", "From the origin to the interval", "h"),
        *(Column(q, "double", f"{int(q[1:])} % quantile, in `unit`") for q in QUANTILES),
        Column("unit", "string", "Unit of the quantiles"),
        Column("forecast_source", "string", "champion, challenger or fallback"),
        Column("feature_version", "string", "Version of the feature definitions"),
        Column("weather_issue_time", "timestamp", "Oldest weather run used", "UTC", nullable=True),
        Column("history_end", "timestamp", "Newest event time known", "UTC", nullable=True),
        Column("produced_at", "timestamp", "When it was computed", "UTC", content=False),
        Column("mlflow_run_id", "string", "Training run", nullable=True, content=False),
        Column(
            "table_versions",
            "map<string,string>",
            "Versions of the tables read: hints, valid within retention",
            content=False,
        ),
        _RUN_ID,
    ),
)

CALIBRATION = Table(
    name="gold.calibration",
    meaning="By how much the intervals of a model were stretched at an origin, since its live days "
    "covered less or more than they promised: 1 before the first of them",
    key=("series_id", "model_name", "model_version", "forecast_origin", "run_kind"),
    cluster_by=("forecast_origin",),
    columns=(
        _SERIES_ID,
        _MODEL,
        _VERSION,
        _ORIGIN,
        _RUN_KIND,
        _GROUP,
        Column("n_days", "double", "Live days of the model known at the origin", "d"),
        Column("in_90", "double", "Share of their truths within q05..q95", nullable=True),
        Column("in_80", "double", "Within q10..q90", nullable=True),
        Column("in_50", "double", "Within q25..q75", nullable=True),
        Column("factor_90", "double", "q05 and q95 lie so many times as far from the median"),
        Column("factor_80", "double", "q10 and q90"),
        Column("factor_50", "double", "q25 and q75"),
        _RUN_ID,
    ),
)

FORECAST_ERRORS = Table(
    name="gold.forecast_errors",
    meaning="Sums of errors per series, model, target day and block of six local hours",
    key=(
        "series_id",
        "model_name",
        "model_version",
        "run_kind",
        "target_day",
        "horizon_band",
        "truth_as_of",
    ),
    cluster_by=("target_day",),
    columns=(
        _SERIES_ID,
        _MODEL,
        _VERSION,
        _RUN_KIND,
        Column("target_day", "date", "Local day that was forecast"),
        Column("horizon_band", "int", "First local hour of the block: 0, 6, 12 or 18", "h"),
        Column("truth_as_of", "timestamp", "When the last truth of the block was known", "UTC"),
        _GROUP,
        Column("forecast_source", "string", "champion, challenger or fallback"),
        Column("unit", "string", "Unit of the values"),
        Column("n", "int", "Intervals scored"),
        Column("sum_abs", "double", "Sum of |truth - q50|, in `unit`"),
        Column("sum_error", "double", "Sum of q50 - truth, in `unit`"),
        Column("sum_squared", "double", "Sum of (truth - q50) squared, in `unit` squared"),
        Column("sum_pinball", "double", "Sum of the pinball loss, mean over quantiles, in `unit`"),
        Column("sum_truth", "double", "Sum of truth, in `unit`"),
        Column("n_in_50", "int", "Intervals whose truth lies in q25..q75"),
        Column("n_in_80", "int", "Intervals whose truth lies in q10..q90"),
        Column("n_in_90", "int", "Intervals whose truth lies in q05..q95"),
        Column("sum_width_80", "double", "Sum of q90 - q10, in `unit`: sharpness"),
        _RUN_ID,
    ),
)
FORECAST_BLOCK = tuple(name for name in FORECAST_ERRORS.key if name != "truth_as_of")
"""What a score is about: by the newest truth one row of each counts."""

TRAINING_RUNS = Table(
    name="gold.training_runs",
    meaning="One row per model trained for a group: what came of it, and why",
    key=("series_group", "model_name", "model_version"),
    columns=(
        Column("run_id", "string", "Run that trained", content=False),
        _GROUP,
        _MODEL,
        _VERSION,
        Column("as_of", "timestamp", "Only what was known then was used", "UTC"),
        Column("status", "string", "ok, skipped or failed"),
        Column("reason", "string", "Why, in a sentence"),
        Column("train_from", "date", "First target day trained on", nullable=True),
        Column("train_to", "date", "Last target day trained on", nullable=True),
        Column("holdout_from", "date", "First held-out target day", nullable=True),
        Column("holdout_to", "date", "Last held-out target day", nullable=True),
        Column("samples", "int", "Series-days trained on"),
        Column("mae", "double", "On the held-out days, mean of MAE / naive MAE", nullable=True),
        Column("pinball", "double", "Likewise of the pinball loss", nullable=True),
        Column("feature_version", "string", "Version of the feature definitions"),
        Column("seconds", "double", "Training time", "s", nullable=True, content=False),
        Column("mlflow_run_id", "string", "Run in MLflow", nullable=True, content=False),
        Column(
            "table_versions", "map<string,string>", "Versions of the tables read", content=False
        ),
    ),
)

BACKTESTS = Table(
    name="gold.backtests",
    meaning="What promotions are decided on: days that nobody learnt from, forecast by all",
    key=("backtest", "series_id", "model_name", "model_version", "target_day"),
    columns=(
        Column("backtest", "string", "The training whose held-out days they are"),
        _GROUP,
        _SERIES_ID,
        _MODEL,
        _VERSION,
        Column("target_day", "date", "Local day that was forecast"),
        Column("n", "int", "Intervals scored: those that all models and the truth have"),
        Column("sum_abs", "double", "Sum of |truth - q50|, in the unit of the series"),
        Column("sum_pinball", "double", "Sum of the pinball loss, mean over quantiles, likewise"),
        Column("n_in_80", "int", "Intervals whose truth lies in q10..q90"),
        Column("n_in_90", "int", "Intervals whose truth lies in q05..q95"),
        _RUN_ID,
    ),
)

PROMOTIONS = Table(
    name="gold.promotions",
    meaning="Who was champion when, and on what evidence. Append only",
    key=("series_group", "decided_at", "turn"),
    columns=(
        _GROUP,
        Column("decided_at", "timestamp", "From when the decision holds", "UTC"),
        Column("turn", "int", "Place among the decisions of the moment: the last one holds"),
        Column("champion_model", "string", "Model in charge from then on"),
        Column("champion_version", "string", "Its version"),
        Column("candidate_model", "string", "Model that was judged"),
        Column("candidate_version", "string", "Its version"),
        Column("incumbent_model", "string", "Model that it was compared with"),
        Column("incumbent_version", "string", "Its version"),
        Column("promoted", "boolean", "Whether the candidate became champion"),
        Column("awaiting", "boolean", "Whether it first has live days beside the champion"),
        Column("n_days", "int", "Days that were compared: of gold.backtests, or live ones"),
        Column("mae_ratio", "double", "Candidate's MAE as a share, mean of series", nullable=True),
        Column("pinball_ratio", "double", "Likewise of the pinball loss", nullable=True),
        Column("p_value", "double", "Of equal daily pinball loss, two-sided", nullable=True),
        Column("coverage_80", "double", "Of the candidate's 80 % intervals", nullable=True),
        Column("reason", "string", "The evidence in a sentence"),
        Column("decided_by", "string", "backtest, live days or person"),
        Column("mlflow_run_id", "string", "Run in MLflow", nullable=True, content=False),
        _RUN_ID,
    ),
)

RUNS = Table(
    name="gold.runs",
    meaning="What each run read and wrote. Grows with every run",
    key=("run_id", "step"),
    columns=(
        Column("run_id", "string", "Run", content=False),
        Column("step", "string", "A flow or a step of one: ingest, build, daily, backfill, ..."),
        Column("profile", "string", "Profile it ran in", content=False),
        Column("as_of", "timestamp", "Moment whose knowledge it used", "UTC", content=False),
        Column("run_kind", "string", "live, or replay of a past day", content=False),
        Column("status", "string", "ok or failed", content=False),
        Column("reason", "string", "What happened, in a sentence", content=False),
        Column("started_at", "timestamp", "Machine time", "UTC", content=False),
        Column("seconds", "double", "Duration", "s", content=False),
        Column("rows_in", "bigint", "Records read", content=False),
        Column("rows_out", "bigint", "Rows written", content=False),
        Column("quarantined", "bigint", "Records refused", content=False),
        Column("detail", "map<string,string>", "Rows and versions per table", content=False),
        Column("landing_ids", "array<string>", "Bodies that a build took in", content=False),
    ),
)

OUTBOX = Table(
    name="gold.outbox",
    meaning="Mails and every try to deliver them: the newest attempt says how one stands",
    key=("message_id", "attempt"),
    columns=(
        Column("message_id", "string", "Hash of kind, as-of and recipients"),
        Column("attempt", "int", "0 is when it was written"),
        Column("as_of", "timestamp", "Moment that the mail tells of", "UTC"),
        Column("subject", "string", "Subject"),
        Column("recipients", "array<string>", "Addresses"),
        Column("state", "string", "written, sent or failed"),
        Column("reason", "string", "What the other side said", content=False),
        Column("path", "string", "File below the outbox folder"),
        _RUN_ID,
    ),
)


INCIDENTS = Table(
    name="gold.incidents",
    meaning="What needs a person: one row when it was found, one when it was over",
    key=("incident_id", "event"),
    columns=(
        Column("incident_id", "string", "Hash of what it is and when it was found"),
        Column("event", "string", "opened, ended, or told: what was decided"),
        Column(
            "kind",
            "string",
            "late, quality, failed, drift_and_error, no_forecast; told: champion, trained",
        ),
        Column("about", "string", "Series, place, data set or group"),
        Column("at", "timestamp", "Moment of the event", "UTC"),
        Column("reason", "string", "What was found, in a sentence"),
        Column("message_id", "string", "Mail about it in gold.outbox, of those who get all"),
        _RUN_ID,
    ),
)

TABLES = (
    FEATURES,
    CALIBRATION,
    FORECASTS,
    FORECAST_ERRORS,
    TRAINING_RUNS,
    BACKTESTS,
    PROMOTIONS,
    *WATCHED,
    RUNS,
    OUTBOX,
    INCIDENTS,
)
