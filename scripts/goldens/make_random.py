"""Randomness: from Python's generator to seeds, from seeds to keys, from keys to numbers."""
import hashlib
import random as python_random

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax._src.random import threefry2x32

NOTES = [
    "SEEDS. keras.utils.set_random_seed(s) calls random.seed(s) and numpy.random.seed(s) and forgets the global SeedGenerator. "
    "Each unseeded random initializer and each unseeded SeedGenerator (one per Dropout with rate > 0) draws, when it is constructed, "
    "random.randint(1, 10**9) from CPython's `random`; nothing else draws. Dense constructs its kernel initializer (glorot_uniform) in "
    "its constructor; zeros draws nothing; weights are made later, at build, without another draw. compile and fit draw no seed.",
    "random.seed(s): MT19937 init_by_array with abs(s) in 32-bit little-endian words ([0] for 0; s >= 2**32 gives two words). "
    "randint(1, 10**9): r = getrandbits(30) = next32 >> 2, again while r >= 10**9; 1 + r.",
    "SHUFFLES. fit(shuffle=True) takes numpy.random.permutation(n) once per epoch from the legacy global RandomState. numpy.random.seed(s): "
    "MT19937 init_genrand(s), not by array. permutation: p = 0..n-1; for i = n-1 down to 1: mask = smallest 2**k - 1 >= i, "
    "j = next32 & mask, again while j > i; swap p[i], p[j].",
    "KEYS. SeedGenerator(seed).state = uint32 [seed, 0]. An integer seed gives the key [seed, 0] every time. A SeedGenerator gives "
    "its state as the key, then adds [0, 1]. seed=None uses one global SeedGenerator (its seed drawn at its first use) with "
    "next(ordered=False): the state is the key, then state = (state + 1) * 5387 % 933199 on both words, in uint32 with wrap-around. "
    "The key goes to jax as raw uint32[2] for threefry2x32; no PRNGKey(), no fold_in.",
    "BITS (jax_threefry_partitionable is true). Element i (row-major, 64-bit) of a shape: (y0, y1) = threefry2x32(key, (i >> 32, i & 0xffffffff)), "
    "20 rounds; 32-bit value y0 ^ y1. split(key)[j] = the pair threefry2x32(key, (0, j)).",
    "UNIFORM float32. f = bitcast((bits >> 9) | 0x3f800000) - 1; range = fround(maxval) - fround(minval) in float32; "
    "result = max(minval, fma(f, range, minval)): one rounding. f * range is exact in double, so fround(f * range + minval) in double is it.",
    "NORMAL. u = uniform(minval = -0.99999994 (float32 after -1), maxval = 1); jax normal = fround(fround(sqrt 2) * erf_inv(u)), erf_inv after Giles "
    "(w = -log1p(-u*u); two polynomials of degree 8, split at w = 5, each step an fma). keras.random.normal then does fround(fround(x * stddev) + mean).",
    "TRUNCATED NORMAL. b = erf(2 / sqrt 2) = 0.95449972 in float32; u = uniform(-b, b); clip(fround(sqrt 2) * erf_inv(u), -1.9999999, 1.9999999), "
    "the float32 neighbours of -2 and 2; then * stddev + mean, each rounded. VarianceScaling: stddev = sqrt(scale / fan) / 0.87962566103423978 in double.",
    "DROPOUT. mask = uniform(key, shape) < fround(1 - rate); kept values are x * fround(1 / fround(1 - rate)) (XLA multiplies by the reciprocal), "
    "others 0. rate 0 and 1 draw no key in keras.random.dropout; the Dropout layer has no generator for rate 0.",
    "RANDINT int32. k1, k2 = split(key); hi = bits(k1), lo = bits(k2); span = maxval - minval; m = (2**16 % span) squared, wrapped to uint32, % span; "
    "result = minval + (((hi % span) * m wrapped + lo % span wrapped) % span), all in uint32 arithmetic.",
    "SHUFFLE (independent: every vector along axis by itself). rounds = ceil(3 ln(max(1, x.size)) / ln(2**32 - 1)); each round: key, subkey = split(key); "
    "sort x along axis by bits(subkey, x.shape), stable.",
    "CATEGORICAL(logits [b, c], n). u = uniform(key, shape [b, c, n] , minval = 1.1754944e-38, maxval = 1); gumbel = -log(-log(u)); "
    "argmax over classes of gumbel + logits[..., None]. In shape (b, c, n) row-major.",
]


