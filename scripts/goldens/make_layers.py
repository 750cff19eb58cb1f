"""Layers: outputs, and gradients with respect to inputs and weights under a fixed cotangent."""
import jax
import jax.numpy as jnp
import keras
import numpy as np

rng = np.random.default_rng(16)
L = keras.layers


def normal(*shape):
    return rng.normal(size=shape).astype("float32")


def case(name, cls, config, x, training=None, real=None):
    layer = getattr(L, cls)(**(config | (real or {})))
    layer.build(x.shape)
    weights = [normal(*w.shape) * np.float32(0.5) for w in layer.weights]
    layer.set_weights(weights)
    shape = layer.compute_output_shape(x.shape)
    cotangent = normal(*shape)
    fixed = [v.value for v in layer.non_trainable_variables]

    def total(ws, x):
        y, _, penalties = layer.stateless_call(ws, fixed, x, return_losses=True)
        return jnp.sum(y * cotangent), (y, penalties)

    (_, (y, penalties)), (gw, gx) = jax.value_and_grad(total, argnums=(0, 1), has_aux=True)([jnp.asarray(w) for w in weights], jnp.asarray(x))
    out = {"name": name, "layer": cls, "config": config, "input": x, "weights": weights,
           "weightNames": [w.name for w in layer.weights], "output": np.asarray(y), "outputShape": list(shape),
           "cotangent": cotangent, "inputGradient": np.asarray(gx), "weightGradients": [np.asarray(g) for g in gw]}
    if penalties:
        pen = lambda ws: jnp.sum(jnp.stack(layer.stateless_call(ws, fixed, jnp.asarray(x), return_losses=True)[2]))
        out["penalties"] = [np.asarray(p) for p in penalties]
        out["penaltyGradients"] = [np.asarray(g) for g in jax.grad(pen)([jnp.asarray(w) for w in weights])]
    return out


def dropouts():
    x = normal(4, 6)
    for rate, seed, extra in ((0.5, 7, {}), (0.2, 42, {}), (0.3, 1, {}), (0.7, 123, {}), (0.5, 9, {"noise_shape": [None, 1]}), (0.5, 9, {"noise_shape": [1, 6]}), (0.0, 5, {}), (1.0, 5, {})):
        layer = L.Dropout(rate, seed=seed, **extra)
        # A layer of rate 0 has no generator.
        state = lambda: np.asarray(layer.seed_generator.state) if rate > 0 else None
        calls = []
        for _ in range(3):
            before = state()
            y = np.asarray(layer(x, training=True))
            calls.append({"stateBefore": before, "output": y, "mask": y != 0, "stateAfter": state()})
        # As in a compiled training step, with the gradient. The cotangent is 1.
        grad = None
        if 0 < rate < 1:
            layer = L.Dropout(rate, seed=seed, **extra)
            start = [v.value for v in layer.non_trainable_variables]
            f = jax.jit(jax.grad(lambda x: jnp.sum(layer.stateless_call([], start, x, training=True)[0])))
            grad = np.asarray(f(jnp.asarray(x)))
        yield {"name": f"Dropout({rate}, seed={seed}{', ' + str(extra) if extra else ''})", "layer": "Dropout", "config": {"rate": rate, "seed": seed, **extra},
               "input": x, "calls": calls, "gradientOfFirstCall": grad, "inference": np.asarray(layer(x, training=False))}


def build():
    cases = []
    x2, x3, x4 = normal(4, 3), normal(2, 3, 4), normal(2, 2, 3, 2)
    for act in (None, "relu", "sigmoid", "tanh", "softmax", "elu", "selu", "gelu", "silu", "softplus", "leaky_relu", "linear"):
        cases.append(case(f"Dense, {act}", "Dense", {"units": 5, "activation": act}, x2))
    cases.append(case("Dense without bias", "Dense", {"units": 5, "use_bias": False}, x2))
    cases.append(case("Dense, rank 3", "Dense", {"units": 5, "activation": "tanh"}, x3))
    cases.append(case("Dense, rank 4", "Dense", {"units": 3}, x4))
    cases.append(case("Dense, rank 3 without bias", "Dense", {"units": 2, "use_bias": False, "activation": "relu"}, x3))
    cases.append(case("Dense, one unit", "Dense", {"units": 1, "activation": "sigmoid"}, x2))
    cases.append(case("Dense, one row", "Dense", {"units": 4}, normal(1, 3)))
    R = keras.regularizers
    reg = [("kernel L2", {"kernel_regularizer": R.L2(0.01)}), ("kernel L1", {"kernel_regularizer": R.L1(0.02)}),
           ("kernel L1L2, bias L2", {"kernel_regularizer": R.L1L2(l1=0.01, l2=0.03), "bias_regularizer": R.L2(0.05)})]
    for name, kw in reg:
        config = {"units": 3, **{k: {"class_name": type(v).__name__, "config": {a: float(b) for a, b in v.get_config().items()}} for k, v in kw.items()}}
        cases.append(case(f"Dense, {name}", "Dense", config, x2, real=kw))
    for act in ("relu", "softmax", "gelu"):
        cases.append(case(f"Activation {act}, rank 3", "Activation", {"activation": act}, x3))
    for x in (normal(4), x2, x3, x4):
        cases.append(case(f"Flatten, rank {x.ndim}", "Flatten", {}, x))
    cases.append(case("Flatten, channels_first", "Flatten", {"data_format": "channels_first"}, x4))
    for target, x in (([12], x3), ([-1], x3), ([2, -1], x3), ([-1, 6], x3), ([3, 2, 2], x3), ([4, 3], x3), ([1, -1, 1], x2), ([12], x4)):
        cases.append(case(f"Reshape {target}, rank {x.ndim}", "Reshape", {"target_shape": target}, x))
    return {"note": "inputGradient and weightGradients are those of sum(output * cotangent), without the penalties; penaltyGradients are those of "
                    "the sum of the penalties.",
            "cases": cases, "dropouts": list(dropouts())}
