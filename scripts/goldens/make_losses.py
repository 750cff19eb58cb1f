"""Losses: values under every reduction, with and without sample weights, and gradients with respect to y_pred."""
import itertools

import jax
import jax.numpy as jnp
import keras
import numpy as np

rng = np.random.default_rng(12)
REDUCTIONS = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", None]


def normal(*shape):
    return rng.normal(size=shape).astype("float32")


def uniform(*shape):
    return rng.uniform(0.02, 0.98, size=shape).astype("float32")


def simplex(*shape):
    p = rng.uniform(0.05, 1, size=shape)
    return (p / p.sum(-1, keepdims=True)).astype("float32")


def bits(*shape):
    return rng.integers(0, 2, size=shape).astype("float32")


def one_hot(*shape):
    return np.eye(shape[-1], dtype="float32")[rng.integers(0, shape[-1], size=shape[:-1])]


def labels(classes, *shape):
    return rng.integers(0, classes, size=shape).astype("int32")


def array(*rows, dtype="float32"):
    return np.array(rows, dtype=dtype)


def problems():
    for name in ("MeanSquaredError", "MeanAbsoluteError"):
        yield name, "rank 1", {}, normal(5), normal(5)
        yield name, "rank 2", {}, normal(4, 3), normal(4, 3)
        yield name, "rank 3", {}, normal(2, 3, 4), normal(2, 3, 4)
        yield name, "y_true (4,), y_pred (4, 1)", {}, normal(4), normal(4, 1)
        yield name, "y_true (4, 1), y_pred (4,)", {}, normal(4, 1), normal(4)
        yield name, "integer targets", {}, labels(5, 4, 2), normal(4, 2)
        yield name, "equal, huge and tiny", {}, array([1, 0], [1e18, 1e-20]), array([1, 0], [-1e18, 0])
    b = "BinaryCrossentropy"
    for smooth in (0.0, 0.2):
        s = {"label_smoothing": smooth} if smooth else {}
        for shape in ((5,), (4, 3), (2, 3, 2), (4, 1)):
            yield b, f"probabilities {shape}", s, bits(*shape), uniform(*shape)
            yield b, f"logits {shape}", {"from_logits": True, **s}, bits(*shape), normal(*shape) * 3
    yield b, "y_true (4,), y_pred (4, 1)", {}, bits(4), uniform(4, 1)
    yield b, "soft targets", {}, uniform(3, 2), uniform(3, 2)
    edge = array([0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 1, 1])
    yield b, "probabilities at the ends", {}, edge, array([0, 1, 0, 1], [1e-7, 1e-7, 1 - 6e-8, 1 - 6e-8], [1e-8, 1e-6, 0.999999, 1e-20])
    yield b, "extreme logits", {"from_logits": True}, edge, array([-100, 100, -100, 100], [0, 0, -0.0, 1e-8], [-1000, 1000, 88, -88])
    yield b, "probabilities beyond the ends", {}, array([0, 1], [0, 1]), array([-0.5, 1.5], [1.5, -0.5])

    c = "CategoricalCrossentropy"
    for smooth in (0.0, 0.2):
        s = {"label_smoothing": smooth} if smooth else {}
        for shape in ((4,), (4, 3), (2, 3, 4)):
            yield c, f"probabilities {shape}", s, one_hot(*shape), simplex(*shape)
            yield c, f"logits {shape}", {"from_logits": True, **s}, one_hot(*shape), normal(*shape) * 3
    yield c, "not normalised", {}, one_hot(3, 4), uniform(3, 4) * np.float32(2)
    yield c, "soft targets", {}, simplex(3, 4), simplex(3, 4)
    yield c, "axis 1", {"axis": 1}, np.moveaxis(one_hot(2, 3, 4), -1, 1).copy(), np.moveaxis(simplex(2, 3, 4), -1, 1).copy()
    hot = array([1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0])
    yield c, "probabilities at the ends", {}, hot, array([1, 0, 0], [1, 0, 0], [0.5, 0.5, 0], [1e-8, 1, 1e-8])
    yield c, "extreme logits", {"from_logits": True}, hot, array([100, -100, 0], [100, -100, 0], [1000, 0, -1000], [0, 0, 0])

    p = "SparseCategoricalCrossentropy"
    for shape in ((4,), (4, 3), (2, 3, 4)):
        if len(shape) > 1:
            yield p, f"probabilities {shape}", {}, labels(shape[-1], *shape[:-1]), simplex(*shape)
            yield p, f"logits {shape}", {"from_logits": True}, labels(shape[-1], *shape[:-1]), normal(*shape) * 3
    yield p, "y_true (4, 1)", {}, labels(3, 4, 1), simplex(4, 3)
    yield p, "y_true (4, 1), logits", {"from_logits": True}, labels(3, 4, 1), normal(4, 3)
    yield p, "float labels", {}, labels(3, 4).astype("float32"), simplex(4, 3)
    yield p, "ignore_class 1", {"ignore_class": 1}, array(0, 1, 2, 1, dtype="int32"), simplex(4, 3)
    yield p, "ignore_class -1, logits", {"ignore_class": -1, "from_logits": True}, array(0, -1, 2, 1, dtype="int32"), normal(4, 3)
    at = array(0, 1, 2, 1, dtype="int32")
    yield p, "probabilities at the ends", {}, at, array([1, 0, 0], [1, 0, 0], [0.5, 0.5, 0], [1e-8, 1, 1e-8])
    yield p, "extreme logits", {"from_logits": True}, at, array([100, -100, 0], [100, -100, 0], [1000, 0, -1000], [0, 0, 0])
    yield p, "not normalised", {}, at, uniform(4, 3) * np.float32(2)


