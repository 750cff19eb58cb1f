"""Training runs of a small network from given weights; one with dropout from a seed; the article's network as it starts."""
import jax
import jax.numpy as jnp
import keras
import numpy as np

from make_initializers import sha

rng = np.random.default_rng(17)
L, O, R = keras.layers, keras.optimizers, keras.regularizers
N, NV, FEATURES, CLASSES = 256, 64, 20, 5
CENTRES = rng.normal(size=(CLASSES, FEATURES)) * 0.6


def samples(n):
    y = rng.integers(0, CLASSES, size=n).astype("int32")
    # Few digits, so that the file stays small; the float32 values are what counts.
    x = np.round(rng.normal(size=(n, FEATURES)) + CENTRES[y], 3).astype("float32")
    return x, y


X, Y = samples(N)
XV, YV = samples(NV)
MIX = rng.normal(size=(FEATURES, 1))


def derived(x, y):
    regression = np.round(np.tanh(x @ MIX * 0.5) + 0.1 * rng.normal(size=(len(x), 1)), 3).astype("float32")
    return {"classes": y, "regression": regression, "binary": (y > 2).astype("float32")[:, None]}


TARGETS, TARGETS_V = derived(X, Y), derived(XV, YV)
SAMPLE_WEIGHT = np.round(rng.uniform(0.1, 2, size=N), 3).astype("float32")
HEADS = {"classes": (CLASSES, "softmax"), "regression": (1, None), "binary": (1, "sigmoid")}


def glorot(i, o):
    limit = (6 / (i + o)) ** 0.5
    return rng.uniform(-limit, limit, size=(i, o)).astype("float32")


BODY = [glorot(FEATURES, 16), np.zeros(16, "float32"), glorot(16, 12), np.zeros(12, "float32")]
HEAD_WEIGHTS = {k: [glorot(12, units), np.zeros(units, "float32")] for k, (units, _) in HEADS.items()}
SPARSE = "sparse_categorical_crossentropy"


def network(head, penalties=None):
    units, activation = HEADS[head]
    p = penalties or [{}, {}, {}]
    model = keras.Sequential([L.Input((FEATURES,)), L.Dense(16, activation="relu", **p[0]),
                              L.Dense(12, activation="tanh", **p[1]), L.Dense(units, activation=activation, **p[2])])
    model.set_weights(BODY + HEAD_WEIGHTS[head])
    return model


def history(h):
    return {k: [float(v) for v in vs] for k, vs in h.history.items()}


def run(name, optimizer, config, head="classes", loss=SPARSE, metrics=("accuracy",), validation=True, class_weight=None,
        weighted=False, weighted_metrics=(), penalties=None, epochs=5):
    model = network(head, penalties and [{k: getattr(R, c)(**kw) for k, (c, kw) in layer.items()} for layer in penalties])
    model.compile(optimizer=getattr(O, optimizer)(**config), loss=loss, metrics=list(metrics), weighted_metrics=list(weighted_metrics) or None)
    h = model.fit(X, TARGETS[head], batch_size=32, epochs=epochs, shuffle=False, verbose=0,
                  validation_data=(XV, TARGETS_V[head]) if validation else None, class_weight=class_weight,
                  sample_weight=SAMPLE_WEIGHT if weighted else None)
    shown = penalties and [{k: {"class_name": c, "config": kw} for k, (c, kw) in layer.items()} for layer in penalties]
    return {"name": name, "head": head, "optimizer": optimizer, "config": config, "loss": loss, "metrics": list(metrics),
            "weightedMetrics": list(weighted_metrics), "validation": validation, "classWeight": class_weight, "sampleWeight": weighted,
            "penalties": shown, "epochs": epochs, "history": history(h), "finalWeights": [np.asarray(w) for w in model.get_weights()],
            "evaluate": {k: float(v) for k, v in model.evaluate(XV, TARGETS_V[head], verbose=0, return_dict=True).items()},
            "predictFirst4": model.predict(XV[:4], verbose=0)}


def runs():
    momentum = {"learning_rate": 0.05, "momentum": 0.9}
    yield run("sgd with momentum", "SGD", momentum)
    yield run("sgd with Nesterov momentum", "SGD", momentum | {"nesterov": True})
    yield run("rmsprop", "RMSprop", {"learning_rate": 0.005})
    yield run("adam", "Adam", {"learning_rate": 0.01})
    yield run("adamw", "AdamW", {"learning_rate": 0.01, "weight_decay": 0.05})
    yield run("adam, class weights", "Adam", {"learning_rate": 0.01}, class_weight={0: 2.0, 1: 0.5, 3: 1.5, 4: 0.0}, validation=False)
    yield run("adam, sample weights", "Adam", {"learning_rate": 0.01}, weighted=True, weighted_metrics=["accuracy"], metrics=[])
    yield run("sgd with momentum, sample weights, both kinds of metrics", "SGD", momentum, weighted=True, weighted_metrics=["sparse_categorical_accuracy"])
    yield run("adam, clipnorm", "Adam", {"learning_rate": 0.01, "clipnorm": 0.5})
    yield run("adam, penalties", "Adam", {"learning_rate": 0.01}, penalties=[{"kernel_regularizer": ("L2", {"l2": 0.01})},
              {"kernel_regularizer": ("L1", {"l1": 0.005}), "bias_regularizer": ("L2", {"l2": 0.02})}, {"kernel_regularizer": ("L1L2", {"l1": 0.001, "l2": 0.01})}])
    yield run("regression", "Adam", {"learning_rate": 0.01}, head="regression", loss="mse", metrics=["mae"])
    yield run("binary classification", "Adam", {"learning_rate": 0.01}, head="binary", loss="binary_crossentropy")


