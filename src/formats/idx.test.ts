import { describe, expect, it } from 'vitest';
import { GradloomError } from '../errors.ts';
import { decodeIdx, encodeIdx, type IdxData } from './idx.ts';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof GradloomError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('decodeIdx', () => {
  it('reads a file written out by hand, for every dtype', () => {
    const files: [number[], string, number[]][] = [
      [[0, 0, 8, 1, 0, 0, 0, 3, 0, 127, 255], 'uint8', [0, 127, 255]],
      [[0, 0, 9, 1, 0, 0, 0, 3, 0, 127, 255], 'int8', [0, 127, -1]],
      [[0, 0, 0x0b, 1, 0, 0, 0, 2, 1, 2, 255, 254], 'int16', [258, -2]],
      [[0, 0, 0x0c, 1, 0, 0, 0, 2, 0, 1, 0, 0, 255, 255, 255, 255], 'int32', [65536, -1]],
      [[0, 0, 0x0d, 1, 0, 0, 0, 1, 0x3f, 0xc0, 0, 0], 'float32', [1.5]],
      [[0, 0, 0x0e, 1, 0, 0, 0, 1, 0xc0, 4, 0, 0, 0, 0, 0, 0], 'float64', [-2.5]],
    ];
    for (const [bytes, dtype, values] of files) {
      const got = decodeIdx(Uint8Array.from(bytes));
      expect(got.dtype).toBe(dtype);
      expect(got.shape).toEqual([values.length]);
      expect(Array.from(got.data)).toEqual(values);
    }
  });

  it('returns bytes as a view, and reads from the middle of a larger buffer', () => {
    const whole = new Uint8Array(20).fill(9);
    whole.set([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 5, 6], 3);
    const got = decodeIdx(whole.subarray(3, 17));
    expect(got.shape).toEqual([1, 2]);
    expect(Array.from(got.data)).toEqual([5, 6]);
    expect(got.data.buffer).toBe(whole.buffer);
  });

  it('reads no dimensions as one element, and a zero dimension as none', () => {
    expect(decodeIdx(Uint8Array.from([0, 0, 8, 0, 42]))).toMatchObject({ shape: [] });
    const none = decodeIdx(Uint8Array.from([0, 0, 0x0e, 2, 0, 0, 0, 0, 0, 0, 0, 7]));
    expect(none.shape).toEqual([0, 7]);
    expect(none.data).toBeInstanceOf(Float64Array);
    expect(none.data.length).toBe(0);
  });

  it('says what is wrong with a file that cannot be read', () => {
    const good = [0, 0, 8, 1, 0, 0, 0, 2, 1, 2];
    const wrong: [number[], string][] = [
      [[], 'idx-empty'],
      [[0x1f, 0x8b, 8, 0], 'idx-magic'],
      [[60], 'idx-magic'],
      [[0], 'idx-truncated'],
      [[0, 0, 8], 'idx-truncated'],
      [[0, 0, 0x0a, 1, 0, 0, 0, 0], 'idx-dtype'],
      [[0, 0, 8, 3, 0, 0, 0, 1, 0, 0], 'idx-truncated'],
      [good.slice(0, -1), 'idx-truncated'],
      [[...good, 0], 'idx-trailing'],
      [[0, 0, 8, 2, ...Array(8).fill(255)], 'idx-overflow'],
      [[0, 0, 8, 3, ...Array(8).fill(255), 0, 0, 0, 0], 'idx-overflow'],
      [[0, 0, 0x0e, 1, 255, 255, 255, 255], 'idx-too-large'],
    ];
    for (const [bytes, code] of wrong) {
      expect(
        codeOf(() => decodeIdx(Uint8Array.from(bytes))),
        `${bytes}`,
      ).toBe(code);
    }
    expect(() => decodeIdx(Uint8Array.from(good.slice(0, -1)), { name: 'labels' })).toThrow(
      'labels is truncated: its header (uint8, shape [2]) promises 10 bytes, received 9',
    );
    expect(() => decodeIdx(Uint8Array.from([0x1f, 0x8b, 8, 0]))).toThrow('gzip-compressed');
    expect(codeOf(() => decodeIdx('text' as unknown as Uint8Array))).toBe('idx-input');
  });

  it('checks the byte budget, to the byte, before it looks for the bytes', () => {
    const file = encodeIdx(new Float64Array(4), [2, 2]);
    expect(codeOf(() => decodeIdx(file, { maxBytes: 31 }))).toBe('idx-too-large');
    expect(decodeIdx(file, { maxBytes: 32 }).data.length).toBe(4);
    // A header alone, asking for 32 GiB.
    const huge = Uint8Array.from([0, 0, 0x0e, 1, 255, 255, 255, 255]);
    expect(codeOf(() => decodeIdx(huge, { maxBytes: 1000 }))).toBe('idx-too-large');
  });

  it('ends in a value or a GradloomError for 20,000 damaged files', () => {
    // A small linear congruential generator, so that a failure can be run again.
    let state = 12345;
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const seeds = [
      encodeIdx(Uint8Array.from([1, 2, 3, 4, 5, 6]), [2, 3]),
      encodeIdx(Float32Array.from([1, 2, 3, 4]), [1, 2, 2]),
      encodeIdx(Int16Array.from([7]), []),
    ];
    const outcomes = new Map<string, number>();
    for (let round = 0; round < 20_000; round++) {
      let bytes = seeds[random(seeds.length)].slice();
      for (let edits = 1 + random(4); edits > 0; edits--) {
        const kind = random(4);
        if (kind === 0 && bytes.length > 0) bytes[random(bytes.length)] = random(256);
        else if (kind === 1 && bytes.length > 0) bytes[random(bytes.length)] ^= 1 << random(8);
        else if (kind === 2) bytes = bytes.slice(0, random(bytes.length + 1));
        else bytes = Uint8Array.from([...bytes, ...Array(random(9)).fill(random(256))]);
      }
      const outcome = codeOf(() => {
        const got = decodeIdx(bytes, { maxBytes: 2 ** 16 });
        expect(got.data.length).toBe(got.shape.reduce((a, b) => a * b, 1));
      });
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    // The mutations must reach the interesting branches, or the loop above shows nothing.
    const reached = ['no error', 'idx-magic', 'idx-dtype', 'idx-truncated', 'idx-trailing'];
    for (const outcome of [...reached, 'idx-too-large', 'idx-overflow', 'idx-empty']) {
      expect(outcomes.get(outcome) ?? 0, outcome).toBeGreaterThan(0);
    }
  });
});

describe('encodeIdx', () => {
  it('round-trips every dtype', () => {
    const arrays: IdxData[] = [
      Uint8Array.from([0, 1, 254, 255]),
      Int8Array.from([-128, -1, 0, 127]),
      Int16Array.from([-32768, -2, 3, 32767]),
      Int32Array.from([-(2 ** 31), -2, 3, 2 ** 31 - 1]),
      Float32Array.from([Number.NaN, -0, Number.POSITIVE_INFINITY, 1.1]),
      Float64Array.from([Number.NaN, -0, Number.NEGATIVE_INFINITY, 1.1]),
    ];
    for (const data of arrays) {
      for (const shape of [[4], [2, 2], [1, 4, 1]]) {
        const got = decodeIdx(encodeIdx(data, shape));
        expect(got.data.constructor).toBe(data.constructor);
        expect(got.shape).toEqual(shape);
        expect(Array.from(got.data)).toEqual(Array.from(data));
      }
    }
  });

  it('refuses shapes and arrays the format cannot hold', () => {
    expect(codeOf(() => encodeIdx(new Uint8Array(4), [3]))).toBe('idx-shape');
    expect(codeOf(() => encodeIdx(new Uint8Array(4), [-2, -2]))).toBe('idx-shape');
    expect(codeOf(() => encodeIdx(new Uint8Array(4), [8, 0.5]))).toBe('idx-shape');
    expect(codeOf(() => encodeIdx(new Uint8Array(1), Array(256).fill(1)))).toBe('idx-shape');
    expect(codeOf(() => encodeIdx(new Uint32Array(1) as unknown as IdxData, [1]))).toBe(
      'idx-dtype',
    );
  });
});
