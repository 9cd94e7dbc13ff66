"""One LSTM per series group: train, predict in the series' own units, save, load."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from lakehouse.errors import BadInput
from models import network, network_fit, scaling, windows
from models.network import History, LstmConfig, OnEpoch, Shape, Weights
from models.quantiles import QUANTILES, non_crossing
from models.samples import Floats, Samples
from models.saved import saved_file
from models.scaling import Scaling
from models.windows import CovariateScalings, Inputs

__all__ = [
    "LstmConfig",
    "TrainedLstm",
    "Training",
    "joined",
    "load",
    "read_training",
    "suited",
    "train",
]

_SEEDS_APART = 1000
_FEW_INPUTS = Inputs(level_hours=24, weeks_back=1, means=False, day_waves=2, year_waves=1)
_FEW_ENCODER_STEP = 12
_ABOUT = "model.json"


@dataclass(frozen=True)
class Training:
    """How a model was trained; all of it but the weights. history: loss and val_loss by epoch,
    the members' mean."""

    config: LstmConfig
    seed: int
    scalings: Mapping[str, Scaling]  # by series_id; the order numbers the series
    channels: tuple[int, int]  # of encoder and decoder
    history: History
    steps: int  # intervals of an hour
    covariates: tuple[str, ...]
    covariate_scalings: CovariateScalings  # by series_id and name, of those known in training
    weather: bool  # whether any was known in training

    @property
    def shape(self) -> Shape:
        """What the data made of the networks."""
        return Shape(*self.channels, len(self.scalings), self.steps)

    def windows(self, samples: Samples) -> windows.Windows:
        """What the networks read of samples like those of the training."""
        return windows.build(
            samples,
            self.scalings,
            self.config.inputs,
            self.covariate_scalings,
            self.weather,
        )


