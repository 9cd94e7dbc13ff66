"""The LSTM as a Keras graph; units, series and dates stay outside.

An encoder reads the last known week, a bidirectional decoder the target day with what is known of
each hour; a linear skip, zero at first, stands beside them. Encoder and decoder as in Sutskever et
al. 2014 (arXiv:1409.3215); quantile loss as in Wen et al. 2017 (arXiv:1711.11053).
TensorFlow is imported inside functions: it takes seconds, threads and no forks.
"""

import hashlib
import json
import logging
import os
import random
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lakehouse.quiet import stderr_in
from models.fused_lstm import fused_lstm
from models.quantiles import QUANTILES
from models.samples import TARGET_HOURS
from models.windows import ENCODER_HOURS, Floats32, Inputs, Windows

Network = Any  # keras.Model; Keras has no types and is not imported at the top
History = list[dict[str, float]]
Weights = tuple[Floats32, ...]  # of one network, layer by layer
OnEpoch = Callable[[int, dict[str, float]], None]

_EMBEDDING = 4
_SCORING_BATCH = 256


class Shape(NamedTuple):
    """What the data make of a network: channels, series that it tells apart, intervals an hour."""

    encoder: int
    decoder: int
    n_series: int
    steps: int = 1


@dataclass(frozen=True)
class LstmConfig:
    """Everything that shapes a training besides data and seed."""

    members: int = 2  # networks, alike but for the seed, whose quantiles are averaged
    width: int = 48  # units of the encoder and of each direction of the decoder
    encoder_step: int = 6  # hours the encoder reads at once; must divide 168
    epochs: int = 14
    batch: int = 32
    peak_rate: float = 2e-3
    warm_up: float = 0.05  # share of all steps
    final_rate: float = 0.02  # share of the peak
    weight_decay: float = 1e-4
    dropout: float = 0.3
    skip_l1: float = 1e-4
    asinh: bool = True
    inputs: Inputs = field(default_factory=Inputs)
    xla: bool = False  # compile the step with XLA: see docs/accuracy.md before

    def fingerprint(self) -> str:
        """Eight hex digits, equal for equal configurations in any process."""
        body = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(body.encode()).hexdigest()[:8]


