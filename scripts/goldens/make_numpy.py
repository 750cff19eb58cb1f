"""NumPy: printing in make_numpy_print.py; here indexing, reductions, sorting and the rest of the everyday functions."""
import numpy as np

from golden_io import f32
from make_numpy_print import printing

rng = np.random.default_rng(18)
nan, inf = np.nan, np.inf
I3 = np.arange(24, dtype="int32").reshape(2, 3, 4)
F2 = np.round(rng.normal(size=(4, 5)), 2).astype("float32")
TIES = np.array([[3, 1, 3, 2], [1, 1, 1, 1], [0, 5, 5, 0]], dtype="int32")


def result(op, name, out, *inputs, **args):
    arrays = lambda o: [np.asarray(v) for v in o] if isinstance(o, (list, tuple)) else np.asarray(o)
    return {"op": op, "name": f"{op} {name}", "inputs": [np.asarray(i) for i in inputs], "args": args, "output": arrays(out)}


def label(index):
    if isinstance(index, tuple):
        return ", ".join(label(i) for i in index)
    if isinstance(index, slice):
        return ":".join("" if v is None else str(v) for v in (index.start, index.stop, index.step))
    return "..." if index is Ellipsis else str(np.asarray(index).tolist())


def shown(index):
    """An index as JSON: numbers, {slice}, {newaxis}, {ellipsis}, {array}."""
    if isinstance(index, tuple):
        return [shown(i)[0] for i in index]
    if isinstance(index, slice):
        return [{"slice": [index.start, index.stop, index.step]}]
    if index is None:
        return [{"newaxis": True}]
    if index is Ellipsis:
        return [{"ellipsis": True}]
    if isinstance(index, (list, np.ndarray)):
        return [{"array": np.asarray(index)}]
    return [index]


def indexing():
    s = np.s_
    keep = np.array([True, False, True])
    for x, indices in (
        (np.arange(10, dtype="int32"), [s[3], s[-1], s[2:7], s[:4], s[6:], s[-3:], s[:-3], s[::2], s[1:9:3], s[::-1], s[8:2:-2], s[-2:-8:-3],
                                        s[5:5], s[7:2], s[20:], s[-20:3], s[:200], s[::-100], s[None], s[:, None], s[...], s[..., None],
                                        s[[1, -1, 3, 3]], s[np.array([[0, 1], [2, -1]])], s[np.arange(10) % 3 == 0], s[np.zeros(10, bool)], s[[]]]),
        (I3, [s[1], s[-1, 2], s[0, 1, 2], s[:, 1], s[..., 0], s[:, :, -1], s[0, ..., 1], s[:, ::2, 1:3], s[::-1, :, ::-1], s[:, None, 1], s[None, ..., None],
              s[1, None, :, 2], s[[1, 0, 1]], s[:, [2, 0]], s[:, :, [0, -1]], s[[0, 1], [1, 2]], s[[0, 1], [1, 2], [3, 0]], s[:, [0, 1], [1, 2]], s[[0, 1], :, [1, 2]],
              s[1, :, [0, 2]], s[[[0], [1]], [0, 2]], s[I3 > 10], s[:, keep], s[:, keep, 1], s[0, keep], s[I3[:, :, 0] > 3], s[:0], s[:, 3:], s[1:2, 0:1, 0:1], s[[0, 1], None, 1]]),
    ):
        for index in indices:
            yield result("index", f"x{list(x.shape)}[{label(index)}]", x[index], x, index=shown(index))
    x = np.arange(12, dtype="float32").reshape(3, 4)
    for index, value in ((s[0], 7), (s[:, 1], f32(9, 8, 7)), (s[::2, ::-1], np.float32(-1)), (s[x > 6], 0), (s[[0, 2]], f32(1, 2, 3, 4)),
                         (s[[0, 0, 1], [1, 1, 2]], f32(5, 6, 7)), (s[..., 1:3], f32([1], [2], [3]).reshape(3, 1))):
        y = x.copy()
        y[index] = value
        yield result("assign", f"x[{label(index)}] = {np.asarray(value).tolist()}", y, x, np.asarray(value, dtype="float32"), index=shown(index))
    for name, x, index in (("x(10)[10]", np.arange(10), 10), ("x(10)[-11]", np.arange(10), -11), ("x(2, 3, 4)[0, 3]", I3, (0, 3)), ("too many", I3, (0, 0, 0, 0)),
                           ("list beyond", np.arange(10), [1, 10]), ("mask of another length", np.arange(10), np.zeros(9, bool)),
                           ("lists that do not broadcast", I3, ([0, 1], [0, 1, 2])), ("two ellipses", I3, (Ellipsis, Ellipsis)), ("step 0", np.arange(10), slice(None, None, 0))):
        try:
            x[index]
        except (IndexError, ValueError) as e:
            yield {"op": "index-error", "name": f"index-error {name}", "inputs": [x.astype("int32")], "args": {"index": shown(index)}, "error": type(e).__name__, "message": str(e)}