def more_problems():
    """The losses beyond the crossentropies and the two plain errors, under fewer reductions."""
    numbers = ("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "Huber", "LogCosh", "CosineSimilarity")
    for name in numbers:
        yield name, "rank 1", {}, normal(5), normal(5)
        yield name, "rank 2", {}, normal(4, 3), normal(4, 3)
        yield name, "rank 3", {}, normal(2, 3, 4), normal(2, 3, 4)
        yield name, "y_true (4,), y_pred (4, 1)", {}, normal(4), normal(4, 1)
        yield name, "integer targets", {}, labels(5, 4, 2), normal(4, 2)
        yield name, "NaN", {}, array([1, float("nan")], [1, 2]), array([1, 2], [1, float("nan")])
    for name in ("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError"):
        yield name, "zero and negative targets", {}, array([0, 0, -1], [0, 1, 2]), array([0, 1, 2], [1e-7, 1, -3])
    m = "Huber"
    yield m, "at the bend", {}, array([0, 0, 0, 0, 0]), array([1, -1, 0, 3, -3])
    yield m, "delta 0.3", {"delta": 0.3}, normal(3, 4), normal(3, 4)
    yield m, "delta 5, far away", {"delta": 5.0}, array([0, 0, 0]), array([4.9, 1e18, -1e6])
    yield "LogCosh", "equal, near and far", {}, array([0, 0, 0, 0, 0, 0]), array([0, 1e-4, -1e-3, 50, -50, 1e6])
    m = "CosineSimilarity"
    yield m, "axis 1", {"axis": 1}, normal(2, 3, 4), normal(2, 3, 4)
    yield m, "equal, opposite, orthogonal", {}, array([3, 4], [1, 2], [0, 2]), array([3, 4], [-2, -4], [5, 0])
    yield m, "tiny and huge", {}, array([1e-9, 0], [1e9, 1e9]), array([1e-9, 1e-9], [1e9, -1e8])
    yield m, "targets of zeros", {}, array([0, 0], [1, 2]), array([1, 2], [3, 4])
    yield m, "predictions of zeros", {}, array([1, 2]), array([0, 0])

    for name in ("Hinge", "SquaredHinge"):
        signs = lambda *shape: bits(*shape) * 2 - 1
        yield name, "labels -1 and 1", {}, signs(4, 3), normal(4, 3)
        yield name, "labels 0 and 1", {}, bits(4, 3), normal(4, 3)
        yield name, "labels 0 and 1, rank 1", {}, bits(5), normal(5)
        yield name, "labels 0 and 1 as integers, y_pred (4, 1)", {}, labels(2, 4), normal(4, 1)
        yield name, "nothing but 1", {}, array([1, 1], [1, 1]), array([0.5, 2], [-1, 0])
        yield name, "nothing but 0", {}, array([0, 0], [0, 0]), array([0.5, 2], [-1, 0])
        yield name, "neither", {}, array([0.5, 2], [0, 1]), array([0.5, 2], [-1, 0])
        yield name, "at the margin", {}, array([1, -1], [1, -1]), array([1, -1], [0, 0])
        yield name, "rank 3", {}, signs(2, 3, 2), normal(2, 3, 2)
    m = "CategoricalHinge"
    yield m, "rank 2", {}, one_hot(4, 3), normal(4, 3)
    yield m, "rank 3", {}, one_hot(2, 3, 4), normal(2, 3, 4)
    yield m, "ties", {}, array([1, 0, 0], [0, 1, 0]), array([1, 2, 2], [1, 2, 1])
    yield m, "right by far, and at the margin", {}, array([1, 0], [1, 0]), array([9, 1], [1, 0])

    for name in ("KLDivergence", "Poisson"):
        yield name, "rank 1", {}, simplex(5), simplex(5)
        yield name, "rank 2", {}, simplex(4, 3), simplex(4, 3)
        yield name, "rank 3", {}, simplex(2, 3, 4), simplex(2, 3, 4)
        yield name, "integer targets", {}, labels(4, 4, 2), uniform(4, 2)
        yield name, "zeros and ones", {}, array([0, 1, 0, 1], [0.5, 0.5, 0, 0]), array([0, 1, 1, 0], [0.5, 0, 0.5, 0])
        yield name, "equal", {}, array([0.25, 0.75], [1, 0]), array([0.25, 0.75], [1, 0])
    yield "Poisson", "counts", {}, array([0, 3], [7, 1]), array([0.5, 2.5], [9, 1e-3])
    yield "KLDivergence", "beyond the ends", {}, array([-0.5, 1.5]), array([1.5, -0.5])

    m = "BinaryFocalCrossentropy"
    for shape in ((5,), (4, 3), (2, 3, 2), (4, 1)):
        yield m, f"probabilities {shape}", {}, bits(*shape), uniform(*shape)
        yield m, f"logits {shape}", {"from_logits": True}, bits(*shape), normal(*shape) * 3
    yield m, "balanced", {"apply_class_balancing": True, "alpha": 0.7, "gamma": 1.5}, bits(4, 3), uniform(4, 3)
    yield m, "gamma 0", {"gamma": 0.0}, bits(4, 3), uniform(4, 3)
    yield m, "smoothed", {"label_smoothing": 0.2, "apply_class_balancing": True}, bits(4, 3), uniform(4, 3)
    yield m, "axis 0", {"axis": 0}, bits(4, 3), uniform(4, 3)
    edge = array([0, 0, 1, 1], [0, 1, 0, 1])
    yield m, "probabilities at the ends", {}, edge, array([0, 1, 0, 1], [1e-7, 1e-7, 1 - 6e-8, 1 - 6e-8])
    yield m, "extreme logits", {"from_logits": True}, edge, array([-100, 100, -100, 100], [0, 0, -20, 20])
    m = "CategoricalFocalCrossentropy"
    for shape in ((4,), (4, 3), (2, 3, 4)):
        yield m, f"probabilities {shape}", {}, one_hot(*shape), simplex(*shape)
        yield m, f"logits {shape}", {"from_logits": True}, one_hot(*shape), normal(*shape) * 3
    yield m, "a weight for each class", {"alpha": [0.1, 0.5, 2.0], "gamma": 3.0}, one_hot(4, 3), simplex(4, 3)
    yield m, "smoothed, not normalised", {"label_smoothing": 0.3}, one_hot(4, 3), uniform(4, 3) * np.float32(2)
    yield m, "axis 1, smoothed", {"axis": 1, "label_smoothing": 0.3}, np.moveaxis(one_hot(2, 3, 4), -1, 1).copy(), np.moveaxis(simplex(2, 3, 4), -1, 1).copy()
    yield m, "probabilities at the ends", {}, array([1, 0, 0], [0, 1, 0], [0, 0, 1]), array([1, 0, 0], [1, 0, 0], [0.5, 0.5, 0])
    yield "CategoricalCrossentropy", "axis 1, smoothed", {"axis": 1, "label_smoothing": 0.3}, np.moveaxis(one_hot(2, 3, 4), -1, 1).copy(), np.moveaxis(simplex(2, 3, 4), -1, 1).copy()
    m = "SparseCategoricalCrossentropy"
    nan = float("nan")
    yield m, "NaN where the label is ignored", {"ignore_class": 2}, array(0, 2, 1, dtype="int32"), array([0.5, 0.2, 0.3], [nan, nan, nan], [0.2, 0.2, 0.6])
    m = "CategoricalGeneralizedCrossEntropy"
    yield m, "q 0.5", {}, labels(3, 4), simplex(4, 3)
    yield m, "q 0.9", {"q": 0.9}, labels(3, 4), simplex(4, 3)
    yield m, "rank 3", {"q": 0.1}, labels(4, 2, 3), simplex(2, 3, 4)
    yield m, "certain", {}, array(0, 1, dtype="int32"), array([1, 0], [0, 1])

    for name in ("Dice", "Tversky"):
        for shape in ((4, 3), (2, 4, 3)):
            yield name, f"all of {shape}", {}, bits(*shape), uniform(*shape)
        yield name, "axis 1", {"axis": 1}, bits(4, 3), uniform(4, 3)
        yield name, "axes (1, 2)", {"axis": [1, 2]}, bits(2, 4, 4, 3), uniform(2, 4, 4, 3)
        yield name, "right, wrong, and nothing at all", {"axis": [1]}, array([1, 0], [1, 0], [0, 0]), array([1, 0], [0, 1], [0, 0])
    yield "Tversky", "alpha 0.3, beta 0.7", {"alpha": 0.3, "beta": 0.7, "axis": [1]}, bits(4, 3), uniform(4, 3)

    m = "Circle"
    unit = lambda *shape: (lambda x: (x / np.linalg.norm(x, axis=-1, keepdims=True)).astype("float32"))(normal(*shape))
    yield m, "three classes", {}, array(0, 1, 2, 0, 1, 2, dtype="int32"), unit(6, 3)
    yield m, "gamma 2, margin 0.2", {"gamma": 2.0, "margin": 0.2}, array(0, 1, 0, 1, dtype="int32"), unit(4, 5)
    yield m, "with the diagonal", {"gamma": 4.0, "remove_diagonal": False}, array(0, 1, 0, 2, dtype="int32"), unit(4, 3)
    yield m, "some without a partner", {"gamma": 10.0}, array(0, 1, 0, 2, dtype="int32"), unit(4, 3)
    yield m, "one class", {}, array(1, 1, 1, dtype="int32"), unit(3, 3)

    m = "CTC"
    yield m, "2 sequences", {}, array([1, 2, 3], [2, 1, 0], dtype="int32"), normal(2, 6, 4)
    yield m, "repetitions", {}, array([1, 1, 2, 2], [3, 3, 3, 0], dtype="int32"), normal(2, 9, 4)
    yield m, "as long as the steps, and none", {}, array([1, 2, 3], [0, 0, 0], dtype="int32"), normal(2, 3, 4)
    yield m, "certain", {}, array([1, 2], dtype="int32"), array([0, 50, 0], [50, 0, 0], [0, 0, 50])[None]


def masked():
    """Predictions of (batch, time, ...) with a mask (batch, time)."""
    mask = np.array([[True, True, False], [True, False, False]])
    one = (2, 3, 4)
    yield "MeanSquaredError", {}, normal(*one), normal(*one), mask
    yield "Huber", {"delta": 0.5}, normal(*one), normal(*one), mask
    yield "BinaryCrossentropy", {}, bits(*one), uniform(*one), mask
    yield "SparseCategoricalCrossentropy", {}, labels(4, 2, 3), simplex(*one), mask
    yield "SparseCategoricalCrossentropy", {"ignore_class": 0}, array([0, 1, 2], [3, 0, 1], dtype="int32"), simplex(*one), mask
    yield "CategoricalHinge", {}, one_hot(*one), normal(*one), mask
    yield "MeanAbsoluteError", {}, normal(*one), normal(*one), np.zeros((2, 3), dtype=bool)
    yield "Dice", {}, bits(*one), uniform(*one), mask


def build_masked():
    from keras.src import backend

    cases = []
    for loss, config, y_true, y_pred, mask in masked():
        for w in (None, rng.uniform(0, 2, size=(2, 3)).astype("float32")):
            results = []
            for reduction in REDUCTIONS:
                fn = getattr(keras.losses, loss)(reduction=reduction, **config)

                def call(p):
                    # A fresh array: the mask is kept on the array object.
                    p = p * 1
                    backend.set_keras_mask(p, jnp.asarray(mask))
                    return fn(jnp.asarray(y_true), p, sample_weight=None if w is None else jnp.asarray(w))

                value = np.asarray(call(jnp.asarray(y_pred)))
                gradient = jax.grad(lambda p: jnp.sum(call(p)))(jnp.asarray(y_pred))
                results.append({"reduction": reduction or "none", "value": value, "gradient": np.asarray(gradient)})
            cases.append({"name": f"{loss}: masked" + (", weighted" if w is not None else "") + (f", {config}" if config else "") + ("" if mask.any() else ", nothing counts"),
                          "loss": loss, "config": config, "yTrue": y_true, "yPred": y_pred, "mask": mask, "sampleWeight": w, "results": results})
    return cases


def build():
    cases = []
    few = ["sum_over_batch_size", None]
    for reductions, (loss, name, config, y_true, y_pred) in itertools.chain(
        zip(itertools.repeat(REDUCTIONS), problems()), zip(itertools.repeat(few), more_problems())
    ):
        n = y_pred.shape[0]
        weights = {"none": None}
        shape = np.shape(getattr(keras.losses, loss)(reduction=None, **config)(jnp.asarray(y_true), jnp.asarray(y_pred)))
        # Weights per sample want a value per sample. (Where both are of rank 1 there is one value.)
        if max(y_true.ndim, y_pred.ndim) > 1 and (not shape or shape[0] == n):
            weights["per sample"] = rng.uniform(0, 2, size=n).astype("float32")
            weights["some zero"] = np.array([0.0, 1.0, 0.0, 2.0, 0.0, 1.0][:n], dtype="float32")
            if len(shape) == 2:
                # Called by hand, Keras's losses broadcast (2, 3) with (2,) and fail: columns it is.
                weights = {k: w if w is None else w[:, None] for k, w in weights.items()}
                weights["per position"] = rng.uniform(0, 2, size=shape).astype("float32")
        results = []
        for reduction in reductions:
            fn = getattr(keras.losses, loss)(reduction=reduction, **config)
            for key, w in weights.items():
                if key == "some zero" and reduction not in ("sum_over_batch_size", "mean_with_sample_weight"):
                    continue
                call = lambda p: fn(jnp.asarray(y_true), p, sample_weight=None if w is None else jnp.asarray(w))
                value = np.asarray(call(jnp.asarray(y_pred)))
                gradient = jax.grad(lambda p: jnp.sum(call(p)))(jnp.asarray(y_pred))
                results.append({"reduction": reduction or "none", "weights": key, "value": value, "gradient": np.asarray(gradient)})
        cases.append({"name": f"{loss}: {name}" + (f", {config}" if config else ""), "loss": loss, "config": config,
                      "yTrue": y_true, "yPred": y_pred,
                      "sampleWeights": {k: v for k, v in weights.items() if v is not None}, "results": results})
    return {"note": "gradient is that of the sum of the value; `weights` names an entry of sampleWeights, or none",
            "cases": cases, "masked": build_masked()}
