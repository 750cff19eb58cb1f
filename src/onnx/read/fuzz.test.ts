/**
 * Damaged files: whatever comes of one, it is a model that can be asked for its results, or a
 * GradloomError. GRADLOOM_FUZZ=n makes n cases of each file.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { modelFamilies } from '../../../test/live/model-families.ts';
import { setBackend } from '../../backends/registry.ts';
import { GradloomError } from '../../errors.ts';
import { toOnnx } from '../write/keras.ts';
import { fromOnnx } from './model.ts';

const cases = Number(process.env.GRADLOOM_FUZZ ?? 250);

beforeAll(() => {
  setBackend('wasm');
});

/** mulberry32. */
function generator(seed: number): (below: number) => number {
  let s = seed >>> 0;
  return (below) => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), s | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function damaged(good: Uint8Array, random: (below: number) => number): Uint8Array {
  let bytes = good.slice();
  const times = 1 + random(3);
  for (let i = 0; i < times && bytes.length > 0; i++) {
    const at = random(bytes.length);
    const n = Math.min(1 + random(16), bytes.length - at);
    switch (random(6)) {
      case 0:
        bytes[at] = random(256);
        break;
      case 1:
        bytes[at] ^= 1 << random(8);
        break;
      case 2:
        bytes.fill(random(2) * 255, at, at + n);
        break;
      case 3:
        bytes = bytes.slice(0, at);
        break;
      case 4:
        bytes.copyWithin(random(bytes.length), at, at + n);
        break;
      default:
        bytes = new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(at + n)]);
    }
  }
  return bytes;
}

describe('damaged files', () => {
  for (const { name, make } of modelFamilies())
    it(name, async () => {
      // With a fixed number of samples the whole graph is built when it is read.
      const good = await toOnnx(make().model, { batchSize: 2 });
      expect(fromOnnx(good).outputs.length).toBeGreaterThan(0);
      const random = generator(good.length);
      let read = 0;
      for (let i = 0; i < cases; i++) {
        const bytes = damaged(good, random);
        try {
          fromOnnx(bytes, { budget: 2 ** 26 });
          read++;
        } catch (e) {
          if (!(e instanceof GradloomError))
            throw new Error(`case ${i} ends in ${e}`, { cause: e });
        }
      }
      // Changes of weights and names leave a model, others do not.
      expect(read).toBeGreaterThan(0);
      expect(read).toBeLessThan(cases);
    });
});
