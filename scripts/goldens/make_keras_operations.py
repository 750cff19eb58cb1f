"""Models whose layers are operations of keras.ops, as real Keras saves them (.keras, in base64), and what they predict."""
import base64
import os
import tempfile

import keras
import numpy as np
from keras import ops

KERNEL = np.random.default_rng(3).normal(size=(3, 3, 2, 4)).astype("float32")
UNARY = (
    "absolute arctan arcsinh ceil copy cos cosh deg2rad exp exp2 expm1 floor isfinite isinf isnan negative ravel sign signbit "
    "sin sinc sinh square tan tanh trunc relu relu6 sigmoid softplus softsign silu log_sigmoid hard_sigmoid hard_silu selu tanh_shrink "
    "hard_tanh erf stop_gradient zeros_like ones_like sparsemax"
).split()
POSITIVE = "log log10 log1p log2 sqrt rsqrt reciprocal cbrt arccosh".split()
UNIT = "arccos arcsin arctanh erfinv".split()
BINARY = (
    "add subtract multiply divide true_divide maximum minimum arctan2 hypot logaddexp equal not_equal less less_equal greater "
    "greater_equal inner"
).split()
REDUCTIONS = "mean sum std var median all any amax amin max min prod nanmax nanmean nanmin nansum".split()

