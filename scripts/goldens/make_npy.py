"""Small .npy and .npz files of every kind that NumPy writes: test/files/npy.json (base64).

    python3 scripts/goldens/make_npy.py
"""
import base64
import io
import json
import pathlib

import numpy as np

files = {}


def save(name, a, **kw):
    b = io.BytesIO()
    np.save(b, a, **kw)
    flat = np.asarray(a).reshape(-1)
    files[name] = {"bytes": base64.b64encode(b.getvalue()).decode(), "shape": list(np.shape(a)),
                   "data": [float(v) for v in flat] if flat.dtype.kind in "fiub" else None}


base = np.arange(24).reshape(2, 3, 4)
for code in ("b1", "i1", "u1", "<i2", ">i2", "<u2", "<i4", ">i4", "<u4", "<i8", ">u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8"):
    save(code, (base - (5 if code[-2] != "u" and code != "b1" else 0)).astype(code) if code != "b1" else base % 3 == 0)
save("fortran", np.asfortranarray(base.astype("<f4")))
save("scalar", np.float32(2.5))
save("empty", np.zeros((0, 3), "<f4"))
save("vector", np.array([0.5, 1e300, -2.0], "<f8"))
save("halves", np.array([6.1e-5, 5.96e-8, 65504, -0.1], "<f2"))
save("too wide", np.array([2**40]))
save("text", np.array(["ab", "c"]))
save("objects", np.array([{}, 1], dtype=object), allow_pickle=True)
save("records", np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f4")]))
for packed in (False, True):
    b = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(b, x=base.astype("<f4"), y=np.array([1, 2]))
    files["npz packed" if packed else "npz"] = {"bytes": base64.b64encode(b.getvalue()).decode()}
path = pathlib.Path(__file__).resolve().parents[2] / "test" / "files" / "npy.json"
path.write_text(json.dumps({"head": {"generated_by": "scripts/goldens/make_npy.py", "numpy": np.__version__}, "files": files}, indent=0) + "\n")
