/** A small seeded generator for shuffling: xoshiro128** (Blackman and Vigna 2018), seeded by splitmix32. */
export class Xoshiro128 {
  readonly #s = new Uint32Array(4);

  /** Whole numbers; each changes the stream. */
  constructor(...seeds: readonly number[]) {
    let x = 0x9e3779b9;
    const next = (): number => {
      x = (x + 0x9e3779b9) | 0;
      let z = x ^ (x >>> 16);
      z = Math.imul(z, 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return z ^ (z >>> 15);
    };
    for (const seed of seeds) x = next() ^ (seed | 0) ^ Math.trunc(seed / 2 ** 32);
    for (let i = 0; i < 4; i++) this.#s[i] = next();
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    const s = this.#s;
    const r = Math.imul(s[1], 5);
    const result = Math.imul((r << 7) | (r >>> 25), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result;
  }

  /** 0 to n - 1, each equally likely. */
  below(n: number): number {
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const v = this.next();
      if (v < limit) return v % n;
    }
  }
}

/** Shuffles in place (Fisher and Yates). */
export function shuffleInPlace(a: Int32Array, random: Xoshiro128): Int32Array {
  for (let i = a.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const t = a[i];
    a[i] = a[j];
    a[j] = t;
  }
  return a;
}

/** A seed where none is given. */
export function anySeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}
