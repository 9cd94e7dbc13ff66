"""Which configuration of the LSTM suits a series group: a search that is judged on later days.

Each trial trains at several cut points on what was known then, and is judged on the days after.
Trials that lose early are stopped: successive halving, Jamieson and Talwalkar 2016 (AISTATS). The
study lies in SQLite, so an interrupted one goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np

from lakehouse.errors import BadInput
from models import lstm, naive
from models.backtest.replay import Replay, days_until_newest
from models.metrics import pinball_by_series
from models.network import LstmConfig
from models.samples import Floats, Samples

_FIRST_TRIALS = 5
"""Drawn at random before the search leans on what it found."""
_LEAST_DAYS = 56
_SEARCHED = ("batch", "width", "dropout", "epochs", "peak_rate", "asinh")
_SEARCHED_INPUTS = ("level_hours", "weeks_back", "means")
_DEFAULTS = 0
"""The number of the trial that judges the defaults."""

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Judging:
    """On what trials are judged: `cuts` times a training, and the `days` after it."""

    cuts: int = 3
    days: int = 28
    train_days: int = 660
    seed: int = 7
    epochs: int | None = None  # of one member, instead of what is tried: for quick tests


@dataclass(frozen=True)
class Trial:
    """A configuration that was tried. loss: the pinball loss by that of the seasonal naive, the
    mean over series and cuts; None where it was stopped early or failed."""

    number: int
    state: str
    config: LstmConfig
    loss: float | None
    by_cut: dict[int, float]


@dataclass(frozen=True)
class Study:
    """Trials so far, in order; the first judged the defaults."""

    name: str
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial | None:
        """The trial with the least loss; None before one is whole."""
        whole = [trial for trial in self.trials if trial.loss is not None]
        return min(whole, key=lambda trial: trial.loss or 0.0, default=None)

    @property
    def defaults(self) -> Trial | None:
        """The trial of the defaults; None before it is whole."""
        first = [trial for trial in self.trials if trial.number == _DEFAULTS]
        return first[0] if first and first[0].loss is not None else None


def search(
    replay: Replay,
    judging: Judging,
    storage: str,
    name: str,
    wanted: tuple[int, timedelta],
    base: LstmConfig,
    told: Told,
) -> Study:
    """Try until the study of that name has so many trials, or the budget is spent.

    replay: of validation time alone: nothing after its last day is seen. storage: an address such
    as sqlite:////data/tuning.db. wanted: trials, and for how long new ones may begin. base: what
    the search does not touch. A trial that was interrupted is done again. Raises BadInput where
    the days are too few.
    """
    import optuna

    cuts = _cuts(replay, judging)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        load_if_exists=True,
        pruner=optuna.pruners.SuccessiveHalvingPruner(),
    )
    if not study.trials:
        study.enqueue_trial(parameters(base))
    for trial in study.get_trials(states=[optuna.trial.TrialState.RUNNING]):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        if trial.params:
            study.enqueue_trial(trial.params)
    done = _count(study)
    # What is drawn follows from the seed and from what was tried, not from when it was started.
    study.sampler = optuna.samplers.TPESampler(
        n_startup_trials=_FIRST_TRIALS, seed=judging.seed + len(study.trials)
    )

    def objective(trial: Any) -> float:
        config = _proposed(trial, base)
        losses: list[float] = []
        for step, place in enumerate(cuts):
            losses.append(_loss(replay, place, judging, config))
            trial.report(float(np.mean(losses)), step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return float(np.mean(losses))

    trials, budget = wanted
    told(done, trials)
    if done < trials:
        study.optimize(
            objective,
            n_trials=trials - done,
            timeout=budget.total_seconds(),
            callbacks=[lambda study, _: told(_count(study), trials)],
        )
    return Study(name, tuple(_trial(one, base) for one in study.get_trials()))


def _count(study: Any) -> int:
    return sum(trial.state.name in ("COMPLETE", "PRUNED") for trial in study.trials)


def _proposed(trial: Any, base: LstmConfig) -> LstmConfig:
    """A configuration within the space that is searched."""
    return replace(
        base,
        batch=trial.suggest_categorical("batch", [16, 32, 64]),
        width=trial.suggest_int("width", 16, 96, step=16),
        dropout=trial.suggest_float("dropout", 0.0, 0.5, step=0.1),
        epochs=trial.suggest_int("epochs", 6, 40, step=2),
        peak_rate=trial.suggest_float("peak_rate", 5e-4, 5e-3, log=True),
        asinh=trial.suggest_categorical("asinh", [True, False]),
        inputs=replace(
            base.inputs,
            level_hours=trial.suggest_categorical("level_hours", [24, 72, 168]),
            weeks_back=trial.suggest_int("weeks_back", 1, 4),
            means=trial.suggest_categorical("means", [True, False]),
        ),
    )


def parameters(config: LstmConfig) -> dict[str, Any]:
    """What a search chooses of a configuration: the inverse of `_proposed`."""
    return {name: getattr(config, name) for name in _SEARCHED} | {
        name: getattr(config.inputs, name) for name in _SEARCHED_INPUTS
    }


def with_parameters(base: LstmConfig, chosen: dict[str, Any]) -> LstmConfig:
    """`base` with what is `chosen` of that which is searched."""
    own, inputs = (
        {name: chosen[name] for name in names if name in chosen}
        for names in (_SEARCHED, _SEARCHED_INPUTS)
    )
    return replace(base, **own, inputs=replace(base.inputs, **inputs))


def _trial(found: Any, base: LstmConfig) -> Trial:
    return Trial(
        number=found.number,
        state=found.state.name.lower(),
        config=with_parameters(base, found.params),
        loss=found.value if found.state.name == "COMPLETE" else None,
        by_cut=dict(found.intermediate_values),
    )


def _cuts(replay: Replay, judging: Judging) -> list[int]:
    """Positions of the first judged day after each cut: the judged days end with the replay's."""
    first = len(replay.days) - judging.cuts * judging.days
    origin = replay.origins[max(first, 0)] if len(replay.days) else None
    known = 0
    if origin is not None and first > 0:
        known = days_until_newest(replay.truth.at(origin), len(replay.history.series_id))
    if known < _LEAST_DAYS:
        raise BadInput(
            f"Expected at least {_LEAST_DAYS} days known before the {judging.cuts} times "
            f"{judging.days} days on which {replay.name} is judged; it has {known} of "
            f"{len(replay.days)} days. Build more history first."
        )
    return [first + cut * judging.days for cut in range(judging.cuts)]


def _loss(replay: Replay, place: int, judging: Judging, config: LstmConfig) -> float:
    """What a training with the days known at a cut loses on the days after it."""
    n_series = len(replay.history.series_id)
    known = replay.truth.at(replay.origins[place])[: place * n_series]
    end = days_until_newest(known, n_series)
    first = max(end - judging.train_days, 0)
    learnt = replace(replay.samples(first, end), target=known[first * n_series : end * n_series])
    asked = replay.samples(place, place + judging.days)
    if judging.epochs is not None:
        config = replace(config, epochs=judging.epochs, members=1)
    model = lstm.train(learnt, None, config, judging.seed)
    return _share(asked, model.predict(asked))


def _share(asked: Samples, forecast: Floats) -> float:
    """The mean over series of a forecast's pinball loss by the naive's, on the same intervals."""
    assert asked.target is not None
    reference = naive.seasonal_naive_quantiles(asked)
    pairs = pinball_by_series(asked.target, forecast, reference, asked.series_id)
    shares = [mine / usual for mine, usual in pairs if usual > 0.0]
    if not shares:
        raise BadInput("Expected known truth on the days that are judged; there is none.")
    return float(np.mean(shares))
