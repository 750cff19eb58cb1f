"""
Activations, losses, metrics, initializers, seeds and whole training runs from real Keras on JAX:
    KERAS_BACKEND=jax python3 scripts/goldens/keras_goldens.py
Needs keras (3.15.1) and jax. Writes test/goldens/keras.json. keras_engine.py writes the rest.
"""
import json
import os
import random

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
import jax

jax.config.update("jax_default_matmul_precision", "highest")
import jax.numpy as jnp
import keras
import numpy as np

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "test", "goldens", "keras.json")
F = np.float32
rng = np.random.default_rng(20240607)


def plain(x):
    """float32 with 9 significant digits; NaN and infinities as words."""
    a = np.asarray(x)
    if a.ndim:
        return [plain(v) for v in a]
    if a.dtype.kind in "iub":
        return int(a)
    v = float(a)
    if v != v:
        return "NaN"
    if v in (float("inf"), float("-inf")):
        return "Infinity" if v > 0 else "-Infinity"
    return float(f"{v:.9g}") if a.dtype == F else v


# ---- activations: f(x) and the gradient of sum(c * f(x))

A = keras.activations
sides = [1e-30, 1e-10, 1e-4, 0.01, 0.1, 0.5, 1, 1.5, 2, 3, 5, 7.5, 10, 20, 40, 85]
xs = np.array([0, 0, 0, 0, *sides, *[-s for s in sides]], F).reshape(-1, 4)
cs = rng.normal(size=xs.shape).astype(F)
activations = []
for name, f in [
    ("relu", A.relu), ("sigmoid", A.sigmoid), ("tanh", A.tanh), ("softmax", A.softmax),
    ("log_softmax", A.log_softmax), ("linear", A.linear), ("elu", A.elu), ("selu", A.selu),
    ("gelu", A.gelu), ("silu", A.silu), ("softplus", A.softplus), ("leaky_relu", A.leaky_relu),
]:
    f = f if name != "linear" else (lambda x: x)
    special = np.array([np.nan, np.inf, -np.inf, 1000, -1000, 3e38, -3e38], F)
    rows = special[:, None] if "softmax" in name else special
    activations.append({
        "name": name, "y": plain(f(jnp.array(xs))),
        "gradient": plain(jax.grad(lambda x: jnp.sum(cs * f(x)))(jnp.array(xs))),
        "special": None if "softmax" in name else plain(f(jnp.array(rows))),
    })

# ---- losses

Lo = keras.losses
n, k = 6, 4
probs = rng.dirichlet(np.ones(k), size=n).astype(F)
probs[4] = [0, 1, 0, 0]
probs[5] = [1, 0, 0, 0]
logits = (rng.normal(size=(n, k)) * 3).astype(F)
logits[4] = [60, -60, 0, 100]
labels = np.array([0, 1, 2, 3, 1, 1], "int32")
onehot = np.eye(k, dtype=F)[labels]
bits = (rng.random((n, k)) > 0.5).astype(F)
chances = rng.random((n, k)).astype(F)
chances[0] = [0, 1, 0, 1]
bits[0] = [0, 0, 1, 1]
reals = rng.normal(size=(n, k)).astype(F)
targets = rng.normal(size=(n, k)).astype(F)
targets[0, 0] = reals[0, 0]
weights = rng.uniform(0, 2, size=n).astype(F)
weights[2] = 0
arrays = {"probs": probs, "logits": logits, "labels": labels, "onehot": onehot, "bits": bits,
          "chances": chances, "reals": reals, "targets": targets, "weights": weights}
losses = []


def loss(kind, t, p, **o):
    for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight", "none"):
        for w in (None, "weights"):
            if reduction != "sum_over_batch_size" and (w is None) != (reduction == "none"):
                continue
            l = getattr(Lo, kind)(reduction=reduction, **o)
            f = lambda p_: l(arrays[t], p_, sample_weight=None if w is None else arrays[w])
            losses.append({
                "loss": kind, "options": {**o, "reduction": reduction}, "yTrue": t, "yPred": p, "weight": w,
                "value": plain(f(jnp.array(arrays[p]))),
                "gradient": plain(jax.grad(lambda p_: jnp.sum(f(p_)))(jnp.array(arrays[p]))),
            })


loss("MeanSquaredError", "targets", "reals")
loss("MeanAbsoluteError", "targets", "reals")
loss("BinaryCrossentropy", "bits", "chances")
loss("BinaryCrossentropy", "bits", "chances", label_smoothing=0.2)
loss("BinaryCrossentropy", "bits", "logits", from_logits=True)
loss("BinaryCrossentropy", "bits", "logits", from_logits=True, label_smoothing=0.2)
loss("CategoricalCrossentropy", "onehot", "probs")
loss("CategoricalCrossentropy", "onehot", "probs", label_smoothing=0.1)
loss("CategoricalCrossentropy", "onehot", "logits", from_logits=True)
loss("CategoricalCrossentropy", "onehot", "logits", from_logits=True, label_smoothing=0.1)
loss("SparseCategoricalCrossentropy", "labels", "probs")
loss("SparseCategoricalCrossentropy", "labels", "logits", from_logits=True)
loss("SparseCategoricalCrossentropy", "labels", "logits", from_logits=True, ignore_class=1)

