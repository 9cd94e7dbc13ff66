"""Keras' LSTM layer, whose steps TensorFlow takes all in one operation: the same weights and, but
for rounding, the same answers and gradients, in some three fifths of the processor's time.

XLA cannot compile the operation; a network that it compiles takes Keras' own layer.
"""

from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def fused_lstm() -> Any:
    """The layer's class: `keras.layers.LSTM` with its own activations, without recurrent dropout.

    A function, since TensorFlow is imported late: see `network`.
    """
    import tensorflow as tf  # type: ignore[import-untyped]
    from keras import layers, saving  # type: ignore[import-untyped]

    # Bidirectional copies a layer by its registered name.
    @saving.register_keras_serializable(package="gridcast")
    class FusedLstm(layers.LSTM):  # type: ignore[misc]
        """See `fused_lstm`."""

        def inner_loop(
            self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
        ) -> tuple[Any, Any, list[Any]]:
            """sequences (batch, time, channels) -> the last output (batch, units), all of them
            (batch, time, units), and the last state; Keras calls it where its loop would be."""
            inputs = tf.transpose(sequences, (1, 0, 2))
            if self.go_backwards:
                inputs = tf.reverse(inputs, [0])
            hidden, carry = initial_state
            no_peephole = tf.zeros((self.units,))
            kernel = tf.concat([self.cell.kernel, self.cell.recurrent_kernel], axis=0)
            steps = tf.raw_ops.BlockLSTM(
                seq_len_max=tf.cast(tf.shape(inputs)[0], tf.int64),
                x=inputs,
                cs_prev=carry,
                h_prev=hidden,
                w=_in_its_order(tf, kernel),
                wci=no_peephole,
                wcf=no_peephole,
                wco=no_peephole,
                b=_in_its_order(tf, self.cell.bias),
                forget_bias=0.0,  # Keras has it in the bias
                cell_clip=-1.0,
                use_peephole=False,
            )
            every = tf.transpose(steps.h, (1, 0, 2))
            return steps.h[-1], every, [steps.h[-1], steps.cs[-1]]

    return FusedLstm


def _in_its_order(tf: Any, weights: Any) -> Any:
    """Keras' gates are input, forget, new, output; the operation's input, new, forget, output."""
    enter, forget, new, out = tf.split(weights, 4, axis=-1)
    return tf.concat([enter, new, forget, out], axis=-1)
