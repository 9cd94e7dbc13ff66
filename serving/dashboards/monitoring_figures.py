"""Pictures of how the system fares. Pure: frames of the API in, Plotly figures out."""

from datetime import date

import pandas as pd
import plotly.graph_objects as go

from serving.dashboards.look import Look, laid_out

_BANDS = {0: "00–06", 6: "06–12", 12: "12–18", 18: "18–24"}
NAIVE = "seasonal_naive"
#: Verdicts on drift, on a scale of colours of their own.
_DRIFT_CODES = {"not_judged": 0, "no_reference": 0, "stable": 1, "watch": 2, "drift": 3}
_DRIFT_WORDS = ("not judged, or no reference", "stable", "watch", "drift")
_QUALITY_CODES = {"no_history": 0, "ok": 1, "fault": 3}


def ratios_by_band(performance: pd.DataFrame) -> pd.DataFrame:
    """Rows of /v1/performance?by=horizon_band -> model_name, horizon_band, ratio, n.

    ratio: MAE over seasonal naive's on the same hours, mean of the series.
    """
    rows = performance.assign(
        sum_abs=performance["mae"] * performance["n"],
        naive_abs=performance["naive_mae"] * performance["n"],
    )
    by_series = rows.groupby(["model_name", "horizon_band", "series_id"], as_index=False)[
        ["sum_abs", "naive_abs", "n"]
    ].sum()
    by_series = by_series[by_series["naive_abs"] > 0]
    by_series["ratio"] = by_series["sum_abs"] / by_series["naive_abs"]
    told = by_series.groupby(["model_name", "horizon_band"], as_index=False)
    return told.agg(ratio=("ratio", "mean"), n=("n", "sum"))


def band_figure(performance: pd.DataFrame, champion: str | None, look: Look) -> go.Figure:
    """Error of each model by block of six local hours, in units of seasonal naive's: below 1 is
    better. performance: rows of /v1/performance?by=horizon_band of one group."""
    rows = ratios_by_band(performance)
    figure = go.Figure()
    for place, model in enumerate(_in_order(set(rows["model_name"]) - {NAIVE}, champion)):
        one = rows[rows["model_name"] == model].sort_values("horizon_band")
        figure.add_bar(
            x=[_BANDS.get(band, str(band)) for band in one["horizon_band"]], y=one["ratio"],
            name=_named(model, champion), marker={"color": look.models[place % len(look.models)]},
            customdata=one["n"],
            hovertemplate="%{x}: %{y:.2f} of naive's, %{customdata} intervals"
            f"<extra>{model}</extra>",
        )  # fmt: skip
    line = {"color": look.ink, "dash": "dot", "width": 1.5}
    figure.add_hline(1.0, line=line, name="Seasonal naive", showlegend=bool(figure.data))
    figure.update_yaxes(title={"text": "MAE / naive's MAE"})
    figure.update_xaxes(title={"text": "Local hours of the target day"})
    return laid_out(figure, look, 340)


def coverage_figure(performance: pd.DataFrame, champion: str | None, look: Look) -> go.Figure:
    """How often the truth lay within the 80 % and 90 % intervals, per model.

    performance: rows of /v1/performance of one group.
    """
    weights = performance.assign(
        in_80=performance["coverage_80"] * performance["n"],
        in_90=performance["coverage_90"] * performance["n"],
    )
    told = weights.groupby("model_name")[["in_80", "in_90", "n"]].sum()
    models = _in_order(set(told.index), champion)[::-1]
    told = told.loc[models]
    figure = go.Figure()
    for column, name, nominal, colour in (
        ("in_80", "80 % interval", 80, look.forecast),
        ("in_90", "90 % interval", 90, look.truth),
    ):
        figure.add_vline(nominal, line={"color": colour, "dash": "dot", "width": 1.5})
        figure.add_scatter(
            x=100 * told[column] / told["n"], y=[_named(m, champion) for m in models], name=name,
            mode="markers", marker={"color": colour, "size": 12}, customdata=told["n"],
            hovertemplate="%{x:.0f} % of %{customdata} truths<extra>" + name + "</extra>",
        )  # fmt: skip
    least = float((100 * told["in_80"] / told["n"]).min()) if len(told) else 80
    figure.update_xaxes(
        title={"text": "Truths within [%]; dotted: as promised"},
        range=[min(45, least - 5), 101.5],
    )
    return laid_out(figure, look, 340)