# ---- metrics: three batches, with and without weights; ties in the predictions

M = keras.metrics
tied = np.array([[0.3, 0.3, 0.2, 0.2], [0.25] * 4, [0.1, 0.4, 0.4, 0.1], [0.5, 0.5, 0.5, 0.5], [0, 0, 0, 1], [1, 0, 0, 0]], F)
arrays["tied"] = tied
metrics = []


def metric(kind, pairs, **o):
    for weighted in (False, True):
        m = getattr(M, kind)(**o)
        after = []
        for t, p in pairs:
            w = arrays["weights"] if weighted else None
            if p is None:
                m.update_state(arrays[t], sample_weight=w)
            else:
                m.update_state(arrays[t], arrays[p], sample_weight=w)
            after.append(plain(m.result()))
        m.reset_state()
        metrics.append({"metric": kind, "options": o, "pairs": pairs, "weighted": weighted, "after": after, "empty": plain(m.result())})


metric("Mean", [("weights", None), ("weights", None), ("reals", None)])
metric("Sum", [("weights", None), ("reals", None)])
metric("Accuracy", [("onehot", "bits"), ("bits", "bits")])
metric("BinaryAccuracy", [("bits", "chances"), ("bits", "tied"), ("bits", "probs")])
metric("BinaryAccuracy", [("bits", "chances"), ("bits", "tied")], threshold=0.25)
metric("CategoricalAccuracy", [("onehot", "probs"), ("onehot", "tied"), ("onehot", "logits")])
metric("SparseCategoricalAccuracy", [("labels", "probs"), ("labels", "tied"), ("labels", "logits")])
for kind in ("MeanSquaredError", "MeanAbsoluteError", "RootMeanSquaredError"):
    metric(kind, [("targets", "reals"), ("bits", "chances")])
metric("BinaryCrossentropy", [("bits", "chances"), ("bits", "tied")])
metric("BinaryCrossentropy", [("bits", "logits")], from_logits=True, label_smoothing=0.1)
metric("CategoricalCrossentropy", [("onehot", "probs"), ("onehot", "tied")])
metric("CategoricalCrossentropy", [("onehot", "logits")], from_logits=True, label_smoothing=0.1)
metric("SparseCategoricalCrossentropy", [("labels", "probs"), ("labels", "tied")])
metric("SparseCategoricalCrossentropy", [("labels", "logits")], from_logits=True)

# ---- initializers

I = keras.initializers
initializers = []


def initializer(kind, big=True, **o):
    v = np.asarray(getattr(I, kind)(**o)((7, 5), "float32"))
    entry = {"kind": kind, "options": o, "small": plain(v)}
    if big:
        b = np.asarray(getattr(I, kind)(**o)((784, 128), "float32")).ravel()
        entry |= {"first": plain(b[:16]), "last": plain(b[-16:]), "sum": float(b.astype("float64").sum())}
    initializers.append(entry)


initializer("Zeros")
initializer("Ones")
initializer("Constant", value=0.3)
for seed in (0, 42, 2147483648):
    initializer("RandomNormal", seed=seed)
    initializer("RandomUniform", seed=seed)
    initializer("TruncatedNormal", seed=seed)
    for kind in ("GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal"):
        initializer(kind, seed=seed)
    initializer("Orthogonal", big=False, seed=seed)
initializer("RandomNormal", mean=1.5, stddev=0.3, seed=7)
initializer("RandomUniform", minval=-2.0, maxval=3.0, seed=7)
initializer("TruncatedNormal", mean=-1.0, stddev=2.0, seed=7)
initializer("Orthogonal", big=False, gain=1.7, seed=7)
for mode in ("fan_in", "fan_out", "fan_avg"):
    for distribution in ("truncated_normal", "untruncated_normal", "uniform"):
        initializer("VarianceScaling", scale=1.5, mode=mode, distribution=distribution, seed=11)

# ---- seeds, shuffles, dropout masks

seeds = []
for seed in (0, 1234, 4294967295):
    keras.utils.set_random_seed(seed)
    drawn = [random.randint(1, int(1e9)) for _ in range(20)]
    orders = [plain(np.random.permutation(20)), plain(np.random.permutation(1)), plain(np.random.permutation(33))]
    keras.utils.set_random_seed(seed)
    unseeded = [plain(keras.random.uniform((4,))), plain(keras.random.uniform((4,)))]
    gen = keras.random.SeedGenerator()
    made = plain(np.asarray(gen.state))
    seeds.append({"seed": seed, "drawn": drawn, "orders": orders, "unseeded": unseeded, "generator": made})
