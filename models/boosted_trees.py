"""Gradient-boosted trees (LightGBM), one set for all series of a group: a model per quantile.

It reads what the LSTM's decoder reads of each target interval, and the newest known day hour by
hour, scaled and less the level, and learns the same target. Source: Ke et al. 2017, NeurIPS 30,
"LightGBM".
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lakehouse.errors import SetupError
from models import scaling, windows
from models.quantiles import MEDIAN, QUANTILE_COLUMNS, QUANTILES, non_crossing
from models.samples import Floats, Samples
from models.saved import saved_file
from models.scaling import Scaling
from models.windows import DAY_HOURS, CovariateScalings, Inputs

_ABOUT = "trees.json"


@dataclass(frozen=True)
class TreesConfig:
    """Everything that shapes a training besides data and seed."""

    trees: int = 400  # of the median
    outer_trees: int = 150  # of each other quantile
    learning_rate: float = 0.05
    leaves: int = 31
    least_rows: int = 40  # in a leaf
    rows_share: float = 0.8
    inputs_share: float = 0.5
    inputs: Inputs = field(default_factory=lambda: Inputs(level_hours=24))
    newest_day: bool = True  # its 24 hours are read for each interval


@dataclass(frozen=True)
class TreesTraining:
    """How trees were trained; all of it but the trees."""

    config: TreesConfig
    scalings: Mapping[str, Scaling]  # by series_id; the order numbers the series
    covariate_scalings: CovariateScalings
    weather: bool


@dataclass(frozen=True)
class BoostedTrees(TreesTraining):
    """Trained trees with all that is needed to use them."""

    boosters: tuple[Any, ...]  # lightgbm.Booster, by quantile

    def predict(self, samples: Samples) -> Floats:
        """Quantiles in the unit of each series, ascending: (n, T, 7), NaN in padding.

        Raises BadInput for a series that was not trained on.
        """
        samples.check_series(self.scalings)
        built = _windows(samples, self)
        rows = _rows(samples, built, self.config)
        scaled = np.full((*samples.target_mask.shape, len(QUANTILES)), np.nan)
        scaled[samples.target_mask] = np.stack(
            [booster.predict(rows, num_threads=1) for booster in self.boosters], axis=-1
        )
        scaled += built.level[:, None, None]
        return non_crossing(windows.invert_rows(samples, scaled, self.scalings))

    def save(self, folder: Path) -> None:
        """Write trees.json and a text file per quantile into `folder`, made if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        about = {
            "config": asdict(self.config),
            "scalings": scaling.to_dicts(self.scalings),
            "covariate_scalings": {
                series_id: scaling.to_dicts(known)
                for series_id, known in self.covariate_scalings.items()
            },
            "weather": self.weather,
        }
        (folder / _ABOUT).write_text(json.dumps(about, indent=1))
        for name, booster in zip(QUANTILE_COLUMNS, self.boosters, strict=True):
            booster.save_model(folder / _trees_file(name))


def load(folder: Path) -> BoostedTrees:
    """Read what `BoostedTrees.save` wrote; predictions are equal. Raises BadInput if it is not
    there, and SetupError where the machine lacks a library."""
    lightgbm = _lightgbm()
    boosters = tuple(
        lightgbm.Booster(model_file=saved_file(folder, _trees_file(name)))
        for name in QUANTILE_COLUMNS
    )
    return BoostedTrees(**vars(read_about(folder)), boosters=boosters)


def read_about(folder: Path) -> TreesTraining:
    """What `BoostedTrees.save` wrote beside the trees; needs no LightGBM. Raises BadInput."""
    about = json.loads(saved_file(folder, _ABOUT).read_text())
    inputs = Inputs(**about["config"]["inputs"])
    return TreesTraining(
        # Trees from before the newest day was read do without it.
        config=TreesConfig(**{"newest_day": False} | about["config"] | {"inputs": inputs}),
        scalings=scaling.from_dicts(about["scalings"]),
        covariate_scalings={
            series_id: scaling.from_dicts(known)
            for series_id, known in about["covariate_scalings"].items()
        },
        weather=about["weather"],
    )


def train(train: Samples, config: TreesConfig, seed: int) -> BoostedTrees:
    """Train on all rows with a known target. The same data, config and seed give the same trees.

    Raises BadInput where a series has under 28 days with a known value, and SetupError where the
    machine lacks a library.
    """
    lightgbm = _lightgbm()
    assert train.target is not None
    draft = TreesTraining(
        config,
        scaling.by_series(train, train.target, asinh=True),
        scaling.of_covariates(train),
        train.has_weather,
    )
    built = _windows(train, draft)
    target = windows.targets(train, train.target, built, draft.scalings)[train.target_mask]
    held = ~np.isnan(target)
    data = lightgbm.Dataset(
        _rows(train, built, config)[held], target[held], params={"verbose": -1}, free_raw_data=False
    )
    boosters = [
        lightgbm.train(_parameters(config, place, seed), data, _trees(config, place))
        for place in range(len(QUANTILES))
    ]
    return BoostedTrees(**vars(draft), boosters=tuple(boosters))


def _lightgbm() -> Any:
    try:
        import lightgbm
    except OSError as fault:
        raise SetupError(
            f"LightGBM needs GNU's OpenMP library ({fault}). Run 'make setup-system', or install "
            "libgomp1."
        ) from None
    return lightgbm


def _trees_file(quantile: str) -> str:
    return f"trees-{quantile}.txt"


def _trees(config: TreesConfig, place: int) -> int:
    return config.trees if place == MEDIAN else config.outer_trees


def _parameters(config: TreesConfig, place: int, seed: int) -> dict[str, Any]:
    shape = {"objective": "l1"} if place == MEDIAN else {
        "objective": "quantile", "alpha": QUANTILES[place]
    }  # fmt: skip
    slower = config.trees / _trees(config, place)
    return shape | {
        "learning_rate": min(config.learning_rate * slower, 0.1),
        "num_leaves": config.leaves,
        "min_data_in_leaf": config.least_rows,
        "bagging_fraction": config.rows_share,
        "bagging_freq": 1,
        "feature_fraction": config.inputs_share,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
    }


def _windows(samples: Samples, trained: TreesTraining) -> windows.Windows:
    return windows.build(
        samples,
        trained.scalings,
        trained.config.inputs,
        trained.covariate_scalings,
        trained.weather,
    )


def _rows(samples: Samples, built: windows.Windows, config: TreesConfig) -> Floats:
    """(rows, inputs) of all target intervals: the decoder's, their mean over the day, the local
    hour, the series and the newest known day."""
    n, length = samples.target_mask.shape
    days = built.decoder.sum(axis=1) / samples.target_mask.sum(axis=1, keepdims=True)
    whole = np.concatenate([days, built.series[:, None]], axis=1)
    if config.newest_day:
        newest = built.encoder[:, -DAY_HOURS * samples.steps :, 0]
        hourly = newest.reshape(n, DAY_HOURS, samples.steps).mean(axis=2)
        whole = np.concatenate([whole, hourly], axis=1)
    repeated = np.broadcast_to(whole[:, None, :], (n, length, whole.shape[1]))
    hour = samples.known_columns("local_hour")
    return np.concatenate([built.decoder, hour, repeated], axis=-1)[samples.target_mask]
