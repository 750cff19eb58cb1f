"""Square float32 products with NumPy (OpenBLAS) and PyTorch: GFLOP/s, best of several."""
import json
import os
import time

import common

args = common.arguments()
# One thread unless told: the libraries read these when they load.
threads = args.threads or 1
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(threads)
try:
    import numpy as np
except ImportError:
    common.missing("numpy")


def rate(f, n):
    f()
    best, until = 1e9, time.perf_counter() + 1.5
    while time.perf_counter() < until:
        t = time.perf_counter()
        f()
        best = min(best, time.perf_counter() - t)
    return 2 * n**3 / best / 1e9


results = []
gflops = {}
for n in (256, 512, 1024, 2048):
    a, b = (np.random.rand(n, n).astype(np.float32) for _ in range(2))
    c = np.empty_like(a)
    gflops[n] = rate(lambda: np.matmul(a, b, out=c), n)
results.append({"peer": "numpy (OpenBLAS)", "gflops": gflops})
versions = {"numpy": np.__version__}
try:
    import torch

    torch.set_num_threads(threads)
    gflops = {}
    for n in (256, 512, 1024, 2048):
        a, b, c = (torch.rand(n, n) for _ in range(3))
        gflops[n] = rate(lambda: torch.mm(a, b, out=c), n)
    results.append({"peer": "torch", "gflops": gflops})
    versions["torch"] = torch.__version__
except ImportError:
    pass
print(json.dumps({"threads": threads, "results": results, "versions": versions}))
