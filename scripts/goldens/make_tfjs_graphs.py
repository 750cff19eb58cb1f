"""Graph models as the converter of TensorFlow.js writes them (test/goldens/tfjs_graphs.json): frozen by
TensorFlow, simplified and fused by grappler, GraphDef as JSON, the elements of Const nodes in a shard. Needs
tensorflow and keras 3. What TensorFlow computes is what is expected; `check_tfjs_graphs.mjs` holds TensorFlow.js
itself against it."""
import base64
import json
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from keras import layers
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from tensorflow.python.grappler import tf_optimizer
from tensorflow.python.training.saver import export_meta_graph

rng = np.random.default_rng(11)
names = {tf.float32: "float32", tf.int32: "int32", tf.bool: "bool", tf.int64: "int32"}


def optimized(frozen, outputs):
    graph = frozen.graph
    for t in outputs:
        graph.add_to_collection("train_op", graph.as_graph_element(t.name))
    config = config_pb2.ConfigProto()
    config.graph_options.rewrite_options.optimizers[:] = ["pruning", "constfold", "arithmetic", "dependency", "remap", "pruning"]
    meta = export_meta_graph(graph_def=graph.as_graph_def(), graph=graph)
    return tf_optimizer.OptimizeGraph(config, meta)


def fused(graph):
    """Product, BiasAdd and activation as one node, where nothing else uses what is between, as grappler's remapper
    and the converter do it."""
    made = {"Conv2D": "_FusedConv2D", "MatMul": "_FusedMatMul", "DepthwiseConv2dNative": "FusedDepthwiseConv2dNative"}
    nodes = {n.name: n for n in graph.node}
    users = {}
    for n in graph.node:
        for i in n.input:
            users.setdefault(i.lstrip("^").split(":")[0], []).append(n)
    for node in list(graph.node):
        if node.op not in made:
            continue
        chain, names_, at = [node], [], node
        while len(users.get(at.name, [])) == 1:
            after = users[at.name][0]
            known = after.op == "BiasAdd" if not names_ else len(names_) == 1 and after.op in ("Relu", "Relu6", "Elu", "Sigmoid", "LeakyRelu")
            if not known or after.input[0] != at.name:
                break
            names_.append(after.op.encode())
            chain.append(after)
            at = after
        if not names_:
            continue
        last = chain[-1]
        inputs = [*node.input, chain[1].input[1]]
        new = graph.node.add(name=last.name, op=made[node.op], input=inputs)
        for k, v in node.attr.items():
            new.attr[k].CopyFrom(v)
        new.attr["fused_ops"].list.s.extend(names_)
        new.attr["num_args"].i = 1
        if "alpha" in last.attr:
            new.attr["leakyrelu_alpha"].CopyFrom(last.attr["alpha"])
        for n in chain:
            graph.node.remove(nodes[n.name])
    return graph


def converted(fn, specs, fuse):
    concrete = tf.function(fn).get_concrete_function(*specs)
    frozen = convert_variables_to_constants_v2(concrete)
    graph = fused(optimized(frozen, frozen.outputs)) if fuse else frozen.graph.as_graph_def()
    weights, data = [], b""
    for node in graph.node:
        for key in [k for k in node.attr if k.startswith("_")]:
            del node.attr[key]
        if node.op != "Const":
            continue
        value = tf.make_ndarray(node.attr["value"].tensor)
        dtype = tf.as_dtype(node.attr["dtype"].type)
        if dtype not in names:
            raise ValueError(f"{node.name}: {dtype}")
        value = value.astype({"int32": "<i4", "float32": "<f4", "bool": "|b1"}[names[dtype]])
        weights.append({"name": node.name, "shape": list(value.shape), "dtype": names[dtype]})
        data += value.tobytes()
        node.attr["value"].tensor.ClearField("tensor_content")
        for f in ["float_val", "int_val", "int64_val", "bool_val"]:
            node.attr["value"].tensor.ClearField(f)
    shape = lambda t: {"dim": [{"size": str(-1 if d is None else d)} for d in t.shape]}
    about = lambda t: {"name": t.name, "dtype": tf.as_dtype(t.dtype).as_datatype_enum, "tensorShape": shape(t)}
    dt = lambda a: {**a, "dtype": {1: "DT_FLOAT", 3: "DT_INT32", 9: "DT_INT64", 10: "DT_BOOL"}[a["dtype"]]}
    signature = {
        "inputs": {t.name.split(":")[0]: dt(about(t)) for t in frozen.inputs},
        "outputs": {f"output_{i}": dt(about(t)) for i, t in enumerate(frozen.outputs)},
    }
    model = {
        "format": "graph-model",
        "generatedBy": tf.__version__,
        "convertedBy": "scripts/goldens/make_tfjs_graphs.py",
        "signature": signature,
        "modelTopology": json.loads(json_format.MessageToJson(graph, indent=None)),
        "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": weights}],
    }
    return model, data


