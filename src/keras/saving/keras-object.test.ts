/** Parts of models as plain objects and in files, those of one's own too. */
import { describe, expect, it } from 'vitest';
import { fromData, type Tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';

const { layers } = keras;

/** Registered as `mine>…`. */
class Distance extends keras.losses.Loss {
  readonly power: number;
  constructor(o: keras.losses.LossOptions & { readonly power?: number } = {}) {
    const { power, ...rest } = o;
    super(rest, 'distance');
    this.power = power ?? 1;
  }
  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return yTrue.sub(yPred).abs().pow(this.power).mean(-1);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), power: this.power };
  }
}
class Seen extends keras.metrics.Mean {}
class Thirds extends keras.Initializer {
  init(shape: readonly number[]): Tensor {
    return keras.ops.full(shape, 1 / 3);
  }
  getConfig(): Record<string, unknown> {
    return {};
  }
}
class Scaled extends keras.layers.Layer {
  override build(): void {
    this.addWeight({ name: 'scale', shape: [], initializer: 'ones' });
  }
  call(x: Tensor): Tensor {
    return x.mul(this.weights[0].tensor);
  }
}
/** A model by what it computes. */
class Net extends keras.Model {
  readonly units: number;
  readonly hidden: keras.layers.Dense;
  readonly scaled: Scaled = new Scaled();
  readonly last: keras.layers.Dense = layers.dense(2);
  constructor({ units = 4, ...o }: { readonly units?: number } = {}) {
    super(o);
    this.units = units;
    this.hidden = layers.dense(units, { activation: 'tanh' });
  }
  override call(x: Tensor): Tensor {
    return this.last.apply(this.scaled.apply(this.hidden.apply(x)));
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), units: this.units };
  }
}
function doubled(x: Tensor): Tensor {
  return x.mul(2);
}
function shrink(w: Tensor): Tensor {
  return w.abs().sum();
}
const own = [Distance, Seen, Thirds, doubled, shrink];

function model(): keras.Sequential {
  const m = keras.sequential([
    layers.dense(2, {
      inputShape: [3],
      activation: doubled,
      kernelInitializer: new Thirds(),
      kernelRegularizer: shrink,
      kernelConstraint: doubled,
    }),
  ]);
  m.compile({ optimizer: 'sgd', loss: new Distance({ power: 3 }), metrics: [doubled as never] });
  return m;
}

function check(m: keras.Model): void {
  expect((m.compileOptions!.loss as Distance).power).toBe(3);
  expect(m.compileOptions!.loss).toBeInstanceOf(Distance);
  expect(m.apply([[1, 1, 1]]).arraySync()).toEqual([[2, 2]]);
  expect(m.losses[0].arraySync()).toBeCloseTo(2);
}

