"""Weights in shards as Keras's save_weights(max_shard_size=…) writes them, gzipped and in base64."""
import base64
import gzip
import pathlib
import tempfile

import keras
import numpy as np
from keras import layers


def build():
    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(3)
    model = keras.Sequential([keras.Input((5,)), layers.Dense(6, activation="relu"), layers.BatchNormalization(), layers.Dense(4, activation="tanh"), layers.Dense(2)])
    model.compile("adam", "mse")
    model.set_weights([rng.uniform(0.1, 1, w.shape).astype("float32") for w in model.get_weights()])
    x = rng.normal(size=(3, 5)).astype("float32")
    with tempfile.TemporaryDirectory() as folder:
        # 200 bytes: groups of weights are cut in two.
        model.save_weights(f"{folder}/keras.weights.json", max_shard_size=200 / 2**30)
        files = [{"name": f.name, "file": base64.b64encode(gzip.compress(f.read_bytes(), 9, mtime=0)).decode()} for f in sorted(pathlib.Path(folder).iterdir())]
    return {"files": files, "x": x, "predictions": np.asarray(model.predict(x, verbose=0))}