def elementwise():
    a, b = F2, f32(1, -2, 0.5, 3, 0)
    pairs = [("(4, 5) and (5,)", a, b), ("(4, 5) and (4, 1)", a, a[:, :1]), ("(4, 1) and (1, 3)", a[:, :1], b[None, :3]), ("(3, 1, 2) and (4, 1)", I3[0, :, None, :2].astype("float32"), a[:, :1]),
             ("scalar", np.float32(2).reshape(()), b), ("empty", np.zeros((0, 5), "float32"), b), ("(1,) and (0,)", b[:1], b[:0])]
    for op in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "less", "equal"):
        for name, x, y in pairs[: None if op == "add" else 2]:
            with np.errstate(all="ignore"):
                yield result("broadcast", f"{op} {name}", getattr(np, op)(x, y), x, y, fn=op)
    for shapes in ([(3,), (4,)], [(2, 3), (2,)], [(2, 3, 4), (3, 1, 4)]):
        try:
            np.add(*(np.zeros(s, "float32") for s in shapes))
        except ValueError as e:
            yield {"op": "broadcast-error", "name": f"broadcast-error {shapes}", "inputs": [np.zeros(s, "float32") for s in shapes], "args": {"fn": "add"}, "error": "ValueError", "message": str(e)}
    i, z = np.array([7, -7, 7, -7, 0, 5], "int32"), np.array([3, 3, -3, -3, 2, 0], "int32")
    g = f32(7.5, -7.5, 7.5, -7.5, 0, -0.0, inf, 3, -3)
    h = f32(2, 2, -2, -2, 1, 1, 2, inf, inf)
    with np.errstate(all="ignore"):
        for op in ("floor_divide", "remainder", "fmod", "power"):
            if op != "power":
                yield result("elementwise", f"{op} int32", getattr(np, op)(i, z), i, z, fn=op)
            yield result("elementwise", f"{op} float32", getattr(np, op)(g, h), g, h, fn=op)
        yield result("elementwise", "divide int32", np.divide(i, z), i, z, fn="divide")
        r = f32(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999997, -0.0, 1e10, nan, inf)
        for op in ("round", "floor", "ceil", "trunc", "sign", "abs", "isnan", "isfinite", "isinf", "sqrt", "square", "reciprocal", "negative", "logical_not"):
            yield result("elementwise", op, getattr(np, op)(r), r, fn=op)
        for k in (1, 2, -1):
            yield result("elementwise", f"round to {k}", np.round(r * np.float32(1.23456), k), r * np.float32(1.23456), fn="round", decimals=k)
        p, q = f32(nan, 1, nan, inf, -0.0), f32(1, nan, nan, -inf, 0.0)
        for op in ("maximum", "minimum", "fmax", "fmin", "equal", "not_equal", "less", "greater_equal"):
            yield result("elementwise", f"{op} with NaN", getattr(np, op)(p, q), p, q, fn=op)
    for name, lo, hi in (("both", -0.5, 0.5), ("low only", 0.0, None), ("high only", None, 0.25), ("low above high", 1.0, -1.0)):
        yield result("clip", name, np.clip(F2, lo, hi), F2, min=lo, max=hi)
    yield result("clip", "with NaN", np.clip(f32(nan, -5, 5), -1, 1), f32(nan, -5, 5), min=-1, max=1)
    yield result("where", "three arrays", np.where(F2 > 0, F2, np.float32(0)), F2 > 0, F2, np.float32(0).reshape(()))
    yield result("where", "broadcasting", np.where(F2[:, :1] > 0, b, -b), F2[:, :1] > 0, b, -b)
    yield result("nonzero", "rank 2", np.nonzero(TIES == 1), TIES == 1)
    for name, x, y in (("int32 and float32", i, f32(1.5)), ("bool and int32", i > 0, i), ("uint8 and uint8", np.uint8([200, 100]), np.uint8([100, 200])), ("uint8 and int32", np.uint8([200]), i),
                       ("float32 and float64", f32(0.1), np.array([0.2])), ("bool and bool", i > 0, z > 0), ("bool and float32", i > 0, f32(0.5))):
        yield result("promote", f"{name}, add", np.add(x, y), x, y, fn="add")
        yield result("promote", f"{name}, multiply", np.multiply(x, y), x, y, fn="multiply")
        yield result("promote", f"{name}, divide", np.divide(x, y) if (np.asarray(y) != 0).all() else np.divide(x, np.ones_like(y)), x, y if (np.asarray(y) != 0).all() else np.ones_like(y), fn="divide")


