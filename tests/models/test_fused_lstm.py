"""The fused layer is Keras' LSTM: same weights, same answers, same gradients."""

from typing import Any

import numpy as np
import pytest

from models.fused_lstm import fused_lstm
from models.network import tensorflow


@pytest.mark.parametrize(
    "options", [{}, {"return_sequences": True}, {"return_sequences": True, "go_backwards": True}]
)
def test_it_answers_and_learns_as_keras_own_layer(options: dict[str, bool]) -> None:
    tf = tensorflow()
    from keras import layers

    draw = np.random.default_rng(4)
    read = tf.constant(draw.normal(size=(5, 30, 3)).astype(np.float32))
    plain, fused = layers.LSTM(6, **options), fused_lstm()(6, **options)
    for layer in (plain, fused):
        layer.build(read.shape)
    weights = [draw.normal(size=weight.shape) for weight in plain.get_weights()]

    def told(layer: Any) -> list[Any]:
        layer.set_weights(weights)
        with tf.GradientTape() as tape:
            tape.watch(read)
            answer = layer(read)
            asked = tf.constant(_target(answer.shape))
            loss = tf.reduce_mean((answer - asked) ** 2)
        return [answer, *tape.gradient(loss, [read, *layer.trainable_variables])]

    for mine, theirs in zip(told(fused), told(plain), strict=True):
        assert np.abs(theirs).max() > 1e-4
        assert np.allclose(mine, theirs, rtol=1e-4, atol=1e-6)


def _target(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return np.random.default_rng(5).normal(size=shape).astype(np.float32)
