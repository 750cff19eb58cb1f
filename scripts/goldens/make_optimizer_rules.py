"""Optimizers: weights after some of seven steps and the slots at the end, with awkward arguments."""
import re

import keras
import numpy as np

rng = np.random.default_rng(23)
# Two layers, so that names can be excluded: one matrix, one bias, one table, one kernel of three dimensions.
WEIGHTS = [("dense/kernel", (3, 4)), ("dense/bias", (4,)), ("embedding/embeddings", (3, 2)), ("conv/kernel", (2, 2, 2))]
START = [rng.normal(size=s).astype("float32") for _, s in WEIGHTS]
# The third is large and the fourth zero in places, so that clipping and epsilon show.
GRADIENTS = [[(rng.normal(size=s) * (6 if k == 2 else 0.5)).astype("float32") for _, s in WEIGHTS] for k in range(7)]
GRADIENTS[3][0][1] = 0
GRADIENTS[3][1][:] = 0
SHOWN = [3, 7]
O = keras.optimizers

# What every kind is also run with.
MODIFIERS = {
    "clipnorm and weightDecay": {"clipnorm": 0.8, "weight_decay": 0.02},
    "globalClipnorm and EMA": {"global_clipnorm": 1.5, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    "clipvalue, accumulation and EMA": {"clipvalue": 0.4, "gradient_accumulation_steps": 3, "use_ema": True, "ema_momentum": 0.6, "weight_decay": 0.05},
    "loss scale": {"loss_scale_factor": 8.0},
}
KINDS = [
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}, []),
    ("RMSprop", {"learning_rate": 0.01, "momentum": 0.8, "centered": True, "rho": 0.7}, []),
    ("Adam", {"learning_rate": 0.01, "amsgrad": True, "beta_1": 0.7}, []),
    ("Adagrad", {"learning_rate": 0.1}, [{}, {"learning_rate": 1.0, "initial_accumulator_value": 0.0, "epsilon": 0.01}]),
    ("Adadelta", {"learning_rate": 1.0}, [{}, {"learning_rate": 0.5, "rho": 0.6, "epsilon": 0.01}]),
    ("Adamax", {"learning_rate": 0.02}, [{}, {"learning_rate": 0.1, "beta_1": 0.6, "beta_2": 0.8, "epsilon": 0.01}]),
    ("Nadam", {"learning_rate": 0.02}, [{}, {"learning_rate": 0.1, "beta_1": 0.6, "beta_2": 0.8, "epsilon": 0.01}]),
    ("Lion", {"learning_rate": 0.02}, [{}, {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.7}]),
    ("Ftrl", {"learning_rate": 0.1}, [{}, {"learning_rate": 0.2, "initial_accumulator_value": 0.01, "learning_rate_power": -0.7,
     "l1_regularization_strength": 0.3, "l2_regularization_strength": 0.2, "l2_shrinkage_regularization_strength": 0.1, "beta": 0.4}]),
    ("Lamb", {"learning_rate": 0.02}, [{}, {"learning_rate": 0.1, "beta_1": 0.6, "beta_2": 0.8, "epsilon": 0.01}]),
    ("Adafactor", {"learning_rate": 0.1}, [{}, {"learning_rate": 0.9, "beta_2_decay": -0.5, "epsilon_1": 1e-3, "epsilon_2": 0.9,
     "clip_threshold": 0.7, "relative_step": False}]),
    ("Muon", {"learning_rate": 0.02}, [{}, {"learning_rate": 0.1, "exclude_embeddings": False, "nesterov": False, "ns_steps": 3,
     "momentum": 0.8, "rms_rate": None, "adam_lr_ratio": 0.5, "adam_weight_decay": None, "adam_beta_1": 0.7},
     {"learning_rate": 0.1, "exclude_layers": ["^den"], "exclude_embeddings": False, "weight_decay": 0.1, "muon_a": 3.0}]),
    ("ScheduleFreeAdamW", {"learning_rate": 0.05}, [{}, {"learning_rate": 0.1, "beta_1": 0.6, "beta_2": 0.8, "epsilon": 0.01, "warmup_steps": 4}]),
]


def variable(path, value):
    scope, name = path.split("/")
    with keras.name_scope(scope):
        return keras.Variable(value, name=name)


def path_of(v):
    """Without the optimizer's name; some of Nadam's and Adafactor's variables have names by number."""
    return re.sub(r"^variable(_\d+)?$", "variable", v.path.split("/", 1)[-1])


