/** The bytes of an HDF5 file, read with every address and length checked. */
import { GradloomError } from '../../errors.ts';
import { nowhere, wrong } from './types.ts';

export class Source {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly #view: DataView;
  /** Bytes that may still be taken for results, and what they were. */
  #budget: number;
  readonly maxBytes: number;
  /** Structures that may still be visited: a file that leads in circles ends here. */
  #steps: number;

  constructor(bytes: Uint8Array, name: string, maxBytes: number) {
    this.bytes = bytes;
    this.name = name;
    this.maxBytes = maxBytes;
    this.#budget = maxBytes;
    this.#steps = 1000 + Math.ceil(bytes.length / 8);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Takes n bytes from the budget. Throws `hdf5-too-large`. */
  spend(n: number, what: string): void {
    this.#budget -= n;
    if (this.#budget >= 0) return;
    throw new GradloomError(
      'hdf5-too-large',
      `${this.name}: ${what} takes ${n} bytes, and the limit for the file is ${this.maxBytes}. Raise maxBytes if it is meant to be this large.`,
      { name: this.name, bytes: n, maxBytes: this.maxBytes },
    );
  }

  step(): void {
    if (--this.#steps < 0) throw wrong(this.name, 'leads in circles.');
  }

  check(at: number, n: number): number {
    if (!(at >= 0 && n >= 0 && at + n <= this.bytes.length))
      throw wrong(
        this.name,
        `is cut off or damaged: it speaks of bytes ${at} to ${at + n} of ${this.bytes.length}.`,
      );
    return at;
  }

  u8(at: number): number {
    return this.bytes[this.check(at, 1)];
  }
  u16(at: number): number {
    return this.#view.getUint16(this.check(at, 2), true);
  }
  u32(at: number): number {
    return this.#view.getUint32(this.check(at, 4), true);
  }
  /** A length; beyond 2^53 it is beyond any file. */
  u64(at: number): number {
    return Number(this.#view.getBigUint64(this.check(at, 8), true));
  }
  /** An address; undefined for none. */
  address(at: number): number | undefined {
    const v = this.#view.getBigUint64(this.check(at, 8), true);
    return v === nowhere ? undefined : Number(v);
  }
  /** A whole number of 1, 2, 4 or 8 bytes. */
  uint(at: number, size: number): number {
    if (size === 1) return this.u8(at);
    if (size === 2) return this.u16(at);
    return size === 4 ? this.u32(at) : this.u64(at);
  }
  slice(at: number, n: number): Uint8Array {
    this.check(at, n);
    return this.bytes.subarray(at, at + n);
  }
  /** Four letters that begin a structure. */
  expect(at: number, letters: string): void {
    for (let i = 0; i < letters.length; i++)
      if (this.u8(at + i) !== letters.charCodeAt(i))
        throw wrong(this.name, `is damaged: no ${letters} at byte ${at}.`);
  }
  /** Text up to its zero byte. */
  text(at: number, most: number): string {
    this.check(at, 0);
    const bytes = this.bytes.subarray(at, Math.min(this.bytes.length, at + most));
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }
}
