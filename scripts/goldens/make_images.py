"""Images: resizing under every interpolation, which pixel the nearest one is, and affine maps
under every way to fill what lies beyond the edge, with gradients under the output as cotangent."""
import jax
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


def affines():
    x, wide = normal(3, 4, 5, 2), normal(2, 2, 7, 3)
    turn = np.array([[0.8, -0.6, 1.3, 0.6, 0.8, -2.1, 0, 0], [1.1, 0.2, -3.7, -0.3, 0.7, 4.2, 0, 0], [-1, 0.01, 9.4, 0.02, -1.3, -6.6, 0, 0]], "float32")
    for mode in ("constant", "nearest", "wrap", "mirror", "reflect"):
        for interpolation in ("nearest", "bilinear"):
            yield x, turn, {"fill_mode": mode, "interpolation": interpolation, "fill_value": 0.5}
        yield wide, turn[:2] * np.float32(1.7), {"fill_mode": mode}
    yield x[0], turn[1], {"fill_mode": "reflect"}
    yield normal(3, 2, 4, 5), turn, {"data_format": "channels_first", "fill_mode": "wrap"}


def crops():
    """RandomCrop in training; in inference Keras gives the images back whole, see the layer."""
    for shape, height, width, seed, options in (((2, 6, 9, 1), 4, 3, 1, {}), ((2, 6, 9, 1), 4, 3, 77, {}), ((3, 5, 5, 2), 5, 3, 2, {}), ((2, 5, 9, 1), 7, 6, 3, {}),
                                                ((2, 2, 8, 6), 3, 4, 4, {"data_format": "channels_first"}), ((7, 8, 2), 3, 3, 5, {})):
        x = normal(*shape)
        layer = keras.layers.RandomCrop(height, width, seed=seed, **options)
        outputs = [np.asarray(layer(x, training=True)) for _ in range(3)]
        yield {"name": f"crop {list(shape)} to {height} x {width}, {options}", "input": x, "options": {"height": height, "width": width, "seed": seed, **options}, "outputs": outputs}


def augmentations():
    """Layers that draw in inference too, in Keras: two calls in training of one just made."""
    F = "channels_first"
    rows = [("RandomHue", {"factor": 0.4, "value_range": [0, 1]}), ("RandomHue", {"factor": [0.3, 0.9], "data_format": F}), ("RandomSaturation", {"factor": 0.8}),
            ("RandomSaturation", {"factor": [0.2, 0.7], "data_format": F}), ("RandomColorDegeneration", {"factor": 0.7}), ("RandomColorDegeneration", {"factor": [0.5, 1.0], "data_format": F}),
            ("RandomInvert", {}), ("RandomInvert", {"factor": [0.4, 0.6], "value_range": [0, 100]}), ("RandomGrayscale", {}), ("RandomGrayscale", {"factor": 0.8, "data_format": F}),
            ("RandomShear", {"x_factor": 0.4, "y_factor": [0.1, 0.3]}), ("RandomShear", {"x_factor": 0.9, "fill_mode": "wrap", "interpolation": "nearest", "data_format": F}),
            ("RandomErasing", {}), ("RandomErasing", {"factor": [0.9, 1.0], "scale": [0.2, 0.5], "fill_value": 7, "data_format": F}), ("RandomErasing", {"scale": 0.6}),
            ("Solarization", {"addition_factor": 0.5, "threshold_factor": 0.7}), ("Solarization", {"threshold_factor": [0.2, 0.9], "value_range": [-1, 1]}), ("RandomSharpness", {"factor": 0.9}),
            ("RandomSharpness", {"factor": [0.6, 1.0], "value_range": [0, 1], "data_format": F}), ("RandomGaussianBlur", {}),
            ("RandomGaussianBlur", {"factor": [0.8, 1.0], "kernel_size": [5, 3], "sigma": [0.4, 0.9], "data_format": F}),
            ("RandomColorJitter", {"brightness_factor": 0.2, "contrast_factor": 0.5, "saturation_factor": [0.3, 0.8], "hue_factor": 0.4}),
            ("RandomColorJitter", {"contrast_factor": [0.2, 0.4], "value_range": [0, 1]})]
    for seed, (name, config) in enumerate(rows, 40):
        high = config.get("value_range", [0, 255])
        unit = rng.random(size=(3, 3, 4, 4) if config.get("data_format") == F else (3, 4, 4, 3))
        x = (high[0] + unit * (high[1] - high[0])).astype("float32")
        layer = getattr(keras.layers, name)(**config, seed=seed)
        outputs = [np.asarray(layer(x, training=True)) for _ in range(2)]
        yield {"name": f"{name}, {config}", "layer": name, "input": x, "options": {**config, "seed": seed}, "outputs": outputs}


