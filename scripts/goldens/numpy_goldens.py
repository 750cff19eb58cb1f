"""Writes test/goldens/numpy_calls.json: calls of NumPy with their results, and arrays with their printed text.

    python3 scripts/goldens/numpy_goldens.py

A case is {f, args, out}: the name of a function of `np` in TypeScript's case, its arguments (options
last, as an object) and what NumPy returns. The dtype of a result is the one documented in src/dtype.ts:
64-bit integers become int32, and float64 becomes float32 unless an argument is float64.
"""
import re
import warnings

import numpy as np

import golden_io

warnings.simplefilter("ignore")
rng = np.random.default_rng(20240229)
f32, f64, i32, u8 = np.float32, np.float64, np.int32, np.uint8


def arr(x, dtype=f32):
    return np.array(x, dtype=dtype)


def ints(*shape, low=-9, high=10):
    return rng.integers(low, high, shape).astype(i32)


def floats(*shape):
    return np.round(rng.normal(size=shape) * 3, 3).astype(f32)


def camel(name):
    return re.sub(r"_(.)", lambda m: m.group(1).upper(), name)


def keeps_double(x):
    if isinstance(x, (list, tuple)):
        return any(map(keeps_double, x))
    if isinstance(x, dict):
        return any(map(keeps_double, x.values())) or x.get("dtype") == "float64"
    return isinstance(x, np.ndarray) and x.dtype == f64


def canonical(x, double):
    if isinstance(x, (list, tuple)):
        return [canonical(v, double) for v in x]
    if isinstance(x, (bool, str)):
        return x
    a = np.asarray(x)
    if a.dtype == f64 and not double:
        return a.astype(f32)
    if a.dtype in (np.int64, np.uint64):
        return a.astype(i32)
    return a


cases = []


def case(f, *args, py=None, **options):
    """`f` in NumPy's spelling; `py` where the call differs."""
    function = np
    if py is None:
        for part in f.split("."):
            function = getattr(function, part)
        py = function
    out = py(*args, **options)
    given = list(args)
    if options:
        given.append({camel(k): v for k, v in options.items()})
    cases.append({"f": camel(f), "args": given, "out": canonical(out, keeps_double(given))})


def creation():
    case("zeros", [2, 3])
    case("ones", [2], dtype="int32")
    case("full", [2, 2], 7.0)
    case("full", [2, 2], True)
    case("full", [2, 3], arr([1, 2, 3]))
    case("eye", 3)
    case("eye", 2, 4)
    case("eye", 4, 3, k=-1)
    case("eye", 3, 5, k=2)
    case("identity", 3)
    case("zeros_like", ints(2, 2))
    case("ones_like", floats(3))
    case("full_like", ints(3), 4)
    for a in [(5,), (2, 9), (2, 9, 3), (9, 2, -2), (0, 1, 0.25), (1, 0, -0.3), (5, 2), (-3,), (0.5, 3), (0, 0.7, 0.1)]:
        case("arange", *a)
    case("arange", 3, dtype="float32")
    for a in [(0, 1, 5), (2, -3, 7), (1, 1, 3), (0, 10, 1), (0, 10, 0), (-1, 1, 2)]:
        case("linspace", *a)
    case("linspace", 0, 1)
    case("linspace", 0, 1, num=4, endpoint=False)
    case("linspace", 0, 9, num=5, dtype="int32")
    case("linspace", 0, 1, num=3, dtype="float64")
    case("logspace", 0, 3, 4)
    case("logspace", 0, 4, num=5, base=2)
    case("geomspace", 1, 1000, 4)
    case("meshgrid", arr([1, 2, 3]), arr([4, 5]))
    case("meshgrid", arr([1, 2, 3]), arr([4, 5]), indexing="ij")
    case("diag", floats(3))
    case("diag", floats(2), 1)
    case("diag", floats(2), -2)
    m = ints(3, 4)
    for k in (0, 1, -1, 3, 9):
        case("diag", m, k)
        case("tril", m, k)
        case("triu", m, k)
    case("tril", ints(2, 3, 3))
    case("diagonal", ints(2, 3, 4))
    case("diagonal", ints(2, 3, 4), 1, 1, 2)
    case("diagonal", ints(2, 3, 4), -1, 2, 0)
    case("trace", m)
    case("trace", m, 1)
    case("trace", ints(3, 3, 2))


