"""Training of models with several inputs and outputs: losses, metrics, weights and masks for each; batches from generators."""
import warnings

import keras
import numpy as np

rng = np.random.default_rng(31)
L = keras.layers
N, NV = 20, 9


def rounded(*shape):
    return np.round(rng.normal(size=shape), 3).astype("float32")


A, B, AV, BV = rounded(N, 4), rounded(N, 3), rounded(NV, 4), rounded(NV, 3)
CLS, CLSV = rng.integers(0, 3, size=N).astype("int32"), rng.integers(0, 3, size=NV).astype("int32")
REG, REGV = rounded(N, 2), rounded(NV, 2)
W1, W2, WV = (np.round(rng.uniform(0.2, 2, size=n), 3).astype("float32") for n in (N, N, NV))
SEQ = rounded(N, 5, 3)
LENGTHS = rng.integers(1, 6, size=N)
LENGTHS[3] = 5
for i, n in enumerate(LENGTHS):
    SEQ[i, n:] = 0
SEQ_Y = rounded(N, 5, 2)
SEQ_CLS = rng.integers(0, 2, size=(N, 5)).astype("int32")
SEQ_W = np.round(rng.uniform(0.2, 2, size=(N, 5)), 3).astype("float32")
DATA = {"a": A, "b": B, "av": AV, "bv": BV, "cls": CLS, "clsv": CLSV, "reg": REG, "regv": REGV,
        "w1": W1, "w2": W2, "wv": WV, "seq": SEQ, "seqY": SEQ_Y, "seqCls": SEQ_CLS, "seqW": SEQ_W}

WEIGHTS = {
    "two": [rounded(7, 5) * np.float32(0.5), rounded(5), rounded(5, 3) * np.float32(0.5), rounded(3), rounded(5, 2), rounded(2)],
    "regressors": [rounded(7, 5) * np.float32(0.5), rounded(5), rounded(5, 2) * np.float32(0.5), rounded(2), rounded(5, 2), rounded(2)],
    "one": [rounded(4, 3), rounded(3)],
    "seq": [rounded(3, 2), rounded(2)],
}


def two(kind, regularizer=None):
    """Inputs a and b; outputs `first` (classes, or numbers for "regressors") and `second`."""
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    h = L.Dense(5, activation="tanh", name="hidden", kernel_regularizer=regularizer)(L.Concatenate()([a, b]))
    first = L.Dense(2, name="first")(h) if kind == "regressors" else L.Dense(3, activation="softmax", name="first")(h)
    second = L.Dense(2, name="second")(h)
    outputs = {"left": first, "right": second} if kind == "dict" else [first, second]
    inputs = {"a": a, "b": b} if kind == "dict" else [a, b]
    m = keras.Model(inputs, outputs)
    m.set_weights(WEIGHTS["regressors" if kind == "regressors" else "two"])
    return m


def one():
    x = keras.Input((4,), name="a")
    m = keras.Model(x, L.Dense(3, activation="softmax", name="out")(x))
    m.set_weights(WEIGHTS["one"])
    return m


def seq(activation=None):
    x = keras.Input((5, 3), name="seq")
    m = keras.Model(x, L.Dense(2, activation=activation, name="out")(L.Masking()(x)))
    m.set_weights(WEIGHTS["seq"])
    return m


def pick(tree):
    """Data by name: the same tree with arrays in place of names."""
    if isinstance(tree, str):
        return DATA[tree]
    if isinstance(tree, dict):
        return {k: pick(v) for k, v in tree.items()}
    if isinstance(tree, list):
        return [pick(v) for v in tree]
    return tree