masks = []
for rate in (0.1, 0.5, 0.9):
    layer = keras.layers.Dropout(rate, seed=77)
    masks.append({"rate": rate, "calls": [plain(layer(np.ones((5, 7), F), training=True)) for _ in range(2)]})

# ---- training

N = 128
D = {}
D["x"] = np.round(rng.normal(size=(N, 20)), 3).astype(F)
D["labels"] = rng.integers(0, 5, size=N).astype("int32")
D["x"] += np.eye(5, 20, dtype=F)[D["labels"]]
D["onehot"] = np.eye(5, dtype=F)[D["labels"]]
D["bit"] = (D["labels"] > 2).astype(F)[:, None]
D["real"] = np.round(D["x"][:, :5] * F(0.5) + rng.normal(size=(N, 5)) * 0.1, 3).astype(F)
D["xv"] = np.round(rng.normal(size=(40, 20)), 3).astype(F)
D["labelsv"] = rng.integers(0, 5, size=40).astype("int32")
D["w"] = np.round(rng.uniform(0, 2, size=N), 3).astype(F)
dense = lambda a, b: [np.round(rng.normal(size=(a, b)) * (1.5 / a) ** 0.5, 3).astype(F), np.round(rng.normal(size=b) * 0.1, 3).astype(F)]
start = {"body": [*dense(20, 16), *dense(16, 12)], "softmax": dense(12, 5), "linear": dense(12, 5), "sigmoid": dense(12, 1)}
O = keras.optimizers
L = keras.layers
optimizer_classes = {"sgd": O.SGD, "rmsprop": O.RMSprop, "adam": O.Adam, "adamw": O.AdamW}
runs = []


def run(name, optimizer="adam", options={}, loss="sparse_categorical_crossentropy", y="labels", head="softmax", n=N, l2=0.0, metrics=["accuracy"], val=False, **fit):
    r = lambda: keras.regularizers.L2(l2) if l2 else None
    m = keras.Sequential([L.Input((20,)), L.Dense(16, activation="relu", kernel_regularizer=r()), L.Dense(12, activation="tanh", kernel_regularizer=r()),
                          L.Dense(1 if head == "sigmoid" else 5, activation=head)])
    m.set_weights(start["body"] + start[head])
    m.compile(optimizer=optimizer_classes[optimizer](**options), loss=loss, metrics=metrics)
    kw = dict(fit)
    if kw.pop("sample_weight", None):
        kw["sample_weight"] = D["w"][:n]
    if val:
        kw["validation_data"] = (D["xv"], D["labelsv"])
    h = m.fit(D["x"][:n], D[y][:n], batch_size=32, epochs=3, shuffle=False, verbose=0, **kw)
    runs.append({"name": name, "optimizer": optimizer, "options": options, "loss": loss, "y": y, "head": head, "n": n, "l2": l2,
                 "metrics": metrics, "val": val, "fit": fit,
                 "history": {k: [float(v) for v in vs] for k, vs in h.history.items()},
                 "weights": [plain(v) for v in m.get_weights()]})


run("sgd with momentum", "sgd", {"learning_rate": 0.05, "momentum": 0.9})
run("rmsprop", "rmsprop", {"learning_rate": 0.003})
run("adam", "adam", {"learning_rate": 0.003})
run("adamw", "adamw", {"learning_rate": 0.003, "weight_decay": 0.05})
run("one-hot", "sgd", {"learning_rate": 0.1, "nesterov": True, "momentum": 0.5}, loss="categorical_crossentropy", y="onehot", val=False)
run("class weights", class_weight={0: 2.0, 1: 0.5, 2: 1.0, 3: 0.25, 4: 3.0})
run("sample weights", "sgd", {"learning_rate": 0.1}, sample_weight=True)
run("L2", l2=0.02)
run("regression, mse", loss="mse", y="real", head="linear", metrics=["mae"])
run("regression, mae", "sgd", {"learning_rate": 0.05}, loss="mae", y="real", head="linear", metrics=["mse"])
run("binary", loss="binary_crossentropy", y="bit", head="sigmoid")
run("validation data", val=True)
run("validation split", validation_split=0.25)
run("a partial last batch", n=100)
run("a partial last batch, weighted, regularized, split", n=100, l2=0.01, sample_weight=True, validation_split=0.1)

keras.utils.set_random_seed(1234)
m = keras.Sequential([L.Input((20,)), L.Dense(16, activation="relu"), L.Dropout(0.3), L.Dense(5, activation="softmax")])
initial = [plain(v) for v in m.get_weights()]
m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
h = m.fit(D["x"][:100], D["labels"][:100], epochs=4, verbose=0)
seeded = {"initial": initial, "history": {k: [float(v) for v in vs] for k, vs in h.history.items()}, "weights": [plain(v) for v in m.get_weights()]}