def elementwise():
    x = arr([-2.5, -1.5, -0.5, -0.0, 0.0, 0.5, 1.5, 2.5, 3.7, -3.7])
    special = arr([np.nan, np.inf, -np.inf, 1, -0.0])
    for f in ["square", "exp", "expm1", "sin", "cos", "tan", "arctan", "sinh", "cosh", "tanh", "floor", "ceil",
              "round", "trunc", "sign", "abs", "absolute", "negative", "arcsinh", "rint", "cbrt", "exp2", "sinc",
              "isnan", "isinf", "isfinite", "signbit", "logical_not"]:
        case(f, x)
        if f not in ("sin", "cos", "tan", "cosh", "sinh", "sinc"):
            case(f, special)
    for f in ["sqrt", "log", "log2", "log10", "log1p", "reciprocal"]:
        case(f, arr([0.25, 1, 2, 8, 10, 1000, 0.1]))
        case(f, special)
    for f in ["arcsin", "arccos", "arctanh"]:
        case(f, arr([-0.9, -0.5, 0, 0.25, 0.75]))
    case("arccosh", arr([1, 1.5, 20]))
    case("sqrt", arr([1, 4, 9], i32))
    case("sin", arr([0, 1, 2], f64))
    n = arr([-7, -3, -1, 0, 2, 7], i32)
    for f in ["abs", "negative", "sign", "square", "floor", "isnan", "isfinite", "round"]:
        case(f, n)
    case("negative", arr([1, 200], u8))
    case("square", arr([20, 3], u8))
    case("round", arr([1.25, 1.35, -2.346, 1234.5678]), 2)
    case("round", arr([1234, 1250, 1350, -1251], i32), -2)
    case("round", arr([1250, 1350.5]), -2)
    a = arr([7, -7, 7, -7, 0, 5.5, -5.5])
    b = arr([2, 2, -2, -2, 3, 2.25, 2.25])
    for f in ["add", "subtract", "multiply", "divide", "true_divide", "floor_divide", "mod", "remainder", "power",
              "maximum", "minimum", "arctan2", "equal", "not_equal", "less", "less_equal", "greater",
              "greater_equal", "fmax", "fmin", "hypot", "logaddexp", "copysign", "fmod"]:
        case(f, a, b)
    p, q = arr([7, -7, 7, -7, 0, 9], i32), arr([2, 2, -2, -2, 3, 3], i32)
    for f in ["add", "subtract", "multiply", "divide", "floor_divide", "mod", "maximum", "minimum", "less", "fmod"]:
        case(f, p, q)
    case("power", arr([2, 3, -2], i32), arr([3, 2, 5], i32))
    case("power", arr([2, 3, -2], i32), 3)
    case("power", arr([2.5, 4, 0.5]), 0.5)
    case("power", arr([2.0, -3, 0.5]), -2)
    case("power", 2, arr([0, 1, 2, 3], i32))
    case("power", arr([0.0, 0, 1, np.nan, 1]), arr([0.0, 2, np.nan, 0, np.inf]))
    for f in ["floor_divide", "mod", "fmod", "divide"]:
        case(f, arr([1.0, -1, 0, np.inf, 3, -3, np.nan, -0.0]), arr([0.0, 0, 0, 2, np.inf, np.inf, 1, 3]))
    case("maximum", arr([np.nan, 1, np.inf]), arr([1, np.nan, 2]))
    case("minimum", arr([np.nan, 1, np.inf]), arr([1, np.nan, 2]))
    case("add", floats(3, 1), floats(1, 4))
    case("add", arr([True, False], bool), arr([1, 2], i32))
    case("add", arr([True, False], bool), arr([True, True], bool), py=lambda x, y: x.astype(i32) + y)
    case("multiply", arr([3, 200], u8), arr([2, 2], u8))
    case("add", arr([250, 3], u8), arr([1, -2], i32))
    case("add", arr([1, 2], i32), arr([0.5, 0.25]))
    case("add", arr([1, 2], f32), arr([0.1, 0.2], f64))
    case("add", ints(2, 2), 3)
    case("divide", arr([1, 2, 3], i32), 2)
    for f in ["logical_and", "logical_or", "logical_xor"]:
        case(f, arr([0, 0, 1.5, 2]), arr([0, 3, 0, 4]))
    for f in ["bitwise_and", "bitwise_or", "bitwise_xor"]:
        case(f, arr([12, -5, 7], i32), arr([10, 3, 0], i32))
    case("left_shift", arr([1, 5], i32), arr([3, 1], i32))
    case("right_shift", arr([-8, 5], i32), arr([1, 1], i32))
    case("invert", arr([0, 5, -3], i32))
    case("clip", x, -1, 2)
    case("clip", x, None, 0.5)
    case("clip", n, -2, 3)
    case("clip", arr([np.nan, np.inf, -np.inf, 0]), -1, 1)
    case("clip", floats(2, 3), arr([-1, 0, 1]), arr([[0], [2]]))
    case("where", arr([True, False, True], bool), arr([1, 2, 3]), arr([4, 5, 6]))
    case("where", arr([[1, 0], [0, 2]], i32), arr([[1], [2]], i32), arr([10, 20], i32))
    case("where", arr([[1, 0], [0, 2]]))
    case("nan_to_num", special)
    case("nan_to_num", special, nan=5.0, posinf=9.0, neginf=-9.0)
    case("isclose", arr([1, 1.000001, np.inf, np.nan]), arr([1, 1, np.inf, np.nan]))
    case("isclose", arr([1, 1.1, np.nan]), arr([1, 1, np.nan]), rtol=0.2, equal_nan=True)
    case("allclose", arr([1, 2]), arr([1, 2.00001]))
    case("allclose", arr([1, 2]), arr([1, 2.1]))
    case("array_equal", arr([1, 2]), arr([1, 2], i32))
    case("array_equal", arr([1, 2]), arr([[1, 2]]))
    case("array_equal", arr([1, np.nan]), arr([1, np.nan]))
    case("array_equal", arr([1, np.nan]), arr([1, np.nan]), equal_nan=True)


