"""The kinds of incidents, what each is called, and what a person can do about it."""

QUALITY, DRIFT, SILENT, CHAMPION = "quality", "drift_and_error", "no_forecast", "champion"
LATE = "late"

TITLES = {
    QUALITY: "broken data",
    DRIFT: "drift, and forecasts worse than seasonal naive",
    SILENT: "no forecast",
    LATE: "no fresh data",
    CHAMPION: "another model in charge",
}
ADVICE = {
    QUALITY: "Its day is kept out of training. Ask the publisher, or correct the values where they "
    "come from: a corrected day is judged again when it arrives.",
    DRIFT: "Train the group anew with 'gridcast run train', or put another model in charge with "
    "'gridcast promote' or 'gridcast rollback'.",
    SILENT: "See gold.runs for the step that failed, and run 'gridcast run daily' again.",
    LATE: "See in gold.runs what 'ingest' was told, and ask the publisher. What comes later is "
    "taken in, and this ends.",
    CHAMPION: "Nothing needs to be done; 'gridcast rollback' undoes it.",
}
