/** What the base does for every layer: layers inside of layers, masks, losses, configs. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { compile, type Tensor, tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import type { Variable } from '../variable.ts';
import * as layers from './index.ts';

const { getMask, setMask } = layers;
beforeAll(() => {
  setBackend('reference');
});

const { Layer } = layers;
type Shape = layers.BatchShape;
type Options = layers.CallOptions;

class Scale extends Layer {
  factor!: Variable;
  count!: Variable;
  override build(shape: Shape): void {
    const initializer = 'zeros';
    this.count = this.addWeight({ name: 'count', shape: [], initializer, trainable: false });
    this.factor = this.addWeight({ name: 'factor', shape: [shape.at(-1)!], initializer: 'ones' });
  }
  call(x: Tensor): Tensor {
    return x.mul(this.factor.tensor);
  }
}

/** Builds its layers by calling them. */
class Block extends Layer {
  first: layers.Dense = layers.dense(4, { name: 'first' });
  rest: layers.Layer[] = [new Scale({ name: 'scale' }), layers.dropout(0.5)];
  named: Record<string, layers.Layer> = { last: layers.dense(2, { name: 'last' }) };
  call(x: Tensor): Tensor {
    const h = this.first.apply(x);
    const scaled = this.rest.reduce<Tensor>((t, l) => l.apply(t), h);
    return this.named.last.apply(scaled);
  }
}
const paths = (vs: readonly Variable[]): string[] => vs.map((v) => v.path);

describe('layers inside of a layer', () => {
  it('are found in properties, lists and objects; their weights are its own', () => {
    const b = new Block({ name: 'block' });
    expect(b.weights).toEqual([]);
    expect(b.apply(tensor([[1, 2, 3]])).shape).toEqual([1, 2]);
    expect(paths(b.weights)).toEqual([
      'block/first/kernel',
      'block/first/bias',
      'block/scale/factor',
      'block/scale/count',
      'block/last/kernel',
      'block/last/bias',
    ]);
    expect(paths(b.nonTrainableWeights)).toEqual(['block/scale/count']);
    expect(b.states.map((v) => v.name)).toEqual(['seed_generator_state']);
    expect(b.countParams()).toBe(16 + 5 + 10);
    const copy = new Block();
    copy.ensureBuilt([null, 3]);
    copy.setWeights(b.getWeights());
    const x = tensor([[0.5, -1, 2]]);
    expect(copy.apply(x).arraySync()).toEqual(b.apply(x).arraySync());
  });

  it('are built where call builds them, at an unknown number of samples', () => {
    const b = new Block();
    expect(b.ensureBuilt([null, 5])).toEqual([null, 2]);
    expect(b.weights[0].shape).toEqual([5, 4]);
    const m = keras.sequential([keras.input({ shape: [5] }), new Block(), layers.dense(1)]);
    expect(m.weights.length).toBe(8);
    expect(m.outputShape).toEqual([null, 1]);
  });

  it('train when the outer one does', () => {
    const b = new Block();
    const x = tensor(new Float32Array(300).fill(1), { shape: [100, 3] });
    expect(b.apply(x).eq(b.apply(x)).all().item()).toBe(1);
    const dropped = b.apply(x, { training: true });
    expect(dropped.eq(b.apply(x)).all().item()).toBe(0);
  });

  it('a layer that is there twice counts once', () => {
    class Twice extends Layer {
      a: layers.Dense = layers.dense(3);
      b: layers.Dense = this.a;
      call(x: Tensor): Tensor {
        return this.b.apply(this.a.apply(x));
      }
    }
    const t = new Twice();
    t.apply([[1, 2, 3]]);
    expect(t.weights.length).toBe(2);
  });

  it('freeze with the outer one and thaw with it, but for what was never trained', () => {
    const b = new Block();
    b.apply([[1, 2, 3]]);
    b.trainable = false;
    expect(b.trainableWeights).toEqual([]);
    expect(b.first.trainable).toBe(false);
    expect(b.first.kernel.trainable).toBe(false);
    expect(b.nonTrainableWeights.length).toBe(6);
    b.first.trainable = true;
    expect(b.trainableWeights).toEqual([]);
    b.trainable = true;
    expect(b.trainableWeights.length).toBe(5);
    b.first.trainable = false;
    expect(b.trainableWeights.map((w) => w.name)).toEqual(['factor', 'kernel', 'bias']);
  });

  it('freeze before they are built', () => {
    const d = layers.dense(2, { trainable: false, kernelRegularizer: 'l2' });
    const m = keras.sequential([keras.input({ shape: [3] }), d, layers.dense(1)]);
    expect(m.trainableWeights.length).toBe(2);
    expect(m.losses).toEqual([]);
    d.trainable = true;
    expect(m.trainableWeights.length).toBe(4);
    expect(m.losses.length).toBe(1);
  });
});