# On x (6, 4): what becomes of it, one output or several.
vectors = {
    **{n: (lambda f: lambda x: f(x))(getattr(ops, n)) for n in UNARY},
    **{n: (lambda f: lambda x: f(ops.abs(x) + 1.5))(getattr(ops, n)) for n in POSITIVE},
    **{n: (lambda f: lambda x: f(ops.tanh(x) * 0.9))(getattr(ops, n)) for n in UNIT},
    **{n: (lambda f: lambda x: f(x, x[:, ::-1] * 0.5))(getattr(ops, n)) for n in BINARY},
    **{f"{n} 1": (lambda f: lambda x: f(x, axis=1))(getattr(ops, n)) for n in REDUCTIONS},
    **{f"{n} -1 kept": (lambda f: lambda x: f(x, axis=(1, -1), keepdims=True))(getattr(ops, n)) for n in REDUCTIONS if n != "median"},
    "arithmetic": lambda x: [x + 1, 2.0 - x, x * 2.0, 1 / (x + 9), x // 0.5, x % 0.75, abs(x) ** 1.5, -x, abs(x)],
    "comparisons": lambda x: [x > 0, x >= 0.5, x < 0, x <= 0.5, ops.logical_and(x > 0, x < 1), ops.logical_or(x > 1, x < 0), ops.logical_xor(x > 0, x < 1), ops.logical_not(x > 0)],
    "whole numbers": lambda x: [ops.cast(x * 3, "int32"), ops.bitwise_and(ops.cast(x * 3, "int32"), 3), ops.bitwise_or(ops.cast(x * 3, "int32"), 1), ops.bitwise_xor(ops.cast(x * 3, "int32"), 5), ops.bitwise_not(ops.cast(x * 3, "int32"))],
    "constants": lambda x: [x + np.arange(4, dtype="float32"), ops.add(x, np.ones((6, 1), "float32")), ops.matmul(x, KERNEL[0, 0].T)],
    "argmax": lambda x: [ops.argmax(x, axis=-1), ops.argmin(x, axis=1, keepdims=True), ops.argsort(x, axis=1), ops.sort(x)],
    "count_nonzero": lambda x: ops.count_nonzero(ops.relu(x), axis=1),
    "cumulative": lambda x: [ops.cumsum(x, axis=1), ops.cumprod(x, axis=2), ops.diff(x), ops.diff(x, n=2, axis=1)],
    "average": lambda x: [ops.average(x, axis=1), ops.average(x, axis=2, weights=np.asarray([1, 2, 3, 4], "float32"))],
    "quantile": lambda x: [ops.quantile(x, 0.3, axis=2), ops.quantile(x, 0.6, axis=1, method="lower", keepdims=True)],
    "joined": lambda x: [ops.concatenate([x, x * 2.0], axis=-1), ops.stack([x, -x], axis=1), ops.append(x, x, axis=1)],
    "stacked": lambda x: [ops.hstack([x, x]), ops.vstack([x, -x])],
    "split": lambda x: [*ops.split(x, [2], axis=1), *ops.split(x, 2, axis=-1), *ops.unstack(x, axis=1)[:2]],
    "repeated": lambda x: [ops.repeat(x, 2, axis=1), ops.tile(x, (1, 2, 1)), ops.roll(x, 1, axis=1), ops.flip(x, axis=1), ops.rot90(x, 1, axes=(1, 2))],
    "shapes": lambda x: [ops.reshape(x, (-1, 24)), ops.transpose(x, (0, 2, 1)), ops.moveaxis(x, 1, 2), ops.swapaxes(x, 1, 2), ops.expand_dims(x, 1), ops.squeeze(ops.expand_dims(x, 1), 1)],
    "taken": lambda x: [ops.take(x, [0, 2], axis=1), ops.take_along_axis(x, ops.argsort(x, axis=1), axis=1)],
    "GetItem": lambda x: [x[:, 1:3, ::2], x[:, -1], x[..., 0], x[:, None, 2:], x[:, ::-1, 1]],
    "diagonals": lambda x: [ops.diagonal(x, offset=1, axis1=1, axis2=2), ops.trace(x, axis1=1, axis2=2), ops.tril(x, k=-1), ops.triu(x)],
    "limits": lambda x: [ops.clip(x, -0.5, 0.5), ops.round(x, 1), ops.nan_to_num(x, nan=1.0), ops.isclose(x, x + 1e-3, atol=1e-2)],
    "pad": lambda x: [ops.pad(x, [[0, 0], [1, 1], [0, 2]]), ops.pad(x, [[0, 0], [1, 2], [0, 0]], constant_values=2), ops.pad(x, [[0, 0], [1, 1], [0, 0]], mode="reflect")],
    "products": lambda x: [ops.matmul(x, ops.transpose(x, (0, 2, 1))), ops.einsum("bij,bkj->bik", x, x), ops.tensordot(x, KERNEL[0, 0].T, axes=1), ops.dot(x, KERNEL[0, 0].T), ops.cross(x[..., :3], x[..., 1:])],
    "where": lambda x: [ops.where(x > 0, x, x * 0.1), ops.select([x > 1, x > 0], [x, x * 2.0], default=-1), ops.searchsorted(np.asarray([-1, 0, 1], "float32"), x[:, 0, 0], side="right"), ops.digitize(x, np.asarray([-1, 0, 1], "float32"))],
    "full_like": lambda x: [ops.full_like(x, 2.5), ops.ones_like(x, dtype="int32")],
    "slopes": lambda x: [ops.leaky_relu(x), ops.leaky_relu(x, 0.3), ops.elu(x, 0.7), ops.celu(x, 0.7), ops.gelu(x), ops.gelu(x, approximate=False), ops.soft_shrink(x, 0.2), ops.hard_shrink(x, 0.2), ops.threshold(x, 0.1, -1.0), ops.glu(x, axis=1)],
    "softmax": lambda x: [ops.softmax(x), ops.softmax(x, axis=1), ops.log_softmax(x, axis=1), ops.logsumexp(x, axis=1), ops.logsumexp(x, axis=(1, 2), keepdims=True)],
    "one_hot": lambda x: [ops.one_hot(ops.argmax(x, axis=1), 6), ops.one_hot(ops.argmax(x, axis=1), 6, axis=1, dtype="int32"), ops.multi_hot(ops.argmax(x, axis=1), 6)],
    "crossentropies": lambda x: [ops.binary_crossentropy(ops.cast(x > 0, "float32"), ops.sigmoid(x)), ops.binary_crossentropy(ops.cast(x > 0, "float32"), x, from_logits=True), ops.categorical_crossentropy(ops.softmax(-x), x, from_logits=True), ops.sparse_categorical_crossentropy(ops.argmax(-x, axis=-1), ops.softmax(x))],
    "statistics": lambda x: [*ops.moments(x, axes=[1]), *ops.moments(x, axes=[1, 2], keepdims=True), ops.batch_normalization(x, np.ones(4, "float32"), np.full(4, 2, "float32"), axis=-1, offset=np.arange(4, dtype="float32"), scale=np.full(4, 3, "float32")), ops.normalize(x, axis=1, order=1)],
    "norm": lambda x: ops.norm(x),
    "pairs": lambda x: [getattr(ops, n)(x, x[:, ::-1] * 0.5) for n in "fmax fmin fmod heaviside logaddexp2 divide_no_nan".split()],
    "singles": lambda x: [getattr(ops, n)(x) for n in "fabs fliplr flipud isneginf isposinf rad2deg sparse_plus sparse_sigmoid squareplus".split()] + [ops.squareplus(x, 2), ops.saturate_cast(x * 200.0, "uint8")],
    "bounds": lambda x: [ops.max(x, axis=1, initial=0.5), ops.min(x, axis=(1, 2), initial=-0.5, keepdims=True), ops.prod(x, axis=1, dtype="float32"), ops.cumsum(ops.cast(x * 3, "int32"), axis=1, dtype="float32"), ops.ptp(x, axis=2), ops.percentile(x, 30.0, axis=1, method="higher")],
    "parts": lambda x: [*ops.array_split(x, 3, axis=2), *ops.hsplit(x, 2), ops.dstack([x, x]), *ops.unstack(x, num=6, axis=1)[:1]],
    "along": lambda x: [ops.cross(x[:, :3], x[:, 3:], axis=1), ops.sparsemax(x, axis=1), ops.multi_hot(ops.argmax(x, axis=1), 6, axis=-1), ops.softmax(x, axis=(1, 2))],
    "normalized": lambda x: [ops.layer_normalization(x), ops.layer_normalization(x, np.arange(4, dtype="float32"), np.ones(4, "float32"), epsilon=0.01), ops.rms_normalization(x, axis=(1, 2)), ops.rms_normalization(x, scale=np.arange(4, dtype="float32"))],
    "top_k": lambda x: [*ops.top_k(x, 2), ops.in_top_k(ops.argmax(x[:, 0], axis=-1), x[:, 1], 2)],
    "sequences": lambda x: ops.extract_sequences(ops.transpose(x, (0, 2, 1)), 3, 2),
    "update": lambda x: ops.slice_update(x, (0, 0, 1), x[:, :, 2:] * 2.0),
    "attention": lambda x: [ops.dot_product_attention(ops.expand_dims(x, 2), ops.expand_dims(x, 2), ops.expand_dims(x, 2)), ops.dot_product_attention(*[ops.reshape(x, (-1, 6, 2, 2))] * 3, is_causal=True)],
}

# On x (8, 8, 2).
pictures = {
    "conv": lambda x: [ops.conv(x, KERNEL, strides=2, padding="same"), ops.conv(x, KERNEL, dilation_rate=2), ops.depthwise_conv(x, KERNEL, padding="same"), ops.separable_conv(x, KERNEL[:, :, :, :2], np.ones((1, 1, 4, 3), "float32"))],
    "conv_transpose": lambda x: ops.conv_transpose(x, ops.convert_to_tensor(KERNEL.transpose(0, 1, 3, 2)), strides=2),
    "pools": lambda x: [ops.max_pool(x, 2, strides=2), ops.max_pool(x, 3, strides=1, padding="same"), ops.average_pool(x, 2, strides=3)],
    "images": lambda x: [ops.image.resize(x, (5, 4)), ops.image.resize(x, (4, 12), interpolation="nearest"), ops.image.gaussian_blur(x, (3, 3), (0.7, 0.9))],
    "colours": lambda x: [ops.image.rgb_to_grayscale(ops.concatenate([x, x[..., :1]], axis=-1)), ops.image.rgb_to_hsv(ops.sigmoid(ops.concatenate([x, x[..., :1]], axis=-1))), ops.image.hsv_to_rgb(ops.sigmoid(ops.concatenate([x, x[..., :1]], axis=-1)))],
}


def leaves(y):
    return [t for part in y for t in leaves(part)] if isinstance(y, (list, tuple)) else [y]


def models():
    """Name, model and x of each case by itself."""
    for shape, cases in (((6, 4), vectors), ((8, 8, 2), pictures)):
        for name, f in cases.items():
            keras.utils.clear_session()
            x = keras.Input(shape, name="x")
            yield name, (lambda: keras.Model(x, leaves(f(x)))), np.random.default_rng(5).normal(size=(3, *shape)).astype("float32")


def saved(name, model, x):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.keras")
        model.save(path)
        data = open(path, "rb").read()
    y = model(x)
    return {"name": name, "file": base64.b64encode(data).decode(), "x": x, "predictions": [np.asarray(t) for t in leaves(y)]}


def build():
    out = []
    groups = {
        "numpy": ["arithmetic", "comparisons", "constants", "mean 1", "max -1 kept", "argmax", "cumulative", "joined", "split", "shapes", "taken", "GetItem", "limits", "pad", "products", "where", "repeated"],
        "networks": ["slopes", "softmax", "one_hot", "statistics", "top_k", "attention", "sequences"],
        "more": ["norm", "pairs", "singles", "bounds", "parts", "along", "normalized"],
    }
    for name, parts in groups.items():
        keras.utils.clear_session()
        keras.utils.set_random_seed(1)
        x = keras.Input((6, 4), name="x")
        h = keras.layers.Dense(4, name="dense")(x)
        model = keras.Model(x, leaves([vectors[p](h) for p in parts]))
        out.append(saved(name, model, np.random.default_rng(5).normal(size=(3, 6, 4)).astype("float32")))
    keras.utils.clear_session()
    x = keras.Input((8, 8, 2), name="x")
    model = keras.Model(x, leaves([pictures[p](x) for p in ("conv", "pools", "images", "colours")]))
    out.append(saved("pictures", model, np.random.default_rng(5).normal(size=(2, 8, 8, 2)).astype("float32")))
    return {"models": out}
