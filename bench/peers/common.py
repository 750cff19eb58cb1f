"""What the Python peers share: reading MNIST's idx files, and leaving with 3 when something is missing."""
import argparse
import glob
import json
import os
import struct
import sys


def arguments(*flags):
    """The command line. `--threads` holds before anything is imported: libraries read it when they load."""
    p = argparse.ArgumentParser()
    p.add_argument("--data", required=False, help="folder that holds MNIST's idx files, at any depth")
    p.add_argument("--epochs", type=int, default=4)
    p.add_argument("--threads", type=int, default=0, help="0: what the library chooses")
    for flag in flags:
        p.add_argument(flag, action="store_true")
    args = p.parse_args()
    if args.threads:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
            os.environ[name] = str(args.threads)
        # XLA has no such setting: it starts a thread for each core that it may run on.
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.threads])
    return args


def arguments_of_models():
    p = argparse.ArgumentParser()
    p.add_argument("--model", required=True)
    p.add_argument("--batch", type=int, required=True)
    p.add_argument("--steps", type=int, required=True, help="batches in an epoch")
    p.add_argument("--epochs", type=int, default=3, help="timed ones, after one to warm up")
    return p.parse_args()


def model_data(model, n):
    """Random numbers in the shapes that a model of bench/models.json takes: how fast it is does not hang on them."""
    import numpy as np

    rng = np.random.default_rng(0)
    if model == "lstm":
        return rng.integers(0, 20000, (n, 80)).astype("int32"), rng.integers(0, 2, n).astype("int32")
    shape = {"cnn": (28, 28, 1), "resnet": (32, 32, 3), "transformer": (128, 256), "autoencoder": (784,)}[model]
    x = rng.uniform(0, 1, (n, *shape)).astype("float32")
    return x, x if model == "autoencoder" else rng.integers(0, 10, n).astype("int32")


def missing(what, how="is not installed"):
    print(f"{what} {how}", file=sys.stderr)
    sys.exit(3)


def read_idx(folder, name):
    import gzip

    import numpy as np

    if not folder:
        missing("MNIST's folder (--data)", "is not given")
    found = [f for f in glob.glob(os.path.join(folder, "**", name + "*"), recursive=True)]
    if not found:
        found = glob.glob(os.path.join(folder, "**", name.replace("-idx", ".idx") + "*"), recursive=True)
    if not found:
        missing(f"MNIST file {name}", f"is not in {folder}")
    raw = open(found[0], "rb").read()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    rank = raw[3]
    shape = struct.unpack(f">{rank}I", raw[4 : 4 + 4 * rank])
    return np.frombuffer(raw, dtype=np.uint8, offset=4 + 4 * rank).reshape(shape)


def mnist(folder):
    import numpy as np

    x = read_idx(folder, "train-images-idx3-ubyte").reshape(-1, 784).astype(np.float32) / np.float32(255)
    y = read_idx(folder, "train-labels-idx1-ubyte").astype(np.int64)
    xt = read_idx(folder, "t10k-images-idx3-ubyte").reshape(-1, 784).astype(np.float32) / np.float32(255)
    yt = read_idx(folder, "t10k-labels-idx1-ubyte").astype(np.int64)
    return x, y, xt, yt


def report(peer, epochs, accuracy, predict_micros=None, extra=None, **versions):
    """One line of JSON. The first epoch is the warm-up and stands by itself, unless it is the only one."""
    timed = epochs[1:] or epochs
    best = min(timed)
    print(
        json.dumps(
            {
                "peer": peer,
                "firstEpochSeconds": epochs[0],
                "epochSeconds": timed,
                "stepMs": best / 938 * 1000,
                "testAccuracy": accuracy,
                "predictMicros": predict_micros,
                **(extra or {}),
                "versions": {"python": sys.version.split()[0], **versions},
            }
        )
    )
