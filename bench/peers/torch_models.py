"""The five models of bench/models.json in idiomatic PyTorch: tensors in memory, batches by shuffled indices."""
import json
import time
from functools import partial

import common

args = common.arguments_of_models()
try:
    import torch
except ImportError:
    common.missing("torch")
import torch.nn.functional as F
from torch import nn


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        conv = lambda i, o, s=1: nn.Conv2d(i, o, 3, s, 1, bias=False)
        self.stem, self.norm = conv(3, 16), nn.BatchNorm2d(16)
        self.blocks = nn.ModuleList()
        width = 16
        for out, stride in ((16, 1), (32, 2), (64, 2)):
            block = nn.ModuleDict({"a": conv(width, out, stride), "na": nn.BatchNorm2d(out), "b": conv(out, out), "nb": nn.BatchNorm2d(out)})
            if stride != 1:
                block["s"] = nn.Conv2d(width, out, 1, stride, bias=False)
            self.blocks.append(block)
            width = out
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.norm(self.stem(x)))
        for b in self.blocks:
            y = b["nb"](b["b"](F.relu(b["na"](b["a"](x)))))
            x = F.relu((b["s"](x) if "s" in b else x) + y)
        return self.head(x.mean((2, 3)))


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.lstm, self.head = nn.Embedding(20000, 128), nn.LSTM(128, 128, batch_first=True), nn.Linear(128, 1)

    def forward(self, x):
        return self.head(self.lstm(self.embedding(x))[0][:, -1])


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(256, 8, batch_first=True)
        self.n1, self.n2 = nn.LayerNorm(256, eps=1e-3), nn.LayerNorm(256, eps=1e-3)
        self.inner, self.outer, self.head = nn.Linear(256, 1024), nn.Linear(1024, 256), nn.Linear(256, 10)

    def forward(self, x):
        x = self.n1(x + self.attention(x, x, x, need_weights=False)[0])
        x = self.n2(x + self.outer(F.relu(self.inner(x))))
        return self.head(x.mean(1))


models = {
    "cnn": lambda: nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10)),
    "resnet": ResNet,
    "lstm": Lstm,
    "transformer": Transformer,
    "autoencoder": lambda: nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, 128), nn.ReLU(), nn.Linear(128, 784)),
}
n = args.batch * args.steps
x, y = (torch.from_numpy(a) for a in common.model_data(args.model, n))
if args.model in ("cnn", "resnet"):
    # The layout that PyTorch's convolutions are fastest with on this processor.
    x = x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
if x.dtype == torch.int32:
    x = x.long()
if args.model in ("lstm", "autoencoder"):
    y = y.float().reshape(n, -1)
    activation = torch.sigmoid
    loss_fn = F.binary_cross_entropy_with_logits
else:
    y = y.long()
    activation = partial(torch.softmax, dim=-1)
    loss_fn = F.cross_entropy
model = models[args.model]()
if args.model in ("cnn", "resnet"):
    model = model.to(memory_format=torch.channels_last)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
seconds = []
for epoch in range(args.epochs + 1):
    t = time.perf_counter()
    model.train()
    order = torch.randperm(n)
    total = torch.zeros(())
    for i in range(0, n, args.batch):
        rows = order[i : i + args.batch]
        optimizer.zero_grad(set_to_none=True)
        loss = loss_fn(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        total += loss.detach()
    float(total)
    seconds.append(time.perf_counter() - t)
model.eval()
times = []
with torch.inference_mode():
    for _ in range(args.epochs + 1):
        t = time.perf_counter()
        # What predict gives: probabilities, of all batches in one array.
        torch.cat([activation(model(x[i : i + args.batch])) for i in range(0, n, args.batch)])
        times.append(time.perf_counter() - t)
print(json.dumps({
    "peer": "torch", "trainMs": min(seconds[1:]) / args.steps * 1000, "predictMs": min(times[1:]) / args.steps * 1000,
    "params": sum(p.numel() for p in model.parameters()), "versions": {"torch": torch.__version__}}))