def sha(a):
    return hashlib.sha256(np.ascontiguousarray(a).astype(a.dtype.newbyteorder("<")).tobytes()).hexdigest()


def seed_draws():
    for s in (0, 1, 7, 42, 1234, 2**31, 2**32 - 1):
        keras.utils.set_random_seed(s)
        draws = [python_random.randint(1, 10**9) for _ in range(12)]
        keras.utils.set_random_seed(s)
        L, I = keras.layers, keras.initializers
        made = [
            ("GlorotUniform()", lambda: I.GlorotUniform().seed),
            ("Zeros()", lambda: I.Zeros() and None),
            ("SeedGenerator()", lambda: int(keras.random.SeedGenerator().state[0])),
            ("GlorotUniform(seed=5)", lambda: I.GlorotUniform(seed=5).seed),
            ("Dense(3)", lambda: L.Dense(3).kernel_initializer.seed),
            ("Dropout(0.5)", lambda: int(L.Dropout(0.5).seed_generator.state[0])),
            ("Dropout(0)", lambda: L.Dropout(0) and None),
            ("Dropout(0.5, seed=9)", lambda: int(L.Dropout(0.5, seed=9).seed_generator.state[0])),
            ("Dense(3, he_normal)", lambda: L.Dense(3, kernel_initializer="he_normal").kernel_initializer.seed),
            ("Orthogonal()", lambda: I.Orthogonal().seed),
        ]
        constructed = [{"what": k, "seed": f()} for k, f in made]
        keras.utils.set_random_seed(s)
        permutations = [np.random.permutation(n) for n in (1, 5, 10, 50)]
        keras.utils.set_random_seed(s)
        unseeded = []
        for _ in range(4):
            value = np.asarray(keras.random.uniform((3,)))
            state = np.asarray(keras.src.random.seed_generator.global_seed_generator().state)
            unseeded.append({"uniform": value, "stateAfter": state})
        yield {"name": f"set_random_seed({s})", "seed": s, "draws": draws, "constructed": constructed,
               "permutations": permutations, "unseeded": unseeded}
    # Larger than 32 bits: what `random` alone does (numpy.random.seed refuses).
    python_random.seed(123456789012)
    yield {"name": "random.seed(123456789012)", "seed": 123456789012, "draws": [python_random.randint(1, 10**9) for _ in range(12)]}


def raw():
    keys = [(0, 0), (2**32 - 1, 2**32 - 1), (0x13198A2E, 0x03707344), (42, 0), (42, 1), (1, 10**9)]
    counters = [(0, 0), (2**32 - 1, 2**32 - 1), (0x243F6A88, 0x85A308D3), (0, 1), (0, 7), (1, 0)]
    for key in keys:
        out = [[int(v) for v in threefry2x32.threefry2x32_p.bind(*(jnp.uint32(k) for k in key), *(jnp.uint32(c) for c in n))]
               for n in counters]
        yield {"name": f"threefry2x32, key {list(key)}", "key": list(key), "counters": [list(c) for c in counters], "outputs": out}


