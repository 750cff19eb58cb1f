"""The layers of bench/conv.ts with PyTorch and JAX: forward and both gradients, best of many.

    python bench/peers/conv.py [torch|jax] [threads]
"""
import os
import sys
import time

which = sys.argv[1] if len(sys.argv) > 1 else "torch"
threads = int(sys.argv[2]) if len(sys.argv) > 2 else 1
if threads == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["OMP_NUM_THREADS"] = "1"

LAYERS = [
    ("28x28x1 -> 32, valid", (64, 28, 28, 1), (3, 3, 1, 32), 0, 1, 1),
    ("26x26x32 -> 64, valid", (64, 26, 26, 32), (3, 3, 32, 64), 0, 1, 1),
    ("32x32x64 -> 64, same", (64, 32, 32, 64), (3, 3, 64, 64), 1, 1, 1),
    ("16x16x128 -> 128, same", (64, 16, 16, 128), (3, 3, 128, 128), 1, 1, 1),
    ("8x8x256 -> 256, same", (64, 8, 8, 256), (3, 3, 256, 256), 1, 1, 1),
    ("32x32x64 -> 128, by 2", (64, 32, 32, 64), (3, 3, 64, 128), 1, 2, 1),
    ("32x32x3 -> 64, same", (64, 32, 32, 3), (3, 3, 3, 64), 1, 1, 1),
    ("32x32x64 depthwise", (64, 32, 32, 64), (3, 3, 1, 64), 1, 1, 64),
]


def best(fn):
    fn()
    result = float("inf")
    until = time.perf_counter() + 1.0
    while time.perf_counter() < until:
        t = time.perf_counter()
        fn()
        result = min(result, time.perf_counter() - t)
    return result


def torch_layer(xs, ws, pad, stride, groups):
    import torch

    torch.set_num_threads(threads)
    n, h, w, c = xs
    kh, kw, ci, co = ws
    x = torch.randn(n, c, h, w).contiguous(memory_format=torch.channels_last)
    k = torch.randn(co, ci, kh, kw).contiguous(memory_format=torch.channels_last)
    conv = lambda: torch.nn.functional.conv2d(x, k, stride=stride, padding=pad, groups=groups)
    y = conv()
    g = torch.randn_like(y).contiguous(memory_format=torch.channels_last)

    def back(mask):
        return torch.ops.aten.convolution_backward(
            g, x, k, None, [stride] * 2, [pad] * 2, [1, 1], False, [0, 0], groups, mask
        )

    return y.numel(), conv, lambda: back([True, False, False]), lambda: back([False, True, False])


def jax_layer(xs, ws, pad, stride, groups):
    import jax
    import numpy as np

    rng = np.random.default_rng(0)
    x = jax.numpy.asarray(rng.normal(size=xs), dtype="float32")
    k = jax.numpy.asarray(rng.normal(size=ws), dtype="float32")
    f = lambda x, k: jax.lax.conv_general_dilated(
        x, k, (stride, stride), [(pad, pad)] * 2,
        dimension_numbers=("NHWC", "HWIO", "NHWC"), feature_group_count=groups,
    )
    forward = jax.jit(f)
    y = forward(x, k)
    g = jax.numpy.asarray(rng.normal(size=y.shape), dtype="float32")
    dx = jax.jit(lambda g, k: jax.vjp(lambda x: f(x, k), x)[1](g))
    dw = jax.jit(lambda g, x: jax.vjp(lambda k: f(x, k), k)[1](g))
    wait = jax.block_until_ready
    return y.size, lambda: wait(forward(x, k)), lambda: wait(dx(g, k)), lambda: wait(dw(g, x))


for name, xs, ws, pad, stride, groups in LAYERS:
    size, *fns = (torch_layer if which == "torch" else jax_layer)(xs, ws, pad, stride, groups)
    flops = 2 * size * ws[0] * ws[1] * ws[2]
    print(name)
    for part, fn in zip(["forward", "input", "kernel"], fns):
        t = best(fn)
        print(f"   {part:8} {t * 1e3:.2f} ms {flops / t / 1e9:.0f} GF/s", flush=True)
