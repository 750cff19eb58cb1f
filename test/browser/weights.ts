/** Weights kept in the browser and given to its user. */
import * as keras from '../../src/keras/index.ts';
import { fromData } from '../../src/tensor/index.ts';
import { codeOf, describe, expect, it, run } from './harness.ts';

const { layers, saving } = keras;

function network(units = 4): keras.Model {
  return keras.sequential([
    layers.dense(units, { activation: 'tanh', inputShape: [3] }),
    layers.batchNormalization(),
    layers.dense(2),
  ]);
}

const numbers = (m: keras.Model): string =>
  m.weights.map((w) => w.tensor.dataSync().join()).join(';');

/** What the runner has seen the page give its user. */
async function downloaded(): Promise<{ name: string; bytes: Uint8Array }> {
  const g = window as unknown as {
    downloaded(): Promise<{ name: string; base64: string } | null>;
  };
  const file = await g.downloaded();
  if (!file) throw new Error('nothing was downloaded');
  return { name: file.name, bytes: Uint8Array.from(atob(file.base64), (c) => c.charCodeAt(0)) };
}

describe('weights in IndexedDB', () => {
  it('come back as they were', async () => {
    const first = network();
    const second = network();
    expect(numbers(first) === numbers(second)).toBe(false);
    await first.saveWeights('indexeddb://nets/first');
    await second.loadWeights('indexeddb://nets/first');
    expect(numbers(second)).toBe(numbers(first));
  });

  it('are replaced, unless that is not wanted', async () => {
    const [a, b] = [network(), network()];
    await a.saveWeights('indexeddb://again.safetensors');
    expect(
      await codeOf(() => b.saveWeights('indexeddb://again.safetensors', { overwrite: false })),
    ).toBe('file-exists');
    await b.saveWeights('indexeddb://again.safetensors');
    await a.loadWeights('indexeddb://again.safetensors');
    expect(numbers(a)).toBe(numbers(b));
  });

  it('are listed and taken out', async () => {
    await network().saveWeights('indexeddb://listed');
    const found = (await saving.listSaved()).find((f) => f.path === 'indexeddb://listed')!;
    expect(found.size).toBeGreaterThan(100);
    expect(Math.abs(Date.now() - found.saved.getTime())).toBeLessThan(60_000);
    await saving.removeSaved('indexeddb://listed');
    expect((await saving.listSaved()).some((f) => f.path === 'indexeddb://listed')).toBe(false);
    expect(await codeOf(() => saving.removeSaved('indexeddb://listed'))).toBe('file-not-found');
  });

  it('say what is wrong', async () => {
    expect(await codeOf(() => network().loadWeights('indexeddb://nobody'))).toBe('file-not-found');
    await network(4).saveWeights('indexeddb://four');
    const other = network(5);
    const before = numbers(other);
    expect(await codeOf(() => other.loadWeights('indexeddb://four'))).toBe('weights');
    expect(numbers(other)).toBe(before);
    expect(await codeOf(() => network().saveWeights('indexeddb://x.exe'))).toBe('extension');
    expect(await codeOf(() => network().saveWeights('plain.safetensors'))).toBe('node-only');
  });

  it('say so when there is no more room', async () => {
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    try {
      expect(await codeOf(() => network().saveWeights('indexeddb://big'))).toBe('disk-full');
    } finally {
      IDBObjectStore.prototype.put = put;
    }
  });
});

describe('whole models and the formats of Python', () => {
  it('are kept in IndexedDB', async () => {
    const first = network();
    await first.save('indexeddb://whole.keras');
    const second = await keras.models.loadModel('indexeddb://whole.keras');
    expect(numbers(second)).toBe(numbers(first));
    expect(second.layers.map((l) => l.constructor.name).join()).toBe(
      'Dense,BatchNormalization,Dense',
    );
  });

  it('hold weights as HDF5', async () => {
    const [first, second] = [network(), network()];
    await first.saveWeights('indexeddb://python.weights.h5');
    await second.loadWeights('indexeddb://python.weights.h5');
    expect(numbers(second)).toBe(numbers(first));
  });
});

/** A file that another page of this origin has kept. */
async function keep(name: string, bytes: Uint8Array): Promise<void> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const r = indexedDB.open('gradloom', 1);
    r.onsuccess = () => resolve(r.result);
    r.onerror = () => reject(r.error);
  });
  await new Promise<void>((resolve, reject) => {
    const t = db.transaction('files', 'readwrite');
    t.objectStore('files').put({ bytes, saved: new Date() }, name);
    t.oncomplete = () => resolve();
    t.onerror = () => reject(t.error);
  });
  db.close();
}

describe('weights in shards, in IndexedDB', () => {
  const path = 'indexeddb://sharded/x.weights.json';
  const o = { maxShardSize: 60 / 2 ** 30 };

  it('are written over others, or the others stay, whichever write fails', async () => {
    const old = network();
    await old.saveWeights(path, o);
    const put = IDBObjectStore.prototype.put;
    let failures = 0;
    for (let at = 0; ; at++) {
      const next = network();
      let left = at;
      IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...args) {
        if (left-- <= 0) throw new DOMException('full', 'QuotaExceededError');
        return put.apply(this, args);
      };
      const code = await codeOf(() => next.saveWeights(path, o));
      IDBObjectStore.prototype.put = put;
      const found = network();
      await found.loadWeights(path);
      if (code !== 'disk-full') {
        expect(numbers(found)).toBe(numbers(next));
        break;
      }
      failures++;
      expect(numbers(found)).toBe(numbers(old));
    }
    expect(failures).toBeGreaterThan(3);
    const kept = (await saving.listSaved()).filter((f) => f.path.includes('//sharded/'));
    // The list, a file that Keras would open first, and the new shards.
    expect(kept.length).toBe(failures + 1);
  });
});

