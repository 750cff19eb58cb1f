"""What callbacks do, given the figures of a run: learning rates, messages, stops, files; and how metrics get better."""
import base64
import contextlib
import inspect
import io
import os
import pathlib
import tempfile
import warnings

import keras
import numpy as np

C, M = keras.callbacks, keras.metrics


class Tracker:
    """A model as far as a monitoring callback looks at it."""

    def __init__(self, metrics=(), rate=0.01):
        self.model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
        self.model.compile(keras.optimizers.SGD(rate), loss="mse", metrics=list(metrics))
        self.model.train_on_batch(np.zeros((2, 1)), np.zeros((2, 1)))
        self.model.stop_training = False


def play(callback, figures, metrics=(), rate=0.01):
    """Epochs with these figures ({name: value} each): what the callback prints, warns of, and leaves."""
    model = Tracker(metrics, rate).model
    callback.set_model(model)
    callback.set_params({"epochs": len(figures)})
    out, rates, epochs = io.StringIO(), [], 0
    with contextlib.redirect_stdout(out), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        callback.on_train_begin()
        for epoch, logs in enumerate(figures):
            model.layers[0].set_weights([np.full((1, 1), epoch), np.zeros(1)])
            logs = dict(logs)
            callback.on_epoch_begin(epoch)
            callback.on_epoch_end(epoch, logs)
            epochs += 1
            if "learning_rate" in logs:
                rates.append(logs["learning_rate"])
            if model.stop_training:
                break
        callback.on_train_end()
    return {"epochs": epochs, "rates": np.array(rates, "float32"), "last": float(np.asarray(model.optimizer.learning_rate)),
            "printed": out.getvalue(), "warnings": [str(w.message) for w in caught if w.category is UserWarning],
            "weight": float(model.layers[0].get_weights()[0][0, 0])}


def series(name, values):
    return [{name: v} for v in values]


def plateau():
    falling = [1.0, 0.9, 0.8, 0.8, 0.8, 0.8, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7]
    rng = np.random.default_rng(3)
    noisy = [round(float(v), 3) for v in np.exp(-np.arange(40) / 12) + 0.05 * rng.normal(size=40)]
    rows = [
        ("defaults", {}, noisy, 0.01),
        ("patience 2", dict(patience=2), falling, 0.01),
        ("noisy", dict(patience=3, factor=0.5, verbose=1), noisy, 0.1),
        ("cooldown", dict(patience=1, cooldown=3, factor=0.2, verbose=1), falling + [0.7] * 12, 0.01),
        ("minLr", dict(patience=1, min_lr=0.002, factor=0.3, verbose=1), [1.0] * 8, 0.01),
        ("minDelta", dict(patience=2, min_delta=0.05), [1, 0.97, 0.96, 0.94, 0.93, 0.9, 0.89, 0.88, 0.87], 0.01),
        ("minDelta in float32", dict(patience=1, min_delta=0.1), [0.5, 0.4, 0.3, 0.2, 0.1], 0.01),
        ("max", dict(patience=1, mode="max", factor=0.5), [0.1, 0.2, 0.2, 0.3, 0.1], 0.01),
        ("small", dict(patience=1, verbose=1), [1.0] * 6, 0.001),
        ("large", dict(patience=1, verbose=1, factor=0.5), [1.0] * 4, 4.0),
        ("nan", dict(patience=2, verbose=1), [1.0, float("nan"), float("nan"), float("nan"), 0.5], 0.01),
    ]
    return [{"name": name, "options": o, "values": values, "rate": rate,
             **play(C.ReduceLROnPlateau(**o), series("val_loss", values), rate=rate)}
            for name, o, values, rate in rows]


def stopping():
    rng = np.random.default_rng(4)
    noisy = [round(float(v), 3) for v in np.exp(-np.arange(30) / 8) + 0.05 * rng.normal(size=30)]
    rows = [
        ("defaults", {}, [3, 2, 2.5, 1]),
        ("patience", dict(patience=3), noisy),
        ("restored", dict(patience=4, restore_best_weights=True, verbose=1), noisy),
        ("restored without a stop", dict(patience=4, restore_best_weights=True, verbose=1), noisy[:6]),
        ("baseline", dict(patience=3, baseline=0.4, restore_best_weights=True, verbose=1), noisy),
        ("baseline never met", dict(patience=2, baseline=0.1, verbose=1), [5, 4, 3, 2, 1]),
        ("late", dict(start_from_epoch=4, verbose=1), [1, 2, 3, 4, 5, 6, 7]),
        ("minDelta", dict(min_delta=-0.3, patience=2), [3, 2.8, 2.9, 3.0, 3.2, 2.1]),
        ("max", dict(mode="max", patience=2), [1, 2, 1, 3, 2, 2]),
        ("first epoch", dict(baseline=1), [3, 4]),
        ("nan", dict(patience=1), [float("nan"), 1, float("nan"), 2]),
    ]
    return [{"name": name, "options": o, "values": values,
             **play(C.EarlyStopping(**o), series("val_loss", values))} for name, o, values in rows]


