"""Writes the golden files of test/goldens from real Keras (on JAX) and NumPy.

    python3 scripts/goldens/make.py            all of them
    python3 scripts/goldens/make.py losses     only these

See README.md beside this file.
"""
import importlib
import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
# Keras seeds TensorFlow too, where there is one.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

NAMES = [
    "activations",
    "losses",
    "metrics",
    "random",
    "initializers",
    "optimizer_slots",
    "layers",
    "training_runs",
    "training_trees",
    "functional",
    "fit_output",
    "numpy",
    "images",
    "constraints",
    "utils",
    "optimizer_rules",
    "schedules",
    "callbacks",
    "pictures",
    "pickles",
    "hdf5",
    "keras_files",
    "keras_operations",
    "sharded_weights",
    "checkpoints",
    "signatures",
]


def main(names):
    unknown = [n for n in names if n not in NAMES]
    if unknown:
        sys.exit(f"no such golden: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    try:
        import jax
        import keras  # noqa: F401
    except ImportError as e:
        sys.exit(f"{e.name} is not installed; the goldens need keras, jax and numpy")
    jax.config.update("jax_default_matmul_precision", "highest")
    import golden_io

    for name in names or NAMES:
        path = golden_io.save(name, importlib.import_module(f"make_{name}").build())
        print(f"{path.relative_to(golden_io.FOLDER.parents[1])}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
