"""HDF5 files as h5py writes them, and files that lead elsewhere; in base64, with what they hold."""
import base64
import io

import h5py
import numpy as np

rng = np.random.default_rng(8)


def file_of(fill, **options):
    data = io.BytesIO()
    with h5py.File(data, "w", **options) as f:
        fill(f)
    return base64.b64encode(data.getvalue()).decode()


def kinds(f):
    for dtype in ("<f4", "<f8", "<f2", ">f4", "|u1", "<i4", "<i8", "|i1", "<u2", "|b1"):
        f[dtype.strip("<>|") + ("be" if dtype[0] == ">" else "")] = np.array([[0, 1, 2], [3, 1, 0]]).astype(dtype)
    f["scalar"], f["none"] = np.float32(2.5), np.zeros((0, 3), "f4")
    f.create_dataset("bf16", data=np.array([0x3FC0, 0xC000], "<u2").view("V2")).attrs["dtype"] = "bfloat16"
    f["text"], f["fixed"] = "žluťoučký", np.array([b"ab", b"c"])
    g = f.create_group("group/inner")
    g.attrs["name"], g.attrs["names"], g.attrs["bytes"], g.attrs["numbers"] = "kůň", ["a", "bb"], np.array([b"x", b"yz"]), np.arange(3)


def newer(f):
    f["f4"], f["i8"] = np.arange(3, dtype="f4"), np.arange(3)
    f["group/inner"] = np.float32(7)
    f["group"].attrs["name"] = "kůň"


def chunked(f):
    f.create_dataset("packed", data=np.arange(7 * 11).reshape(7, 11).astype("f4"), chunks=(3, 4), compression="gzip", shuffle=True, fletcher32=True)
    f.create_dataset("plain", data=np.arange(60).reshape(3, 4, 5).astype("i4"), chunks=(2, 3, 2))
    f.create_dataset("sparse", shape=(10,), chunks=(4,), dtype="f4")[5:7] = [1, 2]


def virtual(f):
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource("other.h5", "d", shape=(4,))
    f.create_virtual_dataset("v", layout)


def bomb(f):
    f.create_dataset("huge", shape=(1 << 40,), chunks=(1 << 20,), dtype="f4", compression="gzip")


def many(f):
    for i in range(30):
        f[f"layers/layer_{i}/vars/0"] = np.float32(i)


def build():
    link = lambda path, target: lambda f: f.__setitem__(path, target)
    good = {"kinds": file_of(kinds), "latest": file_of(newer, libver="latest"), "chunked": file_of(chunked), "many": file_of(many)}
    refused = {"soft": file_of(link("s", h5py.SoftLink("/x"))), "external": file_of(link("e", h5py.ExternalLink("/etc/passwd", "/x"))), "virtual": file_of(virtual),
               "elsewhere": file_of(lambda f: f.create_dataset("ext", shape=(10,), dtype="u1", external=[("/etc/passwd", 0, 10)])), "bomb": file_of(bomb),
               "sequences": file_of(lambda f: f.create_dataset("vl", data=np.array([np.arange(2), np.arange(3)], dtype=object), dtype=h5py.vlen_dtype("i4"))),
               "cycle": file_of(lambda f: f.create_group("g").__setitem__("self", f["g"]))}
    return {"good": good, "refused": refused}