describe('shapes and structures', () => {
  it('are found by running call, with sizes that stay unknown', () => {
    class Pairs extends Layer {
      call(x: Tensor): Tensor[] {
        return [x.reshape([x.shape[0], -1, 2]), x.sum([1])];
      }
    }
    expect(new Pairs().computeOutputShape([null, 6, 4])).toEqual([
      [null, 12, 2],
      [null, 4],
    ]);
    class Outer extends Layer {
      call({ a, b }: { a: Tensor; b: Tensor }): { c: Tensor } {
        return { c: a.matmul(b.transpose([0, 2, 1])) };
      }
    }
    const shapes = { a: [null, null, 3], b: [null, 5, 3] };
    expect(new Outer().computeOutputShape(shapes)).toEqual({ c: [null, null, 5] });
  });

  it('leave the state as it is', () => {
    class Counter extends Layer {
      n: Variable = this.addState('n', tensor(0));
      call(x: Tensor): Tensor {
        this.n.assign(this.n.tensor.add(1));
        return x;
      }
    }
    const c = new Counter();
    c.ensureBuilt([null, 2]);
    expect(c.n.tensor.item()).toBe(0);
    c.apply([[1, 2]]);
    expect(c.n.tensor.item()).toBe(1);
  });

  it('lists and objects of tensors go in and out; arguments come by name', () => {
    class Mix extends Layer {
      seen: unknown;
      shapes: unknown;
      override build(inputs: Shape, args: Record<string, Shape>): void {
        this.shapes = [inputs, args];
      }
      call([a, b]: readonly Tensor[], o: Options): { sum: Tensor; value: Tensor } {
        this.seen = [o.training, o.causal, (o.value as Tensor).dtype];
        return { sum: a.add(b), value: o.value as Tensor };
      }
    }
    const m = new Mix();
    const value = tensor([[1, 2, 3]], { dtype: 'float64' });
    const out = m.apply<{ sum: Tensor; value: Tensor }>([tensor([[1]]), tensor([[2]])], {
      value,
      causal: true,
    });
    expect(out.sum.arraySync()).toEqual([[3]]);
    expect(m.shapes).toEqual([
      [
        [null, 1],
        [null, 1],
      ],
      { value: [null, 3] },
    ]);
    expect(m.seen).toEqual([false, true, 'float32']);
    expect(m.outputShape).toEqual({ sum: [null, 1], value: [null, 3] });
  });

  it('whole numbers stay what they are', () => {
    class Same extends Layer {
      call(x: Tensor): Tensor {
        return x;
      }
    }
    const ids = tensor([[1, 2]], { dtype: 'int32' });
    expect(new Same().apply(ids).dtype).toBe('int32');
    expect(new Same({ dtype: 'float64' }).apply([[1, 2]]).dtype).toBe('float64');
  });
});

describe('masks', () => {
  class Passing extends Layer {
    override readonly supportsMasking: boolean = true;
    given: unknown;
    call(x: Tensor, o: Options): Tensor {
      this.given = o.mask;
      return x.mul(2);
    }
  }
  const masked = (): [Tensor, Tensor] => {
    const x = tensor([[1, 2, 0]]);
    const mask = x.ne(0);
    setMask(x, mask);
    return [x, mask];
  };
  it('come with the input, and pass where the layer supports them', () => {
    const [x, mask] = masked();
    const p = new Passing();
    expect(getMask(p.apply(x))).toBe(mask);
    expect(p.given).toBe(mask);
    const other = tensor([[true, false, false]]);
    expect(getMask(p.apply(x, { mask: other }))).toBe(other);
    expect(getMask(p.apply([[1, 2, 3]]))).toBeUndefined();
  });
  it('survive a change of dtype', () => {
    const [x, mask] = masked();
    const p = new Passing({ dtype: 'float64' });
    expect(getMask(p.apply(x))).toBe(mask);
  });
  it('of arguments are named after them; of lists they are lists', () => {
    const [x, mask] = masked();
    let seen: Options | undefined;
    class Two extends Layer {
      override readonly supportsMasking: boolean = true;
      call([a]: readonly Tensor[], o: Options): Tensor {
        seen = o;
        return a.neg();
      }
      override computeMask(): null {
        return null;
      }
    }
    const y = new Two().apply([tensor([[1, 2, 3]]), x], { value: x });
    expect(seen?.mask).toEqual([null, mask]);
    expect(seen?.valueMask).toBe(mask);
    expect(getMask(y)).toBeUndefined();
  });
  it('end at a layer that does not support them, which says so once', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    class Stopping extends Layer {
      call(x: Tensor): Tensor {
        return x.mul(2);
      }
    }
    const s = new Stopping();
    expect(getMask(s.apply(masked()[0]))).toBeUndefined();
    s.apply(masked()[0]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(/"stopping" \(Stopping\).*does not support masking/);
    warn.mockRestore();
  });
});

