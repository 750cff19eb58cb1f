"""keras.ops: what each function gives on Keras on JAX.

    python3 scripts/goldens/make_ops.py

A row is [function, arguments, options]; arguments named "$x" are the arrays below.
"""
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
import inspect

import keras
import numpy as np

import ops_rows

rng = np.random.default_rng(21)
f = lambda *s: rng.normal(size=s).astype("float32").round(3)
A = {
    "v": f(6), "m": f(4, 5), "t": f(2, 3, 4), "p": rng.uniform(0.05, 0.95, (4, 5)).astype("float32").round(3),
    "y": (rng.uniform(size=(4, 5)) < 0.4).astype("float32"), "labels": np.array([3, 0, 4, 1], "int32"),
    "i": np.array([[0, 2], [1, 3]], "int32"), "ids": np.array([0, 2, 0, 1], "int32"),
    "q": f(2, 3, 4, 5), "k": f(2, 6, 4, 5), "kg": f(2, 6, 2, 5), "vv": f(2, 6, 4, 5), "vg": f(2, 6, 2, 5),
    "mask": rng.uniform(size=(2, 1, 3, 6)) < 0.7, "bias": f(1, 4, 3, 6), "mean": f(5), "variance": np.abs(f(5)) + 0.3, "scale": f(5), "offset": f(5),
    "at": np.array([[1, 0], [0, 3], [1, 0]], "int32"), "put": f(3), "row": f(2, 5), "rows": np.array([[2], [0]], "int32"),
    "big": np.array([[1000.0, 1001.0], [-np.inf, -np.inf], [-1000.0, 3.0]], "float32"), "u": rng.uniform(-0.95, 0.95, 7).astype("float32").round(3),
    "picture": rng.uniform(0, 1, (1, 5, 4, 3)).astype("float32").round(3),
    "cube": f(2, 3, 3), "one": np.array(1.5, "float32"),
}
A |= {"img": f(2, 7, 6, 4), "k2": f(3, 2, 4, 5), "kgroup": f(3, 2, 2, 6), "kdepth": f(3, 2, 4, 2), "kpoint": f(1, 1, 8, 3), "ktrans": f(3, 2, 5, 4), "seq": f(2, 9, 3), "k1": f(4, 3, 2), "first": f(2, 4, 7, 6)}
A["onehot"] = np.eye(5, dtype="float32")[A["labels"]]
rows = [
    ["erf", ["$u"], {}], ["erfinv", ["$u"], {}], ["rsqrt", ["$p"], {}],
    ["logsumexp", ["$m"], {}], ["logsumexp", ["$m"], {"axis": 1}], ["logsumexp", ["$t"], {"axis": [0, 2], "keepdims": True}], ["logsumexp", ["$big"], {"axis": -1}],
    ["top_k", ["$m", 3], {}], ["in_top_k", ["$labels", "$m", 2], {}],
    ["segment_sum", ["$m", "$ids"], {"num_segments": 4}], ["segment_max", ["$m", "$ids"], {"num_segments": 3}],
    ["extract_sequences", ["$m", 3, 2], {}],
    ["norm", ["$m"], {}], ["norm", ["$m"], {"axis": 1, "keepdims": True}], ["norm", ["$m"], {"ord": 1, "axis": 0}], ["norm", ["$m"], {"ord": 3, "axis": -1}],
    ["one_hot", ["$labels", 5], {}], ["one_hot", ["$i", 4], {"axis": 1}], ["multi_hot", ["$i", 4], {}],
    ["binary_crossentropy", ["$y", "$p"], {}], ["binary_crossentropy", ["$y", "$m"], {"from_logits": True}],
    ["categorical_crossentropy", ["$onehot", "$p"], {}], ["categorical_crossentropy", ["$onehot", "$m"], {"from_logits": True}],
    ["sparse_categorical_crossentropy", ["$labels", "$p"], {}], ["sparse_categorical_crossentropy", ["$labels", "$m"], {"from_logits": True}],
    ["moments", ["$t", [0, 1]], {}], ["moments", ["$t", [2]], {"keepdims": True}],
    ["batch_normalization", ["$m", "$mean", "$variance", -1], {"offset": "$offset", "scale": "$scale"}], ["batch_normalization", ["$m", "$mean", "$variance", 1], {"epsilon": 0.1}],
    ["normalize", ["$m"], {}], ["normalize", ["$m"], {"axis": 0, "order": 1}],
    ["psnr", ["$p", "$y", 1.0], {}],
    ["dot_product_attention", ["$q", "$k", "$vv"], {}], ["dot_product_attention", ["$q", "$k", "$vv"], {"mask": "$mask", "bias": "$bias", "scale": 0.3}],
    ["dot_product_attention", ["$q", "$kg", "$vg"], {"is_causal": True}],
    ["scatter", ["$at", "$put", [2, 4]], {}], ["scatter_update", ["$m", "$rows", "$row"], {}],
    ["slice", ["$m", [1, 2], [2, 3]], {}], ["slice_update", ["$m", [2, 3], [[7.0, 8.0]]], {}], ["unstack", ["$t"], {"axis": 1}],
    ["relu", ["$m"], {}], ["relu6", ["$m"], {}], ["sigmoid", ["$m"], {}], ["silu", ["$m"], {}], ["softplus", ["$m"], {}], ["softsign", ["$m"], {}], ["selu", ["$m"], {}],
    ["hard_sigmoid", ["$m"], {}], ["hard_silu", ["$m"], {}], ["hard_tanh", ["$m"], {}], ["log_sigmoid", ["$m"], {}], ["tanh_shrink", ["$m"], {}], ["sparsemax", ["$m"], {}],
    ["elu", ["$m", 0.7], {}], ["celu", ["$m", 1.3], {}], ["leaky_relu", ["$m"], {}], ["gelu", ["$m"], {}], ["gelu", ["$m", False], {}], ["hard_shrink", ["$m"], {}], ["soft_shrink", ["$m"], {}],
    ["threshold", ["$m", 0.2, -3.0], {}], ["glu", ["$t"], {}], ["softmax", ["$t", 1], {}], ["log_softmax", ["$m"], {}],
    ["cumsum", ["$m"], {"axis": 1}], ["einsum", ["ij,kj->ik", "$m", "$p"], {}], ["logaddexp", ["$m", "$p"], {}], ["tril", ["$m"], {"k": 1}], ["roll", ["$m", 2], {"axis": 1}], ["median", ["$m"], {"axis": 0}],
    ["flip", ["$m"], {"axis": 0}], ["var", ["$t"], {"axis": [0, 2]}], ["argmax", ["$m"], {"axis": 1}], ["where", ["$y", "$m", "$p"], {}],
    ["conv", ["$img", "$k2"], {}], ["conv", ["$img", "$k2"], {"strides": [2, 1], "padding": "same"}], ["conv", ["$img", "$kgroup"], {"dilation_rate": 2}], ["conv", ["$seq", "$k1"], {"strides": 2}],
    ["conv", ["$first", "$k2"], {"data_format": "channels_first", "padding": "same"}],
    ["depthwise_conv", ["$img", "$kdepth"], {"padding": "same"}], ["separable_conv", ["$img", "$kdepth", "$kpoint"], {"strides": 2}],
    ["conv_transpose", ["$img", "$ktrans"], {"strides": 2}], ["conv_transpose", ["$img", "$ktrans"], {"strides": [3, 2], "padding": "same", "output_padding": [1, 0]}],
    ["max_pool", ["$img", 2, 2], {}], ["max_pool", ["$img", [3, 2], [2, 1]], {"padding": "same"}], ["average_pool", ["$img", 3, 2], {"padding": "same"}], ["average_pool", ["$seq", 2, 2], {}],
    ["image.resize", ["$picture", [3, 7]], {}], ["image.resize", ["$picture", [7, 3]], {"interpolation": "nearest"}],
    ["layer_normalization", ["$m"], {}], ["layer_normalization", ["$m", "$scale", "$offset"], {"epsilon": 0.01}], ["layer_normalization", ["$t"], {"axis": [1, 2]}],
    ["rms_normalization", ["$m"], {}], ["rms_normalization", ["$m", "$scale"], {"epsilon": 0.1}], ["rms_normalization", ["$t"], {"axis": [1, 2]}],
    ["squareplus", ["$m"], {}], ["sparse_plus", ["$m"], {}], ["sparse_sigmoid", ["$m"], {}], ["divide_no_nan", ["$m", "$y"], {}], ["saturate_cast", ["$m", "int32"], {}],
    ["fmax", ["$m", "$p"], {}], ["fmin", ["$m", "$p"], {}], ["fmod", ["$m", "$p"], {}], ["heaviside", ["$m", "$p"], {}], ["isin", ["$labels", "$ids"], {}], ["isposinf", ["$big"], {}], ["isneginf", ["$big"], {}],
    ["logaddexp2", ["$m", "$p"], {}], ["percentile", ["$m", 30.0], {"axis": 1}], ["ptp", ["$m"], {"axis": 0}], ["rad2deg", ["$m"], {}], ["flipud", ["$m"], {}], ["fliplr", ["$m"], {}],
    ["array_split", ["$m", 2], {}], ["hsplit", ["$t", 3], {}], ["vsplit", ["$m", 2], {}], ["bitwise_invert", ["$labels"], {}], ["left_shift", ["$labels", "$ids"], {}], ["right_shift", ["$labels", "$ids"], {}],
    ["corrcoef", ["$m"], {}], ["diagflat", ["$scale"], {}],
]


