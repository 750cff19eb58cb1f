"""Small models exported by torch, with inputs and the outputs that torch computes:
test/goldens/onnx.json."""
import base64
import io
import json
import pathlib

import numpy as np
import torch
from torch import nn

out = pathlib.Path(__file__).parent / "../../test/goldens/onnx.json"


def pack(a):
    a = np.ascontiguousarray(a.astype({"f": "float32", "i": "int32"}[a.dtype.kind]))
    return {"dtype": a.dtype.name, "shape": list(a.shape), "data": base64.b64encode(a.tobytes()).decode()}


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.rnn = kind(3, 4, batch_first=True, bidirectional=True)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.encoder(self.embedding(x)).mean(1))


def models():
    yield "mlp", nn.Sequential(nn.Linear(4, 6), nn.GELU(), nn.LayerNorm(6), nn.Linear(6, 3), nn.Softmax(-1)), torch.randn(3, 4)
    image = torch.randn(2, 2, 8, 8)
    yield "cnn", nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.SiLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, groups=4),
        nn.Hardswish(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)), image
    yield "decoder", nn.Sequential(
        nn.ConvTranspose2d(2, 4, 3, stride=2, padding=1, output_padding=1), nn.LeakyReLU(),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False), nn.PixelShuffle(2)), image
    yield "lstm", Recurrent(nn.LSTM), torch.randn(2, 5, 3)
    yield "gru", Recurrent(nn.GRU), torch.randn(2, 5, 3)
    yield "transformer encoder", Encoder(), torch.randint(0, 11, (2, 6))


torch.manual_seed(0)
rows = []
for name, model, x in models():
    model.eval()
    with torch.no_grad():
        y = model(x).numpy()
    file = io.BytesIO()
    torch.onnx.export(model, (x,), file, dynamo=False, input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "n"}, "y": {0: "n"}})
    rows.append({"name": name, "model": base64.b64encode(file.getvalue()).decode(), "x": pack(x.numpy()), "y": pack(y)})
out.write_text(json.dumps({"torch": torch.__version__, "models": rows}, indent=1) + "\n")
