"""Rows of make_ops.py that go through keras.ops function by function: kinds of numbers, axes, empty shapes, NaN.

A row is [function, arguments, options]; "$x" names an array of ARRAYS, and a list of numbers is a tuple.
"""
import numpy as np

rng = np.random.default_rng(35)
nan, inf = np.nan, np.inf
f = lambda *s: rng.normal(size=s).astype("float32").round(3)
ARRAYS = {
    "edge": np.array([-2.5, -1, -0.5, -0.0, 0, 0.3, 1, 2.5, nan, inf, -inf], "float32"),
    "edge2": np.array([2, nan, -0.5, 0, -0.0, inf, 1, -2.5, 1, inf, 3], "float32"),
    "whole": np.array([-7, -1, 0, 1, 2, 9], "int32"), "whole2": np.array([3, -2, 5, 1, -4, 2], "int32"),
    "yes": np.array([True, False, True, True, False, False]), "yes2": np.array([True, True, False, True, False, True]),
    "odd": np.array([3, -2, 5, 1, -4, 2], "int32"), "pos": np.array([1, 2, 3, 1, 5, 2], "int32"), "byte": np.array([0, 1, 7, 200, 255, 3], "uint8"), "none": np.zeros((0, 3), "float32"), "noints": np.zeros((0,), "int32"),
    "fm": f(3, 4), "fv": f(4), "fc": f(3, 1), "ft": f(2, 3, 4), "im": rng.integers(-5, 6, (3, 4)).astype("int32"), "bm": rng.uniform(size=(3, 4)) < 0.6,
    "nm": np.array([[1, nan, -2], [inf, 3, 0.5]], "float32"), "allnan": np.array([[nan, nan], [1, nan]], "float32"),
    "ties": np.array([[3, 1, 3, 2], [1, 1, 1, 1], [0, 5, 5, 0]], "int32"), "sq": f(3, 3), "sq2": f(2, 3, 3), "four": np.array([1, 0, 2, -1], "int32"), "v3": f(3), "w3": f(2, 3),
    "idx": np.array([[0, -1], [2, 1]], "int32"), "along": np.array([[0, 2, 1, 0]], "int32"), "unit": rng.uniform(0.01, 0.99, 6).astype("float32").round(3),
    "sorted": np.array([-1, 0, 0, 2, 5], "float32"), "bits": np.array([0, 1, 5, -3, 12, 7], "int32"), "one3": f(1, 3, 1), "times": np.array([2, 0, 1], "int32"), "at1": np.array([[1], [2], [1]], "int32"), "counts": np.array([0, 1, 1, 3, 5], "int32"), "weights": f(5),
    "prob": np.array([[0.2, 0.3, 0.5], [0, 1, 0], [1, 1, 2]], "float32"), "target": np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]], "float32"), "logit": f(3, 3) * 4, "class": np.array([2, 1, 0], "int32"), "class1": np.array([[2], [1], [0]], "int32"),
    "seg": np.array([0, 0, 2, 1], "int32"), "segd": f(4, 2), "segi": np.array([3, -1, 4, 2], "int32"), "bad": np.array([0, -1, 3, 1], "int32"), "hot": np.array([[0, 3], [5, -1]], "int32"),
    "pic": rng.uniform(0, 1, (1, 4, 5, 3)).astype("float32").round(3), "picfirst": rng.uniform(0, 1, (1, 3, 4, 5)).astype("float32").round(3), "pic1": rng.uniform(0, 1, (4, 6, 3)).astype("float32").round(3),
    "warp": np.array([1.1, 0.1, -0.5, -0.1, 0.9, 0.3, 0, 0], "float32"), "vol": f(1, 4, 5, 3, 2), "volfirst": f(1, 2, 4, 5, 3), "k3": f(2, 3, 2, 2, 3), "x2": f(1, 6, 5, 4), "kk": f(3, 2, 4, 2), "kt": f(3, 2, 2, 4), "kd": f(3, 3, 4, 1), "kp": f(1, 1, 4, 2),
    "x2first": f(1, 4, 6, 5), "x1": f(2, 7, 3), "k1c": f(3, 3, 2), "x1first": f(2, 3, 7), "g": f(4), "bnmean": f(4), "bnvar": np.abs(f(4)) + 0.2,
    "query": f(1, 3, 2, 4), "key": f(1, 3, 2, 4), "value": f(1, 3, 2, 4), "unseen": np.zeros((1, 1, 3, 3), bool), "bmask": rng.uniform(size=(1, 1, 3, 3)) < 0.7,
}
UNARY = "abs absolute arccos arccosh arcsin arcsinh arctan arctanh rsqrt cbrt ceil cos cosh deg2rad exp exp2 expm1 fabs floor isfinite isinf isnan isneginf isposinf log log10 log1p log2 logical_not negative rad2deg reciprocal round sign signbit sin sinc sinh sqrt square tan tanh trunc nan_to_num copy ravel ones_like zeros_like erf erfinv relu relu6 sigmoid silu softplus softsign selu hard_sigmoid hard_silu hard_swish swish hard_tanh log_sigmoid tanh_shrink squareplus sparse_plus sparse_sigmoid elu celu leaky_relu gelu hard_shrink soft_shrink".split()
BINARY = "add subtract multiply divide true_divide floor_divide mod power maximum minimum arctan2 hypot logaddexp logaddexp2 equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor divide_no_nan fmax fmin fmod heaviside".split()
REDUCE = "sum prod mean std var max min amax amin any all median ptp nanmax nanmin nanmean nansum".split()
FLOAT_ONLY = set("rsqrt erf erfinv relu6 sigmoid silu softplus softsign selu hard_sigmoid hard_silu hard_swish swish hard_tanh log_sigmoid tanh_shrink squareplus sparse_plus sparse_sigmoid elu celu gelu hard_shrink soft_shrink leaky_relu relu".split())