def reductions():
    x, n, b = floats(2, 3, 4), ints(3, 4), arr([[1, 0, 1], [1, 1, 1]], bool)
    for f in ["sum", "prod", "mean", "std", "var", "min", "max", "ptp", "any", "all", "count_nonzero", "median"]:
        for axis in (None, 0, -1):
            case(f, x, axis=axis)
            case(f, n, axis=axis)
        case(f, x, axis=(0, 2))
        case(f, x, axis=1, keepdims=True)
        case(f, x, axis=None, keepdims=True)
        if f not in ("ptp", "median"):
            case(f, b, axis=1)
    for f in ["argmax", "argmin"]:
        case(f, x)
        case(f, x, 1)
        case(f, arr([[1, 3, 3], [2, 2, 0]]), axis=1)
        case(f, arr([1, np.nan, 5, np.nan]))
        case(f, arr([False, True, True], bool))
        case(f, x, axis=2, keepdims=True)
    for f in ["min", "max", "sum", "mean", "median", "nansum", "nanmean", "nanmax", "nanmin"]:
        case(f, arr([[1, np.nan, 3], [4, 5, 6]]), axis=1)
    for f in ["cumsum", "cumprod"]:
        case(f, n)
        case(f, n, 0)
        case(f, x, axis=-1)
        case(f, b, axis=0)
    case("sum", arr([200, 100], u8))
    case("sum", np.zeros((0, 3), f32), axis=0)
    case("prod", np.zeros((0, 3), f32), axis=0)
    case("sum", np.zeros((2, 0), f32), axis=1)
    case("std", x, axis=0, ddof=1)
    case("var", n, axis=1, ddof=1)
    case("mean", arr([1, 2, 4], i32))
    case("mean", arr([1e8, 1, -1e8], f64))
    for q in (0.0, 0.25, 0.5, 0.9, 1.0):
        case("quantile", n, q)
        case("quantile", x, q, axis=1)
    case("quantile", x, [0.1, 0.5], axis=-1, keepdims=True)
    case("percentile", x, 35)
    case("percentile", x, [25, 50, 75], axis=0)
    for m in ["lower", "higher", "nearest", "midpoint", "linear"]:
        case("percentile", x, [10, 40, 77], method=m)
    case("average", x)
    case("average", x, axis=1, weights=arr([1, 2, 3]))
    case("average", n, weights=arr(rng.random((3, 4))))
    case("diff", n)
    case("diff", n, 2)
    case("diff", n, 1, axis=0)
    case("diff", arr([True, False, False], bool))
    case("cov", floats(3, 5))
    case("corrcoef", floats(3, 5))


