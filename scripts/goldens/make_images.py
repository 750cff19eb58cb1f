"""Images: resizing under every interpolation, and which pixel the nearest one is."""
import jax.numpy as jnp
import keras
import numpy as np

rng = np.random.default_rng(31)
image = keras.ops.image


def normal(*shape):
    return rng.normal(size=shape).astype("float32")


def resizes():
    small, tall = normal(2, 5, 4, 2), normal(1, 9, 3, 1)
    for interpolation in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"):
        for x, size in ((small, (10, 12)), (small, (7, 3)), (tall, (4, 3)), (tall, (1, 8))):
            yield x, size, {"interpolation": interpolation}
    for interpolation in ("bilinear", "bicubic", "lanczos3"):
        yield tall, (4, 5), {"interpolation": interpolation, "antialias": True}
    yield small, (3, 6), {"crop_to_aspect_ratio": True}
    yield tall, (5, 4), {"crop_to_aspect_ratio": True, "interpolation": "nearest"}
    yield small, (3, 9), {"pad_to_aspect_ratio": True, "fill_value": 0.5}
    yield tall, (6, 8), {"pad_to_aspect_ratio": True, "interpolation": "nearest"}
    yield small[0], (3, 3), {}
    yield normal(2, 3, 4, 5), (6, 3), {"data_format": "channels_first", "interpolation": "bicubic"}


def build():
    cases = []
    for x, size, options in resizes():
        y = np.asarray(image.resize(jnp.asarray(x), size, **options))
        cases.append({"name": f"resize {list(x.shape)} to {list(size)}, {options}", "input": x, "size": list(size), "options": options, "output": y})
    nearest = []
    for m, n in [(m, n) for m in range(1, 40, 2) for n in range(1, 60, 3)] + [(224, 299), (640, 227), (28, 1000), (1000, 333)]:
        picked = np.asarray(image.resize(jnp.arange(m, dtype="int32").reshape(m, 1, 1), (n, 1), interpolation="nearest")).reshape(-1)
        nearest.append({"from": m, "to": n, "checksum": int(np.sum(picked.astype("int64") * (np.arange(n) % 97 + 1)))})
    return {"note": "nearest: the sum of the position picked for output o times o % 97 + 1", "resizes": cases, "nearest": nearest}
