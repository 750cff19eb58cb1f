"""
The article's network in idiomatic PyTorch: tensors in memory, batches by shuffled indices.
`--compile` compiles forward and loss (and with them the gradient) with torch.compile; that needs a C++ compiler.
"""
import sys
import time

import common

args = common.arguments("--compile")
try:
    import torch
except ImportError:
    common.missing("torch")
from torch import nn

if args.threads:
    torch.set_num_threads(args.threads)
x, y, xt, yt = (torch.from_numpy(a) for a in common.mnist(args.data))
model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))
loss_fn = nn.CrossEntropyLoss()
# One fused kernel for all parameters: the fastest of PyTorch's Adams on a CPU.
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
forward = model
if args.compile:
    try:
        forward = torch.compile(model)
        loss_fn = torch.compile(loss_fn)
        # Now, so that a machine where it does not work says so.
        loss_fn(forward(x[:64]), y[:64]).backward()
        optimizer.zero_grad(set_to_none=True)
    except Exception as e:
        print(f"torch.compile does not work here: {str(e).strip().splitlines()[0]}", file=sys.stderr)
        sys.exit(3)
seconds = []
for epoch in range(args.epochs):
    t = time.perf_counter()
    model.train()
    order = torch.randperm(len(x))
    total = torch.zeros(())
    right = torch.zeros((), dtype=torch.int64)
    for i in range(0, len(x), 64):
        rows = order[i : i + 64]
        xb, yb = x[rows], y[rows]
        optimizer.zero_grad(set_to_none=True)
        out = forward(xb)
        loss = loss_fn(out, yb)
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(rows)
        right += (out.detach().argmax(1) == yb).sum()
    float(total), int(right)  # the epoch's loss and accuracy are read, as a user would
    seconds.append(time.perf_counter() - t)
model.eval()
with torch.inference_mode():
    accuracy = float((model(xt).argmax(1) == yt).float().mean())
    for i in range(200):
        model(xt[i : i + 1])
    t = time.perf_counter()
    for i in range(2000):
        model(xt[i % 100 : i % 100 + 1])
    micros = (time.perf_counter() - t) / 2000 * 1e6
common.report(
    "torch.compile" if args.compile else "torch", seconds, accuracy, micros, {"threads": torch.get_num_threads()},
    torch=torch.__version__,
)
