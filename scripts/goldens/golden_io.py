"""How the golden files are written: arrays as {shape, dtype, data}, one case a line, numbers that read back exactly."""
import json
import math
import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "test" / "goldens"


def _number(v):
    """A Python float; JSON has no numbers for three of them."""
    if math.isnan(v):
        return '"NaN"'
    if math.isinf(v):
        return '"Infinity"' if v > 0 else '"-Infinity"'
    return repr(v)


def _float32(v):
    if not np.isfinite(v):
        return _number(float(v))
    text = "%.9g" % v
    # A reader parses a double and rounds it to float32: the same bits must come back.
    assert np.float32(float(text)).tobytes() == np.float32(v).tobytes(), text
    return text


def _data(a):
    flat = a.reshape(-1)
    if a.dtype == np.float32:
        return [_float32(v) for v in flat]
    if a.dtype.kind == "f":
        return [_number(float(v)) for v in flat]
    if a.dtype.kind == "b":
        return ["true" if v else "false" for v in flat]
    return [str(int(v)) for v in flat]


def dump(x):
    """JSON text of nested dicts, lists, arrays and scalars."""
    if x is None or isinstance(x, (bool, str)):
        return json.dumps(x, ensure_ascii=False)
    if isinstance(x, np.ndarray):
        # `ascontiguousarray` would make a scalar array one-dimensional.
        return '{"shape":%s,"dtype":"%s","data":[%s]}' % (
            json.dumps(list(x.shape), separators=(",", ":")), x.dtype.name, ",".join(_data(x)))
    if isinstance(x, np.generic):
        return dump(x.item()) if x.dtype != np.float32 else _float32(x)
    if isinstance(x, int):
        return str(x)
    if isinstance(x, float):
        return _number(x)
    if isinstance(x, dict):
        return "{" + ",".join(f"{json.dumps(str(k))}:{dump(v)}" for k, v in x.items()) + "}"
    if isinstance(x, (list, tuple)):
        return "[" + ",".join(dump(v) for v in x) + "]"
    return dump(np.asarray(x))  # a jax array or a Keras variable


def versions():
    import sys

    found = {"python": "%d.%d" % sys.version_info[:2], "numpy": np.__version__}
    if "keras" in sys.modules:
        import jax
        import keras

        found |= {"keras": keras.__version__, "jax": jax.__version__, "backend": keras.backend.backend()}
    return found


def save(name, payload):
    """Writes test/goldens/NAME.json; every list of the payload gets a line per entry."""
    head = {"generated_by": "scripts/goldens/make.py", "versions": versions()}
    parts = []
    for k, v in (head | payload).items():
        if isinstance(v, list) and v and isinstance(v[0], dict):
            body = "[\n" + ",\n".join(dump(c) for c in v) + "\n]"
        else:
            body = dump(v)
        parts.append(f"{json.dumps(k)}:{body}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    return path


def f32(*values):
    return np.array(values, dtype=np.float32)