def pack(x):
    x = np.asarray(x)
    kind = x.dtype.name if x.dtype.name in ("bool", "uint8", "uint32") else "int32" if x.dtype.kind in "iu" else "float32"
    number = lambda v: ("NaN" if v != v else "Infinity" if v > 0 else "-Infinity") if not np.isfinite(v) else float("%.8g" % v) if kind == "float32" else int(v)
    return {"shape": list(x.shape), "dtype": kind, "data": [number(v) for v in x.reshape(-1)]}


def tuples(v):
    return tuple(map(tuples, v)) if isinstance(v, list) else v


def look(a):
    """An argument of a row: "$x" an array, "#…" JSON as nested tuples, "@Infinity" a number."""
    if isinstance(a, str) and a[:1] in ("$", "#", "@"):
        return A[a[1:]] if a[0] == "$" else tuples(json.loads(a[1:]))
    if isinstance(a, list) and a:
        whole = isinstance(a[0], int)
        return [look(v) for v in a] if isinstance(a[0], str) else tuple(a) if whole else np.array(a, "float32")
    return a


def flat(out):
    return [o for v in out for o in flat(v)] if isinstance(out, (tuple, list)) else [out]


def signature(fn):
    """[name], or [name, default], for each parameter in its order; * where any number of them comes."""
    out = []
    for p in inspect.signature(fn).parameters.values():
        if p.kind is p.VAR_KEYWORD:
            continue
        star = "*" if p.kind is p.VAR_POSITIONAL else ""
        out.append([star + p.name] + ([] if p.default is p.empty else [p.default]))
    return out


A |= ops_rows.ARRAYS
rows += list(ops_rows.rows())
signatures, cases = {}, []
for name, args, kwargs in rows:
    fn = keras.ops
    for part in name.split("."):
        fn = getattr(fn, part)
    signatures[name] = signature(fn)
    out = fn(*[look(a) for a in args], **{k: look(v) for k, v in kwargs.items()})
    cases.append({"name": name, "args": args, "options": kwargs, "output": [pack(o) for o in flat(out)]})
head = {"generated_by": "scripts/goldens/make_ops.py", "keras": keras.__version__}
path = pathlib.Path(__file__).resolve().parents[2] / "test" / "goldens" / "ops.json"
text = json.dumps({"head": head, "arrays": {k: pack(v) for k, v in A.items()}, "signatures": signatures, "cases": cases}, separators=(",", ":"))
path.write_text(text.replace('{"name":', '\n{"name":') + "\n")
print(path.name, len(cases), len(text))
