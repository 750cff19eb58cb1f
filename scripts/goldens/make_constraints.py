"""Constraints: what weights become, columns of zeros among them."""
import keras
import numpy as np

C = keras.constraints
rng = np.random.default_rng(41)


def build():
    matrix, kernel = rng.normal(size=(4, 3)).astype("float32") * 2, rng.normal(size=(2, 3, 2, 4)).astype("float32")
    matrix[:, 1] = 0
    rows = [("NonNeg", {}), ("MaxNorm", {}), ("MaxNorm", {"max_value": 0.7, "axis": 1}), ("UnitNorm", {}), ("UnitNorm", {"axis": [0, 1]}), ("MinMaxNorm", {}),
            ("MinMaxNorm", {"min_value": 2.0, "max_value": 3.0, "rate": 0.25}), ("MaxNorm", {"axis": [0, 1, 2]})]
    cases = []
    for name, config in rows:
        for w in (matrix, kernel):
            axes = config.get("axis", 0)
            if max(axes if isinstance(axes, list) else [axes]) >= w.ndim:
                continue
            cases.append({"name": f"{name} {config} of {list(w.shape)}", "constraint": name, "config": config, "weight": w, "output": np.asarray(getattr(C, name)(**config)(w))})
    return {"cases": cases}