def sorting():
    ties = arr([3, 1, 2, 1, 3, 2, 1])
    special = arr([np.nan, 3, -np.inf, np.inf, 0, -0.0, np.nan, -1])
    for x in [ties, special, ints(9), arr([9, 250, 3], u8), arr([True, False, True], bool)]:
        case("sort", x)
        case("argsort", x, py=lambda v: np.argsort(v, kind="stable"))
        case("unique", x)
    m = ints(3, 4)
    for axis in (0, 1, -1, None):
        case("sort", m, axis=axis)
        case("argsort", m, axis=axis, py=lambda v, axis: np.argsort(v, axis, kind="stable"))
    t = arr([[3, 1, 2], [1, 3, 1]], i32)
    case("unique", t, return_index=True, return_inverse=True, return_counts=True)
    case("unique", t, return_counts=True)
    case("unique", t, return_inverse=True)
    edges = arr([1, 3, 3, 5])
    v = arr([0, 1, 2, 3, 4, 5, 6])
    case("searchsorted", edges, v)
    case("searchsorted", edges, v, side="right")
    case("searchsorted", edges, 3.5)
    case("digitize", v, arr([1, 3, 5]))
    case("bincount", arr([0, 1, 1, 3, 2, 1, 7], i32))
    case("bincount", arr([0, 1, 1, 3], i32), weights=arr([0.5, 1, 2, 4]), minlength=6)
    h = arr(np.round(rng.random(40) * 5, 2))
    case("histogram", h)
    case("histogram", h, 4)
    case("histogram", h, bins=5, range=[0, 4])
    case("histogram", arr([1, 2, 1, 4]), bins=[0.0, 1.0, 2.0, 3.5])
    case("histogram", h, bins=4, density=True)
    case("nonzero", arr([[0, 1, 0], [2, 0, 3]]))
    case("argwhere", arr([[0, 1, 0], [2, 0, 3]]))
    case("flatnonzero", arr([0, 1, 0, 2]))
    case("lexsort", [arr([1, 5, 1, 4], i32), arr([9, 4, 4, 4], i32)])
    for f in ["union1d", "intersect1d", "setdiff1d", "setxor1d"]:
        case(f, arr([1, 2, 2, 5], i32), arr([2, 3, 5], i32))
    case("isin", arr([[1, 2], [3, 4]], i32), arr([2, 4, 8], i32))


