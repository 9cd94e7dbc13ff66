"""Which row of several about the same thing to use: declared once, for Spark SQL and for Arrow."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Preference:
    """One step of the choice: by which column, and which value goes before or after all others.

    With neither `first` nor `last`, the greatest value wins.
    """

    column: str
    first: str = ""
    last: str = ""

    @property
    def sql(self) -> str:
        """One item of a Spark SQL `ORDER BY` that puts the row to use first."""
        if self.first:
            return f"CASE {self.column} WHEN '{self.first}' THEN 0 ELSE 1 END"
        if self.last:
            return f"CASE {self.column} WHEN '{self.last}' THEN 1 ELSE 0 END"
        return f"{self.column} DESC"


def order_by(preferences: Iterable[Preference]) -> str:
    """The whole `ORDER BY` list, one below the other as the views are indented."""
    return f",\n{' ' * 23}".join(preference.sql for preference in preferences)


#: Of the vintages of a value: the one that became known last.
NEWEST_VINTAGE = (Preference("available_at"),)
#: Of the weather forecasts of an hour: the one that became public last, of the newest run.
NEWEST_RUN = (Preference("available_at"), Preference("issue_time"))
#: Who answered: the champion, else who stood in for it, else seasonal naive.
ANSWER = (
    Preference("forecast_source", first="champion"),
    Preference("model_name", last="seasonal_naive"),
    Preference("model_version"),
)
#: Of the forecasts of an interval: the newest origin, and of it who answered.
FORECAST_TO_USE = (Preference("forecast_origin"), *ANSWER)
#: Who may answer: challengers are scored, and not served.
ANSWERING_SOURCES = ("champion", "fallback")
#: Of the scores of a block of hours: the one by the newest truth.
NEWEST_TRUTH = (Preference("truth_as_of"),)
#: Of the verdicts on a day, made anew when late rows came: the newest.
NEWEST_VERDICT = (Preference("as_of"), Preference("revision"))
