"""Pictures loaded and resized by keras.utils.load_img, which means by Pillow, and made of arrays."""
import io

import keras
import numpy as np
from PIL import Image

rng = np.random.default_rng(5)


def png(width, height, mode):
    channels = {"L": 1, "RGB": 3, "RGBA": 4}[mode]
    noise = rng.integers(0, 256, size=(height, width, channels)).astype("uint8")
    data = io.BytesIO()
    Image.fromarray(noise[:, :, 0] if channels == 1 else noise, mode).save(data, "png")
    return data.getvalue()


def build():
    loaded = []
    small, wide, grey = png(5, 4, "RGB"), png(13, 6, "RGBA"), png(9, 7, "L")
    kinds = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
    rows = [(small, {}), (wide, {"color_mode": "rgb"}), (small, {"color_mode": "grayscale"}), (grey, {"color_mode": "rgba"})]
    for kind in kinds:
        rows += [(small, {"target_size": (7, 3), "interpolation": kind}), (wide, {"target_size": (5, 20), "interpolation": kind, "color_mode": "rgb"}),
                 (grey, {"target_size": (3, 4), "interpolation": kind, "color_mode": "grayscale"}),
                 (grey, {"target_size": (4, 9), "interpolation": kind, "color_mode": "grayscale", "keep_aspect_ratio": True})]
    for file, options in rows:
        array = keras.utils.img_to_array(keras.utils.load_img(io.BytesIO(file), **options))
        loaded.append({"name": str(options), "file": np.frombuffer(file, "uint8"), "options": options, "array": array})
    made = []
    for shape, options in (((3, 2, 3), {}), ((2, 3, 1), {}), ((4, 2, 3), {"data_format": "channels_first"}), ((2, 2, 3), {"scale": False})):
        x = (rng.normal(size=shape) if options.get("scale", True) else rng.uniform(0, 255.9, size=shape)).astype("float32")
        made.append({"name": f"{shape} {options}", "x": x, "options": options, "array": keras.utils.img_to_array(keras.utils.array_to_img(x, **options))})
    return {"loaded": loaded, "made": made}
