"""What Keras's classes and functions take: the names and the defaults of their parameters, in order."""
import inspect

import keras

MODULES = ["callbacks", "constraints", "initializers", "layers", "losses", "metrics", "optimizers", "optimizers.schedules", "random", "regularizers", "saving", "utils",
           "datasets.mnist", "datasets.fashion_mnist", "datasets.cifar10", "datasets.cifar100", "datasets.imdb"]
METHODS = {"Model": "compile fit evaluate predict train_on_batch test_on_batch predict_on_batch summary save save_weights load_weights get_layer export to_json reset_metrics", "Layer": "add_weight", "Optimizer": "apply apply_gradients"}


def plain(v):
    if isinstance(v, (tuple, list)):
        return [plain(x) for x in v]
    return v if v is None or isinstance(v, (bool, int, float, str)) else f"<{type(v).__name__}>"


def parameters(fn):
    kinds = inspect.Parameter
    taken = [p for p in inspect.signature(fn).parameters.values() if p.kind not in (kinds.VAR_KEYWORD, kinds.VAR_POSITIONAL) and p.name != "self"]
    return [[p.name] if p.default is p.empty else [p.name, plain(p.default)] for p in taken]


def build():
    out = {}
    for name in MODULES:
        module = keras
        for part in name.split("."):
            module = getattr(module, part)
        for key, value in sorted(vars(module).items()):
            if not key.startswith("_") and callable(value) and not inspect.ismodule(value):
                out[f"{name}.{key}"] = parameters(value.__init__ if inspect.isclass(value) else value)
    for name, methods in METHODS.items():
        owner = {"Layer": keras.layers.Layer, "Optimizer": keras.optimizers.Optimizer}.get(name, keras.Model)
        for m in methods.split():
            out[f"{name}.{m}"] = parameters(getattr(owner, m))
    return {"signatures": out}
