"""What fit, evaluate and predict print, not to a terminal, under a clock that only the batches move."""
import contextlib
import io
from unittest import mock

import keras
import numpy as np

L = keras.layers


class Clock(keras.callbacks.Callback):
    """Each batch takes `seconds`."""

    def __init__(self, seconds):
        super().__init__()
        self.now, self.seconds = 1000.0, seconds

    def tick(self, batch, logs=None):
        self.now += self.seconds

    def at_end(self, batch, logs=None):
        """Keras calls callbacks from other threads, at any time, unless one of them is interested in the end of a batch."""

    on_train_batch_begin = on_test_batch_begin = on_predict_batch_begin = tick
    on_train_batch_end = on_test_batch_end = on_predict_batch_end = at_end


def captured(seconds, f):
    clock = Clock(seconds)
    buffer = io.StringIO()
    with mock.patch("time.time", lambda: clock.now), contextlib.redirect_stdout(buffer):
        f([clock])
    return buffer.getvalue()


def model():
    m = keras.Sequential([L.Input((4,)), L.Dense(3, activation="softmax")])
    # Weights of 0 that are not trained: the loss is ln 3 throughout and the text has nothing to do with rounding.
    m.set_weights([np.zeros((4, 3), "float32"), np.zeros(3, "float32")])
    m.compile(optimizer=keras.optimizers.SGD(0.0), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return m


X = np.ones((80, 4), "float32")
Y = (np.arange(80) % 4 > 0).astype("int32") * 2


def build():
    keras.config.enable_interactive_logging()
    cases = []
    for verbose in (1, 2):
        for seconds in (0.0, 0.01, 0.25, 61.0):
            for epochs, batch, val in ((1, 16, False), (2, 16, True), (3, 80, False), (1, 6, True)):
                if seconds > 1 and batch == 6:
                    continue
                kw = {"batch_size": batch, "epochs": epochs, "verbose": verbose, "shuffle": False}
                m = model()
                text = captured(seconds, lambda cb: m.fit(X, Y, callbacks=cb, **kw, **({"validation_data": (X[:32], Y[:32])} if val else {})))
                cases.append({"name": f"fit, {seconds} s a batch, {kw}, validation {val}", "call": "fit", "secondsPerBatch": seconds,
                              "options": kw, "validation": val, "samples": 80, "text": text})
        m = model()
        for call, args in (("evaluate", (X, Y)), ("predict", (X,))):
            text = captured(0.25, lambda cb: getattr(m, call)(*args, batch_size=16, verbose=verbose, callbacks=cb))
            cases.append({"name": f"{call}, verbose {verbose}", "call": call, "secondsPerBatch": 0.25,
                          "options": {"batch_size": 16, "verbose": verbose}, "validation": False, "samples": 80, "text": text})

    summaries = []
    for name, build_model in (
        ("MLP", lambda: keras.Sequential([L.Input((20,)), L.Dense(16, activation="relu", name="hidden"), L.Dense(12, activation="tanh", name="more"), L.Dense(5, activation="softmax", name="out")], name="mlp")),
        ("image", lambda: keras.Sequential([L.Input((28, 28)), L.Flatten(name="flatten"), L.Dense(300, name="wide"), L.Activation("gelu", name="act"), L.Dropout(0.2, name="drop"), L.Reshape((3, -1), name="reshape"), L.Dense(7, use_bias=False, name="last")], name="image")),
    ):
        lines = []
        build_model().summary(print_fn=lambda s, line_break=False: lines.append(s))
        summaries.append({"name": name, "text": "\n".join(lines)})
    return {"note": "The time moves by secondsPerBatch at the beginning of each batch (validation too) and not otherwise; "
                    "verbose 1 writes carriage returns and backspaces even where there is no terminal. "
                    "Weights are 0 and stay so: loss ln 3, accuracy 0.25 (labels 0, 2, 2, 2, ...; the first of equal scores wins). console.json holds bars driven by hand.",
            "cases": cases, "summaries": summaries}
