import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import * as keras from '../index.ts';
import { readGoldens } from '../testing.ts';
import { pythonFloat } from '../utils/python-float.ts';
import { type Played, play, playedCases, series, tinyModel } from './testing.ts';

const { earlyStopping, reduceLROnPlateau } = keras.callbacks;
beforeAll(() => {
  setBackend('reference');
});

/** A model whose metrics are known: it has seen a batch. */
async function withMetrics(metrics: (string | keras.metrics.Metric)[]): Promise<keras.Model> {
  const m = tinyModel({ metrics });
  await m.testOnBatch([[1]], [[1]]);
  return m;
}

/** Epochs until a patience of 0 ends: what counts as better shows in it. */
async function epochs(
  monitor: string,
  values: number[],
  model: keras.Model = tinyModel(),
): Promise<number> {
  return (await play(earlyStopping({ monitor }), series(monitor, values), model)).epochs;
}

describe('which way is better', () => {
  const { directions } = readGoldens<{ directions: Record<string, 'up' | 'down' | null> }>(
    'callbacks',
  );
  const needed: Record<string, object> = {
    IoU: { numClasses: 2, targetClassIds: [0] },
    MeanIoU: { numClasses: 2 },
    OneHotIoU: { numClasses: 2, targetClassIds: [0] },
    OneHotMeanIoU: { numClasses: 2 },
    PrecisionAtRecall: { recall: 0.5 },
    RecallAtPrecision: { precision: 0.5 },
    SensitivityAtSpecificity: { specificity: 0.5 },
    SpecificityAtSensitivity: { sensitivity: 0.5 },
  };
  it.each(Object.entries(directions))('%s: %s, as in Keras', (name, direction) => {
    const make = (
      keras.metrics as unknown as Record<string, new (o: object) => keras.metrics.Metric>
    )[name];
    expect(new make(needed[name] ?? {}).direction ?? null).toBe(direction);
  });
  it('a loss as a metric gets better downwards; a function of your own may be anything', () => {
    expect(keras.metrics.get('huber').direction).toBe('down');
    expect(keras.metrics.get(keras.losses.hinge).direction).toBe('down');
    expect(keras.metrics.get((t, p) => t.sub(p)).direction).toBeUndefined();
  });
  it('is asked of the metric of that name, in training or validation', async () => {
    const m = () => withMetrics(['accuracy', 'mae', new keras.metrics.AUC({ name: 'score' })]);
    for (const up of ['accuracy', 'val_accuracy', 'valAccuracy', 'score', 'valScore']) {
      expect(await epochs(up, [0.3, 0.2, 0.3], await m()), up).toBe(2);
      expect(await epochs(up, [0.1, 0.2, 0.3], await m()), up).toBe(3);
    }
    for (const down of ['loss', 'val_loss', 'valLoss', 'mae', 'val_mae']) {
      expect(await epochs(down, [0.1, 0.2, 0.3], await m()), down).toBe(2);
      expect(await epochs(down, [0.3, 0.2, 0.1], await m()), down).toBe(3);
    }
  });
  it('is asked again of another model', async () => {
    const cb = earlyStopping({ monitor: 'score' });
    const auc = await withMetrics([new keras.metrics.AUC({ name: 'score' })]);
    const mae = await withMetrics([new keras.metrics.MeanAbsoluteError({ name: 'score' })]);
    expect((await play(cb, series('score', [0.1, 0.2, 0.3]), auc)).epochs).toBe(3);
    expect((await play(cb, series('score', [0.1, 0.2, 0.3]), mae)).epochs).toBe(2);
  });
  it('must be said where nobody knows', async () => {
    await expect(epochs('score', [1, 2])).rejects.toThrow(
      /EarlyStopping callback received monitor=score, but it cannot be told whether.*Pass mode: 'max'.*mode: 'min'/,
    );
    for (const [mode, count] of [['max', 3] as const, ['min', 2] as const]) {
      const cb = earlyStopping({ monitor: 'score', mode });
      expect((await play(cb, series('score', [1, 2, 3]))).epochs).toBe(count);
    }
  });
  it('a misspelled name is found out at the end of the first epoch', async () => {
    const cb = earlyStopping({ monitor: 'val_acuracy' });
    const logs = [[['loss', 1] as const, ['val_accuracy', 1] as const]];
    await expect(play(cb, logs)).rejects.toThrow(
      /not available either. Did you mean "valAccuracy"\? Available metrics are: loss, valAccuracy/,
    );
    const told = earlyStopping({ monitor: 'val_acuracy', mode: 'max' });
    expect((await play(told, logs)).warnings).toEqual([
      'Early stopping conditioned on metric `val_acuracy` which is not available. Available metrics are: loss,valAccuracy Did you mean "valAccuracy"?',
    ]);
  });
  it('what is missing is said once, as in Keras', async () => {
    const made = {
      EarlyStopping: earlyStopping({ monitor: 'val_loss' }),
      ReduceLROnPlateau: reduceLROnPlateau({ monitor: 'val_loss' }),
    };
    const cases = playedCases('missing') as unknown as (Played & { callback: keyof typeof made })[];
    expect(cases.length).toBe(2);
    for (const c of cases) {
      const logs = Array(3).fill([
        ['accuracy', 0.5],
        ['loss', 1],
      ]);
      const got = await play(made[c.callback], logs);
      expect(got.epochs).toBe(3);
      expect(got.warnings).toEqual(
        c.warnings.map((w) => w.replace('learning_rate', 'learningRate')),
      );
    }
  });
});

describe('figures', () => {
  const { makeLogs, figuresOf } = keras.callbacks;
  it('have the names that Keras logs, in order', () => {
    const logs = makeLogs([
      ['loss', 1],
      ['val_loss', 2],
    ]);
    logs.extra = 3;
    expect(figuresOf(logs)).toEqual([
      ['loss', 1],
      ['val_loss', 2],
      ['extra', 3],
    ]);
    expect(Object.keys(logs)).toEqual(['loss', 'valLoss', 'extra']);
  });
});

describe('floats', () => {
  const { floats } = readGoldens<{ floats: { value: number | string; repr: string }[] }>(
    'callbacks',
  );
  it.each(floats)('read as in Python: $repr', ({ value, repr }) => {
    expect(pythonFloat(repr === '-0.0' ? -0 : Number(value))).toBe(repr);
  });
});
