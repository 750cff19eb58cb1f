"""
Optimizers, training runs and what the terminal shows, from real Keras on JAX:
    python scripts/goldens/keras_engine.py test/goldens
Needs keras (3.15.1) and jax. Writes optimizers.json, training.json and console.json.
"""
import contextlib
import io
import json
import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
import jax

jax.config.update("jax_default_matmul_precision", "highest")
import keras
import numpy as np

out = sys.argv[1]
versions = {"keras": keras.__version__, "jax": jax.__version__}


def plain(x):
    """float32 as the shortest decimals that read back the same."""
    a = np.asarray(x)
    if a.dtype == np.float32:
        f = lambda v: float(np.format_float_scientific(v, unique=True))
        return f(a) if a.ndim == 0 else [plain(v) for v in a]
    return a.tolist()


def save(name, data):
    with open(f"{out}/{name}.json", "w") as f:
        json.dump({"versions": versions, **data}, f, separators=(",", ":"))
        f.write("\n")


# ---- optimizers: weights after each of 6 steps on given gradients

rng = np.random.default_rng(7)
shapes = [(3, 2), (4,)]
start = [rng.normal(size=s).astype("float32") for s in shapes]
# The fourth gradient is large, so that clipping shows.
steps = [
    [(rng.normal(size=s) * (5 if k == 3 else 0.7)).astype("float32") for s in shapes]
    for k in range(6)
]

O = keras.optimizers
optimizers = [
    ("sgd", {}),
    ("sgd", {"learning_rate": 0.1, "momentum": 0.9}),
    ("sgd", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("sgd", {"learning_rate": 0.1, "weight_decay": 0.01}),
    ("sgd", {"learning_rate": 0.1, "clipnorm": 1.0}),
    ("sgd", {"learning_rate": 0.1, "clipvalue": 0.5}),
    ("sgd", {"learning_rate": 0.1, "global_clipnorm": 1.0}),
    ("sgd", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.9}),
    ("sgd", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2}),
    ("sgd", {"learning_rate": 0.1, "gradient_accumulation_steps": 2}),
    ("adam", {"learning_rate": 0.05, "gradient_accumulation_steps": 3, "clipnorm": 1.0}),
    ("rmsprop", {"learning_rate": 0.01}),
    ("rmsprop", {"learning_rate": 0.01, "rho": 0.8, "momentum": 0.5}),
    ("rmsprop", {"learning_rate": 0.01, "centered": True}),
    ("rmsprop", {"learning_rate": 0.01, "momentum": 0.9, "centered": True, "epsilon": 1e-3}),
    ("adam", {}),
    ("adam", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}),
    ("adam", {"learning_rate": 0.05, "amsgrad": True}),
    ("adam", {"learning_rate": 0.05, "weight_decay": 0.02, "clipnorm": 0.5}),
    ("adamw", {}),
    ("adamw", {"learning_rate": 0.05, "weight_decay": 0.1, "use_ema": True}),
]
classes = {"sgd": O.SGD, "adam": O.Adam, "rmsprop": O.RMSprop, "adamw": O.AdamW}
cases = []
for name, config in optimizers:
    o = classes[name](**config)
    vs = [keras.Variable(w, name=f"w{i}") for i, w in enumerate(start)]
    o.build(vs)
    after = []
    for gs in steps:
        o.apply([keras.ops.convert_to_tensor(g) for g in gs], vs)
        after.append([plain(v.numpy()) for v in vs])
    o.finalize_variable_values(vs)
    cases.append({
        "optimizer": name, "config": config, "after": after,
        "finalized": [plain(v.numpy()) for v in vs],
        "iterations": int(o.iterations),
        "variables": [[v.path.split("/", 1)[1], list(v.shape)] for v in o.variables],
    })
save("optimizers", {"start": [plain(w) for w in start], "gradients": [[plain(g) for g in s] for s in steps], "cases": cases})

# ---- training

n, features, classes_n = 50, 6, 3
x = rng.normal(size=(n, features)).astype("float32")
y = rng.integers(0, classes_n, size=n).astype("int32")
x += np.eye(classes_n, features, dtype="float32")[y] * 1.5
y1h = np.eye(classes_n, dtype="float32")[y]
yb = (y > 0).astype("float32")[:, None]
yr = (x[:, :2] * np.float32(0.5) + rng.normal(size=(n, 2)).astype("float32") * np.float32(0.1)).astype("float32")
xv = rng.normal(size=(17, features)).astype("float32")
yv = rng.integers(0, classes_n, size=17).astype("int32")
w = rng.uniform(0.2, 2, size=n).astype("float32")
wv = rng.uniform(0.2, 2, size=17).astype("float32")
data = {"x": x, "y": y, "y1h": y1h, "yb": yb, "yr": yr, "xv": xv, "yv": yv, "w": w, "wv": wv}

