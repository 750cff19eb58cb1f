"""Functional models: their summaries, the order of layers and weights, the graph in their configs, training with
frozen and shared parts. The same models are built in src/keras/models/functional-goldens.test.ts."""
import keras
import numpy as np

L = keras.layers


def net(inputs, outputs, name):
    return keras.Model(inputs, outputs, name=name)


def diamond():
    """Two inputs, two outputs in a dict, arithmetic between."""
    a, b = keras.Input((3,), name="a"), keras.Input((4,), name="b")
    h, g = L.Dense(5, name="left")(a), L.Dense(5, name="right")(b)
    s = h + g
    y = L.Dense(2, name="head")(s)
    return net({"a": a, "b": b}, {"y": y, "z": s * h}, "diamond")


def shared():
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    d = L.Dense(4, activation="tanh", name="shared")
    out = L.Dense(1, name="out")
    return net([a, b], [out(d(a) - d(b)), out(d(b))], "shared_twice")


def linear():
    x = keras.Input((6,), name="x")
    h = L.Dense(4, activation="relu", name="hidden")(x)
    h = L.Dropout(0.5, name="drop")(h)
    return net(x, L.Dense(2, name="out")(h), "linear")


def nested():
    i = keras.Input((4,), name="inner")
    block = net(i, L.Dense(4, activation="tanh", name="inside")(i), "block")
    stack = keras.Sequential([keras.Input((4,), name="begin"), L.Dense(3, name="one"), L.Dense(2, name="two")], name="stack")
    x = keras.Input((4,), name="x")
    return net(x, stack(block(block(x))), "nested")


def branches():
    """Branches of different lengths, written in an awkward order."""
    x = keras.Input((4,), name="x")
    late = keras.Input((2,), name="late")
    long = L.Dense(4, name="long3")(L.Dense(4, name="long2")(L.Dense(4, name="long1")(x)))
    short = L.Dense(4, name="short")(x)
    both = short + long
    side = L.Dense(2, name="side")(late)
    return net([late, x], [L.Dense(2, name="end")(both), side, L.Dense(1, name="early")(short)], "branches")


def frozen():
    m = nested()
    m.get_layer("block").trainable = False
    return m


def masked():
    """A mask that an Embedding makes passes a model inside, a Dense and a Dropout, and ends in an average."""
    i = keras.Input((6, 4), name="inner")
    inside = net(i, L.Dense(3, activation="tanh", name="inside")(i), "block")
    ids = keras.Input((6,), dtype="int32", name="ids")
    x = L.Embedding(6, 4, mask_zero=True, name="table")(ids)
    x = L.Dropout(0.0, name="drop")(inside(x))
    return net(ids, [L.GlobalAveragePooling1D(name="mean")(x), L.Dense(2, name="steps")(x)], "masked")


class Loss(L.Layer):
    def call(self, x):
        self.add_loss(0.3 * keras.ops.sum(x))
        return x


def penalized():
    """Penalties on weights (of a layer used twice too; those on frozen ones do not count) and on outputs. Not on
    outputs of a layer used twice: compiled, Keras on JAX forgets those of the first call."""
    x = keras.Input((3,), name="x")
    r = keras.regularizers
    twice = L.Dense(3, activation="tanh", kernel_regularizer=r.L1(0.05), name="twice")
    once = L.Dense(3, activity_regularizer=r.L2(0.1), name="once")
    fixed = L.Dense(3, kernel_regularizer=r.L2(0.5), bias_regularizer=r.L2(0.5), trainable=False, name="fixed")
    return net(x, L.Dense(1, name="out")(Loss(name="loss")(fixed(once(twice(twice(x)))))), "penalized")


class Own(keras.Model):
    def __init__(self):
        super().__init__(name="own")
        self.first = L.Dense(3, name="first")
        self.rest = [L.Dense(2, name="second"), L.Dropout(0.5, name="drop")]

    def call(self, x):
        x = self.first(x)
        for layer in self.rest:
            x = layer(x)
        return x


MODELS = {f.__name__: f for f in (diamond, shared, linear, nested, branches, frozen, masked, penalized)}
MODELS["own"] = Own


def summary(model, **options):
    lines = []
    MODELS[model]().summary(print_fn=lambda s, line_break=False: lines.append(s), **options)
    return {"model": model, "options": options, "text": "\n".join(lines)}


def tensor(x):
    return isinstance(x, dict) and x.get("class_name") == "__keras_tensor__"


def node(x):
    """What a call takes: KerasTensors as [layer, call, output]."""
    if tensor(x):
        return x["config"]["keras_history"]
    if isinstance(x, dict):
        return {k: node(v) for k, v in x.items() if v is not None and k != "training"}
    return [node(v) for v in x] if isinstance(x, (list, tuple)) else x


def graph(model):
    m = MODELS[model]()
    config = m.get_config()
    return {
        "model": model,
        "layers": [{"name": l["name"], "className": l["class_name"],
                    "inboundNodes": [{"args": node(n["args"]), "kwargs": node(n["kwargs"])} for n in l["inbound_nodes"]]}
                   for l in config["layers"]],
        "inputLayers": config["input_layers"], "outputLayers": config["output_layers"],
        "order": [l.name for l in m.layers],
        "weights": [w.path.split("/")[-2] + "/" + w.name for w in m.weights],
        "trainable": [w.path.split("/")[-2] + "/" + w.name for w in m.trainable_weights],
    }


def numbers(shape, seed):
    n = int(np.prod(shape))
    return (np.sin(np.arange(n) * 1.7 + seed) * 0.5).astype("float32").reshape(shape)


def training(model):
    """Predictions and weights after three steps of plain gradient descent on batches of 4."""
    m = MODELS[model]()
    m.set_weights([numbers(w.shape, k) for k, w in enumerate(m.weights)])
    flat = [numbers((12, *t.shape[1:]), 50 + k) for k, t in enumerate(m.inputs)]
    flat = [np.floor(np.abs(v) * 12).astype("int32") if t.dtype == "int32" else v for v, t in zip(flat, m.inputs)]
    x = keras.tree.pack_sequence_as(m.input, flat)
    y = keras.tree.pack_sequence_as(m.output, [numbers((12, *t.shape[1:]), 90 + k) for k, t in enumerate(m.outputs)])
    before = keras.tree.flatten(m.predict(x, verbose=0))
    m.compile(keras.optimizers.SGD(0.1), "mse" if isinstance(m.output, keras.KerasTensor) else keras.tree.map_structure(lambda _: "mse", m.output))
    h = m.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    return {"model": model, "before": before, "loss": h.history["loss"][0], "weights": m.get_weights()}


def build():
    keras.backend.clear_session()
    summaries = []
    for model, options in [
        ("diamond", {}), ("shared", {}), ("linear", {}), ("nested", {}), ("nested", {"expand_nested": True}),
        ("branches", {"line_length": 64}), ("frozen", {"show_trainable": True, "expand_nested": True}),
        ("linear", {"show_trainable": True, "line_length": 70}), ("diamond", {"show_trainable": True, "line_length": 73}), ("own", {}),
        ("branches", {"layer_range": ["long1", "long3"]}),
    ]:
        keras.backend.clear_session()
        summaries.append(summary(model, **options))
    graphs = []
    for model in ("diamond", "shared", "linear", "nested", "branches", "frozen"):
        keras.backend.clear_session()
        graphs.append(graph(model))
    return {"summaries": summaries, "graphs": graphs, "training": [training(k) for k in ("diamond", "shared", "nested", "branches", "frozen", "masked", "penalized")]}

