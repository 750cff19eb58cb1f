"""Pickles as public datasets hold them: dictionaries of arrays (CIFAR), arrays of lists (IMDB), under each protocol."""
import io
import pickle

import numpy as np

rng = np.random.default_rng(3)


def bytes_of(b):
    return np.frombuffer(b, "uint8")


def python2(data, labels):
    """A batch of CIFAR as Python 2 wrote it, protocol 2: its text is bytes; written by hand, since Python 3 writes none."""
    def short(b):
        return b"U" + bytes([len(b)]) + b
    array = (b"cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87R(K\x01"
             + b"K" + bytes([data.shape[0]]) + b"M" + data.shape[1].to_bytes(2, "little") + b"\x86"
             + b"cnumpy\ndtype\nq\x03U\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
             + data.size.to_bytes(4, "little") + data.tobytes() + b"tb")
    items = short(b"data") + array + short(b"labels") + b"](" + b"".join(b"K" + bytes([v]) for v in labels) + b"e"
    return b"\x80\x02}q\x00(" + items + b"u."


def build():
    plain = {"whole": [0, 255, 256, -1, 70000, 2**40], "float": 1.5, "text": "žluťoučký", "bytes": b"\x00\xff", "none": None, "flags": (True, False)}
    cases = [{"name": f"protocol {p}", "file": bytes_of(pickle.dumps(plain, protocol=p))} for p in (2, 3, 4, 5)]
    arrays = [{"name": f"{a.dtype} protocol {p}", "file": bytes_of(pickle.dumps(a, protocol=p)), "values": a.astype("float64"), "descr": a.dtype.str}
              for p in (2, 4) for a in (np.arange(6, dtype="uint8").reshape(2, 3), np.asfortranarray(rng.normal(size=(2, 3)).astype("float32")), np.array([5, -7], ">i8"))]
    data, labels = rng.integers(0, 256, size=(2, 3072)).astype("uint8"), [3, 9]
    assert pickle.loads(python2(data, labels), encoding="bytes")[b"data"].tolist() == data.tolist()
    ragged = io.BytesIO()
    lists = lambda n: np.array([[int(v) for v in rng.integers(1, 20, size=k)] for k in rng.integers(1, 9, size=n)] , dtype=object)
    parts = {"x_train": lists(6), "y_train": np.arange(6) % 2, "x_test": lists(5), "y_test": np.arange(5) % 2}
    np.savez(ragged, **parts)

    def shuffled(x, y):
        order = np.arange(len(x))
        state.shuffle(order)
        return x[order], y[order]
    state = np.random.RandomState(113)
    train, test = shuffled(parts["x_train"], parts["y_train"]), shuffled(parts["x_test"], parts["y_test"])
    return {"plain": cases, "arrays": arrays, "cifar": {"file": bytes_of(python2(data, labels)), "labels": labels},
            "imdb": {"file": bytes_of(ragged.getvalue()), "x_train": [list(x) for x in train[0]], "y_train": train[1].astype("int32"),
                     "x_test": [list(x) for x in test[0]], "y_test": test[1].astype("int32")}}
