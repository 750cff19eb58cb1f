/** compile, graph, grad and vjp: on their own, inside each other, and given bad input. */
import { beforeEach, describe, expect, it } from 'vitest';
import { availableBackends, setBackend } from '../backends/registry.ts';
import { GradloomError } from '../errors.ts';
import { compile, grad, graph, stopGradient, Tensor, tensor, valueAndGrad, vjp } from './index.ts';
import { type Counts, countingBackend } from './test-backend.ts';

let counts: Counts;
beforeEach(() => {
  counts = countingBackend();
});

function codeOf(f: () => unknown): string {
  try {
    f();
  } catch (e) {
    if (e instanceof GradloomError) return e.code;
    throw e;
  }
  return 'nothing thrown';
}

describe('compile', () => {
  it('traces once for each structure, shape and dtype', () => {
    let traces = 0;
    const f = compile((x: Tensor, o: { k: number }) => {
      traces++;
      return { y: x.mul(o.k), rest: [x.sum()] };
    });
    expect(f(tensor([1, 2]), { k: 3 }).y.arraySync()).toEqual([3, 6]);
    // Another number is another input, not another program.
    expect(f(tensor([5, 6]), { k: 2 }).y.arraySync()).toEqual([10, 12]);
    expect(f(tensor([5, 6]), { k: 2 }).rest[0].item()).toBe(11);
    expect([traces, counts.compiled]).toEqual([1, 1]);
    f(tensor([1, 2, 3]), { k: 1 });
    f(tensor([1, 2], { dtype: 'int32' }), { k: 1 });
    expect([traces, counts.compiled]).toEqual([3, 3]);
    f.clear();
    f(tensor([1, 2]), { k: 3 });
    expect(traces).toBe(4);
  });

  it.each(availableBackends())('gives what the function gives: %s', (name) => {
    setBackend(name);
    const f = (x: Tensor, w: Tensor): Tensor => x.matmul(w).tanh().mean(0).slice([null, null, -1]);
    const x = tensor([
      [0.1, 0.2],
      [0.3, -0.4],
    ]);
    const w = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const [want, got] = [f(x, w).dataSync(), compile(f)(x, w).dataSync()];
    want.forEach((v, i) => {
      expect(got[i]).toBeCloseTo(v, 6);
    });
  });

  it('takes tensors that the function closes over as inputs', () => {
    const w = tensor([10, 20]);
    const pending = w.add(1);
    const f = compile((x: Tensor) => x.add(pending).add(w));
    expect(f(tensor([1, 2])).arraySync()).toEqual([22, 43]);
    expect(f(tensor([0, 0])).arraySync()).toEqual([21, 41]);
  });

  it('returns inputs and constants too', () => {
    const f = compile((x: Tensor) => [x, tensor([7]), x, 3]);
    const [a, b, c, d] = f(tensor([1])) as Tensor[];
    expect([a, b, c, d].map((t) => t.arraySync())).toEqual([[1], [7], [1], 3]);
  });

  it('becomes part of an enclosing trace', () => {
    const inner = compile((x: Tensor) => x.mul(x));
    const outer = compile((x: Tensor) => inner(x).add(inner(x.add(1))));
    expect(outer(tensor([2, 3])).arraySync()).toEqual([13, 25]);
    expect(counts.compiled).toBe(1);
    expect(grad((x: Tensor) => inner(x).sum())(tensor([2, 3])).arraySync()).toEqual([4, 6]);
  });

  it('donates: the tensor is gone, a second use is refused', () => {
    const f = compile((w: Tensor, g: Tensor) => w.sub(g.mul(0.5)), { donate: [0] });
    const [w, g] = [tensor([1, 2]).add(0).realize(), tensor([2, 2])];
    const next = f(w, g);
    expect(next.arraySync()).toEqual([0, 1]);
    expect([w.disposed, g.disposed]).toEqual([true, false]);
    expect(codeOf(() => w.add(1).dataSync())).toBe('disposed');
    expect(codeOf(() => f(w, g))).toBe('disposed');
    expect(codeOf(() => f(next, next))).toBe('donate');
    expect(next.arraySync()).toEqual([0, 1]);
  });

  it('a training loop in donated memory keeps no more buffers', () => {
    const backend = setBackend('reference');
    const step = compile((w: Tensor) => w.mul(0.5).add(1), { donate: [0] });
    let w = step(tensor([1, 2, 3, 4]));
    const before = backend.memory();
    for (let i = 0; i < 100; i++) w = step(w);
    expect(backend.memory()).toEqual(before);
    expect(w.dataSync()[0]).toBeCloseTo(2, 6);
  });

  it('refuses reads, saying what to do', async () => {
    const read = compile((x: Tensor) => tensor(x.sum().item()));
    expect(codeOf(() => read(tensor([1])))).toBe('traced');
    expect(() => read(tensor([1]))).toThrow(/being traced.*Return it/s);
    expect(codeOf(() => compile((x: Tensor) => x.slice(x.gt(0)))(tensor([1])))).toBe('traced');
    let leaked: Tensor | undefined;
    compile((x: Tensor) => {
      leaked = x.add(1);
      return x;
    })(tensor([1]));
    await expect(leaked!.data()).rejects.toThrow(/traced/);
    expect(String(leaked)).toMatch(/<traced/);
  });

  it('refuses async functions and strange results', () => {
    expect(codeOf(() => compile(async (x: Tensor) => x)(tensor([1])))).toBe('trace');
    expect(codeOf(() => compile(() => 'text' as never)())).toBe('tree');
    expect(codeOf(() => compile((x: Tensor) => x)(new Date() as never))).toBe('tree');
  });

  it('compiles again for another backend', () => {
    const f = compile((x: Tensor) => x.add(1));
    expect(f(tensor([1])).item()).toBe(2);
    const other = countingBackend('wasm');
    expect(f(tensor([2])).item()).toBe(3);
    expect([counts.compiled, other.compiled]).toEqual([1, 1]);
  });
});

