/** Which callback is called when, with which figures: as Keras's trainer calls them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { camelCase, snakeCase } from '../identifiers.ts';
import * as keras from '../index.ts';
import { camelOptions, readGoldens } from '../testing.ts';
import { type Hook, hooks } from './callback.ts';
import { tinyModel } from './testing.ts';

const { lambdaCallback, makeLogs, figuresOf, CallbackList } = keras.callbacks;
beforeAll(() => {
  setBackend('reference');
});

type Call = readonly [who: string, hook: string, number: number | null, figures: string[]];
interface Case {
  readonly name: string;
  readonly method: 'fit' | 'evaluate' | 'predict';
  readonly options: Record<string, unknown>;
  readonly compiled: Record<string, unknown>;
  readonly stop: readonly [hook: string, number: number | null] | null;
  readonly seen: readonly Call[];
}

function recorder(
  who: string,
  seen: Call[],
  stop?: { readonly at: Case['stop']; readonly model: keras.Model },
): keras.callbacks.Callback {
  const record = (hook: Hook) => (first?: unknown, second?: unknown) => {
    const number = typeof first === 'number' ? first : null;
    const logs = (number === null ? first : second) as keras.callbacks.Logs | undefined;
    const names = figuresOf(logs ?? {}).map(([n]) => n);
    seen.push([who, snakeCase(hook), number, names]);
    if (stop?.at && camelCase(stop.at[0]) === hook && stop.at[1] === number)
      stop.model.stopTraining = true;
  };
  return lambdaCallback(Object.fromEntries(hooks.map((h) => [h, record(h)])));
}

const x = Array(10).fill([0]);

describe('callbacks are called as in Keras', () => {
  const cases = readGoldens<{ hooks: Case[] }>('callbacks').hooks;
  it.each(cases)('$name', async (c) => {
    const m = tinyModel({ metrics: ['mae'], ...camelOptions(c.compiled) });
    const seen: Call[] = [];
    const callbacks = [recorder('a', seen, { at: c.stop, model: m }), recorder('b', seen)];
    const o = { ...camelOptions(c.options), callbacks };
    if (c.method === 'predict') await m.predict(x, o);
    else if (c.method === 'evaluate') await m.evaluate(x, x, o);
    else await m.fit(x, x, o);
    expect(seen).toEqual(c.seen);
  });
});

describe('a list of callbacks', () => {
  it('comes before the History, which has what they log', async () => {
    const own = lambdaCallback({
      onEpochEnd: (epoch, logs) => {
        logs!.mine = epoch * 10;
      },
    });
    const m = tinyModel();
    const { history } = await m.fit(x, x, { epochs: 2, verbose: 0, callbacks: [own] });
    expect(history.mine).toEqual([0, 10]);
  });
  it('waits for each before the next', async () => {
    const seen: string[] = [];
    const slow = (name: string, ms: number) =>
      lambdaCallback({
        onEpochEnd: async () => {
          await new Promise((done) => setTimeout(done, ms));
          seen.push(name);
        },
      });
    const callbacks = [slow('first', 5), slow('second', 0)];
    await tinyModel().fit(x, x, { verbose: 0, callbacks });
    expect(seen).toEqual(['first', 'second']);
  });
  it('leaves out the batches that nobody looks at', async () => {
    const seen: string[] = [];
    const at = (name: string, every: number) => {
      const cb = lambdaCallback({ onTrainBatchEnd: (batch) => void seen.push(`${name} ${batch}`) });
      cb.readsBatch = (batch) => batch % every === 0;
      return cb;
    };
    const callbacks = [at('a', 2), at('b', 3)];
    await tinyModel().fit(x, x, { batchSize: 2, verbose: 0, callbacks });
    // Of batch 1 nobody wants anything; of the others both hear.
    expect(seen).toEqual(['a 0', 'b 0', 'a 2', 'b 2', 'a 3', 'b 3', 'a 4', 'b 4']);
  });
  it('an error ends training, and is what fit rejects with', async () => {
    const error = new Error('of its own');
    const m = tinyModel();
    const callbacks = [
      lambdaCallback({
        onTrainBatchEnd: () => {
          throw error;
        },
      }),
    ];
    await expect(m.fit(x, x, { verbose: 0, callbacks })).rejects.toBe(error);
    expect((await m.fit(x, x, { verbose: 0 })).epoch).toEqual([0]);
  });
  it('takes callbacks only', () => {
    const params = { epochs: 1, steps: 1, verbose: 0 } as const;
    for (const wrong of [null, {}, 'earlyStopping', keras.callbacks.EarlyStopping])
      expect(() => new CallbackList([wrong as never], tinyModel(), params)).toThrow(
        /objects made of keras.callbacks.*received/,
      );
  });
  it('figures may be replaced by either name', () => {
    const logs = makeLogs([['val_loss', 1]]);
    logs.val_loss = 2;
    expect(figuresOf(logs)).toEqual([['val_loss', 2]]);
  });
});
