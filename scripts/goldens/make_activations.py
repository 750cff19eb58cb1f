"""Activations: outputs, and gradients under a fixed cotangent."""
import jax
import jax.numpy as jnp
import keras
import numpy as np

from golden_io import f32

rng = np.random.default_rng(11)
inf, nan = np.inf, np.nan
MAGNITUDES = [1.2e-38, 1e-30, 1e-20, 1e-10, 1e-7, 1e-5, 1e-3, 0.01, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 5, 6,
              8, 10, 12, 15, 16.5, 17.5, 20, 30, 50, 80, 87, 88.5, 90, 100, 104, 1000, 1e10, 1e38]
POINTS = f32(*[-m for m in reversed(MAGNITUDES)], -0.0, 0.0, *MAGNITUDES)
COTANGENT = rng.uniform(-2, 2, size=POINTS.shape).astype("float32")
SPECIAL = f32(-inf, inf, nan)
DENSE = np.sort(rng.normal(size=60) * 3).astype("float32")

ELEMENTWISE = [
    ("relu", {}), ("relu", {"negative_slope": 0.1}), ("relu", {"max_value": 6.0}),
    ("relu", {"threshold": 1.0}), ("relu", {"negative_slope": 0.2, "max_value": 3.0, "threshold": 0.5}),
    ("sigmoid", {}), ("tanh", {}), ("linear", {}),
    ("elu", {}), ("elu", {"alpha": 0.5}), ("selu", {}),
    ("gelu", {}), ("gelu", {"approximate": True}), ("silu", {}), ("softplus", {}),
    ("leaky_relu", {}), ("leaky_relu", {"negative_slope": 0.3}),
]
RARER = [
    ("relu6", {}), ("hard_sigmoid", {}), ("hard_silu", {}), ("hard_tanh", {}), ("sparse_sigmoid", {}),
    ("sparse_plus", {}), ("soft_shrink", {}), ("soft_shrink", {"threshold": 1.5}), ("hard_shrink", {}),
    ("hard_shrink", {"threshold": 2.0}), ("tanh_shrink", {}), ("threshold", {"threshold": 0.5, "default_value": -2.0}),
    ("exponential", {}), ("log_sigmoid", {}), ("mish", {}), ("softsign", {}),
    ("squareplus", {}), ("squareplus", {"b": 1.0}), ("celu", {}), ("celu", {"alpha": 0.4}),
]
# Each of these has a bend at one of them.
BENDS = f32(-3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 6)


def case(name, activation, config, x, cotangent):
    fn = getattr(keras.activations, activation)
    y, pull = jax.vjp(lambda v: fn(v, **config), jnp.asarray(x))
    return {"name": name, "activation": activation, "config": config, "input": x, "cotangent": cotangent,
            "output": np.asarray(y), "gradient": np.asarray(pull(jnp.asarray(cotangent))[0])}


def elementwise(table):
    cases = []
    for activation, config in table:
        label = activation + ("" if not config else " " + ", ".join(f"{k}={v}" for k, v in config.items()))
        cases.append(case(f"{label}: from tiny to huge", activation, config, POINTS, COTANGENT))
        cases.append(case(f"{label}: ordinary values", activation, config, DENSE,
                          rng.uniform(-2, 2, size=DENSE.shape).astype("float32")))
        cases.append(case(f"{label}: infinities and NaN", activation, config, SPECIAL, f32(1, 1, 1)))
        if table is RARER:
            cases.append(case(f"{label}: at the bends", activation, config, BENDS, f32(*[1] * len(BENDS))))
    return cases


def build():
    cases = elementwise(ELEMENTWISE)
    softmax = [
        ("rank 1", {}, rng.normal(size=5)),
        ("rank 2", {}, rng.normal(size=(3, 4)) * 3),
        ("rank 3", {}, rng.normal(size=(2, 3, 4))),
        ("rank 3, axis 1", {"axis": 1}, rng.normal(size=(2, 3, 4))),
        ("rank 3, axis 0", {"axis": 0}, rng.normal(size=(2, 3, 4))),
        ("one class", {}, rng.normal(size=(3, 1))),
        ("large", {}, [[1000, 999, -1000], [-1e4, -1e4, -1e4], [88, 89, 90], [1e38, 1e38, -1e38]]),
        ("ties and zeros", {}, [[0, 0, 0, 0], [-0.0, 0.0, 1e-8, -1e-8]]),
        ("far apart", {}, [[0, -80, -87, -88], [0, -100, -103, -104]]),
        ("-inf masks", {}, [[-inf, 0, 1], [-inf, -inf, 2]]),
        ("nothing left", {}, [[-inf, -inf, -inf], [inf, 0, 1], [nan, 0, 1], [0, 1, 2]]),
    ]
    for name, config, x in softmax:
        x = np.asarray(x, dtype="float32")
        cases.append(case(f"softmax: {name}", "softmax", config, x, rng.uniform(-2, 2, size=x.shape).astype("float32")))
    cases += elementwise(RARER)
    along = [
        ("rank 1", {}, rng.normal(size=6)),
        ("rank 2", {}, rng.normal(size=(3, 4)) * 2),
        ("rank 3, axis 1", {"axis": 1}, rng.normal(size=(2, 6, 3))),
        ("rank 3, axis 0", {"axis": 0}, rng.normal(size=(2, 3, 5))),
    ]
    for activation in ("glu", "sparsemax", "log_softmax"):
        for name, config, x in along:
            x = np.asarray(x, dtype="float32")
            half = tuple(n // 2 if d == config.get("axis", -1) % x.ndim else n for d, n in enumerate(x.shape))
            g = rng.uniform(-2, 2, size=half if activation == "glu" else x.shape).astype("float32")
            cases.append(case(f"{activation}: {name}", activation, config, x, g))
    return {"note": "gradient = d sum(output * cotangent) / d input, by jax.vjp", "cases": cases}