def jax_functions():
    tiny = float(np.finfo("float32").tiny)
    for key in ((0, 0), (42, 0), (42, 1), (987654321, 3), (1, 2**32 - 1)):
        k = jnp.array(key, dtype="uint32")
        at = {"key": list(key)}
        for shape in ((), (1,), (5,), (2, 3), (2, 3, 4)):
            yield {"function": "bits", **at, "args": {}, "shape": shape, "output": np.asarray(jax.random.bits(k, shape))}
        yield {"function": "split", **at, "args": {"num": 3}, "shape": (3,), "output": np.asarray(jax.random.split(k, 3))}
        for lo, hi in ((0.0, 1.0), (-0.05, 0.05), (-0.08112582, 0.08112582), (2.0, 5.0), (-1000.0, 0.001), (tiny, 1.0)):
            yield {"function": "uniform", **at, "args": {"minval": lo, "maxval": hi}, "shape": (24,),
                   "output": np.asarray(jax.random.uniform(k, (24,), minval=lo, maxval=hi))}
        yield {"function": "normal", **at, "args": {}, "shape": (40,), "output": np.asarray(jax.random.normal(k, (40,)))}
        yield {"function": "truncated_normal", **at, "args": {"lower": -2.0, "upper": 2.0}, "shape": (40,),
               "output": np.asarray(jax.random.truncated_normal(k, -2.0, 2.0, (40,)))}
        yield {"function": "bernoulli", **at, "args": {"p": 0.7}, "shape": (40,), "output": np.asarray(jax.random.bernoulli(k, 0.7, (40,)))}
    k = jnp.array((42, 0), dtype="uint32")
    for name, big in (("bits", jax.random.bits(k, (100000,))), ("uniform", jax.random.uniform(k, (100000,), minval=-0.05, maxval=0.05))):
        big = np.asarray(big)
        yield {"function": name, "key": [42, 0], "args": {} if name == "bits" else {"minval": -0.05, "maxval": 0.05}, "shape": (100000,), "sha256": sha(big)}


def keras_functions():
    R = keras.random
    x = np.random.default_rng(14).normal(size=(4, 5)).astype("float32")
    logits = np.log(np.array([[0.1, 0.2, 0.7], [0.5, 0.5, 1e-9]], dtype="float32"))
    calls = [
        ("uniform", {"shape": (2, 3)}, None), ("uniform", {"shape": (7,), "minval": -3.0, "maxval": 2.5}, None),
        ("normal", {"shape": (2, 3)}, None), ("normal", {"shape": (7,), "mean": 1.5, "stddev": 0.3}, None),
        ("truncated_normal", {"shape": (2, 3)}, None), ("truncated_normal", {"shape": (7,), "mean": -1.0, "stddev": 0.05}, None),
        ("randint", {"shape": (9,), "minval": 0, "maxval": 10}, None), ("randint", {"shape": (2, 3), "minval": -5, "maxval": 100000}, None),
        ("randint", {"shape": (9,), "minval": 0, "maxval": 2}, None), ("randint", {"shape": (6,), "minval": -(2**31), "maxval": 2**31 - 1}, None),
        ("randint", {"shape": (6,), "minval": 3, "maxval": 1000000007}, None),
        ("dropout", {"rate": 0.5}, x), ("dropout", {"rate": 0.3}, x), ("dropout", {"rate": 0.9}, x), ("dropout", {"rate": 0.0}, x), ("dropout", {"rate": 1.0}, x),
        ("dropout", {"rate": 0.4, "noise_shape": (4, 1)}, x), ("dropout", {"rate": 0.4, "noise_shape": (None, 1)}, x),
        ("shuffle", {}, np.arange(10, dtype="int32")), ("shuffle", {}, np.arange(1, dtype="int32")), ("shuffle", {}, np.arange(2000, dtype="int32")),
        ("shuffle", {}, x), ("shuffle", {"axis": 1}, x),
        ("categorical", {"num_samples": 12}, logits), ("categorical", {"num_samples": 1}, logits),
    ]
    for seed in (42, 271828182):
        for fn, args, given in calls:
            g = R.SeedGenerator(seed)
            outputs, states = [], []
            for _ in range(1 if given is not None and given.size > 1000 else 3):
                f = getattr(R, fn)
                outputs.append(np.asarray(f(**args, seed=g) if given is None else f(jnp.asarray(given), **args, seed=g)))
                states.append(np.asarray(g.state))
            kw = {k: list(v) if isinstance(v, tuple) else v for k, v in args.items()}
            yield {"name": f"{fn} {kw}, SeedGenerator({seed})", "function": fn, "seed": seed, "args": kw, "input": given, "outputs": outputs, "statesAfter": states}


def build():
    assert jax.config.jax_threefry_partitionable and not jax.config.jax_enable_x64
    functions = [{"name": f"jax {c['function']} {c['args']} {list(c['shape'])}, key {c['key']}", **c} for c in jax_functions()]
    return {"note": NOTES, "jax_threefry_partitionable": True, "seedDraws": list(seed_draws()), "threefry": list(raw()),
            "jax": functions, "cases": list(keras_functions())}
