/** State in traced functions: read and changed at every call, seen by nobody else while tracing. */
import { describe, expect, it } from 'vitest';
import { availableBackends, setBackend } from '../backends/registry.ts';
import * as keras from '../keras/index.ts';
import { Variable } from '../keras/variable.ts';
import { compile, graph, StateScope, type Tensor, tensor, withStateScope } from './index.ts';

const numbers = (v: Variable): number[] => [...v.tensor.dataSync()];

describe.each(availableBackends())('state in compiled functions on %s', (name) => {
  it('is read and changed at every call', () => {
    setBackend(name);
    const [total, rate] = [new Variable(tensor([0, 0])), new Variable(tensor(2))];
    let traces = 0;
    const add = compile((x: Tensor) => {
      traces++;
      total.assign(total.tensor.add(x.mul(rate.tensor)));
      // What was assigned is what is read from there on.
      return total.tensor.sum();
    });
    const seen = rate.tensor;
    expect(add(tensor([1, 2])).item()).toBe(6);
    expect(numbers(total)).toEqual([2, 4]);
    rate.assign(tensor(10));
    expect(add(tensor([1, 0])).item()).toBe(16);
    expect(numbers(total)).toEqual([12, 4]);
    expect(traces).toBe(1);
    // What is only read is not taken away from those who hold it.
    expect(seen.item()).toBe(2);
  });

  it('may be assigned without being read, swapped, and made inside', () => {
    setBackend(name);
    const [a, b] = [new Variable(tensor([1, 2])), new Variable(tensor([3, 4]))];
    let made: Variable | undefined;
    const f = compile((x: Tensor) => {
      made ??= new Variable(tensor([100]));
      made.assign(made.tensor.add(1));
      const was = a.tensor;
      a.assign(b.tensor);
      b.assign(was);
      return x;
    });
    f(tensor(0));
    expect([numbers(a), numbers(b), numbers(made!)]).toEqual([[3, 4], [1, 2], [101]]);
    f(tensor(0));
    expect([numbers(a), numbers(b), numbers(made!)]).toEqual([[1, 2], [3, 4], [102]]);
    const fill = compile((x: Tensor) => {
      a.assign(x);
    });
    fill(tensor([7, 8]));
    expect(numbers(a)).toEqual([7, 8]);
  });

  it('belongs to the outer function when compiled ones are nested', () => {
    setBackend(name);
    const count = new Variable(tensor(0));
    const inner = compile((x: Tensor) => {
      count.assign(count.tensor.add(1));
      return x.add(count.tensor);
    });
    const outer = compile((x: Tensor) => inner(tensor(10)).add(inner(x)));
    expect(outer(tensor(0)).item()).toBe(13);
    expect(count.tensor.item()).toBe(2);
    expect(outer(tensor(0)).item()).toBe(17);
  });

  it('lets metrics count inside, and forget', () => {
    setBackend(name);
    const mean = new keras.metrics.Mean();
    const f = compile((x: Tensor) => {
      mean.updateState(x);
      return mean.result();
    });
    expect(f(tensor([1, 2])).item()).toBe(1.5);
    expect(f(tensor([6, 6])).item()).toBe(3.75);
    mean.resetState();
    expect(f(tensor([6, 6])).item()).toBe(6);
    expect(mean.result().item()).toBe(6);
    const g = compile((x: Tensor) => {
      mean.resetState();
      mean.updateState(x);
      return mean.result();
    });
    expect(g(tensor([1, 3])).item()).toBe(2);
    mean.updateState([5]);
    expect(mean.result().item()).toBe(3);
  });

  it('gives dropout by hand another mask at every call', () => {
    setBackend(name);
    const layer = keras.layers.dropout(0.5, { seed: 3 });
    const byHand = keras.layers.dropout(0.5, { seed: 3 });
    const x = tensor(new Float32Array(64).fill(1));
    const f = compile((t: Tensor) => layer.apply(t, { training: true }));
    const masks = [f(x), f(x)].map((t) => [...t.dataSync()]);
    expect(masks[1]).not.toEqual(masks[0]);
    const want = [0, 1].map(() => [...byHand.apply(x, { training: true }).dataSync()]);
    expect(masks).toEqual(want);
  });
});

describe('state while tracing', () => {
  it('is untouched when the function throws', () => {
    setBackend('reference');
    const v = new Variable(tensor(1));
    const f = compile(() => {
      v.assign(v.tensor.add(1));
      throw new Error('no');
    });
    expect(() => f()).toThrow('no');
    expect(v.tensor.item()).toBe(1);
    v.assign(tensor(5));
    expect(v.tensor.item()).toBe(5);
  });
  it('shows in graphs by name, and its new value as an output', () => {
    const v = new Variable(tensor([1, 2]), { path: 'dense/bias' });
    const g = graph((x: Tensor) => {
      v.assign(v.tensor.add(x));
      return x.sum();
    })(tensor([1, 1]));
    expect([g.inputs.length, g.outputs.length]).toEqual([2, 2]);
    expect(g.inputs[1].node.label).toBe('dense/bias');
    expect(numbers(v)).toEqual([1, 2]);
  });
  it('is forgotten with a scope that nobody finishes', () => {
    const v = new Variable(tensor([1, 2]));
    const scope = new StateScope();
    const shape = withStateScope(scope, () => {
      v.assign(v.tensor.mul(3));
      v.write(Float32Array.of(0, 0));
      return v.tensor.shape;
    });
    expect(shape).toEqual([2]);
    expect(scope.changes(v)).toBe(true);
    expect(numbers(v)).toEqual([1, 2]);
  });
});
