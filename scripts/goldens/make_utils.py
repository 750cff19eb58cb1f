"""Helpers of keras.utils: padded sequences, norms, files of folders in Keras's order, splits."""
import base64
import contextlib
import gzip
import io
import pathlib
import random
import tarfile
import tempfile

import keras
import numpy as np
from keras.src.utils import dataset_utils

rng = np.random.default_rng(14)


def padded():
    ragged = [[1], [2, 3, 4, 5, 6], [], [7, 8]]
    steps = [[[1, 2], [3, 4]], [[5, 6]], [[7, 8], [9, 10], [11, 12]]]
    fractions = [[0.5, -1.7], [2.9]]
    for name, data, config in (
        ("as it is", ragged, {}),
        ("after", ragged, {"padding": "post"}),
        ("3 steps", ragged, {"maxlen": 3}),
        ("3 steps, cut after", ragged, {"maxlen": 3, "truncating": "post"}),
        ("7 steps, filled with -1 after", ragged, {"maxlen": 7, "padding": "post", "value": -1}),
        ("1 step", ragged, {"maxlen": 1}),
        ("float32", fractions, {"dtype": "float32", "value": 0.25}),
        ("fractions cut", fractions, {}),
        ("steps of two", steps, {"maxlen": 2}),
        ("steps of two, after", steps, {"padding": "post", "truncating": "post"}),
    ):
        yield {"name": name, "sequences": data, "config": config, "result": keras.utils.pad_sequences(data, **config)}


def norms():
    x = rng.normal(size=(3, 4)).astype("float32")
    x[1] = 0
    cube = rng.normal(size=(2, 3, 4)).astype("float32")
    for name, data, axis, order in (("rows", x, -1, 2), ("sums", x, -1, 1), ("order 3", x, 1, 3), ("largest", x, -1, np.inf), ("the middle", cube, 1, 2)):
        result = data / np.expand_dims(np.where((n := np.linalg.norm(data, order, axis)) == 0, 1, n), axis)
        if axis == -1 or order != 2:
            np.testing.assert_array_equal(result, keras.utils.normalize(data, axis=axis, order=order))
        yield {"name": name, "x": data, "axis": axis, "order": "Infinity" if order == np.inf else order, "result": result}


FILES = ["b/2.txt", "b/10.txt", "b/1.TXT", "a/x.txt", "a/deep/y.txt", "a/deep-er/z.txt", "a/note.md", "c/q.txt", "c/r.txt", "c/.hidden.txt", ".git/s.txt"]


def folders():
    with tempfile.TemporaryDirectory() as root:
        for f in FILES:
            path = pathlib.Path(root) / f
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f)
        for config in ({"shuffle": False, "seed": None}, {"shuffle": True, "seed": 1}, {"shuffle": True, "seed": 1337},
                       {"shuffle": False, "seed": None, "class_names": ["c", "a"]}, {"shuffle": True, "seed": 5, "labels": None},
                       {"shuffle": True, "seed": 3, "labels": [3, 1, 1, 7, 3, 3, 1, 7, 9, 9]}):
            labels = config.get("labels", "inferred")
            with contextlib.redirect_stdout(io.StringIO()):
                paths, found, names = dataset_utils.index_directory(
                    root, list(labels) if isinstance(labels, list) else labels, (".txt",), class_names=config.get("class_names"),
                    shuffle=config["shuffle"], seed=config["seed"], verbose=False)
                parts = {}
                for part in ("training", "validation"):
                    p, l = dataset_utils.get_training_or_validation_split(paths, found, 0.3, part)
                    parts[part] = {"files": [str(pathlib.Path(x).relative_to(root)) for x in p], "labels": None if l is None else [int(v) for v in l]}
            yield {"name": ", ".join(f"{k} {v}" for k, v in config.items()), "config": config, "classNames": names, **parts}


def splits():
    for n, left, right, shuffle, seed in ((10, 0.8, None, False, None), (10, None, 0.25, False, None), (7, 0.5, None, True, 4), (7, 2, 3, True, 11), (5, 0.5, 0.5, False, None)):
        data = list(range(n))
        if shuffle:
            random.seed(seed)
            random.shuffle(data)
        try:
            l, r = dataset_utils._rescale_dataset_split_sizes(left, right, n)
        except ValueError:
            l = r = None
        yield {"name": f"{n}: {left} and {right}" + (f", seed {seed}" if shuffle else ""), "n": n, "left": left, "right": right, "shuffle": shuffle, "seed": seed,
               "results": None if l is None else [data[:l], data[-r:]]}


def windows():
    """Without shuffling: tf.data's order is its own."""
    series = np.arange(24, dtype="float32").reshape(12, 2)
    targets = np.arange(100, 112, dtype="int32")
    for name, y, length, config in (
        ("all", targets, 3, {}),
        ("strides and rates", targets, 3, {"sequence_stride": 2, "sampling_rate": 3}),
        ("a part", targets, 2, {"start_index": 2, "end_index": 9}),
        ("few targets", targets[:4], 2, {}),
        ("no targets", None, 4, {"sequence_stride": 3}),
        ("one by one", targets, 9, {"batch_size": None}),
    ):
        config = {"batch_size": 4, **config}
        batches = []
        for b in keras.utils.timeseries_dataset_from_array(series, y, length, **config):
            batches.append([np.asarray(v) for v in (b if y is not None else [b])])
        yield {"name": name, "data": series, "targets": y, "length": length, "config": config, "batches": batches}


def archives():
    """TAR archives of every dialect, packed by gzip, in base64."""
    deep = "/".join(["folder" * 4] * 8)
    members = {"a.txt": b"one", "empty.txt": b"", f"{deep}/long.txt": b"two" * 300, "b/\u00e4.txt": b"three"}
    for name, fmt in (("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)):
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w", format=fmt) as t:
            d = tarfile.TarInfo("b")
            d.type = tarfile.DIRTYPE
            t.addfile(d)
            for n, data in members.items():
                info = tarfile.TarInfo(n)
                info.size = len(data)
                t.addfile(info, io.BytesIO(data))
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            t.addfile(link)
        yield {"name": name, "gzip": base64.b64encode(gzip.compress(raw.getvalue(), mtime=0)).decode(),
               "files": {n: data.decode() for n, data in members.items()}}


def build():
    return {"windows": list(windows()), "padSequences": list(padded()), "normalize": list(norms()), "files": FILES, "directories": list(folders()), "splits": list(splits()), "archives": list(archives())}