def missing():
    figures = [{"accuracy": 0.5, "loss": 1.0}] * 3
    made = [C.EarlyStopping(), C.ReduceLROnPlateau()]
    return [{"callback": type(c).__name__, **play(c, figures)} for c in made]


SCHEDULES = {
    "keeps, then falls": lambda epoch, rate: rate if epoch < 3 else rate * 0.5,
    "by the epoch": lambda epoch, rate: 0.1 / (1 + epoch),
    "large": lambda epoch, rate: 10.0**epoch,
    "small": lambda epoch, rate: 10.0**-epoch,
}


def schedules():
    return [{"name": name, **play(C.LearningRateScheduler(f, verbose=1), [{"loss": 1.0}] * 7)}
            for name, f in SCHEDULES.items()]


def csv():
    plain = [{"accuracy": 0.5, "loss": 1.25}, {"accuracy": 0.75, "loss": 1e-5}, {"accuracy": 1.0, "loss": float("nan")}]
    validated = [{"loss": 1.5, "val_loss": 2.0}, {"loss": 1.0, "val_loss": 1e16}]
    rarely = [{"loss": 1.5}, {"loss": 1.0, "val_loss": 0.1}]
    later = [{"loss": 1.5, "val_loss": 1.0}, {"loss": 1.0}]
    odd = [{"a,b": 1.0, 'say "x"': 2.0, "tab\tbed": 3.0}]
    rows = [("plain", {}, [plain]), ("validated", {}, [validated]), ("validation comes later", {}, [rarely]),
            ("validation stops", {}, [later]), ("semicolon", dict(separator=";"), [odd]),
            ("comma", {}, [odd]), ("tab", dict(separator="\t"), [odd]), ("overwritten", {}, [plain, validated]),
            ("appended", dict(append=True), [plain, plain[:1]]), ("nothing", {}, [[{}, {}]])]
    cases = []
    for name, o, runs in rows:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log.csv")
            for figures in runs:
                play(C.CSVLogger(path, **o), figures)
            with open(path, newline="") as f:
                cases.append({"name": name, "options": o, "runs": [[list(e.items()) for e in r] for r in runs], "text": f.read()})
    return cases


FLOATS = [0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 123456789.0, 1e15, 1e16, 1.5e16, 123456789012345680.0, 1e22, 1e100, 1e-4, 1e-5, 1.25e-5,
          0.00012345, 1e-7, 5e-324, 1.7976931348623157e308, float(np.float32(0.1)), float(np.float32(1e-3)),
          float(np.float32(1e-7)), float("nan"), float("inf"), float("-inf")]


def directions():
    found = {}
    for name, c in inspect.getmembers(M, inspect.isclass):
        if not issubclass(c, M.Metric) or c in (M.Metric, M.MeanMetricWrapper):
            continue
        for args in ((), (2,), (0.5,), (2, [0])):
            try:
                found[name] = getattr(c(*args), "_direction", None)
                break
            except (TypeError, ValueError):
                continue
    return found


def swap():
    """Weights that validation, the epoch's end and the next epoch see, of a run with averages."""
    cases = []
    x = np.linspace(-1, 1, 8, dtype="float32")[:, None]
    y = 3 * x + 1
    for name, options in (("validation", {}), ("epoch", dict(swap_on_epoch=True))):
        model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
        model.set_weights([np.array([[0.5]], "float32"), np.zeros(1, "float32")])
        model.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.7), loss="mse")
        seen = []

        class Look(C.Callback):
            def note(self, where):
                seen.append({"where": where, "weights": [float(w.ravel()[0]) for w in self.model.get_weights()]})

            def on_epoch_begin(self, epoch, logs=None):
                self.note("epoch begin")

            def on_test_begin(self, logs=None):
                self.note("test begin")

            def on_test_end(self, logs=None):
                self.note("test end")

            def on_epoch_end(self, epoch, logs=None):
                self.note("epoch end")

            def on_train_end(self, logs=None):
                self.note("train end")

        h = model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0, validation_data=(x, y),
                      callbacks=[C.SwapEMAWeights(**options), Look()])
        cases.append({"name": name, "options": options, "val_loss": h.history["val_loss"], "seen": seen})
    return cases


