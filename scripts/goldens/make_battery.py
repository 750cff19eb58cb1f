"""The battery: what Keras on JAX computes for every row of test/battery/*.json.

    python3 scripts/goldens/make_battery.py            all families
    python3 scripts/goldens/make_battery.py core conv  only these

A row names a Keras layer, its config and the shapes of its inputs; see test/battery/README.md. Inputs,
weights and targets are drawn by a small hash that the TypeScript test computes too, so that the
golden holds only what Keras made of them.
"""
import base64
import json
import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras.src.backend.common.masking import get_keras_mask, set_keras_mask

jax.config.update("jax_default_matmul_precision", "highest")
ROOT = pathlib.Path(__file__).resolve().parents[2]


def fnv(text):
    h = 0x811C9DC5
    for b in text.encode():
        h = (h ^ b) * 0x01000193 & 0xFFFFFFFF
    return h


def uniform(label, shape):
    """Numbers in [-1, 1) that float32 holds exactly: a hash (murmur3's finalizer) of label and position."""
    n = int(np.prod(shape, dtype=np.int64))
    h = (np.arange(n, dtype=np.uint64) * 0x9E3779B9 + fnv(label)) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h ^= h >> np.uint64(shift)
        h = h * np.uint64(factor) & np.uint64(0xFFFFFFFF)
    h ^= h >> np.uint64(16)
    return ((h >> np.uint64(8)).astype("float64") / 2**23 - 1).astype("float32").reshape(shape)


def make_input(label, spec):
    if isinstance(spec, list):
        spec = {"shape": spec}
    if "values" in spec:
        return np.asarray(spec["values"], spec.get("dtype", "float32"))
    u = uniform(label, spec["shape"])
    dtype = spec.get("dtype", "float32")
    if dtype == "bool":
        return u < 0.4
    low, high = spec.get("low", -1), spec.get("high", 1)
    if dtype == "float32":
        if "levels" in spec:  # few distinct values: ties
            u = np.floor((u.astype("float64") + 1) / 2 * spec["levels"]) / spec["levels"] * 2 - 1
        return (low + (u.astype("float64") + 1) / 2 * (high - low)).astype("float32")
    return np.floor(low + (u.astype("float64") + 1) / 2 * (high - low)).astype(dtype)


def make_weight(label, shape):
    u = uniform(label, shape)
    if "variance" in label:
        return np.abs(u) + np.float32(0.5)
    return u * np.float32(0.5)


def make_mask(spec, shape):
    if spec is None:
        return None
    if "lengths" in spec:
        return np.arange(shape[1])[None, :] < np.asarray(spec["lengths"])[:, None]
    return np.asarray(spec["values"], bool)


def revive(config):
    """Nested layers are {class_name, config}."""
    if isinstance(config, dict) and set(config) == {"class_name", "config"}:
        return getattr(keras.layers, config["class_name"])(**revive(config["config"]))
    if isinstance(config, dict):
        return {k: revive(v) for k, v in config.items()}
    if isinstance(config, list):
        return [revive(v) for v in config]
    return config


def pack(a):
    a = np.asarray(a)
    kind = "float32" if a.dtype.kind == "f" else "bool" if a.dtype.kind == "b" else "int32"
    raw = a.astype("uint8" if kind == "bool" else kind)
    return {"shape": list(a.shape), "dtype": kind, "data": base64.b64encode(np.ascontiguousarray(raw).tobytes()).decode()}


def leaves(y):
    return jax.tree_util.tree_leaves(y)


