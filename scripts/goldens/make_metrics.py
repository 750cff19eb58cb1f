"""Metrics: result() after each of several update_state calls."""
import keras
import numpy as np

rng = np.random.default_rng(13)
M = keras.metrics


def a(*rows, dtype="float32"):
    return np.array(rows, dtype=dtype)


def normal(*shape):
    return rng.normal(size=shape).astype("float32")


def simplex(*shape):
    p = rng.uniform(0.05, 1, size=shape)
    return (p / p.sum(-1, keepdims=True)).astype("float32")


def weights(n):
    return rng.uniform(0, 2, size=n).astype("float32")


def hot(*ids, n=3):
    return np.eye(n, dtype="float32")[list(ids)]


def pairs():
    """(metric, name, config, list of (y_true, y_pred))"""
    ints = lambda *v: a(*v, dtype="int32")
    yield "Accuracy", "labels", {}, [(ints(1, 2, 3, 4), ints(0, 2, 3, 4)), (ints(1, 1), ints(1, 0))]
    yield "Accuracy", "float columns", {}, [(a([1], [2]), a([1], [3])), (a([5], [6]), a([5], [6]))]
    probs = a([0.98], [0.5], [0.500001], [0.3], [0.0])
    yield "BinaryAccuracy", "at the threshold", {}, [(a([1], [1], [1], [0], [0]), probs), (a([0], [0], [0], [1], [1]), probs)]
    yield "BinaryAccuracy", "threshold 0.3", {"threshold": 0.3}, [(a([1], [1], [1], [0], [0]), probs), (a([0], [0], [0], [1], [1]), probs)]
    yield "BinaryAccuracy", "several outputs", {}, [(a([1, 0], [0, 1]), a([0.9, 0.6], [0.2, 0.7])), (a([1, 1], [0, 0]), a([0.1, 0.6], [0.2, 0.7]))]
    yield "BinaryAccuracy", "y_true (3,), y_pred (3, 1)", {}, [(a(1, 0, 1), a([0.9], [0.2], [0.1])), (a(1, 1, 1), a([0.9], [0.2], [0.1]))]
    scores = a([0.1, 0.8, 0.1], [0.4, 0.4, 0.2], [0.2, 0.3, 0.5], [0.3, 0.3, 0.3])
    yield "CategoricalAccuracy", "with ties", {}, [(hot(1, 1, 2, 0), scores), (hot(1, 0, 2, 2), scores)]
    yield "CategoricalAccuracy", "ties in the targets", {}, [(a([0.5, 0.5, 0], [0, 0.5, 0.5]), a([1, 0, 0], [0, 0, 1])), (hot(0, 1), a([1, 0, 0], [0, 0, 1]))]
    yield "CategoricalAccuracy", "rank 3", {}, [(hot(0, 1, 2, 0, 1, 2).reshape(2, 3, 3), simplex(2, 3, 3)) for _ in range(2)]
    yield "SparseCategoricalAccuracy", "with ties", {}, [(ints(1, 1, 2, 0), scores), (ints(1, 0, 2, 2), scores)]
    yield "SparseCategoricalAccuracy", "column of labels", {}, [(ints([1], [1], [2], [0]), scores), (ints([0], [0], [0], [0]), scores)]
    yield "SparseCategoricalAccuracy", "rank 3", {}, [(rng.integers(0, 4, size=(2, 3)).astype("int32"), simplex(2, 3, 4)) for _ in range(2)]
    yield "SparseCategoricalAccuracy", "float labels", {}, [(a(1, 1, 2, 0), scores), (a(1, 0, 2, 2), scores)]
    for m in ("MeanSquaredError", "MeanAbsoluteError", "RootMeanSquaredError"):
        yield m, "rank 2", {}, [(normal(4, 3), normal(4, 3)), (normal(2, 3), normal(2, 3)), (normal(4, 3), normal(4, 3))]
        yield m, "y_true (4,), y_pred (4, 1)", {}, [(normal(4), normal(4, 1)), (normal(2), normal(2, 1))]
    b = "BinaryCrossentropy"
    bits = lambda *s: rng.integers(0, 2, size=s).astype("float32")
    u = lambda *s: rng.uniform(0.02, 0.98, size=s).astype("float32")
    yield b, "probabilities", {}, [(bits(4, 2), u(4, 2)), (bits(3, 2), u(3, 2))]
    yield b, "logits", {"from_logits": True}, [(bits(4, 2), normal(4, 2)), (bits(3, 2), normal(3, 2))]
    yield b, "label_smoothing", {"label_smoothing": 0.1}, [(bits(4, 2), u(4, 2)), (bits(3, 2), u(3, 2))]
    c = "CategoricalCrossentropy"
    yield c, "probabilities", {}, [(hot(0, 1, 2, 1), simplex(4, 3)), (hot(0, 2), simplex(2, 3))]
    yield c, "logits", {"from_logits": True}, [(hot(0, 1, 2, 1), normal(4, 3)), (hot(0, 2), normal(2, 3))]
    yield c, "label_smoothing", {"label_smoothing": 0.1}, [(hot(0, 1, 2, 1), simplex(4, 3)), (hot(0, 2), simplex(2, 3))]
    s = "SparseCategoricalCrossentropy"
    yield s, "probabilities", {}, [(ints(0, 1, 2, 1), simplex(4, 3)), (ints(0, 2), simplex(2, 3))]
    yield s, "logits", {"from_logits": True}, [(ints(0, 1, 2, 1), normal(4, 3)), (ints(0, 2), normal(2, 3))]


def step(metric, *args, weight=None):
    metric.update_state(*args, sample_weight=weight)
    return np.float32(metric.result())


def build():
    cases = []
    for cls in ("Mean", "Sum"):
        for weighted in (False, True):
            m = getattr(M, cls)()
            empty = np.float32(m.result())
            updates = []
            for v in (a(1, 3, 5, 7), a([1.5, -2], [0, 4]), np.float32(10).reshape(()), normal(7)):
                w = None
                if weighted:
                    w = weights(v.shape[0]) if v.ndim else np.float32(0.5).reshape(())
                updates.append({"values": v, "sampleWeight": w, "result": step(m, v, weight=w)})
            cases.append({"name": f"{cls}: values" + (", weighted" if weighted else ""), "metric": cls, "config": {},
                          "empty": empty, "updates": updates, "variables": [np.asarray(v) for v in m.variables]})
    m = M.Mean()
    cases.append({"name": "Mean: all weights 0", "metric": "Mean", "config": {}, "empty": np.float32(0),
                  "updates": [{"values": a(1, 2), "sampleWeight": a(0, 0), "result": step(m, a(1, 2), weight=a(0, 0))}],
                  "variables": [np.asarray(v) for v in m.variables]})
    for cls, name, config, data in pairs():
        for weighted in (False, True):
            m = getattr(M, cls)(**config)
            empty = np.float32(m.result())
            updates = []
            for y_true, y_pred in data:
                w = weights(y_pred.shape[0]) if weighted else None
                updates.append({"yTrue": y_true, "yPred": y_pred, "sampleWeight": w,
                                "result": step(m, y_true, y_pred, weight=w)})
            cases.append({"name": f"{cls}: {name}" + (", weighted" if weighted else ""), "metric": cls, "config": config,
                          "empty": empty, "updates": updates, "variables": [np.asarray(v) for v in m.variables]})
    return {"note": "empty is result() before any update; variables are the state at the end", "cases": cases}
