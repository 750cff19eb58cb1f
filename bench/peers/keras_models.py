"""The five models of bench/models.json with Keras's own fit, on the backend that KERAS_BACKEND names."""
import importlib
import json
import os
import time

import common

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
args = common.arguments_of_models()
try:
    import keras
except ImportError as e:
    common.missing(e.name or "keras")
import numpy as np

L = keras.layers


def cnn():
    return keras.Sequential([
        keras.Input((28, 28, 1)), L.Conv2D(32, 3, activation="relu"), L.Conv2D(64, 3, activation="relu"), L.MaxPooling2D(),
        L.Flatten(), L.Dense(128, activation="relu"), L.Dense(10, activation="softmax")])


def resnet():
    x = inputs = keras.Input((32, 32, 3))
    x = L.Activation("relu")(L.BatchNormalization()(L.Conv2D(16, 3, padding="same", use_bias=False)(x)))
    for width, stride in ((16, 1), (32, 2), (64, 2)):
        y = L.Activation("relu")(L.BatchNormalization()(L.Conv2D(width, 3, strides=stride, padding="same", use_bias=False)(x)))
        y = L.BatchNormalization()(L.Conv2D(width, 3, padding="same", use_bias=False)(y))
        if stride != 1:
            x = L.Conv2D(width, 1, strides=stride, use_bias=False)(x)
        x = L.Activation("relu")(L.Add()([x, y]))
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.GlobalAveragePooling2D()(x)))


def lstm():
    return keras.Sequential([keras.Input((80,), dtype="int32"), L.Embedding(20000, 128), L.LSTM(128), L.Dense(1, activation="sigmoid")])


def transformer():
    x = inputs = keras.Input((128, 256))
    x = L.LayerNormalization()(L.Add()([x, L.MultiHeadAttention(8, 32)(x, x)]))
    y = L.Dense(256)(L.Dense(1024, activation="relu")(x))
    x = L.LayerNormalization()(L.Add()([x, y]))
    return keras.Model(inputs, L.Dense(10, activation="softmax")(L.GlobalAveragePooling1D()(x)))


def autoencoder():
    return keras.Sequential([keras.Input((784,)), L.Dense(128, activation="relu"), L.Dense(32, activation="relu"), L.Dense(128, activation="relu"), L.Dense(784, activation="sigmoid")])


n = args.batch * args.steps
x, y = common.model_data(args.model, n)
loss = {"lstm": "binary_crossentropy", "autoencoder": "binary_crossentropy"}.get(args.model, "sparse_categorical_crossentropy")
model = globals()[args.model]()
model.compile(optimizer="adam", loss=loss)
seconds = []


class Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.t = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        seconds.append(time.perf_counter() - self.t)


model.fit(x, y, batch_size=args.batch, epochs=args.epochs + 1, verbose=0, callbacks=[Clock()])
model.predict(x, batch_size=args.batch, verbose=0)
times = []
for _ in range(args.epochs):
    t = time.perf_counter()
    model.predict(x, batch_size=args.batch, verbose=0)
    times.append(time.perf_counter() - t)
backend = keras.backend.backend()
print(json.dumps({
    "peer": f"keras on {backend}", "trainMs": min(seconds[1:]) / args.steps * 1000, "predictMs": min(times) / args.steps * 1000,
    "params": model.count_params(), "versions": {"keras": keras.__version__, backend: importlib.import_module(backend).__version__}}))