def draw(shape, kind="float32"):
    return (rng.integers(0, 5, shape) if kind == "int32" else rng.normal(size=shape)).astype(kind)


def keras_fn(model):
    for w in model.weights:
        w.assign(np.abs(rng.normal(size=w.shape)) + 0.5 if "variance" in w.name else np.round(rng.normal(size=w.shape) * 64) / 128)
    return lambda *x: model(list(x) if len(x) > 1 else x[0], training=False)


def cnn():
    x = keras.Input((10, 10, 3))
    y = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    y = layers.BatchNormalization()(y)
    y = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, activation="relu6")(y)
    y = layers.Conv2D(3, 3, padding="same", dilation_rate=2)(y)
    y = layers.Conv2DTranspose(2, 3, strides=2, padding="same", activation="leaky_relu")(y)
    y = layers.SeparableConv2D(4, 3, activation="elu")(y)
    z = layers.MaxPooling2D(3, 2, padding="same")(y)
    w = layers.AveragePooling2D(2, padding="same")(y)
    y = layers.Concatenate()([layers.GlobalAveragePooling2D()(z), layers.Flatten()(w)])
    return keras.Model(x, layers.Dense(3, activation="softmax")(y))


def transformer():
    x = keras.Input((6, 8))
    y = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(2, 4)(x, x)]))
    z = layers.Add()([y, layers.Dense(8)(layers.Dense(16, activation="gelu")(y))])
    return keras.Model(x, layers.Dense(2)(layers.GlobalMaxPooling1D()(z)))


def parts(x):
    n = tf.shape(x)[0]
    a, b = tf.split(x, 2, axis=2)
    c = tf.stack([a[:, 1:-1, ::-1], b[:, :2, :]], axis=1)
    d = tf.pad(tf.reshape(c, [n, -1]), [[0, 0], [1, 2]], constant_values=0.5)
    e = tf.pad(x, [[0, 0], [1, 1], [2, 0]], "REFLECT")
    f = tf.gather(x, [2, 0], axis=1) + tf.expand_dims(x[:, 0], 1) * tf.one_hot([1, 2], 6, on_value=2.0)
    g = tf.concat([tf.tile(f, [1, 1, 2]), tf.broadcast_to(x[0, 0, 0], [n, 2, 3])], -1)
    return d, e, g, tf.transpose(x[..., tf.newaxis, 0], [0, 2, 1]), tf.unstack(x, axis=1)[3], tf.reverse(x, [1, 2])


