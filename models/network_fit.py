"""How an LSTM's network is trained. Its optimiser step is compiled once in a process for all
networks that are built alike: compiling takes as long as an epoch or two."""

import math
from typing import Any

import numpy as np

from models import network
from models.network import History, LstmConfig, OnEpoch, Shape, Weights, tensorflow
from models.quantiles import QUANTILES
from models.samples import TARGET_HOURS
from models.windows import Floats32, Windows

_FREE: dict[tuple[Any, ...], "_Step"] = {}
"""Steps that no fit uses just now, by what they were compiled for; at most `_KEPT`."""
_KEPT = 4


def fit(
    config: LstmConfig,
    shape: Shape,
    train: tuple[Windows, Floats32],
    validation: tuple[Windows, Floats32] | None,
    seed: int,
    on_epoch: OnEpoch | None = None,
    start: Weights | None = None,
) -> tuple[Weights, History]:
    """A network trained on windows and targets (n, T), NaN where unknown.

    With it come loss and, where there is a validation, val_loss of each epoch: pinball loss, scaled
    and less the level. on_epoch gets the epoch's number, from 0, and the same figures. start: the
    weights to go on from.
    """
    tf = tensorflow()
    n = len(train[1])
    batch = min(config.batch, n)
    key = (
        shape, batch, config.width, config.encoder_step, config.dropout, config.skip_l1,
        config.weight_decay, config.final_rate, config.xla,
    )  # fmt: skip
    step = _FREE.pop(key, None) or _Step(config, shape, batch)
    step.begin(config, n // batch * config.epochs, seed, start)
    data = [tf.constant(part) for part in (*network.inputs(train[0]), train[1])]
    shuffle = np.random.default_rng(seed)
    history: History = []
    for epoch in range(config.epochs):
        order = shuffle.permutation(n)[: n - n % batch].reshape(-1, batch)
        losses = [step.take(tf.constant(rows, dtype="int32"), *data) for rows in order]
        figures = {"loss": float(tf.add_n(losses)) / len(losses)}
        if validation:
            predicted = network.predict(config, shape, step.weights(), validation[0])
            figures["val_loss"] = float(_pinball(tf, validation[1], predicted))
        history.append(figures)
        if on_epoch:
            on_epoch(epoch, figures)
    weights = step.weights()
    if len(_FREE) >= _KEPT:
        _FREE.clear()
    _FREE[key] = step
    return weights, history


class _Step:
    """One step of AdamW on a network; its rate warms up to the peak, then falls as a cosine."""

    def __init__(self, config: LstmConfig, shape: Shape, batch: int) -> None:
        tf = tensorflow()
        from keras import Variable, optimizers  # type: ignore[import-untyped]

        self._shape = shape
        self._network = network.build(config, shape)
        # What differs from fit to fit is read from variables: the step is compiled with the rest.
        self._peak, self._warm_up, self._decay = (
            Variable(1.0, trainable=False, dtype="float32") for _ in range(3)
        )
        rate = optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0,
            decay_steps=self._decay,
            alpha=config.final_rate,
            warmup_target=self._peak,
            warmup_steps=self._warm_up,
        )
        self._optimizer = optimizers.AdamW(rate, weight_decay=config.weight_decay, clipnorm=1.0)
        self._optimizer.build(self._network.trainable_variables)
        rows = tf.TensorSpec((batch,), "int32")
        read = [tf.TensorSpec(part.shape, part.dtype) for part in self._network.inputs]
        target = tf.TensorSpec((None, TARGET_HOURS * shape.steps), "float32")
        self.take = tf.function(
            self._take, [rows, *read, target], jit_compile=config.xla, autograph=False
        )

    def begin(self, config: LstmConfig, steps: int, seed: int, start: Weights | None) -> None:
        """Forget all earlier steps: weights and dropout of a fresh network, or weights to go on
        from, an optimiser that has seen nothing, and rates for so many steps."""
        fresh = network.build(config, self._shape, seed)
        for held, new in zip(self._network.variables, fresh.variables, strict=True):
            held.assign(new)
        if start is not None:
            for held, value in zip(self._network.trainable_variables, start, strict=True):
                held.assign(value)
        for seen in self._optimizer.variables:
            seen.assign(np.zeros(seen.shape))
        warm_up = max(1, math.ceil(config.warm_up * steps))
        self._peak.assign(config.peak_rate)
        self._warm_up.assign(warm_up)
        self._decay.assign(max(1, steps - warm_up))

    def weights(self) -> Weights:
        """As they are now."""
        return tuple(variable.numpy() for variable in self._network.trainable_variables)

    def _take(self, rows: Any, *data: Any) -> Any:
        """The loss of the given rows of the data, before the step."""
        tf = tensorflow()
        encoder, decoder, series, target = (tf.gather(part, rows) for part in data)
        with tf.GradientTape() as tape:
            answer = self._network([encoder, decoder, series], training=True)
            loss = _pinball(tf, target, answer)
            total = tf.add_n([loss, *self._network.losses])
        weights = self._network.trainable_variables
        gradients = tape.gradient(total, weights)
        self._optimizer.apply_gradients(zip(gradients, weights, strict=True))
        return loss


def _pinball(tf: Any, target: Any, predicted: Any) -> Any:
    """Mean over known intervals and quantiles; target (batch, T), NaN where unknown."""
    known = tf.logical_not(tf.math.is_nan(target))
    error = tf.where(known, target, 0.0)[:, :, None] - predicted
    levels = tf.constant(QUANTILES, dtype="float32")
    loss = tf.reduce_mean(tf.maximum(levels * error, (levels - 1.0) * error), axis=-1)
    weight = tf.cast(known, "float32")
    return tf.reduce_sum(loss * weight) / tf.maximum(tf.reduce_sum(weight), 1.0)
