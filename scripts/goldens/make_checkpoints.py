"""What ModelCheckpoint prints and which files it leaves, and numbers in Python's formats."""
import os
import tempfile

import keras
import numpy as np
from make_callbacks import play

C = keras.callbacks
END = ".weights.h5"


def runs():
    losses = [1.0, 0.5, 0.625, 0.5, 0.25, float("nan"), 0.125]
    figures = [{"loss": 2 * v, "val_loss": v, "val_accuracy": 1 - v} for v in losses]
    rows = [
        ("every epoch", "{epoch:02d}-{val_loss:.4f}", dict(verbose=1)),
        ("silent", "{epoch}", {}),
        ("best", "best", dict(save_best_only=True, verbose=1)),
        ("best by name", "{epoch:03d} {val_loss:.2e} {val_accuracy:.0%}", dict(save_best_only=True, verbose=1)),
        ("max", "{epoch}", dict(save_best_only=True, verbose=1, monitor="val_accuracy", mode="max")),
        ("threshold", "{epoch}", dict(save_best_only=True, verbose=1, initial_value_threshold=0.3)),
        ("in a folder", "a/b{{}}/{epoch}", dict(verbose=1)),
        ("missing", "{epoch}", dict(save_best_only=True, verbose=1, monitor="val_auc", mode="max")),
    ]
    cases = []
    for name, path, o in rows:
        with tempfile.TemporaryDirectory() as folder:
            played = play(C.ModelCheckpoint(os.path.join(folder, path + END), save_weights_only=True, **o), figures)
            files = sorted(os.path.relpath(os.path.join(d, f), folder) for d, _, fs in os.walk(folder) for f in fs)
            cases.append({"name": name, "path": path, "options": o, "figures": [list(f.items()) for f in figures],
                          "printed": played["printed"].replace(folder, "DIR").replace(END, ""),
                          "warned": len(played["warnings"]) > 0, "files": [f.removesuffix(END) for f in files]})
    return cases


def batches():
    cases = []
    for name, freq, samples, steps in (("every third", 3, 10, 1), ("every batch", 1, 4, 1), ("every seventh", 7, 10, 1), ("three steps at once", 4, 20, 3)):
        with tempfile.TemporaryDirectory() as folder:
            model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
            model.compile("sgd", loss="mse", steps_per_execution=steps)
            path = os.path.join(folder, "{epoch}-{batch:02d}" + END)
            x = np.zeros((samples, 1), "float32")
            model.fit(x, x, batch_size=2, epochs=3, verbose=0,
                      callbacks=[C.ModelCheckpoint(path, save_weights_only=True, save_freq=freq)])
            cases.append({"name": name, "freq": freq, "samples": samples, "steps": steps,
                          "files": sorted(f.removesuffix(END) for f in os.listdir(folder))})
    return cases


def formats():
    numbers = [0, 3, -3, 1234567, 0.5, 1.5, 2.5, 2.675, -0.125, 1e-5, 123456.789, 1e22, 0.000123456, float("nan"), float("-inf"), -0.0, 12.0, 9.96, 99.0]
    specs = ["", "02d", "5d", "+d", "<5d", "^6d", "*>6d", ",", ".4f", ".0f", ".2f", "08.3f", "+.1f", ".3e", "E", "g", ".3g", ".0%", ".1%", "=+8.2f", "d", "x<8.1f", ".2", " .1f", ",.2f", "q", "s"]
    out = []
    for v in numbers:
        for s in specs:
            # Logs hold floats; numbers without a fraction stand for epochs and batches.
            n = int(v) if isinstance(v, int) else v
            try:
                out.append([str(v), s, format(n, s)])
            except ValueError:
                out.append([str(v), s, None])
    return out


def build():
    return {"runs": runs(), "batches": batches(), "formats": formats()}
