"""Metrics: result() after each of several update_state calls."""
import itertools

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


def more_pairs():
    """Metrics beyond the accuracies and the everyday losses: three updates each."""
    ints = lambda *v: a(*v, dtype="int32")
    bits = lambda *s: rng.integers(0, 2, size=s).astype("float32")
    u = lambda *s: rng.uniform(0, 1, size=s).astype("float32")
    ones = lambda *s: np.eye(s[-1], dtype="float32")[rng.integers(0, s[-1], size=s[:-1])]
    three = lambda t, p: [(t(), p()) for _ in range(3)]
    nan = float("nan")

    for m in ("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "CosineSimilarity", "LogCoshError"):
        yield m, "rank 2", {}, three(lambda: normal(4, 3), lambda: normal(4, 3))
        yield m, "y_true (4,), y_pred (4, 1)", {}, three(lambda: normal(4), lambda: normal(4, 1))
    yield "CosineSimilarity", "axis 1", {"axis": 1}, three(lambda: normal(4, 3), lambda: normal(4, 3))
    for m in ("Hinge", "SquaredHinge"):
        yield m, "labels 0 and 1", {}, three(lambda: bits(4, 3), lambda: normal(4, 3))
        yield m, "labels -1 and 1", {}, three(lambda: bits(4, 3) * 2 - 1, lambda: normal(4, 3))
    yield "CategoricalHinge", "rank 2", {}, three(lambda: ones(4, 3), lambda: normal(4, 3))
    for m in ("KLDivergence", "Poisson"):
        yield m, "rank 2", {}, three(lambda: simplex(4, 3), lambda: simplex(4, 3))
    for m in ("PearsonCorrelation", "ConcordanceCorrelation"):
        yield m, "rank 2", {}, three(lambda: normal(4, 5), lambda: normal(4, 5))
        yield m, "axis 0", {"axis": 0}, three(lambda: normal(4, 4), lambda: normal(4, 4))
    yield "ConcordanceCorrelation", "perfect, constant", {}, [(a([1, 2, 3], [4, 4, 4]), a([1, 2, 3], [4, 4, 4]))] * 3

    for m in ("TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy"):
        label = (lambda n, c: ones(n, c)) if m.startswith("Top") else (lambda n, c: rng.integers(0, c, size=n).astype("int32"))
        yield m, "k 5 of 8", {}, three(lambda: label(6, 8), lambda: u(6, 8))
        yield m, "k 2 of 3", {"k": 2}, three(lambda: label(6, 3), lambda: u(6, 3))
        yield m, "k beyond the classes", {"k": 9}, three(lambda: label(4, 3), lambda: u(4, 3))
        ties = a([0.3, 0.3, 0.3, 0.1], [0.5, 0.5, 0.5, 0.5], [nan, 0.2, 0.5, 0.1], [1, nan, 2, 3])
        yield m, "ties and NaN", {"k": 1}, three(lambda: label(4, 4), lambda: ties)
    yield "SparseTopKCategoricalAccuracy", "rank 3", {"k": 2}, three(lambda: rng.integers(0, 4, size=(2, 3)).astype("int32"), lambda: u(2, 3, 4))
    yield "TopKCategoricalAccuracy", "rank 3", {"k": 2}, three(lambda: ones(2, 3, 4), lambda: u(2, 3, 4))
    yield "SparseTopKCategoricalAccuracy", "sorted ids", {"k": 2, "from_sorted_ids": True}, three(
        lambda: rng.integers(0, 5, size=4).astype("int32"), lambda: np.argsort(u(4, 5), axis=-1).astype("float32"))

    edge = [(a(1, 0, 1, 0), a(0, 0, 1, 1)), (a(1, 1, 0, 0), a(0.5, 0.25, 0.5, 0.75)), (a(1, 0, 1, 0), a(nan, nan, -0.5, 1.5))]
    for m in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives"):
        yield m, "rank 1", {}, three(lambda: bits(6), lambda: u(6))
        yield m, "ends and NaN, even thresholds", {"thresholds": [0.0, 0.25, 0.5, 0.75, 1.0]}, edge
        yield m, "ends and NaN, other thresholds", {"thresholds": [0.0, 0.3, 0.5]}, edge
    for m in ("Precision", "Recall"):
        yield m, "rank 1", {}, three(lambda: bits(6), lambda: u(6))
        yield m, "y_true (6,), y_pred (6, 1)", {}, three(lambda: bits(6), lambda: u(6, 1))
        yield m, "several outputs", {}, three(lambda: bits(4, 3), lambda: u(4, 3))
        yield m, "threshold 0.3", {"thresholds": 0.3}, three(lambda: bits(6), lambda: u(6))
        yield m, "even thresholds", {"thresholds": [0.0, 0.5, 1.0]}, three(lambda: bits(8), lambda: u(8))
        yield m, "other thresholds", {"thresholds": [0.9, 0.2]}, three(lambda: bits(8), lambda: u(8))
        yield m, "top 2 of 4", {"top_k": 2}, three(lambda: ones(5, 4), lambda: u(5, 4))
        yield m, "top 2 of 4, ties", {"top_k": 2}, three(lambda: ones(2, 4), lambda: a([0.5, 0.5, 0.5, 0.1], [0, 0, 0, 0]))
        yield m, "class 1", {"class_id": 1}, three(lambda: ones(5, 4), lambda: u(5, 4))
        yield m, "class 1, top 2, threshold 0.4", {"class_id": 1, "top_k": 2, "thresholds": 0.4}, three(lambda: ones(5, 4), lambda: u(5, 4))
        yield m, "nothing positive", {}, [(a(0, 0), a(0, 0.2))] * 3
        yield m, "perfect", {}, [(a(0, 1), a(0, 1))] * 3
    ats = {"SensitivityAtSpecificity": "specificity", "SpecificityAtSensitivity": "sensitivity",
           "PrecisionAtRecall": "recall", "RecallAtPrecision": "precision"}
    for m, option in ats.items():
        yield m, "half", {option: 0.5}, three(lambda: bits(9), lambda: u(9))
        yield m, "8 thresholds", {option: 0.7, "num_thresholds": 8}, three(lambda: bits(9), lambda: u(9))
        yield m, "class 2", {option: 0.3, "num_thresholds": 5, "class_id": 2}, three(lambda: ones(6, 3), lambda: u(6, 3))
        yield m, "never", {option: 1.0, "num_thresholds": 3}, [(a(1, 0, 1, 0), a(0.4, 0.6, 0.2, 0.9))] * 3
        yield m, "one threshold", {option: 0.1, "num_thresholds": 1}, three(lambda: bits(9), lambda: u(9))

    m = "AUC"
    for curve in ("ROC", "PR", "PRGAIN"):
        for method in ("interpolation", "minoring", "majoring"):
            yield m, f"{curve} {method}", {"curve": curve, "summation_method": method, "num_thresholds": 20}, three(lambda: bits(12), lambda: u(12))
        yield m, f"{curve}, ends and NaN", {"curve": curve, "num_thresholds": 5}, edge
        yield m, f"{curve}, thresholds", {"curve": curve, "thresholds": [0.7, 0.1, 0.5]}, three(lambda: bits(8), lambda: u(8))
        yield m, f"{curve}, even thresholds", {"curve": curve, "thresholds": [0.25, 0.5, 0.75]}, edge
        yield m, f"{curve}, several labels", {"curve": curve, "multi_label": True, "num_thresholds": 10}, three(lambda: bits(9, 3), lambda: u(9, 3))
        yield m, f"{curve}, several labels, thresholds, weights", {"curve": curve, "multi_label": True, "thresholds": [0.3, 0.6], "label_weights": [0.2, 1.0, 2.5]}, three(lambda: bits(9, 3), lambda: u(9, 3))
        yield m, f"{curve}, perfect", {"curve": curve}, [(a(0, 1, 1, 0), a(0, 1, 1, 0))] * 3
        yield m, f"{curve}, one class only", {"curve": curve, "num_thresholds": 5}, [(a(1, 1), a(0.2, 0.7)), (a(1, 1), a(0.1, 0.9)), (a(0, 1), a(0.3, 0.5))]
    yield m, "200 thresholds", {}, three(lambda: bits(30), lambda: u(30))
    yield m, "logits", {"from_logits": True, "num_thresholds": 20}, three(lambda: bits(12), lambda: normal(12))
    yield m, "several outputs, a weight each", {"label_weights": [0.5, 1.0, 2.0], "num_thresholds": 10}, three(lambda: bits(5, 3), lambda: u(5, 3))
    yield m, "several outputs, a weight each, thresholds", {"label_weights": [0.5, 1.0, 2.0], "thresholds": [0.4]}, three(lambda: bits(5, 3), lambda: u(5, 3))

    for average in (None, "micro", "macro", "weighted"):
        yield "F1Score", f"{average}", {"average": average}, three(lambda: ones(6, 4), lambda: u(6, 4))
        yield "FBetaScore", f"{average}", {"average": average, "beta": 2.0, "threshold": 0.4}, three(lambda: bits(6, 4), lambda: u(6, 4))
        yield "F1Score", f"{average}, ties, zeros and an empty class", {"average": average}, [(a([1, 0, 0], [0, 1, 0]), a([0.5, 0.5, 0], [0, 0, 0]))] * 3
    yield "FBetaScore", "perfect", {"beta": 0.5, "average": "macro"}, [(hot(0, 1, 2), hot(0, 1, 2))] * 3

    m = "R2Score"
    for how in (None, "uniform_average", "variance_weighted_average"):
        yield m, f"{how}", {"class_aggregation": how}, three(lambda: normal(6, 3), lambda: normal(6, 3))
        yield m, f"{how}, perfect", {"class_aggregation": how}, [(a([1, 2], [3, 5], [4, 4]), a([1, 2], [3, 5], [4, 4]))] * 3
        yield m, f"{how}, constant targets", {"class_aggregation": how}, [(a([1, 2], [1, 2]), a([1, 3], [2, 2]))] * 3
    yield m, "y_true (5,), y_pred (5, 1)", {}, three(lambda: normal(5), lambda: normal(5, 1))
    yield m, "adjusted", {"num_regressors": 2}, three(lambda: normal(6, 1), lambda: normal(6, 1))
    yield m, "more regressors than samples at first", {"num_regressors": 7, "class_aggregation": None}, three(lambda: normal(4, 1), lambda: normal(4, 1))

    grid = lambda c, *s: rng.integers(0, c, size=s).astype("int32")
    yield "IoU", "classes 0 and 2 of 4", {"num_classes": 4, "target_class_ids": [0, 2]}, three(lambda: grid(4, 9), lambda: grid(4, 9))
    yield "IoU", "ignored class", {"num_classes": 4, "target_class_ids": [0, 1], "ignore_class": 1}, three(lambda: grid(4, 9), lambda: grid(4, 9))
    yield "IoU", "labels outside the classes", {"num_classes": 3, "target_class_ids": [0, 1, 2]}, three(lambda: grid(5, 9) - 1, lambda: grid(5, 9) - 1)
    yield "IoU", "float32, one-hot predictions", {"num_classes": 3, "target_class_ids": [1], "sparse_y_pred": False, "dtype": "float32"}, three(lambda: grid(3, 6), lambda: u(6, 3))
    yield "MeanIoU", "pictures", {"num_classes": 3}, three(lambda: grid(3, 2, 4, 4), lambda: grid(3, 2, 4, 4))
    yield "MeanIoU", "classes that do not occur", {"num_classes": 5}, three(lambda: grid(2, 6), lambda: grid(2, 6))
    yield "MeanIoU", "nothing that counts", {"num_classes": 2, "ignore_class": 0}, [(grid(1, 6), grid(1, 6))] * 3
    yield "MeanIoU", "perfect", {"num_classes": 3}, [(ints(0, 1, 2), ints(0, 1, 2))] * 3
    yield "BinaryIoU", "threshold 0.3", {"threshold": 0.3}, three(lambda: grid(2, 8), lambda: u(8))
    yield "BinaryIoU", "class 1, at the threshold", {"target_class_ids": [1]}, [(ints(0, 1, 1, 0), a(0.5, 0.5, 0.4999, 0))] * 3
    yield "OneHotIoU", "scores", {"num_classes": 3, "target_class_ids": [0, 2]}, three(lambda: ones(6, 3), lambda: u(6, 3))
    yield "OneHotIoU", "labels predicted", {"num_classes": 3, "target_class_ids": [0, 2], "sparse_y_pred": True}, three(lambda: ones(6, 3), lambda: grid(3, 6))
    yield "OneHotMeanIoU", "scores", {"num_classes": 3, "dtype": "float32"}, three(lambda: ones(6, 3), lambda: u(6, 3))
    for ignored in (1, -1):
        scores = a([0.1, 0.8, 0.1], [0.4, 0.4, 0.2], [0.2, 0.3, 0.5], [0.3, 0.3, 0.4])
        yield "SparseCategoricalCrossentropy", f"ignoring {ignored}", {"ignore_class": ignored}, [
            (ints(0, 1, ignored, 2), scores), (ints(ignored, ignored, 2, 1), scores), (ints(0, 0, 1, 2), scores)]


def masked():
    """A mask on the predictions, for metrics that are means of a function."""
    from keras.src import backend

    mask = np.array([[True, True, False], [True, False, False]])
    cases = []
    for cls, config, t, p in (
        ("MeanSquaredError", {}, normal(2, 3, 4), normal(2, 3, 4)),
        ("SparseCategoricalAccuracy", {}, rng.integers(0, 4, size=(2, 3)).astype("int32"), simplex(2, 3, 4)),
        ("BinaryAccuracy", {}, rng.integers(0, 2, size=(2, 3, 2)).astype("float32"), rng.uniform(size=(2, 3, 2)).astype("float32")),
        ("RootMeanSquaredError", {}, normal(2, 3, 4), normal(2, 3, 4)),
    ):
        for w in (None, rng.uniform(0, 2, size=(2, 3)).astype("float32")):
            m = getattr(M, cls)(**config)
            results = []
            for _ in range(2):
                y = keras.ops.convert_to_tensor(p * 1)
                backend.set_keras_mask(y, keras.ops.convert_to_tensor(mask))
                results.append(step(m, t, y, weight=w))
            cases.append({"name": f"{cls}: masked" + (", weighted" if w is not None else ""), "metric": cls, "config": config,
                          "yTrue": t, "yPred": p, "mask": mask, "sampleWeight": w, "results": results})
    return cases


def value(metric):
    result = np.asarray(metric.result(), dtype="float32")
    return result if result.ndim else result[()]


def step(metric, *args, weight=None):
    metric.update_state(*args, sample_weight=weight)
    return value(metric)


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
    for cls, name, config, data in itertools.chain(pairs(), more_pairs()):
        for weighted in (False, True):
            m = getattr(M, cls)(**config)
            try:
                empty = value(m)
            except AttributeError:  # its state depends on the first batch
                empty = None
            updates = []
            for y_true, y_pred in data:
                w = weights(y_pred.shape[0]) if weighted else None
                if weighted and "IoU" in cls:
                    # A weight for every element; whole numbers, which is what it counts in.
                    shape = y_true.shape if config.get("sparse_y_true", "OneHot" not in cls) else y_true.shape[:-1]
                    w = rng.integers(0, 4, size=shape).astype("float32")
                    if config.get("dtype") == "float32":
                        w = w * np.float32(0.3)
                updates.append({"yTrue": y_true, "yPred": y_pred, "sampleWeight": w,
                                "result": step(m, y_true, y_pred, weight=w)})
            cases.append({"name": f"{cls}: {name}" + (", weighted" if weighted else ""), "metric": cls, "config": config,
                          "empty": empty, "updates": updates, "variables": [np.asarray(v) for v in m.variables]})
    return {"note": "empty is result() before any update, null where it has none; variables are the state at the end",
            "cases": cases, "masked": masked()}
