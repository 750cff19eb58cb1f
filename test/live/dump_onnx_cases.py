"""Writes the node tests of the onnx package, and models exported by torch where it is there, to a folder:
a model, inputs and outputs each."""
import base64
import io
import json
import pathlib
import sys

try:
    import numpy as np
    import onnx
    from onnx.backend.test.case.node import collect_testcases
except ImportError as e:
    print(json.dumps({"missing": str(e)}))
    sys.exit()


def pack(a):
    """An array of a type that JSON and typed arrays have; others keep their name and no data."""
    if not isinstance(a, (np.ndarray, np.generic)):
        return {"dtype": type(a).__name__}
    a = np.asarray(a)
    to = {"f": "float32", "i": "int32", "u": "int32", "b": "bool"}.get(a.dtype.kind)
    if a.dtype.name in ("float32", "float64", "int32", "uint32", "uint8", "bool"):
        to = a.dtype.name
    elif a.dtype.name == "bfloat16":
        to = "float32"
    if to is None:
        return {"dtype": a.dtype.name}
    kept = np.ascontiguousarray(a.astype(to) if a.dtype.name != "uint64" else np.minimum(a, 2**31 - 1).astype(to))
    return {"dtype": to, "shape": list(a.shape), "data": base64.b64encode(kept.tobytes()).decode()}


def node_tests():
    for case in collect_testcases(None):
        if case.model is None or not case.data_sets:
            continue
        inputs, outputs = case.data_sets[0]
        yield case.name, case.model.SerializeToString(), inputs, outputs


def torch_models():
    try:
        import torch
        from torch import nn
    except ImportError:
        return
    torch.manual_seed(0)

    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(20, 16)
            layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.head = nn.Linear(16, 3)

        def forward(self, x):
            return self.head(self.encoder(self.embedding(x)).mean(1))

    class Recurrent(nn.Module):
        def __init__(self, kind):
            super().__init__()
            self.rnn = kind(4, 6, num_layers=2, batch_first=True, bidirectional=True)
            self.head = nn.Linear(12, 2)

        def forward(self, x):
            return self.head(self.rnn(x)[0][:, -1])

    cnn = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.SiLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, groups=8, stride=2), nn.Hardswish(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4),
    )
    decoder = nn.Sequential(
        nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1), nn.LeakyReLU(),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False), nn.PixelShuffle(2),
    )
    mlp = nn.Sequential(nn.Linear(6, 16), nn.GELU(), nn.LayerNorm(16), nn.Linear(16, 3), nn.Softmax(-1))
    image = torch.randn(2, 3, 12, 12)
    models = {
        "mlp": (mlp, torch.randn(5, 6)),
        "cnn": (cnn, image),
        "decoder": (decoder, image),
        "lstm": (Recurrent(nn.LSTM), torch.randn(2, 5, 4)),
        "gru": (Recurrent(nn.GRU), torch.randn(2, 5, 4)),
        "transformer encoder": (Encoder(), torch.randint(0, 20, (2, 7))),
    }
    for name, (model, x) in models.items():
        model.eval()
        with torch.no_grad():
            y = model(x).numpy()
        for exporter in (False, True):
            file = io.BytesIO()
            try:
                if exporter:
                    torch.onnx.export(model, (x,), file, dynamo=True, verbose=False)
                else:
                    torch.onnx.export(model, (x,), file, dynamo=False, dynamic_axes={"x": {0: "n"}}, input_names=["x"])
            except Exception as e:
                print(f"torch cannot export {name} (dynamo={exporter}): {type(e).__name__}", file=sys.stderr)
                continue
            yield f"torch {name} ({'dynamo' if exporter else 'script'})", file.getvalue(), [x.numpy()], [y]


import contextlib

folder = pathlib.Path(sys.argv[1])
cases = []
out = sys.stdout
with contextlib.redirect_stdout(sys.stderr):
    for make in (node_tests, torch_models):
        for name, model, inputs, outputs in make():
            file = f"{len(cases)}.onnx"
            (folder / file).write_bytes(model)
            cases.append({"name": name, "file": file, "inputs": [pack(a) for a in inputs], "outputs": [pack(a) for a in outputs]})
    (folder / "cases.json").write_text(json.dumps(cases))
print(json.dumps({"onnx": onnx.__version__}), file=out)
