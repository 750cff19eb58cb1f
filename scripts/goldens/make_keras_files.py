"""Whole models as real Keras saves them (.keras, in base64), what they predict, and how training goes on from there."""
import base64
import os
import tempfile

import keras
import numpy as np
from keras import layers


def functional():
    a, b = keras.Input((6,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(5, activation="relu", name="shared")
    left, right = shared(a), shared(layers.Dense(6)(b))
    merged = layers.Concatenate()([layers.Add()([left, right]), layers.Multiply()([left, right])])
    inner_in = keras.Input((10,))
    inner = keras.Model(inner_in, layers.Dense(3, activation="tanh")(inner_in), name="inner")
    out = inner(merged)
    return keras.Model({"a": a, "b": b}, {"first": layers.Dense(2, name="first")(out), "second": layers.Dense(1, activation="sigmoid", name="second")(out * 0.5 + 1.0)})


def transformer():
    x = keras.Input((6, 8))
    attended = layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)
    y = layers.LayerNormalization()(layers.Add()([x, attended]))
    z = layers.LayerNormalization()(layers.Add()([y, layers.Dense(8)(layers.Dense(16, activation="gelu")(y))]))
    return keras.Model(x, layers.Dense(2)(layers.GlobalAveragePooling1D()(z)))


families = {
    "mlp": (lambda: keras.Sequential([keras.Input((5,)), layers.Dense(4, activation="leaky_relu", kernel_regularizer="l2"), layers.BatchNormalization(), layers.Dropout(0.5, seed=7), layers.Dense(2, activation="softmax", kernel_constraint=keras.constraints.MaxNorm(2))]), (5,), "adam"),
    "cnn": (lambda: keras.Sequential([keras.Input((8, 8, 2)), layers.Conv2D(3, 3, strides=2, padding="same", activation="relu"), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(2)]), (8, 8, 2), "lion"),
    "depthwise": (lambda: keras.Sequential([keras.Input((7, 7, 2)), layers.DepthwiseConv2D(3, depth_multiplier=2), layers.SeparableConv2D(3, 2, activation="selu"), layers.GlobalMaxPooling2D(), layers.Dense(2)]), (7, 7, 2), lambda: keras.optimizers.RMSprop(0.01, centered=True, momentum=0.5)),
    "rnn": (lambda: keras.Sequential([keras.Input((5, 3)), layers.SimpleRNN(4, return_sequences=True), layers.SimpleRNN(3, go_backwards=True), layers.Dense(2)]), (5, 3), lambda: keras.optimizers.AdamW(keras.optimizers.schedules.ExponentialDecay(0.01, 3, 0.5))),
    "gru": (lambda: keras.Sequential([keras.Input((5, 3)), layers.Masking(), layers.GRU(4), layers.Dense(2)]), (5, 3), "nadam"),
    "bilstm": (lambda: keras.Sequential([keras.Input((5,), dtype="int32"), layers.Embedding(9, 4, mask_zero=True), layers.Bidirectional(layers.LSTM(3, return_sequences=True)), layers.Bidirectional(layers.LSTM(2), merge_mode="sum"), layers.Dense(2)]), "int", lambda: keras.optimizers.Adam(0.01, clipnorm=1.0, amsgrad=True)),
    "timedistributed": (lambda: keras.Sequential([keras.Input((4, 3)), layers.TimeDistributed(layers.Dense(5, activation="tanh")), layers.LSTM(4), layers.Dense(2)]), (4, 3), lambda: keras.optimizers.Adagrad(0.1)),
    "functional": (functional, "named", lambda: keras.optimizers.Adam(0.01, use_ema=True)),
    "transformer": (transformer, (6, 8), lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)),
}


def arrays(t):
    if isinstance(t, dict):
        return {k: np.asarray(v) for k, v in t.items()}
    return [np.asarray(v) for v in t] if isinstance(t, list) else np.asarray(t)


def predictions(model, x):
    # Not `predict`, which deletes the averages that an optimizer has put in the weights' place.
    return arrays(model(x, training=False))


def trained_on(model, x, y, epochs=3, batch_size=3):
    """Trains, batches as they come, and says how it went and where it led."""
    for layer in model.layers:
        # No file holds how far the seeds of layers have come.
        if getattr(layer, "seed_generator", None) is not None:
            layer.seed_generator.state.assign([layer.seed_generator._initial_seed, 0])
    # Averages in the weights' place share their memory, which would be donated twice.
    model.set_weights([np.array(w) for w in model.get_weights()])
    history = model.fit(x, y, epochs=epochs, batch_size=batch_size, shuffle=False, verbose=0)
    return {
        "epochs": epochs,
        "batchSize": batch_size,
        "losses": [float(v) for v in history.history["loss"]],
        "predictions": predictions(model, x),
        "weights": [np.asarray(w) for w in model.get_weights()],
        "optimizer": [np.asarray(v) for v in model.optimizer.variables],
    }


def models():
    """Of each family what a model is like when Keras saves it, and when Keras itself has trained it on."""
    rng = np.random.default_rng(17)
    for seed, (name, (make, shape, optimizer)) in enumerate(families.items()):
        keras.backend.clear_session()
        keras.utils.set_random_seed(seed + 1)
        if callable(optimizer):
            optimizer = optimizer()
        model = make()
        if shape == "named":
            x = {"a": rng.normal(size=(6, 6)).astype("float32"), "b": rng.normal(size=(6, 4)).astype("float32")}
            y = {"first": rng.normal(size=(6, 2)).astype("float32"), "second": rng.integers(0, 2, (6, 1)).astype("float32")}
            model.compile(optimizer, loss={"first": "mse", "second": keras.losses.BinaryCrossentropy()}, loss_weights={"first": 1.0, "second": 0.5}, metrics={"second": ["accuracy"]})
        else:
            x = rng.integers(0, 9, (6, 5)).astype("int32") if shape == "int" else rng.normal(size=(6, *shape)).astype("float32")
            y = rng.normal(size=(6, 2)).astype("float32")
            # With delta 1: Keras writes no other into its files.
            model.compile(optimizer, loss=keras.losses.Huber(), metrics=["mae", keras.metrics.RootMeanSquaredError(name="rmse")])
        model.fit(x, y, epochs=2, batch_size=3, shuffle=False, verbose=0)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.keras")
            model.save(path)
            data = open(path, "rb").read()
        yield {
            "name": name,
            "file": base64.b64encode(data).decode(),
            "x": arrays(x),
            "y": arrays(y),
            "predictions": predictions(model, x),
            "after": trained_on(model, x, y),
        }


def build():
    return {"models": list(models())}
