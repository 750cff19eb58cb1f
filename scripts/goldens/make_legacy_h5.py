"""Models in legacy HDF5 files: test/goldens/legacy_h5.json.

    python3 scripts/goldens/make_legacy_h5.py

Written by real Keras 2 (the package tf_keras, on TensorFlow) and by the legacy writer of Keras 3 (on JAX):
the files, gzipped and in base64, what the models predict, and how training goes on from there. `old` are files of Keras 2 whose configs were rewritten to what earlier
versions wrote (2.0 to 2.3), as their sources have it; what they predict is as before.
"""
import base64
import gzip
import json
import os
import pathlib
import tempfile

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import golden_io
import h5py
import jax
import keras
import numpy as np
import tf_keras

jax.config.update("jax_default_matmul_precision", "highest")
rng = np.random.default_rng(5)


def mlp(k):
    l = k.layers
    return k.Sequential([k.Input((5,)), l.Dense(4, activation="relu", kernel_regularizer="l2"), l.BatchNormalization(), l.Dropout(0.5), l.LeakyReLU(), l.Dense(2, activation="softmax", kernel_constraint=k.constraints.MaxNorm(2))])


def cnn(k):
    l = k.layers
    model = k.Sequential([l.Conv2D(4, 3, strides=2, padding="same", activation="relu", input_shape=(8, 8, 2)), l.DepthwiseConv2D(3, padding="same", depth_multiplier=2), l.BatchNormalization(), l.ReLU(6.0), l.SeparableConv2D(4, 2), l.Conv2DTranspose(2, 2), l.MaxPooling2D(), l.Flatten(), l.Dense(2)])
    # Frozen weights come before those that move and those that only remember.
    model.layers[2].trainable = False
    return model


def rnn(k):
    l = k.layers
    return k.Sequential([k.Input((5, 3)), l.SimpleRNN(4, return_sequences=True), l.GRU(4, reset_after=False, recurrent_activation="hard_sigmoid", return_sequences=True), l.LSTM(3, recurrent_activation="hard_sigmoid"), l.Dense(2, activation="hard_sigmoid")])


def cells(k):
    l = k.layers
    return k.Sequential([k.Input((5, 3)), l.Masking(), l.RNN([l.LSTMCell(4), l.GRUCell(3)], return_sequences=True), l.TimeDistributed(l.Dense(3, activation="tanh")), l.GRU(2)])


def bilstm(k):
    l = k.layers
    return k.Sequential([k.Input((5,)), l.Embedding(9, 4, mask_zero=True), l.Bidirectional(l.LSTM(3, return_sequences=True)), l.Bidirectional(l.GRU(2), merge_mode="sum"), l.Dense(2)])


def functional(k):
    l = k.layers
    a, b = k.Input((4, 6), name="a"), k.Input((6,), name="b")
    inner_in = k.Input((6,))
    hidden = l.Dense(5, activation="relu")(inner_in)
    inner = k.Model(inner_in, l.Dense(6)(l.BatchNormalization()(hidden)), name="inner")
    stack = k.Sequential([k.Input((6,)), l.Dense(4), l.ELU(0.5)], name="stack")
    x, h, c = l.LSTM(6, return_sequences=True, return_state=True)(a)
    y = l.GRU(6)(x, initial_state=inner(b))
    q = l.Concatenate()([y, stack(h), stack(inner(c)), l.GlobalAveragePooling1D()(x)])
    shared = l.Dense(3, activation="tanh", name="shared")
    first = shared(l.Dropout(0.1)(q))
    second = shared(q)
    return k.Model([a, b], {"first": l.Add(name="first")([first, second]), "second": l.Activation("sigmoid", name="second")(l.Dense(1)(y))})


def transformer(k):
    l = k.layers
    x = k.Input((6, 8))
    attended = l.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)
    y = l.LayerNormalization()(l.Add()([x, attended]))
    z = l.LayerNormalization(epsilon=1e-6)(l.Add()([y, l.Dense(8)(l.Dense(16, activation="gelu")(y))]))
    return k.Model(x, l.Dense(2)(l.GlobalAveragePooling1D()(z)))


def arithmetic(k):
    """Keras 2 writes operators down as layers of TensorFlow's functions."""
    x = k.Input((4,))
    y = k.layers.Dense(4)(x)
    return k.Model(x, k.layers.Dense(2)(1.5 - (y * 2.0 + x) / 3.0))


def gates(k):
    l = k.layers
    return k.Sequential([k.Input((5, 3)), l.LSTM(4, return_sequences=True), l.GRU(2)])


def long_names(k):
    """Names that take more than an attribute holds."""
    return k.Sequential([k.Input((2,))] + [k.layers.Dense(2, name=f"layer_{i}_" + "x" * 1200) for i in range(56)])