describe('grad', () => {
  const close = (got: unknown, want: readonly number[]): void => {
    const a = (got as Tensor).dataSync();
    want.forEach((v, i) => {
      expect(a[i]).toBeCloseTo(v, 5);
    });
  };

  it('of each argument, and of trees', () => {
    const f = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum();
    const [a, b] = [tensor([1, 2]), tensor([3, 4])];
    close(grad(f)(a, b), [3, 4]);
    close(grad(f, 1)(a, b), [1, 2]);
    const [da, db] = grad(f, [0, 1])(a, b) as Tensor[];
    close(da, [3, 4]);
    close(db, [1, 2]);
    const tree = grad((p: { w: Tensor; b: Tensor[] }) => p.w.mul(2).add(p.b[0]).sum())({
      w: a,
      b: [b],
    } as never) as unknown as { w: Tensor; b: Tensor[] };
    close(tree.w, [2, 2]);
    close(tree.b[0], [1, 1]);
  });

  it('composes with itself and with compile, either way round', () => {
    const f = (x: Tensor): Tensor => x.pow(4).sum();
    const x = tensor([1, 2, -1]);
    const d2 = (y: Tensor): Tensor => grad((z: Tensor) => grad(f)(z).sum())(y);
    const d3 = (y: Tensor): Tensor => grad((z: Tensor) => d2(z).sum())(y);
    close(grad(f)(x), [4, 32, -4]);
    close(d2(x), [12, 48, 12]);
    close(d3(x), [24, 48, -24]);
    close(compile((y: Tensor) => d2(y))(x), [12, 48, 12]);
    close(grad(compile(f))(x), [4, 32, -4]);
    close(compile((y: Tensor) => grad(compile(f))(y))(x), [4, 32, -4]);
  });

  it('stops where it is told to, and does not reach what is closed over', () => {
    const x = tensor([1, 2]);
    close(grad((y: Tensor) => y.mul(stopGradient(y)).sum())(x), [1, 2]);
    close(grad((y: Tensor) => y.mul(x).sum())(x), [1, 2]);
    close(grad((_: Tensor) => tensor(3))(x), [0, 0]);
  });

  it('through broadcasting, indexing, sorting choices and reductions', () => {
    const x = tensor([
      [1, 5, 2],
      [4, 3, 6],
    ]);
    close(
      grad((y: Tensor) =>
        y
          .add([[1], [2]])
          .mul([1, 2, 3])
          .sum(),
      )(x),
      [1, 2, 3, 1, 2, 3],
    );
    close(grad((y: Tensor) => y.slice('::-1, 1:').slice(0).sum())(x), [0, 0, 0, 0, 1, 1]);
    close(grad((y: Tensor) => y.slice({ take: [1, 1] }).sum())(x), [0, 0, 0, 2, 2, 2]);
    close(grad((y: Tensor) => y.max(1).sum())(x), [0, 1, 0, 0, 0, 1]);
    close(grad((y: Tensor) => y.slice(y.gt(3)).square().sum())(x), [0, 10, 0, 8, 0, 12]);
    close(grad((y: Tensor) => y.prod(0).sum())(x), [4, 3, 6, 1, 5, 2]);
    close(grad((y: Tensor) => y.var().mul(6).sum())(x), [-5, 3, -3, 1, -1, 5]);
  });

  it('of what is read, or run because it is long, while it is differentiated', () => {
    const read = grad((y: Tensor) => {
      const s = y.mul(y).sum();
      expect(s.item()).toBe(5);
      return s.mul(2);
    });
    close(read(tensor([1, 2])), [4, 8]);
    const long = grad((y: Tensor) => {
      let z = y;
      for (let i = 0; i < 1200; i++) z = z.add(y);
      return z.sum();
    });
    close(long(tensor([1, 2])), [1201, 1201]);
  });

  it('gives the value too', () => {
    const [value, g] = valueAndGrad((x: Tensor) => x.square().sum())(tensor([1, 2])) as [
      Tensor,
      Tensor,
    ];
    expect(value.item()).toBe(5);
    close(g, [2, 4]);
  });

  it('vjp pulls back, many times, also inside compile', () => {
    const f = (a: Tensor, b: Tensor): Tensor => a.mul(b);
    const [a, b] = [tensor([1, 2]), tensor([3, 4])];
    const [y, pull] = vjp(f, a, b);
    expect(y.arraySync()).toEqual([3, 8]);
    close(pull(tensor([1, 0]))[0], [3, 0]);
    close(pull(tensor([0, 1]))[1], [0, 2]);
    expect(codeOf(() => pull(tensor([1, 2, 3])))).toBe('gradient');
    close(compile((c: Tensor) => vjp(f, a, b)[1](c)[0])(tensor([1, 1])), [3, 4]);
  });

  it('refuses what has no gradient', () => {
    const x = tensor([1, 2]);
    expect(codeOf(() => grad((y: Tensor) => y)(x))).toBe('gradient');
    expect(codeOf(() => grad((y: Tensor) => y.sum())(x.astype('int32')))).toBe('gradient');
    expect(codeOf(() => grad((y: Tensor) => y.argmax())(x))).toBe('gradient');
    expect(codeOf(() => grad((() => 3) as never)(x as never))).toBe('gradient');
    expect(codeOf(() => grad((y: Tensor) => y.sum(), 1)(x))).toBe('gradient');
  });
});

describe('graph', () => {
  it('shows what a function computes, closed-over tensors last among the inputs', () => {
    const w = tensor([1, 2]);
    const h = graph((x: Tensor) => x.mul(w).sum())(tensor([5, 6]));
    expect(h.inputs.map((v) => v.shape)).toEqual([[2], [2]]);
    expect(counts.runs).toBe(0);
    expect(new Tensor(h.outputs[0]).shape).toEqual([]);
  });
});