def untimed(path):
    """The events of a file, written by TensorBoard again: all at one time, so that two runs give the same bytes."""
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto import event_pb2
    from tensorboard.summary.writer.record_writer import RecordWriter

    out = io.BytesIO()
    for k, raw in enumerate(RawEventFileLoader(str(path)).Load()):
        event = event_pb2.Event.FromString(raw)
        event.wall_time = 1700000000 + k / 4
        for value in event.summary.value:
            if value.tag.endswith("steps_per_second"):
                value.tensor.tensor_content = np.float32(100).tobytes()
        RecordWriter(out).write(event.SerializeToString(deterministic=True))
    return base64.b64encode(out.getvalue()).decode()


def tensorboard():
    """A training with everything that Keras writes for TensorBoard: the files' bytes, and the weights it began with."""
    rng = np.random.default_rng(5)
    # Batches that update_freq divides: of other epochs Keras loses the figures.
    # The digits that JSON holds are the numbers that are trained on.
    x = np.round(rng.normal(size=(8, 2)), 3).astype("float32")
    y = np.round(rng.normal(size=(8, 1)), 3).astype("float32")
    kernels = [np.round(rng.normal(size=s), 3).astype("float32") for s in ((2, 3), (3,), (3, 1), (1,))]
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(3, activation="tanh", name="first"),
                              keras.layers.Dense(1, name="last")], name="small")
    model.set_weights(kernels)
    model.compile(keras.optimizers.SGD(0.1), loss="mse", metrics=["mae"])
    with tempfile.TemporaryDirectory() as folder:
        model.fit(x, y, batch_size=2, epochs=2, shuffle=False, verbose=0, validation_data=(x, y), callbacks=[
            C.TensorBoard(folder, histogram_freq=1, write_images=True, update_freq=2, write_steps_per_second=True)])
        files = {name: [untimed(p) for p in sorted(pathlib.Path(folder, name).iterdir())] for name in ("train", "validation")}
    return {"x": x, "y": y, "weights": kernels, "files": files}


class Recorder(C.Callback):
    """Writes down every call: the hook, its number, the names of its logs."""

    def __init__(self, seen, name, stop=None):
        super().__init__()
        self.seen, self.name, self.stop = seen, name, stop


def recording(hook):
    def call(self, *args, logs=None):
        number = args[0] if args and not isinstance(args[0], dict) else None
        logs = logs if logs is not None else args[-1] if args and isinstance(args[-1], dict) else {}
        # Predictions are no figures.
        self.seen.append([self.name, hook, number, sorted(k for k in logs if k != "outputs")])
        if self.stop == (hook, number):
            self.model.stop_training = True

    return call


HOOKS = [h for h in dir(C.Callback) if h.startswith("on_") and h.removeprefix("on_").split("_")[0] in ("train", "test", "predict", "epoch")]
for _hook in HOOKS:
    setattr(Recorder, _hook, recording(_hook))


def hooks():
    x, y = np.zeros((10, 1), "float32"), np.zeros((10, 1), "float32")
    fit = dict(batch_size=4, epochs=2, verbose=0)
    rows = [
        ("fit", "fit", fit, {}, None),
        ("validated", "fit", dict(fit, validation_split=0.4), {}, None),
        ("validated now and then", "fit", dict(fit, epochs=4, validation_split=0.4, validation_freq=2), {}, None),
        ("several steps at once", "fit", dict(fit, validation_split=0.2), dict(steps_per_execution=2), None),
        ("later epochs", "fit", dict(fit, epochs=3, initial_epoch=1), {}, None),
        ("stopped by a batch", "fit", dict(fit, validation_split=0.2), {}, ("on_train_batch_end", 0)),
        ("stopped at the beginning of a batch", "fit", fit, {}, ("on_train_batch_begin", 1)),
        ("stopped by an epoch", "fit", dict(fit, epochs=5), {}, ("on_epoch_end", 1)),
        ("stopped at the beginning of an epoch", "fit", dict(fit, epochs=5), {}, ("on_epoch_begin", 1)),
        ("stopped before it began", "fit", fit, {}, ("on_train_begin", None)),
        ("evaluate", "evaluate", dict(batch_size=4, verbose=0), {}, None),
        ("predict", "predict", dict(batch_size=4, verbose=0), {}, None),
    ]
    cases = []
    for name, method, options, compiled, stop in rows:
        model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
        model.compile("sgd", loss="mse", metrics=["mae"], **compiled)
        seen = []
        data = (x,) if method == "predict" else (x, y)
        getattr(model, method)(*data, callbacks=[Recorder(seen, "a", stop), Recorder(seen, "b")], **options)
        cases.append({"name": name, "method": method, "options": options, "compiled": compiled, "stop": stop, "seen": seen})
    return cases


def build():
    return {"plateau": plateau(), "stopping": stopping(), "missing": missing(), "schedules": schedules(), "csv": csv(),
            "floats": [{"value": v, "repr": repr(v)} for v in FLOATS], "directions": directions(), "swap": swap(), "hooks": hooks(), "tensorboard": tensorboard()}