# Keras 2 takes the gradients of an embedding row by row, so that most optimizers move it otherwise than Keras 3.
LEGACY = tf_keras.optimizers.legacy
CASES = [
    ("mlp", mlp, (5,), {2: "adam", 3: "adam"}),
    ("cnn", cnn, (8, 8, 2), {2: lambda: LEGACY.SGD(0.05, momentum=0.9, nesterov=True), 3: lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)}),
    ("rnn", rnn, (5, 3), {2: lambda: LEGACY.Adam(0.01, decay=0.1), 3: "rmsprop"}),
    ("cells", cells, (5, 3), {2: "rmsprop", 3: "adamax"}),
    ("bilstm", bilstm, "int", {2: lambda: tf_keras.optimizers.SGD(0.05), 3: lambda: keras.optimizers.AdamW(keras.optimizers.schedules.ExponentialDecay(0.01, 3, 0.5))}),
    ("functional", functional, "named", {2: lambda: tf_keras.optimizers.Adam(0.01, amsgrad=True), 3: lambda: keras.optimizers.Adam(0.01, use_ema=True)}),
    ("transformer", transformer, (6, 8), {2: lambda: LEGACY.Adam(0.01, amsgrad=True), 3: "lion"}),
    ("arithmetic", arithmetic, (4,), {2: lambda: LEGACY.Adagrad(0.1)}),
    ("gates", gates, (5, 3), {2: lambda: LEGACY.RMSprop(0.01, momentum=0.5, epsilon=1e-3, centered=True)}),
    ("plain", lambda k: k.Sequential([k.Input((3,)), k.layers.Dense(2)]), (3,), {2: lambda: tf_keras.optimizers.Adamax(0.01), 3: "sgd"}),
    ("long_names", long_names, (2,), {2: None, 3: None}),
]


def pack(data):
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()


def arrays(t):
    return {k: np.asarray(v) for k, v in t.items()} if isinstance(t, dict) else np.asarray(t)


def fresh(seed):
    for k in (keras, tf_keras):
        k.backend.clear_session()
        k.utils.set_random_seed(seed)


def case(name, make, shape, optimizer, k, version, folder):
    model = make(k)
    n = 6
    if shape == "named":
        x = {"a": rng.normal(size=(n, 4, 6)).astype("float32"), "b": rng.normal(size=(n, 6)).astype("float32")}
        y = {"first": rng.normal(size=(n, 3)).astype("float32"), "second": rng.integers(0, 2, (n, 1)).astype("float32")}
    else:
        x = rng.integers(0, 9, (n, 5)).astype("int32") if shape == "int" else rng.normal(size=(n, *shape)).astype("float32")
        y = rng.normal(size=(n, 2)).astype("float32")
    given = [x["a"], x["b"]] if shape == "named" else x
    if optimizer is not None:
        # Keras 3 does not write the delta of Huber here.
        how = {"loss": {"first": "mse", "second": k.losses.BinaryCrossentropy(label_smoothing=0.1)}, "loss_weights": {"first": 1.0, "second": 0.5}, "metrics": {"second": ["accuracy"]}} if shape == "named" else {"loss": k.losses.Huber(delta=0.7) if version == 2 else k.losses.MeanSquaredError(), "metrics": ["mae", k.metrics.RootMeanSquaredError(name="rmse")]}
        model.compile(optimizer() if callable(optimizer) else optimizer, **how)
        # Batches as they come, and nothing drawn that is not drawn alike everywhere.
        model.fit(given, y, epochs=2, batch_size=3, shuffle=False, verbose=0)
    path = os.path.join(folder, "m.h5")
    model.save(path)
    data = pathlib.Path(path).read_bytes()
    row = {"name": f"{name} of Keras {version}", "file": pack(data), "x": arrays(x), "y": arrays(y), "predictions": arrays(model.predict(given, verbose=0))}
    if optimizer is not None and name not in ("mlp", "functional"):  # dropout draws
        history = model.fit(given, y, epochs=3, batch_size=3, shuffle=False, verbose=0)
        row["losses"] = [float(v) for v in history.history["loss"]]
        row["after"] = arrays(model.predict(given, verbose=0))
    return row, data


def rewritten(data, change, folder):
    """The file with its config changed."""
    path = os.path.join(folder, "r.h5")
    pathlib.Path(path).write_bytes(data)
    with h5py.File(path, "r+") as f:
        config = change(json.loads(f.attrs["model_config"]))
        del f.attrs["model_config"]
        f.attrs["model_config"] = np.bytes_(json.dumps(config))
        f.attrs["keras_version"] = np.bytes_("2.1.6")
        for g in [f] if "training_config" in f.attrs else []:
            del g.attrs["training_config"]
    return pathlib.Path(path).read_bytes()


PART = ("initializer", "regularizer", "constraint")