def tensorflow() -> Any:
    """TensorFlow on one thread, quiet; whoever used it first in the process chose the threads."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Before it has read its settings it tells of GPUs that nobody asked for.
    with stderr_in(None if "tensorflow" in sys.modules else Path(os.devnull)):
        import tensorflow as tf  # type: ignore[import-untyped]

    tf.get_logger().setLevel("ERROR")  # it warns of each network that is compiled after the fifth
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError as fault:  # it is at work already
        logging.getLogger(__name__).debug("TensorFlow keeps the threads that it has: %s", fault)
    return tf


def build(config: LstmConfig, shape: Shape, seed: int = 0) -> Network:
    """A fresh network; seed: of its first weights and its dropout.

    Inputs [encoder, decoder, series] as in `Windows`; output (batch, T, 7), scaled and less the
    level, not sorted. The intervals of an hour are read, and answered, at once: sequences are as
    long, and training as quick, at any resolution.
    """
    tensorflow()
    from keras import Input, Model, layers, regularizers  # type: ignore[import-untyped]

    seeds = _Seeds.of(seed)
    steps = shape.steps
    length = TARGET_HOURS * steps
    past = Input((ENCODER_HOURS * steps, shape.encoder))
    known = Input((length, shape.decoder))
    series = Input((), dtype="int32")
    step = config.encoder_step
    blocks = layers.Reshape((ENCODER_HOURS // step, step * steps * shape.encoder))(past)
    lstm = layers.LSTM if config.xla else fused_lstm()
    state = lstm(config.width, **_drawn(seeds.encoder))(blocks)
    embedding = layers.Embedding(shape.n_series, _EMBEDDING, _uniform(seeds.embedding))
    state = layers.Concatenate()([state, embedding(series)])
    state = layers.Dropout(config.dropout, seed=seeds.dropout[0])(state)
    state = layers.RepeatVector(TARGET_HOURS)(state)
    hours = layers.Bidirectional(
        lstm(config.width, return_sequences=True, **_drawn(seeds.forward)),
        backward_layer=lstm(
            config.width, return_sequences=True, go_backwards=True, **_drawn(seeds.backward)
        ),
    )(layers.Concatenate()([layers.Reshape((TARGET_HOURS, steps * shape.decoder))(known), state]))
    hours = layers.Dropout(config.dropout, seed=seeds.dropout[1])(hours)
    answers = layers.Dense(steps * len(QUANTILES), kernel_initializer=_glorot(seeds.answers))(hours)
    quantiles = layers.Reshape((length, len(QUANTILES)))(answers)
    skip = layers.Dense(
        length,
        use_bias=False,
        kernel_initializer="zeros",
        kernel_regularizer=regularizers.L1(config.skip_l1),
    )(layers.Flatten()(known))
    output = layers.Add()([quantiles, layers.Reshape((length, 1))(skip)])
    return Model([past, known, series], output)


@dataclass(frozen=True)
class _Seeds:
    """What Keras draws for each layer, drawn here: it takes Python's one generator, which any
    thread of the process may use between two layers, and another network comes of it.
    """

    encoder: tuple[int, int]
    embedding: int
    forward: tuple[int, int]
    backward: tuple[int, int]
    answers: int
    dropout: tuple[int, int]

    @classmethod
    def of(cls, seed: int) -> "_Seeds":
        """Those that `keras.utils.set_random_seed(seed)` leads to where no thread comes between.

        The figures in docs/accuracy.md were measured with these. The places left out are of
        recurrent dropout, which is not used, and of the layer that Bidirectional copies.
        """
        draw = random.Random(seed)
        drawn = [draw.randint(1, 10**9) for _ in range(16)]
        return cls(
            encoder=(drawn[0], drawn[1]),
            embedding=drawn[3],
            forward=(drawn[8], drawn[9]),
            backward=(drawn[11], drawn[12]),
            answers=drawn[14],
            dropout=(drawn[4], drawn[15]),
        )


def _drawn(seeds: tuple[int, int]) -> dict[str, Any]:
    """An LSTM layer's first weights."""
    from keras import initializers

    return {
        "kernel_initializer": _glorot(seeds[0]),
        "recurrent_initializer": initializers.Orthogonal(seed=seeds[1]),
    }


def _glorot(seed: int) -> Any:
    from keras import initializers

    return initializers.GlorotUniform(seed=seed)


def _uniform(seed: int) -> Any:
    from keras import initializers

    return initializers.RandomUniform(seed=seed)


def predict(config: LstmConfig, shape: Shape, weights: Weights, windows: Windows) -> Floats32:
    """(n, T, 7), scaled and less the level, in batches; to the last bit what the network says.

    Networks that are built alike share one graph: the first of them in a process pays for it, half
    a second.
    """
    tf = tensorflow()
    parts = inputs(windows)
    graph = _graph(config.width, config.encoder_step, shape)
    held = [tf.constant(part) for part in weights]
    batches = []
    for start in range(0, len(windows.series), _SCORING_BATCH):
        batch = [tf.constant(part[start : start + _SCORING_BATCH]) for part in parts]
        batches.append(graph(held, batch).numpy())
    return np.concatenate(batches)


@lru_cache(maxsize=16)
def _graph(width: int, encoder_step: int, shape: Shape) -> Any:
    """Weights and inputs to outputs, of any number of samples."""
    tf = tensorflow()
    network = build(LstmConfig(width=width, encoder_step=encoder_step), shape)

    def outputs(weights: Any, batch: Any) -> Any:
        others = network.non_trainable_variables
        return network.stateless_call(weights, others, batch, training=False)[0]

    signature = [
        [tf.TensorSpec(part.shape, part.dtype) for part in parts]
        for parts in (network.trainable_variables, network.inputs)
    ]
    return tf.function(outputs, input_signature=signature, autograph=False)


def inputs(windows: Windows) -> list[Any]:
    """What a network is given of windows."""
    return [windows.encoder, windows.decoder, windows.series]