def arithmetic(x, i):
    f = tf.cast(i, tf.float32)
    a = tf.where(x > 0, tf.sqrt(tf.abs(x)), tf.math.divide_no_nan(x, f))
    b = tf.clip_by_value(tf.exp(-x) + tf.math.log1p(tf.square(x)), 0.2, 3.0)
    c = tf.math.floordiv(i - 3, 2) * 10 + tf.math.floormod(i - 3, 2)
    d = tf.math.erf(x) + tf.sin(x) * tf.cos(x) + tf.math.softplus(x) + tf.nn.selu(x) + tf.nn.elu(x) + tf.math.rsqrt(1 + x * x)
    e = tf.reduce_mean(d, -1, keepdims=True) + tf.reduce_max(x, [0]) - tf.reduce_prod(x, 1, keepdims=True) + tf.math.squared_difference(x, d)
    g = tf.cast(tf.reduce_any(x > 1.5, -1), tf.int32) + tf.argmax(x, -1, output_type=tf.int32)
    return a, b, c, d, e, g, tf.cumsum(x, 1), tf.nn.log_softmax(x), tf.nn.top_k(x, 2).values, tf.pow(tf.abs(x), 1.5), tf.logical_not(tf.equal(i, 2)), tf.minimum(x, tf.round(x * 2))


def images(x):
    v1 = tf.compat.v1.image
    return (
        tf.image.resize(x, [7, 9]),
        v1.resize_bilinear(x, [3, 10], align_corners=True),
        v1.resize_bilinear(x, [8, 8]),
        tf.image.resize(x, [7, 3], method="nearest"),
        v1.resize_nearest_neighbor(x, [9, 4]),
        tf.space_to_batch(x, [2, 2], [[1, 0], [0, 1]]),
        tf.batch_to_space(tf.concat([x, x], 0), [2, 2], [[1, 0], [0, 1]]),
    )


def products(x, y):
    return tf.matmul(x, y, transpose_b=True), tf.matmul(x, tf.ones([2, 6, 3])), tf.einsum("bij,bkj->bik", x, y), tf.linalg.matmul(x[0], x[1], transpose_a=True)


dyn = lambda *s: tf.TensorSpec([None, *s], tf.float32)
cases = {
    "mlp": (keras_fn(keras.Sequential([keras.Input((5,)), layers.Dense(6, activation="relu"), layers.Dense(4, activation="tanh"), layers.Dense(3, activation="sigmoid")])), [dyn(5)], [(3, 5)], True),
    "cnn": (keras_fn(cnn()), [dyn(10, 10, 3)], [(2, 10, 10, 3)], True),
    "cnn-plain": (keras_fn(cnn()), [dyn(10, 10, 3)], [(2, 10, 10, 3)], False),
    "transformer": (keras_fn(transformer()), [dyn(6, 8)], [(3, 6, 8)], True),
    "parts": (parts, [dyn(4, 6)], [(2, 4, 6)], True),
    "arithmetic": (arithmetic, [dyn(5), tf.TensorSpec([None, 5], tf.int32)], [(3, 5), (3, 5)], False),
    "images": (images, [tf.TensorSpec([2, 5, 5, 2], tf.float32)], [(2, 5, 5, 2)], False),
    "products": (products, [dyn(4, 6), dyn(5, 6)], [(2, 4, 6), (2, 5, 6)], False),
}
out = []
array = lambda t: {"shape": list(t.shape), "data": np.asarray(t).astype("float64").ravel().round(7).tolist()}
for name, (fn, specs, shapes, fuse) in cases.items():
    model, data = converted(fn, specs, fuse)
    x = [draw(s, spec.dtype.name) for s, spec in zip(shapes, specs)]
    y = fn(*[tf.constant(v) for v in x])
    y = list(y) if isinstance(y, (tuple, list)) else [y]
    ops = sorted({n["op"] for n in model["modelTopology"]["node"]})
    print(name, len(data), ops)
    out.append({"name": name, "json": model, "shard": base64.b64encode(data).decode(), "x": [array(v) for v in x], "predictions": [array(v) for v in y]})
path = os.path.join(os.path.dirname(__file__), "../../test/goldens/tfjs_graphs.json")
with open(path, "w") as f:
    json.dump({"models": out}, f, separators=(",", ":"))
    f.write("\n")
