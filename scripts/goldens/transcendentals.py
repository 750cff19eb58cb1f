"""
Values of the transcendental functions at doubles, to far more digits than a double has:
    python scripts/goldens/transcendentals.py > test/goldens/math.json
Needs mpmath. An optional argument is the number of points per function (default 120).

Each function maps to rows [x, y, d] (or [a, b, y, d]): the value is (y + d ulp), where y is the
double nearest to it and d, in units of y's last place, says how far off that is.
"""
import json
import math
import random
import sys

import mpmath as mp

mp.mp.prec = 400
count = int(sys.argv[1]) if len(sys.argv) > 1 else 120
rng = random.Random(20240607)


def short(v):
    """Few digits, so that the file stays small."""
    return float(f"{v:.6g}")


def uniform(lo, hi):
    return lambda: short(rng.uniform(lo, hi))


def decades(lo, hi, signed=True):
    def draw():
        v = 10 ** rng.uniform(math.log10(lo), math.log10(hi))
        return short(-v if signed and rng.random() < 0.5 else v)

    return draw


def either(*draws):
    return lambda: rng.choice(draws)()


def erfinv(x):
    return mp.erfinv(mp.mpf(x))


near_one = lambda: 1 + short(rng.choice([-1, 1]) * 10 ** rng.uniform(-15, -0.5))
below_one = lambda: rng.choice([-1, 1]) * (1 - short(10 ** rng.uniform(-15, -0.5)))

unary = {
    "exp": (mp.exp, either(uniform(-745, 709), uniform(-2, 2), decades(1e-18, 1))),
    "expm1": (mp.expm1, either(uniform(-38, 709), uniform(-2, 2), decades(1e-18, 1))),
    "log": (mp.log, either(decades(1e-320, 1e308, False), near_one, uniform(0.3, 3))),
    "log1p": (mp.log1p, either(decades(1e-18, 1e308, False), decades(1e-18, 0.999), uniform(-0.99, 3))),
    "sin": (mp.sin, either(uniform(-10, 10), decades(1e-10, 1e9))),
    "cos": (mp.cos, either(uniform(-10, 10), decades(1e-10, 1e9))),
    "tan": (mp.tan, either(uniform(-10, 10), decades(1e-10, 1e9))),
    "tanh": (mp.tanh, either(uniform(-20, 20), uniform(-2, 2), decades(1e-18, 1))),
    "sinh": (mp.sinh, either(uniform(-710, 710), uniform(-3, 3), decades(1e-18, 1))),
    "cosh": (mp.cosh, either(uniform(-710, 710), uniform(-3, 3))),
    "asin": (mp.asin, either(uniform(-1, 1), below_one, decades(1e-18, 1))),
    "acos": (mp.acos, either(uniform(-1, 1), below_one, decades(1e-18, 1))),
    "atan": (mp.atan, either(uniform(-3, 3), decades(1e-18, 1e18))),
    "logistic": (lambda x: 1 / (1 + mp.exp(-x)), either(uniform(-744, 60), uniform(-5, 5))),
    "erf": (mp.erf, either(uniform(-6, 6), uniform(-1.5, 1.5), decades(1e-18, 1))),
    "erfc": (mp.erfc, either(uniform(-6, 27), uniform(-1.5, 1.5))),
    "erfInv": (erfinv, either(uniform(-1, 1), below_one, decades(1e-18, 1))),
    "rsqrt": (lambda x: 1 / mp.sqrt(x), decades(1e-320, 1e308, False)),
}


def pow_arguments():
    kind = rng.randrange(3)
    if kind == 0:
        a, z = decades(1e-300, 1e300, False)(), rng.uniform(-700, 700)
    elif kind == 1:
        a, z = abs(near_one()), rng.uniform(-700, 700)
    else:
        a, z = uniform(0.3, 3)(), rng.uniform(-30, 30)
    if a == 1:
        a = 1.5
    return a, short(z / math.log(a))


binary = {
    "pow": (mp.power, pow_arguments),
    "atan2": (mp.atan2, lambda: (decades(1e-6, 1e6)(), decades(1e-6, 1e6)())),
}


def row(value):
    y = float(value)
    d = (value - mp.mpf(y)) / mp.mpf(math.ulp(y))
    return [y, round(float(d), 3)]


goldens = {}
for name, (fn, draw) in unary.items():
    points = sorted(draw() for _ in range(count))
    goldens[name] = [[x, *row(fn(mp.mpf(x)))] for x in points]
for name, (fn, draw) in binary.items():
    pairs = [draw() for _ in range(count)]
    goldens[name] = [[a, b, *row(fn(mp.mpf(a), mp.mpf(b)))] for a, b in pairs]

parts = []
for name, rows in goldens.items():
    lines = ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows)
    parts.append(f'"{name}":[\n{lines}\n]')
print("{\n" + ",\n".join(parts) + "\n}")
