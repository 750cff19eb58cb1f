"""Checks and runs the models of a folder with onnx and onnxruntime; prints what comes out as JSON."""
import base64
import json
import pathlib
import sys

try:
    import numpy as np
    import onnx
    import onnxruntime as ort
except ImportError as e:
    print(json.dumps({"missing": str(e)}))
    sys.exit()


def unpack(a):
    dtype = {"float32": "<f4", "float64": "<f8", "int32": "<i4", "bool": "?", "uint8": "u1", "uint32": "<u4"}[a["dtype"]]
    return np.frombuffer(base64.b64decode(a["data"]), dtype).reshape(a["shape"])


def difference(found, want):
    """The largest |found - want| / (|want| + 0.1): 1e-5 of it is 1e-5 relative and 1e-6 absolute."""
    if found.shape != want.shape or found.dtype != want.dtype:
        return f"{found.dtype}{found.shape} instead of {want.dtype}{want.shape}"
    if want.size == 0:
        return 0.0
    found, want = found.astype(np.float64), want.astype(np.float64)
    same = (found == want) | (np.isnan(found) & np.isnan(want))
    with np.errstate(invalid="ignore"):
        ratio = np.where(same, 0.0, np.abs(found - want) / (np.abs(want) + 0.1))
    worst = float(np.max(ratio))
    return worst if np.isfinite(worst) else "infinite or NaN on one side only"


def run(folder, case):
    path = folder / case["file"]
    onnx.checker.check_model(onnx.load(path), full_check=True)
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feeds = {k: unpack(v) for k, v in case["inputs"].items()}
    found = session.run(list(case["outputs"]), feeds)
    return [difference(f, unpack(w)) for f, w in zip(found, case["outputs"].values())]


folder = pathlib.Path(sys.argv[1])
results = {}
for case in json.loads((folder / "cases.json").read_text()):
    try:
        results[case["name"]] = {"differences": run(folder, case)}
    except Exception as e:  # whatever it is, it is the result of this case
        results[case["name"]] = {"error": f"{type(e).__name__}: {e}"}
print(json.dumps({"onnx": onnx.__version__, "onnxruntime": ort.__version__, "results": results}))