def rows():
    for n in UNARY:
        for x in ("edge", "none") if n in FLOAT_ONLY else ("edge", "whole", "yes", "byte", "none"):
            if x == "yes" and n in ("negative", "sign", "round"):
                continue
            yield [n, ["$" + x], {}]
    for n in BINARY:
        yield [n, ["$edge", "$edge2"], {}]
        for x, y in (("fm", "fv"), ("fc", "fm"), ("whole", "whole2"), ("whole", "unit"), ("yes", "odd"), ("yes", "yes2"), ("none", "v3"), ("byte", "odd")):
            if n in ("subtract", "heaviside", "fmod", "floor_divide", "mod", "power") and (x, y) == ("yes", "yes2"):
                continue
            if n == "power" and y in ("whole2", "odd") or n in ("add", "multiply") and (x, y) == ("yes", "yes2"):
                continue
            yield [n, ["$" + x, "$" + y], {}]
        yield [n, ["$fm", 2], {}]
        yield [n, ["$whole", 2], {}]
        yield [n, ["$whole", 1.5], {}]
        yield [n, [2.5, "$fv"], {}]
    for n in "bitwise_and bitwise_or bitwise_xor left_shift right_shift bitwise_left_shift bitwise_right_shift".split():
        yield [n, ["$bits", 2], {}]
        yield [n, ["$bits", "$byte"], {}] if "shift" not in n else [n, ["$bits", "$yes"], {}]
    yield ["bitwise_not", ["$bits"], {}]
    for n in REDUCE:
        for x in ("ft", "im", "bm", "nm"):
            if x == "bm" and n in ("ptp", "median", "nanmax", "nanmin"):
                continue
            yield [n, ["$" + x], {}]
            yield [n, ["$" + x], {"axis": -1}]
            yield [n, ["$" + x], {"axis": 0, "keepdims": True}]
        yield [n, ["$ft"], {"axis": [0, -1]}]
        yield [n, ["$ft"], {"axis": [-1, 1], "keepdims": True}]
        yield [n, ["$ft"], {"keepdims": True}]
        if n in "sum prod mean any all".split():
            yield [n, ["$none"], {"axis": 0}]
            yield [n, ["$none"], {}]
        if n.startswith("nan"):
            yield [n, ["$allnan"], {"axis": 1}]
        if n not in ("sum", "prod", "nansum"):
            yield [n, ["$byte"], {}]
    for n in ("argmax", "argmin"):
        for x in ("fm", "ties", "nm", "bm"):
            yield [n, ["$" + x], {}]
            yield [n, ["$" + x], {"axis": -1}]
            yield [n, ["$" + x], {"axis": 0, "keepdims": True}]
        yield [n, ["$fm"], {"keepdims": True}]
    for o in ({}, {"axis": 1}, {"axis": [0, 1]}):
        yield ["count_nonzero", ["$im"], o]
    for n in ("max", "min"):
        yield [n, ["$fm"], {"axis": 1, "initial": 0.25}]
        yield [n, ["$none"], {"axis": 0, "initial": -1.0}]
        yield [n, ["$im"], {"initial": 2}]
    yield ["prod", ["$im"], {"axis": 1, "dtype": "float32"}]
    for n in ("cumsum", "cumprod"):
        for x in ("fm", "im", "bm", "nm"):
            yield [n, ["$" + x], {}]
            yield [n, ["$" + x], {"axis": -1}]
        yield [n, ["$im"], {"axis": 0, "dtype": "float32"}]
        yield [n, ["$byte"], {}]
    for o in ({}, {"axis": -1}, {"axis": 1, "weights": "$fv"}, {"weights": "$fm"}):
        yield ["average", ["$fm"], o]
    yield ["average", ["$im"], {"axis": 0}]
    for n in ("quantile", "percentile"):
        s = 1 if n == "quantile" else 100
        yield [n, ["$fm", 0.3 * s], {}]
        yield [n, ["$ft", 0.7 * s], {"axis": [0, 2], "keepdims": True}]
        for m in ("linear", "lower", "higher", "midpoint", "nearest"):
            yield [n, ["$fm", 0.45 * s], {"axis": 1, "method": m}]
        yield [n, ["$im", 0.25 * s], {"axis": -1}]
    for n in ("sort", "argsort"):
        for x in ("fm", "ties", "nm"):
            yield [n, ["$" + x], {}]
            yield [n, ["$" + x], {"axis": 0}]
    yield ["sort", ["$byte"], {}]
    for a in ({}, {"axis": 0}, {"axis": -1}, {"axis": [0, 1]}):
        yield ["flip", ["$fm"], a]
    for a in ({}, {"axis": 0}, {"axis": -1}):
        yield ["append", ["$fm", "$fm"], a]
    yield ["append", ["$whole", "$unit"], {}]
    for args, o in ((["$fm", 2], {}), (["$fm", [1, 2]], {"axis": [0, 1]}), (["$fm", -1], {"axis": -1})):
        yield ["roll", args, o]
    for a in (0, -1, [0, 2]):
        yield ["expand_dims", ["$fm", a], {}]
    for o in ({}, {"axis": 0}, {"axis": [0, -1]}):
        yield ["squeeze", ["$one3"], o]
    yield ["repeat", ["$fm", 2], {}]
    yield ["repeat", ["$fm", 2], {"axis": 0}]
    yield ["repeat", ["$fm", "$times"], {"axis": 0}]
    yield ["tile", ["$fm", 2], {}]
    yield ["tile", ["$fm", [2, 1, 2]], {}]
    for o in ({}, {"k": 2}, {"axes": [1, 0]}):
        yield ["rot90", ["$fm"], o]
    for s in ([4, 3], [2, -1], -1):
        yield ["reshape", ["$fm", s], {}]
    yield ["broadcast_to", ["$fc", [2, 3, 4]], {}]
    yield ["transpose", ["$ft"], {}]
    yield ["transpose", ["$ft"], {"axes": [1, -1, 0]}]
    yield ["moveaxis", ["$ft", 0, -1], {}]
    yield ["moveaxis", ["$ft", [0, 1], [-1, 0]], {}]
    yield ["swapaxes", ["$ft", 0, -1], {}]
    for n in ("diagonal", "trace"):
        yield [n, ["$fm"], {}]
        yield [n, ["$fm"], {"offset": 1}]
        yield [n, ["$ft"], {"offset": -1, "axis1": 1, "axis2": 2}]
    for x in ("fv", "sq"):
        yield ["diag", ["$" + x], {}]
        yield ["diag", ["$" + x], {"k": -1}]
    yield ["diagflat", ["$w3"], {"k": 1}]
    for n in ("tril", "triu"):
        for k in ({}, {"k": 1}, {"k": -2}):
            yield [n, ["$ft"], k]
    yield ["diff", ["$fm"], {}]
    yield ["diff", ["$fm"], {"n": 2, "axis": 0}]
    yield ["diff", ["$bm"], {}]
    yield ["digitize", ["$unit", [0.2, 0.4, 0.9]], {}]
    for o in ({}, {"side": "right"}):
        yield ["searchsorted", ["$sorted", [-3.0, 0.0, 2.0, 9.0]], o]
    for o in ({}, {"minlength": 8}, {"weights": "$weights"}):
        yield ["bincount", ["$counts"], o]
    yield ["unravel_index", ["$class", [3, 4]], {}]
    yield ["clip", ["$fm", -0.5, 0.5], {}]
    yield ["clip", ["$im", -2, 2], {}]
    yield ["clip", ["$edge", -1.0, 1.0], {}]
    yield ["clip", ["$im", -0.5, 2.5], {}]
    for d in (1, 2, -1):
        yield ["round", ["$fm"], {"decimals": d}]
    for o in ({}, {"mode": "reflect"}, {"mode": "symmetric"}, {"mode": "constant", "constant_values": 7}, {"mode": "edge"}, {"mode": "wrap"}):
        yield ["pad", ["$fm", "#[[1, 2], [0, 3]]"], o]
    yield ["pad", ["$fm", 1], {}]
    yield ["pad", ["$fm", [1, 2]], {}]
    yield ["nan_to_num", ["$edge"], {"nan": 1.5, "posinf": 9.0, "neginf": -9.0}]
    for n in ("isclose", "allclose"):
        yield [n, ["$edge", "$edge"], {}]
        yield [n, ["$edge", "$edge"], {"equal_nan": True}]
        yield [n, ["$fv", "$g"], {"rtol": 1e-3, "atol": 3.0}]
    for n in ("zeros_like", "ones_like"):
        yield [n, ["$fm"], {"dtype": "int32"}]
    yield ["full_like", ["$im", 3], {}]
    yield ["full_like", ["$fm", 3], {"dtype": "int32"}]
    yield ["cross", ["$v3", "$w3"], {}]
    yield ["cross", ["$w3", "$w3"], {"axis": 1}]
    yield ["cross", ["$sq", "$sq2"], {"axisa": 0, "axisb": 1, "axisc": 0}]
    for a in (1, 2, 0):
        yield ["tensordot", ["$sq", "$sq"], {"axes": a}]
    yield ["tensordot", ["$ft", "$ft"], {"axes": "#[[0, 2], [0, 2]]"}]
    yield ["einsum", ["bij,bkj->bik", "$ft", "$ft"], {}]
    yield ["einsum", ["...ij->...ji", "$ft"], {}]
    yield ["einsum", ["ij,ij->", "$im", "$im"], {}]
    yield ["meshgrid", ["$v3", "$fv"], {}]
    yield ["meshgrid", ["$v3", "$fv"], {"indexing": "ij"}]
    for o in ({}, {"N": 2}, {"N": 5, "increasing": True}):
        yield ["vander", ["$v3"], o]
    yield ["where", ["$bm", "$fm", 0.0], {}]
    yield ["where", ["$bm", "$im", "$fm"], {}]
    yield ["where", ["$bm", 1.5, 0.5], {}]
    for n in ("matmul", "dot"):
        for x, y in (("sq", "v3"), ("sq2", "sq"), ("v3", "v3"), ("im", "ties")):
            yield [n, ["$" + x, "$" + y], {}] if (x, y) != ("im", "ties") else [n, ["$ties", "$four"], {}]
    for n in ("inner", "outer", "kron"):
        yield [n, ["$v3", "$v3"], {}]
        yield [n, ["$w3", "$sq"], {}]
        yield [n, ["$whole", "$whole2"], {}]
    yield ["vdot", ["$w3", "$w3"], {}]
    for o in ({}, {"axis": 0}, {"axis": -1}):
        yield ["take", ["$fm", "$idx"], o]
    yield ["take", ["$fm", 1], {"axis": 1}]
    yield ["take_along_axis", ["$fm", "$along"], {"axis": 0}]
    yield ["take_along_axis", ["$fm", "$class"], {}]
    for a, o in ((2, {"axis": -1}), (3, {}), ([1, 3], {"axis": 1}), ([1], {})):
        yield ["split", ["$fm", a], o]
        if isinstance(a, int):
            yield ["array_split", ["$fm", a], o]
    yield ["array_split", ["$fm", 3], {"axis": 1}]
    for o in ({}, {"axis": 1}, {"axis": -1}):
        yield ["concatenate", [["$fm", "$fm"]], o]
        yield ["stack", [["$fm", "$fm"]], o]
    yield ["concatenate", [["$im", "$fm"]], {}]
    yield ["concatenate", [["$none", "$w3"]], {}]
    for n in ("hstack", "vstack", "dstack"):
        yield [n, [["$v3", "$v3"]], {}]
        yield [n, [["$fm", "$fm"]], {}]
    for args in ([5], [2, 9], [2, 9, 3], [0.0, 1.0, 0.3], [5, 2], [9, 2, -2]):
        yield ["arange", args, {}]
    yield ["arange", [3], {"dtype": "float32"}]
    for o in ({}, {"num": 5}, {"num": 4, "endpoint": False}, {"num": 1}, {"num": 3, "dtype": "int32"}, {"num": 3, "retstep": True}):
        yield ["linspace", [0.0, 10.0], o]
    yield ["linspace", ["$v3", 1.0], {"num": 3}]
    yield ["linspace", ["$v3", 1.0], {"num": 3, "axis": -1}]
    for o in ({"num": 4}, {"num": 4, "base": 2}, {"num": 4, "endpoint": False}):
        yield ["logspace", [0.0, 3.0], o]
    for o in ({"num": 4}, {"num": 4, "endpoint": False}):
        yield ["geomspace", [1.0, 1000.0], o]
    for a, o in (([3], {}), ([2, 4], {}), ([3], {"k": 1}), ([3, 4], {"k": -1, "dtype": "int32"}), ([2], {"M": 3})):
        yield ["eye", a, o]
        yield ["tri", a, o]
    yield ["identity", [3], {}]
    yield ["identity", [2], {"dtype": "int32"}]
    for n in ("zeros", "ones", "empty"):
        yield [n, [[2, 3]], {}]
        yield [n, [[0, 3]], {"dtype": "int32"}] if n != "empty" else [n, [[0, 2]], {}]
    yield ["full", [[2, 2], 3.5], {}]
    yield ["full", [[2, 3], "$v3"], {}]
    yield ["full", [[2], 3], {"dtype": "int32"}]
    yield ["array", ["$im"], {}]
    yield ["array", ["$im"], {"dtype": "float32"}]
    yield ["histogram", ["$unit"], {}]
    yield ["histogram", ["$unit"], {"bins": 4, "range": [0, 1]}]
    for o in ({}, {"invert": True}, {"assume_unique": True}):
        yield ["isin", ["$ties", "$whole"], o]
    for o in ({}, {"return_index": True}, {"return_inverse": True, "return_counts": True}, {"axis": 0}):
        yield ["unique", ["$ties"], o]
    yield ["unique", ["$ties"], {"size": 3}]
    yield ["unique", ["$ties"], {"size": 7, "fill_value": -1}]
    yield ["nonzero", ["$im"], {}]
    for n in ("shape", "ndim", "size"):
        yield [n, ["$ft"], {}]
    # math, nn, image, core
    for o in ({}, {"axis": -1}, {"axis": [0, 1], "keepdims": True}):
        yield ["logsumexp", ["$fm"], o]
    yield ["logsumexp", ["$im"], {}]
    yield ["logsumexp", ["$nm"], {"axis": 1}]
    for x in ("fm", "ties", "nm"):
        yield ["top_k", ["$" + x, 2], {}]
        yield ["top_k", ["$" + x, 3], {"sorted": True}]
    yield ["top_k", ["$ties", 2], {"sorted": False}]
    yield ["in_top_k", ["$class", "$logit", 1], {}]
    yield ["in_top_k", ["$bad", "$segd", 1], {}]
    for n in ("segment_sum", "segment_max"):
        for d in ("segd", "segi"):
            yield [n, ["$" + d, "$seg"], {"num_segments": 3}]
            yield [n, ["$" + d, "$seg"], {"num_segments": 5, "sorted": False}]
            yield [n, ["$" + d, "$bad"], {"num_segments": 3}]
    for o in ({}, {"axis": [0, 1]}, {"ord": "fro", "axis": [0, 1]}, {"ord": 1, "axis": [0, 1]}, {"ord": "@Infinity", "axis": [0, 1], "keepdims": True}, {"ord": -1, "axis": [0, 1]}, {"ord": "@Infinity", "axis": -1}, {"ord": 0, "axis": 1}, {"ord": "@-Infinity", "axis": 0}, {"ord": 2.5, "axis": 0}):
        yield ["norm", ["$fm"], o]
    yield ["norm", ["$ft"], {"ord": "fro", "axis": [0, 2], "keepdims": True}]
    yield ["norm", ["$im"], {}]
    yield ["norm", ["$fm"], {"ord": 1}]
    yield ["norm", ["$fv"], {"ord": 3}]
    for n in ("softmax", "log_softmax", "sparsemax"):
        for o in ({}, {"axis": 0}, {"axis": -2}):
            yield [n, ["$fm"], o]
        if n != "sparsemax":
            yield [n, ["$fm"], {"axis": [0, 1]}]
            yield [n, ["$nm"], {}]
    for n, o in (("elu", {"alpha": 0.5}), ("celu", {"alpha": 0.5}), ("leaky_relu", {"negative_slope": 0.1}), ("gelu", {"approximate": False}), ("hard_shrink", {"threshold": 1.0}), ("soft_shrink", {"threshold": 1.0}), ("squareplus", {"b": 2})):
        yield [n, ["$edge"], o]
    yield ["threshold", ["$edge", 0.5, -1.0], {}]
    yield ["glu", ["$fm"], {}]
    yield ["glu", ["$ft"], {"axis": 0}]
    for o in ({}, {"axis": 0}, {"dtype": "int32"}, {"axis": 1, "dtype": "bool"}):
        yield ["one_hot", ["$hot", 5], o]
    for o in ({}, {"dtype": "int32"}, {"axis": 1}):
        yield ["multi_hot", ["$hot", 6], o]
    for o in ({}, {"from_logits": True}):
        yield ["binary_crossentropy", ["$target", "$prob" if not o else "$logit"], o]
        yield ["categorical_crossentropy", ["$target", "$prob" if not o else "$logit"], o]
        yield ["categorical_crossentropy", ["$target", "$prob" if not o else "$logit"], {**o, "axis": 0}]
        yield ["sparse_categorical_crossentropy", ["$class", "$prob" if not o else "$logit"], o]
        yield ["sparse_categorical_crossentropy", ["$class1", "$prob" if not o else "$logit"], o]
    for o in ({}, {"keepdims": True}, {"synchronized": False}):
        yield ["moments", ["$ft", [0, -1]], o]
    yield ["moments", ["$fm", [0]], {}]
    for o in ({}, {"scale": "$g"}, {"offset": "$g", "epsilon": 0.01}):
        yield ["batch_normalization", ["$fm", "$bnmean", "$bnvar", -1], o]
        yield ["batch_normalization", ["$x2first", "$bnmean", "$bnvar", 1], o]
    for o in ({}, {"axis": 0}, {"order": 1}, {"axis": -1, "order": 3}, {"epsilon": 2.0}):
        yield ["normalize", ["$fm"], o]
    yield ["normalize", ["$none"], {}]
    yield ["psnr", ["$pic", "$pic", 255], {}]
    yield ["layer_normalization", ["$fm", "$g"], {"axis": -1, "epsilon": 0.1}]
    yield ["layer_normalization", ["$fm"], {"gamma": "$g", "beta": "$g"}]
    yield ["rms_normalization", ["$fm", "$g"], {"axis": -1, "epsilon": 0.1}]
    att = ["$query", "$key", "$value"]
    for o in ({}, {"is_causal": True}, {"mask": "$bmask"}, {"mask": "$bmask", "is_causal": True}, {"mask": "$unseen"}, {"scale": 2.0}):
        yield ["dot_product_attention", att, o]
    for o in ({}, {"strides": 2}, {"padding": "same"}, {"strides": [1, 2], "padding": "same"}, {"dilation_rate": [1, 2]}):
        yield ["conv", ["$x2", "$kk"], o]
        yield ["conv", ["$x2first", "$kk"], {**o, "data_format": "channels_first"}]
    yield ["conv", ["$x1", "$k1c"], {"strides": 2, "padding": "same"}]
    yield ["conv", ["$x1first", "$k1c"], {"data_format": "channels_first"}]
    yield ["conv", ["$vol", "$k3"], {"padding": "same"}]
    yield ["conv", ["$volfirst", "$k3"], {"strides": [2, 1, 1], "data_format": "channels_first"}]
    for o in ({}, {"strides": 2, "padding": "same"}, {"dilation_rate": 2}):
        yield ["depthwise_conv", ["$x2", "$kd"], o]
        yield ["depthwise_conv", ["$x2first", "$kd"], {**o, "data_format": "channels_first"}]
        yield ["separable_conv", ["$x2", "$kd", "$kp"], o]
        yield ["separable_conv", ["$x2first", "$kd", "$kp"], {**o, "data_format": "channels_first"}]
    for o in ({}, {"strides": 2}, {"strides": [2, 3], "padding": "same"}, {"dilation_rate": 2}, {"strides": 3, "padding": "valid", "output_padding": 2}):
        yield ["conv_transpose", ["$x2", "$kt"], o]
        yield ["conv_transpose", ["$x2first", "$kt"], {**o, "data_format": "channels_first"}]
    for n in ("max_pool", "average_pool"):
        # Without strides Keras on JAX fails; there and elsewhere they are meant to be the pool size.
        for o in ({"strides": [2, 3]}, {"strides": 1}, {"strides": 2, "padding": "same"}):
            yield [n, ["$x2", [2, 3]], o]
            yield [n, ["$x2first", [2, 3]], {**o, "data_format": "channels_first"}]
        yield [n, ["$x1", 2], {"strides": 2}]
        yield [n, ["$volfirst", 2], {"strides": 2, "data_format": "channels_first", "padding": "same"}]
    for o in ({}, {"interpolation": "nearest"}, {"interpolation": "bicubic"}, {"interpolation": "lanczos3", "antialias": True}, {"interpolation": "bilinear", "antialias": True}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": 0.5}):
        yield ["image.resize", ["$pic", [3, 7]], o]
        yield ["image.resize", ["$picfirst", [2, 6]], {**o, "data_format": "channels_first"}]
    yield ["image.resize", ["$pic1", [2, 3]], {}]
    for n in ("rgb_to_grayscale", "rgb_to_hsv", "hsv_to_rgb"):
        yield ["image." + n, ["$pic"], {}]
        yield ["image." + n, ["$picfirst"], {"data_format": "channels_first"}]
        yield ["image." + n, ["$pic1"], {}]
    for o in ({}, {"interpolation": "nearest"}, {"fill_mode": "reflect"}, {"fill_mode": "nearest"}, {"fill_mode": "wrap"}, {"fill_mode": "mirror"}, {"fill_value": 0.5}):
        yield ["image.affine_transform", ["$pic1", "$warp"], o]
    yield ["image.affine_transform", ["$picfirst", "#[[1.1, 0.1, -0.5, -0.1, 0.9, 0.3, 0, 0]]"], {"data_format": "channels_first"}]
    for o in ({}, {"kernel_size": [5, 3], "sigma": [2.0, 0.5]}):
        # Where Keras on JAX is given no data format, it takes the channels to be first.
        yield ["image.gaussian_blur", ["$pic"], {**o, "data_format": "channels_last"}]
    yield ["image.gaussian_blur", ["$picfirst"], {"data_format": "channels_first"}]
    for d in ("int32", "bool", "uint8", "float32"):
        yield ["cast", ["$edge2" if d in ("bool", "float32") else "$unit", d], {}]
        yield ["cast", ["$whole", d], {}] if d != "uint8" else ["cast", ["$byte", d], {}]
    for d in ("uint8", "int32"):
        yield ["saturate_cast", ["$fm", d], {}]
        yield ["saturate_cast", ["$whole", d], {}]
    for r in ("add", "max", "min", "mul"):
        yield ["scatter_update", ["$fm", "#[[1, 0], [0, 3], [1, 0]]", [1.0, 2.0, 3.0]], {"reduction": r}]
    yield ["scatter", ["$at1", "$im", [4, 4]], {}]
    yield ["slice", ["$ft", [0, 1, 1], [2, 2, 3]], {}]
    yield ["slice", ["$ft", [1, 2, 3], [2, 2, 2]], {}]
    yield ["slice_update", ["$fm", [2, 3], [[1.0, 2.0]]], {}]
    for o in ({}, {"axis": -1}, {"num": 3}, {"num": 4, "axis": 1}):
        yield ["unstack", ["$fm"], o]
    yield ["extract_sequences", ["$ft", 2, 1], {}]
    yield ["convert_to_tensor", ["$im"], {"dtype": "float32"}]
    yield ["corrcoef", ["$fm"], {}]