describe('classes and functions of one’s own in files', () => {
  it('are asked for by name where they are not known', async () => {
    const bytes = await keras.saving.encodeModel(model());
    await expect(keras.saving.loadModel(bytes)).rejects.toMatchObject({ code: 'unknown-id' });
    const known = Object.fromEntries(own.map((o) => [o.name, o]));
    check(await keras.saving.loadModel(bytes, { customObjects: known }));
    // And forgotten after.
    await expect(keras.saving.loadModel(bytes)).rejects.toThrow(/Thirds|doubled/);
  });

  it('are found when they are registered', async () => {
    for (const o of own) keras.saving.registerKerasSerializable(o, { package: 'mine' });
    check(await keras.saving.loadModel(await keras.saving.encodeModel(model())));
    const json = await model().toJson();
    expect(JSON.parse(json).config.layers[0].config.activation).toEqual({
      module: 'builtins',
      class_name: 'function',
      config: 'doubled',
      registered_name: 'mine>doubled',
    });
    check(await keras.models.modelFromJson(json));
    expect(keras.utils.getRegisteredName(Seen)).toBe('mine>Seen');
    expect(keras.utils.getRegisteredObject('mine>Seen')).toBe(Seen);
    expect(keras.utils.getCustomObjects()).toMatchObject({ 'mine>Seen': Seen });
  });

  it('layers and models of one’s own come back with their weights, and train on', async () => {
    const customObjects = { Scaled, Net };
    const x = fromData(
      Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
      [4, 3],
    );
    const y = fromData(
      Float32Array.from({ length: 8 }, (_, i) => Math.cos(i)),
      [4, 2],
    );
    const fit = async (m: keras.Model): Promise<unknown> =>
      (await m.fit(x, y, { epochs: 2, batchSize: 2, shuffle: false, verbose: 0 })).history.loss;
    const functional = (): keras.Model => {
      const i = keras.input({ shape: [3] });
      return keras.model({ inputs: i, outputs: layers.dense(2).apply(new Scaled().apply(i)) });
    };
    for (const m of [new Net({ units: 5 }), functional()]) {
      m.compile({ optimizer: 'adam', loss: 'mse' });
      await fit(m);
      const bytes = await keras.saving.encodeModel(m);
      await expect(keras.saving.loadModel(bytes)).rejects.toThrow(/(Net|Scaled).*customObjects/s);
      const again = await keras.saving.loadModel(bytes, { customObjects });
      expect(again.constructor).toBe(m.constructor);
      expect(again.weights.map((w) => w.shape)).toEqual(m.weights.map((w) => w.shape));
      expect((await again.predict(x)).arraySync()).toEqual((await m.predict(x)).arraySync());
      expect(await fit(again)).toEqual(await fit(m));
    }
  });

  it('a function without a name is refused when the model is saved', async () => {
    const m = keras.sequential([layers.dense(1, { inputShape: [1] })]);
    const [nameless] = [(y: Tensor, p: Tensor) => y.sub(p)];
    m.compile({ loss: nameless });
    await expect(keras.saving.encodeModel(m)).rejects.toThrow(
      /holds the function \(without a name\), which a file cannot keep/,
    );
  });

  it('a copy in the same program keeps the function itself', () => {
    const secret = (x: Tensor): Tensor => x.mul(7);
    const m = keras.sequential([
      layers.dense(1, { inputShape: [1], activation: secret, useBias: false }),
    ]);
    const copy = keras.cloneModel(m);
    copy.setWeights([[[1]]]);
    expect(copy.apply([[2]]).arraySync()).toEqual([[14]]);
  });
});

describe('serializeKerasObject', () => {
  const parts = [
    layers.dense(2, { activation: 'relu' }),
    new keras.losses.MeanSquaredError(),
    new keras.metrics.MeanSquaredError(),
    keras.optimizers.adam({ learningRate: 0.5 }),
    keras.optimizers.schedules.exponentialDecay({
      initialLearningRate: 0.1,
      decaySteps: 3,
      decayRate: 0.5,
    }),
    new keras.initializers.HeNormal({ seed: 3 }),
    keras.regularizers.l2(0.1),
    keras.constraints.maxNorm(2),
  ];
  it.each(parts.map((p) => [p.constructor.name, p]))('%s there and back', (_, part) => {
    const plain = JSON.parse(JSON.stringify(keras.saving.serializeKerasObject(part)));
    const again = keras.saving.deserializeKerasObject(plain) as typeof part;
    expect(again.constructor).toBe(part.constructor);
    expect(again.getConfig()).toEqual(part.getConfig());
  });
  it('goes through lists and objects, and knows activations by name', () => {
    const plain = keras.saving.serializeKerasObject({ a: [keras.regularizers.l1(0.5), 'x', null] });
    expect(plain).toEqual({
      a: [{ module: 'keras.regularizers', className: 'L1', config: { l1: 0.5 } }, 'x', null],
    });
    expect(keras.saving.serializeKerasObject(keras.activations.relu)).toBe('relu');
    expect(keras.activations.get(keras.activations.serialize(keras.activations.tanh))).toBe(
      keras.activations.tanh,
    );
  });
  it('refuses what is no part of a model', () => {
    expect(() => keras.saving.serializeKerasObject(new Map())).toThrow(/an object of Map/);
    const odd = { module: 'os', className: 'system', config: {} };
    expect(() => keras.saving.deserializeKerasObject(odd)).toThrow(/"system" is of module "os"/);
  });
  it('looks into the scope around it, and no longer', () => {
    class Half extends keras.Regularizer {
      call(w: Tensor): Tensor {
        return w.sum().mul(0.5);
      }
      getConfig(): Record<string, unknown> {
        return {};
      }
    }
    const plain = keras.saving.serializeKerasObject(new Half());
    expect(() => keras.saving.deserializeKerasObject(plain)).toThrow(/Unknown regularizer "Half"/);
    const made = keras.utils.customObjectScope({ Half }, () =>
      keras.saving.deserializeKerasObject(plain),
    );
    expect(made).toBeInstanceOf(Half);
    expect(() => keras.regularizers.get('Half')).toThrow(/Unknown regularizer "Half"/);
  });
});