@dataclass(frozen=True)
class TrainedLstm(Training):
    """Trained networks with all that is needed to use them. weights: of each member."""

    weights: tuple[Weights, ...]

    def predict(self, samples: Samples) -> Floats:
        """Quantiles in the unit of each series, ascending: (n, T, 7), NaN in padding.

        Raises BadInput for a series, a resolution or covariates that the model was not trained on.
        """
        self.check(samples)
        inputs = self.windows(samples)
        members = [self._one(weights, samples, inputs) for weights in self.weights]
        quantiles = np.mean(members, axis=0)
        return np.where(samples.target_mask[:, :, None], quantiles, np.nan)

    def check(self, samples: Samples) -> None:
        """Raises BadInput for samples unlike those of the training."""
        samples.check_series(self.scalings)
        if samples.steps != self.steps:
            raise BadInput(
                f"the model forecasts intervals of {60 // self.steps} minutes; asked for "
                f"{60 // samples.steps}. Train the group again."
            )
        if samples.covariates != self.covariates:
            raise BadInput(
                f"the model reads the covariates {list(self.covariates)}; the samples have "
                f"{list(samples.covariates)}. Train the group again."
            )

    def _one(self, weights: Weights, samples: Samples, inputs: windows.Windows) -> Floats:
        answer = network.predict(self.config, self.shape, weights, inputs)
        scaled = answer.astype(np.float64) + inputs.level[:, None, None]
        return non_crossing(windows.invert_rows(samples, scaled, self.scalings))

    def save(self, folder: Path) -> None:
        """Write model.json and weights.npz into `folder`, which is made if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        about = {
            "config": asdict(self.config),
            "seed": self.seed,
            "quantiles": QUANTILES,
            "channels": self.channels,
            "scalings": scaling.to_dicts(self.scalings),
            "history": self.history,
            "steps": self.steps,
            "covariates": self.covariates,
            "covariate_scalings": {
                series_id: scaling.to_dicts(known)
                for series_id, known in self.covariate_scalings.items()
            },
            "weather": self.weather,
        }
        (folder / _ABOUT).write_text(json.dumps(about, indent=1))
        for number, weights in enumerate(self.weights):
            np.savez(folder / _file(number), *weights)


def load(folder: Path) -> TrainedLstm:
    """Read what `TrainedLstm.save` wrote; predictions are equal. Raises BadInput if it is not."""
    training = read_training(folder)
    members = []
    for number in range(training.config.members):
        with np.load(saved_file(folder, _file(number))) as weights:
            members.append(tuple(weights[name] for name in weights.files))
    return TrainedLstm(**vars(training), weights=tuple(members))


def read_training(folder: Path) -> Training:
    """What `TrainedLstm.save` wrote beside the weights; needs no TensorFlow. Raises BadInput."""
    about = json.loads(saved_file(folder, _ABOUT).read_text())
    return Training(
        config=LstmConfig(**about["config"] | {"inputs": Inputs(**about["config"]["inputs"])}),
        seed=about["seed"],
        scalings=scaling.from_dicts(about["scalings"]),
        channels=(about["channels"][0], about["channels"][1]),
        history=about["history"],
        steps=about["steps"],
        covariates=tuple(about["covariates"]),
        covariate_scalings={
            series_id: scaling.from_dicts(known)
            for series_id, known in about["covariate_scalings"].items()
        },
        weather=about["weather"],
    )


def _file(number: int) -> str:
    return f"weights-{number}.npz"


def suited(config: LstmConfig, samples: Samples) -> LstmConfig:
    """The configuration, with few inputs where the samples know their series up to the target day,
    and the week read in half days. Where the newest days lack, few inputs say too little."""
    if not samples.is_fresh:
        return config
    return replace(config, inputs=_FEW_INPUTS, encoder_step=_FEW_ENCODER_STEP)


def train(
    train: Samples,
    validation: Samples | None,
    config: LstmConfig,
    seed: int,
    on_epoch: OnEpoch | None = None,
    only: int | None = None,
) -> TrainedLstm:
    """Train on `train`; `validation`, later in time, is only watched (val_loss), never fitted.

    on_epoch is called after each epoch of each member in turn. only: the one member, counted from
    0, to train: `joined` makes one of all. Bit-equal for the same data, config and seed on one
    thread of one machine, trained together or one by one. Raises BadInput when a series of `train`
    has fewer than MIN_TRAINING_DAYS days with a known target, or no target of `validation` is
    known.
    """
    span = train.forecast_origin.max() - train.forecast_origin.min()
    inputs = config.inputs.learnt_from(int(span / np.timedelta64(1, "D")) + 1)
    config = replace(config, inputs=inputs)
    draft = Training(
        config=config,
        seed=seed,
        scalings=scaling.by_series(train, _target(train), asinh=config.asinh),
        channels=(0, 0),
        history=[],
        steps=train.steps,
        covariates=train.covariates,
        covariate_scalings=scaling.of_covariates(train),
        weather=train.has_weather,
    )
    later = None if validation is None else _learnt(draft, validation)
    fitted = _learnt(draft, train)
    draft = replace(draft, channels=(fitted[0].encoder.shape[-1], fitted[0].decoder.shape[-1]))
    members, histories = [], []
    for number in range(config.members) if only is None else (only,):
        weights, history = network_fit.fit(
            config, draft.shape, fitted, later, _SEEDS_APART * seed + number, on_epoch
        )
        members.append(weights)
        histories.append(history)
    made = replace(draft, history=_mean(histories), config=replace(config, members=len(members)))
    return TrainedLstm(**vars(made), weights=tuple(members))


def joined(parts: Sequence[TrainedLstm]) -> TrainedLstm:
    """One ensemble of networks that were trained on the same samples, in their order."""
    members = tuple(weights for part in parts for weights in part.weights)
    return replace(
        parts[0],
        weights=members,
        history=_mean([part.history for part in parts]),
        config=replace(parts[0].config, members=len(members)),
    )


def train_on(
    model: TrainedLstm, train: Samples, epochs: int, peak_rate: float, seed: int
) -> TrainedLstm:
    """The model after some more epochs on other days: scales stay, weights go on from where they
    are. The result depends on what `model` holds and on the seed, not on how it came to be.

    Raises BadInput when no target of `train` is known, or for a series the model does not know.
    """
    model.check(train)
    config = replace(model.config, epochs=epochs, peak_rate=peak_rate)
    fitted = _learnt(model, train)
    members = []
    for number, before in enumerate(model.weights):
        seeded = _SEEDS_APART * seed + number
        weights, _ = network_fit.fit(config, model.shape, fitted, None, seeded, start=before)
        members.append(weights)
    return replace(model, weights=tuple(members))


def _learnt(training: Training, samples: Samples) -> tuple[windows.Windows, windows.Floats32]:
    """Inputs and targets of the samples whose target is known somewhere."""
    with_target = samples.select(~np.isnan(_target(samples)).all(axis=1))
    inputs = training.windows(with_target)
    return inputs, windows.targets(with_target, _target(with_target), inputs, training.scalings)


def _mean(histories: list[History]) -> History:
    epochs = zip(*histories, strict=True)
    return [
        {name: sum(one[name] for one in same) / len(same) for name in same[0]} for same in epochs
    ]


def _target(samples: Samples) -> Floats:
    if samples.target is None or np.isnan(samples.target).all():
        raise BadInput(
            f"expected samples with a target; none of {len(samples)} has a known one. "
            "Build them with training_set, not with the scoring read, and end the windows where "
            "the truth is known."
        )
    return samples.target