def drift_figure(drift: pd.DataFrame, look: Look) -> go.Figure:
    """Verdicts by day and feature. drift: rows of /v1/drift of one group."""
    rows = drift.sort_values("as_of").drop_duplicates(["data_set", "feature", "day"], keep="last")
    rows = rows.assign(
        owner=rows["data_set"] + " · " + rows["feature"], code=rows["verdict"].map(_DRIFT_CODES)
    )
    words = [
        f"{r['owner']}<br>{r['day']:%d %b}: {r['verdict']}"
        + ("" if pd.isna(r["strength"]) else f", {r['strength']:.1f} times its threshold")
        for r in rows.to_dict("records")
    ]
    colours = ("rgba(128,138,150,0.28)", look.band(0.32), look.warning, look.bad)
    return _verdicts(rows.assign(words=words), colours, _DRIFT_WORDS, look)


def quality_figure(quality: pd.DataFrame, look: Look) -> go.Figure:
    """Verdicts by day and series or place. quality: rows of /v1/quality."""
    single = quality["feature"] == "value"
    rows = quality.assign(
        owner=quality["owner"].where(single, quality["owner"] + " · " + quality["feature"]),
        code=quality["verdict"].map(_QUALITY_CODES),
        words=quality["owner"] + ": " + quality["reason"].where(quality["reason"] != "", "ok"),
    )
    colours = ("rgba(128,138,150,0.28)", look.band(0.32), look.warning, look.bad)
    return _verdicts(rows, colours, ("too little history", "ok", "", "fault"), look)


def _verdicts(
    rows: pd.DataFrame, colours: tuple[str, ...], words: tuple[str, ...], look: Look
) -> go.Figure:
    """A heat map of codes 0 to 3. rows: owner, day, code, words."""
    days: list[date] = sorted(rows["day"].unique())
    owners = sorted(rows["owner"].unique(), reverse=True)
    worst = rows.sort_values("code").drop_duplicates(["owner", "day"], keep="last")
    codes, said = (
        worst.pivot(index="owner", columns="day", values=name).reindex(index=owners, columns=days)
        for name in ("code", "words")
    )
    last = len(colours) - 1
    scale = [[(i + side) / (last + 1), c] for i, c in enumerate(colours) for side in (0, 1)]
    figure = go.Figure(
        go.Heatmap(
            z=codes.to_numpy(), x=[_day(day) for day in days], y=owners, zmin=-0.5,
            zmax=last + 0.5, colorscale=scale, showscale=False, xgap=1, ygap=2,
            text=said.to_numpy(), hovertemplate="%{text}<extra></extra>", hoverongaps=False,
        )
    )  # fmt: skip
    for colour, word in zip(colours, words, strict=True):
        if word:
            marker = {"color": colour, "size": 12, "symbol": "square"}
            figure.add_scatter(x=[None], y=[None], name=word, mode="markers", marker=marker)
    weeks = days[::7]
    figure.update_xaxes(
        title={"text": "Local day"}, tickangle=0, tickmode="array",
        tickvals=[_day(day) for day in weeks],
        ticktext=[_day(day) if day in (days[0], weeks[-1]) else f"{day.day}" for day in weeks],
    )  # fmt: skip
    laid_out(figure, look, 110 + 24 * len(owners))
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(showgrid=False)
    return figure


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _in_order(models: set[str], champion: str | None) -> list[str]:
    """The champion first, seasonal naive last."""
    return sorted(models, key=lambda model: (model != champion, model == NAIVE, model))


def _named(model: str, champion: str | None) -> str:
    return f"{model} (in charge)" if model == champion else model
