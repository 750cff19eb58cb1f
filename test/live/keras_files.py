"""The Python half of keras-files.ts.

    python3 test/live/keras_files.py make FOLDER [FAMILY …]    a model around every row of the battery and of operations, saved by real Keras
    python3 test/live/keras_files.py check FOLDER              loads what Gradloom saved, and compares what it predicts
    python3 test/live/keras_files.py train FOLDER              trained.json: a model of each family, saved by real Keras and trained on
    python3 test/live/keras_files.py check-training FOLDER     loads the models of made.json, and trains them on as that says it went
"""
import base64
import json
import os
import pathlib
import sys
import traceback

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
try:
    import jax
    import keras
    import numpy as np
except ImportError as e:
    print(json.dumps({"missing": e.name}))
    sys.exit(0)
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "scripts" / "goldens"))
from make_battery import make_input, make_weight, revive


def model_of(row, xs):
    layer = getattr(keras.layers, row["layer"])(**revive(row["config"]))
    named = row.get("arguments", {})
    first = [i for i in range(len(xs)) if i not in named.values()]
    # An RNN that remembers wants the size of the batch.
    whole = row["config"].get("stateful")
    inputs = [keras.Input(batch_shape=x.shape if whole else (None, *x.shape[1:]), dtype=str(x.dtype)) for x in xs]
    given = inputs[first[0]] if len(first) == 1 and not row.get("list") else [inputs[i] for i in first]
    y = layer(given, **{k: inputs[i] for k, i in named.items()}, **row.get("call", {}))
    model = keras.Model(inputs if len(inputs) > 1 else inputs[0], y)
    layer.set_weights([make_weight(f"{row['name']}/weight{i}/{w.name}", w.shape) for i, w in enumerate(layer.weights)])
    return model


def predict(model, xs):
    y = model(xs if len(xs) > 1 else xs[0], training=False)
    return [np.asarray(t) for t in jax.tree_util.tree_leaves(y)]


def make(folder, families):
    rows = []
    for file in sorted((ROOT / "test" / "battery").glob("*.json")):
        if families and file.stem not in families:
            continue
        for row in json.loads(file.read_text()):
            keras.utils.clear_session()
            keras.utils.set_random_seed(1)
            name = f"{file.stem}: {row['name']}"
            specs = row["inputs"] if "inputs" in row else [row["input"]]
            xs = [make_input(f"{row['name']}/input{i}", s) for i, s in enumerate(specs)]
            stem = f"{len(rows):04d}"
            if "mask" in row.get("arguments", {}) and xs[row["arguments"]["mask"]].ndim != xs[0].ndim:
                rows.append({"name": name, "skipped": "a mask that fits this size of batch only"})
                continue
            try:
                model = model_of(row, xs)
                # Before it is saved: some layers remember.
                model.save(folder / f"{stem}.keras")
                ys = predict(model, xs)
            except Exception as e:
                rows.append({"name": name, "skipped": f"{type(e).__name__}: {str(e).splitlines()[0][:120]}"})
                continue
            np.savez(folder / f"{stem}.npz", **{f"x{i}": x for i, x in enumerate(xs)}, **{f"y{i}": y for i, y in enumerate(ys)})
            rows.append({"name": name, "stem": stem, "inputs": len(xs), "outputs": len(ys), "tolerance": row.get("tolerance", 1)})
    if not families or "operations" in families:
        rows.extend(operations(folder))
    print(json.dumps(rows))


def operations(folder):
    """Models of keras.ops, each case by itself."""
    import make_keras_operations

    for i, (name, make_model, x) in enumerate(make_keras_operations.models()):
        name, stem = f"operations: {name}", f"ops{i:03d}"
        try:
            model = make_model()
            model.save(folder / f"{stem}.keras")
            ys = predict(model, [x])
        except Exception as e:
            yield {"name": name, "skipped": f"{type(e).__name__}: {str(e).splitlines()[0][:120]}"}
            continue
        np.savez(folder / f"{stem}.npz", x0=x, **{f"y{i}": y for i, y in enumerate(ys)})
        try:
            predict(keras.models.load_model(folder / f"{stem}.keras"), [x])
            once = False
        except Exception:
            # Tuples come back as lists, which some operations of Keras on JAX do not take.
            once = True
        yield {"name": name, "stem": stem, "inputs": 1, "outputs": len(ys), "tolerance": 1, "once": once}


