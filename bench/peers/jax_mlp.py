"""The article's network in JAX by hand: one jitted step, JAX at its best."""
import time

import common

args = common.arguments()
try:
    import jax
    import jax.numpy as jnp
except ImportError as e:
    common.missing(e.name or "jax")
import numpy as np

x, y, xt, yt = common.mnist(args.data)
x, y = jnp.asarray(x), jnp.asarray(y.astype(np.int32))
k = jax.random.split(jax.random.key(0), 2)


def glorot(key, shape):
    limit = (6 / sum(shape)) ** 0.5
    return jax.random.uniform(key, shape, minval=-limit, maxval=limit)


params = (glorot(k[0], (784, 128)), jnp.zeros(128), glorot(k[1], (128, 10)), jnp.zeros(10))
zeros = jax.tree.map(jnp.zeros_like, params)


def logits(p, x, key=None):
    h = jax.nn.relu(x @ p[0] + p[1])
    if key is not None:
        h = jnp.where(jax.random.bernoulli(key, 0.5, h.shape), h / 0.5, 0)
    return h @ p[2] + p[3]


def loss_fn(p, x, y, key):
    z = logits(p, x, key)
    return -jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1).mean(), (z.argmax(1) == y).sum()


def step(state, rows):
    p, m, v, t, key, total, right = state
    key, sub = jax.random.split(key)
    (loss, hits), g = jax.value_and_grad(loss_fn, has_aux=True)(p, x[rows], y[rows], sub)
    t = t + 1
    m = jax.tree.map(lambda m, g: m + (g - m) * 0.1, m, g)
    v = jax.tree.map(lambda v, g: v + (g * g - v) * 0.001, v, g)
    a = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    p = jax.tree.map(lambda p, m, v: p - a * m / (jnp.sqrt(v) + 1e-7), p, m, v)
    return (p, m, v, t, key, total + loss * len(rows), right + hits)


step = jax.jit(step, donate_argnums=0)
state = (params, zeros, jax.tree.map(jnp.copy, zeros), jnp.float32(0), jax.random.key(1), jnp.float32(0), jnp.int32(0))
seconds = []
for epoch in range(args.epochs):
    t0 = time.perf_counter()
    order = np.random.permutation(len(x)).astype(np.int32)
    for i in range(0, len(x), 64):
        state = step(state, order[i : i + 64])
    jax.block_until_ready(state)
    seconds.append(time.perf_counter() - t0)
predict = jax.jit(lambda p, x: jax.nn.softmax(logits(p, x)))
accuracy = float((predict(state[0], xt).argmax(1) == yt).mean())
for i in range(50):
    np.asarray(predict(state[0], xt[i : i + 1]))
t0 = time.perf_counter()
for i in range(1000):
    np.asarray(predict(state[0], xt[i % 100 : i % 100 + 1]))
common.report("jax by hand", seconds, accuracy, (time.perf_counter() - t0) / 1000 * 1e6, {"threads": args.threads or None}, jax=jax.__version__)