def manipulation():
    a, b, v, w = ints(2, 3), ints(2, 3), ints(3), ints(3)
    cube = ints(2, 3, 4)
    for f in ["concatenate", "stack", "vstack", "hstack", "dstack", "column_stack"]:
        case(f, [a, b])
        if f != "concatenate":
            case(f, [v, w])
    for axis in (0, 1, -1):
        case("concatenate", [a, b], axis=axis)
        case("stack", [a, b], axis=axis)
    case("concatenate", [a, b], axis=None)
    case("concatenate", [arr([1, 2]), arr([3], i32)])
    case("append", a, b)
    case("append", a, b, 1)
    case("split", ints(6), 3)
    case("split", cube, 2, axis=2)
    case("split", ints(8), [3, 5, 6])
    case("array_split", ints(8), 3)
    case("array_split", ints(2, 5), 2, axis=1)
    case("vsplit", ints(4, 2), 2)
    case("hsplit", ints(2, 4), 2)
    case("reshape", cube, [6, -1])
    case("ravel", a)
    case("transpose", cube)
    case("transpose", cube, [1, 2, 0])
    case("swapaxes", cube, 0, -1)
    case("moveaxis", cube, 0, -1)
    case("moveaxis", cube, [0, 1], [-1, 0])
    case("squeeze", ints(1, 3, 1))
    case("squeeze", ints(1, 3, 1), 0)
    case("expand_dims", a, 1)
    case("expand_dims", a, [0, -1])
    case("broadcast_to", v, [2, 3])
    case("tile", v, 2)
    case("tile", a, [2, 2])
    case("tile", v, [2, 1, 2])
    case("tile", cube, 2)
    case("repeat", a, 2)
    case("repeat", a, 2, axis=1)
    case("repeat", a, [1, 0, 3], axis=1)
    for axis in (None, 0, 1):
        case("flip", a, axis)
        case("roll", a, 2, axis)
        case("roll", a, -1, axis=axis)
    case("flip", cube, [0, 2])
    case("roll", cube, [1, -2], [0, 2])
    case("fliplr", a)
    case("flipud", a)
    for k in range(-1, 4):
        case("rot90", a, k)
    case("rot90", cube, 1, [1, 2])
    case("pad", v, 2)
    case("pad", a, [1, 2], constant_values=7)
    case("pad", a, [[1, 0], [0, 2]])
    for mode in ["edge", "reflect", "symmetric", "wrap"]:
        case("pad", v, [5, 4], mode=mode)
        case("pad", a, [[1, 1], [2, 0]], mode=mode)
    case("take", a, arr([0, 5, -1], i32))
    case("take", a, arr([[0, 2], [1, 1]], i32), axis=1)
    case("take_along_axis", a, np.argsort(a, 1).astype(i32), 1)
    case("take_along_axis", a, arr([[1], [-1]], i32), axis=1)
    for f in ["atleast_1d", "atleast_2d", "atleast_3d"]:
        for x in [arr(3), v, a]:
            cases.append({"f": camel(f.replace("_", "")), "args": [x], "out": canonical(getattr(np, f)(x), False)})
    case("delete", ints(5), 2)
    case("insert", arr([1, 2, 3]), 1, 9)
    case("unravel_index", arr([5, 22], i32), [4, 6])
    case("ravel_multi_index", [arr([0, 3], i32), arr([5, 4], i32)], [4, 6])


def linear_algebra():
    shapes = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
              ((5, 2, 3), (5, 3, 4)), ((2, 3), (5, 3, 4)), ((4, 1, 2, 3), (5, 3, 2)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,))]
    for p, q in shapes:
        case("matmul", floats(*p), floats(*q))
    for p, q in [((3,), (3,)), ((2, 3), (3, 4)), ((2, 3), (3,)), ((2, 2, 3), (4, 3, 2)), ((), (2, 3))]:
        case("dot", floats(*p), floats(*q))
    case("matmul", ints(2, 3), ints(3, 2))
    case("inner", floats(3), floats(3))
    case("inner", floats(2, 3), floats(4, 3))
    case("outer", floats(3), floats(2))
    case("outer", floats(2, 2), floats(2))
    case("vdot", floats(2, 2), floats(2, 2))
    case("tensordot", floats(2, 3, 4), floats(3, 4, 5))
    case("tensordot", floats(2, 3), floats(3, 4), 1)
    case("tensordot", floats(2), floats(3), 0)
    case("tensordot", floats(2, 3, 4), floats(4, 3, 5), [[1, 2], [1, 0]])
    case("kron", ints(2, 2), ints(2, 3))
    case("cross", floats(3), floats(3))
    for spec, *dims in [
        ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("ij,kj->ki", (2, 3), (4, 3)), ("i,i", (3,), (3,)),
        ("i,i->i", (3,), (3,)), ("i,j", (2,), (3,)), ("ij->ji", (2, 3)), ("ba", (2, 3)), ("ii", (3, 3)),
        ("ii->i", (3, 3)), ("ij->", (2, 3)), ("ij->j", (2, 3)), ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)),
        ("...ij,...jk->...ik", (2, 3, 4), (4, 2)), ("...ij,...jk", (5, 1, 2, 3), (4, 3, 2)), ("...i->...", (2, 3)),
        ("i...->...", (2, 3)), ("i...,i...->...", (2, 3), (2, 3)), ("ijk,jil->kl", (2, 3, 4), (3, 2, 5)),
        ("iij->ij", (2, 2, 3)), ("iji->j", (2, 3, 2)), ("ij,ij->", (2, 3), (2, 3)), ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
        ("i,j,k->kij", (2,), (3,), (2,)), ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)), ("ij,k->ij", (2, 3), (4,)),
        ("iijj->ij", (2, 2, 3, 3)), ("ijjk,kl->il", (2, 3, 3, 4), (4, 2)), (",i->i", (), (3,)), ("...,...->...", (2, 1), (3,)),
        ("b...i,...ij->b...j", (2, 4, 3), (4, 3, 5)), (" i j , j k -> i k ", (2, 3), (3, 4)), ("iii->i", (3, 3, 3)), ("iii", (3, 3, 3)),
    ]:
        case("einsum", spec, *(floats(*d) for d in dims))
    case("einsum", "ij,jk", ints(2, 3), ints(3, 2))
    v, m = floats(5), floats(3, 4)
    norm = np.linalg.norm
    case("linalg.norm", v)
    case("linalg.norm", m)
    for order in (1, 2, 3, 0, np.inf, -np.inf):
        case("linalg.norm", v, ord=order)
        case("linalg.norm", m, ord=order, axis=1)
    case("linalg.norm", m, axis=0, keepdims=True, py=norm)


