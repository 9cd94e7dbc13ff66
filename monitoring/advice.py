"""The kinds of incidents, what each is called, and what a person can do about it."""

QUALITY, DRIFT, SILENT, CHAMPION = "quality", "drift_and_error", "no_forecast", "champion"
TRAINED = "trained"

TITLES = {
    QUALITY: "broken data",
    DRIFT: "drift, and forecasts worse than seasonal naive",
    SILENT: "no forecast",
    CHAMPION: "another model in charge",
    TRAINED: "trained anew",
}
ADVICE = {
    QUALITY: "Its day is kept out of training. Ask the publisher, or correct the values where they "
    "come from: a corrected day is judged again when it arrives.",
    DRIFT: "A training is asked for by itself where this lasts (gold.retraining). 'gridcast run "
    "train --group GROUP' does not wait; 'gridcast promote' or 'rollback' put another in charge.",
    SILENT: "See gold.runs for the step that failed, and run 'gridcast run daily' again.",
    CHAMPION: "Nothing needs to be done; 'gridcast rollback' undoes it.",
    TRAINED: "Nothing needs to be done; 'gridcast promote' puts another of these in charge.",
}