def named(tree, prefix=()):
    if isinstance(tree, dict):
        return {k: named(v) for k, v in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [named(v) for v in tree]
    return np.asarray(tree)


MODELS = {
    "list": lambda: two("list"), "dict": lambda: two("dict"), "regressors": lambda: two("regressors"),
    "regularized": lambda: two("list", keras.regularizers.L2(0.02)), "one": one,
    "seq": seq, "seqSoftmax": lambda: seq("softmax"),
}


def run(name, model, compile, x, y, fit=None, val=None, weight=None, evaluate_weight=None):
    m = MODELS[model]()
    m.compile(optimizer=keras.optimizers.SGD(0.1), **compile)
    kw = {"epochs": 2, "batch_size": 8, **(fit or {})}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        h = m.fit(pick(x), pick(y), sample_weight=pick(weight), shuffle=False, verbose=0,
                  validation_data=tuple(pick(v) for v in val) if val else None, **kw)
        args = dict(batch_size=8, verbose=0, sample_weight=pick(evaluate_weight))
        listed = m.evaluate(pick(x), pick(y), **args)
        dicted = m.evaluate(pick(x), pick(y), return_dict=True, **args)
    return {
        "name": name, "model": model, "compile": compile, "x": x, "y": y, "fit": kw, "val": val, "weight": weight,
        "evaluateWeight": evaluate_weight,
        "history": {k: [float(v) for v in vs] for k, vs in h.history.items()},
        "evaluate": [float(v) for v in np.atleast_1d(listed)], "evaluateDict": {k: float(v) for k, v in dicted.items()},
        "predict": named(m.predict(pick(x), verbose=0)), "weights": m.get_weights(),
    }


def trees():
    sparse = "sparse_categorical_crossentropy"
    ab, y2 = ["a", "b"], ["cls", "reg"]
    both = {"loss": [sparse, "mse"]}
    yield run("a loss and metrics for each output, in lists", "list", {"loss": [sparse, "mse"], "metrics": [["accuracy"], ["mae", "mse"]], "loss_weights": [1.0, 0.3]}, ab, y2,
              val=[["av", "bv"], ["clsv", "regv"]])
    yield run("by output name", "list", {"loss": {"second": "mse", "first": sparse}, "metrics": {"first": "acc"}, "weighted_metrics": {"second": ["mae"]}, "loss_weights": {"second": 0.5, "first": 2.0}}, ab, y2)
    yield run("targets by name", "list", {"loss": {"first": sparse, "second": "mse"}, "metrics": {"first": ["accuracy"]}}, {"a": "a", "b": "b"}, {"second": "reg", "first": "cls"})
    yield run("one loss for both, a metric each", "regressors", {"loss": "mse", "metrics": ["mae", "mse"]}, ab, ["reg", "reg"])
    yield run("an output without a loss", "list", {"loss": [sparse, None], "metrics": [["accuracy"], ["mae"]]}, ab, y2)
    yield run("targets for what has a loss only", "list", {"loss": [None, "mse"]}, ab, ["reg"])
    yield run("outputs by key", "dict", {"loss": {"right": "mse", "left": sparse}, "metrics": {"left": ["accuracy"], "right": "mae"}, "loss_weights": {"right": 0.25, "left": 1.0}},
              {"a": "a", "b": "b"}, {"left": "cls", "right": "reg"}, val=[{"a": "av", "b": "bv"}, {"left": "clsv", "right": "regv"}])
    yield run("outputs by key, one of them with a loss", "dict", {"loss": {"right": "mse"}, "weighted_metrics": {"right": ["mae"]}}, {"a": "a", "b": "b"}, {"left": "cls", "right": "reg"})
    yield run("a weight for both outputs", "list", {**both, "metrics": [["accuracy"], ["mae"]], "weighted_metrics": [["accuracy"], ["mae"]]}, ab, y2, weight="w1", evaluate_weight="w1",
              val=[["av", "bv"], ["clsv", "regv"], "wv"])
    yield run("weights for each output", "list", {**both, "weighted_metrics": [["accuracy"], ["mae"]]}, ab, y2, weight=["w1", "w2"], evaluate_weight=["w2", "w1"])
    yield run("weights by key", "dict", {"loss": {"left": sparse, "right": "mse"}, "weighted_metrics": {"left": ["accuracy"]}}, {"a": "a", "b": "b"}, {"left": "cls", "right": "reg"},
              weight={"left": "w1", "right": "w2"})
    yield run("regularizers beside two losses", "regularized", {**both, "loss_weights": [0.5, 1.0]}, ab, y2)
    yield run("names that are taken", "one", {"loss": sparse, "metrics": ["accuracy", "accuracy"], "weighted_metrics": ["accuracy", "accuracy"]}, "a", "cls", weight="w1")
    yield run("a loss by the one output's name", "one", {"loss": {"out": sparse}, "loss_weights": {"out": 0.5}, "metrics": {"out": ["accuracy"]}}, "a", "cls")
    yield run("class weights", "one", {"loss": sparse, "metrics": ["accuracy"], "weighted_metrics": ["accuracy"]}, "a", "cls", fit={"class_weight": {0: 0.5, 2: 3.0}})
    # A weight a sample beside a mask of steps is more than Keras can do.
    for label, weight in (("", None), (" and a weight each step", "seqW")):
        yield run("masked" + label, "seq", {"loss": "mse", "metrics": ["mae"], "weighted_metrics": ["mse"]}, "seq", "seqY", weight=weight, evaluate_weight=weight)
        yield run("masked labels" + label, "seqSoftmax", {"loss": sparse, "metrics": ["accuracy"], "weighted_metrics": ["accuracy"]}, "seq", "seqCls", weight=weight, evaluate_weight=weight)


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.calls = []

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(["epoch", epoch])

    def on_train_batch_begin(self, batch, logs=None):
        self.calls.append(["begin", batch])

    def on_train_batch_end(self, batch, logs=None):
        self.calls.append(["end", batch, float(logs["loss"])])

    def on_test_batch_end(self, batch, logs=None):
        self.calls.append(["test", batch])


def arrays(name, fit, batch_size=8, spe=1):
    """How many steps an epoch of arrays has, and what goes on from one epoch to the next."""
    m = one()
    m.compile(optimizer=keras.optimizers.SGD(0.1), loss="sparse_categorical_crossentropy", steps_per_execution=spe)
    r = Recorder()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        h = m.fit(A, CLS, shuffle=False, verbose=0, callbacks=[r], **({"batch_size": batch_size} if batch_size else {}), **fit)
    return {"name": name, "fit": {**fit, **({"batch_size": batch_size} if batch_size else {})}, "stepsPerExecution": spe, "calls": r.calls, "history": h.history,
            "ranOut": any("ran out of data" in str(w.message) for w in seen), "weights": m.get_weights()}


def batches(forever):
    """Batches of 6, 6, 6 and 2 samples."""
    while True:
        for i in range(0, N, 6):
            yield A[i:i + 6], CLS[i:i + 6]
        if not forever:
            return


def generators(name, forever, fit, val=False):
    m = one()
    m.compile(optimizer=keras.optimizers.SGD(0.1), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    r = Recorder()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        h = m.fit(batches(forever), verbose=0, callbacks=[r], **({"validation_data": batches(True)} if val else {}), **fit)
    return {"name": name, "forever": forever, "fit": fit, "val": val, "calls": r.calls, "history": h.history,
            "ranOut": any("ran out of data" in str(w.message) for w in seen), "weights": m.get_weights()}


class Rows(keras.utils.PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, i):
        self.asked.append(i)
        return A[5 * i:5 * i + 5], CLS[5 * i:5 * i + 5]


def dataset(name, fit):
    keras.utils.set_random_seed(5)
    m = one()
    m.compile(optimizer=keras.optimizers.SGD(0.1), loss="sparse_categorical_crossentropy")
    d = Rows()
    d.asked = []
    r = Recorder()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        h = m.fit(d, verbose=0, callbacks=[r], **fit)
    return {"name": name, "fit": fit, "asked": d.asked, "calls": r.calls, "history": h.history,
            "ranOut": any("ran out of data" in str(w.message) for w in seen), "weights": m.get_weights()}


def build():
    sparse_arrays = [
        arrays("no steps given", {"epochs": 2}),
        arrays("fewer steps than batches", {"epochs": 4, "steps_per_epoch": 2}),
        arrays("steps and no batch size", {"epochs": 2, "steps_per_epoch": 2}, batch_size=None),
        arrays("three steps an execution", {"epochs": 2}, batch_size=3, spe=3),
    ]
    return {
        "data": DATA, "initial": WEIGHTS, "trees": list(trees()), "arrays": sparse_arrays,
        "generators": [
            generators("endless", True, {"epochs": 3, "steps_per_epoch": 3}),
            generators("endless, validated", True, {"epochs": 2, "steps_per_epoch": 2, "validation_steps": 3}, val=True),
            generators("that ends in the middle", False, {"epochs": 2, "steps_per_epoch": 3}),
        ],
        "datasets": [
            dataset("in order", {"epochs": 2, "shuffle": False}),
            dataset("shuffled", {"epochs": 2, "shuffle": True}),
            dataset("steps given", {"epochs": 3, "shuffle": False, "steps_per_epoch": 3}),
        ],
    }