describe('files that a user chose, addresses and streams', () => {
  it('of every kind hold the same model', async () => {
    const model = network();
    const bytes = await saving.encodeModel(model);
    const blob = new Blob([bytes as Uint8Array<ArrayBuffer>]);
    // A handle as the file pickers give them, of the page's own folder.
    const folder = await navigator.storage.getDirectory();
    const handle = await folder.getFileHandle('model.keras', { create: true });
    await model.save(handle);
    const address = URL.createObjectURL(blob);
    const sources = [
      blob,
      new File([blob], 'm.keras'),
      handle,
      address,
      await fetch(address),
      blob.stream(),
    ];
    for (const source of sources)
      expect(numbers(await saving.loadModel(source))).toBe(numbers(model));
    URL.revokeObjectURL(address);
    expect(await codeOf(() => saving.loadModel(address))).toBe('download-failed');
    expect(await codeOf(() => saving.loadModel(new URL('/nothing', location.href)))).toBe(
      'file-not-found',
    );
  });

  it('a model.json and its shards come together, in any order', async () => {
    const values = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
    const dense = { name: 'd', units: 2, batch_input_shape: [null, 3], activation: 'linear' };
    const json = {
      modelTopology: {
        class_name: 'Sequential',
        config: { name: 's', layers: [{ class_name: 'Dense', config: dense }] },
      },
      weightsManifest: [
        {
          paths: ['a.bin', 'b.bin'],
          weights: [
            { name: 'd/kernel', shape: [3, 2], dtype: 'float32' },
            { name: 'd/bias', shape: [2], dtype: 'float32' },
          ],
        },
      ],
    };
    const files = [
      new File([values.slice(3)], 'b.bin'),
      new File([JSON.stringify(json)], 'model.json'),
      new File([values.slice(0, 3)], 'a.bin'),
    ];
    expect(numbers(await saving.loadModel(files))).toBe('1,2,3,4,5,6;7,8');
    expect(await codeOf(() => saving.loadModel(files.slice(1)))).toBe('file-not-found');
    // And out of IndexedDB, beside each other.
    for (const f of files) {
      expect(await codeOf(() => saving.loadModel('indexeddb://tfjs/model.json'))).toBe(
        'file-not-found',
      );
      await keep(`tfjs/${f.name}`, new Uint8Array(await f.arrayBuffer()));
    }
    expect(numbers(await saving.loadModel('indexeddb://tfjs/model.json'))).toBe('1,2,3,4,5,6;7,8');
  });
});
describe('weights as a download', () => {
  it('make a file that can be loaded', async () => {
    const first = network();
    const second = network();
    await first.saveWeights('downloads://my net');
    const { name, bytes } = await downloaded();
    expect(name).toBe('my net.safetensors');
    await second.loadWeights(bytes);
    expect(numbers(second)).toBe(numbers(first));
  });

  it('cannot be read by the page itself', async () => {
    expect(await codeOf(() => network().loadWeights('downloads://my net'))).toBe('file-unreadable');
  });
});
describe('a training that was interrupted', () => {
  const n = 24;
  const x = fromData(
    Float32Array.from({ length: n * 3 }, (_, i) => Math.sin(i * 1.7)),
    [n, 3],
  );
  const y = fromData(
    Float32Array.from({ length: n * 2 }, (_, i) => Math.cos(i)),
    [n, 2],
  );
  const { callbacks } = keras;

  /** As a page does when it is opened; `after` so many batches the page is left. */
  async function train(after?: number, backup?: string): Promise<string> {
    keras.utils.setRandomSeed(5);
    const m = keras.sequential([
      layers.dense(6, { activation: 'tanh', inputShape: [3] }),
      layers.dropout(0.3),
      layers.dense(2),
    ]);
    m.compile({ optimizer: 'adam', loss: 'mse' });
    let seen = 0;
    const onTrainBatchEnd = (): void => {
      if (++seen === after) throw new Error('left');
    };
    const used = [callbacks.lambdaCallback({ onTrainBatchEnd })];
    const options = { saveFreq: 1, doubleCheckpoint: true };
    const all = backup ? [callbacks.backupAndRestore(backup, options), ...used] : used;
    await m.fit(x, y, { epochs: 3, batchSize: 4, verbose: 0, callbacks: all });
    return numbers(m);
  }

  it('goes on from IndexedDB, bit for bit', async () => {
    const whole = await train();
    for (const after of [3, 5]) {
      const message = await train(after, 'indexeddb://run').catch((e) => (e as Error).message);
      expect(message).toBe('left');
    }
    const kept = (await saving.listSaved()).map((f) => f.path).filter((p) => p.includes('//run/'));
    expect(kept.length).toBe(2);
    expect(await train(undefined, 'indexeddb://run')).toBe(whole);
    expect((await saving.listSaved()).some((f) => f.path.includes('//run/'))).toBe(false);
  });

  it('has no folders', async () => {
    expect(await codeOf(() => callbacks.backupAndRestore('backup'))).toBe('node-only');
    expect(await codeOf(() => callbacks.backupAndRestore('downloads://x'))).toBe('callback');
  });
});
await run();