L = keras.layers
W1 = rng.normal(size=(features, 5)).astype("float32") * np.float32(0.4)
b1 = rng.normal(size=5).astype("float32") * np.float32(0.1)
heads = {
    "softmax": (3, "softmax"), "logits": (3, None), "sigmoid": (1, "sigmoid"), "linear": (2, None),
}
head_weights = {k: [rng.normal(size=(5, u)).astype("float32") * np.float32(0.5), np.zeros(u, "float32")] for k, (u, _) in heads.items()}


def net(head, regularizers=False):
    units, act = heads[head]
    r = {"kernel_regularizer": keras.regularizers.L2(0.01), "bias_regularizer": keras.regularizers.L1(0.02)} if regularizers else {}
    m = keras.Sequential([L.Input((features,)), L.Dense(5, activation="tanh", **r), L.Dense(units, activation=act)])
    m.set_weights([W1, b1, *head_weights[head]])
    return m


runs = []


def run(name, head, compile, fit, target="y", regularizers=False, evaluate=None, val_w=False, val=None):
    m = net(head, regularizers)
    m.compile(**compile)
    kw = dict(fit)
    args = {}
    if kw.pop("sample_weight", None):
        args["sample_weight"] = w
    if val:
        args["validation_data"] = tuple(data[k] for k in val)
    h = m.fit(x, data[target], shuffle=False, verbose=0, **kw, **args)
    e = m.evaluate(x, data[target], batch_size=16, verbose=0, return_dict=True, **({"sample_weight": w} if evaluate else {}))
    runs.append({
        "name": name, "head": head, "target": target, "regularizers": regularizers,
        "compile": {k: (v if isinstance(v, (str, list, dict)) else keras.saving.serialize_keras_object(v)) for k, v in compile.items()},
        "fit": fit, "val": val,
        "history": {k: [float(v) for v in vs] for k, vs in h.history.items()},
        "epoch": h.epoch,
        "evaluateWeighted": bool(evaluate),
        "evaluate": {k: float(v) for k, v in e.items()},
        "predict": plain(m.predict(xv, verbose=0)),
        "weights": [plain(v) for v in m.get_weights()],
    })


fit = {"epochs": 3, "batch_size": 16}
sparse = "sparse_categorical_crossentropy"
run("adam, sparse, accuracy, validation data", "softmax", {"optimizer": "adam", "loss": sparse, "metrics": ["accuracy"]}, fit, val=["xv", "yv"])
run("sgd, one-hot, accuracy and mse", "softmax", {"optimizer": "sgd", "loss": "categorical_crossentropy", "metrics": ["accuracy", "mse"]}, fit, target="y1h")
run("rmsprop, binary", "sigmoid", {"optimizer": "rmsprop", "loss": "binary_crossentropy", "metrics": ["acc", "mae"]}, fit, target="yb")
run("adamw, mse", "linear", {"optimizer": "adamw", "loss": "mse", "metrics": ["mae", "root_mean_squared_error"]}, fit, target="yr")
run("mae", "linear", {"optimizer": "sgd", "loss": "mean_absolute_error"}, fit, target="yr")
run("validation split", "softmax", {"optimizer": "adam", "loss": sparse, "metrics": ["accuracy"]}, {**fit, "validation_split": 0.25, "validation_freq": 1})
run("validation split with weights", "softmax", {"optimizer": "adam", "loss": sparse, "metrics": ["accuracy"], "weighted_metrics": ["accuracy"]}, {**fit, "validation_split": 0.25, "sample_weight": True})
run("sample weights", "softmax", {"optimizer": "sgd", "loss": sparse, "metrics": ["accuracy"], "weighted_metrics": ["sparse_categorical_accuracy"]}, {**fit, "sample_weight": True}, evaluate=True, val=["xv", "yv", "wv"])
run("class weights", "softmax", {"optimizer": "sgd", "loss": sparse, "metrics": ["accuracy"]}, {**fit, "class_weight": {0: 0.5, 2: 3.0}})
run("class weights, one-hot", "softmax", {"optimizer": "sgd", "loss": "categorical_crossentropy", "weighted_metrics": ["accuracy"]}, {**fit, "class_weight": {0: 0.5, 2: 3.0}}, target="y1h")
run("regularizers", "softmax", {"optimizer": "adam", "loss": sparse, "metrics": [sparse]}, fit, regularizers=True, val=["xv", "yv"])
run("validation every 2nd epoch, initial epoch", "softmax", {"optimizer": "adam", "loss": sparse}, {"epochs": 6, "initial_epoch": 1, "batch_size": 20, "validation_freq": 2}, val=["xv", "yv"])
run("steps per epoch", "softmax", {"optimizer": "adam", "loss": sparse, "metrics": ["accuracy"]}, {"epochs": 4, "batch_size": 16, "steps_per_epoch": 3})
run("loss weights", "softmax", {"optimizer": "sgd", "loss": sparse, "loss_weights": 0.3}, fit)

# ---- a seeded run: initial weights, dropout and shuffling all from the seed