def indexing():
    """x[text] as np does it, x.slice(text) here."""
    x = np.arange(60, dtype=f32).reshape(3, 4, 5)
    texts = ["1", "-1", "0, 1", "0, -1, 2", ":", "1:", ":2", "::2", "::-1", "-2:", ":-1", "1:1", "5:", "-9:9", "2:0:-1",
             "::-2", "...", "..., 0", "0, ...", "..., ::2", "..., -1:", "None", "None, 0", ":, None", "..., None",
             "1:, 1:3, ::2", "0, :, 2", ":, 0", ":, 1:, -1", "::-1, ::-1, ::-1", "0:10, ::-1", "1, 2:0:-1, 3:", "3:1",
             "1:100:7", "-1:-4:-1", "-5:2", "0, None, 1, None, 2", "..., 1, None", ":, :, 4:0:-3", "0, 0, 0"]
    out = [{"x": "x", "text": t, "out": np.asarray(eval(f"x[{t}]", {"x": x}))} for t in texts]
    v = arr([2, 0, -1], i32)
    m = arr([[0, 1], [2, 0]], i32)
    mask1, mask2 = arr([1, 0, 1], bool), x[:, :, 0] % 10 == 0
    mask3 = x % 7 == 0
    s = slice
    picks = [[v], [m], [s(None), v], [0, v], [v, 0], [v, s(None), 1], [v, v], [v, s(None), v], [s(None), v, v],
             [mask1], [mask2], [mask3], [mask1, 0], [s(1, None), v, s(None, None, 2)], [s(None), m, v[:2]], [None, v],
             [v, None, v], [v, None], [..., v], [mask1, s(None), s(None, None, -1)], [s(None), 1, v], [1, s(None), v],
             [arr([[2], [0]], i32), v], [mask2, 1], [s(None), arr([1, 0, 0, 1], bool)], [v, ..., 0],
             [np.zeros(3, bool)], [arr([], i32)]]
    for p in picks:
        coded = [{"range": [i.start, i.stop, i.step]} if isinstance(i, slice) else "..." if i is ... else i for i in p]
        out.append({"x": "x", "pick": coded, "out": np.asarray(x[tuple(p)])})
    return x, out