def run(cls, config, exclude=None, full=False):
    keras.backend.clear_session()
    o = getattr(O, cls)(**config)
    vs = [variable(p, w) for (p, _), w in zip(WEIGHTS, START)]
    if exclude:
        o.exclude_from_weight_decay(var_list=[vs[i] for i in exclude.get("varList", [])], var_names=exclude.get("varNames"))
    o.build(vs)
    after = []
    for k, gs in enumerate(GRADIENTS):
        o.apply([keras.ops.convert_to_tensor(g) for g in gs], vs)
        if k + 1 in SHOWN:
            after.append([np.asarray(v) for v in vs])
    variables = [{"path": path_of(v), "shape": list(v.shape)} for v in o.variables]
    slots = [np.asarray(v, dtype="float32").reshape(-1) for v in o.variables[2:]]
    o.finalize_variable_values(vs)
    return {"optimizer": cls, "config": config, **({"exclude": exclude} if exclude else {}), "after": after,
            "variables": variables, "slots": np.concatenate(slots) if slots else np.zeros(0, "float32"),
            **({"finalized": [np.asarray(v) for v in vs]} if config.get("use_ema") else {}),
            **({"fullConfig": o.get_config()} if full else {})}


def loss_scale(inner, config, initial, growth, bad):
    """Gradients come multiplied by the scale, as from a scaled loss; those of the steps in `bad` are not finite."""
    keras.backend.clear_session()
    o = O.LossScaleOptimizer(getattr(O, inner)(**config), initial_scale=initial, dynamic_growth_steps=growth)
    vs = [variable(p, w) for (p, _), w in zip(WEIGHTS, START)]
    o.build(vs)
    weights, state = [v.value for v in vs], [v.value for v in o.variables]
    names = [path_of(v) for v in o.variables]
    steps = []
    for k, gs in enumerate(GRADIENTS):
        scale = float(state[names.index("dynamic_scale")])
        scaled = [keras.ops.convert_to_tensor(g * np.float32(scale)) for g in gs]
        if k in bad:
            scaled[1] = scaled[1] + np.float32(bad[k])
        weights, state = o.stateless_apply(state, scaled, weights)
        steps.append({"scale": float(state[names.index("dynamic_scale")]), "counter": int(state[names.index("step_counter")]),
                      "iterations": int(state[4])})
    return {"name": f"{inner}, scale {initial}", "inner": inner, "config": config, "initialScale": initial, "dynamicGrowthSteps": growth,
            "bad": {str(k): str(v) for k, v in bad.items()}, "variables": names, "steps": steps, "after": [np.asarray(w) for w in weights]}


def several():
    """Adam for one layer, SGD for one weight, RMSprop for the rest, under one loss scale."""
    keras.backend.clear_session()
    adam = O.Adam(learning_rate=0.05, gradient_accumulation_steps=2, use_ema=True, ema_momentum=0.5)
    sgd = O.SGD(learning_rate=0.1, momentum=0.9, weight_decay=0.1, loss_scale_factor=2.0)
    o = O.MultiOptimizer(O.OptimizerMap(O.RMSprop(learning_rate=0.01), {"dense/.*": adam, "conv/kernel": sgd}), loss_scale_factor=4.0)
    vs = [variable(p, w) for (p, _), w in zip(WEIGHTS, START)]
    o.build(vs)
    for gs in GRADIENTS:
        o.apply([keras.ops.convert_to_tensor(g) for g in gs], vs)
    after = [np.asarray(v) for v in vs]
    o.finalize_variable_values(vs)
    return {"variables": [path_of(v) for v in o.variables], "after": after, "finalized": [np.asarray(v) for v in vs],
            "iterations": int(o.iterations)}


def build():
    cases = []
    for cls, base, own in KINDS:
        for i, config in enumerate(own):
            cases.append({"name": f"{cls} {['with its defaults', 'with its own options', 'with others'][i]}", **run(cls, config, full=True)})
        for name, extra in MODIFIERS.items():
            cases.append({"name": f"{cls}, {name}", **run(cls, base | extra)})
        exclude = {"varNames": ["bias", "^emb"]} if cls != "Lion" else {"varList": [0]}
        cases.append({"name": f"{cls}, some weights not decayed", **run(cls, base | {"weight_decay": 0.1}, exclude)})
    return {"note": "after: the weights after steps 3 and 7; slots: all variables but iteration and learning rate, "
                    "one behind the other; finalized: the weights once the averages are in their place.",
            "paths": [p for p, _ in WEIGHTS], "shown": SHOWN, "start": START, "gradients": GRADIENTS, "cases": cases,
            "several": several(),
            "lossScale": [
                loss_scale("Adam", {"learning_rate": 0.05}, 8.0, 2, {2: float("inf"), 5: float("nan")}),
                loss_scale("SGD", {"learning_rate": 0.1, "momentum": 0.9, "clipnorm": 1.0, "gradient_accumulation_steps": 2,
                                   "use_ema": True, "ema_momentum": 0.5}, 1024.0, 3, {0: float("-inf")}),
                loss_scale("SGD", {"learning_rate": 0.1, "loss_scale_factor": 4.0}, 16.0, 1, {}),
            ]}
