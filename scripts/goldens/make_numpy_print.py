"""How NumPy prints arrays, and how Python formats numbers."""
import numpy as np

from golden_io import f32

nan, inf = np.nan, np.inf
rng = np.random.default_rng(19)


def arrays():
    d = lambda *v: np.array(v, dtype="float64")
    i = lambda *v: np.array(v, dtype="int32")
    normal = rng.normal(size=(6, 7))
    yield "float32 whole", f32(1, 2, 3)
    yield "float32 tenths", f32(0.1, 0.2, 0.3)
    yield "float32 digits", f32(1 / 3, 2 / 3, 1e-3)
    yield "float64 digits", d(1 / 3, 2 / 3, 1e-3)
    yield "float64 long", d(np.pi, np.e, 100)
    yield "float32 negative", f32(-1, 0, 1)
    yield "float32 mixed widths", f32(1, 10.5, 100.25, -1000)
    yield "float32 negative zero", f32(-0.0, 0.0)
    yield "float32 NaN", f32(1, nan, 2.5)
    yield "float32 infinities", f32(inf, -inf, nan, 1)
    yield "float32 NaN only", f32(nan, nan)
    yield "float32 infinity and long", f32(inf, 1 / 3)
    yield "float32 scientific, large", f32(1e10, 1)
    yield "float32 scientific, small", f32(1e-10, 1)
    yield "float32 scientific, ratio", f32(1000.5, 0.5, 0.0001)
    yield "float32 ratio 1000", f32(1, 1000.5)
    yield "float32 ratio beyond 1000", f32(0.001, 1.5)
    yield "float32 at 1e8", f32(1e8, 1)
    yield "float32 below 1e8", f32(99999999 - 7, 1)
    yield "float64 at 1e16", d(1e16, 1e15)
    yield "float32 at 1e-4", f32(1e-4, 2e-4)
    yield "float32 below 1e-4", f32(0.9e-4, 2e-4)
    yield "float32 tiny", f32(1e-38, 1.17549435e-38, 3e-45)
    yield "float32 huge", f32(3.4028235e38, -3.4028235e38)
    yield "float64 extremes", d(1e-300, 1e300)
    yield "float64 three-digit exponents", d(1e-100, 1, 1e100)
    yield "float64 exponents with NaN", d(1e-10, nan, -inf)
    yield "float32 scientific, negative", f32(-1.5e-7, 2.25e-7)
    yield "float32 scientific, digits", f32(1.234567e-8, 7.654321e8)
    yield "float64 precision 8", d(0.123456789012, 1.987654321987)
    yield "float64 rounding up", d(0.999999999, 9.999999999)
    yield "float64 trailing zeros", d(1.5, 2.25, 3.125)
    yield "float32 all zeros", np.zeros(4, "float32")
    yield "float32 zero and tiny", f32(0, 1e-20)
    yield "float32 matrix", np.round(normal[:3, :3], 3).astype("float32")
    yield "float32 normal", normal.astype("float32")
    yield "float64 normal", normal
    yield "float32 column", normal[:4, :1].astype("float32")
    yield "float32 rank 3", normal[:4, :6].astype("float32").reshape(2, 3, 4)
    yield "float32 rank 4", np.arange(16, dtype="float32").reshape(2, 2, 2, 2)
    yield "int32 vector", i(1, 2, 3)
    yield "int32 mixed widths", i(1, -10, 1000)
    yield "int32 matrix", np.arange(12, dtype="int32").reshape(3, 4)
    yield "int32 rank 3", np.arange(24, dtype="int32").reshape(2, 3, 4)
    yield "int32 extremes", i(-(2**31), 2**31 - 1)
    yield "int64 vector", np.array([1, 2**40])
    yield "int64 one", np.array([7])
    yield "uint8 vector", np.array([0, 255, 7], dtype="uint8")
    yield "uint8 image", (np.arange(60, dtype="uint8") * 4).reshape(3, 20)
    yield "bool vector", np.array([True, False])
    yield "bool matrix", np.eye(3, dtype=bool)
    yield "bool all true", np.array([True, True])
    for dtype in ("float32", "float64", "int32", "bool", "uint8"):
        yield f"{dtype} empty", np.zeros(0, dtype)
        yield f"{dtype} empty (2, 0)", np.zeros((2, 0), dtype)
        yield f"{dtype} empty (0, 3)", np.zeros((0, 3), dtype)
        yield f"{dtype} empty (3, 0, 2)", np.zeros((3, 0, 2), dtype)
    for v, dtype in ((3.5, "float32"), (1 / 3, "float32"), (1e-10, "float32"), (1e20, "float32"), (nan, "float32"), (-0.0, "float32"), (1 / 3, "float64"), (1e16, "float64"), (123456789, "float32"), (7, "int32"), (True, "bool"), (255, "uint8")):
        yield f"{dtype} scalar array {v}", np.array(v, dtype=dtype)
    yield "wrapping, int32", np.arange(60, dtype="int32")
    yield "wrapping, int32 of three digits", np.arange(100, 140, dtype="int32")
    yield "wrapping, float32", rng.normal(size=25).astype("float32")
    yield "wrapping, float64", rng.normal(size=13)
    yield "wrapping, bool", rng.normal(size=40) > 0
    yield "wrapping, matrix", rng.normal(size=(2, 17)).astype("float32")
    yield "wrapping, rank 3", (rng.normal(size=(2, 2, 14)) * 100).astype("float32")
    yield "wrapping, one digit", np.ones(37, "int32")
    yield "wrapping, to the last column", np.ones(38, "int32")
    yield "1000 values", np.arange(1000, dtype="int32")
    yield "1001 values", np.arange(1001, dtype="int32")
    yield "large float32", np.arange(5000, dtype="float32")
    yield "large float32 of thirds", np.arange(3000, dtype="float32") / np.float32(3)
    yield "large matrix", np.arange(10000, dtype="int32").reshape(100, 100)
    yield "large tall matrix", np.arange(3000, dtype="float32").reshape(1500, 2)
    yield "large wide matrix", np.arange(3000, dtype="int32").reshape(2, 1500)
    yield "large rank 3", np.arange(4000, dtype="int32").reshape(10, 20, 20)
    yield "large, few per axis", np.zeros((4, 4, 4, 4, 5), "uint8")
    yield "large with one odd value inside", np.concatenate([np.zeros(600), [1e10], np.zeros(600)])
    yield "large of six columns", np.ones((200, 6), "float32")
    yield "large of seven columns", np.ones((200, 7), "float32")