describe('losses and metrics of a layer', () => {
  class Penalty extends Layer {
    inner: layers.Dense = layers.dense(1, {
      kernelInitializer: 'ones',
      kernelRegularizer: keras.regularizers.l2(0.5),
    });
    call(x: Tensor): Tensor {
      this.addLoss(x.sum());
      this.addMetric(x.mean(), { name: 'level' });
      return this.inner.apply(x);
    }
  }
  it('addLoss counts until the next call', () => {
    const p = new Penalty();
    const said = (): number[] => p.losses.map((l) => l.item());
    p.apply([[1, 2]]);
    expect(said()).toEqual([3, 1]);
    p.apply([[4, 5]]);
    expect(said()).toEqual([9, 1]);
    expect(() => p.addLoss(tensor([1, 2]))).toThrow(/addLoss takes a scalar.*received shape \(2\)/);
  });
  it('what a traced call adds belongs to the trace', () => {
    const p = new Penalty();
    p.apply([[1, 1]]);
    const f = compile((x: Tensor) => {
      p.apply(x);
      return p.losses.reduce((a, b) => a.add(b));
    });
    expect(f(tensor([[2, 3]])).item()).toBe(6);
    expect(p.losses.map((l) => l.item())).toEqual([1]);
  });
  it('addMetric follows a mean', () => {
    const p = new Penalty();
    p.apply([[1, 2]]);
    p.apply([[3, 4]]);
    expect(p.metrics.map((m) => [m.name, m.result().item()])).toEqual([['level', 2.5]]);
  });
  it('an activity regularizer counts by the size of the batch', () => {
    const d = layers.dense({
      units: 1,
      kernelInitializer: 'ones',
      activityRegularizer: keras.regularizers.l1(0.1),
    });
    d.apply([[1], [2], [6]]);
    expect(d.losses[0].item()).toBeCloseTo(0.3, 6);
    expect(d.getConfig().activityRegularizer).toEqual({ className: 'L1', config: { l1: 0.1 } });
  });
});

describe('serialize and deserialize', () => {
  class Around extends Layer {
    layer: layers.Layer;
    constructor(o: layers.LayerOptions & { layer: layers.Layer }) {
      super(o);
      this.layer = o.layer;
    }
    call(x: Tensor): Tensor {
      return this.layer.apply(x);
    }
    override getConfig(): Record<string, unknown> {
      return { ...super.getConfig(), layer: layers.serialize(this.layer) };
    }
  }
  it('makes a layer anew, with those inside', () => {
    const a = new Around({ layer: layers.dense(3, { activation: 'tanh' }) });
    const plain = JSON.parse(JSON.stringify(layers.serialize(a)));
    expect(plain.className).toBe('Around');
    expect(plain.config.layer.className).toBe('Dense');
    const again = layers.deserialize(plain, { Around }) as Around;
    expect(again).toBeInstanceOf(Around);
    expect(again.layer).toBeInstanceOf(layers.Dense);
    expect(again.getConfig()).toEqual(a.getConfig());
  });
  it('says which class it does not know', () => {
    expect(() => layers.deserialize({ className: 'Dens', config: {} })).toThrow(
      /Unknown layer class "Dens". Did you mean "Dense"/,
    );
    expect(() => layers.deserialize({} as never)).toThrow(/takes \{ className, config \}/);
  });
  it('knows classes that were registered', () => {
    class Mine extends Layer {
      call(x: Tensor): Tensor {
        return x;
      }
    }
    layers.registerLayer(Mine, 'MineToo');
    expect(layers.deserialize({ className: 'MineToo', config: {} })).toBeInstanceOf(Mine);
  });
});

describe('whole numbers as inputs', () => {
  const ids = tensor([[1, 2, 5]], { dtype: 'int32' });
  it.each([
    ['dense', layers.dense(2)],
    ['softmax', layers.softmax()],
    ['batch normalization', layers.batchNormalization()],
    ['layer normalization', layers.layerNormalization()],
    ['group normalization', layers.groupNormalization({ groups: 1 })],
    ['RMS normalization', layers.rmsNormalization()],
    ['unit normalization', layers.unitNormalization()],
  ])('%s counts with them as floats', (_, layer) => {
    const out = layer.apply(ids);
    expect(out.dtype).toBe('float32');
    expect(out.arraySync()).toEqual(layer.apply(ids.astype('float32')).arraySync());
  });
});
