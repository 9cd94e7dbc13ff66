"""Small tables of the page of forecasts, as words. Pure.

Streamlit draws words as a plain table, which wraps, is read aloud, and loads no grid of a megabyte.
"""

import pandas as pd

_PERCENT = ("skill", "coverage_80", "coverage_90")
_MODELS = {
    "model_name": "Model",
    "forecast_source": "As",
    "days": "Days",
    "mae": "MAE",
    "bias": "Bias",
    "skill": "Skill",
    "coverage_80": "In 80 %",
    "coverage_90": "In 90 %",
}


def models_table(performance: pd.DataFrame) -> pd.DataFrame:
    """Rows of /v1/performance of one series -> a row of words per model, the best first."""
    rows = performance.sort_values("mae", ignore_index=True)
    told = rows[list(_MODELS)].astype("object")
    digits = 3 if rows["mae"].max() < 10 else 1
    for name in ("mae", "bias"):
        told[name] = [f"{value:,.{digits}f}" for value in rows[name]]
    for name in _PERCENT:
        told[name] = ["" if pd.isna(value) else f"{100 * value:.0f} %" for value in rows[name]]
    return told.astype("string").rename(columns=_MODELS)


def cheapest_table(hours: pd.DataFrame, most: int = 8) -> pd.DataFrame:
    """Rows of /v1/cheapest_hours of one day -> the cheapest of them, in words."""
    rows = hours.nsmallest(most, "rank")
    unit = rows["unit"].iloc[0] if len(rows) else ""
    digits = 2 if rows["q50"].abs().max() < 10 else 1
    return pd.DataFrame(
        {
            "Rank": rows["rank"].astype("string"),
            "From": rows["local_time"],
            f"Median [{unit}]": [f"{value:,.{digits}f}" for value in rows["q50"]],
            "80 % interval": [
                f"{low:,.{digits}f}\N{NO-BREAK SPACE}–\N{NO-BREAK SPACE}{high:,.{digits}f}"
                for low, high in zip(rows["q10"], rows["q90"], strict=True)
            ],
        }
    )
