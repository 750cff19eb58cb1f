"""The article's network with Keras's own fit, on the backend that KERAS_BACKEND names."""
import importlib
import os
import time

import common

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
args = common.arguments()
try:
    import keras
except ImportError as e:
    common.missing(e.name or "keras")
import numpy as np

x, y, xt, yt = common.mnist(args.data)
model = keras.Sequential(
    [
        keras.Input((784,)),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
seconds = []


class Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.t = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        seconds.append(time.perf_counter() - self.t)


model.fit(x, y, epochs=args.epochs, batch_size=64, verbose=0, callbacks=[Clock()])
accuracy = float(model.evaluate(xt, yt, verbose=0)[1])
for _ in range(3):
    model.predict(xt[:1], verbose=0)
t = time.perf_counter()
for i in range(20):
    model.predict(xt[i : i + 1], verbose=0)
micros = (time.perf_counter() - t) / 20 * 1e6
# The same without predict's loop around it: what a caller in a hurry would write.
for i in range(20):
    np.asarray(model(xt[i : i + 1], training=False))
t = time.perf_counter()
for i in range(100):
    np.asarray(model(xt[i : i + 1], training=False))
call = (time.perf_counter() - t) / 100 * 1e6
backend = keras.backend.backend()
common.report(
    f"keras on {backend}", seconds, accuracy, micros, {"callMicros": call, "threads": args.threads or None},
    keras=keras.__version__, **{backend: importlib.import_module(backend).__version__},
)
