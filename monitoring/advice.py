"""The kinds of incidents, what each is called, and what a person can do about it."""

QUALITY, DRIFT, SILENT, CHAMPION = "quality", "drift_and_error", "no_forecast", "champion"
LATE, TRAINED, FAILED = "late", "trained", "failed"
TOLD_ONCE = (CHAMPION, TRAINED)
"""They are news, and do not last."""

TITLES = {
    QUALITY: "broken data",
    DRIFT: "drift, and forecasts worse than seasonal naive",
    SILENT: "no forecast",
    LATE: "no fresh data",
    FAILED: "a step failed",
    CHAMPION: "another model in charge",
    TRAINED: "trained anew",
}
ADVICE = {
    QUALITY: "Its day is kept out of training. Ask the publisher, or correct the values where they "
    "come from: a corrected day is judged again when it arrives.",
    DRIFT: "A training is asked for by itself where this lasts (gold.retraining). 'gridcast run "
    "train --group GROUP' does not wait; 'gridcast promote' or 'rollback' put another in charge.",
    SILENT: "See gold.runs for the step that failed, and run 'gridcast run daily' again.",
    LATE: "See in gold.runs what 'ingest' was told, and ask the publisher. What comes later is "
    "taken in, and this ends.",
    FAILED: "The other steps went on without it. Run it by hand, such as 'gridcast --verbose run "
    "monitor' for watch, alert and report, to see why.",
    CHAMPION: "Nothing needs to be done; 'gridcast rollback' undoes it.",
    TRAINED: "Nothing needs to be done; 'gridcast promote' puts another of these in charge.",
}
