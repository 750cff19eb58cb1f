"""Optimizers: weights and slots after each of five steps, plain and under every modifier."""
import keras
import numpy as np

rng = np.random.default_rng(15)
SHAPES = [(3, 4), (4,)]
START = [rng.normal(size=s).astype("float32") for s in SHAPES]
# The third is large and the fourth zero in places, so that clipping and epsilon show.
GRADIENTS = [[(rng.normal(size=s) * (6 if k == 2 else 0.5)).astype("float32") for s in SHAPES] for k in range(5)]
GRADIENTS[3][0][1] = 0
O = keras.optimizers

BASES = [
    ("SGD", "plain", {"learning_rate": 0.1}),
    ("SGD", "momentum", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", "nesterov", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("RMSprop", "defaults", {}),
    ("RMSprop", "rho", {"learning_rate": 0.01, "rho": 0.7}),
    ("RMSprop", "momentum", {"learning_rate": 0.01, "momentum": 0.8}),
    ("RMSprop", "centered", {"learning_rate": 0.01, "centered": True}),
    ("Adam", "defaults", {}),
    ("Adam", "amsgrad", {"learning_rate": 0.01, "amsgrad": True}),
    ("Adam", "epsilon", {"learning_rate": 0.01, "epsilon": 0.01}),
    ("AdamW", "defaults", {}),
    ("AdamW", "weight_decay 0.1", {"learning_rate": 0.01, "weight_decay": 0.1}),
]
MODIFIERS = [("", {}), ("clipnorm", {"clipnorm": 0.8}), ("clipvalue", {"clipvalue": 0.4}),
             ("global_clipnorm", {"global_clipnorm": 1.0}), ("weight_decay", {"weight_decay": 0.02}),
             ("use_ema", {"use_ema": True, "ema_momentum": 0.8})]


def run(cls, config):
    o = getattr(O, cls)(**config)
    vs = [keras.Variable(w, name=f"w{i}") for i, w in enumerate(START)]
    o.build(vs)
    # The first two are the iteration and the learning rate.
    slots = o.variables[2:]
    steps = []
    for gs in GRADIENTS:
        o.apply([keras.ops.convert_to_tensor(g) for g in gs], vs)
        steps.append({"variables": [np.asarray(v) for v in vs], "slots": [np.asarray(v) for v in slots]})
    o.finalize_variable_values(vs)
    return {"optimizer": cls, "config": config, "slotPaths": [v.path.split("/", 1)[1] for v in slots], "steps": steps,
            "finalized": [np.asarray(v) for v in vs], "learningRate": float(o.learning_rate), "iterations": int(o.iterations)}


def build():
    cases = []
    for cls, name, config in BASES:
        for mod, extra in MODIFIERS:
            if cls == "AdamW" and mod == "weight_decay":
                continue
            cases.append({"name": f"{cls} {name}" + (f", {mod}" if mod else ""), **run(cls, config | extra)})
    return {"note": "variables and slots are those after each step; finalized are the variables after finalize_variable_values, "
                    "which puts the averages of use_ema in place. optimizers.json holds other settings, without slots.",
            "start": START, "gradients": GRADIENTS, "cases": cases}
