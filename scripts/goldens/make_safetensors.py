"""Small files that the safetensors package wrote: test/files/safetensors.json (base64). With --check PATH
it reads a file that Gradloom wrote and prints what is in it.

    python3 scripts/goldens/make_safetensors.py
"""
import base64
import json
import pathlib
import sys

import numpy as np
import safetensors
import torch
from safetensors import safe_open
from safetensors.torch import save

if len(sys.argv) == 3 and sys.argv[1] == "--check":
    with safe_open(sys.argv[2], framework="np") as f:
        print(json.dumps({"metadata": f.metadata(), "tensors": {
            k: [str(f.get_tensor(k).dtype), list(f.get_tensor(k).shape), f.get_tensor(k).reshape(-1).tolist()]
            for k in f.keys()}}))
    sys.exit()

files = {}


def put(name, tensors, metadata=None):
    files[name] = {
        "bytes": base64.b64encode(save(tensors, metadata)).decode(),
        "metadata": metadata or {},
        "tensors": {k: {"shape": list(t.shape), "data": t.reshape(-1).to(torch.float64).tolist()} for k, t in tensors.items()},
    }


base = torch.arange(-6, 6).reshape(3, 4)
put("own", {
    "dense/kernel": base.to(torch.float32) / 7,
    "dense/bias": torch.tensor([0.5, -1e30, 3e-39], dtype=torch.float32),
    "wide": base.to(torch.float64) / 3,
    "step": torch.tensor(7, dtype=torch.int32),
    "bytes": torch.tensor([1, 255, 0], dtype=torch.uint8),
    "flags": torch.tensor([True, False, True]),
    "none": torch.zeros((0, 3)),
    "seed": torch.tensor([4294967295, 3], dtype=torch.uint32),
}, {"format": "pt"})
put("odd", {
    "i8": base.to(torch.int8),
    "i16": base.to(torch.int16) * 3000,
    "u16": torch.tensor([65535, 1], dtype=torch.uint16),
    "i64": base.to(torch.int64) * 300000000,
    "f16": torch.tensor([6.1e-5, 5.96e-8, 65504, -0.1], dtype=torch.float16),
    "bf16": torch.tensor([1e-40, 3e38, -0.1, 1.0], dtype=torch.bfloat16),
    "größe ☃": torch.tensor([1.5]),
})
put("too wide", {"n": torch.tensor([1, 2**40])})
put("eight", {"x": torch.tensor([1.0, 2.0]).to(torch.float8_e4m3fn)})
put("nothing", {})
path = pathlib.Path(__file__).resolve().parents[2] / "test" / "files" / "safetensors.json"
path.write_text(json.dumps({"head": {"generated_by": "scripts/goldens/make_safetensors.py", "safetensors": safetensors.__version__}, "files": files}, indent=0) + "\n")