keras.utils.set_random_seed(42)
m = keras.Sequential([L.Input((features,)), L.Dense(8, activation="relu"), L.Dropout(0.5), L.Dense(3, activation="softmax")])
m.compile(optimizer="adam", loss=sparse, metrics=["accuracy"])
initial = [plain(v) for v in m.get_weights()]
h = m.fit(x, y, epochs=3, batch_size=16, verbose=0, validation_split=0.2)
seeded = {"seed": 42, "initial": initial, "history": {k: [float(v) for v in vs] for k, vs in h.history.items()},
          "weights": [plain(v) for v in m.get_weights()]}

# ---- batch by batch
m = net("softmax")
m.compile(optimizer="adam", loss=sparse, metrics=["accuracy"])
batches = [[float(v) for v in m.train_on_batch(x[i:i + 10], y[i:i + 10])] for i in (0, 10, 20)]
tested = [float(v) for v in m.test_on_batch(xv, yv)]
save("training", {
    "data": {k: plain(v) for k, v in data.items()},
    "weights": [plain(W1), plain(b1)], "heads": {k: [plain(v) for v in vs] for k, vs in head_weights.items()},
    "runs": runs, "seeded": seeded,
    "onBatch": {"train": batches, "test": tested, "weights": [plain(v) for v in m.get_weights()]},
})

# ---- what the terminal shows

keras.config.enable_interactive_logging()


def captured(f):
    buffer = io.StringIO()
    with contextlib.redirect_stdout(buffer):
        f()
    return buffer.getvalue()


summaries = []
def summary(name, layers, build=None, **kw):
    keras.backend.clear_session()
    m = keras.Sequential([f() for f in layers], name="sequential")
    if build:
        m.build(build)
    lines = []
    if kw.pop("frozen", False):
        m.layers[0].trainable = False
    if kw.pop("trained", False):
        m.compile("adam", "mse")
        m.train_on_batch(np.zeros((2, 784), "float32"), np.zeros((2, 10), "float32"))
    m.summary(print_fn=lambda s, line_break=False: lines.append(s), **kw)
    summaries.append({"name": name, "options": kw, "text": "\n".join(lines)})


article = [lambda: L.Input((784,)), lambda: L.Dense(128, activation="relu"), lambda: L.Dropout(0.5), lambda: L.Dense(10, activation="softmax")]
summary("article", article)
summary("article, frozen first layer", article, frozen=True)
summary("trainable shown", article, frozen=True, show_trainable=True)
summary("article, trained", article, trained=True)
summary("line of 60", article, line_length=60)
summary("unbuilt", article[1:])
summary("long names", [lambda: L.Input((28, 28)), lambda: L.Flatten(name="a_layer_with_a_rather_long_name_that_does_not_fit"), lambda: L.Reshape((28, 28)), lambda: L.Dense(3)])

from unittest import mock
import time as _time
bars = []
def bar(target, verbose, updates, stateful=None, unit="step"):
    clock = [100.0]
    tty = []
    with mock.patch("time.time", lambda: clock[0]):
        buffer = io.StringIO()
        with contextlib.redirect_stdout(buffer):
            p = keras.utils.Progbar(target, verbose=verbose, unit_name=unit, stateful_metrics=stateful)
            for dt, current, values, finalize in updates:
                clock[0] += dt
                p.update(current, values, finalize=finalize)
    # JSON has no numbers for these two.
    word = lambda x: "NaN" if x != x else "Infinity" if x == float("inf") else x
    updates = [[dt, i, [[k, word(x)] for k, x in values], done] for dt, i, values, done in updates]
    bars.append({"target": target, "verbose": verbose, "unit": unit, "stateful": stateful, "updates": updates, "text": buffer.getvalue()})


names = ["accuracy", "loss"]
v = lambda a, l: [["accuracy", a], ["loss", l]]
for verbose in (1, 2):
    bar(938, verbose, [[1.5, 1, v(0.1, 2.5), False], [0.01, 5, v(0.12, 2.4), False], [0.2, 100, v(0.5, 1.4), False], [1.9, 937, v(0.9, 0.3), False], [0.002, 938, v(0.9123, 0.00031), True]], names)
    bar(8, verbose, [[0.2, 1, v(0.0, 3.25), False], [0.06, 2, v(0.25, 1234.5), False], [1.0, 8, v(0.0820, 2.5280), True]], names)
    bar(3, verbose, [[100.0, 1, v(-0.5, 1e-9), False], [4000.0, 2, v(1e-3, float("inf")), False], [90.0, 3, v(1.0, float("nan")), True]], names)
    bar(None, verbose, [[0.1, 1, v(0.5, 1.0), False], [0.1, 2, v(0.5, 1.0), False], [0.1, 2, v(0.5, 1.0), True]], names)
    bar(20000, verbose, [[0.3, 1, v(0.5, 1.0), False], [0.1, 2000, v(0.5, 1.0), False], [0.5, 20000, v(0.5, 1.0), True]], names)
    bar(4, verbose, [[0.1, 1, [["loss", 1.0]], False], [0.1, 2, [["loss", 3.0]], False], [0.1, 4, [["loss", 5.0]], True]])
save("console", {"summaries": summaries, "bars": bars})