def colors():
    rgb = rng.random(size=(2, 3, 4, 3)).astype("float32")
    rgb[0, 0] = [[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.2], [0.2, 0.7, 0.7]]
    rgb[0, 1] = [[0.3, 0.1, 0.3], [0, 1e-9, 0], [1, 0, 0], [0, 0, 1]]
    hsv = np.asarray(image.rgb_to_hsv(jnp.asarray(rgb)))
    yield "rgbToHsv", rgb, None, hsv
    yield "rgbToHsv", rgb[1].transpose(2, 0, 1), "channels_first", image.rgb_to_hsv(jnp.asarray(rgb[1].transpose(2, 0, 1)), data_format="channels_first")
    turned = hsv + np.float32([0.4, 0, 0])
    yield "hsvToRgb", turned, None, image.hsv_to_rgb(jnp.asarray(turned))
    yield "rgbToGrayscale", rgb, None, image.rgb_to_grayscale(jnp.asarray(rgb))
    yield "rgbToGrayscale", rgb[:, :1], None, image.rgb_to_grayscale(jnp.asarray(rgb[:, :1]))
    whole = (rgb[0] * 255).astype("uint8")
    yield "rgbToGrayscale", whole, None, image.rgb_to_grayscale(jnp.asarray(whole))


def labelled():
    """Images with segmentation masks: the same places, by the nearest pixel."""
    rows = [("RandomFlip", {}), ("RandomRotation", {"factor": 0.3}), ("RandomZoom", {"height_factor": 0.4, "width_factor": 0.2, "fill_mode": "constant"}),
            ("RandomTranslation", {"height_factor": 0.3, "width_factor": 0.3, "fill_mode": "wrap"}), ("RandomShear", {"x_factor": 0.5}), ("RandomCrop", {"height": 3, "width": 2}),
            ("RandomContrast", {"factor": 0.5}), ("RandomErasing", {}), ("Resizing", {"height": 7, "width": 3}), ("CenterCrop", {"height": 2, "width": 3})]
    for seed, (name, config) in enumerate(rows, 70):
        options = dict(config, seed=seed) if name.startswith("Random") else config
        layer = getattr(keras.layers, name)(**options)
        images, masks = (rng.random(size=(3, 5, 4, 2)) * 255).astype("float32"), rng.integers(0, 9, size=(3, 5, 4, 1)).astype("int32")
        outputs = [layer({"images": jnp.asarray(images), "labels": jnp.arange(3), "segmentation_masks": jnp.asarray(masks)}, training=True) for _ in range(2)]
        yield {"name": f"{name}, {config}", "layer": name, "options": options, "images": images, "masks": masks,
               "outputs": [{"images": np.asarray(y["images"]), "masks": np.asarray(y["segmentation_masks"]).astype("int32")} for y in outputs]}


def build():
    cases = []
    for x, size, options in resizes():
        y = np.asarray(image.resize(jnp.asarray(x), size, **options))
        cases.append({"name": f"resize {list(x.shape)} to {list(size)}, {options}", "input": x, "size": list(size), "options": options, "output": y})
    nearest = []
    for m, n in [(m, n) for m in range(1, 40, 2) for n in range(1, 60, 3)] + [(224, 299), (640, 227), (28, 1000), (1000, 333)]:
        picked = np.asarray(image.resize(jnp.arange(m, dtype="int32").reshape(m, 1, 1), (n, 1), interpolation="nearest")).reshape(-1)
        nearest.append({"from": m, "to": n, "checksum": int(np.sum(picked.astype("int64") * (np.arange(n) % 97 + 1)))})
    warps = []
    for x, transform, options in affines():
        f = lambda v, t: image.affine_transform(v, t, **options)
        y = f(jnp.asarray(x), jnp.asarray(transform))
        gx, gt = jax.grad(lambda v, t: jnp.sum(f(v, t) * y), argnums=(0, 1))(jnp.asarray(x), jnp.asarray(transform))
        # The last two numbers move channels, in Keras on JAX; they are 0 and not to be learned.
        gt = gt.at[..., 6:].set(0)
        warps.append({"name": f"affine {list(x.shape)}, {options}", "input": x, "transform": transform, "options": options, "output": np.asarray(y),
                      "gradients": [np.asarray(gx), np.asarray(gt)]})
    return {"note": "nearest: the sum of the position picked for output o times o % 97 + 1", "resizes": cases, "affines": warps, "crops": list(crops()), "colors": [{"op": op, "input": x, "data_format": f, "output": np.asarray(y)} for op, x, f, y in colors()], "labelled": list(labelled()), "augmentations": list(augmentations()), "nearest": nearest}
