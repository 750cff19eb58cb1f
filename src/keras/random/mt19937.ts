/**
 * The Mersenne Twister, seeded and read the way CPython's `random` and NumPy's legacy `RandomState`
 * do: Keras draws its seeds and its shuffles from them, and we draw the same.
 * Source of the generator: M. Matsumoto, T. Nishimura, "Mersenne Twister" (1998, 2002 seeding).
 */
export class MT19937 {
  readonly #state = new Uint32Array(624);
  #index = 624;

  /** NumPy: `np.random.seed(seed)`. */
  static numpy(seed: number): MT19937 {
    const g = new MT19937();
    g.#init(seed >>> 0);
    return g;
  }

  /** CPython: `random.seed(seed)` for a whole number. */
  static python(seed: number): MT19937 {
    const g = new MT19937();
    let rest = BigInt(Math.abs(seed));
    const key: number[] = [];
    do {
      key.push(Number(rest & 0xffffffffn));
      rest >>= 32n;
    } while (rest > 0n);
    g.#initByArray(key);
    return g;
  }

  #init(seed: number): void {
    const s = this.#state;
    s[0] = seed;
    for (let i = 1; i < 624; i++) s[i] = Math.imul(1812433253, s[i - 1] ^ (s[i - 1] >>> 30)) + i;
    this.#index = 624;
  }

  #initByArray(key: readonly number[]): void {
    this.#init(19650218);
    const s = this.#state;
    let i = 1;
    let j = 0;
    for (let k = Math.max(624, key.length); k > 0; k--) {
      s[i] = (s[i] ^ Math.imul(s[i - 1] ^ (s[i - 1] >>> 30), 1664525)) + key[j] + j;
      if (++i >= 624) {
        s[0] = s[623];
        i = 1;
      }
      if (++j >= key.length) j = 0;
    }
    for (let k = 623; k > 0; k--) {
      s[i] = (s[i] ^ Math.imul(s[i - 1] ^ (s[i - 1] >>> 30), 1566083941)) - i;
      if (++i >= 624) {
        s[0] = s[623];
        i = 1;
      }
    }
    s[0] = 0x80000000;
  }

  /** Everything that the numbers to come depend on: 624 words and a position. */
  get state(): Uint32Array {
    return Uint32Array.from([...this.#state, this.#index]);
  }
  /** A generator that goes on from a state; undefined for what is none. */
  static fromState(state: unknown): MT19937 | undefined {
    if (!(state instanceof Uint32Array) || state.length !== 625 || state[624] > 624)
      return undefined;
    const g = new MT19937();
    g.#state.set(state.subarray(0, 624));
    g.#index = state[624];
    return g;
  }

  /** The next 32 bits. */
  next(): number {
    if (this.#index >= 624) this.#generate();
    let y = this.#state[this.#index++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  #generate(): void {
    const s = this.#state;
    const twist = (k: number, next: number, far: number): void => {
      const y = (s[k] & 0x80000000) | (s[next] & 0x7fffffff);
      s[k] = s[far] ^ (y >>> 1) ^ (-(y & 1) & 0x9908b0df);
    };
    for (let k = 0; k < 227; k++) twist(k, k + 1, k + 397);
    for (let k = 227; k < 623; k++) twist(k, k + 1, k - 227);
    twist(623, 0, 396);
    this.#index = 0;
  }

  /** CPython's `_randbelow(n)`: bits drawn until they are below n. */
  #below(n: number): number {
    const bits = 32 - Math.clz32(n);
    let r = this.next() >>> (32 - bits);
    while (r >= n) r = this.next() >>> (32 - bits);
    return r;
  }

  /** CPython's `randint(lo, hi)`. */
  randint(lo: number, hi: number): number {
    return lo + this.#below(hi - lo + 1);
  }

  /** 0..n-1 in the order that CPython's `shuffle` gives them. */
  shuffle(n: number): Int32Array {
    const p = upTo(n);
    for (let i = n - 1; i > 0; i--) {
      const j = this.#below(i + 1);
      [p[i], p[j]] = [p[j], p[i]];
    }
    return p;
  }

  /** NumPy's legacy `permutation(n)`. */
  permutation(n: number): Int32Array {
    const p = upTo(n);
    for (let i = n - 1; i > 0; i--) {
      const mask = -1 >>> Math.clz32(i);
      let j = this.next() & mask;
      while (j > i) j = this.next() & mask;
      const t = p[i];
      p[i] = p[j];
      p[j] = t;
    }
    return p;
  }
}

function upTo(n: number): Int32Array {
  const p = new Int32Array(n);
  for (let i = 0; i < n; i++) p[i] = i;
  return p;
}