def reductions():
    nans = f32([1, nan, 3], [4, 5, -inf])
    for fn in ("sum", "mean", "max", "min", "prod", "std", "var", "argmax", "argmin", "all", "any"):
        for x, name in ((F2, "float32"), (I3, "int32"), (TIES, "ties"), (TIES > 0, "bool"), (nans, "NaN")):
            if name in ("ties",) and not fn.startswith("arg") or fn.startswith("arg") and name == "bool":
                continue
            if fn in ("prod",) and x.dtype == "int32":
                x = TIES
            axes = [None, 0, -1] + ([1, (0, 2), (0, 1, 2)] if x.ndim == 3 and not fn.startswith("arg") else [])
            for axis in axes:
                for keep in (False, True):
                    with np.errstate(all="ignore"):
                        out = getattr(np, fn)(x, axis=axis, keepdims=keep)
                    yield result("reduce", f"{fn} {name}, axis {axis}{', keepdims' if keep else ''}", out, x, fn=fn, axis=list(axis) if isinstance(axis, tuple) else axis, keepdims=keep)
    for ddof in (0, 1):
        yield result("reduce", f"std, ddof {ddof}", np.std(F2, axis=0, ddof=ddof), F2, fn="std", axis=0, keepdims=False, ddof=ddof)
    for fn in ("sum", "prod", "all", "any"):
        yield result("reduce", f"{fn} of nothing", getattr(np, fn)(np.zeros((0, 3), "float32"), axis=0), np.zeros((0, 3), "float32"), fn=fn, axis=0, keepdims=False)
    for fn in ("max", "argmax", "min"):
        try:
            getattr(np, fn)(np.zeros(0, "float32"))
        except ValueError as e:
            yield {"op": "reduce-error", "name": f"reduce-error {fn} of nothing", "inputs": [np.zeros(0, "float32")], "args": {"fn": fn}, "error": "ValueError", "message": str(e)}
    yield result("cumsum", "flat", np.cumsum(F2), F2, axis=None)
    for axis in (0, 1, -1):
        yield result("cumsum", f"axis {axis}", np.cumsum(F2, axis=axis), F2, axis=axis)
    yield result("cumsum", "int32", np.cumsum(I3, axis=1), I3, axis=1)
    yield result("cumsum", "bool", np.cumsum(TIES > 1), TIES > 1, axis=None)


def sorting():
    nans = f32(3, nan, -1, inf, -inf, 0, nan, -0.0)
    many = rng.integers(0, 6, size=40).astype("int32")
    for name, x in (("float32", F2), ("ties", TIES), ("NaN last", nans), ("many ties", many), ("rank 3", I3[:, ::-1]), ("empty", nans[:0]), ("bool", TIES > 1)):
        for axis in (-1, 0) if x.ndim > 1 else (-1,):
            yield result("sort", f"{name}, axis {axis}", np.sort(x, axis=axis, kind="stable"), x, axis=axis)
            yield result("argsort", f"{name}, axis {axis}", np.argsort(x, axis=axis, kind="stable"), x, axis=axis)
    yield result("sort", "flat", np.sort(F2, axis=None), F2, axis=None)
    for name, x in (("many", many), ("rank 2", TIES), ("float32", f32(2.5, -1, 2.5, 0, -0.0, inf)), ("NaN", nans), ("bool", TIES > 1), ("empty", many[:0])):
        values, index, inverse, counts = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
        yield result("unique", name, [values, index, inverse, counts], x, outputs=["values", "index", "inverse", "counts"])
    yield result("bincount", "many", np.bincount(many), many)