def check(folder):
    found = {}
    for path in sorted(folder.glob("*.back.keras")):
        stem = path.name.split(".")[0]
        data = np.load(folder / f"{stem}.npz")
        xs = [data[k] for k in sorted((k for k in data if k[0] == "x"), key=lambda k: int(k[1:]))]
        want = [data[k] for k in sorted((k for k in data if k[0] == "y"), key=lambda k: int(k[1:]))]
        try:
            keras.utils.clear_session()
            got = predict(keras.models.load_model(path), xs)
            far = [float(np.max(np.abs(a.astype("float64") - b) / (1e-5 + np.abs(b.astype("float64"))), initial=0)) for a, b in zip(got, want)]
            same = len(got) == len(want) and all(a.shape == b.shape for a, b in zip(got, want))
            found[stem] = None if same and all(np.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True) for a, b in zip(got, want)) else f"off by {max(far):.2g}"
        except Exception as e:
            found[stem] = f"{type(e).__name__}: {' '.join(str(e).split())[:300]}"
            if os.environ.get("TRACE"):
                traceback.print_exc()
    print(json.dumps(found))


def train(folder):
    import golden_io
    import make_keras_files

    jax.config.update("jax_default_matmul_precision", "highest")
    make_keras_files.families["own class"] = (lambda: Net(5), (3,), "adam")
    (folder / "trained.json").write_text(golden_io.dump(make_keras_files.build()))
    print(json.dumps({}))


def array(a):
    """An array of the golden files, or a tree of them."""
    if isinstance(a, list):
        return [array(v) for v in a]
    if isinstance(a, dict) and "shape" not in a:
        return {k: array(v) for k, v in a.items()}
    return np.array(a["data"], a["dtype"]).reshape(a["shape"])


def apart(got, want, least):
    """As in training-cases.ts."""
    got, want = (jax.tree_util.tree_leaves(t) for t in (got, want))
    if [np.shape(a) for a in got] != [np.shape(b) for b in want]:
        return float("inf")
    far = [np.max(np.abs(np.asarray(a, "float64") - b), initial=0) / max(least, np.max(np.abs(b), initial=0)) for a, b in zip(got, want)]
    return float(max(far))


@keras.saving.register_keras_serializable("live")
class Net(keras.Model):
    """As in trained-models.ts."""

    def __init__(self, units=4, **options):
        super().__init__(**options)
        self.units = units
        self.hidden = keras.layers.Dense(units, activation="tanh")
        self.heads = {"last": keras.layers.Dense(2)}

    def call(self, x):
        return self.heads["last"](self.hidden(x) * 2)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def check_training(folder):
    from make_keras_files import predictions, trained_on

    jax.config.update("jax_default_matmul_precision", "highest")
    found = {}
    for case in json.loads((folder / "made.json").read_text()):
        try:
            keras.utils.clear_session()
            (folder / "model.keras").write_bytes(base64.b64decode(case["file"]))
            model = keras.models.load_model(folder / "model.keras")
            x, y, after = array(case["x"]), array(case["y"]), case["after"]
            d = {"predictions": apart(predictions(model, x), array(case["predictions"]), 1)}
            got = trained_on(model, x, y, after["epochs"], after["batchSize"])
            d["losses"] = max(abs(a - b) / max(1, b) for a, b in zip(got["losses"], after["losses"], strict=True))
            d["after"] = apart(got["predictions"], array(after["predictions"]), 1)
            d["weights"] = apart(got["weights"], array(after["weights"]), 0.1)
            d["optimizer"] = apart(got["optimizer"], array(after["optimizer"]), 1e-5)
            found[case["name"]] = d
        except Exception as e:
            found[case["name"]] = f"{type(e).__name__}: {' '.join(str(e).split())[:300]}"
            if os.environ.get("TRACE"):
                traceback.print_exc()
    print(json.dumps(found))


if __name__ == "__main__":
    what, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if what == "make":
        make(folder, sys.argv[3:])
    else:
        {"check": check, "train": train, "check-training": check_training}[what](folder)