def dropout_run():
    keras.utils.set_random_seed(1234)
    model = keras.Sequential([L.Input((FEATURES,)), L.Dense(16, activation="relu"), L.Dropout(0.3), L.Dense(12, activation="tanh"),
                              L.Dropout(0.5), L.Dense(CLASSES, activation="softmax")])
    model.compile(optimizer=O.Adam(learning_rate=0.01), loss=SPARSE, metrics=["accuracy"])
    initial = model.get_weights()
    dense = [l for l in model.layers if isinstance(l, L.Dense)]
    drops = [l for l in model.layers if isinstance(l, L.Dropout)]
    seeds = [int(l.seed_generator.state[0]) for l in drops]
    h = model.fit(X, Y, batch_size=32, epochs=5, shuffle=False, verbose=0, validation_data=(XV, YV))

    def mask(seed, step, rate, units):
        key = jnp.array([seed, step], dtype="uint32")
        return np.asarray(jax.random.bernoulli(key, 1.0 - rate, (32, units)))

    # By hand, the first step's loss under these masks must be the one that Keras reports: the masks are what it used.
    model2 = keras.models.clone_model(model)
    model2.set_weights(initial)
    for l, s in zip([l for l in model2.layers if isinstance(l, L.Dropout)], seeds):
        l.seed_generator.state.assign(np.array([s, 0], dtype="uint32"))
    model2.compile(optimizer="sgd", loss=SPARSE)
    first = float(model2.train_on_batch(X[:32], Y[:32], return_dict=True)["loss"])
    k0, b0, k1, b1, k2, b2 = initial
    a = np.maximum(X[:32] @ k0 + b0, 0) * mask(seeds[0], 0, 0.3, 16) / 0.7
    b = np.tanh(a @ k1 + b1) * mask(seeds[1], 0, 0.5, 12) / 0.5
    z = b @ k2 + b2
    z = z - z.max(1, keepdims=True)
    by_hand = float(np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(32), Y[:32]]))
    assert abs(first - by_hand) < 1e-5, (first, by_hand)
    steps = [{"step": s, "masks": [mask(seeds[0], s, 0.3, 16).astype("uint8"), mask(seeds[1], s, 0.5, 12).astype("uint8")]} for s in range(3)]
    return {"name": "dropout after set_random_seed(1234)", "seed": 1234, "epochs": 5, "learningRate": 0.01, "rates": [0.3, 0.5],
            "kernelSeeds": [l.kernel_initializer.seed for l in dense], "dropoutSeeds": seeds,
            "statesAfter": [np.asarray(l.seed_generator.state) for l in drops], "initialWeights": initial, "masks": steps,
            "firstStepLoss": first, "history": history(h), "finalWeights": model.get_weights()}


def article():
    keras.utils.set_random_seed(42)
    model = keras.Sequential([L.Input((784,)), L.Dense(128, activation="relu"), L.Dropout(0.5), L.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss=SPARSE, metrics=["accuracy"])
    weights = []
    for v, w in zip(model.weights, model.get_weights()):
        flat = w.reshape(-1)
        weights.append({"path": v.path.split("/", 1)[1], "shape": list(w.shape), "first": flat[:32], "last": flat[-32:],
                        "sum": float(flat.astype("float64").sum()), "sha256": sha(w)})
    drop = model.layers[1].seed_generator
    mask = np.asarray(jax.random.bernoulli(jnp.array([int(drop.state[0]), 0], dtype="uint32"), 0.5, (64, 128)))
    return {"name": "the article's network after set_random_seed(42)", "seed": 42, "weights": weights,
            "kernelSeeds": [model.layers[0].kernel_initializer.seed, model.layers[2].kernel_initializer.seed], "dropoutSeed": int(drop.state[0]),
            "firstMaskRow": mask[0].astype("uint8"), "firstMaskKept": int(mask.sum()),
            "shuffles": "numpy.random.permutation(60000) per epoch from numpy.random.seed(42)",
            "firstPermutation10": np.random.RandomState(42).permutation(60000)[:10]}


def build():
    return {"note": "20 -> 16 relu -> 12 tanh -> head, batch 32, no shuffling. Weights are [kernel, bias] per layer; heads[...] follow body. "
                    "Rounding differs between implementations: compare to about 1e-4 after five epochs. training.json holds other runs.",
            "data": {"x": X, "xVal": XV, "targets": TARGETS, "targetsVal": TARGETS_V, "sampleWeight": SAMPLE_WEIGHT},
            "heads": {k: {"units": u, "activation": a, "weights": HEAD_WEIGHTS[k]} for k, (u, a) in HEADS.items()}, "body": BODY,
            "cases": list(runs()), "dropout": dropout_run(), "article": article()}