def shapes():
    a, b = F2, F2 * 2
    for axis in (0, 1, -1, 2):
        yield result("stack", f"axis {axis}", np.stack([a, b, a], axis=axis), a, b, a, axis=axis)
    for axis in (0, 1, None):
        yield result("concatenate", f"axis {axis}", np.concatenate([a, b], axis=axis), a, b, axis=axis)
    yield result("concatenate", "int32 and float32", np.concatenate([TIES[0], f32(0.5)]), TIES[0], f32(0.5), axis=0)
    yield result("vstack", "vectors", np.vstack([a[0], b[0]]), a[0], b[0])
    yield result("hstack", "matrices", np.hstack([a, b]), a, b)
    for n, axis in ((2, 0), (4, 0), (5, 1), ([1, 3], 0), ([2, 2, 9], 1)):
        yield result("split", f"{n}, axis {axis}", np.split(a, n, axis=axis), a, sections=n, axis=axis)
    yield result("array_split", "4 of 5", np.array_split(a, 4, axis=1), a, sections=4, axis=1)
    yield result("transpose", "reversed", I3.T, I3, axes=None)
    yield result("transpose", "(1, 2, 0)", np.transpose(I3, (1, 2, 0)), I3, axes=[1, 2, 0])
    yield result("moveaxis", "0 to -1", np.moveaxis(I3, 0, -1), I3, source=0, destination=-1)
    yield result("reshape", "(4, -1)", I3.reshape(4, -1), I3, shape=[4, -1])
    yield result("squeeze", "all", np.squeeze(I3[:1, :, :1]), I3[:1, :, :1], axis=None)
    yield result("expand_dims", "(0, 2)", np.expand_dims(a, (0, 2)), a, axis=[0, 2])
    yield result("tile", "(2, 1, 2)", np.tile(a[:2, :2], (2, 1, 2)), a[:2, :2], reps=[2, 1, 2])
    yield result("repeat", "each", np.repeat(TIES, [1, 0, 2], axis=0), TIES, repeats=[1, 0, 2], axis=0)
    yield result("repeat", "flat", np.repeat(TIES, 2), TIES, repeats=2, axis=None)
    yield result("flip", "axis 1", np.flip(I3, 1), I3, axis=1)
    yield result("roll", "flat", np.roll(TIES, 3), TIES, shift=3, axis=None)
    yield result("roll", "axis 1", np.roll(TIES, -1, axis=1), TIES, shift=-1, axis=1)
    yield result("pad", "constant", np.pad(TIES, ((1, 0), (0, 2))), TIES, width=[[1, 0], [0, 2]])
    yield result("diff", "axis 1", np.diff(TIES, axis=1), TIES, axis=1)
    yield result("outer", "vectors", np.outer(a[0], b[1]), a[0], b[1])
    yield result("tril", "k = 1", np.tril(a, 1), a, k=1)
    yield result("triu", "k = -1", np.triu(a, -1), a, k=-1)
    yield result("eye", "(3, 4), k = 1", np.eye(3, 4, 1, dtype="float32"), n=3, m=4, k=1)
    for args in ((0, 1, 5), (0, 1, 1), (2, -3, 4), (0, 10, 50), (5, 5, 3), (0, 1, 0)):
        yield result("linspace", str(args), np.linspace(*args), start=args[0], stop=args[1], num=args[2], endpoint=True)
        yield result("linspace", f"{args}, float32, open", np.linspace(*args, endpoint=False, dtype="float32"), start=args[0], stop=args[1], num=args[2], endpoint=False)
    for args in ((5,), (2, 7), (0, 10, 3), (10, 0, -3), (0, 1, 0.1), (1, 1.3, 0.1), (0.5, 3), (3, 3), (5, 2)):
        start, stop, step = (0, *args, 1) if len(args) == 1 else (*args, 1)[:3]
        yield result("arange", str(args), np.arange(*args), start=start, stop=stop, step=step)
    for spec, *xs in (("ij,jk->ik", a, a.T), ("ij,jk", a, a.T), ("ij->ji", a), ("ij->", a), ("ij->i", a), ("ii", a[:, :4]), ("ii->i", a[:, :4]), ("i,i", a[0], a[1]), ("i,j->ij", a[0], a[1]),
                      ("ij,j->i", a, a[0]), ("ijk,ikl->ijl", I3.astype("float32"), np.transpose(I3, (0, 2, 1)).astype("float32")), ("ijk,jil->kl", I3, np.transpose(I3, (1, 0, 2))),
                      ("...j,jk->...k", I3.astype("float32"), a), ("b...,b...->b...", I3, I3), ("ij,kj,lj->ikl", a[:2], a[2:], a[1:3]), ("bhqd,bhkd->bhqk", F2[None, :, :, None].repeat(2, 0), F2[None, :, ::-1, None].repeat(2, 0)),
                      (" i j , j k -> i k", a, a.T), ("ba", a)):
        yield result("einsum", spec, np.einsum(spec, *xs), *xs, spec=spec)
    for name, x, y in (("(4, 5) (5, 4)", a, a.T), ("vector", a, a[0]), ("vectors", a[0], a[1]), ("batch", I3, np.swapaxes(I3, 1, 2)), ("batch broadcast", I3, I3[0].T), ("vector (3,) by (2, 3, 4)", TIES[0, :3], I3)):
        yield result("matmul", name, np.matmul(x, y), x, y)
    yield result("dot", "rank 3 and 2", np.dot(I3, a.astype("int32")), I3, a.astype("int32"))
    yield result("tensordot", "axes 2", np.tensordot(I3, I3, axes=([1, 2], [1, 2])), I3, I3, axes=[[1, 2], [1, 2]])


def build():
    groups = (indexing, elementwise, reductions, sorting, shapes)
    return {"note": "NumPy gives int64 for sums of int32 and for indices, and float64 for linspace and quotients of integers; the dtype stands in each output. "
                    "A list of arrays as output is a function with several results. -0 is a float32 with its sign.",
            "print": list(printing()), "cases": [c for g in groups for c in g()]}
