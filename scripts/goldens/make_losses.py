"""Losses: values under every reduction, with and without sample weights, and gradients with respect to y_pred."""
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


def build():
    cases = []
    for loss, name, config, y_true, y_pred in problems():
        n = y_pred.shape[0]
        weights = {"none": None}
        # A loss of one number has nothing that a weight per sample could weigh.
        if max(y_true.ndim, y_pred.ndim) > 1:
            weights["per sample"] = rng.uniform(0, 2, size=n).astype("float32")
            weights["some zero"] = np.array([0.0, 1.0, 0.0, 2.0, 0.0][:n], dtype="float32")
            if y_pred.ndim == 3:
                # Called by hand, Keras's losses broadcast (2, 3) with (2,) and fail: columns it is.
                weights = {k: w if w is None else w[:, None] for k, w in weights.items()}
        if y_pred.ndim == 3 and not config.get("axis"):
            weights["per position"] = rng.uniform(0, 2, size=y_pred.shape[:2]).astype("float32")
        results = []
        for reduction in REDUCTIONS:
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
            "cases": cases}
