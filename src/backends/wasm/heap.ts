/**
 * The linear memory of a backend and its allocator: blocks of multiples of 64 bytes, the smallest
 * free one that fits, neighbours joined.
 *
 * Programs in a loop free what they then take again in the same size, so a block that is given back
 * is first laid aside for the next of its size; all such blocks join the rest before memory grows.
 */
import { layout } from '../../codegen/wasm/layout.ts';
import { GradloomError } from '../../errors.ts';

const page = 65536;
const unit = 64;

export interface HeapOptions {
  readonly shared: boolean;
  /** Bytes; the engine may allow less. */
  readonly maxBytes: number;
}

export class Heap {
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
  readonly maximumPages: number;
  bytes: Uint8Array;
  words: Int32Array;
  /** Free blocks: start to size, end to start, and the starts of each size. */
  readonly #sizeOf = new Map<number, number>();
  readonly #startOf = new Map<number, number>();
  readonly #bySize = new Map<number, Set<number>>();
  /** The sizes of free blocks, ascending. */
  readonly #sizes: number[] = [];
  readonly #taken = new Map<number, number>();
  /** Blocks laid aside, by size. */
  readonly #aside = new Map<number, number[]>();
  #end: number;

  constructor(options: HeapOptions) {
    this.shared = options.shared;
    let pages = Math.min(65536, Math.max(2, Math.floor(options.maxBytes / page)));
    let memory: WebAssembly.Memory | undefined;
    // An engine may not have the address space for what is asked: take what it has.
    while (!memory) {
      try {
        memory = new WebAssembly.Memory({ initial: 1, maximum: pages, shared: options.shared });
      } catch (error) {
        pages = Math.floor(pages / 2);
        if (pages < 16)
          throw new GradloomError(
            'memory',
            'The WebAssembly engine gives no memory.',
            {},
            { cause: error },
          );
      }
    }
    this.memory = memory;
    this.maximumPages = pages;
    this.bytes = new Uint8Array(memory.buffer);
    this.words = new Int32Array(memory.buffer);
    this.#end = page;
    this.#insert(layout.end, page - layout.end);
  }

  /** Address of a new block; its contents are what was left there. */
  take(byteLength: number): number {
    const size = Math.max(unit, Math.ceil(byteLength / unit) * unit);
    const aside = this.#aside.get(size)?.pop();
    if (aside !== undefined) {
      this.#taken.set(aside, size);
      return aside;
    }
    let at = this.#search(size);
    if (at === this.#sizes.length) {
      this.#joinAside();
      at = this.#search(size);
    }
    if (at === this.#sizes.length) {
      this.#grow(size);
      at = this.#search(size);
    }
    const found = this.#sizes[at];
    const [start] = this.#bySize.get(found)!;
    this.#remove(start, found);
    if (found > size) this.#insert(start + size, found - size);
    this.#taken.set(start, size);
    return start;
  }

  give(address: number): void {
    const size = this.#taken.get(address);
    if (size === undefined) throw new Error(`no block at ${address}`);
    this.#taken.delete(address);
    const same = this.#aside.get(size);
    if (same) same.push(address);
    else this.#aside.set(size, [address]);
  }

  #joinAside(): void {
    for (const [size, starts] of this.#aside) for (const start of starts) this.#join(start, size);
    this.#aside.clear();
  }

  /** Puts a block among the free ones, as one with its free neighbours. */
  #join(address: number, bytes: number): void {
    let start = address;
    let size = bytes;
    const after = this.#sizeOf.get(start + size);
    if (after !== undefined) {
      this.#remove(start + size, after);
      size += after;
    }
    const before = this.#startOf.get(start);
    if (before !== undefined) {
      const width = start - before;
      this.#remove(before, width);
      start = before;
      size += width;
    }
    this.#insert(start, size);
  }

  /** Bytes in blocks that have been taken. */
  get taken(): number {
    let n = 0;
    for (const size of this.#taken.values()) n += size;
    return n;
  }

  /** Free blocks in order of address, for tests. */
  get free(): [start: number, size: number][] {
    this.#joinAside();
    return [...this.#sizeOf].sort((a, b) => a[0] - b[0]);
  }

  /** Position in #sizes of the first that is at least `size`. */
  #search(size: number): number {
    const sizes = this.#sizes;
    let lo = 0;
    let hi = sizes.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (sizes[mid] < size) lo = mid + 1;
      else hi = mid;
    }
    return lo;
  }

  #insert(start: number, size: number): void {
    this.#sizeOf.set(start, size);
    this.#startOf.set(start + size, start);
    const same = this.#bySize.get(size);
    if (same) same.add(start);
    else {
      this.#bySize.set(size, new Set([start]));
      this.#sizes.splice(this.#search(size), 0, size);
    }
  }

  #remove(start: number, size: number): void {
    this.#sizeOf.delete(start);
    this.#startOf.delete(start + size);
    const same = this.#bySize.get(size)!;
    same.delete(start);
    if (same.size === 0) {
      this.#bySize.delete(size);
      this.#sizes.splice(this.#search(size), 1);
    }
  }

  /** Makes the free space at the end hold `size` bytes. */
  #grow(size: number): void {
    const last = this.#startOf.get(this.#end);
    const have = last === undefined ? 0 : this.#end - last;
    const pages = this.#end / page;
    const needed = Math.ceil((size - have) / page);
    // Ahead of need, since each growth costs a system call and new views.
    const wished = Math.max(needed, Math.min(1024, Math.ceil(pages / 2)));
    const grown = [wished, needed].find((n) => {
      if (pages + n > this.maximumPages) return false;
      try {
        this.memory.grow(n);
        return true;
      } catch {
        return false;
      }
    });
    if (grown === undefined) {
      throw new GradloomError(
        'memory',
        `Out of memory: ${showBytes(size)} more are needed where ${showBytes(this.taken)} of at most ${showBytes(this.maximumPages * page)} are in use. Dispose of tensors, use smaller batches, or the native backend.`,
        { requested: size, taken: this.taken, limit: this.maximumPages * page },
      );
    }
    this.bytes = new Uint8Array(this.memory.buffer);
    this.words = new Int32Array(this.memory.buffer);
    const start = last ?? this.#end;
    if (last !== undefined) this.#remove(last, have);
    this.#end += grown * page;
    this.#insert(start, this.#end - start);
  }
}

function showBytes(n: number): string {
  if (n < 1024) return `${n} bytes`;
  const units = ['KiB', 'MiB', 'GiB'];
  let v = n;
  let u = -1;
  while (v >= 1024 && u < units.length - 1) {
    v /= 1024;
    u++;
  }
  return `${v >= 100 ? v.toFixed(0) : v.toPrecision(3)} ${units[u]}`;
}