OPTIONS = [{"precision": 3}, {"precision": 0}, {"suppress": True}, {"precision": 4, "suppress": True}, {"linewidth": 40}, {"threshold": 5}, {"threshold": 5, "edgeitems": 1},
           {"floatmode": "fixed", "precision": 2}, {"sign": "+"}]


def printing():
    named = dict(arrays())

    def entry(name, x, options):
        with np.printoptions(**options):
            text, shown = str(x), repr(x)
        # Large arrays are ranges and constants mostly: their values are in the file nevertheless, up to a limit.
        return {"op": "print", "name": name + (f", {options}" if options else ""), "options": options, "input": x, "str": text, "repr": shown}

    for name, x in named.items():
        if x.size <= 1200:
            yield entry(name, x, {})
        else:
            # Too long to store: the array is made as `make` says.
            made = {"large float32": "arange", "large float32 of thirds": "arange / 3 (float32)", "large matrix": "arange", "large tall matrix": "arange", "large wide matrix": "arange",
                    "large rank 3": "arange", "large, few per axis": "zeros", "large with one odd value inside": "zeros, 1e10 at 600", "large of seven columns": "ones", "large of six columns": "ones"}[name]
            yield {"op": "print", "name": name, "options": {}, "make": {"kind": made, "shape": list(x.shape), "dtype": x.dtype.name}, "str": str(x), "repr": repr(x)}
    for options in OPTIONS:
        for name in ("float32 digits", "float32 scientific, small", "float32 mixed widths", "float64 normal", "float32 NaN", "int32 matrix", "wrapping, float32", "float32 scientific, digits"):
            yield entry(name, named[name], options)
    values = [0.0, -0.0, 1.0, -1.0, 0.5, 1 / 3, 2 / 3, 9.99995, 0.99995, 0.00095, 0.001, 0.0009999, 1e-4, 1.5e-5, 1e-10, 1e-45, 123456.789, 1e16, 1.7976931348623157e308, 5e-324, 2.5, 3.5, 0.125, 12345678.5, inf, -inf, nan]
    for spec in ("%.4f", "%.4e", "%.0f", "%.2f", "%g", "%.3g", "%.10g", "%e", "%s", "%8.3f", "%d"):
        rows = [(v, spec % v) for v in values if not (spec == "%d" and not np.isfinite(v))]
        yield {"op": "format", "name": f"format {spec}", "spec": spec, "inputs": [r[0] for r in rows], "texts": [r[1] for r in rows]}
    singles = [1 / 3, 0.1, 1e-5, 1e16, 123456789.0, 1e-7, 16777216.0, 3.4028235e38, 1e-45, -0.0, 100.0, 0.0001]
    yield {"op": "scalar", "name": "scalar float32", "dtype": "float32", "inputs": [float(np.float32(v)) for v in singles], "texts": [str(np.float32(v)) for v in singles], "reprs": [repr(np.float32(v)) for v in singles]}
    yield {"op": "scalar", "name": "scalar float64", "dtype": "float64", "inputs": singles, "texts": [str(np.float64(v)) for v in singles], "reprs": [repr(np.float64(v)) for v in singles]}
