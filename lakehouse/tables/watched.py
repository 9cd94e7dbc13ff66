"""What was seen of the data that come in: profiles of days, drift of weeks, quality of days."""

from lakehouse.tables.contract import Column, Table

_DATA_SET = Column("data_set", "string", "observations, weather, features or forecasts")
_GROUP = Column("series_group", "string", "Series that share one model")
_REVISION = Column("revision", "string", "Hash of the profiled rows: late rows give a new one")
_AS_OF = Column("as_of", "timestamp", "Moment whose knowledge was used", "UTC")
_RUN_ID = Column("run_id", "string", "Run that wrote the row", content=False)


def _figure(name: str, meaning: str, unit: str = "") -> Column:
    return Column(name, "double", meaning, unit, nullable=True)


PROFILES = Table(
    name="gold.profiles",
    meaning="whylogs profiles, one per data set, group and day",
    key=("data_set", "series_group", "day", "revision"),
    columns=(
        _DATA_SET,
        _GROUP,
        Column("day", "date", "Local day of the profiled rows"),
        _REVISION,
        Column("rows", "int", "Rows profiled"),
        Column("profile", "binary", "Serialized whylogs profile", content=False),
        Column("as_of", "timestamp", "Moment whose knowledge was profiled", "UTC"),
        Column(
            "recorded_until",
            "timestamp",
            "Newest fetch among the rows",
            "UTC",
            nullable=True,
            content=False,
        ),
        _RUN_ID,
    ),
)

PROFILE_FEATURES = Table(
    name="gold.profile_features",
    meaning="What each profile says of each feature, in its own unit; a feature that ends in "
    "_residual holds distances from the usual hour of the week, in units of the series' own spread",
    key=("data_set", "series_group", "day", "revision", "feature"),
    columns=(
        _DATA_SET,
        _GROUP,
        Column("day", "date", "Local day"),
        _REVISION,
        Column("feature", "string", "Column of the profile"),
        Column("count", "bigint", "Rows, missing values included"),
        Column("missing", "bigint", "Rows without a value"),
        _figure("mean", "Mean"),
        _figure("stddev", "Standard deviation"),
        _figure("minimum", "Least value"),
        _figure("q05", "5 % quantile"),
        _figure("q25", "25 % quantile"),
        _figure("q50", "Median"),
        _figure("q75", "75 % quantile"),
        _figure("q95", "95 % quantile"),
        _figure("maximum", "Greatest value"),
        _RUN_ID,
    ),
)

DRIFT = Table(
    name="gold.drift",
    meaning="How far each feature of the week up to a day lies from weeks of the same season",
    key=("data_set", "series_group", "day", "revision", "feature"),
    columns=(
        _DATA_SET,
        _GROUP,
        Column("day", "date", "Last local day of the week judged"),
        _REVISION,
        Column("feature", "string", "Column judged"),
        _AS_OF,
        _figure("effect_size", "Hellinger distance, 0 to 1"),
        _figure("relative_distance", "That, over what nine in ten reference weeks keep"),
        _figure("location_shift", "In units of the reference's between-week spread"),
        _figure("spread_shift", "Likewise, of the logarithm of the spread within a week"),
        _figure("strength", "Greatest of the three effects over its threshold: 1 is beyond"),
        Column("reference", "string", "Weeks that it was compared with"),
        Column("verdict", "string", "stable, watch, drift, no_reference or not_judged"),
        Column(
            "reason",
            "string",
            "same, constant; location, spread, shape, left_constant; no_past_year; no_values, "
            "few_days, unreadable_profile",
        ),
        Column("persistence", "int", "Days in a row beyond a threshold, up to this one", "d"),
        _figure("missing_share", "Share of missing values in the week"),
        _RUN_ID,
    ),
)

QUALITY = Table(
    name="gold.quality",
    meaning="Whether each series of a day is fit to be learnt from. Of a day's revisions the one "
    "with the newest as_of counts",
    key=("data_set", "series_group", "owner", "feature", "day", "revision"),
    columns=(
        Column("data_set", "string", "observations or weather"),
        _GROUP,
        Column("owner", "string", "series_id, or location_id of weather"),
        Column("feature", "string", "value, or a weather variable"),
        Column("day", "date", "Local day judged"),
        _REVISION,
        _AS_OF,
        Column(
            "known_at",
            "timestamp",
            "When the newest of the values judged became known",
            "UTC",
            nullable=True,
        ),
        Column("verdict", "string", "ok, fault, or no_history: too little of it for all checks"),
        Column(
            "faults",
            "array<string>",
            "missing, range, flat, stale, resolution, unit, shifted, swapped",
        ),
        Column("reason", "string", "The faults in a sentence each"),
        _figure("missing_share", "Share of the day's intervals without a value"),
        _figure("flat_hours", "Longest time of one and the same value", "h"),
        _figure("factor", "The day's level over the usual one"),
        _figure("shift_hours", "Lag at which the last days fit their usual shape best", "h"),
        _figure("shift_gain", "How many times less is then unexplained"),
        _figure("stale_hours", "For how long the day was overdue when looked at", "h"),
        _RUN_ID,
    ),
)

RETRAINING = Table(
    name="gold.retraining",
    meaning="Groups whose data drift while their model is poor, day by day, and whether a training "
    "was asked for",
    key=("series_group", "as_of"),
    columns=(
        _GROUP,
        _AS_OF,
        Column(
            "verdict",
            "string",
            "asked; or why not: blocked (broken data), waits (a trained model has its live days), "
            "over_budget",
        ),
        Column("reason", "string", "In a sentence"),
        Column("drifting", "array<string>", "Features that drifted lately"),
        Column("model_name", "string", "Model in charge, or the last one that was"),
        Column("model_version", "string", "Its version"),
        _figure("mae_ratio", "Its MAE over that of seasonal naive, on its newest live days"),
        Column("n_days", "int", "Those days", "d"),
        _RUN_ID,
    ),
)

TABLES = (PROFILES, PROFILE_FEATURES, DRIFT, QUALITY, RETRAINING)
