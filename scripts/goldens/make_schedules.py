"""Learning rate schedules: the rates at many steps, boundaries among them, and weights trained under some."""
import keras
import numpy as np

S = keras.optimizers.schedules
STEPS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 20, 21, 29, 30, 31, 34, 35, 36, 49, 50, 69, 70, 71, 99,
         100, 149, 150, 151, 309, 310, 311, 1000, 12345, 1000000]

KINDS = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9}),
    ("ExponentialDecay", {"initial_learning_rate": 0.3, "decay_steps": 10, "decay_rate": 0.5, "staircase": True}),
    ("ExponentialDecay", {"initial_learning_rate": 0.01, "decay_steps": 100000, "decay_rate": 1.5, "name": "growing"}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 3.0, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.25, "staircase": True}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 30}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 35, "end_learning_rate": 0.01, "power": 0.5}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "end_learning_rate": 0.02, "power": 2.0, "cycle": True}),
    ("PiecewiseConstantDecay", {"boundaries": [3, 10, 100], "values": [1.0, 0.5, 0.25, 0.1]}),
    ("PiecewiseConstantDecay", {"boundaries": [15], "values": [0.3, 0.7], "name": "two"}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 30}),
    ("CosineDecay", {"initial_learning_rate": 0.05, "decay_steps": 100, "alpha": 0.1}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 21, "warmup_target": 0.2, "warmup_steps": 10, "alpha": 0.05}),
    ("CosineDecay", {"initial_learning_rate": 0.3, "decay_steps": 20, "warmup_target": 0.1, "warmup_steps": 0}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 10}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 5, "t_mul": 1.0, "m_mul": 0.8, "alpha": 0.1}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.2, "first_decay_steps": 7, "t_mul": 1.5, "m_mul": 0.9}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.2, "first_decay_steps": 2, "t_mul": 3.0, "m_mul": 0.5, "alpha": 0.01}),
]
RUNS = [
    ("SGD", {"momentum": 0.9, "weight_decay": 0.1}, 8),
    ("Adam", {"gradient_accumulation_steps": 2}, 7),
    ("Nadam", {"clipnorm": 0.5}, 5),
    ("RMSprop", {"use_ema": True, "ema_momentum": 0.7}, 12),
    ("Lion", {}, 14),
    ("Adafactor", {}, 3),
]

rng = np.random.default_rng(31)
SHAPES = [(3, 2), (2,)]
START = [rng.normal(size=s).astype("float32") for s in SHAPES]
GRADIENTS = [[rng.normal(size=s).astype("float32") for s in SHAPES] for _ in range(12)]


def run(cls, config, which):
    name, of = KINDS[which]
    o = getattr(keras.optimizers, cls)(learning_rate=getattr(S, name)(**of), **config)
    vs = [keras.Variable(w, name=f"w{i}") for i, w in enumerate(START)]
    o.build(vs)
    for gs in GRADIENTS:
        o.apply([keras.ops.convert_to_tensor(g) for g in gs], vs)
    return {"optimizer": cls, "config": config, "schedule": which, "after": [np.asarray(v) for v in vs],
            "learningRate": np.asarray(o.learning_rate), "variables": [v.path.split("/", 1)[-1] for v in o.variables][:3]}


def build():
    cases = []
    for i, (name, config) in enumerate(KINDS):
        s = getattr(S, name)(**config)
        rates = np.array([np.asarray(s(keras.ops.array(k, dtype="int32"))) for k in STEPS], dtype="float32")
        cases.append({"name": f"{i}: {name}", "schedule": name, "config": config, "rates": rates, "fullConfig": s.get_config()})
    return {"note": "rates: the learning rate at each of steps; runs: weights after twelve steps under case number schedule.",
            "steps": STEPS, "cases": cases, "start": START, "gradients": GRADIENTS,
            "runs": [run(*r) for r in RUNS]}