def run(row):
    keras.utils.clear_session()
    name = row["name"]
    layer = getattr(keras.layers, row["layer"])(**revive(row["config"]))
    specs = row["inputs"] if "inputs" in row else [row["input"]]
    xs = [make_input(f"{name}/input{i}", s) for i, s in enumerate(specs)]
    named = row.get("arguments", {})
    masks = [make_mask(m, x.shape) for m, x in zip(row.get("masks", [None] * len(xs)), xs)]
    first = [i for i in range(len(xs)) if i not in named.values()]

    def call(f, values, **kw):
        """f applied to the inputs as the row says: one, a list, and the named ones."""
        values = [jnp.asarray(v) for v in values]
        for v, m in zip(values, masks):
            if m is not None:
                set_keras_mask(v, jnp.asarray(m))
        given = values[first[0]] if len(first) == 1 and not row.get("list") else [values[i] for i in first]
        return f(given, **{k: values[i] for k, i in named.items()}, **row.get("call", {}), **kw)

    # Some layers train unless told otherwise, and would draw random numbers.
    call(layer, xs, **({"training": False} if layer._call_has_training_arg else {}))
    start = [make_weight(f"{name}/weight{i}/{w.name}", w.shape) for i, w in enumerate(layer.weights)]
    layer.set_weights(start)
    trainable = [jnp.asarray(v.value) for v in layer.trainable_variables]
    # Keras's recurrent cells draw dropout masks while nothing is trained, too; here streams begin at 0.
    fresh = lambda v: v.value * jnp.asarray([1, 0], v.dtype) if v.name == "seed_generator_state" else v.value
    state = [jnp.asarray(fresh(v)) for v in layer.non_trainable_variables]

    def forward(tv, ntv, values, training):
        kw = {"training": True} if training and layer._call_has_training_arg else {"training": False} if layer._call_has_training_arg else {}
        seen = {}

        def f(given, **extra):
            # stateless_call would leave the masks out.
            values = [*zip(layer.trainable_variables, tv), *zip(layer.non_trainable_variables, ntv)]
            with keras.StatelessScope(state_mapping=values, collect_losses=True) as scope:
                y = layer(given, **extra)
                losses = layer.losses
            after = [scope.get_current_value(v) for v in layer.non_trainable_variables]
            after = [v if a is None else a for a, v in zip(after, ntv)]
            seen["mask"] = [get_keras_mask(t) for t in leaves(y)]
            return y, after, losses
        return (*call(f, values, **kw), seen["mask"])

    y, _, _, mask = forward(trainable, state, xs, False)
    out = {
        "name": name,
        "weights": [{"name": w.name, "shape": list(w.shape), "trainable": bool(w.trainable)} for w in layer.weights],
        "output": [pack(t) for t in leaves(y)],
    }
    if any(m is not None for m in mask):
        out["mask"] = [None if m is None else pack(m) for m in mask]
    smooth = all(np.asarray(t).dtype.kind == "f" for t in leaves(y)) and not row.get("noGradient")
    if not row.get("random"):
        y, after, _, _ = forward(trainable, state, xs, True)
        out["trained"] = [pack(t) for t in leaves(y)]
        weights_after = [a for v, a in zip(layer.non_trainable_variables, after) if any(v is w for w in layer.weights)]
        out["after"] = [pack(a) for a in weights_after]
    if not smooth:
        return out
    training = not row.get("random")
    floats = [i for i, x in enumerate(xs) if x.dtype.kind == "f"]
    targets = [uniform(f"{name}/target{i}", np.shape(t)) for i, t in enumerate(leaves(y))]

    def loss(tv, fx, ntv):
        values = list(xs)
        for i, v in zip(floats, fx):
            values[i] = v
        y, after, losses, _ = forward(tv, ntv, values, training)
        error = sum(jnp.sum(jnp.square(t - c)) for t, c in zip(leaves(y), targets)) * 0.5
        return error + sum(losses), after

    (_, _), (gw, gx) = jax.value_and_grad(loss, argnums=(0, 1), has_aux=True)(trainable, [jnp.asarray(xs[i]) for i in floats], state)
    out["gradients"] = {"weights": [pack(g) for g in gw], "inputs": [pack(g) for g in gx]}
    if trainable and not row.get("noSteps"):
        # The mean over the outputs keeps three steps tame.
        scale = 1.0 / sum(t.size for t in targets)
        optimizer = keras.optimizers.SGD(row.get("rate", 0.5), momentum=0.9)
        optimizer.build(layer.trainable_variables)
        slots, tv, ntv = [jnp.asarray(v.value) for v in optimizer.variables], trainable, state
        mean = lambda tv, ntv: (lambda r: (r[0] * scale, r[1]))(loss(tv, [jnp.asarray(xs[i]) for i in floats], ntv))
        for _ in range(3):
            (_, ntv), g = jax.value_and_grad(mean, has_aux=True)(tv, ntv)
            tv, slots = optimizer.stateless_apply(slots, g, tv)
        out["steps"] = [pack(v) for v in tv]
    return out


def main(families):
    folder = ROOT / "test" / "battery"
    families = families or sorted(p.stem for p in folder.glob("*.json"))
    for family in families:
        rows = json.loads((folder / f"{family}.json").read_text())
        names = [r["name"] for r in rows]
        if len(set(names)) != len(names):
            sys.exit(f"{family}: two rows of one name: {sorted(n for n in names if names.count(n) > 1)[0]}")
        results = []
        for row in rows:
            try:
                results.append(run(row))
            except Exception as e:
                raise SystemExit(f"{family}, {row['name']}: {type(e).__name__}: {e}")
        head = json.dumps({"generated_by": "scripts/goldens/make_battery.py", "keras": keras.__version__, "jax": jax.__version__})
        path = ROOT / "test" / "goldens" / "battery" / f"{family}.json"
        path.parent.mkdir(exist_ok=True)
        lines = ",\n".join(json.dumps(r, separators=(",", ":")) for r in results)
        path.write_text(f'{{"head":{head},\n"rows":[\n{lines}\n]}}\n')
        print(f"{path.relative_to(ROOT)}: {len(rows)} rows, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