def plain_parts(x):
    """Initializers and the like without a module; no parts that came later."""
    if isinstance(x, list):
        return [plain_parts(v) for v in x]
    if not isinstance(x, dict):
        return x
    later = ("module", "registered_name", "build_config", "groups", "optional", "keepdims", "time_major", "reset_after" if x.get("reset_after") is False else "")
    return {k: plain_parts(v) for k, v in x.items() if k not in later}


def sequential_2_1(c):
    """A Sequential as the list of its layers, the first of which has the shape of the input; ndarrays."""
    c = plain_parts(c)
    layers = [l for l in c["config"]["layers"] if l["class_name"] != "InputLayer"]
    layers[0]["config"].setdefault("batch_input_shape", c["config"]["layers"][0]["config"].get("batch_input_shape"))
    for l in layers:
        if l["class_name"] == "BatchNormalization":
            l["config"]["axis"] = -1
        if l["class_name"] == "LeakyReLU":
            l["config"]["alpha"] = {"type": "ndarray", "value": l["config"]["alpha"]}
        if "kernel_initializer" in l["config"]:
            l["config"]["kernel_initializer"] = {"class_name": "VarianceScaling", "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None}}
    return {"class_name": "Sequential", "config": layers}


def model_2_1(c):
    """What is Functional now was Model."""
    c = plain_parts(c)
    text = json.dumps(c).replace('"class_name": "Functional"', '"class_name": "Model"')
    return json.loads(text)


def cudnn(data, folder):
    """LSTM and GRU as layers for cuDNN, whose weights lie otherwise: converted by Keras 2 itself."""
    from tf_keras.saving.legacy.hdf5_format import _convert_rnn_weights

    path = os.path.join(folder, "c.h5")
    pathlib.Path(path).write_bytes(data)
    with h5py.File(path, "r+") as f:
        config = json.loads(f.attrs["model_config"])
        for l in config["config"]["layers"]:
            kind = l["class_name"]
            if kind not in ("LSTM", "GRU"):
                continue
            l["class_name"] = f"CuDNN{kind}"
            for key in ("activation", "recurrent_activation", "reset_after", "implementation", "dropout", "recurrent_dropout", "unroll"):
                l["config"].pop(key, None)
            g = f["model_weights"][l["config"]["name"]]
            names = list(g.attrs["weight_names"])
            target = type(f"CuDNN{kind}", (), {})()
            for name, value in zip(names, _convert_rnn_weights(target, [np.asarray(g[n]) for n in names])):
                del g[name]
                g[name] = value
        del f.attrs["model_config"], f.attrs["training_config"], f["optimizer_weights"]
        f.attrs["model_config"] = json.dumps(config)
    return pathlib.Path(path).read_bytes()


def policies(c):
    """Dtypes as policies, as TensorFlow 2.1 to 2.3 wrote some."""
    for l in c["config"]["layers"]:
        if l["class_name"] == "Dense":
            l["config"]["dtype"] = {"class_name": "Policy", "config": {"name": "float32"}}
    return c


def main():
    models, old, by_name = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for seed, (name, make, shape, optimizers) in enumerate(CASES):
            for version, optimizer in optimizers.items():
                fresh(seed + 1)
                k = tf_keras if version == 2 else keras
                row, data = case(name, make, shape, optimizer, k, version, folder)
                models.append(row)
                changes = {"mlp": [sequential_2_1, policies], "rnn": [sequential_2_1], "functional": [model_2_1]}
                for change in changes.get(name, []) if version == 2 else []:
                    old.append({**{key: row[key] for key in ("x", "predictions")}, "name": f"{name}, {change.__name__}", "file": pack(rewritten(data, change, folder))})
                if name == "gates":
                    old.append({**{key: row[key] for key in ("x", "predictions")}, "name": "gates, for cuDNN", "file": pack(cudnn(data, folder))})
        # Weights alone, as save_weights of Keras 2 writes them, under both names that it takes.
        fresh(99)
        model = mlp(tf_keras)
        model.layers[0]._name, model.layers[-1]._name = "features", "head"
        x = rng.normal(size=(4, 5)).astype("float32")
        path = os.path.join(folder, "w.h5")
        model.save_weights(path)
        weights = {"file": pack(pathlib.Path(path).read_bytes()), "x": x, "predictions": np.asarray(model.predict(x, verbose=0)), "values": [np.asarray(w) for w in model.get_weights()], "layers": [l.name for l in model.layers]}
    path = golden_io.save("legacy_h5", {"models": models, "old": old, "weights": [weights]})
    text = path.read_text().replace("scripts/goldens/make.py", "scripts/goldens/make_legacy_h5.py")
    path.write_text(text.replace('"backend":"jax"', f'"backend":"jax","tf_keras":"{tf_keras.__version__}"'))
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB, {len(models) + len(old)} models")


if __name__ == "__main__":
    main()