# An L1 penalty moves biases that start at 0.
m = keras.Sequential([L.Input((20,)), L.Dense(1, bias_regularizer=keras.regularizers.L1(0.1), kernel_regularizer=keras.regularizers.L1L2(0.01, 0.02))])
kernel = D["xv"][:1].T * F(0.1)
m.set_weights([kernel, np.zeros(1, F)])
m.compile(O.SGD(0.1), "mae")
h = m.fit(D["x"][:32], D["bit"][:32], epochs=3, shuffle=False, verbose=0)
l1 = {"kernel": plain(kernel), "history": {k: [float(v) for v in vs] for k, vs in h.history.items()}, "weights": [plain(v) for v in m.get_weights()]}

# ---- callbacks: what is called when with what, and when EarlyStopping stops


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        self.calls = []


for point in ("train_begin", "train_end", "epoch_begin", "epoch_end", "train_batch_begin", "train_batch_end", "test_begin", "test_end",
              "test_batch_begin", "test_batch_end", "predict_begin", "predict_end", "predict_batch_begin", "predict_batch_end"):
    def hook(self, *args, point=point, **kw):
        logs = kw.get("logs") or next((x for x in args if isinstance(x, dict)), None)
        # What predict hands to its callbacks is outputs, not figures.
        self.calls.append([point, *[int(x) for x in args if isinstance(x, int)], sorted(k for k in logs or {} if k != "outputs")])
    setattr(Recorder, "on_" + point, hook)

recorder = Recorder()
m = keras.Sequential([L.Input((20,)), L.Dense(5, activation="softmax")])
m.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
m.fit(D["x"][:20], D["labels"][:20], batch_size=8, epochs=2, verbose=0, validation_data=(D["xv"][:10], D["labelsv"][:10]), validation_freq=2, validation_batch_size=5, callbacks=[recorder])
m.evaluate(D["xv"][:10], D["labelsv"][:10], batch_size=8, verbose=0, callbacks=[recorder])
m.predict(D["xv"][:10], batch_size=8, verbose=0, callbacks=[recorder])


class Fake:
    def __init__(self):
        self.stop_training = False
        self.weights = -1
        self.epoch = -1
    def get_weights(self):
        return [self.epoch]
    def set_weights(self, w):
        self.weights = w[0]


stops = []
sequences = [[5, 4, 3, 2, 1, 1, 1, 1, 1, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [3, 2, 2.05, 1.99, 2.5, 1.98, 3, 3, 3, 0],
             [2, "NaN", "NaN", "NaN", 1, 1, 1, 1, 1, 1], [0.5, 0.6, 0.55, 0.61, 0.61, 0.7, 0.69, 0.2, 0.1, 0]]
for values in sequences:
    for options in ({}, {"patience": 2}, {"patience": 3, "restore_best_weights": True}, {"patience": 1, "min_delta": 0.1, "restore_best_weights": True},
                    {"patience": 2, "mode": "max", "restore_best_weights": True}, {"patience": 2, "baseline": 1.5, "restore_best_weights": True},
                    {"patience": 2, "start_from_epoch": 3, "restore_best_weights": True}, {"patience": 30, "restore_best_weights": True},
                    {"patience": 2, "mode": "max", "baseline": 0.58, "min_delta": 0.02}):
        c = keras.callbacks.EarlyStopping(**options)
        fake = Fake()
        c.set_model(fake)
        c.on_train_begin()
        for epoch, v in enumerate(values):
            fake.epoch = epoch
            c.on_epoch_end(epoch, {"val_loss": float(v)})
            if fake.stop_training:
                break
        c.on_train_end()
        stops.append({"options": options, "values": values, "epochs": fake.epoch + 1, "stopped": c.stopped_epoch, "restored": fake.weights})

with open(OUT, "w") as f:
    json.dump({
        "generated": "by scripts/goldens/keras_goldens.py; do not edit",
        "versions": {"keras": keras.__version__, "jax": jax.__version__, "numpy": np.__version__},
        "activations": {"x": plain(xs), "c": plain(cs), "special": plain(special), "cases": activations},
        "arrays": {name: plain(a) for name, a in arrays.items()},
        "losses": losses, "metrics": metrics, "initializers": initializers, "seeds": seeds, "masks": masks,
        "training": {"data": {name: plain(a) for name, a in D.items()}, "start": {name: [plain(a) for a in vs] for name, vs in start.items()}, "runs": runs, "seeded": seeded, "l1": l1},
        "callbacks": {"calls": recorder.calls, "stops": stops},
    }, f, separators=(",", ":"))
    f.write("\n")