def printing():
    out = []

    def show(a, stored=None, **options):
        a = np.asarray(a)
        with np.printoptions(**options):
            out.append({"x": a if stored is None else stored, "options": options, "str": str(a), "repr": repr(a)})

    def ramp(shape, dtype, start=0.0, step=1.0):
        """start, start + step, …: too long to be stored element by element."""
        a = (start + step * np.arange(np.prod(shape))).astype(dtype).reshape(shape)
        show(a, {"shape": list(shape), "dtype": a.dtype.name, "start": start, "step": step})

    for d in (f32, f64):
        for x in [
            [1, 2, 3], [0.1, 0.2, 0.3], [1.5, -2.25, 100], [1 / 3, 2 / 3], [1e-5, 1], [1e-4, 1], [1e10, 1], [1e16, 1e15],
            [123456789.0, 1], [0.00001234, 1234], [np.nan, 1, np.inf], [-np.inf, 1.5], [np.nan], [np.inf, -np.inf],
            [-0.0, 0.0], [1e-30, 1e30], [5e-324, 1], [1.7976931348623157e308], [3.4028235e38], [1e-45], [16777216, 0.5],
            [[1, 2], [3, 4]], [[1.5, np.nan], [-np.inf, 1e-3]], [[[1, 2], [3, 4]], [[5, 6], [7, 8]]], [[[[1.5]]]], [],
            [[]], [[], []], [999999, 0.001], [1e6], [999999.5], [1e8], [99999999], [0.1 + 0.2], [100000, 0.1], [1, 1000.5, 1e-3],
            [0.5, 1e5], [1e-3, 1.0], [9999, 0.0001], [1e22, 1e-7], [123456.789], [1.1, 22.22, 333.333, 4444.4444],
        ]:
            show(np.array(x, d))
        for v in [0, 1, -1, 0.1, 1 / 3, 1e-5, 1e-4, 123456.789, 1e6, 1e7, 1e8, 1e15, 1e16, 1e17, np.nan, np.inf, -np.inf, -0.0,
                  3.14159265358979, 1e-10, 65504.0, 1.5e300 if d is f64 else 1.5e30, 2 ** 24 + 1, 0.1 + 0.2]:
            show(np.array(v, d))
        show(np.arange(30, dtype=d))
        show(np.linspace(0, 1, 30, dtype=d))
        show(np.linspace(0, 1e7, 11, dtype=d))
        show((np.arange(24, dtype=d) / 7).reshape(2, 3, 4))
        show((np.arange(40, dtype=d) * 1000.25).reshape(2, 20))
        show(rng.normal(size=(4, 4)).astype(d))
        show((rng.normal(size=(3, 3)) * 10.0 ** rng.integers(-8, 8, (3, 3))).astype(d))
        show(rng.normal(size=25).astype(d))
        show(rng.random((2, 2, 9)).astype(d))
        ramp([2000], d, 0, 0.125)
        ramp([1001], d)
        ramp([1000], d)
        ramp([40, 40], d, -266.625, 1 / 3)
        ramp([20, 30, 2], d, 0, 0)
        ramp([1001, 1], d, 0.5, 0)
        ramp([1, 1200], d, 0, 0)
        ramp([2, 600], d, 123456.7, 0.25)
        ramp([7, 8, 9, 10], d, 0, 1e-3)
        show(np.zeros((0, 3), d))
        show(np.zeros((3, 0, 2), d))
        show(np.array([1 / 3, 200 / 3], d), precision=3)
        show(np.array([1e-8, 1], d), suppress=True)
        show(np.array([1e-10, 1234.5], d), suppress=True, precision=4)
        show(np.arange(20, dtype=d), linewidth=40)
        show(np.arange(12, dtype=d), threshold=6, edgeitems=2)
        show(np.arange(36, dtype=d).reshape(6, 6), threshold=20, edgeitems=2)
        show(np.arange(36, dtype=d).reshape(6, 6), threshold=20, edgeitems=1)
    for x in [[1, 2, 3], [-1, 100], [[1, -20], [300, 4]], [2147483647, -2147483648], [], [[]], 7, -7]:
        show(np.array(x, i32))
    show(np.arange(50, dtype=i32))
    ramp([1200], i32)
    ramp([300, 4], i32)
    ramp([10, 30, 10], i32, -1500, 1)
    ramp([1001], u8, 1, 0)
    show(arr([0, 7, 255], u8))
    show(np.arange(256).astype(u8).reshape(16, 16))
    show(np.zeros(0, u8))
    show(arr([4294967295, 1], np.uint32))
    for x in [[True, False], [[True, True], [False, True]], True, False, [True], [False], []]:
        show(np.array(x, bool))
    show(np.arange(60) % 3 == 0)
    ramp([1100], bool, 0, 1)
    return out


def main():
    for build in (creation, elementwise, reductions, sorting, manipulation, linear_algebra):
        build()
    x, index = indexing()
    text = {"generated_by": "scripts/goldens/numpy_goldens.py", "versions": {"numpy": np.__version__}, "cube": x}
    lists = {"cases": cases, "indexing": index, "printing": printing()}
    parts = [f'"{k}":{golden_io.dump(v)}' for k, v in text.items()]
    for k, v in lists.items():
        parts.append(f'"{k}":[\n' + ",\n".join(golden_io.dump(c) for c in v) + "\n]")
    path = golden_io.FOLDER / "numpy_calls.json"
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB, " + ", ".join(f"{len(v)} {k}" for k, v in lists.items()))


main()
