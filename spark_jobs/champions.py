"""Who answers for a group: read from gold.promotions and gold.training_runs, as of a moment."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakehouse.arrow import ArrowTables
from lakehouse.places import Place
from lakehouse.tables.gold import PROMOTIONS, TRAINING_RUNS
from models.trained import LINEAR

FALLBACK = "seasonal_naive"
FALLBACK_VERSION = "1"


@dataclass(frozen=True)
class Model:
    """One model of a group: a training of some kind, or seasonal naive, see `naive_of`."""

    series_group: str
    model_name: str
    model_version: str
    mlflow_run_id: str | None = None

    @property
    def name(self) -> str:
        """For a person."""
        return f"{self.model_name} {self.model_version}"

    def folder(self, models: Place) -> Place:
        """Where it lies among all models."""
        return models / self.series_group / self.model_name / self.model_version

    def is_same(self, other: "Model | None") -> bool:
        """Whether both are one training of one kind of model."""
        return other is not None and self.name == other.name


def naive_of(series_group: str) -> Model:
    """Seasonal naive, as a model of a group."""
    return Model(series_group, FALLBACK, FALLBACK_VERSION)


@dataclass(frozen=True)
class Standing:
    """The models of a group. stand_ins: in the order in which they answer for a champion that
    cannot; challengers: all that forecast beside it; awaiting: the one of them that is to take
    over, unless live days speak against it, and since when. since: when the champion was put in
    charge, or the fallback back in its place. before: the newest model that was in charge and is
    not now."""

    champion: Model | None = None
    since: datetime | None = None
    stand_ins: tuple[Model, ...] = ()
    challengers: tuple[Model, ...] = ()
    awaiting: tuple[Model, datetime] | None = None
    before: Model | None = None

    @property
    def all(self) -> tuple[Model, ...]:
        """Every model of it, once or more."""
        return (*([self.champion] if self.champion else []), *self.stand_ins, *self.challengers)


Held = tuple[Model | None, datetime | None]
_NOBODY: Held = (None, None)


def standings_at(arrow: ArrowTables, as_of: datetime) -> dict[str, Standing]:
    """The models of each group that had any at `as_of`.

    For a champion stands in the one before it, then the newest linear model, unless seasonal naive
    had the lower pinball loss on its held-out days. The newest model of each kind that is not the
    champion is a challenger.
    """
    newest = _newest_trained(arrow, as_of)
    decided = _decided(arrow, as_of)
    in_charge, awaiting = _in_charge(decided), _awaiting(decided)
    standings = {}
    for group in sorted({*newest, *in_charge}):
        held = in_charge.get(group, [_NOBODY])
        champion, since = held[-1]
        trained = newest.get(group, [])
        before = next((model for model, _ in held[-2::-1] if model), None)
        linear = [model for model, share in trained if model.model_name == LINEAR and share < 1.0]
        stand_ins = [*([before] if before else []), *linear]
        standings[group] = Standing(
            champion,
            since,
            tuple(m for m in stand_ins if not m.is_same(champion)),
            tuple(m for m, _ in trained if not m.is_same(champion)),
            awaiting.get(group),
            before,
        )
    return standings


def in_order(promotions: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of gold.promotions as they were decided: the last one of a group holds."""
    return sorted(promotions, key=lambda row: (row["decided_at"], row["turn"]))


def takeovers(promotions: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows, in their order, by which another model came to be in charge of its group: each
    group begins with seasonal naive."""
    held: dict[str, tuple[str, str]] = {}
    for row in in_order(promotions):
        chosen = (row["champion_model"], row["champion_version"])
        before = held.get(row["series_group"], (FALLBACK, FALLBACK_VERSION))
        held[row["series_group"]] = chosen
        if chosen != before:
            yield row


def in_charge_until(arrow: ArrowTables, as_of: datetime) -> dict[str, list[Held]]:
    """By group, who was in charge and since when, one after the other, the last one at `as_of`;
    None is the fallback, and no moment the beginning."""
    return _in_charge(_decided(arrow, as_of))


def _decided(arrow: ArrowTables, as_of: datetime) -> list[dict[str, Any]]:
    return [row for row in in_order(arrow.rows(PROMOTIONS)) if row["decided_at"] <= as_of]


def _in_charge(decided: Iterable[dict[str, Any]]) -> dict[str, list[Held]]:
    held: dict[str, list[Held]] = {}
    for row in decided:
        models = held.setdefault(row["series_group"], [_NOBODY])
        last, _ = models[-1]
        chosen = Model(
            row["series_group"],
            row["champion_model"],
            row["champion_version"],
            row["mlflow_run_id"] if row["promoted"] else None,
        )
        if chosen.model_name == FALLBACK:
            if last is not None:
                models.append((None, row["decided_at"]))
        elif not chosen.is_same(last):
            models.append((chosen, row["decided_at"]))
    return held


def _awaiting(decided: Iterable[dict[str, Any]]) -> dict[str, tuple[Model, datetime]]:
    """By group, the candidate that has live days beside the champion, and since when."""
    found: dict[str, tuple[Model, datetime]] = {}
    for row in decided:
        group = row["series_group"]
        names = (row["candidate_model"], row["candidate_version"])
        candidate = Model(group, *names, row["mlflow_run_id"])
        if row["awaiting"]:
            found[group] = (candidate, row["decided_at"])
        elif row["promoted"] or (group in found and candidate.is_same(found[group][0])):
            found.pop(group, None)
    return found


def _newest_trained(arrow: ArrowTables, as_of: datetime) -> dict[str, list[tuple[Model, float]]]:
    """By group, the newest training of each kind of model up to `as_of`, and its pinball loss as a
    share of seasonal naive's."""
    newest: dict[str, dict[str, tuple[Model, float]]] = {}
    for row in sorted(arrow.rows(TRAINING_RUNS), key=lambda row: row["as_of"]):
        if row["as_of"] <= as_of and row["status"] == "ok":
            model = Model(
                row["series_group"], row["model_name"], row["model_version"], row["mlflow_run_id"]
            )
            share = math.inf if row["pinball"] is None else row["pinball"]
            newest.setdefault(model.series_group, {})[model.model_name] = (model, share)
    return {group: [kinds[kind] for kind in sorted(kinds)] for group, kinds in newest.items()}
